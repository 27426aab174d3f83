"""Cases of programs: a command line typed in a Pod, on a node or on the laptop, its output and exit status."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.lab import Lab, clean
from tests.conformance.result import Result


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Every case, typed one after the other in one cluster."""
    lab = Lab()
    for case in document["cases"]:
        expected = _seen(case, case["stdout"], case["stderr"], case["returncode"])
        try:
            done = lab.run(case)
        except Exception:  # a program must never let one out
            yield Result(case["id"], False, expected, traceback.format_exc())
            continue
        got = done if isinstance(done, str) else _seen(case, done.stdout, done.stderr, done.returncode)
        yield Result(case["id"], got == expected, expected, got)


def _seen(case: dict[str, Any], stdout: str, stderr: str, status: int) -> tuple[Any, Any, int]:
    """What is compared. A terminal shows both streams in one, in an order that ours do not keep."""
    out, error = (in_turn(_one_name(clean(text), case), shuffled(case)) for text in (stdout, stderr))
    if UNORDERED.search(case["command"]):
        out = "\n".join(
            sorted(line.rstrip() for line in out.splitlines() if line.strip() and "flannel" not in line.lower())
        )
    if case.get("tty"):
        return (sorted((out + error).replace("\r", "").splitlines()), "", status)
    return (out, error, status)


UNORDERED = re.compile(
    r"iptables|\bip (-\S+ )*(addr|neigh|link|-br)|\barp\b|\bss\b|netstat -[tua]|conntrack -L|ifconfig"
)
"""Listings whose order the kernel's hash tables, Go's maps or the recorder's own set-up decide; of iptables, flannel's
chain is left out, which the recorder had written by hand.
"""


def _one_name(text: str, case: dict[str, Any]) -> str:
    """Where an address has several names, whichever of them comes first."""
    for query in case.get("dns") or []:
        records = [record.split(" ") for record in (query.get("answer") or {}).get("records") or []]
        targets = [record[3].rstrip(".") for record in records if record[2] == "PTR"]
        for target in targets if len(targets) > 1 else ():
            text = text.replace(target, "NAME")
    return re.sub(r"10-42-\d+-\d+\.[\w-]+(?=\.\w+\.svc)", "NAME", text) if "NAME" in text else text


def shuffled(case: dict[str, Any]) -> list[str]:
    """The addresses of names that have several: CoreDNS gives them in a random order."""
    found: list[str] = []
    for query in case.get("dns") or []:
        records = [text.split(" ") for text in (query.get("answer") or {}).get("records") or []]
        addresses = [record[3] for record in records if record[2] == "A"]
        found += addresses if len(addresses) > 1 else []
    return found


def in_turn(text: str, addresses: list[str]) -> str:
    """Addresses that come in a random order, renamed by the order in which they appear."""
    places: dict[str, str] = {}
    pattern = "|".join(rf"(?<![\d.]){re.escape(each)}(?![\d.])" for each in addresses)
    if not pattern:
        return text
    return re.sub(pattern, lambda match: places.setdefault(match[0], f"ADDRESS{len(places)}"), text)
