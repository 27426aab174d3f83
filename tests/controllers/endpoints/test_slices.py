"""What an endpoint says of its Pod, and how endpoints are filled into slices."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubesim.api.objects import ObjectMeta, Service, ServicePort, ServiceSpec
from kubesim.controllers.endpoints.pods import EndpointPod
from kubesim.controllers.endpoints.slices import endpoint_of, plan_slices


def pod(number: int, *, ready: bool = True, deleted: bool = False) -> EndpointPod:
    metadata: dict[str, Any] = {"name": f"p{number:03}", "namespace": "default", "uid": str(number)}
    if deleted:
        metadata["deletionTimestamp"] = "2026-07-01T09:00:00Z"
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    status = {"phase": "Running", "podIPs": [{"ip": f"10.0.{number // 200}.{number % 200}"}], "conditions": conditions}
    return EndpointPod.of({"metadata": metadata, "spec": {}, "status": status})


def service(*, publish: bool = False) -> Service:
    spec = ServiceSpec(
        clusterIP="10.43.0.1",
        ports=[ServicePort(port=80, targetPort=80, protocol="TCP")],
        publishNotReadyAddresses=publish,
    )
    return Service(metadata=ObjectMeta(name="web", namespace="default", uid="s"), spec=spec)


@pytest.mark.parametrize("publish", [False, True])
@pytest.mark.parametrize(
    ("ready", "deleted", "expected"),
    [
        (True, False, (True, True, False)),
        (False, False, (False, False, False)),
        (True, True, (False, True, True)),
        (False, True, (False, False, True)),
    ],
)
def test_ready_serving_terminating(
    ready: bool, deleted: bool, expected: tuple[bool, bool, bool], publish: bool
) -> None:
    conditions = endpoint_of(pod(1, ready=ready, deleted=deleted), "", service(publish=publish))["conditions"]
    wanted = (expected[0] or publish, *expected[1:])
    assert (conditions["ready"], conditions["serving"], conditions["terminating"]) == wanted


def sizes(existing: list[int], pods: int, *, limit: int = 10) -> tuple[list[int], list[int], list[int]]:
    """(created, changed, unchanged): how many endpoints each slice holds, for Pods of which the first are in slices."""
    made, given = [], 0
    for number, size in enumerate(existing):
        plan = plan_slices(service(), [pod(each) for each in range(given, given + size)], [], {}, limit=limit)
        (piece,) = plan.create
        made.append({**piece, "metadata": {**piece["metadata"], "name": f"s{number}"}})
        given += size
    plan = plan_slices(service(), [pod(each) for each in range(pods)], made, {}, limit=limit)
    groups = (plan.create, plan.update, plan.unchanged)
    created, changed, unchanged = ([len(piece["endpoints"]) for piece in group] for group in groups)
    return created, changed, unchanged


@pytest.mark.parametrize(
    ("existing", "pods", "expected"),
    [
        ([], 10, ([10], [], [])),
        ([], 11, ([10, 1], [], [])),
        ([6], 10, ([], [10], [])),  # what is left exactly fits into the slice that is there
        ([6], 11, ([5], [], [6])),  # it does not fit: a new slice, and the old one is not touched
        ([6, 8], 16, ([], [10], [6])),  # into the fullest that can hold it
        ([6, 6], 9, ([], [3], [6])),  # one that must shrink anyway
        ([10], 10, ([], [], [10])),
    ],
)
def test_slices_are_filled_touching_as_few_as_possible(
    existing: list[int], pods: int, expected: tuple[list[int], list[int], list[int]]
) -> None:
    assert sizes(existing, pods) == expected


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_finished_is_in_no_slice(phase: str) -> None:
    plan = plan_slices(service(), [pod(1), replace(pod(2), phase=phase), replace(pod(3), addresses=())], [], {})
    assert [point["targetRef"]["name"] for piece in plan.create for point in piece["endpoints"]] == ["p001"]
