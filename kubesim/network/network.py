"""The running network: machines that come and go, processes that listen, connections that are remembered.

:class:`Network` holds what changes; the walker reads it. Rules are not kept here but asked for (``ruleset_provider``),
so a packet always meets the rules that kube-proxy would have written by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakSet

from kubesim.network import topology as layout
from kubesim.network.conntrack import AffinityLists, Entry, Event, Table, UndoLog
from kubesim.network.dice import Thrown
from kubesim.network.exchanges import Exchanges
from kubesim.network.flight import NetworkState, Way
from kubesim.network.neighbours import Neighbour, Neighbours
from kubesim.network.packet import Packet
from kubesim.network.portmap import HostPort, MappedPod, PortMap
from kubesim.network.rules import Ruleset, router_ruleset
from kubesim.network.service import Server
from kubesim.network.topology import INTERNET, LAN, ROUTER, VXLAN, Backend, Host, Interface, Route, Topology
from kubesim.network.trace import Trace
from kubesim.network.walker import follow, walk
from kubesim.simulation import Simulation

ANY = "0.0.0.0"
"""The address of a listener that takes packets to any address of its machine."""

EPHEMERAL = (32768, 60999)
"""The source ports that Linux gives out (``net.ipv4.ip_local_port_range``)."""


NO_RULES = Ruleset("iptables", {}, ())
"""A kernel with netfilter in which nobody has written a rule."""


class Alternatives:
    """Every way that a packet could have taken, found when somebody reads them.

    :param taken: the way that it took.
    :ivar find: finds them, from the network as it was when the packet was sent; None where there was no other.
    """

    def __init__(self, taken: Trace) -> None:
        self._traces: tuple[Trace, ...] = (taken,)
        self.find: Callable[[], tuple[Trace, ...]] | None = None

    def traces(self) -> tuple[Trace, ...]:
        """The ways, the one taken among them; their probabilities add up to 1."""
        if self.find is not None:
            self._traces, self.find = self.find(), None
        return self._traces


NOTES_KEPT = 10_000
"""How much may be remembered anew before alternatives that nobody has read are found, so that its notes can go."""


@dataclass(slots=True)
class _Node:
    """What the Pods of a node have in common.

    :param pod_prefixes: where the other nodes find them.
    :param veths: how many Pods it has had.
    """

    pod_prefixes: tuple[str, ...]
    link: str
    pod_routes: tuple[Route, ...]
    veths: int = 0


class Network:
    """Machines, listeners, conntrack and session affinity.

    :param ruleset_provider: machine name → its rules, or None where it has none (Pods, the laptop). It is asked at
        every packet, so it should answer from a cache.
    :ivar listing_provider: machine name → its rules as somebody sees them who lists them; where it is None, those that
        packets walk.
    :param pod_prefix: the addresses of all Pods of the cluster.
    :param gateway: the router's address on the nodes' LAN.
    :param backend: how flannel joins the nodes.
    :param lan: the addresses of the nodes' LAN; empty takes the gateway's /24.
    """

    def __init__(
        self,
        simulation: Simulation,
        ruleset_provider: Callable[[str], Ruleset | None] | None = None,
        pod_prefix: str = "10.42.0.0/16",
        gateway: str = "172.31.0.1",
        backend: Backend = VXLAN,
        lan: str = "",
    ) -> None:
        self.simulation = simulation
        self.ruleset_provider = ruleset_provider or (lambda machine: None)
        self.listing_provider: Callable[[str], Ruleset | None] | None = None
        self.pod_prefix = pod_prefix
        self.gateway = gateway
        self.backend = backend
        self.lan = lan or layout.lan_prefix(gateway)
        self.topology = Topology()
        self._nodes: dict[str, _Node] = {}
        self._pod_routes = layout.PodRoutes()
        self._aliases: dict[str, str] = {}
        self._listeners: dict[str, dict[tuple[str, int], dict[str, Server]]] = {}
        """By machine, then by protocol and port, then by address."""
        self._connections: dict[str, Table] = {}
        self._affinity: dict[str, AffinityLists] = {}
        self._next_port: dict[str, int] = {}
        self._neighbours = Neighbours(self.topology)
        self.exchanges = Exchanges()
        self._undo = UndoLog()
        self._undecided: WeakSet[Alternatives] = WeakSet()
        """Those that nobody has read yet and somebody still may."""
        self._own_rules = {ROUTER: router_ruleset("wan")}
        """Of machines whose rules are their own: no Service and no policy changes them."""
        self.port_map = PortMap()
        wan = Interface("wan", "203.0.113.1", INTERNET)
        inside = Interface("lan", gateway, LAN)
        routes = (Route("0.0.0.0/0", "wan"), Route(self.lan, "lan"))
        self.topology.add(Host(ROUTER, (inside, wan), routes, forwards=True))

    # --- machines -------------------------------------------------------------------------------------------------

    def add_node(self, name: str, address: str, pod_prefix: str) -> str:
        """Add a node, or change its addresses; every other node gets a route to its Pods.

        :param pod_prefix: the addresses of its Pods, such as ``10.42.1.0/24``.
        :returns: its machine name.
        """
        self.changes()
        self._forget_ways_to(name)
        self._pod_routes.add(pod_prefix, "" if self.backend.tunnelled else address)
        host = layout.node_host(name, address, pod_prefix, self._pod_routes, self.gateway, self.backend)
        self._nodes[name] = _Node((pod_prefix,), host.bridge, layout.routes_of_pods(pod_prefix, self.pod_prefix))
        self.topology.add(host)
        return host.name

    def add_routed_node(self, name: str, address: str, pods: Iterable[str]) -> str:
        """Add a node whose Pods have any addresses, each with a route of its own.

        :param pods: the addresses of its Pods.
        :returns: its machine name.
        """
        self.changes()
        self._forget_ways_to(name)
        addresses = tuple(pods)
        for pod in addresses:
            self._pod_routes.add(f"{pod}/32", address)
        host = layout.routed_node_host(name, address, addresses, self._pod_routes, self.gateway, self.lan)
        prefixes = tuple(f"{pod}/32" for pod in addresses)
        self._nodes[name] = _Node(prefixes, host.bridge, layout.routes_of_routed_pods(address))
        self.topology.add(host)
        return host.name

    def _forget_ways_to(self, node: str) -> None:
        known = self._nodes.pop(node, None)
        for prefix in known.pod_prefixes if known is not None else ():
            self._pod_routes.remove(prefix)

    def remove_node(self, name: str) -> None:
        """Take a node away, with its routes elsewhere; a no-op where there is none."""
        self.changes()
        if name in self._nodes:
            self._forget_ways_to(name)
            self.topology.remove(layout.node_name(name))
            self._forget_machine(layout.node_name(name))

    def add_pod(
        self,
        namespace: str,
        name: str,
        address: str,
        node: str,
        host_network: bool = False,
        *,
        forwards: bool = False,
        sandbox: str = "",
        host_ports: Sequence[HostPort] = (),
    ) -> str:
        """Add a Pod's network namespace.

        :param address: its own; ignored for a Pod of the host's network.
        :param host_network: whether it shares the node's addresses and ports instead of having its own.
        :param forwards: whether it passes packets on (``net.ipv4.ip_forward``).
        :param sandbox: the id of its sandbox, by which the rules of its host ports are known.
        :returns: its machine name.
        :raises KeyError: if there is no such node.
        :raises ValueError: if another machine has the address.
        """
        self.changes()
        machine = layout.pod_name(namespace, name)
        if node not in self._nodes:
            raise KeyError(f"there is no node named {node}")
        if host_network:
            self._aliases[machine] = layout.node_name(node)
        else:
            own = self._nodes[node]
            own.veths += 1
            peer = layout.FIRST_VETH - 1 + own.veths
            host = layout.pod_host(machine, address, own.link, own.pod_routes, self.backend.mtu, peer)
            self.topology.add(replace(host, forwards=True) if forwards else host)
            if host_ports:
                mapped = MappedPod(sandbox, address, own.pod_prefixes[0], tuple(host_ports))
                self.port_map.add(layout.node_name(node), machine, mapped)
        return machine

    def remove_pod(self, namespace: str, name: str) -> None:
        """Take a Pod's network namespace away, with its listeners; a no-op where there is none."""
        self.changes()
        machine = layout.pod_name(namespace, name)
        if self._aliases.pop(machine, None) is None:
            self.topology.remove(machine)
            self.port_map.remove(machine)
            self._own_rules.pop(machine, None)
            self._forget_machine(machine)

    def add_outside(
        self,
        name: str,
        addresses: Iterable[str],
        routes: Iterable[tuple[str, str]] = (),
        forwards: bool = False,
        rules: Ruleset | None = None,
    ) -> str:
        """Add a machine outside the cluster: on the nodes' LAN where its first address is on it, else on the Internet.

        :param routes: (prefix, gateway) that it has besides the default route.
        :param forwards: whether it passes packets on, as a load balancer does.
        :param rules: its own, such as a firewall's; None leaves them to the provider.
        :returns: its machine name.
        """
        self.changes()
        listed = tuple(addresses)
        if not listed:
            raise ValueError(f"machine {name} must have an address, got none")
        if rules is not None:
            self._own_rules[name] = rules
        if layout.on_lan(listed[0], self.lan):
            extra = [Route(prefix, "eth0", gateway) for prefix, gateway in routes]
            self.topology.add(layout.lan_host(name, listed, self.gateway, self.lan, extra, forwards))
        else:
            interfaces = tuple(Interface(f"eth{n}", address, INTERNET) for n, address in enumerate(listed))
            self.topology.add(Host(name, interfaces, (Route("0.0.0.0/0", "eth0"),)))
        return name

    def write_rules(self, machine: str, rules: Ruleset) -> None:
        """Let a machine have rules of its own, as a Pod has whose program may write them (``NET_ADMIN``)."""
        self.changes()
        self._own_rules[self.machine(machine)] = rules

    def remove_outside(self, name: str) -> None:
        """Take a machine outside the cluster away; a no-op where there is none."""
        self.changes()
        self.topology.remove(name)
        self._own_rules.pop(name, None)
        self._forget_machine(name)

    def _forget_machine(self, machine: str) -> None:
        self._listeners.pop(machine, None)
        self._connections.pop(machine, None)
        self._neighbours.forget(machine)
        self._affinity.pop(machine, None)

    def machine(self, name: str) -> str:
        """The machine whose network a name uses: its own, or the node's for a Pod of the host's network.

        :raises KeyError: if there is no such machine.
        """
        found = self._aliases.get(name, name)
        return self.topology.host(found).name

    def address(self, name: str) -> str:
        """The first address of a machine.

        :raises KeyError: if there is no such machine.
        """
        return self.topology.host(self.machine(name)).addresses[0]

    # --- listeners ------------------------------------------------------------------------------------------------

    def listen(self, machine: str, protocol: str, port: int, server: Server, address: str = ANY) -> None:
        """Let a server take connections.

        :param protocol: ``TCP``, ``UDP`` or ``SCTP``.
        :raises KeyError: if there is no such machine.
        :raises OSError: if another server has the port and address (``Address already in use``).
        """
        self.changes()
        servers = self._listeners.setdefault(self.machine(machine), {}).setdefault((protocol, port), {})
        if address in servers or (servers and ANY in (address, *servers)):
            raise OSError(f"bind() to {address}:{port} failed (98: Address already in use)")
        servers[address] = server

    def close(self, machine: str, protocol: str, port: int, address: str = ANY) -> None:
        """Let a server stop listening; a no-op where none does."""
        self.changes()
        ports = self._listeners.get(self._aliases.get(machine, machine), {})
        servers = ports.get((protocol, port))
        if servers is not None:
            servers.pop(address, None)
            if not servers:
                del ports[protocol, port]

    def listeners(self, machine: str) -> tuple[tuple[str, str, int, Server], ...]:
        """What listens on a machine: (protocol, address, port, server), as ``ss -l`` lists it."""
        own = self._listeners.get(self._aliases.get(machine, machine), {})
        return tuple(
            (protocol, address, port, server)
            for (protocol, port), servers in sorted(own.items(), key=lambda item: item[0])
            for address, server in servers.items()
        )

    def server(self, machine: str, protocol: str, port: int, address: str) -> Server | None:
        """The server that takes a packet to an address and port of a machine, or None."""
        servers = self._listeners.get(self._aliases.get(machine, machine), {}).get((protocol, port), {})
        return servers.get(address) or servers.get(ANY)

    # --- packets --------------------------------------------------------------------------------------------------

    def ruleset(self, machine: str) -> Ruleset | None:
        """The rules of a machine by now, or None where it has none."""
        return self._own_rules.get(machine) or self.ruleset_provider(machine)

    def listed_ruleset(self, machine: str) -> Ruleset | None:
        """The rules of a machine as ``iptables-save`` prints them, or None where it has none."""
        if machine in self._own_rules or self.listing_provider is None:
            return self.ruleset(machine)
        return self.listing_provider(machine)

    @property
    def state(self) -> NetworkState:
        """What the walker reads."""
        return NetworkState(
            topology=self.topology,
            ruleset=self.ruleset,
            listens=lambda machine, protocol, port, address: self.server(machine, protocol, port, address) is not None,
            connections=self._connections.get,
            remembers=self._remembers,
            now=self.simulation.now,
        )

    def _remembers(self, machine: str, name: str, address: str, seconds: float) -> bool:
        lists = self._affinity.get(machine)
        return lists is not None and lists.remembers(name, address, seconds, self.simulation.now)

    def packet(self, machine: str, address: str, port: int, protocol: str = "TCP", source_port: int = 0) -> Packet:
        """The first packet that a process on a machine would send to an address.

        :raises KeyError: if there is no such machine.
        """
        host = self.topology.host(self.machine(machine))
        # To Linux, connecting to no address in particular means the machine itself.
        address = "127.0.0.1" if address == ANY else address
        source = host.source_for(address) or next(iter(host.addresses), "0.0.0.0")
        return Packet(protocol, source, source_port, address, port)

    def trace(self, machine: str, address: str, port: int, protocol: str = "TCP") -> tuple[Trace, ...]:
        """Every possible way of a first packet, without sending it.

        :raises KeyError: if there is no such machine.
        """
        source_port = 0 if protocol == "ICMP" else EPHEMERAL[1]
        return walk(self.state, self.machine(machine), self.packet(machine, address, port, protocol, source_port))

    def send(self, machine: str, packet: Packet, stream: str, *, ruled: bool = True) -> tuple[Way, Alternatives]:
        """Send a packet, and keep what its way leaves behind: conntrack entries and session affinity.

        :param stream: of the chance that picks its way where there are several.
        :param ruled: whether any machine's rules are asked; the sender's conntrack takes note in any case.
        :returns: the way that it took, and every way that it could have taken.
        """
        sender, state = self.machine(machine), self.state
        if not ruled:
            state = replace(state, ruleset=lambda name: NO_RULES if name == sender else None)
        dice = Thrown(lambda: self.simulation.random(stream).random())
        way = follow(state, sender, packet, dice)
        self._neighbours.note(way.trace, state.now)
        alternatives = Alternatives(way.trace)
        if dice.thrown:
            if not self._undecided or len(self._undo) > NOTES_KEPT:
                self.changes()
            alternatives.find = partial(walk, self._state_before(len(self._undo), state), sender, packet)
            self._undecided.add(alternatives)
            self._undo.kept = True
        for name, entry in way.entries:
            table = self._connections.get(name)
            if table is None:
                table = self._connections[name] = Table(undo=self._undo)
            table.add(entry, state.now)
        for name, affinity, address in way.remembered:
            self._affinity.setdefault(name, AffinityLists(self._undo)).remember(affinity, address, state.now)
        return way, alternatives

    def _state_before(self, position: int, state: NetworkState) -> NetworkState:
        """A state to which nothing has been remembered since the undo log had so many notes."""

        def connections(machine: str) -> Table | None:
            table = self._connections.get(machine)
            return None if table is None else table.before(position)

        def remembers(machine: str, name: str, address: str, seconds: float) -> bool:
            lists = self._affinity.get(machine)
            return lists is not None and lists.before(position).remembers(name, address, seconds, state.now)

        return replace(state, connections=connections, remembers=remembers)

    def changes(self) -> None:
        """Machines, listeners or rules are about to change: who may still ask for the ways as they were gets them."""
        if self._undo.kept:
            for alternatives in tuple(self._undecided):
                alternatives.traces()
            self._undecided.clear()
            self._undo.clear()
            self._undo.kept = False

    def source_port(self, machine: str) -> int:
        """A source port that the machine has not given out lately."""
        first, last = EPHEMERAL
        name = self.machine(machine)
        if name not in self._next_port:
            self._next_port[name] = self.simulation.random(f"network/ports/{name}").randint(first, last)
        port = self._next_port[name]
        self._next_port[name] = first if port == last else port + 1
        return port

    def connections(self, machine: str) -> tuple[Entry, ...]:
        """The conntrack entries of a machine, as ``conntrack -L`` lists them."""
        table = self._connections.get(self.machine(machine))
        if table is None:
            return ()
        table.expire(self.simulation.now)
        return tuple(table)

    def neighbours(self, machine: str) -> tuple[Neighbour, ...]:
        """Whom a machine knows on its links, as ``ip neigh`` lists them."""
        return self._neighbours.of(self.topology.host(self.machine(machine)))

    @property
    def tracking(self) -> tuple[str, ...]:
        """The machines that remember connections."""
        return tuple(machine for machine, table in self._connections.items() if len(table))

    def forget_connections(self, machine: str, stale: Callable[[Entry], bool]) -> int:
        """Delete conntrack entries, as kube-proxy does with UDP entries whose endpoint is gone.

        :returns: how many.
        """
        return self._connections.get(machine, Table()).forget(stale)

    def close_connection(self, way: Way) -> None:
        """Both ends closed a TCP connection: its entries stay for a while in TIME_WAIT."""
        for machine, entry in way.entries:
            table = self._connections.get(machine)
            if table is not None:
                table.happened(Event.CLOSE, entry, self.simulation.now)
