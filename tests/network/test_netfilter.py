from typing import Any

import pytest

from kubesim.network import netfilter
from kubesim.network.dice import every
from kubesim.network.hooks import Hook
from kubesim.network.matches import (
    Comment,
    ConnectionState,
    InInterface,
    Mark,
    Match,
    Protocol,
    RememberSource,
    Situation,
    Statistic,
)
from kubesim.network.netfilter import Passage, Verdict
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
    Masquerade,
    Reject,
    Return,
    SetMark,
    Target,
)
from kubesim.network.trace import Action, Applied
from kubesim.views.reasons import cited

PACKET = Packet("TCP", "10.42.0.5", 4000, "10.43.0.20", 80)
HERE = Situation(is_local=lambda address: address == "172.31.0.10")


def traverse(*given: Any, **named: Any) -> list[Passage]:
    """Every way through a hook."""
    return list(every(lambda dice: netfilter.traverse(dice, *given, **named)))


def _ruleset(*rules: Rule, nat: bool = False, **chains: tuple[Rule, ...]) -> Ruleset:
    base = BaseChain("t", "BASE", Hook.PREROUTING, 0, nat)
    listed = {("t", "BASE"): Chain("BASE", rules)} | {("t", name): Chain(name, own) for name, own in chains.items()}
    return Ruleset("iptables", listed, (base,))


def _rule(target: Target | None, *matches: Match) -> Rule:
    return Rule(matches, target)


@pytest.mark.parametrize(
    ("target", "verdict"),
    [(Accept(), Verdict.PASS), (Drop(), Verdict.DROP), (Reject(), Verdict.REJECT), (None, Verdict.PASS)],
)
def test_verdicts(target: Target | None, verdict: Verdict) -> None:
    (passage,) = traverse(_ruleset(_rule(target)), Hook.PREROUTING, PACKET, HERE)
    assert passage.verdict is verdict


def test_dice_are_followed_both_ways_in_the_order_of_the_rules() -> None:
    rules = [
        _rule(Dnat("10.42.0.6", 8080), Statistic(0.3333333333)),
        _rule(Dnat("10.42.0.7", 8080), Statistic(0.5)),
        _rule(Dnat("10.42.0.8", 8080)),
    ]
    passages = traverse(_ruleset(*rules), Hook.PREROUTING, PACKET, HERE)
    assert [p.packet.destination for p in passages] == ["10.42.0.6", "10.42.0.7", "10.42.0.8"]
    assert [p.probability for p in passages] == pytest.approx([1 / 3] * 3, abs=1e-9)
    assert sum(p.probability for p in passages) == pytest.approx(1, abs=1e-15)


def test_the_kernel_keeps_31_bits_of_a_probability() -> None:
    assert f"{Statistic(0.3333333333).kept:.11f}" == "0.33333333349"
    assert f"{Statistic(0.2).kept:.11f}" == "0.20000000019"


def test_jumps_come_back_and_gotos_do_not() -> None:
    below = (_rule(Return(), Protocol("tcp")), _rule(Drop()))
    (passage,) = traverse(_ruleset(_rule(Jump("LOW")), _rule(Reject()), LOW=below), Hook.PREROUTING, PACKET, HERE)
    assert passage.verdict is Verdict.REJECT
    (passage,) = traverse(_ruleset(_rule(Goto("LOW")), _rule(Reject()), LOW=below), Hook.PREROUTING, PACKET, HERE)
    assert passage.verdict is Verdict.PASS


def test_a_jump_that_leads_nowhere_is_no_step() -> None:
    (passage,) = traverse(
        _ruleset(_rule(Jump("LOW")), LOW=(_rule(Drop(), Protocol("udp")),)), Hook.PREROUTING, PACKET, HERE
    )
    assert passage.steps == ()
    assert passage.examined == 2


def test_a_jump_that_leads_somewhere_is_a_step_before_it() -> None:
    (passage,) = traverse(_ruleset(_rule(Jump("LOW")), LOW=(_rule(Drop()),)), Hook.PREROUTING, PACKET, HERE)
    assert [(step.action, step.chain, cited(step)) for step in passage.steps if isinstance(step, Applied)] == [
        (Action.RULE, "BASE", "-A BASE -j LOW"),
        (Action.DROP, "LOW", "-A LOW -j DROP"),
    ]


def test_marks_and_masquerading() -> None:
    rules = [_rule(SetMark(0x4000)), _rule(FlipMark(0x4000), Mark(0x4000)), _rule(Masquerade())]
    (passage,) = traverse(_ruleset(*rules), Hook.PREROUTING, PACKET, HERE, masquerade_address="172.31.0.10")
    assert passage.packet.source == "172.31.0.10"
    assert passage.packet.mark == 0


def test_a_mark_is_seen_by_the_next_rule() -> None:
    rules = [_rule(SetMark(1)), _rule(Drop(), Mark(1))]
    (passage,) = traverse(_ruleset(*rules), Hook.PREROUTING, PACKET, HERE)
    assert (passage.verdict, passage.packet.mark) == (Verdict.DROP, 1)
    (passage,) = traverse(_ruleset(_rule(SetMark(2))), Hook.PREROUTING, PACKET.rewritten(mark=1), HERE)
    assert passage.packet.mark == 3


