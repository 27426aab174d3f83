"""What GNU's and busybox' ``wget`` share: their settings, the request that they make, where a body goes."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.programs.curl.location import Location
from kubesim.programs.http import byte_length, head_text
from kubesim.programs.machine import Run
from kubesim.userland.filesystem import FileError

REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(slots=True)
class Settings:
    """What the command line asked for."""

    values: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    headers: list[tuple[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


class Fetching:
    """One run: what it printed, and the simulated seconds it took."""

    agent = ""
    extra: tuple[tuple[str, str], ...] = ()
    """The headers that it adds to Host and User-Agent."""
    appends_headers = False
    """Whether given headers come last, instead of in the place of those that they replace."""
    sends_credentials = True
    """Whether the name and password of a URL are sent before they are asked for."""

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

    def body_to_send(self) -> str | None:
        """What is sent with the request, or None."""
        return self.settings.values.get("post-data", self.settings.values.get("body-data"))

    def method(self, body: str | None) -> str:
        """The request's method."""
        return "GET" if body is None else "POST"

    def request(self, location: Location) -> HttpRequest:
        """The request, its given headers in place of wget's own."""
        body = self.body_to_send()
        agent = self.settings.values.get("user-agent", self.agent)
        own = [("Host", location.authority), ("User-Agent", agent), *self.extra]
        replaced = {name.lower(): value for name, value in self.settings.headers}
        if self.appends_headers:
            headers = [(name, value) for name, value in own if name.lower() not in replaced]
        else:
            headers = [(name, replaced.pop(name.lower(), value)) for name, value in own]
        if location.user and self.sends_credentials:
            headers.append(("Authorization", "Basic " + base64.b64encode(location.user.encode()).decode()))
        if body is not None:
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            headers.append(("Content-Length", str(byte_length(body))))
        headers += [(name, value) for name, value in self.settings.headers if name.lower() in replaced]
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


def shown_head(answer: HttpResponse) -> str:
    """The head of an answer as ``-S`` prints it."""
    return "".join(f"  {line}\n" for line in head_text(answer).rstrip("\r\n").split("\r\n"))
