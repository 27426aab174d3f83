"""``wget``: GNU's on hosts and busybox' in its images; they differ in almost every word."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import urljoin

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.programs.connecting import attempt
from kubesim.programs.curl.location import Location, LocationError, parse_location
from kubesim.programs.http import Broken, Certificate, ClientHello, byte_length, head_text, header
from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import look_up, numeric_address
from kubesim.userland.command_line import Complaint, program
from kubesim.userland.filesystem import FileError
from kubesim.userland.process import Completed

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 20
BUSYBOX_SECONDS = 900.0
"""How long busybox' waits for a connection where ``-T`` does not say."""
_LETTERS = {"O": "output", "T": "timeout", "t": "tries", "U": "user-agent", "P": "directory-prefix", "o": "output-file"}
_VALUES = "header post-data post-file timeout tries output-document user-agent user password waitretry"
_FLAGS = "no-check-certificate spider quiet server-response no-verbose no-cache no-proxy content-on-error"
_BUSYBOX_USAGE = """BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.

Usage: wget [-cqS] [--spider] [-O FILE] URL...
"""
_USAGE = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"


@dataclass(slots=True)
class Settings:
    """What the command line asked for."""

    values: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    headers: list[tuple[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


def parse_arguments(words: list[str], busybox: bool) -> Settings:
    """Read the words after ``wget``.

    :raises Complaint: with the words of the ``wget`` that runs.
    """
    settings = Settings()
    words = list(words)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name in _VALUES.split():
                value = value if equals else (words.pop(0) if words else "")
                if name == "header":
                    key, _, text = value.partition(":")
                    settings.headers.append((key.strip(), text.strip()))
                else:
                    settings.values["output" if name == "output-document" else name] = value
            elif name in _FLAGS.split():
                settings.flags.add(name)
            else:
                usage, status = (_BUSYBOX_USAGE, 1) if busybox else (_USAGE, 2)
                raise Complaint(f"wget: unrecognized option '{word}'\n{usage}", status)
        elif word == "-nv":
            settings.flags.add("no-verbose")
        elif word.startswith("-") and word != "-":
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in _LETTERS:
                    settings.values[_LETTERS[letter]] = letters or (words.pop(0) if words else "")
                    letters = ""
                else:
                    settings.flags.add({"q": "quiet", "S": "server-response"}.get(letter, letter))
        else:
            settings.urls.append(word)
    if not settings.urls:
        raise Complaint(_BUSYBOX_USAGE if busybox else f"wget: missing URL\n{_USAGE}", 1)
    return settings


@program()
def wget(run: Run) -> Completed:
    """Fetch files."""
    settings = parse_arguments(run.operands, run.busybox)
    fetching = _BusyboxWget(run, settings) if run.busybox else _GnuWget(run, settings)
    status = 0
    for url in settings.urls:
        status = fetching.fetch(url) or status
    return Completed(fetching.out, fetching.error, status, fetching.seconds)


class _Wget:
    """One run: what it printed, and the simulated seconds it took."""

    agent = ""
    extra: tuple[tuple[str, str], ...] = ()
    """The headers that it adds to Host and User-Agent."""

    def __init__(self, run: Run, settings: Settings) -> None:
        self.run = run
        self.machine = run.machine
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

    def method(self, body: str | None) -> str:
        """The request's method."""
        return "GET" if body is None else "POST"

    def request(self, location: Location) -> HttpRequest:
        """The request, its given headers in place of wget's own."""
        body = self.settings.values.get("post-data")
        agent = self.settings.values.get("user-agent", self.agent)
        own = [("Host", location.authority), ("User-Agent", agent), *self.extra]
        replaced = {name.lower(): value for name, value in self.settings.headers}
        headers = [(name, replaced.pop(name.lower(), value)) for name, value in own]
        headers += [(name, value) for name, value in self.settings.headers if name.lower() in replaced]
        if location.user:
            headers.append(("Authorization", "Basic " + base64.b64encode(location.user.encode()).decode()))
        if body is not None:
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            headers.append(("Content-Length", str(byte_length(body))))
        tls = location.scheme == "https"
        return HttpRequest(self.method(body), location.path, tuple(headers), body or "", tls=tls)

    def name_for(self, location: Location) -> str:
        """The file that a body goes to; ``-`` is standard output."""
        given = self.settings.values.get("output")
        return given or location.path.partition("?")[0].rsplit("/", 1)[-1] or "index.html"

    def store(self, location: Location, body: str) -> tuple[str, str]:
        """Put the body where it belongs: (the file's name or ``-``, a problem)."""
        name = self.name_for(location)
        if name == "-":
            self.out += body
            return name, ""
        prefix = self.settings.values.get("directory-prefix")
        path = self.run.path(f"{prefix}/{name}" if prefix else name)
        try:
            self.machine.files.write(path, body)
        except FileError as problem:
            return name, problem.reason
        return name, ""


class _BusyboxWget(_Wget):
    agent = "Wget"
    extra = (("Connection", "close"),)

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
        machine = self.machine
        try:
            location = parse_location(url)
        except LocationError:
            return self._fail(f"bad port spec '{url}'" if url.count(":") else f"not an http or ftp url: {url}")
        lookup = look_up(machine, location.host)
        self.seconds += lookup.seconds
        if not lookup.addresses:
            return self._fail(f"bad address '{location.authority}'")
        address = lookup.first_ipv4
        if not redirected:
            self.say(f"Connecting to {location.authority} ({address}:{location.port})\n")
        tried = attempt(machine, address, location.port, self.limit() or BUSYBOX_SECONDS)
        self.seconds += tried.seconds
        if tried.timed_out:
            return self._fail("download timed out")
        if tried.problem:
            return self._fail(f"can't connect to remote host ({address}): {tried.problem}")
        if location.scheme == "https":
            self.error += "wget: note: TLS certificate validation not implemented\n"
            if not isinstance(tried.connection.request(ClientHello(location.host)), Certificate):
                return self._fail("error getting response: Connection reset by peer")
        answer = tried.connection.request(self.request(location))
        tried.connection.close()
        if isinstance(answer, Broken) and answer.response is not None:
            answer = answer.response
        if not isinstance(answer, HttpResponse):
            return self._fail("error getting response")
        self.seconds += answer.seconds
        if "server-response" in self.settings.flags:
            self.error += _shown_head(answer) + "  \n"
        target = header(answer.headers, "Location")
        if answer.status in REDIRECTS and target:
            return 0, urljoin(location.text, target)
        if answer.status >= 300:
            return self._fail(f"server returned error: HTTP/1.1 {answer.status} {answer.reason}")
        if "spider" in self.settings.flags:
            self.say("remote file exists\n")
            return 0, None
        return self._saved(location, answer)

    def _saved(self, location: Location, answer: HttpResponse) -> tuple[int, str | None]:
        name = self.name_for(location)
        exists = self.machine.files.exists(self.run.path(name))
        if name != "-" and "output" not in self.settings.values and exists:
            return self._fail(f"can't open '{name}': File exists")
        name, problem = self.store(location, answer.body)
        if problem:
            return self._fail(f"can't open '{name}': {problem}")
        shown = name.rsplit("/", 1)[-1]
        self.say("writing to stdout\n" if name == "-" else f"saving to '{name}'\n")
        self.say(f"{shown[:20]:<20} 100% |{'*' * 32}| {byte_length(answer.body):>5}  0:00:00 ETA\n")
        self.say("written to stdout\n" if name == "-" else f"'{name}' saved\n")
        return 0, None


class _GnuWget(_Wget):
    agent = "Wget/1.25.0"
    extra = (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "Keep-Alive"))

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
        given = self.settings.values.get("tries", "20")
        tries = (int(given) if given.isdigit() else 20) or 20
        for number in range(1, tries + 1):
            status, following = self._once(location, number, number == tries)
            if following is not None:
                return self._follow(following)
            if status >= 0:
                return status
            self.seconds += min(number, 10)
        return 4

    def _follow(self, location: Location) -> int:
        for _ in range(MOST_REDIRECTS):
            status, following = self._once(location, 1, True)
            if following is None:
                return max(status, 0)
            location = following
        self.say(f"{MOST_REDIRECTS} redirections exceeded.\n")
        return 8

    def _stamp(self) -> str:
        return self.machine.datetime(self.run.invocation.elapsed + self.seconds).strftime("%Y-%m-%d %H:%M:%S")

    def _verbose(self, text: str) -> None:
        if "no-verbose" not in self.settings.flags:
            self.say(text)

    def _again(self, last: bool) -> tuple[int, Location | None]:
        self._verbose("Giving up.\n\n" if last else "Retrying.\n\n")
        return (4 if last else -1), None

    def _once(self, location: Location, number: int, last: bool) -> tuple[int, Location | None]:
        """One attempt: the status, below 0 to try again, and where a redirect leads."""
        again = f"  (try:{number:2d})" if number > 1 else ""
        self._verbose(f"--{self._stamp()}--{again}  {location.text}\n")
        host = location.host
        lookup = look_up(self.machine, host)
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
        tried = attempt(self.machine, address, location.port, self.limit())
        self.seconds += tried.seconds
        if tried.problem:
            self._verbose(f"Connecting to {where}... failed: {tried.problem}.\n")
            return self._again(last) if tried.problem.endswith("timed out") else (4, None)
        self._verbose(f"Connecting to {where}... connected.\n")
        if location.scheme == "https" and not self._secured(location, tried.connection.request(ClientHello(host))):
            return 5, None
        answer = tried.connection.request(self.request(location))
        tried.connection.close()
        self._verbose("HTTP request sent, awaiting response... ")
        if not isinstance(answer, HttpResponse):
            reset = isinstance(answer, Broken) and answer.reset
            self._verbose("Read error (Connection reset by peer) in headers.\n" if reset else "No data received.\n")
            return self._again(last)
        self.seconds += answer.seconds
        if "server-response" in self.settings.flags:
            self.say("\n" + _shown_head(answer))
        else:
            self._verbose(f"{answer.status} {answer.reason}\n")
        return self._answered(location, answer)

    def method(self, body: str | None) -> str:
        """``--spider`` asks for the headers alone."""
        return "HEAD" if body is None and "spider" in self.settings.flags else super().method(body)

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
        if answer.status in REDIRECTS and target:
            self._verbose(f"Location: {target} [following]\n")
            try:
                return 0, location.redirected(target)
            except LocationError:
                self.say(f"{target}: Invalid host name.\n")
                return 1, None
        brief = "no-verbose" in self.settings.flags
        if answer.status >= 400:
            if brief:
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
            self.say(f"{name}: {problem}\n\nCannot write to '{name}' (Success).\n")
            return 3, None
        if brief:
            self.say(f'{self._stamp()} URL:{location.text} [{size}/{size}] -> "{name}" [1]\n')
            return 0, None
        self.say(f"Saving to: '{'STDOUT' if name == '-' else name}'\n\n     0K {' ' * 53} 100% 69.7M=0s\n\n")
        done = "written to stdout" if name == "-" else f"'{name}' saved"
        self.say(f"{self._stamp()} (69.7 MB/s) - {done} [{size}/{size}]\n\n")
        return 0, None


def _shown_head(answer: HttpResponse) -> str:
    """The head as ``-S`` prints it."""
    return "".join(f"  {line}\n" for line in head_text(answer).rstrip("\r\n").split("\r\n"))
