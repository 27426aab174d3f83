"""What real connections through the real kube-proxy's nftables rules met, and the rules of its IPv4 table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.network.nftables_text import list_ruleset
from tests.conformance.datapath_cases import Addresses, affinity_results, build, probe_results, spread_results
from tests.conformance.datapath_changes import change_results
from tests.conformance.result import Result

_COUNTER = re.compile(r"\s*counter packets \d+ bytes \d+")
_MARK_ELEMENTS = re.compile(r"elements = \{(.*)\}")


def blocks(text: str) -> dict[str, Any]:
    """Every set, map and chain of the IPv4 tables: elements in any order, rules in theirs; counters left out."""
    found: dict[str, Any] = {}
    table, name, lines = "", "", []
    for line in text.splitlines():
        if line.startswith("table "):
            table = line.removeprefix("table ").removesuffix(" {")
        elif line == "\t}":
            found[f"{table}/{name}"] = _block(lines)
            name = ""
        elif line.startswith("\t") and not line.startswith("\t\t") and line.endswith("{"):
            name, lines = line.strip().removesuffix(" {"), []
        elif name:
            lines.append(_COUNTER.sub("", line).strip())
    return {key: value for key, value in found.items() if key.startswith("ip ")}


def _block(lines: list[str]) -> Any:
    joined = " ".join(lines)
    elements = _MARK_ELEMENTS.search(joined)
    if elements is None:
        return [line for line in lines if line]
    head = joined[: elements.start()].strip()
    return head, sorted(element.strip() for element in elements.group(1).split(","))


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result for every block of every node, every probe, and every row of spread, affinity and changes."""
    bed = build(document)
    for node, texts in document["rules"].items():
        expected = blocks("\n".join(texts.values()))
        got = blocks(list_ruleset(bed.rulesets[f"node/{node}"]))
        for name in sorted(expected.keys() | got.keys()):
            yield Result(f"rules/{node}/{name}", expected.get(name) == got.get(name), expected.get(name), got.get(name))
    yield from probe_results(bed, document["probes"])
    yield from spread_results(bed, document.get("spread") or [], document["probes"], "spread")
    yield from affinity_results(document, bed, Addresses(bed, document["probes"]))
    yield from change_results(document)
