"""``nc`` and ``telnet``: OpenBSD's netcat, busybox' nc, and what both say of a port."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.connecting import SERVICES, Attempt, attempt
from kubesim.programs.http import head_text
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import look_up, numeric_address
from kubesim.userland.command_line import Complaint, guarded, is_busybox, split_options
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


@guarded
def nc(invocation: Invocation) -> Completed | Running:
    """Connect to ports, or listen on one."""
    busybox = is_busybox(invocation)
    options, operands = split_options(invocation, "zvulkndNrSUDhC46t", "wpqsxXiIOTVme")
    if "l" in options:
        port = options.get("p") or (operands[-1] if operands else "")
        if not port.isdigit():
            raise Complaint("nc: missing port number\n" if not port else f"nc: port number invalid: {port}\n")
        log = Log(invocation.machine.datetime)
        return Running({("UDP" if "u" in options else "TCP", int(port)): _Sink(log, invocation.stdin)}, log, 0.1)
    if len(operands) < 2:
        text = "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [destination] [port]\n"
        raise Complaint("BusyBox v1.37.0 multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT\n" if busybox else text)
    name, spec = operands[0], operands[1]
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", spec)
    numbers = [int(each) for each in match.groups() if each] if match else []
    if not numbers and spec in SERVICES.values():
        numbers = [next(number for number, service in SERVICES.items() if service == spec)]
    if not numbers or any(number > 65535 for number in numbers):
        raise Complaint(f"nc: port number invalid: {spec}\n" if not busybox else f"nc: bad port spec '{spec}'\n")
    lookup = look_up(invocation.machine, name)
    if not lookup.addresses:
        if busybox:
            return Completed("", f"nc: bad address '{name}'\n", 1, lookup.seconds)
        return Completed(
            "", f'nc: getaddrinfo for host "{name}" port {numbers[0]}: {lookup.error}\n', 1, lookup.seconds
        )
    run = _Run(invocation, options, name, lookup.first_ipv4, "UDP" if "u" in options else "TCP", seconds=lookup.seconds)
    for port_number in range(numbers[0], numbers[-1] + 1):
        run.port(port_number)
    return Completed(run.out, run.error, run.status, run.seconds)


@dataclass(slots=True)
class _Run:
    """One run: where it connects to, and what it printed."""

    invocation: Invocation
    options: dict[str, str]
    name: str
    address: str
    protocol: str
    out: str = ""
    error: str = ""
    status: int = 1
    seconds: float = 0.0

    def port(self, port: int) -> None:
        """Try one port."""
        limit = float(self.options["w"]) if self.options.get("w", "").isdigit() else None
        tried = attempt(self.invocation.machine, self.address, port, limit, self.protocol)
        udp = self.protocol == "UDP"
        if udp and tried.connection.outcome in (Outcome.DROPPED, Outcome.LOST):  # silence says nothing
            tried = Attempt(tried.connection, "", 0.0)
        self.seconds += tried.seconds
        if tried.problem:
            self.error += "" if udp else self._failed(port, tried)
            return
        self.status = 0
        self.error += self._succeeded(port)
        if "z" not in self.options:
            self.out += _exchange(self.invocation, tried, self.protocol)
        self.seconds += 1.0 if udp else 0.0

    @property
    def _where(self) -> str:
        return self.name if numeric_address(self.name) is not None else f"{self.name} ({self.address})"

    def _succeeded(self, port: int) -> str:
        if is_busybox(self.invocation):
            return f"{self.name} ({self.address}:{port}) open\n" if "v" in self.options else ""
        if "z" not in self.options and "v" not in self.options:
            return ""
        names = SERVICES if self.protocol == "TCP" else {53: "domain", 123: "ntp"}
        service = f"{self.protocol.lower()}/{names.get(port, '*')}"
        return f"Connection to {self._where} {port} port [{service}] succeeded!\n"

    def _failed(self, port: int, tried: Attempt) -> str:
        if is_busybox(self.invocation):
            return f"nc: {self.name} ({self.address}:{port}): {tried.problem}\n"
        if "v" not in self.options:
            return ""
        why = "timed out: Operation now in progress" if tried.timed_out else f"failed: {tried.problem}"
        return f"nc: connect to {self._where} port {port} (tcp) {why}\n"


def _exchange(invocation: Invocation, tried: Attempt, protocol: str) -> str:
    """Send standard input; an HTTP request typed by hand is understood."""
    text = invocation.stdin
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


@guarded
def telnet(invocation: Invocation) -> Completed:
    """Open a connection; with nothing to type it ends at once."""
    _, operands = split_options(invocation, "8EKLacdfrx", "eln")
    if not operands:
        raise Complaint("telnet> ", 1)
    name = operands[0]
    port = int(operands[1]) if len(operands) > 1 and operands[1].isdigit() else 23
    lookup = look_up(invocation.machine, name)
    busybox = is_busybox(invocation)
    if not lookup.addresses:
        text = (
            f"telnet: bad address '{name}'\n"
            if busybox
            else f"telnet: could not resolve {name}/{port}: {lookup.error}\n"
        )
        return Completed("", text, 1, lookup.seconds)
    address = lookup.addresses[0]
    tried = attempt(invocation.machine, address, port)
    seconds = lookup.seconds + tried.seconds
    if busybox:
        if tried.problem:
            return Completed("", f"telnet: can't connect to remote host ({address}): {tried.problem}\n", 1, seconds)
        return Completed(f"Connected to {name}\n", "", 0, seconds)
    if tried.problem:
        return Completed(
            f"Trying {address}...\n", f"telnet: Unable to connect to remote host: {tried.problem}\n", 1, seconds
        )
    text = f"Trying {address}...\nConnected to {name}.\nEscape character is '^]'.\n"
    return Completed(text, "Connection closed by foreign host.\n", 0, seconds)
