"""The machines of a cluster, their interfaces and their routes, and which interfaces share a link.

The shape is flannel's with its VXLAN backend, which k3s uses::

    Pod eth0 ── bridge cni0 (10.42.N.1) ── node ── eth0 on the nodes' LAN ── router ── the Internet
                                            └── flannel.1 (10.42.N.0): the tunnel to the other nodes

A *link* is a set of interfaces that reach each other without a router: the LAN, the bridge of one node, the tunnel.
A packet leaves by the route with the longest matching prefix, for the interface on that link that owns the next hop's
address. Where nobody owns it, address resolution fails and after about 3 s the sender hears "no route to host".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubesim.network.addresses import (
    address_number,
    is_ipv4,
    is_loopback,
    nth_address,
    prefix_bounds,
    prefix_length,
    within,
)

LAN = "lan"
"""The link that joins the nodes, the laptop, the load balancer and the router."""
TUNNEL = "tunnel"
"""The link that flannel's VXLAN makes between the nodes."""
INTERNET = "internet"
"""The link behind the router; whoever is not on it never answers."""
ROUTER = "internet/router"
"""The name of the router between the nodes' LAN and the Internet."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface.

    :param address: empty where the interface has none.
    :param link: the link it is attached to.
    """

    name: str
    address: str
    link: str


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a routing table.

    :param prefix: the destinations it is for; ``0.0.0.0/0`` is the default route.
    :param gateway: the next hop's address; empty where the destination itself is on the link.
    """

    prefix: str
    interface: str
    gateway: str = ""

    def __str__(self) -> str:
        """As ``ip route`` prints it."""
        destination = "default" if self.prefix == "0.0.0.0/0" else self.prefix
        via = f" via {self.gateway}" if self.gateway else ""
        onlink = " onlink" if self.interface == "flannel.1" else ""
        return f"{destination}{via} dev {self.interface}{onlink}"


@dataclass(frozen=True, slots=True)
class Host:
    """One network namespace: a Pod, a node, or a machine outside the cluster.

    :param forwards: whether it passes on packets that are not for itself, as nodes and routers do.
    :param bridge: the link whose bridge this machine is; frames between others on that link pass through its netfilter.
    """

    name: str
    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...]
    forwards: bool = False
    bridge: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its own addresses, without the loopback's."""
        return tuple(interface.address for interface in self.interfaces if interface.address)

    def owns(self, address: str) -> bool:
        """Whether a packet to this address is for the machine itself."""
        return is_loopback(address) or any(interface.address == address for interface in self.interfaces)

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
        for route in self.routes:
            first, last = prefix_bounds(route.prefix)
            length = prefix_length(route.prefix)
            if length > longest and first <= number <= last:
                best, longest = route, length
        return best

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
        self._owners: dict[tuple[str, str], str] = {}
        self._bridges: dict[str, str] = {}

    def add(self, host: Host) -> None:
        """Add a machine, or replace the one of that name.

        :raises ValueError: if another machine on the same link has one of its addresses.
        """
        for interface in host.interfaces:
            owner = self._owners.get((interface.link, interface.address))
            if interface.address and owner not in (None, host.name):
                raise ValueError(f"address {interface.address} of {host.name} is already taken by {owner}")
        self.remove(host.name)
        self._hosts[host.name] = host
        for interface in host.interfaces:
            if interface.address:
                self._owners[interface.link, interface.address] = host.name
        if host.bridge:
            self._bridges[host.bridge] = host.name

    def remove(self, name: str) -> None:
        """Take a machine away; a no-op where there is none of that name."""
        host = self._hosts.pop(name, None)
        if host is None:
            return
        for interface in host.interfaces:
            self._owners.pop((interface.link, interface.address), None)
        if host.bridge:
            self._bridges.pop(host.bridge, None)

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

    def neighbour(self, link: str, address: str) -> Host | None:
        """The machine that answers for an address on a link, or None."""
        name = self._owners.get((link, address))
        return None if name is None else self._hosts[name]

    def bridge_of(self, link: str) -> Host | None:
        """The machine whose bridge a link is, or None where the link is a plain wire."""
        name = self._bridges.get(link)
        return None if name is None else self._hosts[name]

    def owner(self, address: str) -> Host | None:
        """The machine that has an address, on whichever link."""
        return next((host for host in self._hosts.values() if address in host.addresses), None)


def node_host(name: str, address: str, pod_prefix: str, others: Iterable[tuple[str, str]], gateway: str) -> Host:
    """A node as flannel sets it up.

    :param address: on the nodes' LAN.
    :param pod_prefix: the addresses of its Pods, such as ``10.42.1.0/24``.
    :param others: (Pod prefix, LAN address) of every other node.
    :param gateway: the router's address on the LAN; empty where the LAN has none.
    """
    lan = lan_prefix(address)
    interfaces = (
        Interface("eth0", address, LAN),
        Interface("flannel.1", nth_address(pod_prefix, 0), TUNNEL),
        Interface("cni0", nth_address(pod_prefix, 1), bridge_link(name)),
    )
    routes = [Route("0.0.0.0/0", "eth0", gateway)] if gateway else []
    tunnels = [Route(prefix, "flannel.1", nth_address(prefix, 0)) for prefix, _ in others]
    routes += sorted([*tunnels, Route(pod_prefix, "cni0")], key=lambda route: prefix_bounds(route.prefix))
    routes.append(Route(lan, "eth0"))
    return Host(node_name(name), interfaces, tuple(routes), forwards=True, bridge=bridge_link(name))


def pod_host(namespace: str, name: str, address: str, node: str, pod_prefix: str, cluster_prefix: str) -> Host:
    """A Pod's network namespace: one interface on its node's bridge, and everything else by way of the bridge."""
    gateway = nth_address(pod_prefix, 1)
    routes = (Route("0.0.0.0/0", "eth0", gateway), Route(cluster_prefix, "eth0", gateway), Route(pod_prefix, "eth0"))
    return Host(pod_name(namespace, name), (Interface("eth0", address, bridge_link(node)),), routes)


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
