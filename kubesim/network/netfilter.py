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


@dataclass(frozen=True, slots=True)
class _Walk:
    """The state inside a chain: a passage so far, and jumps that have not led to anything yet."""

    passage: Passage
    pending: tuple[Step, ...] = ()
    translated: bool = False


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
        verdicts = {_End.DROPPED: Verdict.DROP, _End.REJECTED: Verdict.REJECT}
        for walk, end in self._chain(self.base.chain, 0, _Walk(passage), 0):
            yield replace(walk.passage, verdict=verdicts.get(end, Verdict.PASS))

    def _chain(self, name: str, start: int, walk: _Walk, depth: int) -> Iterator[tuple[_Walk, _End]]:
        """Go through a chain from a rule on; one result for every way the dice can fall."""
        chain = self.ruleset.chain(self.base.table, name)
        position = start
        packet = walk.passage.packet
        for index, rule in chain.candidates(
            packet.protocol.lower(), packet.destination, packet.destination_port, start
        ):
            walk = _examined(walk, index + 1 - position)
            position = index + 1
            packet = walk.passage.packet
            if not all(match.holds(packet, self.situation) for match in rule.matches):
                continue
            chance = next((match.kept for match in rule.matches if isinstance(match, Statistic)), 1.0)
            results = list(self._apply(name, rule, _less_likely(walk, chance) if chance < 1 else walk, chance, depth))
            if len(results) == 1 and results[0][1] is None and chance == 1:
                walk = results[0][0]
                continue
            for after, end in results:
                if end is None:
                    yield from self._chain(name, position, after, depth)
                else:
                    yield after, end
            if chance < 1:
                yield from self._chain(name, position, _less_likely(walk, 1 - chance), depth)
            return
        yield _examined(walk, len(chain.rules) - position), _End.RETURNED

    def _apply(
        self, chain: str, rule: Rule, walk: _Walk, chance: float, depth: int
    ) -> Iterator[tuple[_Walk, _End | None]]:
        """Do what a rule says; the end is None where the packet goes on to the next rule."""
        for match in rule.matches:
            if isinstance(match, RememberSource):
                walk = _remembered(walk, match.name)
        target = rule.target
        if isinstance(target, LookUp):
            entry = self.ruleset.sets[self.base.table, target.map].elements.get(
                packet_key(walk.passage.packet, target.keys)
            )
            if entry is None:
                yield walk, None
                return
            target = entry
        yield from self._act(chain, rule, target, walk, chance, depth)

    def _act(
        self, chain: str, rule: Rule, target: Target | None, walk: _Walk, chance: float, depth: int
    ) -> Iterator[tuple[_Walk, _End | None]]:
        packet = walk.passage.packet
        match target:
            case None:
                yield walk, None
            case Return():
                yield walk, _End.RETURNED
            case Jump(chain=below) | Goto(chain=below):
                step = self._step(Action.RULE, chain, rule, target, packet, packet, chance)
                yield from self._enter(below, walk, step, depth, isinstance(target, Goto))
            case GotoAny(chains=several):
                share = 1 / len(several)
                for below in several:
                    step = self._step(Action.RULE, chain, rule, Goto(below), packet, packet, share)
                    yield from self._enter(below, _less_likely(walk, share), step, depth, True)
            case SetMark(bits=bits):
                after = packet.rewritten(mark=packet.mark | bits)
                yield _moved(walk, after, self._step(Action.RULE, chain, rule, target, packet, after)), None
            case FlipMark(bits=bits):
                # Taking kube-proxy's mark off again is bookkeeping; the masquerade that follows is the step.
                yield _moved(walk, packet.rewritten(mark=packet.mark ^ bits), None), None
            case Remember(set=name):
                yield _remembered(walk, name), None
            case Accept():
                yield _moved(walk, packet, self._step(Action.RULE, chain, rule, target, packet, packet)), _End.ACCEPTED
            case Drop():
                yield _moved(walk, packet, self._step(Action.DROP, chain, rule, target, packet, packet)), _End.DROPPED
            case Reject():
                yield (
                    _moved(walk, packet, self._step(Action.REJECT, chain, rule, target, packet, packet)),
                    _End.REJECTED,
                )
            case Dnat(address=address, port=port):
                yield self._dnat(chain, rule, walk, (address, port), chance), _End.ACCEPTED
            case DnatAny(endpoints=endpoints):
                share = 1 / len(endpoints)
                for endpoint in endpoints:
                    yield self._dnat(chain, rule, _less_likely(walk, share), endpoint, share), _End.ACCEPTED
            case Masquerade(clears=bits):
                cleared = packet.rewritten(mark=packet.mark ^ bits) if bits else packet
                after = cleared.rewritten(source=self.masquerade_address or packet.source)
                yield _moved(walk, after, self._step(Action.SNAT, chain, rule, target, packet, after)), _End.ACCEPTED
            case LookUp():
                raise ValueError(f"an entry of a map must be a verdict, got {target}")

    def _dnat(self, chain: str, rule: Rule, walk: _Walk, endpoint: tuple[str, int], chance: float) -> _Walk:
        packet = walk.passage.packet
        address, port = endpoint
        after = packet.rewritten(destination=address, destination_port=port or packet.destination_port)
        return _moved(walk, after, self._step(Action.DNAT, chain, rule, Dnat(address, port), packet, after, chance))

    def _enter(
        self, below: str, walk: _Walk, step: Step, depth: int, leaves: bool
    ) -> Iterator[tuple[_Walk, _End | None]]:
        """Go through a chain below; the jump becomes a step once something happens there."""
        if depth >= MAX_DEPTH:
            raise ValueError(f"chains call each other more than {MAX_DEPTH} deep, at {below}")
        outer = walk.pending
        for after, end in self._chain(below, 0, replace(walk, pending=(*outer, step)), depth + 1):
            # What is still pending on return led to nothing and is forgotten; steps flushed meanwhile stay.
            kept = replace(after, pending=after.pending[: len(outer)])
            if end is _End.RETURNED:
                yield kept, _End.RETURNED if leaves else None
            else:
                yield kept, end

    def _step(
        self, action: Action, chain: str, rule: Rule, target: Target, before: Packet, after: Packet, chance: float = 1.0
    ) -> Step:
        text = rule.text or rule_text(chain, rule)
        reason = explain(rule, target, chain, before, after, self.base.hook.value)
        return Step(action, self.stage, before, after, reason, chain, text, chance)


def _examined(walk: _Walk, count: int) -> _Walk:
    if not count:
        return walk
    return replace(walk, passage=replace(walk.passage, examined=walk.passage.examined + count))


def _less_likely(walk: _Walk, share: float) -> _Walk:
    return replace(walk, passage=replace(walk.passage, probability=walk.passage.probability * share))


def _remembered(walk: _Walk, name: str) -> _Walk:
    passage = walk.passage
    return replace(walk, passage=replace(passage, remembered=(*passage.remembered, (name, passage.packet.source))))


def _moved(walk: _Walk, packet: Packet, step: Step | None) -> _Walk:
    """The packet as it is after a rule, with the step and the jumps that led to it."""
    passage = walk.passage
    if step is None:
        return replace(walk, passage=replace(passage, packet=packet))
    steps = (*passage.steps, *walk.pending, step)
    return replace(walk, passage=replace(passage, packet=packet, steps=steps), pending=())
