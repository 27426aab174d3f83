"""GNU ``wget`` 1.25."""

from __future__ import annotations

import re
import socket

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.programs.connecting import Attempt, attempt
from kubesim.programs.curl.location import Location, LocationError, parse_location
from kubesim.programs.http import Broken, Certificate, ClientHello, byte_length, header
from kubesim.programs.name_lookup import Lookup, look_up, numeric_address
from kubesim.programs.net.fetching import REDIRECTS, Fetching, shown_head
from kubesim.userland.command_line import Complaint
from kubesim.userland.filesystem import FileError
from kubesim.userland.numerals import is_number, whole_number

MOST_REDIRECTS, TRIES = 20, 20
READ_SECONDS = 900.0
"""How long it waits for an answer where nothing says otherwise."""
DOTS_A_LINE, DOT_BYTES, DOTS_A_GROUP = 50, 1024, 10
"""How a download is drawn where stderr is no terminal."""
RATE = "69.7M"
"""How fast it is said to go; nobody compares that."""
CLOSED, READ_ERROR = "Connection closed at byte", "Read error at byte"


class GnuWget(Fetching):
    """One run."""

    agent = "Wget/1.25.0"
    extra = (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "Keep-Alive"))
    sends_credentials = False
    files = 0
    bytes = 0

    def fetch(self, url: str) -> int:
        """One URL; its status: 4 for the network, 5 for TLS, 8 for the server's refusal."""
        try:
            location = self._location(url)
        except LocationError as error:
            self.error += f"{url}: {error.message}.\n"
            return 1
        output = self.settings.values.get("output", "")
        if output not in ("", "-"):
            try:
                path = self.run.path(output)
                self.machine.files.write(path, self.machine.files.read(path) if self.machine.files.exists(path) else "")
            except FileError as problem:
                raise Complaint(f"{output}: {problem.reason}\n") from None
        if "no-clobber" in self.settings.flags and self.machine.files.exists(self.run.path(self._plain_name(location))):
            self._verbose(f"File '{self._plain_name(location)}' already there; not retrieving.\n\n")
            return 0
        given = self.settings.values.get("tries", str(TRIES))
        tries = (whole_number(given) if is_number(given) else TRIES) or 10**6
        for number in range(1, tries + 1):
            status, following = self._once(location, number, number == tries)
            if following is not None:
                return self._follow(following)
            if status >= 0:
                return status
            self.seconds += min(number, 10)
            if self.seconds > self.run.invocation.patience:
                break
        return 4

    def finished(self) -> None:
        """What is said at the end where several files were asked for."""
        if len(self.settings.urls) > 1 and self.files:
            self._verbose(f"FINISHED --{self._stamp()}--\nTotal wall clock time: {max(self.seconds, 0.01):.2g}s\n")
            amount = _human(self.bytes) or str(self.bytes)
            self._verbose(f"Downloaded: {self.files} files, {amount} in 0s (69.7 MB/s)\n")

    def _location(self, url: str) -> Location:
        scheme = re.match(r"([A-Za-z][\w+.-]*):", url)
        known = re.match(r"(https?|ftps?)://", url)
        if scheme and not known and not re.match(r"[^/:@]+:\d+(/|$)", url):
            raise LocationError("Unsupported scheme")
        if not scheme or not known:
            self.error += f"Prepended http:// to '{url}'\n"
            url = f"http://{url}"
        rest = url.partition("://")[2]
        if rest.startswith("[") and "]" not in rest:
            raise LocationError("Unterminated IPv6 numeric address")
        if not rest or rest[0] in "/:?#":
            raise LocationError("Invalid host name")
        try:
            return parse_location(url)
        except LocationError as error:
            words = {"Port": "Bad port number", "Bad": "Invalid host name"}
            told = next((new for old, new in words.items() if f": {old}" in error.message), "Invalid host name")
            raise LocationError(told) from None

    def _follow(self, location: Location) -> int:
        given = self.settings.values.get("max-redirect", "")
        most = whole_number(given) if is_number(given) else MOST_REDIRECTS
        for _ in range(most):
            status, following = self._once(location, 1, True)
            if following is None:
                return max(status, 0)
            location = following
        self._verbose(f"{most} redirections exceeded.\n")
        return 8

    def _stamp(self) -> str:
        return self.machine.datetime(self.run.invocation.elapsed + self.seconds).strftime("%Y-%m-%d %H:%M:%S")

    def _verbose(self, text: str) -> None:
        if "no-verbose" not in self.settings.flags:
            self.say(text)

    @property
    def _spider(self) -> bool:
        return "spider" in self.settings.flags

    def _again(self, last: bool) -> tuple[int, Location | None]:
        self._verbose("Giving up.\n\n" if last else "Retrying.\n\n")
        return (4 if last else -1), None

    def _limit(self, name: str) -> float | None:
        given = self.settings.values.get(name, self.settings.values.get("timeout", ""))
        return float(given) or None if re.fullmatch(r"\d+\.?\d*", given) else None

    def _once(self, location: Location, number: int, last: bool) -> tuple[int, Location | None]:
        """One attempt: the status, below 0 to try again, and where a redirect leads."""
        again = f"  (try:{number:2d})" if number > 1 else ""
        self._verbose("Spider mode enabled. Check if remote file exists.\n" if self._spider else "")
        self._verbose(f"--{self._stamp()}--{again}  {location.text}\n")
        lookup = self._resolved(location, number)
        if not lookup.addresses:
            return 4, None
        tried = self._connected(location, lookup)
        if tried.problem:
            return self._again(last) if tried.problem.endswith("timed out") else (4, None)
        hello = ClientHello(location.host)
        if location.scheme == "https" and not self._secured(location, tried.connection.request(hello)):
            return 5, None
        answer = tried.connection.request(self.request(location))
        tried.connection.close(self.seconds)
        return self._heard(location, answer, last)

    def _resolved(self, location: Location, number: int) -> Lookup:
        host = location.host
        flags = self.settings.flags
        family = socket.AF_INET if "inet4-only" in flags else socket.AF_INET6 if "inet6-only" in flags else 0
        lookup = look_up(self.machine, host, family)
        self.seconds += lookup.seconds
        if not lookup.addresses:
            self._verbose(f"Resolving {host} ({host})... failed: {lookup.error}.\n")
            self.say(f"wget: unable to resolve host address '{host}'\n")
        elif numeric_address(host) is None and number == 1:
            more = ", ..." if len(lookup.addresses) > 3 else ""
            self._verbose(f"Resolving {host} ({host})... {', '.join(lookup.addresses[:3])}{more}\n")
        return lookup

    def _connected(self, location: Location, lookup: Lookup) -> Attempt:
        host = location.host
        for address in lookup.addresses:
            literal = numeric_address(host) is not None
            where = f"{host}:{location.port}" if literal else f"{host} ({host})|{address}|:{location.port}"
            later = self.run.invocation.elapsed + self.seconds
            tried = attempt(self.machine, address, location.port, self._limit("connect-timeout"), later=later)
            self.seconds += tried.seconds
            if not tried.problem:
                self._verbose(f"Connecting to {where}... connected.\n")
                return tried
            self._verbose(f"Connecting to {where}... failed: {tried.problem}.\n")
        return tried

    def _heard(self, location: Location, answer: object, last: bool) -> tuple[int, Location | None]:
        """What came back for the request."""
        limit = self._limit("read-timeout") or READ_SECONDS
        broken = answer if isinstance(answer, Broken) else None
        if broken is not None and broken.response is not None:
            answer = broken.response
        late = isinstance(answer, HttpResponse) and answer.seconds > limit
        self._verbose("HTTP request sent, awaiting response... ")
        if isinstance(answer, str) and answer:
            answer = HttpResponse(200, "No headers, assuming HTTP/0.9", (), answer)
        if late or not isinstance(answer, HttpResponse):
            silent = late or answer is None or (broken is not None and broken.stalls)
            self.seconds += limit if silent else 0.0
            why = "Connection timed out" if silent else "Connection reset by peer"
            ended = broken is not None and not broken.reset and not silent
            self._verbose("No data received.\n" if ended else f"Read error ({why}) in headers.\n")
            return self._again(last)
        self.seconds += answer.seconds
        if "server-response" in self.settings.flags:
            self._verbose("\n")
            self.error += shown_head(answer)
        else:
            self._verbose(f"{answer.status} {answer.reason}\n")
        return self._answered(location, answer, broken, last)

    def request(self, location: Location) -> HttpRequest:
        """The request; a referrer comes before wget's own headers."""
        made = super().request(location)
        referrer = self.settings.values.get("referer")
        if referrer is None:
            return made
        host, *rest = made.headers
        headers = (host, ("Referer", referrer), *rest)
        return HttpRequest(made.method, made.target, headers, made.body, made.version, made.tls)

    def method(self, body: str | None) -> str:
        """``--spider`` asks for the headers alone."""
        given = self.settings.values.get("method")
        return given or ("HEAD" if body is None and self._spider else super().method(body))

    def _secured(self, location: Location, answer: object) -> bool:
        if not isinstance(answer, Certificate):
            self.say("GnuTLS: An unexpected TLS packet was received.\nUnable to establish SSL connection.\n")
            return False
        known = answer.trusted or self._known(answer)
        problem = answer.problem(known, self.machine.datetime(self.run.invocation.elapsed + self.seconds))
        told = []
        if problem:
            told.append(f"The certificate of '{location.host}' is not trusted.")
            why = "has expired" if "expired" in problem else "doesn't have a known issuer"
            told.append(f"The certificate of '{location.host}' {why}.")
        elif not answer.covers(location.host):
            told.append(f"The certificate's owner does not match hostname '{location.host}'")
        unchecked = "no-check-certificate" in self.settings.flags
        for line in told:
            self.say(f"{'WARNING' if unchecked else 'ERROR'}: {line}\n")
        return unchecked or not told

    def _known(self, certificate: Certificate) -> bool:
        path = self.settings.values.get("ca-certificate", "")
        try:
            text = self.machine.files.read(self.run.path(path)) if path else ""
        except FileError:
            return False
        return certificate.signed_by(text)

    def _answered(
        self, location: Location, answer: HttpResponse, broken: Broken | None, last: bool
    ) -> tuple[int, Location | None]:
        target = header(answer.headers, "Location")
        if answer.status in REDIRECTS and target:
            self._verbose(f"Location: {target} [following]\n")
            try:
                return 0, location.redirected(target)
            except LocationError:
                self.say(f"{target}: Invalid host name.\n")
                return 1, None
        brief = "no-verbose" in self.settings.flags
        if answer.status >= 400:
            self.say(f"{location.text}:\n" if brief else "")
            if self._spider:
                self.say("Remote file does not exist -- broken link!!!\n" + ("" if brief else "\n"))
                return 8, None
            self.say(f"{self._stamp()} ERROR {answer.status}: {answer.reason}.\n" + ("" if brief else "\n"))
            if "content-on-error" in self.settings.flags:
                self.store(location, answer.body)
            return 8, None
        if self._spider:
            self._described(answer)
            kind = (header(answer.headers, "Content-Type") or "").partition(";")[0]
            links = (
                "Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n"
            )
            self._verbose(links if kind in ("text/html", "application/xhtml+xml") else "Remote file exists.\n\n")
            if brief:
                self.say(f"{self._stamp()} URL: {location.text} {answer.status} {answer.reason}\n")
            return 0, None
        return self._saved(location, answer, broken, last)

    def _described(self, answer: HttpResponse) -> None:
        length = header(answer.headers, "Content-Length")
        kind = (header(answer.headers, "Content-Type") or "").partition(";")[0]
        human = _human(whole_number(length)) if length and is_number(length) else ""
        shown = f"{length}{f' ({human})' if human else ''}" if length else "unspecified"
        self._verbose(f"Length: {shown}{f' [{kind}]' if kind else ''}\n")

    def _saved(
        self, location: Location, answer: HttpResponse, broken: Broken | None, last: bool
    ) -> tuple[int, Location | None]:
        size = byte_length(answer.body)
        length = header(answer.headers, "Content-Length")
        total = whole_number(length) if length and is_number(length) else 0
        if answer.status != 204:
            self._described(answer)
        name, problem = self.store(location, answer.body)
        if problem:
            self.say(f"{name}: {problem}\n\nCannot write to '{name}' (Success).\n")
            return 3, None
        shown = "STDOUT" if name == "-" else name
        if answer.status != 204:
            self._verbose(f"Saving to: '{shown}'\n\n{_dots(size, total)}\n\n")
        speed = "69.7 MB/s" if size else "0.00 B/s"
        if broken is not None or total > size:
            self.seconds += (self._limit("read-timeout") or READ_SECONDS) if broken and broken.stalls else 0.0
            of, why = f"/{total}" if total else "", "Connection timed out"
            told = f"{CLOSED} {size}. " if not broken or not (broken.stalls or broken.reset) else ""
            why = "Connection reset by peer" if broken and broken.reset else why
            self._verbose(f"{self._stamp()} ({speed}) - {told or f'{READ_ERROR} {size}{of} ({why}). '}")
            return self._again(last)
        self.files, self.bytes = self.files + 1, self.bytes + size
        if "no-verbose" in self.settings.flags:
            of = f"/{total}" if total else ""
            self.say(f'{self._stamp()} URL:{location.text} [{size}{of}] -> "{name}" [1]\n')
            return 0, None
        done = "written to stdout" if name == "-" else f"'{name}' saved"
        self.say(f"{self._stamp()} ({speed}) - {done} [{size}{f'/{total}' if length and total else ''}]\n\n")
        return 0, None

    def _plain_name(self, location: Location) -> str:
        name = super().name_for(location)
        prefix = self.settings.values.get("directory-prefix")
        return f"{prefix}/{name}" if prefix and "output" not in self.settings.values else name

    def name_for(self, location: Location) -> str:
        """The file that a body goes to; a number keeps it from one that is there."""
        name = self._plain_name(location)
        if "output" in self.settings.values:
            return name
        number, free = 0, name
        while self.machine.files.exists(self.run.path(free)):
            number += 1
            free = f"{name}.{number}"
        return free

    def store(self, location: Location, body: str) -> tuple[str, str]:
        """Put the body where it belongs: (the file's name or ``-``, a problem)."""
        name = self.name_for(location)
        if name == "-":
            self.out += body
            return name, ""
        path = self.run.path(name)
        try:
            if "directory-prefix" in self.settings.values:
                self.machine.files.make_directory(path.rsplit("/", 1)[0] or "/", parents=True)
            self.machine.files.write(path, body)
        except FileError as problem:
            return name, problem.reason
        return name, ""


def _human(size: int) -> str:
    """A size with its unit, where it has one: ``98K``, ``1.5M``."""
    if size < 1024:
        return ""
    amount, unit = float(size), -1
    while amount >= 1024 and unit < 2:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f}{'KMG'[unit]}" if amount < 10 else f"{amount:.0f}{'KMG'[unit]}"


def _dots(size: int, total: int) -> str:
    """The download, a dot for each kilobyte."""
    lines = []
    full = DOTS_A_LINE * DOT_BYTES
    for start in range(0, max(size, 1), full):
        count = min(DOTS_A_LINE, (size - start) // DOT_BYTES)
        groups = [
            f" {'.' * max(0, min(DOTS_A_GROUP, count - first)):<{DOTS_A_GROUP}}"
            for first in range(0, DOTS_A_LINE, DOTS_A_GROUP)
        ]
        done = min(size, start + full)
        percent = f"{100 * done // total:3d}%" if total else ""
        ended = "=0s" if done == size else " 0s"
        lines.append(f"{start // 1024:6d}K{''.join(groups)}{percent} {RATE:>5}{ended}")
    return "\n".join(lines)
