"""One URL from request to last byte: TLS, the exchange, redirects."""

from __future__ import annotations

import base64
from dataclasses import replace

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.sockets import Connection
from kubesim.programs.curl import meter
from kubesim.programs.curl.connecting import connect
from kubesim.programs.curl.location import Location, LocationError
from kubesim.programs.curl.result import Result
from kubesim.programs.curl.session import Session
from kubesim.programs.curl.tls import handshake
from kubesim.programs.http import Broken, byte_length, head_text, header, request_text

REDIRECTS = (301, 302, 303, 307, 308)


def transfer(session: Session, location: Location, method: str, headers: list[str], body: str | None) -> Result:
    """Fetch one URL, following redirects where ``-L`` asks for it."""
    started = session.elapsed
    limit = int(session.options.number("max-redirs", 50))
    redirects = connects = header_bytes = request_bytes = 0
    while True:
        result = Result(location, redirects=redirects)
        result.connects = connects
        _exchange(session, location, method, headers, body, result, started)
        connects = result.connects
        header_bytes = result.header_bytes = result.header_bytes + header_bytes
        request_bytes = result.request_bytes = result.request_bytes + request_bytes
        target = header(result.response.headers, "Location") if result.response else None
        follows = result.exit_code == 0 and result.status in REDIRECTS and target is not None
        if follows and target is not None:
            try:
                location_after = location.redirected(target)
            except LocationError as error:
                if session.options.on("location"):
                    result.exit_code, result.message = error.status, error.message
                break
            result.redirect_url = location_after.text
            if session.options.on("location"):
                if redirects >= limit >= 0:
                    result.exit_code, result.message = 47, f"Maximum ({limit}) redirects followed"
                    result.body = ""
                    break
                redirects += 1
                session.meter(meter.line(0, byte_length(result.body)) + "\n")
                session.say(f"Issue another request to this URL: '{location_after.text}'")
                if result.status == 303 or (result.status in (301, 302) and method == "POST"):
                    method, body = ("HEAD" if method == "HEAD" else "GET"), None
                if location_after.host != location.host and not session.options.on("location-trusted"):
                    headers = [each for each in headers if each.split(":")[0].lower() not in ("authorization", "host")]
                location = replace(location_after, typed=location.typed)
                session.stdout += result.shown
                continue
        break
    result.timings.total = session.elapsed - started
    return result


def _exchange(
    session: Session,
    location: Location,
    method: str,
    headers: list[str],
    body: str | None,
    result: Result,
    started: float,
) -> None:
    place = (location.host, location.port)
    if place in session.connections:
        number, connection, address = session.connections.pop(place)
        session.begin_meter()
        session.say(f"Re-using existing connection with host {location.host}")
        result.remote, result.local = (address, location.port), connection.local
    else:
        opened = connect(session, location, result, started)
        number = session.opened
        session.opened += 1
        if opened is None:
            _close_failed(session, result, number, started)
            return
        connection = opened
        if location.scheme == "https" and not handshake(session, location, connection, result):
            _close_failed(session, result, number, started)
            return
        address = result.remote[0] if result.remote else location.host
        shown = f"{location.host} ({address}) port {location.port}"
        session.say(f"Connected to {shown}")
        session.say("using HTTP/1.x")
    request = HttpRequest(
        method,
        location.path,
        build_headers(session, location, headers, body, method),
        body or "",
        "1.0" if session.options.on("http1.0") else "1.1",
        location.scheme == "https",
    )
    result.request = request
    text = request_text(request)
    result.request_bytes = byte_length(text)
    result.sent = byte_length(request.body)
    result.timings.pre_transfer = result.timings.start_transfer = session.elapsed - started
    session.echo(">", text[: len(text) - len(request.body)])
    if request.body:
        session.say("upload completely sent off: " + f"{result.sent} bytes")
    else:
        session.say("Request completely sent off")
    _receive(session, connection, request, result, number, started)


def build_headers(
    session: Session, location: Location, custom: list[str], body: str | None, method: str
) -> tuple[tuple[str, str], ...]:
    """The request's headers in curl's order; ``-H`` replaces, adds or (with an empty value) removes one."""
    options = session.options
    own: list[tuple[str, str]] = []
    removed: set[str] = set()
    for text in custom:
        name, colon, value = text.partition(":")
        if colon and value.strip():
            own.append((name.strip(), value.strip()))
        elif colon:
            removed.add(name.strip().lower())
        elif text.endswith(";"):
            own.append((text[:-1].strip(), ""))
    replaced = {name.lower() for name, _ in own} | removed
    host = next((value for name, value in own if name.lower() == "host"), location.authority)
    built = [("Host", host)] if "host" not in removed else []
    user = options.values.get("user", location.user)
    if user is not None and "authorization" not in replaced:
        built.append(("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}"))
    if "oauth2-bearer" in options.values:
        built.append(("Authorization", f"Bearer {options.values['oauth2-bearer']}"))
    if "range" in options.values:
        built.append(("Range", f"bytes={options.values['range']}"))
    agent = options.values.get("user-agent", "curl/8.14.1")
    for name, value in (("User-Agent", agent), ("Accept", "*/*")):
        if name.lower() not in replaced and value:
            built.append((name, value))
    if options.on("compressed"):
        built.append(("Accept-Encoding", "deflate, gzip, br, zstd"))
    if "referer" in options.values:
        built.append(("Referer", options.values["referer"].removesuffix(";auto")))
    if options.cookies:
        built.append(("Cookie", "; ".join(options.cookies)))
    built += [(name, value) for name, value in own if name.lower() != "host"]
    if body is not None:
        if "content-length" not in replaced:
            built.append(("Content-Length", str(byte_length(body))))
        if method != "PUT" and "content-type" not in replaced:
            built.append(("Content-Type", "application/x-www-form-urlencoded"))
    return tuple(built)


