"""Netfilter: what the rules of one machine do to one packet at one hook.

At each hook the kernel calls base chains in the order of their priority. A rule that matches may jump to another
chain, mark the packet, rewrite one of its ends or end its way. Where a rule throws dice (one endpoint of three), the
:class:`~kubesim.network.dice.Dice` of the walk say how they fell.

Chains of type ``nat`` are asked once a connection, for its first packet; conntrack repeats the answer for the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from zlib import crc32

import msgspec

from kubesim.network.dice import Dice
from kubesim.network.hooks import Hook
from kubesim.network.matches import RememberSource, Situation, Statistic, packet_key
from kubesim.network.packet import Packet
from kubesim.network.rules import BaseChain, Chain, Rule, Ruleset
from kubesim.network.targets import (
    Accept,
    Dnat,
    DnatAny,
    Drop,
    FlipMark,
    Goto,
    GotoAny,
    Jump,
    LookUp,
    Masquerade,
    NfLog,
    Reject,
    Remember,
    Return,
    SetMark,
    Target,
    WriteMark,
)
from kubesim.network.trace import Applied, Step

MAX_DEPTH = 64
"""How deep chains may call each other before the packet is given up; the kernel refuses rule sets that loop."""


class Verdict(StrEnum):
    """How a packet left a hook."""

    PASS = "pass"
    DROP = "drop"
    REJECT = "reject"


class Passage(msgspec.Struct):
    """The way of a packet through a hook.

    :param probability: that the dice fell so.
    :param steps: every rule that acted, and the jumps that led to it; a jump that led to nothing is none.
    :param examined: how many rules a kernel would have compared.
    :param remembered: (affinity list, address) that rules put there.
    """

    packet: Packet
    verdict: Verdict = Verdict.PASS
    probability: float = 1.0
    steps: tuple[Step, ...] = ()
    examined: int = 0
    remembered: tuple[tuple[str, str], ...] = ()


class _Place(msgspec.Struct):
    """Where in a chain a packet is.

    :param candidates: (position, rule) of those rules of the chain that could match the packet and were not asked yet.
    :param compared: how many of the chain's rules a kernel would have compared by now.
    :param returns: whether the chain below comes back here (from a jump it does, from a goto it does not).
    :param pending: how many jumps had led to nothing when the chain below was entered.
    """

    chain: Chain
    candidates: Iterator[tuple[int, Rule]]
    compared: int = 0
    returns: bool = True
    pending: int = 0


def traverse(
    dice: Dice,
    ruleset: Ruleset,
    hook: Hook,
    packet: Packet,
    situation: Situation,
    masquerade_address: str = "",
    nat: bool = True,
) -> Passage:
    """The way of a packet through one hook of one machine.

    :param situation: what the rules may ask about; its ``sets`` and ``ipsets`` are filled in here.
    :param masquerade_address: the address that masquerading gives the packet.
    :param nat: whether this is the first packet of its connection, so that nat chains are asked.
    """
    passage = Passage(packet)
    situation.ipsets = ruleset.ipsets
    for base in ruleset.at(hook):
        if base.nat and not nat:
            continue
        situation.sets = ruleset.members(base.table)
        _Evaluation(dice, ruleset, base, situation, masquerade_address, passage).run()
        if passage.verdict is not Verdict.PASS:
            break
    return passage


class _Evaluation:
    """One base chain and the chains below it, as one packet passes them."""

    def __init__(
        self,
        dice: Dice,
        ruleset: Ruleset,
        base: BaseChain,
        situation: Situation,
        masquerade_address: str,
        passage: Passage,
    ) -> None:
        self.dice = dice
        self.ruleset = ruleset
        self.base = base
        self.situation = situation
        self.masquerade_address = masquerade_address
        self.passage = passage
        self.protocol = passage.packet.protocol.lower()
        self.place: _Place | None = self._start(base.chain)
        """Where the packet is; None once it has left the base chain."""
        self.above: list[_Place] = []
        """The chains that wait for the one in which it is, the nearest last."""
        self.pending: list[tuple[Packet, Packet, BaseChain, str, Rule, Target, float]] = []
        """Jumps that led to nothing yet: what their steps will say, if they come to be steps."""

    def _start(self, name: str) -> _Place:
        packet, chain = self.passage.packet, self.ruleset.chains[self.base.table, name]
        found = chain.candidates(self.protocol, packet.destination, packet.destination_port, packet.source)
        return _Place(chain, found)

    def run(self) -> None:
        """Go from rule to rule and from chain to chain, to the end of the way."""
        passage, situation = self.passage, self.situation
        while (place := self.place) is not None:
            for position, rule in place.candidates:
                for match in rule.matches:
                    if not match.holds(passage.packet, situation):
                        break
                else:
                    passage.examined += position + 1 - place.compared
                    place.compared = position + 1
                    if self._apply(place, rule):
                        break
            else:
                passage.examined += len(place.chain.rules) - place.compared
                self._come_back()

    def _apply(self, place: _Place, rule: Rule) -> bool:
        """Do what a rule says.

        :returns: whether the way left the chain; otherwise it goes on to the next rule.
        """
        passage, chance = self.passage, 1.0
        for match in rule.matches:
            if type(match) is Statistic:
                chance = match.kept
                if chance < 1 and self._one_of((chance, 1 - chance)):
                    return False
            elif type(match) is RememberSource:
                passage.remembered += ((match.name, passage.packet.source),)
        packet, target = passage.packet, rule.target
        if type(target) is LookUp:
            elements = self.ruleset.sets[self.base.table, target.map].elements
            target = elements.get(packet_key(packet, target.keys))
        match target:
            case None:
                return False
            case Jump() | Goto():
                self._enter(place, rule, target, chance)
            case Return():
                self._come_back()
            case SetMark(bits=bits):
                self._act(place, rule, target, packet.rewritten(mark=packet.mark | bits))
                return False
            case FlipMark(bits=bits):
                # Taking kube-proxy's mark off again is bookkeeping; the masquerade that follows is the step.
                passage.packet = packet.rewritten(mark=packet.mark ^ bits)
                return False
            case WriteMark(bits=bits, mask=mask):
                passage.packet = packet.rewritten(mark=packet.mark & ~mask | bits)
                return False
            case NfLog():
                return False
            case Remember(set=name):
                passage.remembered += ((name, packet.source),)
                return False
            case Accept():
                self._end(place, rule, target, packet)
            case Drop():
                self._end(place, rule, target, packet, verdict=Verdict.DROP)
            case Reject():
                self._end(place, rule, target, packet, verdict=Verdict.REJECT)
            case Dnat():
                self._dnat(place, rule, target, chance)
            case Masquerade():
                self._end(place, rule, target, _masqueraded(packet, self.masquerade_address, target.clears))
            case DnatAny(endpoints=endpoints):
                share = 1 / len(endpoints)
                self._dnat(place, rule, Dnat(*endpoints[self._one_of([share] * len(endpoints))]), share)
            case GotoAny(chains=chains):
                share = 1 / len(chains)
                self._enter(place, rule, Goto(chains[self._one_of([share] * len(chains))]), share)
            case LookUp():
                raise ValueError(f"an entry of a map must be a verdict, got {target}")
        return True

    def _one_of(self, shares: Sequence[float]) -> int:
        """Throw the dice."""
        number = self.dice.pick(shares)
        self.passage.probability *= shares[number]
        return number

    def _enter(self, place: _Place, rule: Rule, target: Jump | Goto, chance: float) -> None:
        """Go to a chain below; the jump becomes a step once something happens there."""
        if len(self.above) >= MAX_DEPTH:
            raise ValueError(f"chains call each other more than {MAX_DEPTH} deep, at {target.chain}")
        packet = self.passage.packet
        place.returns, place.pending = isinstance(target, Jump), len(self.pending)
        self.above.append(place)
        self.pending.append((packet, packet, self.base, place.chain.name, rule, target, chance))
        self.place = self._start(target.chain)

    def _come_back(self) -> None:
        """Leave a chain for the nearest one that waits for it; what is still pending below led to nothing."""
        while self.above:
            place = self.above.pop()
            del self.pending[place.pending :]
            if place.returns:
                self.place = place
                return
        self.place = None

    def _act(self, place: _Place, rule: Rule, target: Target, after: Packet, chance: float = 1.0) -> None:
        """What a rule made of a packet: a step, after the jumps that led to it."""
        passage = self.passage
        step = Applied(passage.packet, after, self.base, place.chain.name, rule, target, chance)
        passage.steps += (*(Applied(*jump) for jump in self.pending), step)
        passage.packet = after
        self.pending.clear()

    def _end(
        self,
        place: _Place,
        rule: Rule,
        target: Target,
        after: Packet,
        chance: float = 1.0,
        verdict: Verdict = Verdict.PASS,
    ) -> None:
        """The same, and no other rule of this base chain is asked."""
        self._act(place, rule, target, after, chance)
        self.passage.verdict, self.place = verdict, None

    def _dnat(self, place: _Place, rule: Rule, target: Dnat, chance: float) -> None:
        packet = self.passage.packet
        port = target.port or packet.destination_port
        self._end(place, rule, target, packet.rewritten(destination=target.address, destination_port=port), chance)


def _masqueraded(packet: Packet, address: str, clears: int) -> Packet:
    """A packet with another source, and bits of its mark flipped.

    The kernel picks the new source port at random (``--random-fully``); here it follows from the packet, so that a walk
    stays pure.
    """
    mark = packet.mark ^ clears
    if address in ("", packet.source):
        return packet.rewritten(mark=mark)
    port = packet.source_port
    if port:
        flow = f"{address}:{port}>{packet.destination}:{packet.destination_port}"
        port = 1024 + crc32(flow.encode()) % 64512
    return packet.rewritten(source=address, source_port=port, mark=mark)
