import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.network.hooks import Hook
from kubesim.network.matches import Comment, Destination, DestinationPort, Match, Protocol, Source
from kubesim.network.rules import BaseChain, Chain, Rule, Ruleset, base_chains, merged
from kubesim.network.targets import Accept, Drop, Jump

BASE = BaseChain("nat", "PREROUTING", Hook.PREROUTING, -100, nat=True)


def _rule(protocol: str, address: str, port: int) -> Rule:
    matches: list[Match] = [Comment("x")]
    if protocol:
        matches.append(Protocol(protocol))
    if address:
        matches.append(Destination(address))
    if port:
        matches.append(DestinationPort(port))
    return Rule(tuple(matches), Accept())


rules = st.lists(
    st.builds(
        _rule,
        st.sampled_from(["", "tcp", "udp"]),
        st.sampled_from(["", "10.0.0.1", "10.0.0.2", "10.0.0.0/8"]),
        st.sampled_from([0, 80, 81]),
    ),
    max_size=60,
)


@given(rules, st.sampled_from(["tcp", "udp"]), st.sampled_from(["10.0.0.1", "10.0.0.3"]), st.sampled_from([80, 82]))
def test_the_index_leaves_out_only_what_cannot_match(
    listed: list[Rule], protocol: str, address: str, port: int
) -> None:
    from kubesim.network.matches import Situation
    from kubesim.network.packet import Packet

    packet = Packet(protocol.upper(), "1.1.1.1", 1, address, port)
    situation = Situation(is_local=lambda _: False)

    def holds(rule: Rule) -> bool:
        return all(match.holds(packet, situation) for match in rule.matches)

    found = [(n, rule) for n, rule in Chain("C", tuple(listed)).candidates(protocol, address, port) if holds(rule)]
    assert found == [(n, rule) for n, rule in enumerate(listed) if holds(rule)]


def test_merging_joins_chains_of_one_name() -> None:
    one = Ruleset("iptables", {("nat", "PREROUTING"): Chain("PREROUTING", (Rule((), Jump("A")),))}, (BASE,))
    two = Ruleset(
        "iptables", {("nat", "PREROUTING"): Chain("PREROUTING", (Rule((), Drop()),))}, (BASE,), route_localnet=True
    )
    both = merged(one, two)
    assert [rule.target for rule in both.chain("nat", "PREROUTING").rules] == [Jump("A"), Drop()]
    assert both.at(Hook.PREROUTING) == (BASE,)
    assert both.route_localnet and both.rule_count == 2


def test_merging_nothing() -> None:
    with pytest.raises(ValueError, match="at least one rule set"):
        merged()


def test_base_chains_run_by_priority() -> None:
    late = BaseChain("filter", "PREROUTING", Hook.PREROUTING, 0)
    assert base_chains("iptables", [late, BASE]).at(Hook.PREROUTING) == (BASE, late)


def test_a_rule_without_a_key_is_always_tried() -> None:
    chain = Chain("C", tuple(Rule((Source("10.0.0.0/8"),), Accept()) for _ in range(20)))
    assert len(list(chain.candidates("tcp", "10.0.0.1", 80))) == 20
