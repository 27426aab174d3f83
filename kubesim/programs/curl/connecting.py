"""From a URL's host to an open connection: names, addresses in turn, and how each attempt ends.

The words and the exit status follow from what the packet met: a RST and an ICMP rejection are both "Connection
refused", a dead neighbour is "No route to host", silence is the time-out.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from kubesim.network.sockets import Connection
from kubesim.programs.connecting import KERNEL_GIVES_UP, attempt
from kubesim.programs.curl import meter
from kubesim.programs.curl.location import Location
from kubesim.programs.curl.session import Result, Session, milliseconds
from kubesim.programs.name_lookup import is_ipv6, look_up, numeric_address
from kubesim.userland.numerals import whole_number

OWN_LIMIT = 300.0
"""curl's own connect time-out where none is given."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is really connected to, after ``--connect-to``."""

    host: str
    port: int
    renamed_port: bool = False


def connect(session: Session, location: Location, result: Result, started: float) -> Connection | None:
    """Open a connection for a URL; on failure ``result`` has the exit code and the message."""
    target = target_of(session, location)
    addresses = _addresses(session, location, target, result, started)
    if not addresses:
        return None
    session.begin_meter()
    deadline = started + _limit(session)
    for position, address in enumerate(addresses):
        more = position + 1 < len(addresses)
        connection = _attempt(session, target, address, more, deadline, result, started)
        if connection is not None:
            result.remote = (address, target.port)
            result.local = connection.local
            result.timings.connect = session.elapsed - started
            result.connects += 1
            return connection
        if result.exit_code:
            return None
    result.exit_code = 28 if result.on_meter_line else 7
    result.on_meter_line = False
    waited = int((session.elapsed - started) * 1000 + 1e-6)
    result.message = (
        f"Failed to connect to {target.host} port {target.port} after {waited} ms: Could not connect to server"
    )
    session.say(result.message)
    return None


def _limit(session: Session) -> float:
    options = session.options
    limits = [options.number(name) for name in ("max-time", "connect-timeout") if options.number(name) > 0]
    return min(limits) if limits else OWN_LIMIT


def target_of(session: Session, location: Location) -> Target:
    """What a URL really connects to."""
    for entry in session.options.connect_to:
        parts = entry.split(":")
        if len(parts) != 4:
            continue
        host, port, to_host, to_port = parts
        if host in ("", location.host) and port in ("", str(location.port)):
            return Target(to_host or location.host, whole_number(to_port) if to_port else location.port, bool(to_port))
    return Target(location.host, location.port)


def _addresses(session: Session, location: Location, target: Target, result: Result, started: float) -> tuple[str, ...]:
    family = socket.AF_INET if session.options.on("ipv4") else socket.AF_INET6 if session.options.on("ipv6") else 0
    if target.host != location.host:
        session.say(f"Connecting to hostname: {target.host}")
    if target.renamed_port:
        session.say(f"Connecting to port: {target.port}")
    known = session.addresses.get((target.host, target.port)) or session.addresses.get(("*", target.port))
    if known:
        session.say(f"Hostname {target.host} was found in DNS cache")
        return known
    literal = numeric_address(target.host) or (target.host if is_ipv6(target.host) else None)
    if literal is not None:
        session.addresses[target.host, target.port] = (literal,)
        session.begin_meter()
        if family == socket.AF_INET6 and ":" not in literal:
            result.exit_code, result.message = 7, "Could not connect to server"
            return ()
        return (literal,)
    local = target.host.rstrip(".").lower()
    if local == "localhost" or local.endswith(".localhost"):  # curl knows it without asking
        addresses = ("::1", "127.0.0.1")
        _tell(session, target, addresses)
        session.begin_meter()
        chosen = tuple(each for each in addresses if family in (0, socket.AF_INET6 if ":" in each else socket.AF_INET))
        session.addresses[target.host, target.port] = chosen
        return chosen
    lookup = look_up(session.machine, target.host, family)
    limit = _limit(session)
    if lookup.seconds >= limit:
        session.begin_meter()
        session.elapsed += limit
        session.meter(meter.line() + meter.waiting(limit - 0.01) + meter.line(seconds=limit) + "\n")
        result.exit_code, result.message = 28, f"Resolving timed out after {milliseconds(limit)} milliseconds"
        return ()
    session.elapsed += max(lookup.seconds, 0.001)
    result.timings.name_lookup = session.elapsed - started
    if not lookup.addresses:
        session.begin_meter()
        if lookup.seconds >= 1:
            session.meter(meter.line() + meter.waiting(lookup.seconds - 0.01))
        result.exit_code, result.message = 6, f"Could not resolve host: {target.host}"
        result.on_meter_line = True
        session.say(result.message)
        return ()
    session.begin_meter()  # the resolver has a thread of its own, so the meter is there before it answers
    _tell(session, target, lookup.addresses)
    six_first = tuple(sorted(lookup.addresses, key=lambda address: ":" not in address))
    session.addresses[target.host, target.port] = six_first
    return six_first


def _tell(session: Session, target: Target, addresses: tuple[str, ...]) -> None:
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    session.say(f"Host {target.host}:{target.port} was resolved.")
    session.say(f"IPv6: {', '.join(six) or '(none)'}")
    session.say(f"IPv4: {', '.join(four) or '(none)'}")


def _attempt(
    session: Session, target: Target, address: str, more: bool, deadline: float, result: Result, started: float
) -> Connection | None:
    shown = f"[{address}]" if ":" in address else address
    session.say(f"  Trying {shown}:{target.port}...")
    if ":" in address and address != "::1":
        session.say(f"Immediate connect fail for {address}: Network is unreachable")
        return None
    left = deadline - session.elapsed
    allowed = left / 2 if more else left
    later = session.invocation.elapsed + session.elapsed
    tried = attempt(session.machine, address, target.port, allowed, later=later)
    if not tried.problem:
        session.dialled.append(tried.connection)
        return tried.connection
    session.check_limit(tried.seconds, started)
    if tried.timed_out:
        session.meter(meter.waiting(session.elapsed - started + allowed - 0.01))
        session.elapsed += allowed
        if more:
            session.say(f"ipv4 connect timeout after {int(allowed * 1000)}ms, move on!")
            return None
        result.exit_code = 28
        waited = milliseconds(session.elapsed - started)
        result.message = f"Connection timed out after {waited} milliseconds"
        session.say(result.message)
        return None
    session.elapsed += tried.seconds
    if tried.seconds:
        session.meter(meter.waiting(tried.seconds))
    result.on_meter_line = tried.seconds >= KERNEL_GIVES_UP
    local_address, local_port = tried.connection.local
    session.say(
        f"connect to {address} port {target.port} from {local_address} port {local_port} failed: {tried.problem}"
    )
    return None
