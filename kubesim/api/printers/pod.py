"""Pods: the STATUS column is a small story, told from phase, conditions and what each container last did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kubesim.api.durations import human_duration, parse_timestamp
from kubesim.api.objects import ContainerStateTerminated, ContainerStatus, Pod, Wire, view
from kubesim.api.printers.columns import AGE, NAME, Printer, column, or_none, wide

NODE_UNREACHABLE = "NodeLost"


@dataclass(slots=True)
class _Restarts:
    """How often containers were restarted, and when the last of them had ended."""

    count: int = 0
    last: datetime | None = None

    def add(self, status: ContainerStatus) -> None:
        self.count += status.restartCount
        ended = status.lastState.terminated
        moment = parse_timestamp(ended.finishedAt) if ended is not None else None
        if moment is not None and (self.last is None or self.last < moment):
            self.last = moment

    def text(self, now: datetime) -> str:
        if not self.count or self.last is None:
            return str(self.count)
        return f"{self.count} ({human_duration((now - self.last).total_seconds())} ago)"


@dataclass(slots=True)
class _Summary:
    """A Pod, and what its READY, STATUS and RESTARTS columns say."""

    pod: Pod
    reason: str
    total: int
    ready: int = 0
    restarts: _Restarts = field(default_factory=_Restarts)


def status_text(wire: Wire) -> str:
    """The STATUS column of a Pod: ``Running``, ``CrashLoopBackOff``, ``Init:0/1``, ``Terminating``…"""
    return _summarize(view(wire, Pod)).reason


def _summarize(pod: Pod) -> _Summary:
    sidecars = {each.name for each in pod.spec.initContainers or () if each.restartPolicy == "Always"}
    summary = _Summary(pod, pod.status.reason or pod.status.phase, len(pod.spec.containers or ()) + len(sidecars))
    if any(each.type == "PodScheduled" and each.reason == "SchedulingGated" for each in pod.status.conditions or ()):
        summary.reason = "SchedulingGated"
    sidecar_restarts = _Restarts()
    initializing = _initialization(pod, sidecars, summary, sidecar_restarts)
    if not initializing or _condition(pod, "Initialized"):
        summary.restarts = sidecar_restarts
        _containers(pod, summary)
    if pod.metadata.deletionTimestamp is not None:
        if pod.status.reason == NODE_UNREACHABLE:
            summary.reason = "Unknown"
        elif pod.status.phase not in ("Succeeded", "Failed"):
            summary.reason = "Terminating"
    return summary


def _initialization(pod: Pod, sidecars: set[str], summary: _Summary, sidecar_restarts: _Restarts) -> bool:
    """Walk the init containers up to the first that is not done; whether there is one."""
    for index, status in enumerate(pod.status.initContainerStatuses or ()):
        summary.restarts.add(status)
        if status.name in sidecars:
            sidecar_restarts.add(status)
        ended, waiting = status.state.terminated, status.state.waiting
        if ended is not None and ended.exitCode == 0:
            continue
        if status.name in sidecars and status.started:
            summary.ready += status.ready
            continue
        if ended is not None:
            summary.reason = "Init:" + _ending(ended)
        elif waiting is not None and waiting.reason and waiting.reason != "PodInitializing":
            summary.reason = "Init:" + waiting.reason
        else:
            summary.reason = f"Init:{index}/{len(pod.spec.initContainers or ())}"
        return True
    return False


def _containers(pod: Pod, summary: _Summary) -> None:
    """Tell the story of the ordinary containers; the first that has something to say wins."""
    any_running = False
    for status in reversed(pod.status.containerStatuses or ()):
        summary.restarts.add(status)
        if status.state.waiting is not None and status.state.waiting.reason:
            summary.reason = status.state.waiting.reason
        elif status.state.terminated is not None:
            summary.reason = _ending(status.state.terminated)
        elif status.ready and status.state.running is not None:
            any_running = True
            summary.ready += 1
    if summary.reason == "Completed" and any_running:
        summary.reason = "Running" if _condition(pod, "Ready") else "NotReady"


def _ending(ended: ContainerStateTerminated) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exitCode}"


def _condition(pod: Pod, type: str) -> bool:
    return any(each.type == type and each.status == "True" for each in pod.status.conditions or ())


def _readiness_gates(pod: Pod) -> str:
    gates = pod.spec.readinessGates or ()
    if not gates:
        return "<none>"
    return f"{sum(_condition(pod, gate.conditionType) for gate in gates)}/{len(gates)}"


def _address(pod: Pod) -> str:
    return or_none(pod.status.podIPs[0].ip if pod.status.podIPs else pod.status.podIP)


PRINTER = Printer(
    lambda wire, now, with_wide: (_summarize(view(wire, Pod)), now),
    (
        NAME,
        column("Ready", lambda read: f"{read[0].ready}/{read[0].total}"),
        column("Status", lambda read: read[0].reason),
        column("Restarts", lambda read: read[0].restarts.text(read[1])),
        AGE,
        wide("IP", lambda read: _address(read[0].pod)),
        wide("Node", lambda read: or_none(read[0].pod.spec.nodeName)),
        wide("Nominated Node", lambda read: or_none(read[0].pod.status.nominatedNodeName)),
        wide("Readiness Gates", lambda read: _readiness_gates(read[0].pod)),
    ),
)
