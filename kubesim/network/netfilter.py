"""Netfilter: what the rules of one machine do to one packet at one hook.

At each hook the kernel calls base chains in the order of their priority. A rule that matches may jump to another
chain, mark the packet, rewrite one of its ends or end its way. Where a rule throws dice (one endpoint of three), the
evaluator follows every outcome and returns one :class:`Passage` for each, with its probability.

Chains of type ``nat`` are asked once a connection, for its first packet; conntrack repeats the answer for the others.
"""

from __future__ import annotations

from copy import copy
from enum import StrEnum
from zlib import crc32

import msgspec

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
    Reject,
    Remember,
    Return,
    SetMark,
    Target,
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
    """One possible way of a packet through a hook.

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

    :param candidates: (position, rule) of those rules of the chain that could match the packet.
    :param next: which of the candidates is asked next.
    :param compared: how many of the chain's rules a kernel would have compared by now.
    :param returns: whether the chain below comes back here (from a jump it does, from a goto it does not).
    :param pending: how many jumps had led to nothing when the chain below was entered.
    """

    chain: Chain
    candidates: list[tuple[int, Rule]]
    next: int = 0
    compared: int = 0
    returns: bool = True
    pending: int = 0


class _Walk(msgspec.Struct):
    """One passage while it is made.

    :param above: the chains that wait for the one in which it is, the nearest last.
    :param pending: jumps that led to nothing yet.
    :param ended: whether it is complete.
    """

    passage: Passage
    place: _Place
    above: tuple[_Place, ...] = ()
    pending: tuple[Applied, ...] = ()
    ended: bool = False

    def split(self, share: float) -> _Walk:
        """The same once more, for a choice with this share of the probability."""
        other = copy(self)
        other.passage, other.place = copy(self.passage), copy(self.place)
        other.above = tuple(copy(place) for place in self.above)
        other.passage.probability *= share
        return other


def traverse(
    ruleset: Ruleset,
    hook: Hook,
    packet: Packet,
    situation: Situation,
    masquerade_address: str = "",
    nat: bool = True,
) -> list[Passage]:
    """All ways of a packet through one hook of one machine.

    :param situation: what the rules may ask about; its ``sets`` are filled in here.
    :param masquerade_address: the address that masquerading gives the packet.
    :param nat: whether this is the first packet of its connection, so that nat chains are asked.
    """
    passages = [Passage(packet)]
    for base in ruleset.at(hook):
        if base.nat and not nat:
            continue
        situation.sets = ruleset.members(base.table)
        evaluation = _Evaluation(ruleset, base, situation, masquerade_address)
        passages = [after for passage in passages for after in evaluation.run(passage)]
    return passages


