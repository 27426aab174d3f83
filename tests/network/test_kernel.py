"""One kernel's laws, on three machines in a row: a client, a router whose rules each test gives, and a server."""

from math import inf

import pytest

from kubesim.network.conntrack import CLASSES, STATES, Entry, Event, Kind, Table
from kubesim.network.flight import NetworkState, Way
from kubesim.network.hooks import PRIORITIES, Hook
from kubesim.network.matches import (
    ConnectionState,
    InInterface,
    Mark,
    Match,
    OutInterface,
    Protocol,
    RememberSource,
    Statistic,
)
from kubesim.network.packet import Packet
from kubesim.network.rules import Chain, Rule, Ruleset, built_in
from kubesim.network.targets import Accept, Dnat, Drop, Masquerade, Reject, SetMark, Target
from kubesim.network.topology import Host, Interface, Route, Topology
from kubesim.network.trace import (
    Action,
    Applied,
    Ignored,
    NoNeighbour,
    NoRoute,
    Outcome,
    Routed,
    Sent,
    Step,
    Translated,
)
from kubesim.network.walker import MAX_HOPS, explore
from tests.network.small_cluster import PODS, endpoints, network, service

CLIENT, ROUTER, SERVER = "10.0.0.1", "10.0.0.254", "10.1.0.1"
FAR_SIDE = "10.1.0.254"
"""The router's address on the server's link."""

RULES = [(table, hook) for hook, table in PRIORITIES]


def ruleset(*rules: tuple[str, Hook, Target, tuple[Match, ...]], route_localnet: bool = False) -> Ruleset:
    """Rules of the built-in chains: (table, hook, target, matches)."""
    chains = {
        (table, hook.name): Chain(hook.name, tuple(Rule(m, t) for of, at, t, m in rules if (of, at) == (table, hook)))
        for table, hook in RULES
    }
    return Ruleset("iptables", chains, tuple(built_in(table, hook) for table, hook in RULES), {}, route_localnet)


def state(
    rules: Ruleset | None,
    ports: tuple[tuple[str, str, int], ...] = (("server", "TCP", 80), ("server", "UDP", 80)),
    table: Table | None = None,
    on: str = "router",
    now: float = 0.0,
) -> NetworkState:
    """The three machines; the rules and the connections are those of one of them."""
    topology = Topology()
    default = Route("0.0.0.0/0", "eth0", ROUTER)
    topology.add(Host("client", (Interface("eth0", CLIENT, "near"),), (default, Route("10.0.0.0/24", "eth0"))))
    interfaces = (Interface("eth0", ROUTER, "near"), Interface("eth1", FAR_SIDE, "far"))
    routes = (Route("10.0.0.0/24", "eth0"), Route("10.1.0.0/24", "eth1"))
    topology.add(Host("router", interfaces, routes, forwards=True))
    default = Route("0.0.0.0/0", "eth0", FAR_SIDE)
    topology.add(Host("server", (Interface("eth0", SERVER, "far"),), (default, Route("10.1.0.0/24", "eth0"))))
    return NetworkState(
        topology,
        ruleset=lambda machine: rules if machine == on else None,
        listens=lambda machine, protocol, port, address: (machine, protocol, port) in ports,
        connections=lambda machine: table if machine == on else None,
        now=now,
    )


def sent(
    given: NetworkState, destination: str = SERVER, port: int = 80, source: str = "client", protocol: str = "TCP"
) -> Way:
    """The only way of a packet."""
    own = {"client": CLIENT, "router": ROUTER, "server": SERVER}[source]
    own = "127.0.0.1" if destination.startswith("127.") else own
    (way,) = explore(given, source, Packet(protocol, own, 40000, destination, port))
    return way


def around(given: NetworkState) -> NetworkState:
    """The client sends by a link of its own, around the router; answers come through the router."""
    host, server = given.topology.host("client"), given.topology.host("server")
    own = Interface("eth1", "10.1.0.7", "far")
    given.topology.add(Host("client", (*host.interfaces, own), (Route("10.1.0.0/24", "eth1"),)))
    given.topology.add(Host("server", server.interfaces, (Route("0.0.0.0/0", "eth0", FAR_SIDE),)))
    return given


