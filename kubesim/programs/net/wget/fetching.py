"""What both kinds of ``wget`` share: the request, and where the body goes."""

from __future__ import annotations

import base64

from kubesim.network.service import HttpRequest
from kubesim.programs.curl.location import Location
from kubesim.programs.http import byte_length
from kubesim.programs.machine import Invocation
from kubesim.programs.net.wget.options import Settings
from kubesim.userland.filesystem import FileError, absolute


class Wget:
    """One run: what it printed, and the simulated seconds it took."""

    def __init__(self, invocation: Invocation, settings: Settings) -> None:
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