class _Evaluation:
    """One base chain and the chains below it."""

    def __init__(self, ruleset: Ruleset, base: BaseChain, situation: Situation, masquerade_address: str) -> None:
        self.ruleset = ruleset
        self.base = base
        self.situation = situation
        self.masquerade_address = masquerade_address
        self.waiting: list[_Walk] = []
        """Ways that the dice left open, the next one last."""

    def run(self, passage: Passage) -> list[Passage]:
        """The ways of one passage through the base chain; a packet already stopped stays so."""
        if passage.verdict is not Verdict.PASS:
            return [passage]
        start = self._start(self.base.chain, passage.packet)
        if not start.candidates:
            passage.examined += len(start.chain.rules)
            return [passage]
        done: list[Passage] = []
        self.waiting.append(_Walk(passage, start))
        while self.waiting:
            walk = self.waiting.pop()
            self._follow(walk)
            done.append(walk.passage)
        return done

    def _start(self, name: str, packet: Packet) -> _Place:
        chain = self.ruleset.chain(self.base.table, name)
        protocol = packet.protocol.lower()
        return _Place(chain, list(chain.candidates(protocol, packet.destination, packet.destination_port)))

    def _follow(self, walk: _Walk) -> None:
        """Go from rule to rule and from chain to chain, to the end of the way."""
        passage, situation = walk.passage, self.situation
        packet = passage.packet
        while not walk.ended:
            place = walk.place
            candidates = place.candidates
            for turn in range(place.next, len(candidates)):
                position, rule = candidates[turn]
                for match in rule.matches:
                    if not match.holds(packet, situation):
                        break
                else:
                    passage.examined += position + 1 - place.compared
                    place.next, place.compared = turn + 1, position + 1
                    if self._apply(walk, rule):
                        break
                    packet = passage.packet
            else:
                passage.examined += len(place.chain.rules) - place.compared
                _come_back(walk)

    def _apply(self, walk: _Walk, rule: Rule) -> bool:
        """Do what a rule says.

        :returns: whether the way left the chain; otherwise it goes on to the next rule.
        """
        chance = 1.0
        for match in rule.matches:
            if type(match) is Statistic:
                chance = match.kept
                if chance < 1:
                    self.waiting.append(walk.split(1 - chance))
                    walk.passage.probability *= chance
            elif type(match) is RememberSource:
                walk.passage.remembered += ((match.name, walk.passage.packet.source),)
        passage, target = walk.passage, rule.target
        if isinstance(target, LookUp):
            elements = self.ruleset.sets[self.base.table, target.map].elements
            target = elements.get(packet_key(passage.packet, target.keys))
        packet = passage.packet
        match target:
            case None:
                return False
            case Jump() | Goto():
                self._enter(walk, rule, target, chance)
            case Return():
                _come_back(walk)
            case SetMark(bits=bits):
                self._act(walk, rule, target, packet.rewritten(mark=packet.mark | bits))
                return False
            case FlipMark(bits=bits):
                # Taking kube-proxy's mark off again is bookkeeping; the masquerade that follows is the step.
                passage.packet = packet.rewritten(mark=packet.mark ^ bits)
                return False
            case Remember(set=name):
                passage.remembered += ((name, packet.source),)
                return False
            case Accept():
                self._end(walk, rule, target, packet)
            case Drop():
                self._end(walk, rule, target, packet, verdict=Verdict.DROP)
            case Reject():
                self._end(walk, rule, target, packet, verdict=Verdict.REJECT)
            case Dnat():
                self._dnat(walk, rule, target, chance)
            case Masquerade():
                self._end(walk, rule, target, _masqueraded(packet, self.masquerade_address, target.clears))
            case DnatAny(endpoints=endpoints):
                for one, endpoint in zip(self._each(walk, len(endpoints)), endpoints, strict=True):
                    self._dnat(one, rule, Dnat(*endpoint), 1 / len(endpoints))
            case GotoAny(chains=chains):
                for one, below in zip(self._each(walk, len(chains)), chains, strict=True):
                    self._enter(one, rule, Goto(below), 1 / len(chains))
            case LookUp():
                raise ValueError(f"an entry of a map must be a verdict, got {target}")
        return True

    def _each(self, walk: _Walk, count: int) -> list[_Walk]:
        """One walk for each of several equal choices: the given one for the first, the others wait for their turn."""
        others = [walk.split(1 / count) for _ in range(count - 1)]
        walk.passage.probability *= 1 / count
        self.waiting += reversed(others)
        return [walk, *others]

    def _enter(self, walk: _Walk, rule: Rule, target: Jump | Goto, chance: float) -> None:
        """Go to a chain below; the jump becomes a step once something happens there."""
        if len(walk.above) >= MAX_DEPTH:
            raise ValueError(f"chains call each other more than {MAX_DEPTH} deep, at {target.chain}")
        packet, place = walk.passage.packet, walk.place
        jump = Applied(packet, packet, self.base, place.chain.name, rule, target, chance)
        place.returns, place.pending = isinstance(target, Jump), len(walk.pending)
        walk.above, walk.pending = (*walk.above, place), (*walk.pending, jump)
        walk.place = self._start(target.chain, packet)

    def _act(self, walk: _Walk, rule: Rule, target: Target, after: Packet, chance: float = 1.0) -> None:
        """What a rule made of a packet: a step, after the jumps that led to it."""
        passage = walk.passage
        step = Applied(passage.packet, after, self.base, walk.place.chain.name, rule, target, chance)
        passage.steps = (*passage.steps, *walk.pending, step)
        passage.packet, walk.pending = after, ()

    def _end(
        self,
        walk: _Walk,
        rule: Rule,
        target: Target,
        after: Packet,
        chance: float = 1.0,
        verdict: Verdict = Verdict.PASS,
    ) -> None:
        """The same, and no other rule of this base chain is asked."""
        self._act(walk, rule, target, after, chance)
        walk.passage.verdict, walk.ended = verdict, True

    def _dnat(self, walk: _Walk, rule: Rule, target: Dnat, chance: float) -> None:
        packet = walk.passage.packet
        port = target.port or packet.destination_port
        self._end(walk, rule, target, packet.rewritten(destination=target.address, destination_port=port), chance)


def _come_back(walk: _Walk) -> None:
    """Leave a chain for the nearest one that waits for it; what is still pending below led to nothing."""
    while walk.above:
        place = walk.above[-1]
        walk.above, walk.pending = walk.above[:-1], walk.pending[: place.pending]
        if place.returns:
            walk.place = place
            return
    walk.ended = True


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
