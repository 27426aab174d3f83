"""The machines of a cluster, their interfaces and their routes, and which interfaces share a link.

The shape is flannel's, with its VXLAN backend, which k3s uses::

    Pod eth0 ── bridge cni0 (10.42.N.1) ── node ── eth0 on the nodes' LAN ── router ── the Internet
                                            └── flannel.1 (10.42.N.0): the tunnel to the other nodes

With its ``host-gw`` backend there is no tunnel: each node is the gateway to its own Pods on the nodes' LAN.

A *link* is a set of interfaces that reach each other without a router: the LAN, the bridge of one node, the tunnel.
A packet leaves by the route with the longest matching prefix, for the interface on that link that owns the next hop's
address. Where nobody owns it, address resolution fails and after about 3 s the sender hears "no route to host".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kubesim.network.addresses import (
    address_number,
    is_ipv4,
    is_loopback,
    nth_address,
    prefix_bounds,
    prefix_length,
    within,
)

ETHERNET_MTU = 1500
VXLAN_OVERHEAD = 50
"""Bytes that the tunnel's own headers take of every packet."""
FIRST_VETH = 5
"""The number of a node's first veth: lo, eth0, flannel.1 and cni0 are there before."""
LAN = "lan"
"""The link that joins the nodes, the laptop, the load balancer and the router."""
TUNNEL = "tunnel"
"""The link that flannel's VXLAN makes between the nodes."""
INTERNET = "internet"
"""The link behind the router; whoever is not on it never answers."""
ROUTER = "internet/router"
"""The name of the router between the nodes' LAN and the Internet."""


class Interface(NamedTuple):
    """One network interface.

    :param address: empty where the interface has none.
    :param link: the link it is attached to.
    :param mtu: the largest packet that it sends, in bytes.
    :param peer: the number of its other end among the node's interfaces, where it is one end of a veth pair.
    """

    name: str
    address: str
    link: str
    mtu: int = ETHERNET_MTU
    peer: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a routing table.

    :param prefix: the destinations it is for; ``0.0.0.0/0`` is the default route.
    :param gateway: the next hop's address; empty where the destination itself is on the link.
    :param kind: of one that leads nowhere: ``unreachable``, ``prohibit``, ``blackhole`` or ``throw``.
    """

    prefix: str
    interface: str
    gateway: str = ""
    kind: str = ""

    def __str__(self) -> str:
        """As ``ip route`` prints it."""
        destination = "default" if self.prefix == "0.0.0.0/0" else self.prefix
        via = f" via {self.gateway}" if self.gateway else ""
        onlink = " onlink" if self.interface == "flannel.1" else ""
        return f"{destination}{via} dev {self.interface}{onlink}"


@dataclass(frozen=True, slots=True)
class Backend:
    """How flannel joins the nodes.

    :param tunnelled: through a VXLAN tunnel; otherwise by routes to the nodes' own addresses (``host-gw``).
    :param mtu: of the Pods' interfaces and of their bridge.
    """

    tunnelled: bool = True
    mtu: int = ETHERNET_MTU - VXLAN_OVERHEAD

    @classmethod
    def named(cls, name: str, mtu: int = 0) -> Backend:
        """The backend that flannel knows by a name, ``vxlan`` or ``host-gw``.

        :param mtu: 0 leaves it as the backend has it.
        """
        tunnelled = name != "host-gw"
        return cls(tunnelled, mtu or ETHERNET_MTU - VXLAN_OVERHEAD * tunnelled)


VXLAN = Backend()


class PodRoutes:
    """The ways to the Pods of every node: one table for all nodes, searched by prefix."""

    def __init__(self, prefixes: Iterable[str] = ()) -> None:
        self._by_length: dict[int, dict[int, Route]] = {}
        for prefix in prefixes:
            self.add(prefix)

    def add(self, prefix: str, gateway: str = "") -> None:
        """A node has the Pods of this prefix.

        :param gateway: the node's address on the LAN, where the way leads over it; else it is the tunnel.
        """
        route = Route(prefix, "eth0", gateway) if gateway else Route(prefix, "flannel.1", nth_address(prefix, 0))
        self._by_length.setdefault(prefix_length(prefix), {})[prefix_bounds(prefix)[0]] = route

    def remove(self, prefix: str) -> None:
        """No node has them any more."""
        of_length = self._by_length.get(prefix_length(prefix), {})
        of_length.pop(prefix_bounds(prefix)[0], None)
        if not of_length:
            self._by_length.pop(prefix_length(prefix), None)

    def __iter__(self) -> Iterator[Route]:
        return (route for of_length in self._by_length.values() for route in of_length.values())

    def to(self, number: int, longer_than: int) -> Route | None:
        """The route with the longest prefix that holds an address, if it is longer than so many bits."""
        for length in sorted(self._by_length, reverse=True):
            if length <= longer_than:
                return None
            found = self._by_length[length].get(number & -(1 << 32 - length))
            if found is not None:
                return found
        return None


@dataclass(frozen=True)
class Host:
    """One network namespace: a Pod, a node, or a machine outside the cluster.

    :param own_routes: its routes, but those to the Pods of other nodes.
    :param forwards: whether it passes on packets that are not for itself, as nodes and routers do.
    :param bridge: the link whose bridge this machine is; frames between others on that link pass through its netfilter.
    :param pod_routes: on a node, the ways to the Pods of all nodes; those to its own are not taken.
    """

    name: str
    interfaces: tuple[Interface, ...]
    own_routes: tuple[Route, ...]
    forwards: bool = False
    bridge: str = ""
    pod_routes: PodRoutes | None = None

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route, as ``ip route`` lists them: those to Pods together, in the order of their prefixes."""
        if self.pod_routes is None:
            return self.own_routes
        to_pods = {route.prefix: route for route in self.pod_routes}
        to_pods |= {route.prefix: route for route in self.own_routes if route.interface == "cni0"}
        first = [route for route in self.own_routes if route.prefix == "0.0.0.0/0"]
        last = [route for route in self.own_routes if route not in first and route.prefix not in to_pods]
        return (*first, *sorted(to_pods.values(), key=lambda route: prefix_bounds(route.prefix)), *last)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Its own addresses, without the loopback's."""
        return tuple(interface.address for interface in self.interfaces if interface.address)

    def owns(self, address: str) -> bool:
        """Whether a packet to this address is for the machine itself."""
        return address in self.addresses or is_loopback(address)

    def interface(self, name: str) -> Interface:
        """The interface of that name.

        :raises KeyError: if there is none.
        """
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(f"{self.name} has no interface {name}")

    def route_to(self, address: str) -> Route | None:
        """The route with the longest prefix that holds the address, or None; there is none to an IPv6 address."""
        if not is_ipv4(address):
            return None
        number = address_number(address)
        best: Route | None = None
        longest = -1
        for length, first, last, route in self._by_length:
            if first <= number <= last:
                best, longest = route, length
                break
        through = None if self.pod_routes is None else self.pod_routes.to(number, longest)
        return through or best

    @cached_property
    def _by_length(self) -> list[tuple[int, int, int, Route]]:
        """Its own routes, the longest prefix first: (length, first address, last address, route)."""
        table = [(prefix_length(route.prefix), *prefix_bounds(route.prefix), route) for route in self.own_routes]
        return sorted(table, key=lambda line: -line[0])

    def source_for(self, address: str) -> str:
        """The address that the kernel puts on a packet to ``address`` when the program did not choose one.

        :returns: an empty string where there is no route.
        """
        if is_loopback(address):
            return "127.0.0.1"
        if self.owns(address):
            return address
        route = self.route_to(address)
        if route is None:
            return ""
        return self.interface(route.interface).address or next(iter(self.addresses), "")


