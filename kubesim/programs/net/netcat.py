"""``nc``: OpenBSD's netcat and busybox', ``nc.traditional`` and Nmap's ``ncat``, and what each says of a port."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.connecting import SERVICES, Attempt, attempt
from kubesim.programs.http import Broken, head_text, request_in
from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import Lookup, is_ipv6, look_up, name_of, numeric_address
from kubesim.programs.usages import read_options
from kubesim.userland.command_line import Complaint, program, usage
from kubesim.userland.log import Log
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed, Running

UDP_SERVICES = {53: "domain", 67: "bootps", 68: "bootpc", 123: "ntp", 161: "snmp", 514: "syslog"}
IDLE_SECONDS = 1.0
"""How long a UDP probe waits for an ICMP error before it counts as a success."""
PATIENCE = 60.0
"""How long a server waits for a client that says nothing, before it ends the connection."""
NCAT_SECONDS = 0.03
"""How long ncat takes to start."""
NCAT_PORT = 31337


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


@program()
def nc(run: Run) -> Completed | Running:
    """Connect to ports, or listen on one."""
    if run.busybox:
        read_options(run, "lknuvzb", "psweio", status=1)
    else:
        read_options(run, "46bCDdFhklNnrStUuvZz", "IiMmOPpqsTVWwXx", text=_short_usage())
        if run.on("h"):
            raise Complaint(usage("nc"), 0)
    if run.on("l"):
        return _listening(run)
    if not run.operands:
        raise Complaint(usage("busybox/nc") if run.busybox else _short_usage())
    if len(run.operands) < 2:
        raise Complaint(usage("busybox/nc") if run.busybox else "nc: missing port number\n")
    limit = _limit(run)
    name, specs = run.operands[0], run.operands[1:]
    numbers = [number for spec in specs[: 1 if run.busybox else None] for number in _ports(run, spec)]
    lookup = _addresses(run, name)
    if not lookup.addresses:
        usual = f'nc: getaddrinfo for host "{name}" port {specs[0]}: {lookup.error}\n'
        return Completed("", run.worded(usual, f"nc: bad address '{name}'\n"), 1, lookup.seconds)
    addresses = (lookup.first_ipv4,) if run.busybox else lookup.addresses
    tries = _Tries(run, name, "UDP" if run.on("u") else "TCP", limit, seconds=lookup.seconds)
    for number in numbers:
        run.machine.simulation.gate.turn.work()
        tries.port(addresses, number)
        if tries.seconds > run.invocation.patience:
            tries.seconds = float("inf")
            break
    return Completed(tries.out, tries.error, tries.status, tries.seconds)


def _short_usage() -> str:
    """OpenBSD's, without the list of its options."""
    text = usage("nc")
    return text[text.index("usage:") : text.index("\tCommand Summary")]


def _limit(run: Run) -> float | None:
    given = run.options.get("w")
    if given is None:
        return None
    if not re.fullmatch(r"-?[0-9]+", given):
        raise Complaint(run.worded(f"nc: timeout invalid: {given}\n", f"nc: invalid number '{given}'\n"))
    if whole_number(given) < 0:
        raise Complaint(run.worded(f"nc: timeout too small: {given}\n", f"nc: invalid number '{given}'\n"))
    return float(given) or None


def _ports(run: Run, spec: str) -> list[int]:
    """The ports that a word names: one, a range, or the name of one.

    :raises Complaint: where it names none.
    """
    ends = spec.split("-", 1) if "-" in spec and not run.busybox and spec[:1].isdigit() else [spec]
    found: list[int] = []
    for end in ends:
        named = [number for number, service in SERVICES.items() if service == end]
        if named:
            found += named
        elif not is_number(end):
            raise Complaint("nc: " + run.worded(f"port number invalid: {end}\n", f"bad port spec '{end}'\n"))
        elif not run.busybox and whole_number(end) < 1:
            raise Complaint(f"nc: port number too small: {end}\n")
        elif whole_number(end) > 65535:
            raise Complaint("nc: " + run.worded(f"port number too large: {end}\n", f"bad port spec '{end}'\n"))
        else:
            found.append(whole_number(end))
    first, last = min(found), max(found)
    return list(range(first, last + 1))


def _addresses(run: Run, name: str) -> Lookup:
    if run.on("n") and numeric_address(name) is None and not is_ipv6(name):
        return Lookup((), name, "Name or service not known")
    family = socket.AF_INET if run.on("4") else socket.AF_INET6 if run.on("6") else 0
    return look_up(run.machine, name, family)


def _listening(run: Run) -> Running:
    port = run.options.get("p") or (run.operands[-1] if run.operands else "")
    if not port.isdigit():
        raise Complaint("nc: missing port number\n" if not port else f"nc: port number invalid: {port}\n")
    log = Log(run.machine.datetime)
    protocol = "UDP" if run.on("u") else "TCP"
    return Running({(protocol, int(port)): _Sink(log, run.stdin)}, log, 0.1)


