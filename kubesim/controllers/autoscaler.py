"""The horizontal Pod autoscaler where nothing measures load: k3s without its metrics server.

Every 15 seconds it looks at what it is to scale, keeps that between its bounds, asks for metrics, and says that there
are none. Upstream: ``pkg/controller/podautoscaler``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.printers.columns import label_selector
from kubesim.api.resources import kind_type
from kubesim.api.store import Change
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import with_condition
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.ownership import label_selector as selector_in
from kubesim.simulation import Simulation

NAME = "horizontal-pod-autoscaler"
SYNC_SECONDS = 15.0
"""From one look to the next (upstream: ``--horizontal-pod-autoscaler-sync-period``)."""
SCALED = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
_NO_METRICS = (
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)
_NO_API = {
    "External": "no external metrics API (external.metrics.k8s.io) registered",
    "Object": "no custom metrics API (custom.metrics.k8s.io) registered",
    "Pods": "no custom metrics API (custom.metrics.k8s.io) registered",
}


class AutoscalerController:
    """Keeps workloads between the bounds of their HorizontalPodAutoscalers."""

    name = NAME
    kinds: Sequence[str | Parts] = (Parts.of("HorizontalPodAutoscaler", "spec"),)

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Nothing at once: each is looked at when its time comes."""
        if change.new is not None:
            self._manager.enqueue_after(self, change.key, SYNC_SECONDS, progress=False)
        return ()

    def reconcile(self, key: Hashable) -> None:
        """Look at one autoscaler and what it scales."""
        assert isinstance(key, tuple)
        wire = self._client.get("HorizontalPodAutoscaler", *key)
        if wire is None:
            return
        status: Wire = {**(wire.get("status") or {})}
        self._look(wire, status)
        self._client.update_status(wire, status)
        self._manager.enqueue_after(self, key, SYNC_SECONDS, progress=False)

    def _say(self, wire: Wire, type: str, reason: str, message: str) -> None:
        self._events.record(wire, type, reason, message, component=NAME)

    def _condition(self, status: Wire, type: str, holds: bool, reason: str, message: str) -> None:
        new = {"message": message, "reason": reason, "status": str(holds), "type": type}
        now = self._simulation.timestamp()
        status["conditions"] = with_condition(status.get("conditions") or [], new, now)

    def _look(self, wire: Wire, status: Wire) -> None:
        spec, namespace = wire["spec"], wire["metadata"]["namespace"]
        reference = spec["scaleTargetRef"]
        type = kind_type(reference.get("apiVersion"), reference["kind"])
        target = None
        if type is not None and type.kind in SCALED:
            target = self._client.get(type.kind, namespace, reference["name"])
        if target is None:
            self._cannot_scale(wire, status)
            return
        message = "the HPA controller was able to get the target's current scale"
        self._condition(status, "AbleToScale", True, "SucceededGetScale", message)
        current = target["spec"].get("replicas", 1)
        status["currentReplicas"] = current
        least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
        if current == 0 and least != 0:
            status["desiredReplicas"] = 0
            message = "scaling is disabled since the replica count of the target is zero"
            self._condition(status, "ScalingActive", False, "ScalingDisabled", message)
        elif current > most or current < least:
            bound = "above Spec.MaxReplicas" if current > most else "below Spec.MinReplicas"
            wanted = most if current > most else least
            self._scale(wire, status, target, wanted, f"Current number of replicas {bound}")
        else:
            self._ask_for_metrics(wire, status, target)
        if not status["currentReplicas"]:
            del status["currentReplicas"]

    def _cannot_scale(self, wire: Wire, status: Wire) -> None:
        reference = wire["spec"]["scaleTargetRef"]
        type = kind_type(reference.get("apiVersion"), reference["kind"])
        if type is None:
            group = reference.get("apiVersion", "").rpartition("/")[0]
            kind = f"{reference['kind']}.{group}" if group else reference["kind"]
            why = f'no matches for kind "{kind}" in group "{group}"'
        elif type.kind not in SCALED:
            why = "the server could not find the requested resource"
        else:
            why = f'{type.qualified} "{reference["name"]}" not found'
        self._say(wire, WARNING, "FailedGetScale", why)
        message = f"the HPA controller was unable to get the target's current scale: {why}"
        self._condition(status, "AbleToScale", False, "FailedGetScale", message)

    def _scale(self, wire: Wire, status: Wire, target: Wire, wanted: int, why: str) -> None:
        self._client.update({**target, "spec": {**target["spec"], "replicas": wanted}})
        message = f"the HPA controller was able to update the target scale to {wanted}"
        self._condition(status, "AbleToScale", True, "SucceededRescale", message)
        self._say(wire, NORMAL, "SuccessfulRescale", f"New size: {wanted}; reason: {why}")
        status |= {"desiredReplicas": wanted, "lastScaleTime": self._simulation.timestamp()}

    # --- metrics -------------------------------------------------------------------------------------------------

    def _ask_for_metrics(self, wire: Wire, status: Wire, target: Wire) -> None:
        """Nobody answers, so the size stays as it is."""
        metrics = wire["spec"].get("metrics") or []
        rivals = self._rivals(wire, target)
        if len(rivals) > 1:
            selector = label_selector(view(selector_in(target), LabelSelector))
            problem = f"pods by selector {selector} are controlled by multiple HPAs: [{' '.join(rivals)}]"
            self._say(wire, WARNING, "AmbiguousSelector", problem)
            self._say(wire, WARNING, "FailedComputeMetricsReplicas", problem)
            self._condition(status, "ScalingActive", False, "AmbiguousSelector", problem)
            return
        status["currentMetrics"] = [{"type": ""} for _ in metrics]
        failures = [_failure(metric) for metric in metrics]
        for reason, problem, _ in failures:
            self._say(wire, WARNING, reason, problem)
        reason, problem, whole = failures[0]
        count = len(failures)
        said = f"invalid metrics ({count} invalid out of {count}), first error is: {whole}"
        self._say(wire, WARNING, "FailedComputeMetricsReplicas", said)
        message = f"the HPA was unable to compute the replica count: {problem}"
        self._condition(status, "ScalingActive", False, reason, message)

    def _rivals(self, wire: Wire, target: Wire) -> list[str]:
        """The autoscalers of the same workload, the oldest first."""
        namespace, wanted = wire["metadata"]["namespace"], (target["kind"], target["metadata"]["name"])
        found = [
            each
            for each in self._client.store.list("HorizontalPodAutoscaler", namespace)
            if (each["spec"]["scaleTargetRef"]["kind"], each["spec"]["scaleTargetRef"]["name"]) == wanted
        ]
        found.sort(key=lambda each: each["metadata"]["creationTimestamp"])
        return [f"{namespace}/{each['metadata']['name']}" for each in found]


def _failure(metric: Wire) -> tuple[str, str, str]:
    """Why a metric cannot be had: the reason, the problem, and the problem as it is passed on."""
    kind = metric["type"]
    source = metric[kind[:1].lower() + kind[1:]]
    if kind in ("Resource", "ContainerResource"):
        name = source["name"]
        what = "usage" if "averageValue" in source["target"] else "utilization"
        problem = f"failed to get {name} {what}: unable to get metrics for resource {name}: {_NO_METRICS}"
        inside = "container " if kind == "ContainerResource" else ""
        return f"FailedGet{kind}Metric", problem, f"failed to get {name} {inside}resource metric value: {problem}"
    name = source["metric"]["name"]
    problem = f"unable to get metric {name}: unable to fetch metrics from {kind.lower()} metrics API: {_NO_API[kind]}"
    if kind == "Pods":
        problem = f"unable to get metric {name}: {_NO_API[kind]}"
    return f"FailedGet{kind}Metric", problem, f"failed to get {kind.lower()} metric value: {problem}"
