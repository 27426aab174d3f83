"""A Pod's status, written from what its kubelet knows. Pure.

Upstream: ``pkg/kubelet/kubelet_pods.go`` (phase) and ``pkg/kubelet/status/generate.go`` (conditions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesim.api.objects import Wire
from kubesim.controllers.conditions import with_condition
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.controllers.quantities import quality_of_service

OWN_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
"""The conditions that a kubelet writes, in the order in which it writes them."""


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What the status is written from.

    :param sandbox: whether the Pod's network is set up.
    """

    pod: Wire
    containers: Sequence[ContainerState]
    init: Sequence[ContainerState]
    host_address: str
    address: str
    start_time: str
    sandbox: bool
    now: str
    reason: str = ""
    message: str = ""
    failed: bool = False


def phase(facts: PodFacts) -> str:
    """Pending, Running, Succeeded or Failed."""
    if facts.failed:
        return "Failed"
    policy = facts.pod["spec"].get("restartPolicy", "Always")
    failed_init = [c for c in facts.init if not c.sidecar and c.exit_code not in (None, 0)]
    if failed_init and policy == "Never":
        return "Failed"
    if any(not initialised(container) for container in facts.init):
        return "Pending"
    waiting = [c for c in facts.containers if "waiting" in c.state and "terminated" not in c.last]
    if waiting:
        return "Pending"
    if any(container.running for container in facts.containers):
        return "Running"
    if policy == "Always":
        return "Running"
    ended = [c.exit_code if c.exit_code is not None else c.last["terminated"]["exitCode"] for c in facts.containers]
    if all(code == 0 for code in ended):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def initialised(container: ContainerState) -> bool:
    """Whether an init container no longer holds up the Pod: it ended well, or as a sidecar has started."""
    return container.started if container.sidecar else container.exit_code == 0


def pod_status(facts: PodFacts) -> Wire:
    """The whole status of a Pod, in wire form."""
    stored: Wire = facts.pod.get("status") or {}
    current = phase(facts)
    status: Wire = {
        "conditions": _conditions(facts, current, stored.get("conditions") or []),
        "containerStatuses": [container_status(container) for container in facts.containers],
        "hostIP": facts.host_address,
        "hostIPs": [{"ip": facts.host_address}],
        "observedGeneration": facts.pod["metadata"].get("generation", 1),
        "phase": current,
        "qosClass": stored.get("qosClass") or quality_of_service([c.spec for c in (*facts.containers, *facts.init)]),
        "startTime": facts.start_time,
    }
    if facts.init:
        status["initContainerStatuses"] = [container_status(container) for container in facts.init]
    if facts.address:
        status["podIP"] = facts.address
        status["podIPs"] = [{"ip": facts.address}]
    if facts.reason:
        status["reason"] = facts.reason
    if facts.message:
        status["message"] = facts.message
    for kept in ("nominatedNodeName", "resize", "ephemeralContainerStatuses"):
        if kept in stored:
            status[kept] = stored[kept]
    return status


def container_status(container: ContainerState) -> Wire:
    """One entry of ``containerStatuses``."""
    spec = container.spec
    status: Wire = {
        "image": container.image or spec.image,
        "imageID": container.image_id,
        "lastState": container.last,
        "name": spec.name,
        "ready": container.ready,
        "restartCount": container.restarts,
        "started": container.started,
        "state": container.state,
    }
    if container.container_id:
        resources = spec.resources or {}
        status["containerID"] = container.container_id
        status["resources"] = resources
        if resources.get("requests"):
            status["allocatedResources"] = resources["requests"]
    if container.running:
        status["user"] = {"linux": {"gid": 0, "supplementalGroups": [0], "uid": 0}}
    if spec.volumeMounts:
        status["volumeMounts"] = [
            {"mountPath": mount.mountPath, "name": mount.name}
            | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.readOnly else {})
            for mount in spec.volumeMounts
        ]
    return status


def _conditions(facts: PodFacts, current: str, stored: list[Wire]) -> list[Wire]:
    generation = facts.pod["metadata"].get("generation", 1)
    finished = current in ("Succeeded", "Failed")
    unready = [c.name for c in (*facts.init, *facts.containers) if _counts(c) and not c.ready]
    incomplete = [c.name for c in facts.init if not initialised(c)]
    initialized: Wire = {"status": "True"}
    if current == "Succeeded":
        initialized["reason"] = "PodCompleted"
    elif incomplete:
        initialized = {
            "status": "False",
            "reason": "ContainersNotInitialized",
            "message": f"containers with incomplete status: [{' '.join(incomplete)}]",
        }
    containers_ready: Wire = {"status": "True"}
    if finished:
        containers_ready = {
            "status": "False",
            "reason": "PodCompleted" if current == "Succeeded" else "PodFailed",
        }
    elif unready:
        containers_ready = {
            "status": "False",
            "reason": "ContainersNotReady",
            "message": f"containers with unready status: [{' '.join(unready)}]",
        }
    found: dict[str, Wire] = {
        "PodReadyToStartContainers": {"status": "True" if facts.sandbox and not finished else "False"},
        "Initialized": initialized,
        "Ready": _gated(facts, containers_ready, stored),
        "ContainersReady": containers_ready,
        "PodScheduled": {"status": "True"},
    }
    before = {entry.get("type"): entry for entry in stored}
    result = [entry for entry in stored if entry.get("type") not in OWN_CONDITIONS]
    for type in OWN_CONDITIONS:
        new = {"lastProbeTime": None, "observedGeneration": generation, "type": type, **found[type]}
        known = [before[type]] if type in before else []
        result += with_condition(known, new, facts.now)
    return result


def _counts(container: ContainerState) -> bool:
    return not container.init or container.sidecar


def _gated(facts: PodFacts, containers_ready: Wire, stored: list[Wire]) -> Wire:
    """Ready: the containers are, and every readiness gate's condition is True."""
    if containers_ready["status"] != "True":
        return containers_ready
    statuses = {entry.get("type"): entry.get("status") for entry in stored}
    problems = []
    for gate in facts.pod["spec"].get("readinessGates") or []:
        wanted = gate["conditionType"]
        if wanted not in statuses:
            problems.append(f'corresponding condition of pod readiness gate "{wanted}" does not exist.')
        elif statuses[wanted] != "True":
            problems.append(f'the status of pod readiness gate "{wanted}" is not "True", but {statuses[wanted]}')
    if problems:
        return {"status": "False", "reason": "ReadinessGatesNotReady", "message": ", ".join(problems)}
    return {"status": "True"}
