"""What an autoscaler makes of its workload where nobody measures load. Expected: upstream's ``horizontal.go``."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.controllers.autoscaler import AutoscalerController
from tests.controllers.control_plane import CONTAINERS, ControlPlane

NO_METRICS = (
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)
CURRENT = ("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale")
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}


class Scaled(ControlPlane):
    """A Deployment of some replicas, and autoscalers."""

    def __init__(self, replicas: int = 2) -> None:
        super().__init__()
        self.manager.add(AutoscalerController(self.simulation, self.manager, self.client, self.events))
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": CONTAINERS}}
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        self.make("Deployment", "web", spec=spec)

    def autoscaler(self, name: str = "a", **spec: Any) -> None:
        own = {"scaleTargetRef": DEPLOYMENT, "minReplicas": 2, "maxReplicas": 3, "metrics": [CPU], **spec}
        self.make("HorizontalPodAutoscaler", name, spec=own)

    def size(self) -> int:
        return int(self.get("Deployment", "web")["spec"]["replicas"])

    def status(self, name: str = "a") -> Wire:
        found: Wire = self.get("HorizontalPodAutoscaler", name)["status"]
        return found

    def conditions(self, name: str = "a") -> list[tuple[str, str, str, str]]:
        found = self.status(name)["conditions"]
        return [(each["type"], each["status"], each["reason"], each["message"]) for each in found]


@pytest.mark.parametrize(
    ("replicas", "bounds", "wanted", "bound"),
    [
        (5, {}, 3, "above Spec.MaxReplicas"),
        (4, {}, 3, "above Spec.MaxReplicas"),
        (1, {}, 2, "below Spec.MinReplicas"),
        (3, {"minReplicas": 4, "maxReplicas": 9}, 4, "below Spec.MinReplicas"),
    ],
)
def test_a_size_out_of_bounds_is_brought_back_every_fifteen_seconds(
    replicas: int, bounds: Wire, wanted: int, bound: str
) -> None:
    lab = Scaled(replicas)
    lab.autoscaler(**bounds)
    lab.simulation.advance(14.9)
    assert lab.size() == replicas
    lab.simulation.advance(0.2)
    assert lab.size() == wanted
    message = f"the HPA controller was able to update the target scale to {wanted}"
    assert lab.conditions() == [("AbleToScale", "True", "SucceededRescale", message)]
    counts = {name: value for name, value in lab.status().items() if name != "conditions"}
    when = "2026-07-01T09:00:15Z"
    assert lab.status()["conditions"][0]["lastTransitionTime"] == when
    assert counts == {"currentReplicas": replicas, "desiredReplicas": wanted, "lastScaleTime": when}
    reason = f"New size: {wanted}; reason: Current number of replicas {bound}"
    assert lab.said("a") == [("Normal", "SuccessfulRescale", reason)]
    lab.simulation.advance(15)
    assert (lab.size(), lab.status()["currentReplicas"], lab.status()["desiredReplicas"]) == (wanted, wanted, wanted)
    lab.client.update({**lab.get("Deployment", "web"), "spec": {**lab.get("Deployment", "web")["spec"], "replicas": 9}})
    lab.simulation.advance(15)
    assert lab.size() == lab.get("HorizontalPodAutoscaler", "a")["spec"]["maxReplicas"]


@pytest.mark.parametrize("replicas", [2, 3])
def test_within_its_bounds_it_asks_for_metrics_and_keeps_the_size(replicas: int) -> None:
    lab = Scaled(replicas)
    lab.autoscaler()
    lab.simulation.advance(15.1)
    assert lab.size() == replicas
    problem = f"failed to get cpu utilization: unable to get metrics for resource cpu: {NO_METRICS}"
    message = f"the HPA was unable to compute the replica count: {problem}"
    assert lab.conditions() == [CURRENT, ("ScalingActive", "False", "FailedGetResourceMetric", message)]
    assert (lab.status()["currentReplicas"], lab.status()["currentMetrics"]) == (replicas, [{"type": ""}])


def test_a_workload_of_no_pods_is_left_alone() -> None:
    lab = Scaled(0)
    lab.autoscaler()
    lab.simulation.advance(15.1)
    assert (lab.size(), lab.said("a")) == (0, [])
    message = "scaling is disabled since the replica count of the target is zero"
    assert lab.conditions() == [CURRENT, ("ScalingActive", "False", "ScalingDisabled", message)]
    assert lab.status()["desiredReplicas"] == 0 and "currentReplicas" not in lab.status()


def metric(kind: str, target: str = "averageUtilization", **source: Any) -> Wire:
    value: Wire = {"type": {"averageUtilization": "Utilization", "value": "Value"}.get(target, "AverageValue")}
    field = kind[0].lower() + kind[1:]
    return {
        "type": kind,
        field: {"target": {**value, target: 50 if target.endswith("Utilization") else "50"}, **source},
    }


INGRESS = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "web"}
NAMED = {"metric": {"name": "hits"}}


@pytest.mark.parametrize(
    ("given", "reason", "problem", "passed_on"),
    [
        (
            CPU,
            "FailedGetResourceMetric",
            f"failed to get cpu utilization: unable to get metrics for resource cpu: {NO_METRICS}",
            "failed to get cpu resource metric value: {}",
        ),
        (
            metric("Resource", "averageValue", name="memory"),
            "FailedGetResourceMetric",
            f"failed to get memory usage: unable to get metrics for resource memory: {NO_METRICS}",
            "failed to get memory resource metric value: {}",
        ),
        (
            metric("ContainerResource", name="cpu", container="c"),
            "FailedGetContainerResourceMetric",
            f"failed to get cpu utilization: unable to get metrics for resource cpu: {NO_METRICS}",
            "failed to get cpu container resource metric value: {}",
        ),
        (
            metric("Pods", "averageValue", **NAMED),
            "FailedGetPodsMetric",
            "unable to get metric hits: no custom metrics API (custom.metrics.k8s.io) registered",
            "failed to get pods metric value: {}",
        ),
        (
            metric("Object", "value", describedObject=INGRESS, **NAMED),
            "FailedGetObjectMetric",
            "unable to get metric hits: unable to fetch metrics from object metrics API: "
            "no custom metrics API (custom.metrics.k8s.io) registered",
            "failed to get object metric value: {}",
        ),
        (
            metric("External", "value", **NAMED),
            "FailedGetExternalMetric",
            "unable to get metric hits: unable to fetch metrics from external metrics API: "
            "no external metrics API (external.metrics.k8s.io) registered",
            "failed to get external metric value: {}",
        ),
    ],
)
def test_why_a_metric_cannot_be_had(given: Wire, reason: str, problem: str, passed_on: str) -> None:
    lab = Scaled()
    lab.autoscaler(metrics=[given, CPU])
    lab.simulation.advance(15.1)
    first, *others, last = lab.said("a")
    assert first == ("Warning", reason, problem)
    assert [event[1] for event in others] == ([] if given == CPU else ["FailedGetResourceMetric"])
    said = f"invalid metrics (2 invalid out of 2), first error is: {passed_on.format(problem)}"
    assert last == ("Warning", "FailedComputeMetricsReplicas", said)
    message = f"the HPA was unable to compute the replica count: {problem}"
    assert lab.conditions()[-1] == ("ScalingActive", "False", reason, message)
    assert lab.status()["currentMetrics"] == [{"type": ""}] * 2


def test_two_for_one_workload_are_in_each_others_way() -> None:
    lab = Scaled()
    lab.autoscaler("b")
    lab.simulation.advance(1)
    lab.autoscaler("a")
    lab.autoscaler("other", scaleTargetRef={**DEPLOYMENT, "kind": "StatefulSet"})
    lab.autoscaler("elsewhere", scaleTargetRef={**DEPLOYMENT, "name": "elsewhere"})
    lab.simulation.advance(15.1)
    problem = "pods by selector app=web are controlled by multiple HPAs: [default/b default/a]"
    for name in ("a", "b"):
        reasons = ("AmbiguousSelector", "FailedComputeMetricsReplicas")
        assert lab.said(name) == [("Warning", reason, problem) for reason in reasons]
        assert lab.conditions(name) == [CURRENT, ("ScalingActive", "False", "AmbiguousSelector", problem)]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({**DEPLOYMENT, "name": "lost"}, 'deployments.apps "lost" not found'),
        ({**DEPLOYMENT, "kind": "DaemonSet"}, "the server could not find the requested resource"),
        (
            {"apiVersion": "example.com/v1", "kind": "Gadget", "name": "g"},
            'no matches for kind "Gadget.example.com" in group "example.com"',
        ),
        ({"apiVersion": "v1", "kind": "Gadget", "name": "g"}, 'no matches for kind "Gadget" in group ""'),
    ],
)
def test_what_cannot_be_scaled(target: Wire, why: str) -> None:
    lab = Scaled()
    lab.autoscaler(scaleTargetRef=target)
    lab.simulation.advance(15.1)
    assert lab.said("a") == [("Warning", "FailedGetScale", why)]
    message = f"the HPA controller was unable to get the target's current scale: {why}"
    assert lab.conditions() == [("AbleToScale", "False", "FailedGetScale", message)]


def test_one_that_is_deleted_is_looked_at_no_more() -> None:
    lab = Scaled(5)
    lab.autoscaler()
    lab.store.delete("HorizontalPodAutoscaler", "a", "default")
    lab.simulation.advance(40)
    assert lab.size() == 5