def bridge_link(node: str) -> str:
    """The link of a node's bridge ``cni0``."""
    return f"cni0@{node}"


def pod_name(namespace: str, name: str) -> str:
    """The machine name of a Pod."""
    return f"pod/{namespace}/{name}"


def node_name(name: str) -> str:
    """The machine name of a node."""
    return f"node/{name}"


class Topology:
    """All machines and who owns which address on which link. Each question costs the same however many there are."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}
        self._owners: dict[str, tuple[tuple[str, Host], ...]] = {}
        """By address: the links on which it is known, each with its owner; the first that came is the first."""
        self._bridges: dict[str, Host] = {}
        self._ports: dict[str, dict[str, Host]] = {}
        """By bridge: the machines that are plugged into it."""
        self._outside: dict[str, Host] = {}

    def add(self, host: Host) -> None:
        """Add a machine, or replace the one of that name.

        :raises ValueError: if another machine on the same link has one of its addresses.
        """
        for interface in host.interfaces:
            owner = self.neighbour(interface.link, interface.address)
            if owner is not None and owner.name != host.name:
                raise ValueError(f"address {interface.address} of {host.name} is already taken by {owner.name}")
        self.remove(host.name)
        self._hosts[host.name] = host
        for interface in host.interfaces:
            if interface.address:
                known = self._owners.get(interface.address, ())
                self._owners[interface.address] = (*known, (interface.link, host))
            if interface.peer:
                self._ports.setdefault(interface.link, {})[host.name] = host
        if host.bridge:
            self._bridges[host.bridge] = host
        elif any(interface.link in (LAN, INTERNET) for interface in host.interfaces):
            self._outside[host.name] = host

    def remove(self, name: str) -> None:
        """Take a machine away; a no-op where there is none of that name."""
        host = self._hosts.pop(name, None)
        if host is None:
            return
        for interface in host.interfaces:
            others = tuple(owner for owner in self._owners.pop(interface.address, ()) if owner[1] is not host)
            if others:
                self._owners[interface.address] = others
            if interface.peer:
                self._ports[interface.link].pop(name, None)
        self._bridges.pop(host.bridge, None)
        self._outside.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._hosts

    def host(self, name: str) -> Host:
        """The machine of that name.

        :raises KeyError: if there is none.
        """
        try:
            return self._hosts[name]
        except KeyError:
            raise KeyError(f"there is no machine named {name}") from None

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every machine, in the order in which they came."""
        return tuple(self._hosts.values())

    @property
    def outside(self) -> tuple[Host, ...]:
        """The machines that are neither nodes nor Pods, in the order in which they came."""
        return tuple(self._outside.values())

    def neighbour(self, link: str, address: str) -> Host | None:
        """The machine that answers for an address on a link, or None."""
        for known, host in self._owners.get(address, ()):
            if known == link:
                return host
        return None

    def bridge_of(self, link: str) -> Host | None:
        """The machine whose bridge a link is, or None where the link is a plain wire."""
        return self._bridges.get(link)

    def plugged_into(self, link: str) -> tuple[Host, ...]:
        """The machines that have a cable to a bridge, in the order in which they were plugged in."""
        return tuple(self._ports.get(link, {}).values())

    def owner(self, address: str) -> Host | None:
        """The machine that has an address, on whichever link."""
        return next((host for _, host in self._owners.get(address, ())), None)


