"""A Pod's status, written from what its kubelet knows. Pure, but for what Pods share.

Parts that are as they were before are the stored ones themselves, so that whoever compares two versions of a Pod sees
at once what a status did not change. Upstream: ``pkg/kubelet/kubelet_pods.go`` (phase) and
``pkg/kubelet/status/generate.go`` (conditions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from kubesim.api.objects import Wire
from kubesim.controllers.conditions import SharedConditions
from kubesim.controllers.kubelet.container import ContainerState

OWN_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
"""The conditions that a kubelet writes, in the order in which it writes them."""

_Verdict = tuple[bool, str, str]
"""Whether a condition is True, its reason and its message."""

_TRUE: _Verdict = (True, "", "")

_NONE: tuple[Wire, ...] = ()
"""The conditions of a Pod that has none."""

_KEPT = ("nominatedNodeName", "resize", "ephemeralContainerStatuses")
"""What the kubelet leaves as others wrote it."""

_USER: Wire = {"linux": {"gid": 0, "supplementalGroups": [0], "uid": 0}}
"""Whom a container's process runs as; shared by the statuses, and never changed."""


@dataclass(slots=True)
class PodState:
    """What the status is written from.

    :param sandbox: whether the Pod's network is set up.
    :param terminal: whether the Pod was deleted and all its containers have ended: none will run again.
    :ivar host_addresses: ``hostIPs``.
    """

    init: list[ContainerState]
    containers: list[ContainerState]
    host_address: str
    started_at: str
    address: str = ""
    sandbox: bool = False
    terminal: bool = False
    ephemeral: list[ContainerState] = field(default_factory=list)
    host_addresses: list[Wire] = field(init=False)

    def __post_init__(self) -> None:
        self.host_addresses = [{"ip": self.host_address}]

    @property
    def everyone(self) -> list[ContainerState]:
        """Init containers, then the others, then those for debugging."""
        return [*self.init, *self.containers, *self.ephemeral]

    @property
    def anything_runs(self) -> bool:
        """Whether a container's process runs."""
        return any(container.running for container in self.everyone)

    @property
    def initialised(self) -> bool:
        """Whether the init containers are through; once another has run, the end of a sidecar changes nothing."""
        if not self.init:
            return True
        return any(each.container_id for each in self.containers) or all(each.initialised for each in self.init)


