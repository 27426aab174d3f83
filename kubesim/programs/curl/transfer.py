"""One URL from request to last byte: TLS, the exchange, redirects."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.sockets import Connection
from kubesim.programs.curl import meter
from kubesim.programs.curl.connecting import connect
from kubesim.programs.curl.location import Location, LocationError
from kubesim.programs.curl.session import Result, Session
from kubesim.programs.curl.tls import handshake
from kubesim.programs.http import Broken, byte_length, head_text, header, request_text

REDIRECTS = (301, 302, 303, 307, 308)


def transfer(session: Session, location: Location, method: str, headers: list[str], body: str | None) -> Result:
    """Fetch one URL, following redirects where ``-L`` asks for it."""
    started = session.elapsed
    limit = int(session.options.number("max-redirs", 50))
    follows = session.options.on("location")
    before = Result(location)
    while True:
        result = Result(location, redirects=before.redirects, connects=before.connects)
        _Exchange(session, location, result, started).run(method, headers, body)
        result.header_bytes += before.header_bytes
        result.request_bytes += before.request_bytes
        target = header(result.response.headers, "Location") if result.response else None
        if target is None or result.exit_code or result.status not in REDIRECTS:
            break
        try:
            following = location.redirected(target)
        except LocationError as error:
            if follows:
                result.exit_code, result.message = error.status, error.message
            break
        result.redirect_url = following.text
        if not follows:
            break
        if result.redirects >= limit >= 0:
            result.exit_code, result.message = 47, f"Maximum ({limit}) redirects followed"
            result.body = ""
            break
        result.redirects += 1
        session.meter(meter.line(0, byte_length(result.body)) + "\n")
        session.say(f"Issue another request to this URL: '{following.text}'")
        if result.status == 303 or (result.status in (301, 302) and method == "POST"):
            method, body = ("HEAD" if method == "HEAD" else "GET"), None
        if following.host != location.host and not session.options.on("location-trusted"):
            headers = [each for each in headers if each.split(":")[0].lower() not in ("authorization", "host")]
        session.stdout += result.shown
        location, before = replace(following, typed=location.typed), result
    result.timings.total = session.elapsed - started
    return result


@dataclass(slots=True)
class _Exchange:
    """One request and its answer.

    :param started: when the transfer began, redirects included.
    :param number: the connection's, as ``-v`` counts them.
    """

    session: Session
    location: Location
    result: Result
    started: float
    number: int = 0

    @property
    def passed(self) -> float:
        """Seconds since the transfer began."""
        return self.session.elapsed - self.started

    def run(self, method: str, headers: list[str], body: str | None) -> None:
        """Fill the result."""
        session, location, result = self.session, self.location, self.result
        connection = self._connected()
        if connection is None:
            if session.metered and not result.message.startswith(("Could not resolve", "Resolving timed out")):
                session.meter(meter.line(seconds=self.passed) + "\n")
            session.say(f"closing connection #{self.number}")
            return
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
        result.timings.pre_transfer = result.timings.start_transfer = self.passed
        session.echo(">", text[: len(text) - len(request.body)])
        sent = f"upload completely sent off: {result.sent} bytes" if request.body else "Request completely sent off"
        session.say(sent)
        self._receive(connection, request)

    def _connected(self) -> Connection | None:
        """A connection that an earlier transfer left intact, or a new one; None where that failed."""
        session, location, result = self.session, self.location, self.result
        kept = session.connections.pop(location.place, None)
        if kept is not None:
            self.number, connection, result.remote = kept
            session.begin_meter()
            session.say(f"Re-using existing {location.scheme}: connection with host {location.host}")
            result.local = connection.local
            return connection
        opened = connect(session, location, result, self.started)
        self.number = session.opened
        session.opened += 1
        if opened is None or (location.scheme == "https" and not handshake(session, location, opened, result)):
            return None
        address = result.remote[0] if result.remote else location.host
        session.say(f"Connected to {location.host} ({address}) port {location.port}")
        session.say("using HTTP/1.x")
        return opened

    def _receive(self, connection: Connection, request: HttpRequest) -> None:
        session, result = self.session, self.result
        answer = connection.request(request)
        broken = answer if isinstance(answer, Broken) else None
        response = broken.response if broken else answer
        if answer is None or (broken and broken.stalls and response is None):
            self._stall()
            return
        if isinstance(answer, str):
            self._fail(1, "Received HTTP/0.9 when not allowed", self.passed)
            return
        if not isinstance(response, HttpResponse):
            if broken is not None and broken.reset:
                session.say("Recv failure: Connection reset by peer")
                self._fail(56, "Recv failure: Connection reset by peer", self.passed)
            else:
                result.exit_code, result.message = 52, "Empty reply from server"
                session.say(result.message)
                session.meter(meter.line() + "\n")
                session.say(f"shutting down connection #{self.number}")
            return
        took = response.seconds + (broken.seconds if broken else 0.0)
        if session.elapsed + took > self._deadline():
            self._stall()
            return
        session.elapsed += took + 0.0004
        result.response = response
        head = head_text(response)
        result.header_bytes = byte_length(head)
        result.timings.start_transfer = self.passed
        session.echo("<", head)
        if session.options.on("show-headers") or request.method == "HEAD":
            result.shown = head
        if self._store_body(request, response, stalls=broken is not None and broken.stalls):
            self._keep(connection, request, response)

    def _store_body(self, request: HttpRequest, response: HttpResponse, *, stalls: bool) -> bool:
        """Take the body; whether the connection can be used again."""
        session, result, options = self.session, self.result, self.session.options
        promised = header(response.headers, "Content-Length")
        expected = int(promised) if promised and promised.isdigit() else 0
        if request.method == "HEAD":
            session.meter(meter.line(0, expected) + "\n")
            return True
        problem = f"The requested URL returned error: {response.status}" if response.status >= 400 else ""
        if options.on("fail") and problem:
            session.say(problem)
            self._fail(22, problem)
            return False
        result.body = response.body
        result.received = byte_length(response.body)
        follows = options.on("location") and response.status in REDIRECTS
        if response.body and not session.invocation.terminal and options.on("verbose") and not follows:
            session.stderr += f"{{ [{result.received} bytes data]\n"
        if stalls:
            self._stall(result.received, expected)
            return False
        if follows and header(response.headers, "Location"):
            return True
        last = meter.line(result.received, expected, result.sent, result.sent, self.passed)
        if self.passed >= 1:
            session.meter(meter.waiting(self.passed - 0.5) + last)
        session.meter(last + "\n")
        if options.on("progress-bar") and not options.on("silent"):
            session.stderr += f"\r{'#' * 72} 100.0%\n"
        if expected > result.received:
            result.exit_code = 18
            result.message = f"end of response with {expected - result.received} bytes missing"
            session.say(result.message)
            session.say(f"closing connection #{self.number}")
            return False
        if options.on("fail-with-body") and problem:
            result.exit_code, result.message = 22, problem
        return True

    def _deadline(self) -> float:
        return self.started + (self.session.options.number("max-time") or float("inf"))

    def _stall(self, received: int = 0, expected: int = 0) -> None:
        """Nothing more comes: wait until ``-m`` ends it (or, without, two hours pass and the connection is lost)."""
        session, result = self.session, self.result
        limited = self._deadline() != float("inf")
        session.elapsed = self._deadline() if limited else session.elapsed + 7200
        if received:
            drawn = meter.waiting(self.passed, received, expected)
        else:
            drawn = meter.waiting(self.passed - 0.01) + meter.line(seconds=self.passed)
        session.meter(drawn + "\n")
        total = f" out of {expected}" if expected else ""
        milliseconds = int(self.passed * 1000) + 1
        after = f"Operation timed out after {milliseconds} milliseconds with {received}{total} bytes received"
        result.exit_code = 28 if limited else 56
        result.message = after if limited else "Recv failure: Connection timed out"
        session.say(result.message)
        session.say(f"closing connection #{self.number}")

    def _fail(self, exit_code: int, message: str, seconds: float = 0.0) -> None:
        self.result.exit_code, self.result.message = exit_code, message
        self.session.meter(meter.line(seconds=seconds) + "\n")
        self.session.say(f"closing connection #{self.number}")

    def _keep(self, connection: Connection, request: HttpRequest, response: HttpResponse) -> None:
        """Leave the connection open for the next transfer to the same place, unless one side does not want that."""
        closes = (header(response.headers, "Connection") or "").lower() == "close" or request.version == "1.0"
        if closes:
            self.session.say(f"shutting down connection #{self.number}")
            return
        self.session.say(f"Connection #{self.number} to host {self.location.host} left intact")
        remote = self.result.remote or connection.remote
        self.session.connections[self.location.place] = (self.number, connection, remote)


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