def steps_on(way: Way, machine: str, back: bool = False) -> list[Step]:
    return [s for hop in (way.trace.reply if back else way.trace.hops) if hop.machine == machine for s in hop.steps]


# --- the order of the hooks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "destination", "met"),
    [
        (
            "client",
            SERVER,
            ["mangle PREROUTING", "nat PREROUTING", "filter FORWARD", "nat POSTROUTING"],
        ),
        ("client", ROUTER, ["mangle PREROUTING", "nat PREROUTING", "filter INPUT", "nat INPUT"]),
        ("router", SERVER, ["nat OUTPUT", "filter OUTPUT", "nat POSTROUTING"]),
        # By the loopback the packet comes in again; its connection is known by then, so nat is not asked twice.
        (
            "router",
            ROUTER,
            ["nat OUTPUT", "filter OUTPUT", "nat POSTROUTING", "mangle PREROUTING", "filter INPUT"],
        ),
    ],
)
def test_each_way_through_a_machine_meets_its_hooks_in_order(source: str, destination: str, met: list[str]) -> None:
    marking = ruleset(*((table, hook, SetMark(1), ()) for table, hook in RULES))
    way = sent(state(marking), destination, source=source)
    bases = [step.base for step in steps_on(way, "router") if isinstance(step, Applied)]
    assert [f"{base.table} {base.chain}" for base in bases] == met


def test_interfaces_are_known_where_linux_knows_them() -> None:
    """A forwarded packet has both in FORWARD, only the first in PREROUTING, only the second in POSTROUTING (-o)."""
    both = (InInterface("eth0"), OutInterface("eth1"))
    rules = [("filter", Hook.FORWARD, SetMark(1), both), ("nat", Hook.PREROUTING, SetMark(2), both[1:])]
    rules += [("nat", Hook.POSTROUTING, SetMark(4), both[1:]), ("mangle", Hook.PREROUTING, SetMark(8), both[:1])]
    way = sent(state(ruleset(*rules)))
    assert [step.target for step in steps_on(way, "router") if isinstance(step, Applied)] == [
        SetMark(8),
        SetMark(1),
        SetMark(4),
    ]


def test_what_came_for_the_machine_itself_leaves_by_no_interface() -> None:
    way = sent(state(ruleset(("filter", Hook.INPUT, Drop(), (OutInterface("lo"),))), (("router", "TCP", 80),)), ROUTER)
    assert way.trace.outcome is Outcome.DELIVERED


def test_rules_that_were_compared_are_counted_on_the_way_there() -> None:
    other, all_of_it = (Protocol("udp"),), ()
    rules = [("mangle", Hook.PREROUTING, Drop(), other), ("mangle", Hook.PREROUTING, Accept(), all_of_it)]
    rules += [("mangle", Hook.PREROUTING, Drop(), all_of_it), ("filter", Hook.FORWARD, Drop(), other)]
    assert sent(state(ruleset(*rules))).trace.rules_examined == 2 + 1


def test_by_the_loopback_a_packet_goes_out_and_comes_in_by_lo() -> None:
    rules = [("nat", Hook.POSTROUTING, SetMark(1), (OutInterface("lo"),))]
    rules += [("filter", Hook.INPUT, SetMark(2), (InInterface("lo"),))]
    way = sent(state(ruleset(*rules), (("router", "TCP", 80),)), ROUTER, source="router")
    assert [s.target for s in steps_on(way, "router") if isinstance(s, Applied)] == [SetMark(1), SetMark(2)]
    assert way.trace.outcome is Outcome.DELIVERED


# --- routing and delivery ---------------------------------------------------------------------------------------------


def test_a_packet_without_a_route_meets_no_rule() -> None:
    way = sent(state(ruleset(("filter", Hook.OUTPUT, Drop(), ()))), "192.0.2.1", source="router")
    assert (way.trace.outcome, way.trace.seconds, way.trace.reply) == (Outcome.UNREACHABLE, 0.0, ())
    assert [type(step) for step in way.trace.steps] == [Sent, NoRoute]


