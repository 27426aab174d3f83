"""The rules that upstream's unit tests expect of kube-proxy in iptables mode, chain by chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.network.iptables_text import restore_text
from tests.conformance.proxy_cases import by_chain, comparable, unit_test_ruleset
from tests.conformance.result import Result, judged


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result for each case: every expected chain has the expected rules, and there is no other chain."""
    return judged(document, _judge)


def _judge(case: dict[str, Any]) -> Iterator[Result]:
    ruleset = unit_test_ruleset(case)
    got = by_chain(restore_text(ruleset, "filter") + restore_text(ruleset, "nat"))
    what = case["what"]
    if what.startswith("chain "):
        chain = what.removeprefix("chain ")
        expected = {chain: by_chain(f"*{chain.partition('/')[0]}\n{case['expected']}").get(chain, [])}
        got = {chain: got.get(chain, [])}
    else:
        expected = by_chain(case["expected"])
        # kube-proxy makes its canary chains once, not with every write.
        got = {chain: rules for chain, rules in got.items() if not chain.endswith("KUBE-PROXY-CANARY")}
    names = sorted(expected.keys() | got.keys())
    differing = {
        name: (expected.get(name), got.get(name))
        for name in names
        if name not in expected or name not in got or comparable(name, expected[name]) != comparable(name, got[name])
    }
    yield Result(
        case["id"],
        not differing,
        {name: pair[0] for name, pair in differing.items()},
        {name: pair[1] for name, pair in differing.items()},
    )