def test_every_choice_below_a_jump_comes_back_to_the_rule_after_it() -> None:
    below = (_rule(SetMark(1), Statistic(0.25)), _rule(SetMark(2), Statistic(0.5)))
    rules = [_rule(Jump("LOW")), _rule(Drop(), Mark(1)), _rule(Reject(), Mark(2))]
    passages = traverse(_ruleset(*rules, LOW=below), Hook.PREROUTING, PACKET, HERE)
    assert [(p.packet.mark, p.verdict) for p in passages] == [
        (3, Verdict.DROP),
        (1, Verdict.DROP),
        (2, Verdict.REJECT),
        (0, Verdict.PASS),
    ]
    assert [round(p.probability, 3) for p in passages] == [0.125, 0.125, 0.375, 0.375]


@pytest.mark.parametrize(
    "target", [DnatAny((("10.42.0.6", 1), ("10.42.0.7", 2), ("10.42.0.8", 3))), GotoAny(("A", "B", "C"))]
)
def test_equal_choices_are_followed_in_their_order(target: Target) -> None:
    ends = [Dnat("10.42.0.6", 1), Dnat("10.42.0.7", 2), Dnat("10.42.0.8", 3)]
    chains = {name: (_rule(end),) for name, end in zip("ABC", ends, strict=True)}
    passages = traverse(_ruleset(_rule(Jump("LOW")), LOW=(_rule(target),), **chains), Hook.PREROUTING, PACKET, HERE)
    assert [p.packet.destination for p in passages] == ["10.42.0.6", "10.42.0.7", "10.42.0.8"]
    assert [p.probability for p in passages] == pytest.approx([1 / 3] * 3)
    assert {len(p.steps) for p in passages} == ({2} if isinstance(target, DnatAny) else {3})


def test_a_chain_left_by_goto_goes_back_to_the_jump_before_it() -> None:
    rules = [_rule(Jump("MIDDLE")), _rule(Drop())]
    middle, low = (_rule(Goto("LOW")), _rule(Reject())), (_rule(SetMark(1)),)
    (passage,) = traverse(_ruleset(*rules, MIDDLE=middle, LOW=low), Hook.PREROUTING, PACKET, HERE)
    assert (passage.verdict, passage.examined) == (Verdict.DROP, 4)
    assert [step.target for step in passage.steps if isinstance(step, Applied)] == [
        Jump("MIDDLE"),
        Goto("LOW"),
        SetMark(1),
        Drop(),
    ]


def test_a_port_of_0_keeps_the_port_and_a_packet_without_ports_gets_none() -> None:
    (passage,) = traverse(_ruleset(_rule(Dnat("10.42.0.6", 0))), Hook.PREROUTING, PACKET, HERE)
    assert passage.packet.destination_port == 80
    echo = Packet("ICMP", "10.42.0.5", 0, "10.42.0.6", 0)
    (passage,) = traverse(_ruleset(_rule(Masquerade())), Hook.PREROUTING, echo, HERE, "172.31.0.10")
    assert (passage.packet.source, passage.packet.source_port) == ("172.31.0.10", 0)


def test_masquerading_to_the_address_it_has_changes_nothing_but_the_mark() -> None:
    own = PACKET.rewritten(source="172.31.0.10", mark=0x4000)
    (passage,) = traverse(_ruleset(_rule(Masquerade(clears=0x4000))), Hook.PREROUTING, own, HERE, "172.31.0.10")
    assert passage.packet == own.rewritten(mark=0)


def test_what_one_base_chain_stopped_meets_no_other() -> None:
    bases = (BaseChain("t", "ONE", Hook.PREROUTING, -10), BaseChain("t", "TWO", Hook.PREROUTING, 10))
    chains = {("t", "ONE"): Chain("ONE", (_rule(Drop()),)), ("t", "TWO"): Chain("TWO", (_rule(Reject()),))}
    (passage,) = traverse(Ruleset("iptables", chains, bases[::-1]), Hook.PREROUTING, PACKET, HERE)
    assert (passage.verdict, len(passage.steps)) == (Verdict.DROP, 1)


def test_nat_chains_are_for_first_packets() -> None:
    ruleset = _ruleset(_rule(Dnat("10.42.0.6", 8080)), nat=True)
    (passage,) = traverse(ruleset, Hook.PREROUTING, PACKET, HERE, nat=False)
    assert passage.packet == PACKET


def test_remembering_the_sender() -> None:
    (passage,) = traverse(_ruleset(_rule(Accept(), RememberSource("LIST"))), Hook.PREROUTING, PACKET, HERE)
    assert passage.remembered == (("LIST", "10.42.0.5"),)


@pytest.mark.parametrize(
    ("match", "interface", "holds"),
    [
        (InInterface("cni0"), "cni0", True),
        (InInterface("cni0"), "", False),
        (InInterface("veth+"), "veth3", True),
        (InInterface("veth+"), "", False),
        (InInterface("cni0", negated=True), "eth0", True),
    ],
)
def test_interfaces(match: InInterface, interface: str, holds: bool) -> None:
    assert match.holds(PACKET, Situation(is_local=lambda _: False, interface_in=interface)) is holds


def test_states() -> None:
    assert ConnectionState(("NEW", "RELATED")).holds(PACKET, HERE)
    assert not ConnectionState(("NEW",), negated=True).holds(PACKET, HERE)


def test_chains_that_call_each_other_for_ever() -> None:
    looping = _ruleset(_rule(Jump("LOW"), Comment("x")), LOW=(_rule(Jump("LOW")),))
    with pytest.raises(ValueError, match="more than 64 deep"):
        traverse(looping, Hook.PREROUTING, PACKET, HERE)
