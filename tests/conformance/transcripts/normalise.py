"""Making two outputs of one command comparable.

What the system chose at random is renamed by order of first appearance (addresses, ports, uids, generated suffixes, and
the node a Pod landed on); what depends on the clock is dropped (ages, timestamps, resource versions, temporary
directories); runs of blanks are folded.
"""

from __future__ import annotations

import re
from collections.abc import Callable

SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names (apimachinery's ``rand.String``)."""

_DROPPED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( [A-Z]+)?", "<time>"),
        (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
        (r"\b([WIE])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ ", r"\1<time> "),
        (r"(resourceVersion[\"']?: *)[\"']?\d+[\"']?", r"\1<version>"),
        (r" on \d+\.\d+\.\d+\.\d+:53:", " on <resolver>:"),
        (r"/tmp/([A-Za-z]+)-\d+", r"/tmp/\1-<n>"),
        (r"(pod-template-hash\"?: ?)\"([a-z0-9]+)\"", r"\1\2"),
        (r"\b(sha256:|containerd://)[0-9a-f]{64}", r"\1<digest>"),
        (r"\(x\d+ over [0-9a-z]+\)", "<age>"),
        (r"(?<![\w.:/-])(\d+y)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(?<=\d[ydhms])(?![\w./-])", "<age>"),
        (r"<age>( <age>)+", "<age>"),
        # Where a crash loop stands at this second: between two restarts, or just after one.
        (r"\b(?:CrashLoopBackOff|Error)( +)\d+ \(<age> ago\)", r"<crashing>\1"),
        (r"(?<![\w.-])(?:master|worker)(?![\w.-])", "<node>"),
        (r"(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", "<certificate>"),
        # Which of two equal nodes a Pod lands on is chance, and so is what a node says of its Pods.
        (r"(?s)(Non-terminated Pods:).*?(?=Allocated resources:)", r"\1 <pods>\n"),
        # As in JSON: written or not as the controller's batches fell.
        (r"(Annotations: +)endpoints\.kubernetes\.io/last-change-trigger-time: +<time>", r"\1<none>"),
        # How often something was tried by this second.
        (r"(\"?\bcount\"?: )\d+", r"\1<count>"),
        (r"(?<=-)29\d{6}\b", "<minute>"),  # what a CronJob's Jobs are named after
        (r"(svclb-\S+?-)[0-9a-f]{8}\b", r"\1<id>"),
        (r"\.[0-9a-f]{16}\b", ".<event>"),
        (r"(default-scheduler)-[\w.-]+", r"\1"),
        (r"(machineID\"?: \"?)[0-9a-f]{32}", r"\1<id>"),
    )
)

_HASH = rf"[{SAFE}]{{6,10}}"
"""A Pod template's hash."""

_RENAMED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("uid", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        ("address", r"(?<![\d.])(?:10\.4[23]|172\.31)(?:\.\d{1,3}){2}(?![\d.]*\d)"),
        ("port", r"(?<![\w.-])3[0-2]\d{3}(?![\w.-])"),
        (
            "hash",
            rf"(?<=controller-revision-hash: ){_HASH}\b|(?<=controller-revision-hash=){_HASH}\b"
            rf"|(?<=controller.kubernetes.io/hash: ){_HASH}\b|"
            rf"(?<=pod-template-hash: ){_HASH}|(?<=pod-template-hash\": ){_HASH}|(?<=pod-template-hash[=:]){_HASH}"
            rf"|(?<=-){_HASH}(?=-[{SAFE}]{{5}}\b|-[\"'\s])",
        ),
        ("hash", rf"(?<=-){_HASH}(?![-\w])"),
        ("suffix", rf"(?<=-)[{SAFE}]{{5}}(?![\w])"),
    )
)


_GENERATED = re.compile(rf"-(?:[{SAFE}]{{6,10}}(?:-[{SAFE}]{{5}})?|[{SAFE}]{{5}})(?![-\w])")
"""What a generator put at the end of a name."""


def in_stable_order(text: str) -> str:
    """Rows with generated names that follow each other, in an order that does not depend on what was generated."""
    ordered: list[str] = []
    run: list[str] = []
    for line in [*text.split("\n"), ""]:
        generated = any(_GENERATED.search(word) for word in line.split()[:2]) and line[:1] not in (" ", "-", "{")
        if generated and not line.startswith("Name:"):
            run.append(line)
            continue
        ordered += sorted(run, key=_row)
        run = []
        ordered.append(line)
    return "\n".join(ordered[:-1])


def _row(line: str) -> str:
    """A row without what is random in it."""
    for name, pattern in _RENAMED:
        line = pattern.sub(f"<{name}>", line)
    return re.sub(r"\s+", " ", line)


_ADDRESS = re.compile(r"(?:10\.4[23]|172\.31)(?:\.\d{1,3}){2}")
_ENDPOINTS = re.compile(r"\d+(?:\.\d+){3}(?::\d+)?(?:,\d+(?:\.\d+){3}(?::\d+)?)+")
"""Endpoints in one cell: in what order is chance."""
_PORTS = re.compile(r"(?<![\w.,-])\d+(?:,\d+)+(?![\w.,-])")
"""The ports of a slice in one cell: in what order is chance."""


_NODE_ADDRESS = re.compile(r"(?<![\d.])172\.31\.0\.1[01](?![\d.]*\d)")
"""The address of the node that a Pod landed on."""
_ENDPOINT_BLOCK = re.compile(r"(?m)^( *)- Addresses:.*\n(?:\1 +.*\n?)+")
"""An endpoint of a described slice."""


def _blocks_in_order(text: str) -> str:
    """Described endpoints that follow each other, in an order that does not depend on their addresses."""
    blocks = [match.group(0) for match in _ENDPOINT_BLOCK.finditer(text)]
    if len(blocks) < 2:
        return text
    ordered = iter(sorted((block.rstrip("\n") + "\n" for block in blocks), key=_row))
    return _ENDPOINT_BLOCK.sub(lambda match: next(ordered), text) if _adjoining(text) else text


def _adjoining(text: str) -> bool:
    """Whether the endpoints are those of one slice."""
    return text.count("AddressType:") == 1


def _unordered(match: re.Match[str]) -> str:
    return ",".join(sorted(_ADDRESS.sub("<endpoint>", match.group(0)).split(",")))


def normalise(text: str, *, ordered: bool = False) -> str:
    """One output, made comparable.

    :param ordered: whether its rows came one after another, so that their order means something.
    """
    text = text if ordered else _blocks_in_order(in_stable_order(text))
    for pattern, replacement in _DROPPED:
        text = pattern.sub(replacement, text)
    text = _PORTS.sub(_unordered, _ENDPOINTS.sub(_unordered, text))
    text = _NODE_ADDRESS.sub("<node-address>", text)
    seen: dict[str, dict[str, str]] = {}
    for name, pattern in _RENAMED:
        text = pattern.sub(_renamer(name, seen.setdefault(name, {})), text)
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.strip().splitlines())
    return "\n".join(lines)


def _renamer(name: str, seen: dict[str, str]) -> Callable[[re.Match[str]], str]:
    def rename(match: re.Match[str]) -> str:
        return seen.setdefault(match.group(0).strip(), f"<{name}-{len(seen) + 1}>")

    return rename