def test_a_router_without_a_route_tells_the_sender() -> None:
    way = sent(state(None), "192.0.2.1")
    assert (way.trace.outcome, way.trace.destination, way.trace.seconds) == (Outcome.UNREACHABLE, "router", 0.0)
    answer = way.trace.reply[-1].steps[-1].after
    assert (answer.protocol, answer.source, answer.destination) == ("ICMP", ROUTER, CLIENT)


def test_a_dead_neighbour_takes_three_seconds() -> None:
    way = sent(state(None), "10.1.0.99")
    assert (way.trace.outcome, way.trace.seconds) == (Outcome.UNREACHABLE, 3.0)
    last = way.trace.steps[-1]
    assert isinstance(last, NoNeighbour) and (last.interface, last.address) == ("eth1", "10.1.0.99")


def test_a_machine_is_not_its_own_neighbour() -> None:
    given = state(None)
    interfaces = given.topology.host("router").interfaces
    routes = (Route("0.0.0.0/0", "eth1", FAR_SIDE), Route("10.0.0.0/24", "eth0"))
    given.topology.add(Host("router", interfaces, routes, forwards=True))
    way = sent(given, "192.0.2.1")
    assert (way.trace.outcome, way.trace.destination) == (Outcome.UNREACHABLE, "router")


@pytest.mark.parametrize(("there", "bridged"), [("web-0", True), ("web-1", False)])
def test_a_node_bridges_between_its_pods_and_routes_to_others(there: str, bridged: bool) -> None:
    (trace,) = network().trace("pod/default/client", PODS[there][0], 8080)
    (route,) = [step for step in trace.hops[1].steps if isinstance(step, Routed)]
    assert (trace.hops[1].machine, route.bridged) == ("node/master", bridged)


def test_who_is_no_router_passes_nothing_on() -> None:
    # A rule of the router sends the packet to the server by an address that the server does not have.
    given = state(ruleset())
    hosts = given.topology
    hosts.add(Host("router", hosts.host("router").interfaces, (Route("0.0.0.0/0", "eth1", SERVER),), forwards=True))
    way = sent(given, "192.0.2.1")
    assert (way.trace.outcome, way.trace.destination, way.trace.seconds) == (Outcome.LOST, "server", inf)
    assert isinstance(way.trace.steps[-1], Ignored) and len(way.trace.hops) == 3


@pytest.mark.parametrize(("route_localnet", "outcome"), [(False, Outcome.DROPPED), (True, Outcome.DELIVERED)])
def test_the_loopback_address_leaves_only_with_route_localnet(route_localnet: bool, outcome: Outcome) -> None:
    rules = [("nat", Hook.OUTPUT, Dnat(SERVER, 80), ()), ("nat", Hook.POSTROUTING, Masquerade(), ())]
    way = sent(state(ruleset(*rules, route_localnet=route_localnet)), "127.0.0.1", source="router")
    assert way.trace.outcome is outcome
    assert (way.trace.steps[-1].action is Action.DROP) is not route_localnet


def test_without_rules_the_loopback_address_leaves_nowhere() -> None:
    given = state(None)
    (way,) = explore(given, "client", Packet("TCP", "127.0.0.1", 40000, SERVER, 80))
    assert way.trace.outcome is Outcome.DROPPED and len(way.trace.hops) == 1


@pytest.mark.parametrize(
    ("protocol", "port", "outcome"),
    [
        ("TCP", 80, Outcome.DELIVERED),
        ("TCP", 81, Outcome.REFUSED),
        ("UDP", 80, Outcome.DELIVERED),
        ("UDP", 81, Outcome.REFUSED),
        ("ICMP", 0, Outcome.DELIVERED),
    ],
)
def test_a_socket_takes_what_is_for_its_port(protocol: str, port: int, outcome: Outcome) -> None:
    way = sent(state(None), port=port, protocol=protocol)
    assert way.trace.outcome is outcome
    answer = way.trace.reply[0].steps[0].after
    assert answer.protocol == ("ICMP" if (protocol, port) == ("UDP", 81) else protocol)


# --- marks and masquerading -------------------------------------------------------------------------------------------


