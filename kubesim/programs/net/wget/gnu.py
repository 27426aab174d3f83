"""``wget`` of GNU."""

from __future__ import annotations

from kubesim.network.service import HttpResponse
from kubesim.programs.connecting import attempt
from kubesim.programs.curl.location import Location, LocationError, parse_location
from kubesim.programs.http import Broken, Certificate, ClientHello, byte_length, head_text, header
from kubesim.programs.name_lookup import look_up, numeric_address
from kubesim.programs.net.wget.fetching import Wget


class GnuWget(Wget):
    """One run of GNU's ``wget``."""

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
