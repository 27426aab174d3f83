"""What happened to a packet, kept as data: a Trace of Hops of Steps.

Pictures, tables and sentences are views of this record and compute nothing themselves. A :class:`Step` is one decision
(a rule that matched, a route that was chosen, an address that was rewritten); a :class:`Hop` is one network namespace
that the packet passed through; a :class:`Trace` is one possible way of the packet, with its probability, and the way
of the reply. Where a rule picks one of three endpoints the walker returns three traces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubesim.network.packet import Packet


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
    """conntrack rewrote a reply back."""
    ROUTE = "route"
    DELIVER = "deliver"
    REFUSE = "refuse"
    REJECT = "reject"
    DROP = "drop"
    LOSE = "lose"


@dataclass(frozen=True, slots=True)
class Step:
    """One decision.

    :param stage: where in the kernel: ``nat PREROUTING``, ``filter FORWARD``, ``routing``, ``socket``…
    :param rule: the rule's text as ``iptables-save`` (or ``nft list ruleset``) prints it; empty where none acted.
    :param reason: one sentence for a learner.
    :param probability: of this choice, where the rule chooses among endpoints; else 1.
    """

    action: Action
    stage: str
    before: Packet
    after: Packet
    reason: str
    chain: str = ""
    rule: str = ""
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Hop:
    """One machine (network namespace) the packet passed through.

    :param machine: its name: ``pod/default/client``, ``node/master``, ``laptop``, ``internet/google.com``.
    :param interface_in: the interface it arrived on; empty where it was sent from here.
    :param interface_out: the interface it left by; empty where it ended here.
    """

    machine: str
    steps: tuple[Step, ...]
    interface_in: str = ""
    interface_out: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
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
    def not_permitted(self) -> bool:
        """Whether the sender's own rules stopped a UDP packet: its program's send fails with ``Operation not
        permitted``.

        TCP programs do not see this: the kernel sends their packets by itself, later and again.
        """
        stopped = self.outcome in (Outcome.REJECTED, Outcome.DROPPED) and self.packet.protocol == "UDP"
        # A packet to the sender's own address comes in again by the loopback; what stops it there is not its sending.
        return stopped and len(self.hops) == 1 and not self.hops[0].interface_in
