"""One sentence for every step that the kernel takes besides rules: sending, routing, connection tracking, delivery.

A step is always shown beside its machine, so a sentence does not name the machine again.
"""

from __future__ import annotations

from kubesim.network.flight import Flight
from kubesim.network.packet import Packet
from kubesim.network.topology import LAN, Host, Interface, Route, Topology


def sending(flight: Flight) -> str:
    """A packet, or an answer, is sent."""
    packet = flight.packet
    where = f"{packet.destination}:{packet.destination_port}" if packet.destination_port else packet.destination
    if flight.answering:
        return f"The answer goes to {where}, where the packet seemed to come from."
    if packet.protocol == "ICMP":
        return f"Sends an echo request to {where}."
    if packet.protocol == "UDP":
        return f"Sends a UDP packet to {where}."
    return f"Opens a {packet.protocol} connection to {where}."


def remembering(before: Packet, flight: Flight) -> str:
    """Conntrack rewrites a packet of a connection that it knows."""
    after = flight.shown
    if flight.answering:
        return (
            f"Conntrack knows the connection and turns its rewriting round: {before.source} → {before.destination} "
            f"becomes {after.source} → {after.destination}."
        )
    return (
        "Conntrack knows the connection; the packet is rewritten as its first one was, to "
        f"{after.destination}:{after.destination_port}."
    )


def routing(topology: Topology, flight: Flight, route: Route, interface: Interface) -> str:
    """By which interface, and to whom, a packet leaves."""
    destination = flight.packet.destination
    if interface.name == "flannel.1":
        there = topology.neighbour(interface.link, route.gateway)
        far = _lan_address(there) if there else "the other node"
        return (
            f"{destination} is a Pod address of another node: flannel.1 wraps the packet (VXLAN, UDP port 8472) and "
            f"sends it from {_lan_address(flight.host)} to {far}. The addresses inside stay as they are."
        )
    if flight.bridged:
        return f"The bridge {interface.name} hands the packet to {destination}, which hangs on the same bridge."
    if route.gateway:
        return (
            f"{destination} is not on this machine's own link; the route leads to {route.gateway} by {interface.name}."
        )
    return f"{destination} is on the link behind {interface.name}."


def _lan_address(host: Host) -> str:
    return next((interface.address for interface in host.interfaces if interface.link == LAN), "")


def ignored(packet: Packet) -> str:
    """A machine that is no router gets a packet for another."""
    return f"This machine does not have the address {packet.destination} and passes nothing on; it ignores the packet."


def nobody_there(interface: Interface, address: str, seconds: float) -> str:
    """Nobody answers for the next hop's address."""
    return (
        f"No machine on the link behind {interface.name} answers for {address}; after {seconds:.0f} seconds the kernel "
        "gives up and the sender hears: no route to host."
    )


def beyond(address: str) -> str:
    """The Internet does not have the address."""
    return f"Beyond this router nobody has the address {address}; no answer will ever come."


def taken(flight: Flight) -> str:
    """A socket takes the packet."""
    packet = flight.packet
    if flight.answering:
        return "The answer is back where the packet was sent."
    if packet.protocol == "ICMP":
        return "The kernel answers the echo request itself."
    where = f"{packet.protocol} port {packet.destination_port}"
    return f"A process listens on {where}; it sees the client as {packet.source}."


def refused(flight: Flight) -> str:
    """No socket takes the packet."""
    packet = flight.packet
    answer = "a TCP reset (RST)" if packet.protocol == "TCP" else "ICMP port unreachable"
    where = f"{packet.protocol} port {packet.destination_port}"
    return f"Nothing listens on {where}; the kernel answers with {answer}."
