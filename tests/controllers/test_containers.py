"""References to variables in a command, as the Kubernetes page on commands and arguments has them."""

from __future__ import annotations

import pytest

from kubesim.controllers.containers import expand_references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$(A)", "1"),
        ("x$(A)y$(B)z", "x1y2z"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A}", "$A ${A}"),
        ("$(A", "$(A"),
        ("cost: 5$", "cost: 5$"),
        ("$$", "$"),
        ("$(C)", "$(A)"),  # a value is not looked at again
    ],
)
def test_references(text: str, expected: str) -> None:
    assert expand_references(text, {"A": "1", "B": "2", "C": "$(A)"}) == expected
