"""``forward``: names outside the cluster are asked of other servers: those of the node's ``/etc/resolv.conf``.

The query is a packet from CoreDNS's own Pod. An upstream that says nothing is asked again every two seconds until five
have passed, then the client gets SERVFAIL; from then on it counts as down, and one try of two seconds is all that a
query gets, until it answers again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kubesim.api.durations import go_duration
from kubesim.network.dns import names, resolv_conf
from kubesim.network.dns.corefile_words import (
    CorefileError,
    Directive,
    Line,
    duration,
    integer,
    normalised_zones,
    port_of,
    unsigned,
)
from kubesim.network.dns.exchange import DNS_PORT, TIMED_OUT, Asker
from kubesim.network.dns.message import SERVFAIL, DnsQuery
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request
from kubesim.userland.numerals import is_number, whole_number

READ_SECONDS, DEADLINE_SECONDS = 2.0, 5.0
MOST_UPSTREAMS = 15
POLICIES = ("random", "round_robin", "sequential")
_TIMED = frozenset({"expire", "health_check"})
_OPTIONS = _TIMED | {"max_fails", "max_concurrent", "tls", "tls_servername", "failfast_all_unhealthy_upstreams"}


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
    servers = [server for word in arguments[1:] for server in _servers(word, configuration)]
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
            case "force_tcp" | "prefer_udp" if words:
                raise option.tokens[1].wrong_count()
            case "force_tcp":
                upstreams.transport = "TCP"
            case "prefer_udp":
                upstreams.transport = "UDP"
            case "next" | "failover":
                _check_rcodes(option)
            case name if name in _OPTIONS:
                _check_option(option)
            case name:
                raise option.tokens[0].error(f"unknown property '{name}'")
    if len(servers) > MOST_UPSTREAMS:
        raise CorefileError(f"more than {MOST_UPSTREAMS} TOs configured: {len(servers)}")

    def handle(request: Request, following: Handler) -> Reply:
        inside = names.longest_zone(request.name, zones)
        if not inside or names.longest_zone(request.name, excepted):
            return following(request)
        return _ask(request, upstreams, configuration)

    return handle


def _check_option(option: Line) -> None:
    """Refuse the values that have no effect here, where CoreDNS refuses them."""
    name, words = option.name, option.arguments
    if name == "tls":
        if len(words) > 3:
            raise option.wrong_count()
        return
    if name == "failfast_all_unhealthy_upstreams":
        if words:
            raise option.wrong_count()
        return
    if not words:
        raise option.wrong_count()
    if name == "max_fails":
        unsigned(words[0])
    elif name == "max_concurrent" and integer(words[0]) < 0:
        raise CorefileError(f"max_concurrent can't be negative: {integer(words[0])}")
    elif name == "expire" and duration(words[0]) < 0:
        raise CorefileError(f"expire can't be negative: {_written(duration(words[0]))}")
    elif name == "health_check":
        if duration(words[0]) < 0:
            raise CorefileError(f"health_check can't be negative: {round(duration(words[0]) * 1e9)}")
        _check_health(option, words[1:])


def _written(seconds: float) -> str:
    return f"-{go_duration(-seconds)}" if seconds < 0 else go_duration(seconds)


def _check_health(option: Line, words: list[str]) -> None:
    while words:
        word = words.pop(0)
        if word == "domain":
            if not words:
                raise option.wrong_count()
            if names.problem(words[0]) is not None:
                raise CorefileError(f"health_check: invalid domain name {words[0]}")
            words.pop(0)
        elif word != "no_rec":
            raise CorefileError(f"health_check: unknown option {word}")


def _check_rcodes(option: Line) -> None:
    import dns.rcode  # dnspython is slow to load

    if not option.arguments:
        raise option.wrong_count()
    for word in option.arguments:
        if word.upper() not in dns.rcode.Rcode.__members__:
            raise CorefileError(f"{word} is not a valid rcode")
        if option.name == "failover" and word.upper() == "NOERROR":
            raise CorefileError("NoError cannot be used in failover")


_TRANSPORTS = ("dns", "tls", "quic", "grpc", "https", "https3", "unix")


def _servers(word: str, configuration: Configuration) -> list[tuple[str, int]]:
    """The servers that a word means: an address, perhaps with a port and how it is spoken to, or those of a file."""
    scheme, separator, bare = word.partition("://")
    if not separator or scheme not in _TRANSPORTS:
        scheme, bare = "dns", word
    if not bare:
        raise CorefileError(f'invalid address: "{word}"')
    try:
        port: str | None = port_of(bare)
        address = bare.rpartition(":")[0]
    except CorefileError:
        port, address = None, bare
    address = address.strip("[]")
    if not names.is_address(address.partition("%")[0]):
        return _servers_of_file(bare if port is not None else address, configuration)
    if scheme not in ("dns", "tls"):
        raise CorefileError(f"'{scheme}' is not supported as a destination protocol in forward: {word}")
    if port is None:
        return [(address, DNS_PORT)]
    return [(address, whole_number(port) if is_number(port) else 0)]


def _servers_of_file(path: str, configuration: Configuration) -> list[tuple[str, int]]:
    text = configuration.surroundings.files.text(path)
    if text is None:
        raise CorefileError(f'not an IP address or file: "{path}"')
    found = resolv_conf.parse(text).nameservers
    if not found:
        raise CorefileError("no nameservers found")
    return [(server, DNS_PORT) for server in found]


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
