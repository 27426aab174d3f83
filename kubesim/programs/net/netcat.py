"""``nc`` and ``telnet``: OpenBSD's netcat, busybox' nc, and what both say of a port."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.connecting import SERVICES, Attempt, attempt
from kubesim.programs.http import head_text
from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import look_up, numeric_address
from kubesim.userland.command_line import Complaint, program
from kubesim.userland.log import Log
from kubesim.userland.process import Completed, Running


class _Sink:
    """A listening netcat: it writes down what it is sent and says nothing."""

    def __init__(self, log: list[str], answer: str) -> None:
        self.log = log
        self.answer = answer

    def handle(self, request: object, client: Client) -> object:
        """Keep the text."""
        text = request if isinstance(request, str) else ""
        if isinstance(request, HttpRequest):
            text = f"{request.method} {request.target} HTTP/{request.version}\n" + "".join(
                f"{n}: {v}\n" for n, v in request.headers
            )
        self.log += text.splitlines()
        return self.answer or None


@program("zvulkndNrSUDhC46t", "wpqsxXiIOTVme")
def nc(run: Run) -> Completed | Running:
    """Connect to ports, or listen on one."""
    protocol = "UDP" if run.on("u") else "TCP"
    if run.on("l"):
        port = run.options.get("p") or (run.operands[-1] if run.operands else "")
        if not port.isdigit():
            raise Complaint("nc: missing port number\n" if not port else f"nc: port number invalid: {port}\n")
        log = Log(run.machine.datetime)
        return Running({(protocol, int(port)): _Sink(log, run.stdin)}, log, 0.1)
    if len(run.operands) < 2:
        usual = "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [destination] [port]\n"
        raise Complaint(run.worded(usual, "BusyBox v1.37.0 multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT\n"))
    name, spec = run.operands[:2]
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", spec)
    numbers = [int(each) for each in match.groups() if each] if match else []
    numbers = numbers or [number for number, service in SERVICES.items() if service == spec]
    if not numbers or any(number > 65535 for number in numbers):
        raise Complaint("nc: " + run.worded(f"port number invalid: {spec}\n", f"bad port spec '{spec}'\n"))
    lookup = look_up(run.machine, name)
    if not lookup.addresses:
        usual = f'nc: getaddrinfo for host "{name}" port {numbers[0]}: {lookup.error}\n'
        return Completed("", run.worded(usual, f"nc: bad address '{name}'\n"), 1, lookup.seconds)
    tries = _Tries(run, name, lookup.first_ipv4, protocol, seconds=lookup.seconds)
    for number in range(numbers[0], numbers[-1] + 1):
        tries.port(number)
    return Completed(tries.out, tries.error, tries.status, tries.seconds)


@dataclass(slots=True)
class _Tries:
    """One run: where it connects to, and what it printed."""

    run: Run
    name: str
    address: str
    protocol: str
    out: str = ""
    error: str = ""
    status: int = 1
    seconds: float = 0.0

    def port(self, port: int) -> None:
        """Try one port."""
        limit = float(self.run.options["w"]) if self.run.options.get("w", "").isdigit() else None
        tried = attempt(self.run.machine, self.address, port, limit, self.protocol)
        udp = self.protocol == "UDP"
        if udp and tried.connection.outcome in (Outcome.DROPPED, Outcome.LOST):  # silence says nothing
            tried = Attempt(tried.connection, "", 0.0)
        self.seconds += tried.seconds
        if tried.problem:
            self.error += "" if udp else self._failed(port, tried)
            return
        self.status = 0
        self.error += self._succeeded(port)
        if not self.run.on("z"):
            self.out += _exchange(self.run.stdin, tried, self.protocol)
        self.seconds += 1.0 if udp else 0.0

    @property
    def _where(self) -> str:
        return self.name if numeric_address(self.name) is not None else f"{self.name} ({self.address})"

    def _succeeded(self, port: int) -> str:
        if self.run.busybox:
            return f"{self.name} ({self.address}:{port}) open\n" if self.run.on("v") else ""
        if not self.run.on("zv"):
            return ""
        names = SERVICES if self.protocol == "TCP" else {53: "domain", 123: "ntp"}
        service = f"{self.protocol.lower()}/{names.get(port, '*')}"
        return f"Connection to {self._where} {port} port [{service}] succeeded!\n"

    def _failed(self, port: int, tried: Attempt) -> str:
        if self.run.busybox:
            return f"nc: {self.name} ({self.address}:{port}): {tried.problem}\n"
        if not self.run.on("v"):
            return ""
        why = "timed out: Operation now in progress" if tried.timed_out else f"failed: {tried.problem}"
        return f"nc: connect to {self._where} port {port} (tcp) {why}\n"


def _exchange(text: str, tried: Attempt, protocol: str) -> str:
    """Send standard input; an HTTP request typed by hand is understood."""
    message: object = text
    match = re.match(r"([A-Z]+) (\S+) HTTP/(1\.[01])\r?\n((?:[^\r\n]+\r?\n)*)\r?\n(.*)", text, re.DOTALL)
    if match and protocol == "TCP":
        headers = [line.partition(":") for line in match[4].splitlines()]
        pairs = tuple((key.strip(), value.strip()) for key, _, value in headers)
        message = HttpRequest(match[1], match[2], pairs, match[5], match[3])
    answer = tried.connection.request(message) if text or protocol == "TCP" else None
    if isinstance(answer, HttpResponse):
        return head_text(answer) + answer.body
    return answer if isinstance(answer, str) else ""


@program("8EKLacdfrx", "eln")
def telnet(run: Run) -> Completed:
    """Open a connection; with nothing to type it ends at once."""
    if not run.operands:
        raise Complaint("telnet> ")
    name, given = (*run.operands, "")[:2]
    port = int(given) if given.isdigit() else 23
    lookup = look_up(run.machine, name)
    if not lookup.addresses:
        usual = f"telnet: could not resolve {name}/{port}: {lookup.error}\n"
        return Completed("", run.worded(usual, f"telnet: bad address '{name}'\n"), 1, lookup.seconds)
    address = lookup.addresses[0]
    tried = attempt(run.machine, address, port)
    seconds = lookup.seconds + tried.seconds
    trying = run.worded(f"Trying {address}...\n", "")
    if tried.problem:
        what = run.worded("Unable to connect to remote host", f"can't connect to remote host ({address})")
        return Completed(trying, f"telnet: {what}: {tried.problem}\n", 1, seconds)
    if run.busybox:
        return Completed(f"Connected to {name}\n", "", 0, seconds)
    text = f"{trying}Connected to {name}.\nEscape character is '^]'.\n"
    return Completed(text, "Connection closed by foreign host.\n", 0, seconds)
