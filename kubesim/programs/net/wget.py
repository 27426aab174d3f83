"""``wget``: GNU's on hosts and busybox' in its images."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.programs.curl.location import Location, LocationError, parse_location
from kubesim.programs.files_text import Complaint, is_busybox
from kubesim.programs.filesystem import FileError, absolute
from kubesim.programs.http import Broken, Certificate, ClientHello, byte_length, head_text, header
from kubesim.programs.lookup import look_up, numeric_address
from kubesim.programs.net.attempt import attempt
from kubesim.programs.process import Completed, Invocation

_VALUES = {"O": "output", "T": "timeout", "t": "tries", "U": "user-agent", "P": "directory-prefix", "o": "output-file"}
_LONG_VALUES = (
    "header",
    "post-data",
    "timeout",
    "tries",
    "output-document",
    "user-agent",
    "user",
    "password",
    "waitretry",
    "post-file",
)
_FLAGS = (
    "no-check-certificate",
    "spider",
    "quiet",
    "server-response",
    "no-verbose",
    "no-cache",
    "no-proxy",
    "content-on-error",
)


@dataclass(slots=True)
class _Settings:
    values: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    headers: list[tuple[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


def wget(invocation: Invocation) -> Completed:
    """Fetch files."""
    busybox = is_busybox(invocation)
    try:
        settings = _parse(invocation, busybox)
    except Complaint as complaint:
        return Completed("", complaint.text, complaint.status)
    run = _Busybox(invocation, settings) if busybox else _Gnu(invocation, settings)
    status = 0
    for url in settings.urls:
        status = run.fetch(url) or status
    return Completed(run.out, run.error, status, run.seconds)


def _parse(invocation: Invocation, busybox: bool) -> _Settings:
    settings = _Settings()
    words = list(invocation.argv[1:])
    usage = "BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.\n\n"
    usage += "Usage: wget [-cqS] [--spider] [-O FILE] URL...\n"
    gnu_usage = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name in _LONG_VALUES:
                value = value if equals else (words.pop(0) if words else "")
                if name == "header":
                    key, _, text = value.partition(":")
                    settings.headers.append((key.strip(), text.strip()))
                else:
                    settings.values[{"output-document": "output"}.get(name, name)] = value
            elif name in _FLAGS:
                settings.flags.add(name)
            else:
                raise Complaint(
                    f"wget: unrecognized option '{word}'\n" + (usage if busybox else gnu_usage), 1 if busybox else 2
                )
        elif word.startswith("-") and word != "-":
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in _VALUES:
                    settings.values[_VALUES[letter]] = letters or (words.pop(0) if words else "")
                    letters = ""
                elif word == "-nv":
                    settings.flags.add("no-verbose")
                    letters = ""
                else:
                    settings.flags.add({"q": "quiet", "S": "server-response"}.get(letter, letter))
        else:
            settings.urls.append(word)
    if not settings.urls:
        raise Complaint(usage if busybox else f"wget: missing URL\n{gnu_usage}", 1)
    return settings


class _Wget:
    def __init__(self, invocation: Invocation, settings: _Settings) -> None:
        self.invocation = invocation
        self.settings = settings
        self.out = ""
        self.error = ""
        self.seconds = 0.0

    def say(self, text: str) -> None:
        """A line of progress, unless ``-q``."""
        if "quiet" not in self.settings.flags:
            self.error += text

    def limit(self) -> float | None:
        """``-T``."""
        text = self.settings.values.get("timeout", "")
        return float(text) if text.replace(".", "", 1).isdigit() else None

    def request(self, location: Location, agent: str, extra: tuple[tuple[str, str], ...]) -> HttpRequest:
        """The request's headers, the given ones in place of wget's own."""
        body = self.settings.values.get("post-data")
        own = [("Host", location.authority), ("User-Agent", self.settings.values.get("user-agent", agent)), *extra]
        replaced = {name.lower(): value for name, value in self.settings.headers}
        headers = [(name, replaced.pop(name.lower(), value)) for name, value in own]
        headers += [(name, value) for name, value in self.settings.headers if name.lower() in replaced]
        if location.user:
            headers.append(("Authorization", "Basic " + base64.b64encode(location.user.encode()).decode()))
        if body is not None:
            headers += [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", str(byte_length(body))),
            ]
        method = (
            "POST" if body is not None else "HEAD" if "spider" in self.settings.flags and agent != "Wget" else "GET"
        )
        return HttpRequest(method, location.path, tuple(headers), body or "", tls=location.scheme == "https")

    def store(self, location: Location, body: str) -> tuple[str, str]:
        """Put the body where it belongs: (the file's name or ``-``, a problem)."""
        name = self.settings.values.get("output") or location.path.partition("?")[0].rsplit("/", 1)[-1] or "index.html"
        if name == "-":
            self.out += body
            return name, ""
        prefix = self.settings.values.get("directory-prefix")
        path = absolute(f"{prefix}/{name}" if prefix else name, self.invocation.directory)
        try:
            self.invocation.machine.files.write(path, body)
        except FileError as problem:
            return name, f"{name}: {problem.reason}"
        return name, ""


class _Busybox(_Wget):
    def fetch(self, url: str) -> int:
        """One URL; its status."""
        for number in range(6):
            status, following = self._once(url, redirected=number > 0)
            if following is None:
                return status
            url = following
        self.error += "wget: too many redirections\n"
        return 1

    def _fail(self, text: str) -> tuple[int, str | None]:
        self.error += f"wget: {text}\n"
        return 1, None

    def _once(self, url: str, *, redirected: bool) -> tuple[int, str | None]:
        machine = self.invocation.machine
        try:
            location = parse_location(url)
        except LocationError:
            return self._fail(f"bad port spec '{url}'" if url.count(":") else f"not an http or ftp url: {url}")
        lookup = look_up(machine, location.host)
        self.seconds += lookup.seconds
        if not lookup.addresses:
            return self._fail(f"bad address '{location.host}'")
        address = next((each for each in lookup.addresses if ":" not in each), lookup.addresses[0])
        if not redirected:
            self.say(f"Connecting to {location.authority} ({address}:{location.port})\n")
        tried = attempt(machine, address, location.port, self.limit() or 900.0)
        self.seconds += tried.seconds
        if tried.timed_out:
            return self._fail("download timed out")
        if tried.problem:
            words = {"Connection timed out": "Operation timed out"} if machine.libc == "musl" else {}
            return self._fail(f"can't connect to remote host ({address}): {words.get(tried.problem, tried.problem)}")
        if location.scheme == "https":
            self.error += "wget: note: TLS certificate validation not implemented\n"
            if not isinstance(tried.connection.request(ClientHello(location.host)), Certificate):
                return self._fail("error getting response: Connection reset by peer")
        answer = tried.connection.request(self.request(location, "Wget", (("Connection", "close"),)))
        tried.connection.close()
        if isinstance(answer, Broken) and answer.response is not None:
            answer = answer.response
        if not isinstance(answer, HttpResponse):
            return self._fail("error getting response")
        self.seconds += answer.seconds
        if "server-response" in self.settings.flags:
            lines = head_text(answer).rstrip("\r\n").split("\r\n")
            self.error += "".join(f"  {line}\n" for line in [*lines, ""])
        target = header(answer.headers, "Location")
        if answer.status in (301, 302, 303, 307, 308) and target:
            return 0, location.redirected(target).text
        if answer.status >= 300:
            return self._fail(f"server returned error: HTTP/1.1 {answer.status} {answer.reason}")
        if "spider" in self.settings.flags:
            self.say("remote file exists\n")
            return 0, None
        return self._saved(location, answer)

    def _saved(self, location: Location, answer: HttpResponse) -> tuple[int, str | None]:
        name = self.settings.values.get("output") or location.path.partition("?")[0].rsplit("/", 1)[-1] or "index.html"
        files, path = self.invocation.machine.files, absolute(name, self.invocation.directory)
        if name != "-" and "output" not in self.settings.values and files.exists(path):
            return self._fail(f"can't open '{name}': File exists")
        name, problem = self.store(location, answer.body)
        if problem:
            return self._fail(f"can't open '{name}': {problem.partition(': ')[2]}")
        shown = name.rsplit("/", 1)[-1]
        self.say("writing to stdout\n" if name == "-" else f"saving to '{name}'\n")
        self.say(f"{shown[:20]:<20} 100% |{'*' * 32}| {byte_length(answer.body):>5}  0:00:00 ETA\n")
        self.say("written to stdout\n" if name == "-" else f"'{name}' saved\n")
        return 0, None


class _Gnu(_Wget):
    def fetch(self, url: str) -> int:
        """One URL; its status: 4 for the network, 5 for TLS, 8 for the server's refusal."""
        if "://" not in url:
            self.error += f"Prepended http:// to '{url}'\n"
            url = f"http://{url}"
        try:
            location = parse_location(url)
        except LocationError:
            self.error += f"{url}: Bad port number.\n" if url.count(":") > 1 else f"{url}: Invalid host name.\n"
            return 1
        tries = (
            int(self.settings.values.get("tries", "20")) if self.settings.values.get("tries", "20").isdigit() else 20
        )
        for number in range(1, (tries or 20) + 1):
            status, following = self._once(location, number, number == (tries or 20))
            if following is not None:
                return self._follow(following)
            if status >= 0:
                return status
            self.seconds += min(number, 10)
        return 4

    def _follow(self, location: Location) -> int:
        for _ in range(20):
            status, following = self._once(location, 1, True)
            if following is None:
                return max(status, 0)
            location = following
        self.say("20 redirections exceeded.\n")
        return 8

    def _stamp(self) -> str:
        return self.invocation.machine.datetime(self.invocation.elapsed + self.seconds).strftime("%Y-%m-%d %H:%M:%S")

    def _verbose(self, text: str) -> None:
        if "no-verbose" not in self.settings.flags:
            self.say(text)

    def _once(self, location: Location, number: int, last: bool) -> tuple[int, Location | None]:
        machine = self.invocation.machine
        again = f"  (try:{number:2d})" if number > 1 else ""
        self._verbose(f"--{self._stamp()}--{again}  {location.text}\n")
        host = location.host
        lookup = look_up(machine, host)
        self.seconds += lookup.seconds
        literal = numeric_address(host) is not None
        if not lookup.addresses:
            self._verbose(f"Resolving {host} ({host})... failed: {lookup.error}.\n")
            self.say(f"wget: unable to resolve host address '{host}'\n")
            return 4, None
        if not literal and number == 1:
            self._verbose(f"Resolving {host} ({host})... {', '.join(lookup.addresses[:3])}\n")
        address = lookup.addresses[0]
        where = f"{host}:{location.port}" if literal else f"{host} ({host})|{address}|:{location.port}"
        tried = attempt(machine, address, location.port, self.limit())
        self.seconds += tried.seconds
        if tried.problem:
            self._verbose(f"Connecting to {where}... failed: {tried.problem}.\n")
            if tried.problem != "Connection timed out":
                return 4, None
            self._verbose("Giving up.\n\n" if last else "Retrying.\n\n")
            return (4, None) if last else (-1, None)
        self._verbose(f"Connecting to {where}... connected.\n")
        if location.scheme == "https" and not self._secured(location, tried.connection.request(ClientHello(host))):
            return 5, None
        extra = (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "Keep-Alive"))
        answer = tried.connection.request(self.request(location, "Wget/1.25.0", extra))
        tried.connection.close()
        self._verbose("HTTP request sent, awaiting response... ")
        if not isinstance(answer, HttpResponse):
            reset = isinstance(answer, Broken) and answer.reset
            self._verbose("Read error (Connection reset by peer) in headers.\n" if reset else "No data received.\n")
            self._verbose("Giving up.\n\n" if last else "Retrying.\n\n")
            return (4, None) if last else (-1, None)
        self.seconds += answer.seconds
        if "server-response" in self.settings.flags:
            self.say("\n" + "".join(f"  {line}\n" for line in head_text(answer).rstrip("\r\n").split("\r\n")))
        else:
            self._verbose(f"{answer.status} {answer.reason}\n")
        return self._answered(location, answer)

    def _secured(self, location: Location, answer: object) -> bool:
        if not isinstance(answer, Certificate):
            self.say("GnuTLS: An unexpected TLS packet was received.\nUnable to establish SSL connection.\n")
            return False
        if "no-check-certificate" in self.settings.flags or (answer.trusted and answer.covers(location.host)):
            return True
        self.say(f"ERROR: The certificate of '{location.host}' is not trusted.\n")
        return False

    def _answered(self, location: Location, answer: HttpResponse) -> tuple[int, Location | None]:
        target = header(answer.headers, "Location")
        if answer.status in (301, 302, 303, 307, 308) and target:
            self._verbose(f"Location: {target} [following]\n")
            return 0, location.redirected(target)
        if answer.status >= 400:
            if "no-verbose" in self.settings.flags:
                self.say(f"{location.text}:\n")
            self.say(f"{self._stamp()} ERROR {answer.status}: {answer.reason}.\n\n")
            return 8, None
        size = byte_length(answer.body)
        kind = (header(answer.headers, "Content-Type") or "").partition(";")[0]
        self._verbose(f"Length: {size} [{kind}]\n")
        if "spider" in self.settings.flags:
            self._verbose("Remote file exists.\n\n")
            return 0, None
        name, problem = self.store(location, answer.body)
        if problem:
            self.say(f"{problem}\n\nCannot write to '{name}' (Success).\n")
            return 3, None
        shown = "STDOUT" if name == "-" else f"'{name}'"
        if "no-verbose" in self.settings.flags:
            self.say(f'{self._stamp()} URL:{location.text} [{size}/{size}] -> "{name}" [1]\n')
            return 0, None
        quoted = f"'{'STDOUT' if name == '-' else name}'"
        self._verbose(f"Saving to: {quoted}\n\n     0K {' ' * 53} 100% 69.7M=0s\n\n")
        done = "written to stdout" if name == "-" else f"{shown} saved"
        self._verbose(f"{self._stamp()} (69.7 MB/s) - {done} [{size}/{size}]\n\n")
        return 0, None
