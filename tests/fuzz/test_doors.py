"""Each door, for a while and always with the same inputs: whatever comes in is answered in words."""

from __future__ import annotations

import pytest

from tests.fuzz.grammars import GRAMMARS
from tests.fuzz.running import world

WORLDS = {
    "typed line": 2,
    "manifest": 2,
    "Python call": 4,
    "cluster file": 1,
    "dump": 1,
    "widget callback": 1,
}
INPUTS = {"cluster file": 25, "dump": 6, "widget callback": 15}
"""How many inputs a world of the suite takes, where each costs a cluster or a picture."""


@pytest.mark.parametrize(("door", "seed"), [(door, seed) for door, count in WORLDS.items() for seed in range(count)])
def test_whatever_comes_in_is_answered(door: str, seed: int) -> None:
    made, inputs = world(door, seed)
    for _, given in zip(range(INPUTS.get(door, made.world_inputs)), inputs, strict=False):
        made.enter(given)


@pytest.mark.parametrize("name", GRAMMARS)
def test_whatever_is_read_is_read_or_refused(name: str) -> None:
    made, inputs = world(name, 0)
    for _, given in zip(range(80), inputs, strict=False):
        made.enter(given)