@dataclass(slots=True)
class _Tries:
    """One run: where it connects to, and what it printed."""

    run: Run
    name: str
    protocol: str
    limit: float | None
    out: str = ""
    error: str = ""
    status: int = 1
    seconds: float = 0.0

    @property
    def udp(self) -> bool:
        """Whether it sends datagrams."""
        return self.protocol == "UDP"

    def port(self, addresses: tuple[str, ...], port: int) -> None:
        """Try one port, at one address after the other until one takes the connection."""
        for address in addresses:
            tried = self._attempt(address, port)
            if tried.problem:
                self.error += "" if self.udp else self._failed(address, port, tried)
                continue
            self.status = 0
            self.error += self._succeeded(address, port)
            if not self.run.on("z"):
                answer, seconds = exchange("" if self.run.on("d") else self.run.stdin, tried, self.protocol, self.limit)
                self.out += answer
                self.seconds += seconds
                if not (answer or self.limit or self.udp):  # nothing comes, and nobody ends it: it stays open
                    waited = min(PATIENCE, self.run.invocation.limit)
                    self.seconds += waited
                    tried.connection.exchange.held = tried.connection.exchange.opened + waited
                    return
            self.seconds += IDLE_SECONDS if self.udp else 0.0
            tried.connection.close(self.seconds)
            return

    def _attempt(self, address: str, port: int) -> Attempt:
        later = self.run.invocation.elapsed + self.seconds
        tried = attempt(self.run.machine, address, port, self.limit, self.protocol, later=later)
        silent = (Outcome.DROPPED, Outcome.LOST)
        unheard = tried.connection.outcome in silent or tried.connection.seconds > IDLE_SECONDS
        if self.udp and unheard:  # nothing has come back yet
            tried = Attempt(tried.connection, "", 0.0)
        self.seconds += tried.seconds
        return tried

    def _where(self, address: str) -> str:
        return self.name if numeric_address(self.name) is not None else f"{self.name} ({address})"

    def _succeeded(self, address: str, port: int) -> str:
        if self.run.busybox:
            return f"{self.name} ({address}:{port}) open\n" if self.run.on("v") else ""
        if not self.run.on("zv"):
            return ""
        names = UDP_SERVICES if self.udp else SERVICES
        service = "*" if self.run.on("n") else names.get(port, "*")
        return f"Connection to {self._where(address)} {port} port [{self.protocol.lower()}/{service}] succeeded!\n"

    def _failed(self, address: str, port: int, tried: Attempt) -> str:
        verbosity = len(self.run.repeated.get("v", ()))
        if self.run.busybox:  # a refusal is what a scan mostly meets; it is told only to one who asks twice
            told = verbosity > 1 or (verbosity and tried.problem != "Connection refused")
            return f"nc: {self.name} ({address}:{port}): {tried.problem}\n" if told else ""
        if not verbosity:
            return ""
        why = "timed out: Operation now in progress" if tried.timed_out else f"failed: {tried.problem}"
        return f"nc: connect to {self._where(address)} port {port} (tcp) {why}\n"


def exchange(text: str, tried: Attempt, protocol: str, limit: float | None = None) -> tuple[str, float]:
    """Send standard input over a connection; an HTTP request typed by hand is understood.

    :param limit: how long to wait where nothing comes.
    :returns: what came back, and after how many seconds.
    """
    message: object = (request_in(text) if protocol == "TCP" else None) or text
    answer = tried.connection.request(message) if text or protocol == "TCP" else None
    if isinstance(answer, Broken):
        answer = answer.response
    if isinstance(answer, HttpResponse):
        closes = isinstance(message, HttpRequest) and message.version == "1.0"
        closes = closes or any(name.lower() == "connection" and value == "close" for name, value in answer.headers)
        return head_text(answer) + answer.body, answer.seconds + (0.0 if closes else limit or 0.0)
    if isinstance(answer, str):
        return answer, 1.0
    return "", limit or 0.0


# --- the other two ----------------------------------------------------------------------------------------------------


