"""Where upstream's unit tests expect each packet to go: every endpoint it may reach, and whether it is masqueraded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kubesim.network.dice import Dice, every
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

    def through(dice: Dice) -> Passage:
        passage = met(dice, Hook.OUTPUT if sent_here else Hook.PREROUTING, Passage(packet))
        if not sent_here:
            passage = met(dice, Hook.INPUT if is_local(passage.packet.destination) else Hook.FORWARD, passage)
        return met(dice, Hook.POSTROUTING, passage)

    def met(dice: Dice, hook: Hook, passage: Passage) -> Passage:
        if passage.verdict is not Verdict.PASS:
            return passage
        states = frozenset({"NEW", "DNAT"} if _moved(passage.packet, packet) else {"NEW"})
        return traverse(dice, ruleset, hook, passage.packet, Situation(is_local, states), MASQUERADED)

    outputs: set[str] = set()
    masqueraded = False
    for last in every(through):
        after = last.packet
        if last.verdict is Verdict.PASS:
            outputs.add(f"{after.destination}:{after.destination_port}" if _moved(after, packet) else "")
            masqueraded = masqueraded or after.source == MASQUERADED
        else:
            outputs.add(last.verdict.name)
    return sorted(outputs), masqueraded


def _moved(after: Packet, before: Packet) -> bool:
    """Whether the destination was rewritten."""
    return (after.destination, after.destination_port) != (before.destination, before.destination_port)
