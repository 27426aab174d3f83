"""Where upstream's unit tests expect each packet to go: every endpoint it may reach, and whether it is masqueraded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kubesim.network.hooks import Hook
from kubesim.network.matches import Situation
from kubesim.network.netfilter import Passage, Verdict, traverse
from kubesim.network.packet import Packet
from kubesim.network.rules import Ruleset
from tests.conformance.proxy_cases import unit_test_ruleset
from tests.conformance.result import Result

MASQUERADED = "198.51.100.255"
"""An address that no case uses: a packet that leaves with it was masqueraded."""


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result for each flow."""
    for case in document:
        for number, flow in enumerate(case["flows"]):
            # The tracer of the iptables tests calls a packet that a rule lets pass ACCEPT, and one that none met "".
            recorded = "" if flow["output"] == "ACCEPT" else flow["output"]
            expected = (sorted(recorded.split(", ")), flow["masq"])
            name = f"{case['id']}/{number}/{flow['name']}"
            try:
                got = _got(case, flow)
            except (
                Exception
            ) as error:  # one flow must not hide the others: an address of another family, an unknown field
                yield Result(name, False, expected, f"{type(error).__name__}: {error}")
            else:
                yield Result(name, expected == got, expected, got)


def _got(case: dict[str, Any], flow: dict[str, Any]) -> tuple[list[str], bool]:
    ruleset = unit_test_ruleset(case, case.get("node_ips") or ())
    addresses = [address for address in case.get("node_ips") or () if ":" not in address]
    return follow(ruleset, flow, addresses)


def follow(ruleset: Ruleset, flow: dict[str, Any], addresses: Sequence[str]) -> tuple[list[str], bool]:
    """Send a packet through all hooks of one machine; every destination it may get, and whether it is masqueraded."""
    packet = Packet(flow["protocol"].upper(), flow["source_ip"], 0, flow["dest_ip"], int(flow["dest_port"]))

    def is_local(address: str) -> bool:
        return address in addresses or address.startswith("127.")

    sent_here = is_local(packet.source)
    outputs: set[str] = set()
    masqueraded = False
    for first in _pass(ruleset, Hook.OUTPUT if sent_here else Hook.PREROUTING, Passage(packet), packet, is_local):
        hooks = [] if sent_here else [Hook.INPUT if is_local(first.packet.destination) else Hook.FORWARD]
        for last in _through(ruleset, [*hooks, Hook.POSTROUTING], first, packet, is_local):
            if last.verdict is Verdict.PASS:
                after = last.packet
                moved = (after.destination, after.destination_port) != (packet.destination, packet.destination_port)
                outputs.add(f"{after.destination}:{after.destination_port}" if moved else "")
                masqueraded = masqueraded or after.source == MASQUERADED
            else:
                outputs.add(last.verdict.name)
    return sorted(outputs), masqueraded


def _through(ruleset: Ruleset, hooks: Sequence[Hook], first: Passage, packet: Packet, is_local: Any) -> list[Passage]:
    passages = [first]
    for hook in hooks:
        passages = [after for passage in passages for after in _pass(ruleset, hook, passage, packet, is_local)]
    return passages


def _pass(ruleset: Ruleset, hook: Hook, passage: Passage, packet: Packet, is_local: Any) -> Sequence[Passage]:
    if passage.verdict is not Verdict.PASS:
        return [passage]
    states = {"NEW"}
    if passage.packet.destination != packet.destination or passage.packet.destination_port != packet.destination_port:
        states.add("DNAT")
    return traverse(ruleset, hook, passage.packet, Situation(is_local, frozenset(states)), MASQUERADED)