def _receive(
    session: Session, connection: Connection, request: HttpRequest, result: Result, number: int, started: float
) -> None:
    answer = connection.request(request)
    limit = session.options.number("max-time") or float("inf")
    deadline = started + limit
    broken = answer if isinstance(answer, Broken) else None
    response = broken.response if broken else answer
    if answer is None or (broken and broken.stalls and response is None):
        _stall(session, result, 0, None, deadline, started, number)
        return
    if isinstance(answer, str):
        result.exit_code, result.message = 1, "Received HTTP/0.9 when not allowed"
        _finish_failed(session, result, number, started)
        return
    if not isinstance(response, HttpResponse):
        reset = broken is not None and broken.reset
        result.exit_code = 56 if reset else 52
        result.message = "Recv failure: Connection reset by peer" if reset else "Empty reply from server"
        session.say(result.message)
        if reset:
            _finish_failed(session, result, number, started)
        else:
            session.meter(meter.line() + "\n")
            session.say(f"shutting down connection #{number}")
        return
    took = response.seconds + (broken.seconds if broken else 0.0)
    if session.elapsed + took > deadline:
        _stall(session, result, 0, None, deadline, started, number)
        return
    session.elapsed += took + 0.0004
    result.response = response
    head = head_text(response)
    result.header_bytes = byte_length(head)
    result.timings.start_transfer = session.elapsed - started
    session.echo("<", head)
    if session.options.on("show-headers") or request.method == "HEAD":
        result.shown = head
    _store_body(session, request, response, result, number, started, broken, deadline)


def _store_body(
    session: Session,
    request: HttpRequest,
    response: HttpResponse,
    result: Result,
    number: int,
    started: float,
    broken: Broken | None,
    deadline: float,
) -> None:
    promised = header(response.headers, "Content-Length")
    expected = int(promised) if promised and promised.isdigit() else 0
    if request.method == "HEAD":
        session.meter(meter.line(0, expected) + "\n")
        _keep(session, request, response, number, result)
        return
    if session.options.on("fail") and response.status >= 400:
        result.exit_code = 22
        result.message = f"The requested URL returned error: {response.status}"
        session.say(result.message)
        session.meter(meter.line() + "\n")
        session.say(f"closing connection #{number}")
        return
    result.body = response.body
    result.received = byte_length(response.body)
    if response.body and not session.invocation.terminal and session.options.on("verbose"):
        redirected = session.options.on("location") and response.status in REDIRECTS
        if not redirected:
            session.stderr += f"{{ [{result.received} bytes data]\n"
    if broken and broken.stalls:
        _stall(session, result, result.received, expected, deadline, started, number)
        return
    passed = session.elapsed - started
    if session.options.on("location") and response.status in REDIRECTS and header(response.headers, "Location"):
        _keep(session, request, response, number, result)
        return
    if passed >= 1:
        session.meter(meter.waiting(passed - 0.5))
        session.meter(meter.line(result.received, expected, result.sent, result.sent, passed))
    session.meter(meter.line(result.received, expected, result.sent, result.sent, passed) + "\n")
    if session.options.on("progress-bar") and not session.options.on("silent"):
        session.stderr += f"\r{'#' * 72} 100.0%\n"
    if expected > result.received:
        result.exit_code = 18
        result.message = f"end of response with {expected - result.received} bytes missing"
        session.say(result.message)
        session.say(f"closing connection #{number}")
        return
    if session.options.on("fail-with-body") and response.status >= 400:
        result.exit_code, result.message = 22, f"The requested URL returned error: {response.status}"
    _keep(session, request, response, number, result)


def _stall(
    session: Session, result: Result, received: int, expected: int | None, deadline: float, started: float, number: int
) -> None:
    """Nothing more comes: wait until ``-m`` ends it (or, without, two hours pass and the connection is lost)."""
    limited = deadline != float("inf")
    session.elapsed = deadline if limited else session.elapsed + 7200
    waited = session.elapsed - started
    size = expected or 0
    if received:
        for second in range(1, int(waited) + 1):
            session.meter(meter.line(received, size, seconds=second))
        session.meter("\n")
    else:
        session.meter(meter.waiting(waited - 0.01) + meter.line(seconds=waited) + "\n")
    result.exit_code = 28 if limited else 56
    total = f" out of {size}" if size else ""
    after = f"Operation timed out after {int(waited * 1000) + 1} milliseconds with {received}{total} bytes received"
    result.message = after if limited else "Recv failure: Connection timed out"
    session.say(result.message)
    session.say(f"closing connection #{number}")


def _keep(session: Session, request: HttpRequest, response: HttpResponse, number: int, result: Result) -> None:
    closes = (header(response.headers, "Connection") or "").lower() == "close" or request.version == "1.0"
    if closes:
        session.say(f"shutting down connection #{number}")
        return
    session.say(f"Connection #{number} to host {result.location.host} left intact")


def _finish_failed(session: Session, result: Result, number: int, started: float) -> None:
    session.meter(meter.line(seconds=session.elapsed - started) + "\n")
    session.say(f"closing connection #{number}")


def _close_failed(session: Session, result: Result, number: int, started: float) -> None:
    resolving = result.message.startswith(("Could not resolve", "Resolving timed out"))
    if not resolving and session.metered:
        session.meter(meter.line(seconds=session.elapsed - started) + "\n")
    session.say(f"closing connection #{number}")