def test_the_mark_does_not_survive_the_wire() -> None:
    marking = ruleset(("mangle", Hook.PREROUTING, SetMark(0x4000), ()))
    way = sent(state(marking))
    assert [step.after.mark for step in steps_on(way, "router")][-1] == 0x4000
    assert {step.after.mark for step in steps_on(way, "server")} == {0}
    assert way.trace.delivered is not None and way.trace.delivered.mark == 0
    assert {(e.original.mark, e.rewritten.mark) for _, e in way.entries} == {(0, 0)}


def test_the_mark_lives_from_hook_to_hook() -> None:
    rules = [("mangle", Hook.PREROUTING, SetMark(1), ()), ("filter", Hook.FORWARD, Drop(), (Mark(1),))]
    assert sent(state(ruleset(*rules))).trace.outcome is Outcome.DROPPED


def test_masquerading_takes_the_address_of_the_interface_by_which_the_packet_leaves() -> None:
    rules = ruleset(("nat", Hook.POSTROUTING, Masquerade(), ()))
    way = sent(state(rules))
    delivered = way.trace.delivered
    assert delivered is not None and delivered.source == FAR_SIDE and delivered.source_port != 40000
    # The machine's own packet keeps its port: nothing is rewritten.
    own = sent(state(rules), source="router").trace.delivered
    assert own is not None and own.source == FAR_SIDE
    back = sent(state(rules), CLIENT, source="server")
    assert back.trace.steps[-1].after.source == ROUTER


# --- connection tracking ----------------------------------------------------------------------------------------------


def test_an_answer_goes_back_the_way_it_was_rewritten() -> None:
    rules = [("nat", Hook.PREROUTING, Dnat(SERVER, 80), ()), ("nat", Hook.POSTROUTING, Masquerade(), ())]
    way = sent(state(ruleset(*rules)), "192.0.2.7", 8080)
    assert way.trace.outcome is Outcome.DELIVERED
    answer = way.trace.reply[-1].steps[-1].after
    assert (answer.source, answer.source_port, answer.destination) == ("192.0.2.7", 8080, CLIENT)
    (translated,) = [step for step in steps_on(way, "router", back=True) if isinstance(step, Translated)]
    assert translated.answering


def test_an_answer_from_an_address_that_was_not_asked_is_not_taken() -> None:
    # The router rewrites the destination; the answer goes around it, by a link of its own, and bears the new address.
    rewriting = state(ruleset(("nat", Hook.PREROUTING, Dnat(SERVER, 80), ())))
    server = rewriting.topology.host("server")
    near = Interface("eth1", "10.0.0.2", "near")
    rewriting.topology.add(Host("server", (*server.interfaces, near), (Route("10.0.0.0/24", "eth1"),)))
    lost = sent(rewriting, "192.0.2.7")
    assert (lost.trace.outcome, lost.trace.seconds) == (Outcome.LOST, inf)
    assert lost.trace.reply[-1].machine == "client" and lost.trace.delivered is not None


@pytest.mark.parametrize(
    ("rules", "port", "outcome", "phases"),
    [
        ((), 80, Outcome.DELIVERED, ["ESTABLISHED"]),
        ((), 81, Outcome.REFUSED, []),
        ((("filter", Hook.FORWARD, Reject(), ()),), 80, Outcome.REJECTED, []),
        ((("filter", Hook.FORWARD, Drop(), ()),), 80, Outcome.DROPPED, []),
        # The answer is dropped: the connection was noted when it left, and never answered.
        ((("filter", Hook.FORWARD, Drop(), (InInterface("eth1"),)),), 80, Outcome.LOST, ["SYN_SENT"]),
    ],
)
def test_what_conntrack_keeps_of_a_connection(
    rules: tuple[tuple[str, Hook, Target, tuple[Match, ...]], ...], port: int, outcome: Outcome, phases: list[str]
) -> None:
    way = sent(state(ruleset(*rules)), port=port)
    assert way.trace.outcome is outcome
    assert [(name, entry.phase) for name, entry in way.entries] == [("router", phase) for phase in phases]


def test_nat_is_not_asked_for_an_answer_to_nothing() -> None:
    """To conntrack it is INVALID; such packets pass nat unchanged."""
    given = around(state(ruleset(("nat", Hook.POSTROUTING, Masquerade(), ()))))
    way = sent(given)
    answer = way.trace.reply[-1].steps[-1].after
    assert (answer.source, answer.source_port) == (SERVER, 80)
    assert way.entries == ()