@program()
def traditional(run: Run) -> Completed | Running:
    """``nc.traditional``: Hobbit's netcat, which names the other end by its address's name."""
    run.options.pop("h", None)
    words = [word for word in run.operands if word == "-h"]
    if words:
        raise Complaint(usage("nc.traditional"))
    read_options(run, "bklnrtuvzC", "ceghiopqsTw", text="nc -h for help\n")
    if run.on("l"):
        return _listening(run)
    if not run.operands:
        raise Complaint("Cmd line: wrong\n")
    name, specs = run.operands[0], run.operands[1:]
    if not specs:
        raise Complaint("no port[s] to connect to\n")
    lookup = _addresses(run, name)
    if not lookup.addresses:
        return Completed("", f"{name}: forward host lookup failed: Unknown host\n", 1, lookup.seconds)
    address = lookup.first_ipv4
    verbosity = len(run.repeated.get("v", ()))
    shown, before = lookup.canonical, ""
    if numeric_address(name) is not None:
        shown = "" if run.on("n") else name_of(run.machine, address)
        before = "" if shown or run.on("n") else f"{address}: inverse host lookup failed: Unknown host\n"
    ports: list[int] = []
    for spec in specs:
        try:
            ports += _ports(run, spec)[:: -1 if "-" in spec else 1]
        except Complaint:
            raise Complaint(f"{before if verbosity else ''}invalid port {spec}\n") from None
    protocol, limit = ("UDP" if run.on("u") else "TCP"), _limit(run)
    out, told, status, seconds = "", before if verbosity else "", 1, lookup.seconds
    for port in ports:
        tried = attempt(run.machine, address, port, limit, protocol, later=run.invocation.elapsed + seconds)
        seconds += tried.seconds
        service = (UDP_SERVICES if protocol == "UDP" else SERVICES).get(port, "?")
        where = f"{shown or '(UNKNOWN)'} [{address}] {port} ({service})"
        if tried.problem:
            # A blocking connect hears of an ICMP error only when it sends its SYN again.
            seconds += 1.0 if tried.connection.outcome is Outcome.REJECTED else 0.0
            several = len(ports) > 1 and verbosity < 2 and tried.problem == "Connection refused"
            told += f"{where} : {tried.problem}\n" if verbosity and not several else ""
            continue
        status = 0
        told += f"{where} open\n" if verbosity else ""
        if not run.on("z"):
            answer, waited = exchange(run.stdin, tried, protocol, limit)
            out, seconds = out + answer, seconds + waited
        seconds += IDLE_SECONDS if protocol == "UDP" else 0.0
    told += " sent 0, rcvd 0\n" if verbosity > 1 else ""
    return Completed(out, told, status, seconds)


@program()
def ncat(run: Run) -> Completed | Running:
    """Nmap's ``ncat``."""
    version = "Ncat: Version 7.95 ( https://nmap.org/ncat )\n"
    quitting = " QUITTING.\n"
    if run.operands[:1] in (["-h"], ["--help"]):
        return Completed(usage("ncat"))
    if run.operands[:1] == ["--version"]:
        raise Complaint(version, 0)
    hint = f"Ncat: Try `--help' or man(1) ncat for more information, usage options and help.{quitting}"
    names = {"listen": "l", "udp": "u", "verbose": "v", "wait": "w"}
    read_options(run, "46UCklmnoutvz", "cegGmdopiswxX", names, 2, hint)
    verbose = run.on("v")
    before = version if verbose else ""
    if run.on("l"):
        run.operands = run.operands or [str(NCAT_PORT)]
        return _listening(run)
    if not run.operands:
        raise Complaint(f"Ncat: You must specify a host to connect to.{quitting}", 2)
    name, spec = (*run.operands, str(NCAT_PORT))[:2]
    if not is_number(spec) or not 0 < whole_number(spec) < 65536:
        raise Complaint(f'{before}Ncat: Invalid port number "{spec}".{quitting}', 2)
    lookup = _addresses(run, name)
    if not lookup.addresses:
        told = f'{before}Ncat: Could not resolve hostname "{name}": {lookup.error}.{quitting}'
        return Completed("", told, 2, lookup.seconds)
    limit = _span(run.options.get("w", ""))
    protocol = "UDP" if run.on("u") else "TCP"
    seconds, told = lookup.seconds + NCAT_SECONDS, before
    for number, address in enumerate(lookup.addresses, 1):
        tried = attempt(run.machine, address, int(spec), limit, protocol, later=run.invocation.elapsed + seconds)
        seconds += tried.seconds
        if not tried.problem:
            break
        why = "TIMEOUT" if tried.timed_out else tried.problem
        if number < len(lookup.addresses):
            told += f"Ncat: Connection to {address} failed: {why}.\nNcat: Trying next address...\n" if verbose else ""
        else:
            shown = f"Ncat: {why}.\n" if verbose or not run.on("z") else ""
            return Completed("", told + shown, 1, seconds)
    told += f"Ncat: Connected to {address}:{spec}.\n" if verbose else ""
    text = "" if run.on("z") else run.stdin
    out, waited = ("", 0.0) if run.on("z") else exchange(text, tried, protocol, limit)
    seconds += waited
    took = f"{tried.seconds + waited + NCAT_SECONDS:.2f} seconds"
    told += f"Ncat: {len(text.encode())} bytes sent, {len(out.encode())} bytes received in {took}.\n" if verbose else ""
    return Completed(out, told, 0, seconds)


def _span(text: str) -> float | None:
    """ncat's times: seconds, or with ``ms``, ``s``, ``m``, ``h``."""
    match = re.fullmatch(r"(\d+\.?\d*)(ms|s|m|h)?", text)
    if match is None:
        return None
    return float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}.get(match[2] or "s", 1.0)