def phase(pod: Wire, state: PodState) -> str:
    """Pending, Running, Succeeded or Failed."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if policy == "Never" and any(not c.sidecar and c.exit_code not in (None, 0) for c in state.init):
        return "Failed"
    if not state.initialised:
        return "Pending"
    runs = False
    for container in state.containers:
        if "waiting" in container.state and "terminated" not in container.last:
            return "Pending"
        runs = runs or "running" in container.state
    if runs or (policy == "Always" and not state.terminal):
        return "Running"
    ended = [c.exit_code if c.exit_code is not None else c.last["terminated"]["exitCode"] for c in state.containers]
    if all(code == 0 for code in ended):
        return "Succeeded"
    return "Failed" if policy == "Never" or state.terminal else "Running"


def pod_status(pod: Wire, state: PodState, now: str, shared: SharedConditions) -> Wire:
    """The whole status of a stored Pod, in wire form."""
    stored: Wire = pod.get("status") or {}
    current = phase(pod, state)
    status: Wire = {
        "conditions": _conditions(pod, state, current, stored.get("conditions") or _NONE, now, shared),
        "containerStatuses": _containers(state.containers, stored.get("containerStatuses")),
        "hostIP": state.host_address,
        "hostIPs": state.host_addresses,
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": current,
        "qosClass": stored.get("qosClass", "BestEffort"),
        "startTime": state.started_at,
    }
    if state.init:
        status["initContainerStatuses"] = _containers(state.init, stored.get("initContainerStatuses"))
    if state.address and (stored.get("podIP") or any(map(_tried, state.everyone))):
        status["podIP"] = state.address
        known = stored.get("podIP") == state.address
        status["podIPs"] = stored["podIPs"] if known else [{"ip": state.address}]
    status |= [(kept, stored[kept]) for kept in _KEPT if kept in stored]
    if state.ephemeral:
        status["ephemeralContainerStatuses"] = _containers(state.ephemeral, stored.get("ephemeralContainerStatuses"))
    return status


def _tried(container: ContainerState) -> bool:
    """Whether the kubelet got as far as starting a container, or failed to. It writes the Pod's address only then:
    until its first round is over (``SyncPod`` pulls and starts before it returns), it has only what it knew before.
    """
    waiting = container.state.get("waiting")
    return waiting is None or waiting.get("reason") not in ("ContainerCreating", "PodInitializing")


def _containers(states: Sequence[ContainerState], stored: list[Wire] | None) -> list[Wire]:
    written = [container_status(container) for container in states]
    return stored if stored is not None and written == stored else written


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
        "state": container.state,
    }
    if not container.ephemeral:
        status["started"] = container.started
    if container.container_id:
        resources = spec.resources or {}
        status["containerID"] = container.container_id
        status["resources"] = resources
        if resources.get("requests"):
            status["allocatedResources"] = resources["requests"]
    if container.running:
        status["user"] = _USER
    if container.mounts:
        status["volumeMounts"] = container.mounts
    return status


def _conditions(
    pod: Wire, state: PodState, current: str, stored: Sequence[Wire], now: str, shared: SharedConditions
) -> list[Wire]:
    generation = pod["metadata"].get("generation", 1)
    finished = current in ("Succeeded", "Failed")
    ready = _containers_ready(state, current)
    verdicts = (
        (state.sandbox and not finished, "", ""),
        _initialised(state, current),
        _gated(pod, stored) if ready[0] else ready,
        ready,
        _TRUE,
    )
    return shared.of(stored, (verdicts, generation), now, partial(_written, verdicts, generation, now))


def _written(verdicts: Sequence[_Verdict], generation: int, now: str, stored: Sequence[Wire]) -> list[Wire]:
    """The conditions of these verdicts, which stand in the order of :data:`OWN_CONDITIONS`."""
    before = {entry.get("type"): entry for entry in stored}
    result = [entry for entry in stored if entry.get("type") not in OWN_CONDITIONS]
    for type, (holds, reason, message) in zip(OWN_CONDITIONS, verdicts, strict=True):
        known = before.get(type, {})
        entry = {
            "lastProbeTime": None,
            "observedGeneration": generation,
            "type": type,
            "status": "True" if holds else "False",
        }
        if reason:
            entry["reason"] = reason
        if message:
            entry["message"] = message
        same = known.get("status") == entry["status"]
        entry["lastTransitionTime"] = known.get("lastTransitionTime") if same else now
        result.append(known if known == entry else entry)
    return stored if isinstance(stored, list) and result == stored else result


def _initialised(state: PodState, current: str) -> _Verdict:
    if current == "Succeeded":
        return True, "PodCompleted", ""
    if state.initialised:
        return _TRUE
    incomplete = " ".join(container.name for container in state.init if not container.initialised)
    return False, "ContainersNotInitialized", f"containers with incomplete status: [{incomplete}]"


def _containers_ready(state: PodState, current: str) -> _Verdict:
    if current == "Succeeded":
        return False, "PodCompleted", ""
    if current == "Failed":
        return False, "PodFailed", ""
    unready = [c.name for c in state.init if not c.ready and c.sidecar] if state.init else []
    unready += [c.name for c in state.containers if not c.ready]
    if unready:
        return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return _TRUE


def _gated(pod: Wire, stored: Sequence[Wire]) -> _Verdict:
    """Ready, where the containers are: every readiness gate's condition is True too."""
    gates = pod["spec"].get("readinessGates")
    if not gates:
        return _TRUE
    statuses = {entry.get("type"): entry.get("status") for entry in stored}
    problems = []
    for gate in gates:
        wanted = gate["conditionType"]
        if wanted not in statuses:
            problems.append(f'corresponding condition of pod readiness gate "{wanted}" does not exist.')
        elif statuses[wanted] != "True":
            problems.append(f'the status of pod readiness gate "{wanted}" is not "True", but {statuses[wanted]}')
    return (False, "ReadinessGatesNotReady", ", ".join(problems)) if problems else _TRUE
