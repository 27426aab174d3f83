"""busybox' ``wget``."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from kubesim.network.service import HttpResponse
from kubesim.programs.connecting import attempt
from kubesim.programs.curl.location import Location, LocationError, parse_location
from kubesim.programs.http import Broken, Certificate, ClientHello, byte_length, header
from kubesim.programs.name_lookup import look_up
from kubesim.programs.net.fetching import REDIRECTS, Fetching, shown_head
from kubesim.userland.numerals import is_number, whole_number

BUSYBOX_SECONDS = 900.0
"""How long it waits for a connection where ``-T`` does not say."""


class BusyboxWget(Fetching):
    """busybox' wget."""

    agent = "Wget"
    extra = (("Connection", "close"),)
    appends_headers = True

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
        scheme, _, rest = url.rpartition("://")
        if scheme not in ("", "http", "https", "ftp"):
            return self._fail(f"not an http or ftp url: {url}")
        authority = re.split(r"[/?#]", rest)[0].rpartition("@")[2]
        host, colon, port = authority.partition(":")
        if colon and not port.isdecimal() and not host.startswith("["):
            return self._fail(f"bad port '{port}'")
        try:
            location = parse_location(url)
        except LocationError:
            return self._fail(f"bad address '{authority}'")
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
            if not isinstance(tried.connection.request(ClientHello(location.host)), Certificate):
                return self._fail("error getting response: Connection reset by peer")
            self.error += "wget: note: TLS certificate validation not implemented\n"
        answer = tried.connection.request(self.request(location))
        limit = self.limit() or BUSYBOX_SECONDS
        broken = answer if isinstance(answer, Broken) else None
        if broken is not None and broken.response is not None:
            answer = broken.response
        late = isinstance(answer, HttpResponse) and answer.seconds > limit
        if late or answer is None or (broken is not None and broken.stalls and not isinstance(answer, HttpResponse)):
            self.seconds += limit
            return self._fail("download timed out")
        if not isinstance(answer, HttpResponse):
            reset = (broken is not None and broken.reset) or isinstance(answer, str)
            return self._fail("error getting response" + (": Connection reset by peer" if reset else ""))
        self.seconds += answer.seconds
        tried.connection.close(self.seconds)
        if "server-response" in self.settings.flags:
            self.error += shown_head(answer) + "  \n"
        target = header(answer.headers, "Location")
        if answer.status in REDIRECTS and target:
            return 0, urljoin(location.text, target)
        if answer.status >= 300:
            return self._fail(f"server returned error: HTTP/1.1 {answer.status} {answer.reason}")
        if "spider" in self.settings.flags:
            self.say("remote file exists\n")
            return 0, None
        return self._saved(location, answer, broken)

    def _saved(self, location: Location, answer: HttpResponse, broken: Broken | None) -> tuple[int, str | None]:
        name = self.name_for(location)
        exists = self.machine.files.exists(self.run.path(name))
        if name != "-" and "output" not in self.settings.values and exists:
            return self._fail(f"can't open '{name}': File exists")
        name, problem = self.store(location, answer.body)
        if problem:
            prefix = self.settings.values.get("directory-prefix")
            return self._fail(f"can't open '{f'{prefix}/' if prefix else ''}{name}': {problem}")
        shown = name.rsplit("/", 1)[-1]
        self.say("writing to stdout\n" if name == "-" else f"saving to '{name}'\n")
        size = byte_length(answer.body)
        promised = header(answer.headers, "Content-Length") or ""
        total = whole_number(promised) if is_number(promised) else size
        if size < total:
            if broken is None or not broken.stalls:
                why = ": Connection reset by peer" if broken is not None and broken.reset else ""
                return self._fail(f"read error{why}" if why else "connection closed prematurely")
            self.seconds += self.limit() or BUSYBOX_SECONDS
            left = round(self.seconds * (total - size) / max(size, 1))
            self.say(_bar(shown, size, total, f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"))
            return self._fail("download timed out")
        if answer.status != 204:
            self.say(_bar(shown, size, size, "0:00:00"))
        self.say("written to stdout\n" if name == "-" else f"'{name}' saved\n")
        return 0, None


def _bar(name: str, size: int, total: int, left: str) -> str:
    """How far a download is: a bar of 32 asterisks."""
    share = 100 * size // total if total else 100
    amount = str(size) if size < 100_000 else f"{size * 10 // 1024 / 10:.1f}k"
    return f"{name[:20]:<20} {share:3d}% |{'*' * (32 * share // 100):<32}| {amount:>5}  {left} ETA\n"
