"""What real connections through the real kube-proxy's iptables rules met, and the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.network.iptables_text import save
from tests.conformance.datapath_cases import Addresses, affinity_results, build, probe_results, spread_results
from tests.conformance.datapath_changes import change_results
from tests.conformance.proxy_cases import by_chain, comparable
from tests.conformance.result import Result


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result for every chain of every node, every probe, and every row of spread, affinity and changes."""
    bed = build(document)
    for node, tables in document["rules"].items():
        for table, text in tables.items():
            expected = by_chain(text)
            got = by_chain(save(bed.rulesets[f"node/{node}"], table))
            for name in sorted(expected.keys() | got.keys()):
                same = comparable(name, expected.get(name, ["missing"])) == comparable(name, got.get(name, ["absent"]))
                yield Result(f"rules/{node}/{name}", same, expected.get(name), got.get(name))
    yield from probe_results(bed, document["probes"])
    yield from spread_results(bed, document.get("spread") or [], document["probes"], "spread")
    yield from affinity_results(document, bed, Addresses(bed, document["probes"]))
    yield from change_results(document)
