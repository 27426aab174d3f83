"""Netfilter: what the rules of one machine do to one packet at one hook.

At each hook the kernel calls base chains in the order of their priority. A rule that matches may jump to another
chain, mark the packet, rewrite one of its ends or end its way. Where a rule throws dice (one endpoint of three), the
evaluator follows every outcome and returns one :class:`Passage` for each, with its probability.

Chains of type ``nat`` are asked once a connection, for its first packet; conntrack repeats the answer for the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from kubesim.network.iptables_text import rule_text
from kubesim.network.matches import RememberSource, Situation, Statistic, packet_key
from kubesim.network.packet import Packet
from kubesim.network.reasons import explain
from kubesim.network.rules import BaseChain, Hook, Rule, Ruleset
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
from kubesim.network.trace import Action, Step

MAX_DEPTH = 64
"""How deep chains may call each other before the packet is given up; the kernel refuses rule sets that loop."""


class Verdict(StrEnum):
    """How a packet left a hook."""

    PASS = "pass"
    DROP = "drop"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Passage:
    """One possible way of a packet through a hook.

    :param remembered: (affinity list, address) that rules put there.
    :param examined: how many rules a kernel would have compared.
    """

    packet: Packet
    verdict: Verdict = Verdict.PASS
    probability: float = 1.0
    steps: tuple[Step, ...] = ()
    examined: int = 0
    remembered: tuple[tuple[str, str], ...] = ()


_Jump = tuple[str, Rule, Target, Packet, float]
"""A jump: the chain it was made from, the rule, its target, the packet then, the chance of this choice."""


@dataclass(slots=True)
class _Walk:
    """The state inside a chain, never changed once made: what a passage will be, and jumps that led to nothing yet."""

    packet: Packet
    probability: float
    steps: tuple[Step, ...]
    examined: int
    remembered: tuple[tuple[str, str], ...]
    pending: tuple[_Jump, ...] = ()

    def counted(self, rules: int) -> _Walk:
        """The same after some more rules were compared."""
        if not rules:
            return self
        examined = self.examined + rules
        return _Walk(self.packet, self.probability, self.steps, examined, self.remembered, self.pending)

    def likely(self, share: float) -> _Walk:
        """The same on one of several ways."""
        probability = self.probability * share
        return _Walk(self.packet, probability, self.steps, self.examined, self.remembered, self.pending)

    def remembering(self, name: str) -> _Walk:
        """The same with the sender on an affinity list."""
        remembered = (*self.remembered, (name, self.packet.source))
        return _Walk(self.packet, self.probability, self.steps, self.examined, remembered, self.pending)

    def waiting(self, pending: tuple[_Jump, ...]) -> _Walk:
        """The same with other jumps pending."""
        return _Walk(self.packet, self.probability, self.steps, self.examined, self.remembered, pending)

    def moved(self, packet: Packet, steps: tuple[Step, ...] = (), pending: tuple[_Jump, ...] = ()) -> _Walk:
        """The same with the packet as it is after a rule, and the steps that led to it."""
        taken = (*self.steps, *steps)
        return _Walk(packet, self.probability, taken, self.examined, self.remembered, pending)


class _End(StrEnum):
    """Why a chain stopped."""

    RETURNED = "returned"
    ACCEPTED = "accepted"
    DROPPED = "dropped"
    REJECTED = "rejected"


def traverse(
    ruleset: Ruleset,
    hook: Hook,
    packet: Packet,
    situation: Situation,
    masquerade_address: str = "",
    nat: bool = True,
) -> tuple[Passage, ...]:
    """All ways of a packet through one hook of one machine.

    :param situation: what the rules may ask about; its ``sets`` are filled in here.
    :param masquerade_address: the address that masquerading gives the packet.
    :param nat: whether this is the first packet of its connection, so that nat chains are asked.
    """
    passages: tuple[Passage, ...] = (Passage(packet),)
    for base in ruleset.at(hook):
        if base.nat and not nat:
            continue
        evaluation = _Evaluation(
            ruleset, base, replace(situation, sets=ruleset.members(base.table)), masquerade_address
        )
        passages = tuple(after for passage in passages for after in evaluation.run(passage))
    return passages


class _Evaluation:
    """One base chain and the chains below it."""

    def __init__(self, ruleset: Ruleset, base: BaseChain, situation: Situation, masquerade_address: str) -> None:
        self.ruleset = ruleset
        self.base = base
        self.situation = situation
        self.masquerade_address = masquerade_address
        self.stage = f"{base.table} {base.chain}" if ruleset.mode == "iptables" else base.chain

    def run(self, passage: Passage) -> Iterator[Passage]:
        """The ways of one passage through the base chain; a packet already stopped stays so."""
        if passage.verdict is not Verdict.PASS:
            yield passage
            return
        start = _Walk(passage.packet, passage.probability, passage.steps, passage.examined, passage.remembered)
        for walk, end in self._chain(self.base.chain, 0, start, 0):
            verdict = _VERDICTS.get(end, Verdict.PASS)
            yield Passage(walk.packet, verdict, walk.probability, walk.steps, walk.examined, walk.remembered)

    def _chain(self, name: str, start: int, walk: _Walk, depth: int) -> Iterator[tuple[_Walk, _End]]:
        """Go through a chain from a rule on; one result for every way the dice can fall."""
        chain = self.ruleset.chain(self.base.table, name)
        position = start
        packet, situation = walk.packet, self.situation
        candidates = chain.candidates(packet.protocol.lower(), packet.destination, packet.destination_port, start)
        for index, rule in candidates:
            for match in rule.matches:
                if not match.holds(packet, situation):
                    break
            else:
                walk = walk.counted(index + 1 - position)
                position = index + 1
                chance = next((match.kept for match in rule.matches if isinstance(match, Statistic)), 1.0)
                results = list(self._apply(name, rule, walk.likely(chance) if chance < 1 else walk, chance, depth))
                if len(results) == 1 and results[0][1] is None and chance == 1:
                    walk = results[0][0]
                    packet = walk.packet
                    continue
                for after, end in results:
                    if end is None:
                        yield from self._chain(name, position, after, depth)
                    else:
                        yield after, end
                if chance < 1:
                    yield from self._chain(name, position, walk.likely(1 - chance), depth)
                return
        yield walk.counted(len(chain.rules) - position), _End.RETURNED

    def _apply(
        self, chain: str, rule: Rule, walk: _Walk, chance: float, depth: int
    ) -> Iterator[tuple[_Walk, _End | None]]:
        """Do what a rule says; the end is None where the packet goes on to the next rule."""
        for match in rule.matches:
            if isinstance(match, RememberSource):
                walk = walk.remembering(match.name)
        target = rule.target
        if isinstance(target, LookUp):
            elements = self.ruleset.sets[self.base.table, target.map].elements
            target = elements.get(packet_key(walk.packet, target.keys))
        yield from self._act(chain, rule, target, walk, chance, depth)

    def _act(
        self, chain: str, rule: Rule, target: Target | None, walk: _Walk, chance: float, depth: int
    ) -> Iterator[tuple[_Walk, _End | None]]:
        packet = walk.packet
        match target:
            case None:
                yield walk, None
            case Return():
                yield walk, _End.RETURNED
            case Jump(chain=below) | Goto(chain=below):
                jump = (chain, rule, target, packet, chance)
                yield from self._enter(below, walk, jump, depth, isinstance(target, Goto))
            case GotoAny(chains=several):
                share = 1 / len(several)
                for below in several:
                    jump = (chain, rule, Goto(below), packet, share)
                    yield from self._enter(below, walk.likely(share), jump, depth, True)
            case SetMark(bits=bits):
                after = packet.rewritten(mark=packet.mark | bits)
                yield self._moved(walk, Action.RULE, chain, rule, target, after), None
            case FlipMark(bits=bits):
                # Taking kube-proxy's mark off again is bookkeeping; the masquerade that follows is the step.
                yield walk.moved(packet.rewritten(mark=packet.mark ^ bits), pending=walk.pending), None
            case Remember(set=name):
                yield walk.remembering(name), None
            case Accept():
                yield self._moved(walk, Action.RULE, chain, rule, target, packet), _End.ACCEPTED
            case Drop():
                yield self._moved(walk, Action.DROP, chain, rule, target, packet), _End.DROPPED
            case Reject():
                yield self._moved(walk, Action.REJECT, chain, rule, target, packet), _End.REJECTED
            case Dnat(address=address, port=port):
                yield self._dnat(chain, rule, walk, (address, port), chance), _End.ACCEPTED
            case DnatAny(endpoints=endpoints):
                share = 1 / len(endpoints)
                for endpoint in endpoints:
                    yield self._dnat(chain, rule, walk.likely(share), endpoint, share), _End.ACCEPTED
            case Masquerade(clears=bits):
                mark = packet.mark ^ bits if bits else packet.mark
                after = packet.rewritten(source=self.masquerade_address or packet.source, mark=mark)
                yield self._moved(walk, Action.SNAT, chain, rule, target, after), _End.ACCEPTED
            case LookUp():
                raise ValueError(f"an entry of a map must be a verdict, got {target}")

    def _dnat(self, chain: str, rule: Rule, walk: _Walk, endpoint: tuple[str, int], chance: float) -> _Walk:
        address, port = endpoint
        after = walk.packet.rewritten(destination=address, destination_port=port or walk.packet.destination_port)
        return self._moved(walk, Action.DNAT, chain, rule, Dnat(address, port), after, chance)

    def _enter(
        self, below: str, walk: _Walk, jump: _Jump, depth: int, leaves: bool
    ) -> Iterator[tuple[_Walk, _End | None]]:
        """Go through a chain below; the jump becomes a step once something happens there."""
        if depth >= MAX_DEPTH:
            raise ValueError(f"chains call each other more than {MAX_DEPTH} deep, at {below}")
        outer = walk.pending
        for after, end in self._chain(below, 0, walk.waiting((*outer, jump)), depth + 1):
            # What is still pending on return led to nothing and is forgotten; steps taken meanwhile stay.
            kept = after.waiting(after.pending[: len(outer)])
            if end is _End.RETURNED:
                yield kept, _End.RETURNED if leaves else None
            else:
                yield kept, end

    def _moved(
        self, walk: _Walk, action: Action, chain: str, rule: Rule, target: Target, after: Packet, chance: float = 1.0
    ) -> _Walk:
        """What a rule made of a packet, with the step it was and the jumps that led to it."""
        jumps = [
            self._step(Action.RULE, origin, by, to, then, then, odds) for origin, by, to, then, odds in walk.pending
        ]
        return walk.moved(after, (*jumps, self._step(action, chain, rule, target, walk.packet, after, chance)))

    def _step(
        self, action: Action, chain: str, rule: Rule, target: Target, before: Packet, after: Packet, chance: float
    ) -> Step:
        text = rule.text or rule_text(chain, rule)
        reason = explain(rule, target, chain, before, after)
        return Step(action, self.stage, before, after, reason, chain, text, chance)


_VERDICTS = {_End.DROPPED: Verdict.DROP, _End.REJECTED: Verdict.REJECT}
