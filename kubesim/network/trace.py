"""What happened to a packet, kept as facts: a Trace of Hops of Steps.

A :class:`Step` is one decision of one kernel; its type says which (a rule that matched, a route that was chosen, a
socket that took the packet), its fields what was decided. A :class:`Hop` is one network namespace that the packet
passed through; a :class:`Trace` is one possible way of the packet, with its probability, and the way of the reply.
Where a rule picks one of three endpoints the walker returns three traces.

There is no sentence here: :mod:`kubesim.views` makes tables, pictures and words of a trace when somebody reads it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kubesim.network.packet import Packet
from kubesim.network.rules import BaseChain, Rule
from kubesim.network.targets import Dnat, Drop, Masquerade, Reject, Target
from kubesim.network.topology import Route


class Outcome(StrEnum):
    """How the first packet of a connection ended."""

    DELIVERED = "delivered"
    """A process that listens took it."""
    REFUSED = "refused"
    """It reached a machine where nothing listens on that port: a TCP RST (for UDP an ICMP port-unreachable)."""
    REJECTED = "rejected"
    """A rule answered with ICMP (kube-proxy: the Service has no endpoints)."""
    DROPPED = "dropped"
    """A rule dropped it, silently: the sender waits until its time-out."""
    UNREACHABLE = "unreachable"
    """A router answered that there is no such host or route; the sender learns it (after about 3 s for a dead
    neighbour).
    """
    LOST = "lost"
    """It left for a network that never answers: the sender waits until its time-out."""


class Action(StrEnum):
    """What a step did."""

    SEND = "send"
    RULE = "rule"
    """A rule matched and sent the packet on to another chain, or marked it."""
    DNAT = "dnat"
    SNAT = "snat"
    """Masquerade: the source became the node's address."""
    UNTRANSLATE = "untranslate"
    """conntrack rewrote a packet of a connection that it knows: a reply back."""
    ROUTE = "route"
    DELIVER = "deliver"
    REFUSE = "refuse"
    REJECT = "reject"
    DROP = "drop"
    LOSE = "lose"


class Step(msgspec.Struct, frozen=True, gc=False):
    """One decision: the packet before it and after it. What was decided is in the subclasses.

    The packet is the one on the wire: on the way back of an ICMP error, the error itself.
    """

    before: Packet
    after: Packet

    @property
    def action(self) -> Action:
        """What the step did."""
        return _ACTIONS[type(self)]


class Sent(Step, frozen=True, gc=False):
    """A process sent the packet, or answered.

    :param port: where to; an ICMP error that answers has no port of its own.
    """

    answering: bool
    port: int


class Applied(Step, frozen=True, gc=False):
    """A rule acted.

    :param base: the base chain that the kernel called.
    :param chain: the chain that the rule stands in.
    :param target: what the rule did. Where it looked this up, or chose it among several: what came of that.
    :param probability: of this choice, where the rule chooses among endpoints; else 1.
    """

    base: BaseChain
    chain: str
    rule: Rule
    target: Target
    probability: float = 1.0

    @property
    def action(self) -> Action:
        """What the rule did."""
        return _RULE_ACTIONS.get(type(self.target), Action.RULE)


class Translated(Step, frozen=True, gc=False):
    """conntrack knew the connection, and rewrote the packet as its first one was, or a reply back."""

    answering: bool


class Routed(Step, frozen=True, gc=False):
    """The packet leaves by a route.

    :param bridged: whether this machine only bridges it.
    :param tunnel: the nodes' addresses between which VXLAN carries it, the second empty where nobody has the next hop's
        address; None where the route is no tunnel.
    """

    route: Route
    bridged: bool = False
    tunnel: tuple[str, str] | None = None


class Delivered(Step, frozen=True, gc=False):
    """A socket took the packet (an echo request: the kernel itself)."""

    answering: bool


class Refused(Step, frozen=True, gc=False):
    """No socket took the packet."""


class Ignored(Step, frozen=True, gc=False):
    """The packet is for another machine, and this one passes nothing on."""


