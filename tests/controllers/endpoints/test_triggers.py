from __future__ import annotations

import pytest

from kubesim.api.objects import ObjectMeta, Service
from kubesim.controllers.endpoints.pods import EndpointPod
from kubesim.controllers.endpoints.triggers import ANNOTATION, TriggerTimes, stamped


def at(second: int) -> str:
    return f"2026-07-01T09:00:{second:02}Z"


def pod(name: str, since: str) -> EndpointPod:
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": since}] if since else []
    return EndpointPod.of({"metadata": {"name": name}, "spec": {}, "status": {"conditions": conditions}})


WEB = Service(metadata=ObjectMeta(name="web", namespace="default", creationTimestamp=at(1)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, ""),
        ({}, {"a": at(5)}, at(5)),
        ({"a": at(5)}, {"a": at(5)}, ""),
        ({"a": at(5)}, {"a": at(7)}, at(7)),
        ({"a": at(2), "b": at(2)}, {"a": at(9), "b": at(7)}, at(7)),  # the oldest change counts
        ({"a": at(2)}, {"a": at(9), "b": at(4)}, at(4)),
        ({"a": at(5), "b": at(6)}, {"a": at(5)}, ""),  # one that went leaves no moment behind
        ({"a": at(5)}, {"a": at(5), "b": ""}, ""),
    ],
)
def test_the_oldest_change_since_the_sync_before(before: dict[str, str], after: dict[str, str], expected: str) -> None:
    times = TriggerTimes()
    assert times.trigger(WEB, [pod(*each) for each in before.items()]) == at(1)
    assert times.trigger(WEB, [pod(*each) for each in after.items()]) == expected


def test_a_service_that_is_made_again_begins_anew() -> None:
    times = TriggerTimes()
    times.trigger(WEB, [])
    times.forget(("default", "web"))
    assert times.trigger(WEB, [pod("a", at(9))]) == at(1)


def test_a_stamp_takes_the_place_of_the_one_before() -> None:
    wire = {"metadata": {"name": "web", "annotations": {"own": "kept", ANNOTATION: at(1)}}}
    assert stamped(wire, at(2))["metadata"]["annotations"] == {"own": "kept", ANNOTATION: at(2)}
    assert stamped(wire, "")["metadata"]["annotations"] == {"own": "kept"}
    assert "annotations" not in stamped({"metadata": {"annotations": {ANNOTATION: at(1)}}}, "")["metadata"]
    assert stamped(wire, at(1)) is wire