def test_a_rejection_is_answered_by_the_machine_whose_rule_it_was() -> None:
    way = sent(state(ruleset(("filter", Hook.FORWARD, Reject(), ()))))
    answer = way.trace.reply[0].steps[0].after
    assert (answer.protocol, answer.source, answer.destination) == ("ICMP", ROUTER, CLIENT)


def test_an_icmp_error_bears_a_mark_like_any_packet() -> None:
    coming = (InInterface("eth1"),)
    rules = [("mangle", Hook.PREROUTING, SetMark(1), coming), ("filter", Hook.FORWARD, Drop(), (Mark(1),))]
    assert sent(state(ruleset(*rules)), port=81, protocol="UDP").trace.outcome is Outcome.LOST


def test_a_packet_that_is_dropped_before_it_leaves_is_not_noted() -> None:
    way = sent(state(ruleset(("nat", Hook.POSTROUTING, Drop(), ()))))
    assert way.trace.outcome is Outcome.DROPPED and way.entries == ()


def test_a_known_connection_is_rewritten_as_before_and_its_entry_renewed() -> None:
    first = Packet("TCP", CLIENT, 40000, "192.0.2.7", 80)
    known = Entry.begun(first, first.rewritten(destination=SERVER), now=1.0).after(Event.ANSWER)
    other = ruleset(("nat", Hook.PREROUTING, Dnat("10.1.0.99", 80), ()))
    way = sent(state(other, table=Table([known]), now=50.0), "192.0.2.7")
    assert way.trace.outcome is Outcome.DELIVERED and way.trace.destination == "server"
    assert way.entries == (("router", known.used(50.0)),)


def test_an_entry_that_was_idle_for_too_long_is_as_none() -> None:
    first = Packet("UDP", CLIENT, 40000, "192.0.2.7", 80)
    known = Entry.begun(first, first.rewritten(destination=SERVER), now=0.0)
    way = sent(state(ruleset(), table=Table([known]), now=31.0), "192.0.2.7", protocol="UDP")
    assert way.trace.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize("state_seen", ["NEW", "ESTABLISHED", "RELATED", "INVALID", "DNAT"])
@pytest.mark.parametrize(
    ("case", "there", "back"),
    [
        ("a first packet and its answer", {"NEW"}, {"ESTABLISHED"}),
        ("a rewritten one", {"NEW", "DNAT"}, {"ESTABLISHED", "DNAT"}),
        ("an answer to nothing", set(), {"INVALID"}),
        ("a UDP answer to nothing", set(), {"NEW"}),
        ("an ICMP error", {"NEW"}, {"RELATED"}),
    ],
)
def test_what_rules_are_told_of_a_connection(case: str, there: set[str], back: set[str], state_seen: str) -> None:
    seen = ("filter", Hook.FORWARD, SetMark(1), (ConnectionState((state_seen,)),))
    rewriting = [("nat", Hook.PREROUTING, Dnat(SERVER, 80), ())] if case == "a rewritten one" else []
    protocol = "UDP" if case in ("a UDP answer to nothing", "an ICMP error") else "TCP"
    given = state(ruleset(seen, *rewriting))
    if "to nothing" in case:
        around(given)
    way = sent(given, "192.0.2.7" if rewriting else SERVER, 81 if case == "an ICMP error" else 80, protocol=protocol)
    for expected, backwards in ((there, False), (back, True)):
        told = any(
            isinstance(step, Applied) and step.target == SetMark(1) for step in steps_on(way, "router", backwards)
        )
        assert told is (state_seen in expected), (case, backwards)


def test_an_icmp_error_seems_to_come_from_the_address_that_was_asked() -> None:
    way = sent(state(ruleset(("nat", Hook.PREROUTING, Dnat(SERVER, 81), ()))), "192.0.2.7", protocol="UDP")
    answer = way.trace.reply[-1].steps[-1].after
    assert way.trace.outcome is Outcome.REFUSED
    assert (answer.protocol, answer.source) == ("ICMP", "192.0.2.7")
    plain = sent(state(ruleset()), port=81, protocol="UDP").trace.reply[-1].steps[-1].after
    assert plain.source == SERVER