class Confined(Step, frozen=True, gc=False):
    """A packet from 127.0.0.1 wanted to leave the machine."""


class NoRoute(Step, frozen=True, gc=False):
    """No route leads to the destination.

    :param kind: of the route that says so (``unreachable``, ``prohibit``, ``blackhole``); empty where there is none.
    """

    kind: str = ""


class NoNeighbour(Step, frozen=True, gc=False):
    """Nobody on the link answers for the next hop's address.

    :param seconds: how long the kernel asked.
    """

    interface: str
    address: str
    seconds: float


class NobodyBeyond(Step, frozen=True, gc=False):
    """The Internet does not have the address."""

    address: str


_ACTIONS: dict[type[Step], Action] = {
    Sent: Action.SEND,
    Translated: Action.UNTRANSLATE,
    Routed: Action.ROUTE,
    Delivered: Action.DELIVER,
    Refused: Action.REFUSE,
    Ignored: Action.LOSE,
    Confined: Action.DROP,
    NoRoute: Action.LOSE,
    NoNeighbour: Action.LOSE,
    NobodyBeyond: Action.LOSE,
}

_RULE_ACTIONS: dict[type[Target], Action] = {
    Dnat: Action.DNAT,
    Masquerade: Action.SNAT,
    Reject: Action.REJECT,
    Drop: Action.DROP,
}


class Hop(msgspec.Struct, frozen=True, gc=False):
    """One machine (network namespace) the packet passed through.

    :param machine: its name: ``pod/default/client``, ``node/master``, ``laptop``, ``internet/google.com``.
    :param interface_in: the interface it arrived on; empty where it was sent from here.
    :param interface_out: the interface it left by; empty where it ended here.
    """

    machine: str
    steps: tuple[Step, ...]
    interface_in: str = ""
    interface_out: str = ""


class Trace(msgspec.Struct, frozen=True, gc=False):
    """One possible way of a packet, and of its reply.

    :param source: the machine that sent it.
    :param packet: as sent.
    :param hops: the way there, in order, the sender's own hop first.
    :param reply: the way back of the answer (SYN-ACK, RST or ICMP), empty where nothing answers.
    :param delivered: the packet as the destination saw it; None where it did not arrive.
    :param destination: the machine where it ended, whatever the outcome.
    :param seconds: until the sender knows: 0 for an answer, 3 for a dead neighbour, ``inf`` where nothing answers.
    :param rules_examined: how many rules a kernel would have compared (iptables walks lists).
    """

    source: str
    packet: Packet
    hops: tuple[Hop, ...]
    outcome: Outcome
    destination: str
    probability: float = 1.0
    reply: tuple[Hop, ...] = ()
    delivered: Packet | None = None
    seconds: float = 0.0
    rules_examined: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step of the way there, in order."""
        return tuple(step for hop in self.hops for step in hop.steps)

    @property
    def problem(self) -> str:
        """The ICMP error that ends it, or the same told by the sender's own kernel; empty where there is none.

        :returns: ``net``, ``host``, ``port`` or ``admin``, for "… unreachable" or "communication prohibited".
        """
        last = self.hops[-1].steps[-1]
        match last:
            case NoNeighbour():
                return "host"
            case NoRoute(kind=kind):
                return {"unreachable": "host", "prohibit": "admin", "blackhole": ""}.get(kind, "net")
            case Applied(target=Reject(answer=answer)):
                return answer.removeprefix("icmp-").partition("-")[0] if "prohibited" not in answer else "admin"
            case _:
                return "port" if self.outcome is Outcome.REFUSED and self.packet.protocol != "TCP" else ""

    @property
    def not_permitted(self) -> bool:
        """Whether the sender's own rules stopped a UDP packet: its program's send fails with ``Operation not
        permitted``.

        TCP programs do not see this: the kernel sends their packets by itself, later and again.
        """
        stopped = self.outcome in (Outcome.REJECTED, Outcome.DROPPED) and self.packet.protocol == "UDP"
        # A packet to the sender's own address comes in again by the loopback; what stops it there is not its sending.
        return stopped and len(self.hops) == 1 and not self.hops[0].interface_in
