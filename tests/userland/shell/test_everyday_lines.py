"""Everyday lines: each as the real bash 5.2.37, dash and busybox 1.37 (Debian 13) were recorded to answer it.

``make differential`` types many more into both. Whatever is typed wrongly ends in words, too.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from tools.differential.grammar import Line, lines
from tools.differential.shells import Outcome, Simulated, comparable

RECORDED = [
    (Line(*row[:3]), Outcome(*row[3:]))
    for row in json.loads(Path(__file__).with_name("recorded_lines.json").read_text(encoding="utf-8"))
]
SLIPS = (
    "'", '"', "`", "$(", "${", ")", "}", "|", "&", ";", "<", "<<", "\\", "\n", "((", "[[", "$((",
    "\x00", "\ud800", "\udcff",
    "99999999999999999999999", "-1", "*", "?", "[", "]", "{1..", "%", "é", "~", "!", "=", ":", "#", "@",
)  # fmt: skip


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    return Simulated("/tmp/everyday")


@pytest.mark.parametrize("shell", ["bash", "dash", "ash"])
def test_is_answered_as_the_real_shell_did(simulated: Simulated, shell: str) -> None:
    wrong = [
        (line.text, expected, got)
        for line, expected in RECORDED
        if line.shell == shell and (got := comparable(simulated.run(line))) != expected
    ]
    assert not wrong


def test_a_slip_anywhere_ends_in_words(simulated: Simulated) -> None:
    """Any exception but the machine's own answers comes through, and the bounds of a line hold."""
    chance = Random(7)
    for line in lines(7, 250):
        text = line.text
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(text) + 1)
            text = text[:place] + chance.choice(SLIPS) + text[place + chance.randrange(3) :]
        outcome = simulated.run(Line(line.shell, line.kind, text))
        assert 0 <= outcome.status <= 255, text
        assert len(outcome.stdout) < 100_000, text
