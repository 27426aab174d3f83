"""``nc`` and ``telnet``: OpenBSD's netcat, busybox' nc, and what both say of a port."""

from __future__ import annotations

import re

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.connecting import SERVICES, Attempt, attempt
from kubesim.programs.http import head_text
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import look_up, numeric_address
from kubesim.userland.files_text import Complaint, guarded, is_busybox, split_options
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
    address = lookup.first_ipv4
    limit = float(options["w"]) if options.get("w", "").isdigit() else None
    out, error, status, seconds = "", "", 1, lookup.seconds
    protocol = "UDP" if "u" in options else "TCP"
    for port_number in range(numbers[0], numbers[-1] + 1):
        tried = attempt(invocation.machine, address, port_number, limit, protocol)
        seconds += tried.seconds
        said, ok = _verdict(invocation, options, name, address, port_number, protocol, tried)
        error += said
        status = 0 if ok else status
        if ok and "z" not in options:
            out += _exchange(invocation, tried, protocol)
            seconds += 1.0 if protocol == "UDP" else 0.0
        elif ok and protocol == "UDP":
            seconds += 1.0
    return Completed(out, error, status, seconds)


def _verdict(
    invocation: Invocation, options: dict[str, str], name: str, address: str, port: int, protocol: str, tried: Attempt
) -> tuple[str, bool]:
    busybox = is_busybox(invocation)
    if protocol == "UDP" and tried.connection.outcome in (Outcome.DROPPED, Outcome.LOST):
        tried = Attempt(tried.connection, "", 0.0)
    literal = numeric_address(name) is not None
    if not tried.problem:
        if busybox:
            return (f"{name} ({address}:{port}) open\n" if "v" in options else ""), True
        if "z" not in options and "v" not in options:
            return "", True
        service = SERVICES.get(port, "*") if protocol == "TCP" else {53: "domain", 123: "ntp"}.get(port, "*")
        where = name if literal else f"{name} ({address})"
        return f"Connection to {where} {port} port [{protocol.lower()}/{service}] succeeded!\n", True
    if protocol == "UDP":
        return "", False
    if busybox:
        words = tried.problem
        if words == "Connection timed out" and invocation.machine.libc == "musl":
            words = "Operation timed out"
        return (f"nc: {name} ({address}:{port}): {words}\n" if "v" in options or tried.problem else ""), False
    if "v" not in options:
        return "", False
    where = name if literal else f"{name} ({address})"
    if tried.timed_out:
        return f"nc: connect to {where} port {port} (tcp) timed out: Operation now in progress\n", False
    return f"nc: connect to {where} port {port} (tcp) failed: {tried.problem}\n", False


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
