"""What an object's conditions say, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.controllers.conditions import SharedConditions, condition, is_true, moment, with_condition, with_progress

EARLIER, NOW = "2026-07-01T12:00:00Z", "2026-07-01T12:05:00Z"


def entry(type: str, status: str = "True", since: str = EARLIER, **more: str) -> dict[str, Any]:
    return {"type": type, "status": status, "lastTransitionTime": since, **more}


def test_a_moment_is_in_universal_time() -> None:
    assert moment(EARLIER) == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert (moment(NOW) - moment(EARLIER)).total_seconds() == 300


@pytest.mark.parametrize(
    ("conditions", "found", "true"),
    [
        (None, None, False),
        ([], None, False),
        ([entry("Other")], None, False),
        ([entry("Other"), entry("Ready")], entry("Ready"), True),
        ([entry("Ready", "False")], entry("Ready", "False"), False),
        ([entry("Ready", "Unknown")], entry("Ready", "Unknown"), False),
    ],
)
def test_a_condition_is_found_by_its_type(conditions: Any, found: Any, true: bool) -> None:
    for wire in ({"status": {"conditions": conditions}}, {"status": None}, {}):
        wanted = found if wire.get("status") else None
        assert condition(wire, "Ready") == wanted
        assert is_true(wire, "Ready") is (true and wanted is not None)


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [
        ([], entry("Ready"), [entry("Ready", since=NOW)]),
        ([entry("Other")], {"type": "Ready", "status": "True"}, [entry("Other"), entry("Ready", since=NOW)]),
        ([entry("Ready"), entry("Other")], {"type": "Ready", "status": "True"}, [entry("Ready"), entry("Other")]),
        (
            [entry("Ready"), entry("Other")],
            {"type": "Ready", "status": "False"},
            [entry("Ready", "False", NOW), entry("Other")],
        ),
        (
            [entry("Ready", reason="Old")],
            {"type": "Ready", "status": "True", "reason": "New"},
            [entry("Ready", reason="New")],
        ),
    ],
)
def test_a_new_condition_takes_its_place_and_its_time_moves_with_its_status(
    known: list[dict[str, Any]], new: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    assert with_condition(known, new, NOW) == expected


def progress(status: str, reason: str, since: str = EARLIER, updated: str = EARLIER, message: str = "") -> Any:
    return entry("Progressing", status, since, reason=reason, message=message, lastUpdateTime=updated)


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        # nothing changes while status and reason stay, not even the message
        ("True", "Updated", [progress("True", "Updated"), entry("Available")]),
        # another reason moves it to the end; the transition is that of the status
        ("True", "Complete", [entry("Available"), progress("True", "Complete", EARLIER, NOW, "new")]),
        ("False", "TimedOut", [entry("Available"), progress("False", "TimedOut", NOW, NOW, "new")]),
        ("False", "Updated", [entry("Available"), progress("False", "Updated", NOW, NOW, "new")]),
    ],
)
def test_a_deployments_condition_changes_with_its_status_or_reason(status: str, reason: str, expected: Any) -> None:
    known = [progress("True", "Updated"), entry("Available")]
    new = {"type": "Progressing", "status": status, "reason": reason, "message": "new"}
    assert with_progress(known, new, NOW) == expected


def test_a_deployments_first_condition_begins_now() -> None:
    new = {"type": "Progressing", "status": "True", "reason": "New", "message": ""}
    assert with_progress([], new, NOW) == [progress("True", "New", NOW, NOW)]


@pytest.mark.parametrize(
    ("same_stored", "way", "now", "shared"),
    [
        (True, "ready", EARLIER, True),
        (False, "ready", EARLIER, False),
        (True, "not ready", EARLIER, False),
        (True, "ready", NOW, False),
    ],
)
def test_who_goes_the_same_way_at_the_same_moment_shares_its_conditions(
    same_stored: bool, way: str, now: str, shared: bool
) -> None:
    def write(stored: Sequence[Wire]) -> list[Wire]:
        return [*stored, {"type": "Ready"}]

    conditions, stored = SharedConditions(), [{"type": "PodScheduled"}]
    first = conditions.of(stored, "ready", EARLIER, write)
    again = conditions.of(stored if same_stored else [*stored], way, now, write)
    assert again == first
    assert (again is first) is shared
