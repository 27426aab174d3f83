"""busybox' ``wget``."""

from __future__ import annotations

from urllib.parse import urljoin

from kubesim.network.service import HttpResponse
from kubesim.programs.connecting import attempt
from kubesim.programs.curl.location import Location, LocationError, parse_location
from kubesim.programs.http import Broken, Certificate, ClientHello, byte_length, header
from kubesim.programs.name_lookup import look_up
from kubesim.programs.net.fetching import REDIRECTS, Fetching, shown_head

BUSYBOX_SECONDS = 900.0
"""How long it waits for a connection where ``-T`` does not say."""


class BusyboxWget(Fetching):
    """busybox' wget."""

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
            self.error += shown_head(answer) + "  \n"
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