def test_affinity_is_remembered_for_the_machine_that_has_the_rule() -> None:
    way = sent(state(ruleset(("nat", Hook.PREROUTING, Accept(), (RememberSource("LIST"), Protocol("tcp"))))))
    assert way.remembered == (("router", "LIST", CLIENT),)


def test_every_state_is_reached_and_every_kind_has_its_class() -> None:
    for states in STATES.values():
        names = list(states)
        reached = {names[0]} | {after for state in states.values() for after in state.follows.values()}
        assert reached == set(names)
    assert set(CLASSES) == {(kind, known) for kind in Kind for known in (False, True)}


def test_a_route_says_by_which_interface_and_to_whom() -> None:
    (first, *_), (second,) = (
        [step for step in steps_on(sent(state(None)), machine) if isinstance(step, Routed)]
        for machine in ("client", "router")
    )
    assert (first.route.interface, first.route.gateway) == ("eth0", ROUTER)
    assert (second.route.interface, second.route.gateway) == ("eth1", "")


def test_a_packet_that_goes_in_circles_is_lost_after_so_many_machines() -> None:
    topology = Topology()
    for name, own, other in (("a", "10.0.0.1", "10.0.0.2"), ("b", "10.0.0.2", "10.0.0.1")):
        interface, route = Interface("eth0", own, "wire"), Route("0.0.0.0/0", "eth0", other)
        topology.add(Host(name, (interface,), (route,), forwards=True))
    given = NetworkState(topology, lambda machine: None, lambda *asked: True)
    (way,) = explore(given, "a", Packet("TCP", "10.0.0.1", 40000, "192.0.2.1", 80))
    assert (way.trace.outcome, way.trace.seconds, len(way.trace.hops)) == (Outcome.LOST, inf, MAX_HOPS)
    assert [hop.machine for hop in way.trace.hops[:4]] == ["a", "b", "a", "b"] and way.trace.reply == ()


def test_dice_that_fall_for_an_answer_make_no_other_way_and_the_first_is_taken() -> None:
    thrown = (InInterface("eth1"), Statistic(0.25))
    way = sent(state(ruleset(("filter", Hook.FORWARD, Drop(), thrown))))
    assert (way.trace.outcome, way.trace.probability) == (Outcome.LOST, 1.0)


def test_dice_that_fall_on_the_way_there_make_two() -> None:
    given = state(ruleset(("filter", Hook.FORWARD, Drop(), (InInterface("eth0"), Statistic(0.25)))))
    ways = explore(given, "client", Packet("TCP", CLIENT, 40000, SERVER, 80))
    assert [(way.trace.outcome, way.trace.probability) for way in ways] == [
        (Outcome.DROPPED, 0.25),
        (Outcome.DELIVERED, 0.75),
    ]


def test_what_one_machine_knows_of_a_packet_stays_there() -> None:
    """The first node has noted the connection; to the second it is new, so its nat rules are asked."""
    built = network([service(type="NodePort")], [endpoints("web-1")])
    (trace,) = built.trace("pod/default/client", "172.31.0.11", 30080)
    assert (trace.outcome, trace.destination) == (Outcome.DELIVERED, "pod/default/web-1")
    (rewriting,) = [hop.machine for hop in trace.hops for step in hop.steps if step.action is Action.DNAT]
    assert rewriting == "node/worker"
    assert all(hop.interface_out for hop in trace.hops[:-1]) and not trace.hops[-1].interface_out


def test_a_packet_of_the_reply_direction_belongs_to_the_connection() -> None:
    """The server sends by itself, from the port it was asked at: the client sees the address that it had asked."""
    first = Packet("UDP", CLIENT, 40000, "10.9.9.9", 80)
    table = Table([Entry.begun(first, first.rewritten(destination=SERVER))])
    given = state(ruleset(), table=table, ports=(("client", "UDP", 40000),))
    (way,) = explore(given, "server", Packet("UDP", SERVER, 80, CLIENT, 40000))
    assert way.trace.delivered is not None and way.trace.delivered.source == "10.9.9.9"
