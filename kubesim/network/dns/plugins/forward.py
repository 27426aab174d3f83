"""``forward``: names outside the cluster are asked of other servers: those of the node's ``/etc/resolv.conf``.

The query is a packet from CoreDNS's own Pod. An upstream that says nothing is asked again every two seconds until five
have passed, then the client gets SERVFAIL; from then on it counts as down, and one try of two seconds is all that a
query gets, until it answers again.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace

from kubesim.network.dns import names, resolv_conf
from kubesim.network.dns.corefile_words import Directive, normalised_zones, seconds_of
from kubesim.network.dns.exchange import DNS_PORT, TIMED_OUT, Asker
from kubesim.network.dns.message import SERVFAIL, DnsQuery
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request

READ_SECONDS, DEADLINE_SECONDS = 2.0, 5.0
MOST_UPSTREAMS = 15
POLICIES = ("random", "round_robin", "sequential")
_COUNTED = frozenset({"max_fails", "max_concurrent", "max_idle_conns"})
_TIMED = frozenset({"expire", "health_check", "max_age"})
_PLAIN = frozenset({"tls", "tls_servername", "failfast_all_unhealthy_upstreams", "next", "failover"})


@dataclass(slots=True)
class _Upstreams:
    servers: tuple[tuple[str, int], ...]
    policy: str = "random"
    transport: str | None = None
    turn: int = 0
    down: set[tuple[str, int]] = field(default_factory=set)

    def in_turn(self, configuration: Configuration) -> list[tuple[str, int]]:
        """The servers in the order in which one query tries them."""
        servers = list(self.servers)
        if self.policy == "random":
            configuration.surroundings.simulation.random("coredns/forward").shuffle(servers)
        elif self.policy == "round_robin":
            self.turn = (self.turn + 1) % len(servers)
            servers = servers[self.turn :] + servers[: self.turn]
        return servers


def forward(line: Directive, configuration: Configuration) -> Link:
    """Read ``forward FROM TO... { except …, policy …, force_tcp, prefer_udp, max_fails N, … }``."""
    arguments = line.arguments
    if len(arguments) < 2:
        raise line.wrong_count()
    zones = normalised_zones(arguments[:1], ())
    servers = [server for word in arguments[1:] for server in _servers(word, line, configuration)]
    if len(servers) > MOST_UPSTREAMS:
        raise line.error(f"more than {MOST_UPSTREAMS} TOs configured: {len(servers)}")
    upstreams = _Upstreams(tuple(servers))
    excepted: tuple[str, ...] = ()
    for option in line.block:
        words = option.arguments
        match option.name:
            case "except":
                if not words:
                    raise option.wrong_count()
                excepted = (*excepted, *normalised_zones(words, ()))
            case "policy":
                if len(words) != 1:
                    raise option.wrong_count()
                if words[0] not in POLICIES:
                    raise option.error(f"unknown policy '{words[0]}'")
                upstreams.policy = words[0]
            case "force_tcp":
                upstreams.transport = "TCP"
            case "prefer_udp":
                upstreams.transport = "UDP"
            case name if name in _TIMED and words and seconds_of(words[0]) is None:
                raise option.error(f'time: invalid duration "{words[0]}"')
            case name if name in _COUNTED and words and not words[0].isdecimal():
                raise option.error(f'strconv.ParseUint: parsing "{words[0]}": invalid syntax')
            case name if name not in _COUNTED | _TIMED | _PLAIN:
                raise option.error(f"unknown property '{name}'")

    def handle(request: Request, following: Handler) -> Reply:
        inside = names.longest_zone(request.name, zones)
        if not inside or names.longest_zone(request.name, excepted):
            return following(request)
        return _ask(request, upstreams, configuration)

    return handle


def _servers(word: str, line: Directive, configuration: Configuration) -> list[tuple[str, int]]:
    if word.startswith("/"):
        text = configuration.surroundings.files.text(word)
        if text is None:
            raise line.error(f"not an IP address or file: {word!r}".replace("'", '"'))
        found = resolv_conf.parse(text).nameservers
        if not found:
            raise line.error(f"no nameservers found in {word}")
        return [(server, DNS_PORT) for server in found]
    bare = word.removeprefix("dns://").removeprefix("tls://")
    address, colon, port = bare.rpartition(":") if bare.count(":") == 1 else (bare, "", "")
    try:
        return [(str(ipaddress.ip_address(address)), int(port) if colon else DNS_PORT)]
    except ValueError:
        raise line.error(f'not an IP address or file: "{bare}"') from None


def _ask(request: Request, upstreams: _Upstreams, configuration: Configuration) -> Reply:
    """Try the upstreams in turn until one answers or the time is over."""
    asker = Asker(configuration.surroundings.sockets)
    query = replace(request.query, transport=upstreams.transport or request.query.transport, name=request.query.name)
    servers = upstreams.in_turn(configuration)
    alive = [server for server in servers if server not in upstreams.down]
    tried = 0
    while True:
        address, port = (alive or servers)[tried % len(alive or servers)]
        exchange = asker.ask(address, query, READ_SECONDS, port)
        tried += 1
        if exchange.response is not None:
            upstreams.down.discard((address, port))
            response = exchange.response
            if response.truncated and query.transport == "UDP" and request.query.transport == "TCP":
                query = DnsQuery(query.name, query.type, transport="TCP")
                continue
            return Reply(replace(response, seconds=asker.elapsed))
        refused_by_all = exchange.failure != TIMED_OUT and tried >= len(servers)
        if not alive or refused_by_all or asker.elapsed >= DEADLINE_SECONDS:
            break
    upstreams.down.update(servers)
    port_used = configuration.surroundings.simulation.random("coredns/ports").randrange(32768, 61000)
    own = configuration.surroundings.addresses[0] if configuration.surroundings.addresses else "127.0.0.1"
    reason = "i/o timeout" if exchange.failure == TIMED_OUT else f"read: {exchange.failure}"
    transport = query.transport.lower()
    error = f"read {transport} {own}:{port_used}->{address}:{port}: {reason}"
    return Reply(rcode=SERVFAIL, error=error, seconds=asker.elapsed)