def node_host(
    name: str, address: str, pod_prefix: str, pod_routes: PodRoutes, gateway: str, backend: Backend = VXLAN
) -> Host:
    """A node as flannel sets it up.

    :param address: on the nodes' LAN.
    :param pod_prefix: the addresses of its Pods, such as ``10.42.1.0/24``.
    :param pod_routes: the ways to the Pods of all nodes.
    :param gateway: the router's address on the LAN; empty where the LAN has none.
    """
    lan = lan_prefix(address)
    tunnel = Interface("flannel.1", nth_address(pod_prefix, 0), TUNNEL, ETHERNET_MTU - VXLAN_OVERHEAD)
    interfaces = (
        Interface("eth0", address, LAN),
        *((tunnel,) if backend.tunnelled else ()),
        Interface("cni0", nth_address(pod_prefix, 1), bridge_link(name), backend.mtu),
    )
    default = (Route("0.0.0.0/0", "eth0", gateway),) if gateway else ()
    routes = (*default, Route(pod_prefix, "cni0"), Route(lan, "eth0"))
    return Host(node_name(name), interfaces, routes, forwards=True, bridge=bridge_link(name), pod_routes=pod_routes)


def routed_node_host(
    name: str, address: str, pods: Iterable[str], pod_routes: PodRoutes, gateway: str, lan: str
) -> Host:
    """A node that has a route of its own to each of its Pods, wherever their addresses lie.

    So Calico does it, and the plugins of clouds whose Pods have addresses of the nodes' network. No tunnel is drawn:
    how the packet gets to the other node is the plugin's affair.

    :param address: on the nodes' LAN; on the Pods' link it answers for their gateway.
    :param pods: the addresses of its Pods.
    :param pod_routes: the ways to the Pods of all nodes, one by one.
    """
    interfaces = (Interface("eth0", address, LAN), Interface("cni0", address, bridge_link(name)))
    default = (Route("0.0.0.0/0", "eth0", gateway),) if gateway else ()
    own = tuple(Route(f"{pod}/32", "cni0") for pod in pods)
    routes = (*default, *own, Route(lan, "eth0"))
    return Host(node_name(name), interfaces, routes, forwards=True, bridge=bridge_link(name), pod_routes=pod_routes)


def routes_of_routed_pods(address: str) -> tuple[Route, ...]:
    """The routes of every Pod of such a node: all by way of the node.

    :param address: the node's.
    """
    return (Route("0.0.0.0/0", "eth0", address), Route(f"{address}/32", "eth0"))


def routes_of_pods(pod_prefix: str, cluster_prefix: str) -> tuple[Route, ...]:
    """The routes of every Pod of a node: all by way of the node's bridge."""
    gateway = nth_address(pod_prefix, 1)
    return (Route("0.0.0.0/0", "eth0", gateway), Route(cluster_prefix, "eth0", gateway), Route(pod_prefix, "eth0"))


def pod_host(
    machine: str, address: str, link: str, routes: tuple[Route, ...], mtu: int = VXLAN.mtu, peer: int = FIRST_VETH
) -> Host:
    """A Pod's network namespace: one interface on its node's bridge.

    :param routes: those of all Pods of its node.
    :param peer: the number of its interface's other end on the node.
    """
    return Host(machine, (Interface("eth0", address, link, mtu, peer),), routes)


def lan_host(
    name: str, addresses: Iterable[str], gateway: str, lan: str, routes: Iterable[Route] = (), forwards: bool = False
) -> Host:
    """A machine on the nodes' LAN: the laptop, a load balancer."""
    interfaces = tuple(Interface(f"eth0:{n}" if n else "eth0", address, LAN) for n, address in enumerate(addresses))
    default = (Route("0.0.0.0/0", "eth0", gateway),) if gateway else ()
    return Host(name, interfaces, (*default, Route(lan, "eth0"), *routes), forwards=forwards)


def lan_prefix(address: str) -> str:
    """The /24 that holds an address: how wide the nodes' LAN is taken to be."""
    return nth_address(f"{address}/24", 0) + "/24"


def on_lan(address: str, lan: str) -> bool:
    """Whether an address belongs to the nodes' LAN."""
    return within(address, lan)
