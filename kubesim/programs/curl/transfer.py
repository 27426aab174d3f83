"""One URL from request to last byte: TLS, the exchange, redirects."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.sockets import Connection
from kubesim.programs.curl import meter
from kubesim.programs.curl.connecting import connect, target_of
from kubesim.programs.curl.location import Location, LocationError
from kubesim.programs.curl.options import Options
from kubesim.programs.curl.session import Result, Session, milliseconds
from kubesim.programs.curl.tls import handshake, tickets
from kubesim.programs.http import Broken, byte_length, head_text, header, request_text
from kubesim.userland.filesystem import FileError
from kubesim.userland.numerals import is_number, whole_number

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
            session.meter(meter.line(0, byte_length(result.body)) + "\n")
            session.say(result.message)
            result.body = ""
            break
        result.redirects += 1
        session.say(f"Issue another request to this URL: '{following.text}'")
        custom = session.options.values.get("request")
        keeps = session.options.on(f"post{result.status}")
        sees_other = result.status == 303 and method != "HEAD"
        posted = result.status in (301, 302) and body is not None and method != "PUT"
        if (sees_other or posted) and not keeps:
            method, body = custom or "GET", None
            if custom:
                session.say(f"Stick to {custom} instead of GET")
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
    :param sends_no_body: whether curl asked for the headers alone.
    """

    session: Session
    location: Location
    result: Result
    started: float
    number: int = 0
    sends_no_body: bool = False

    @property
    def passed(self) -> float:
        """Seconds since the transfer began."""
        return self.session.elapsed - self.started

    def run(self, method: str, headers: list[str], body: str | None) -> None:
        """Fill the result."""
        session, location, result = self.session, self.location, self.result
        if location.scheme == "file":
            self._read_file()
            return
        connection = self._connected()
        if connection is None:
            if session.metered and not result.message.startswith(("Could not resolve", "Resolving timed out")):
                session.meter(meter.line(seconds=self.passed) + "\n")
            ending = "shutting down" if result.message.startswith("Could not resolve") else "closing"
            session.say(f"{ending} connection #{self.number}")
            return
        self.sends_no_body = session.options.on("head")
        request = HttpRequest(
            method,
            session.options.values.get("request-target", location.path),
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
        if location.scheme == "https":
            session.passed_bytes("}", 5)
        session.echo(">", text[: len(text) - len(request.body)])
        if request.body:
            session.passed_bytes("}", result.sent)
            session.say(f"upload completely sent off: {result.sent} bytes")
        else:
            session.say("Request completely sent off")
        if location.scheme == "https":
            tickets(session)
        self._receive(connection, request)

    def _read_file(self) -> None:
        """A ``file:`` URL: what the machine's own file holds."""
        session, result, path = self.session, self.result, self.location.path
        session.begin_meter()
        try:
            result.body = session.machine.files.read(path)
        except FileError:
            result.exit_code, result.message = 37, f"Couldn't open file {path}"
            session.say(result.message)
            session.meter(meter.line() + "\n")
            session.say(f"closing connection #{self.number}")
            return
        result.received = byte_length(result.body)
        session.meter(meter.line(result.received, result.received, seconds=self.passed) + "\n")
        session.say(f"shutting down connection #{self.number}")

    def _connected(self) -> Connection | None:
        """A connection that an earlier transfer left intact, or a new one; None where that failed."""
        session, location, result = self.session, self.location, self.result
        kept = session.connections.pop(location.place, None)
        if kept is not None:
            self.number, connection, result.remote = kept
            session.say(f"Re-using existing {location.scheme}: connection with host {location.host}")
            session.begin_meter()
            result.local = connection.local
            return connection
        opened = connect(session, location, result, self.started)
        self.number = session.opened
        session.opened += 1
        if opened is None or (location.scheme == "https" and not handshake(session, location, opened, result)):
            return None
        address, port = result.remote or (location.host, location.port)
        target = target_of(session, location)
        session.say(f"Connected to {target.host} ({address}) port {port}")
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
        if isinstance(answer, str) and session.options.on("http0.9"):
            result.body, result.received = answer, byte_length(answer)
            session.passed_bytes("{", result.received)
            session.meter(meter.line(result.received, 0, seconds=self.passed) + "\n")
            session.say(f"shutting down connection #{self.number}")
            return
        if isinstance(answer, str):
            session.say("Received HTTP/0.9 when not allowed")
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
        refusal = session.options.on("fail") and response.status >= 400
        if refusal:
            session.echo("<", head.removesuffix("\r\n"))
            session.say(f"The requested URL returned error: {response.status}")
            session.echo("<", "\r\n")
        else:
            self._echo_head(request, response, head)
        if session.options.on("show-headers") or self.sends_no_body:
            result.shown = head
        if self._store_body(request, response, broken):
            self._keep(connection, request, response)

    def _echo_head(self, request: HttpRequest, response: HttpResponse, head: str) -> None:
        """The response's head with ``-v``, and what curl remarks where it stands."""
        session = self.session
        remarks: dict[str, str] = {}
        if response.status in REDIRECTS and session.options.on("location") and request.body:
            remarks["location"] = "Need to rewind upload for next request"
        if response.status == 401 and header(request.headers, "Authorization"):
            remarks["www-authenticate"] = "Basic authentication problem, ignoring."
        for line in head.split("\r\n")[:-1]:
            remark = remarks.pop(line.partition(":")[0].lower(), "")
            if remark:
                session.say(remark)
            session.echo("<", line + "\r\n")

    def _store_body(self, request: HttpRequest, response: HttpResponse, broken: Broken | None) -> bool:
        """Take the body; whether the connection can be used again."""
        session, result, options = self.session, self.result, self.session.options
        promised = header(response.headers, "Content-Length")
        expected = whole_number(promised) if promised and is_number(promised) else 0
        if self.sends_no_body:
            session.meter(meter.line(0, expected) + "\n")
            return True
        problem = f"The requested URL returned error: {response.status}" if response.status >= 400 else ""
        if options.on("fail") and problem:
            self._fail(22, problem)
            return False
        result.body = response.body
        result.received = byte_length(response.body)
        follows = options.on("location") and response.status in REDIRECTS
        if response.body and not follows:
            session.passed_bytes("{", result.received + chunk_bytes(response))
        if broken is not None and broken.stalls:
            self._stall(result.received, expected)
            return False
        if follows and header(response.headers, "Location"):
            session.meter(meter.line(0, byte_length(result.body)) + "\n")
            return True
        if broken is not None and broken.reset:
            session.say("Recv failure: Connection reset by peer")
            session.meter(meter.line(result.received, expected, seconds=self.passed) + "\n")
            session.say(f"closing connection #{self.number}")
            result.exit_code, result.message = 56, "Recv failure: Connection reset by peer"
            return False
        size, gap = response.pace
        if size:
            self._drip(size, gap, expected)
        if expected > result.received:
            result.exit_code = 18
            result.message = f"end of response with {expected - result.received} bytes missing"
            session.say(result.message)
        last = meter.line(result.received, expected, result.sent, result.sent, self.passed)
        if self.passed >= 1 and not size:
            session.meter(meter.waiting(self.passed - 0.5) + last)
        session.meter(last + "\n")
        if options.on("progress-bar") and not options.on("silent"):
            session.stderr += f"\r{'#' * 72} 100.0%\n"
        if expected > result.received:
            session.say(f"closing connection #{self.number}")
            return False
        if options.on("fail-with-body") and problem:
            result.exit_code, result.message = 22, problem
        return True

    def _drip(self, size: int, gap: float, expected: int) -> None:
        """A body that comes in pieces: the meter shows once a second how much there is."""
        session, received = self.session, 0
        shown = 0
        for _ in range(0, self.result.received, size):
            received = min(received + size, self.result.received)
            if self.passed >= shown + 1:
                shown = int(self.passed)
                session.meter(meter.line(received, expected, seconds=self.passed))
            if received < self.result.received:
                session.elapsed += gap

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
        waited = milliseconds(self.passed)
        after = f"Operation timed out after {waited} milliseconds with {received}{total} bytes received"
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


def chunk_bytes(response: HttpResponse) -> int:
    """What the lines between the chunks of a body add to it."""
    if not response.chunks:
        return 0
    return sum(len(f"{size:x}") + 4 for size in response.chunks) + len("0\r\n\r\n")


def boundary_of(options: Options) -> str:
    """The boundary between the parts of a form: dashes, and letters that its parts decide."""
    letters = hashlib.sha256("\0".join(options.forms).encode()).hexdigest()[:22]
    return f"{'-' * 24}{letters}"


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
    user = user if user is None or ":" in user else f"{user}:"
    if user is not None and "authorization" not in replaced:
        built.append(("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}"))
    if "oauth2-bearer" in options.values:
        built.append(("Authorization", f"Bearer {options.values['oauth2-bearer']}"))
    start = options.values.get("continue-at", "-")
    if is_number(start) and whole_number(start):
        built.append(("Range", f"bytes={start}-"))
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
        built.append(("Cookie", ";".join(options.cookies)))
    built += [(name, value) for name, value in own if name.lower() != "host"]
    if body is not None:
        if "content-length" not in replaced:
            built.append(("Content-Length", str(byte_length(body))))
        if method != "PUT" and "content-type" not in replaced:
            kind = "application/x-www-form-urlencoded"
            kind = f"multipart/form-data; boundary={boundary_of(options)}" if options.forms else kind
            built.append(("Content-Type", kind))
    return tuple(built)
