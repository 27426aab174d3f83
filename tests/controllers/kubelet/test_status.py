"""The phase, the conditions and the container statuses of a Pod, from what its containers are.

The phases are those of the table in upstream's ``kubelet_pods_test.go`` (``TestPodPhaseWith…``), the conditions those
of ``status/generate_test.go``.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Container, VolumeMount
from kubesim.controllers.conditions import SharedConditions
from kubesim.controllers.kubelet import status as written
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.controllers.kubelet.status import PodState, container_status, phase

EARLIER, NOW = "2026-07-01T12:00:00Z", "2026-07-01T12:05:00Z"


def container(what: str, *, init: bool = False, policy: str = "", ready: bool = False, **spec: Any) -> ContainerState:
    """``run``, ``wait``, ``new`` (it waits and has never run), ``back-off`` (it ran and waits), or an exit status."""
    made = ContainerState(Container(name="c", image="nginx", restartPolicy=policy or None, **spec), init=init)
    if what in ("run", "started"):
        made.run(None, "containerd://1", EARLIER)
        made.ready, made.started = ready, what == "started"
    elif what.startswith("back-off"):
        made.run(None, "containerd://1", EARLIER)
        made.end(int(what.removeprefix("back-off")), EARLIER)
        made.last = made.state
        made.wait("CrashLoopBackOff")
    elif what == "wait":
        made.wait("ContainerCreating")
    else:
        made.run(None, "containerd://1", EARLIER)
        made.end(int(what), EARLIER)
    return made


def state(containers: list[ContainerState], init: list[ContainerState] | None = None, **more: Any) -> PodState:
    return PodState(init or [], containers, "172.31.0.1", EARLIER, **more)


def pod(policy: str = "Always", **more: Any) -> dict[str, Any]:
    status = more.pop("status", {})
    return {"metadata": {"name": "p", "generation": 2}, "spec": {"restartPolicy": policy, **more}, "status": status}


@pytest.mark.parametrize(
    ("policy", "containers", "expected"),
    [
        ("Always", ["wait"], "Pending"),
        ("Always", ["run"], "Running"),
        ("Always", ["run", "run"], "Running"),
        ("Always", ["run", "wait"], "Pending"),
        ("Always", ["0", "0"], "Running"),
        ("Always", ["1"], "Running"),
        ("Always", ["back-off1"], "Running"),
        ("Never", ["run", "run"], "Running"),
        ("Never", ["0", "0"], "Succeeded"),
        ("Never", ["1", "1"], "Failed"),
        ("Never", ["0", "1"], "Failed"),
        ("Never", ["run", "1"], "Running"),
        ("Never", ["run", "wait"], "Pending"),
        ("OnFailure", ["run", "run"], "Running"),
        ("OnFailure", ["0", "0"], "Succeeded"),
        ("OnFailure", ["1", "1"], "Running"),
        ("OnFailure", ["run", "0"], "Running"),
        ("OnFailure", ["0", "1"], "Running"),
        ("OnFailure", ["wait"], "Pending"),
        ("OnFailure", ["back-off1"], "Running"),
        ("OnFailure", ["0", "back-off1"], "Running"),
    ],
)
def test_the_phase_follows_from_containers_and_policy(policy: str, containers: list[str], expected: str) -> None:
    assert phase(pod(policy), state([container(what) for what in containers])) == expected


@pytest.mark.parametrize(
    ("policy", "init", "sidecar", "expected"),
    [
        ("Always", "run", False, "Pending"),
        ("Always", "1", False, "Pending"),
        ("Never", "1", False, "Failed"),
        ("OnFailure", "1", False, "Pending"),
        ("Always", "run", True, "Pending"),
        ("Never", "1", True, "Pending"),  # a sidecar's end fails no Pod
    ],
)
def test_init_containers_come_first(policy: str, init: str, sidecar: bool, expected: str) -> None:
    first = container(init, init=True, policy="Always" if sidecar else "")
    assert phase(pod(policy), state([container("wait")], [first])) == expected


@pytest.mark.parametrize(
    ("policy", "main", "init", "sidecar", "expected"),
    [
        ("Always", "run", "0", False, "Running"),
        ("Never", "run", "0", False, "Running"),
        ("Always", "run", "started", True, "Running"),
        ("Always", "run", "1", True, "Running"),  # once the Pod has run, a sidecar that begins anew does not hold it up
        ("Never", "0", "0", True, "Succeeded"),
        ("Never", "1", "0", True, "Failed"),
    ],
)
def test_a_pod_that_has_run_is_initialised(policy: str, main: str, init: str, sidecar: bool, expected: str) -> None:
    first = container(init, init=True, policy="Always" if sidecar else "")
    of = state([container(main)], [first])
    assert phase(pod(policy), of) == expected
    assert conditions(pod(policy), of)["Initialized"][0] == "True"


def test_the_policy_is_always_where_none_is_said() -> None:
    assert phase({"metadata": {}, "spec": {}}, state([container("0")])) == "Running"


def pod_status(wire: dict[str, Any], of: PodState, now: str) -> dict[str, Any]:
    return written.pod_status(wire, of, now, SharedConditions())


def conditions(wire: dict[str, Any], of: PodState) -> dict[str, tuple[str, str, str]]:
    found = pod_status(wire, of, NOW)["conditions"]
    return {each["type"]: (each["status"], each.get("reason", ""), each.get("message", "")) for each in found}


YES = ("True", "", "")
UNREADY = ("False", "ContainersNotReady", "containers with unready status: [c]")


@pytest.mark.parametrize(
    ("policy", "containers", "init", "initialised", "ready"),
    [
        ("Always", [("run", True)], [], YES, YES),
        ("Always", [("run", False)], [], YES, UNREADY),
        (
            "Always",
            [("run", False), ("run", False)],
            [],
            YES,
            ("False", "ContainersNotReady", "containers with unready status: [c c]"),
        ),
        ("Always", [("run", True)], [("0", "")], YES, YES),
        (
            "Always",
            [("wait", False)],
            [("run", "")],
            ("False", "ContainersNotInitialized", "containers with incomplete status: [c]"),
            UNREADY,
        ),
        ("Always", [("run", True)], [("started", "Always")], YES, UNREADY),  # an unready sidecar counts
        ("Never", [("0", False)], [], ("True", "PodCompleted", ""), ("False", "PodCompleted", "")),
        ("Never", [("1", False)], [], YES, ("False", "PodFailed", "")),
    ],
)
def test_conditions_follow_from_the_containers(
    policy: str,
    containers: list[tuple[str, bool]],
    init: list[tuple[str, str]],
    initialised: tuple[str, str, str],
    ready: tuple[str, str, str],
) -> None:
    of = state(
        [container(what, ready=is_ready) for what, is_ready in containers],
        [container(what, init=True, policy=restart) for what, restart in init],
        sandbox=True,
    )
    finished = policy == "Never"
    assert conditions(pod(policy), of) == {
        "PodReadyToStartContainers": ("False", "", "") if finished else YES,
        "Initialized": initialised,
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": YES,
    }


GATE = "example.com/gate"


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (None, f'corresponding condition of pod readiness gate "{GATE}" does not exist.'),
        ("False", f'the status of pod readiness gate "{GATE}" is not "True", but False'),
        ("True", ""),
    ],
)
def test_a_readiness_gate_holds_back_ready_alone(gate: str | None, message: str) -> None:
    given = [] if gate is None else [{"type": GATE, "status": gate}]
    wire = pod(readinessGates=[{"conditionType": GATE}], status={"conditions": given})
    found = conditions(wire, state([container("run", ready=True)]))
    assert found["ContainersReady"] == YES
    assert found["Ready"] == (("False", "ReadinessGatesNotReady", message) if message else YES)
    unready = conditions(wire, state([container("run")]))
    assert unready["Ready"] == UNREADY, "containers come first"


def test_two_gates_are_told_together() -> None:
    gates = [{"conditionType": each} for each in ("a", "b")]
    _, _, message = conditions(pod(readinessGates=gates), state([container("run", ready=True)]))["Ready"]
    assert message == ", ".join(
        f'corresponding condition of pod readiness gate "{each}" does not exist.' for each in "ab"
    )


def test_a_conditions_time_moves_with_its_status_alone() -> None:
    before = pod_status(pod(), state([container("run")]), EARLIER)
    of = state([container("run", ready=True)])
    after = pod_status(pod(status=before), of, NOW)["conditions"]
    moved = {each["type"] for each in after if each["lastTransitionTime"] == NOW}
    assert moved == {"Ready", "ContainersReady"}
    assert {each["lastTransitionTime"] for each in after if each["type"] not in moved} == {EARLIER}
    assert {each["observedGeneration"] for each in after} == {2}
    assert all(each["lastProbeTime"] is None for each in after)


def test_what_did_not_change_is_shared_with_the_stored_status() -> None:
    of = state([container("run", ready=True)], address="10.42.0.7", sandbox=True)
    stored = pod_status(pod(), of, EARLIER)
    again = pod_status(pod(status=stored), of, NOW)
    assert again == stored
    assert all(again[field] is stored[field] for field in stored)


def test_what_others_wrote_is_kept() -> None:
    theirs = [{"type": "DisruptionTarget", "status": "True"}, {"type": "Ready", "status": "False"}]
    kept = {"nominatedNodeName": "n", "resize": "Proposed", "ephemeralContainerStatuses": [{"name": "debug"}]}
    stored = {"conditions": theirs, "qosClass": "Burstable", "reason": "gone", **kept}
    found = pod_status(pod(status=stored), state([container("run")]), NOW)
    assert found["conditions"][0] == theirs[0]
    assert [each["type"] for each in found["conditions"]].count("Ready") == 1
    assert {field: found.get(field) for field in kept} == kept
    assert (found["qosClass"], found.get("reason")) == ("Burstable", None)
    assert pod_status(pod(), state([container("run")]), NOW)["qosClass"] == "BestEffort"


def test_addresses_and_init_containers_are_there_once_known() -> None:
    bare = pod_status(pod(), state([container("wait")]), NOW)
    assert not {"podIP", "podIPs", "initContainerStatuses"} & bare.keys()
    assert (bare["hostIP"], bare["hostIPs"], bare["startTime"]) == ("172.31.0.1", [{"ip": "172.31.0.1"}], EARLIER)
    assert (bare["observedGeneration"], bare["phase"]) == (2, "Pending")
    whole = pod_status(pod(), state([container("wait")], [container("0", init=True)], address="10.42.0.7"), NOW)
    assert (whole["podIP"], whole["podIPs"]) == ("10.42.0.7", [{"ip": "10.42.0.7"}])
    assert [each["state"]["terminated"]["exitCode"] for each in whole["initContainerStatuses"]] == [0]
    assert pod_status({"metadata": {}, "spec": {}}, state([container("run")]), NOW)["observedGeneration"] == 1


def test_a_container_status_tells_what_it_runs_with() -> None:
    resources = {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}
    mounts = [VolumeMount(name="a", mountPath="/a"), VolumeMount(name="b", mountPath="/b", readOnly=True)]
    given = container(
        "started",
        ready=True,
        resources=resources,
        volumeMounts=mounts,
    )
    given.restarts, given.image, given.image_id = (
        3,
        "docker.io/library/nginx:latest",
        "docker.io/library/nginx@sha256:a",
    )
    found = container_status(given)
    assert found["allocatedResources"] == {"cpu": "1"}
    assert found["containerID"] == "containerd://1"
    assert (found["image"], found["imageID"]) == (given.image, given.image_id)
    assert (found["ready"], found["started"], found["restartCount"], found["name"]) == (True, True, 3, "c")
    assert (found["state"], found["lastState"]) == ({"running": {"startedAt": EARLIER}}, {})
    assert found["user"] == {"linux": {"gid": 0, "supplementalGroups": [0], "uid": 0}}
    assert found["volumeMounts"] == [
        {"name": "a", "mountPath": "/a"},
        {"name": "b", "mountPath": "/b", "readOnly": True, "recursiveReadOnly": "Disabled"},
    ]


def test_a_container_that_never_ran_has_no_more_than_its_name() -> None:
    found = container_status(container("wait"))
    assert (found["image"], found["imageID"]) == ("nginx", "")
    assert not {"containerID", "resources", "allocatedResources", "user", "volumeMounts"} & found.keys()
    assert "user" not in container_status(container("0"))


@pytest.mark.parametrize(
    ("containers", "stored", "told"),
    [
        (["wait"], {}, False),
        (["run"], {}, True),
        (["run", "wait"], {}, True),
        (["back-off1"], {}, True),
        (["1"], {}, True),
        (["wait"], {"podIP": "10.42.0.7", "podIPs": [{"ip": "10.42.0.7"}]}, True),
    ],
    ids=["being created", "runs", "one runs", "waits to be restarted", "ended", "is created anew"],
)
def test_the_address_is_told_with_the_first_containers_start(
    containers: list[str], stored: dict[str, Any], told: bool
) -> None:
    """``SyncPod`` pulls and starts before it returns; the status that was written before it had no address yet."""
    of = state([container(what) for what in containers])
    of.address = "10.42.0.7"
    assert ("podIP" in pod_status(pod(status=stored), of, NOW)) is told
