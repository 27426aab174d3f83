"""What a learner is shown: the findings of a check, a hint, something folded away.

Each shows itself in a terminal (``str``) and in a notebook (``_repr_html_``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubesim.views.frames import frame, unabridged

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check."""

    what: str
    expected: str
    observed: str
    passed: bool

    @property
    def mark(self) -> str:
        """✓ or ✗."""
        return "✓" if self.passed else "✗"


@dataclass(frozen=True)
class Check:
    """What a check found; where all is well, also why.

    :param notes: what is said once it is solved, in order: (heading, text with code in backquotes).
    """

    findings: tuple[Finding, ...]
    notes: tuple[tuple[str, str], ...]

    @property
    def solved(self) -> bool:
        """Whether every finding passes."""
        return all(finding.passed for finding in self.findings)

    def table(self) -> pandas.DataFrame:
        """One row a finding."""
        marks = [finding.mark for finding in self.findings]
        rows = [[finding.what, finding.expected, finding.observed] for finding in self.findings]
        return frame(rows, ["what", "must be", "is"], marks)

    def lines(self) -> Sequence[str]:
        """The findings for a terminal, a line each, without a table's frame; then the notes where all is well."""
        found = [f"{each.mark} {each.what}: {each.observed}" for each in self.findings]
        must = [f"{line}; must be {each.expected}" for line, each in zip(found, self.findings, strict=True)]
        said = [line if each.passed else full for line, full, each in zip(found, must, self.findings, strict=True)]
        return [*said, *(f"{heading} {text}" for heading, text in self.notes if self.solved)]

    def __repr__(self) -> str:
        praise = "".join(f"\n{heading} {text}" for heading, text in self.notes) if self.solved else ""
        return f"{self.table().to_string()}{praise}"

    def _repr_html_(self) -> str:
        praise = ""
        if self.solved:
            said = [f"<b>{heading}</b> {marked(text)}" for heading, text in self.notes]
            praise = f'<p role="status">{said[0]}</p>' + "".join(f"<p>{text}</p>" for text in said[1:])
        return f"{unabridged(self.table())}{praise}"


class Text(str):
    """A string that a notebook shows without quotes."""

    def __repr__(self) -> str:
        return str(self)


class Folded:
    """Text that a notebook shows folded away, and a terminal in full."""

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text

    def __repr__(self) -> str:
        return f"{self.title}:\n{self.text}"

    def _repr_html_(self) -> str:
        return f"<details><summary>{html.escape(self.title)}</summary><pre>{html.escape(self.text)}</pre></details>"


def holds(evidence: str, text: str) -> bool:
    """Whether a text bears evidence out: predictions and exercises say the same way what they look for.

    :param evidence: what it must hold: a text, ``/a regular expression/`` whose ``^`` and ``$`` mean lines, or one of
        these after ``not``.
    """
    denied = evidence.startswith("not ")
    wanted = evidence.removeprefix("not ")
    pattern = wanted[1:-1] if len(wanted) > 1 and wanted[0] == wanted[-1] == "/" else re.escape(wanted)
    return (re.search(pattern, text, re.MULTILINE) is not None) is not denied


def marked(text: str) -> str:
    """Text as HTML, with what stands in backquotes as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
