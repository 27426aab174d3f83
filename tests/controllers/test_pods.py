"""What may be asked of a Pod, and of who owns an object."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kubesim.controllers.pods import (
    available_in,
    controller_of,
    is_active,
    is_finished,
    is_ready,
    is_terminating,
    owned_by,
    owner_reference,
    without_owner,
)

NOON = "2026-07-01T12:00:00Z"


def pod(phase: str = "Running", ready: str = "True", since: str = NOON, **metadata: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": since}] if ready else []
    return {"metadata": {"name": "p", **metadata}, "status": {"phase": phase, "conditions": conditions}}


DELETED = {"deletionTimestamp": NOON}


@pytest.mark.parametrize(
    ("wire", "finished", "terminating", "active"),
    [
        (pod("Pending"), False, False, True),
        (pod("Running"), False, False, True),
        (pod("Unknown"), False, False, True),
        (pod("Succeeded"), True, False, False),
        (pod("Failed"), True, False, False),
        (pod("Running", **DELETED), False, True, False),
        (pod("Failed", **DELETED), True, True, False),
        ({"metadata": {}}, False, False, True),
    ],
)
def test_a_pod_is_active_unless_finished_or_deleted(
    wire: dict[str, Any], finished: bool, terminating: bool, active: bool
) -> None:
    assert (is_finished(wire), is_terminating(wire), is_active(wire)) == (finished, terminating, active)


@pytest.mark.parametrize(
    ("wire", "minimum", "seconds", "expected"),
    [
        (pod(ready=""), 0, 0, None),
        (pod(ready="False"), 0, 0, None),
        (pod(ready="Unknown"), 10, 0, None),
        (pod(), 0, 0, 0.0),
        (pod(), 10, 4, 6.0),
        (pod(), 10, 10, 0.0),
        (pod(), 10, 15, 0.0),
        (pod(since=""), 10, 0, 0.0),
        (pod(), 1, 0, 1.0),
    ],
)
def test_a_ready_pod_is_available_after_its_minimum(
    wire: dict[str, Any], minimum: int, seconds: int, expected: float | None
) -> None:
    assert available_in(wire, minimum, datetime(2026, 7, 1, 12, 0, seconds, tzinfo=UTC)) == expected
    assert is_ready(wire) is (expected is not None)


OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web", "uid": "u1"}}
OTHER = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "u2"}}


def test_a_reference_to_a_controller_says_who_it_is() -> None:
    assert owner_reference(OWNER) == {
        "apiVersion": "apps/v1",
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": "ReplicaSet",
        "name": "web",
        "uid": "u1",
    }


@pytest.mark.parametrize(
    ("references", "controller", "owned"),
    [
        ([], None, False),
        ([{**owner_reference(OWNER), "controller": False}], None, False),
        ([owner_reference(OTHER)], "u2", False),
        ([{**owner_reference(OTHER), "controller": False}, owner_reference(OWNER)], "u1", True),
    ],
)
def test_an_object_belongs_to_its_controller(
    references: list[dict[str, Any]], controller: str | None, owned: bool
) -> None:
    wire = pod(ownerReferences=references)
    assert (controller_of(wire) or {}).get("uid") == controller
    assert owned_by(wire, OWNER) is owned
    assert controller_of(pod()) is None


def test_an_owner_is_taken_away_and_the_others_stay() -> None:
    both = pod(ownerReferences=[owner_reference(OWNER), owner_reference(OTHER)], labels={"app": "web"})
    left = without_owner(both, "u1")
    assert left["metadata"]["ownerReferences"] == [owner_reference(OTHER)]
    alone = without_owner(left, "u2")
    assert alone["metadata"] == {"name": "p", "labels": {"app": "web"}}
    assert alone["status"] is both["status"] and len(both["metadata"]["ownerReferences"]) == 2
