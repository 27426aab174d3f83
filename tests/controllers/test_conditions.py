from __future__ import annotations

from collections.abc import Sequence

import pytest

from kubesim.api.objects import Wire
from kubesim.controllers.conditions import SharedConditions

NOW, LATER = "2026-07-01T09:00:00Z", "2026-07-01T09:00:01Z"


@pytest.mark.parametrize(
    ("same_stored", "way", "now", "shared"),
    [
        (True, "ready", NOW, True),
        (False, "ready", NOW, False),
        (True, "not ready", NOW, False),
        (True, "ready", LATER, False),
    ],
)
def test_who_goes_the_same_way_at_the_same_moment_shares_its_conditions(
    same_stored: bool, way: str, now: str, shared: bool
) -> None:
    def write(stored: Sequence[Wire]) -> list[Wire]:
        return [*stored, {"type": "Ready"}]

    conditions, stored = SharedConditions(), [{"type": "PodScheduled"}]
    first = conditions.of(stored, "ready", NOW, write)
    again = conditions.of(stored if same_stored else [*stored], way, now, write)
    assert again == first
    assert (again is first) is shared
