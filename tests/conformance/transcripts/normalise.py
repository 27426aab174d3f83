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
        (r"(resourceVersion\"?: *)\"?\d+\"?", r"\1<version>"),
        (r"/tmp/([A-Za-z]+)-\d+", r"/tmp/\1-<n>"),
        (r"\(x\d+ over [0-9a-z]+\)", "<age>"),
        (r"(?<![\w.:/-])(\d+y)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(?<=\d[ydhms])(?![\w./-])", "<age>"),
        (r"<age>( <age>)+", "<age>"),
    )
)

_RENAMED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("uid", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        ("address", r"(?<![\d.])(?:10\.4[23]|172\.31)(?:\.\d{1,3}){2}(?![\d.]*\d)"),
        ("port", r"(?<![\w.-])3[0-2]\d{3}(?![\w.-])"),
        ("hash", rf"(?<=[-=:])(?<![^-=:]) ?\b[{SAFE}]{{6,10}}(?=-[{SAFE}]{{5}}\b|\b)(?![-\w])|(?<=-)[{SAFE}]{{6,10}}(?=-[{SAFE}]{{5}}\b)"),
        ("suffix", rf"(?<=-)[{SAFE}]{{5}}(?![\w])"),
        ("node", r"(?<![\w.-])(?:master|worker)(?![\w.-])"),
    )
)


def normalise(text: str) -> str:
    """One output, made comparable."""
    for pattern, replacement in _DROPPED:
        text = pattern.sub(replacement, text)
    for name, pattern in _RENAMED:
        text = pattern.sub(_renamer(name), text)
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.strip().splitlines())
    return "\n".join(lines)


def _renamer(name: str) -> Callable[[re.Match[str]], str]:
    seen: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        return seen.setdefault(match.group(0).strip(), f"<{name}-{len(seen) + 1}>")

    return rename
