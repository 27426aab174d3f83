"""What quotas and limits refuse, and in which words. Expected: upstream's admission plugins, read as rules."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.quantities import added
from kubesim.api.quota import counts, usage
from kubesim.api.resources import BY_KIND
from kubesim.controllers.quotas import ResourceQuotaController
from tests.controllers.control_plane import ControlPlane


class Room(ControlPlane):
    """A Namespace whose quotas are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.manager.add(ResourceQuotaController(self.client))

    def quota(self, **spec: Any) -> None:
        self.make("ResourceQuota", "q", spec=spec)
        self.simulation.advance(1)

    def limits(self, **item: Any) -> None:
        self.make("LimitRange", "lr", spec={"limits": [{"type": "Container", **item}]})

    def ask(self, name: str = "p", **resources: Wire) -> Wire:
        return self.pod(name, spec={"containers": [{"name": "c", "image": "nginx", "resources": resources}]})

    def used(self) -> dict[str, str]:
        self.simulation.advance(1)
        return dict(self.get("ResourceQuota", "q")["status"]["used"])


@pytest.mark.parametrize(
    ("one", "other", "sign", "expected"),
    [
        ("500m", "500m", 1, "1"),
        ("1", "250m", 1, "1250m"),
        ("256Mi", "256Mi", 1, "512Mi"),
        ("512Mi", "512Mi", 1, "1Gi"),
        ("0", "1Gi", 1, "1Gi"),
        ("1Gi", "1G", 1, "2073741824"),
        ("1Gi", "1Gi", -1, "0"),
        ("999", "1", 1, "1k"),
    ],
)
def test_amounts_add_up_in_the_format_of_the_first(one: str, other: str, sign: int, expected: str) -> None:
    assert added(one, other, sign) == expected


POD: Wire = {
    "containers": [
        {"name": "a", "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}}},
        {"name": "b", "resources": {"requests": {"cpu": "200m", "memory": "1Gi"}}},
    ],
    "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "250m", "memory": "2Gi"}}}],
}


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        (
            "Pod",
            POD,
            {
                "count/pods": "1", "pods": "1", "cpu": "300m", "memory": "2Gi", "requests.cpu": "300m",
                "requests.memory": "2Gi", "limits.cpu": "1",
            },
        ),
        ("Service", {"type": "ClusterIP", "ports": [{}]}, {"services.nodeports": "0", "services.loadbalancers": "0"}),
        ("Service", {"type": "NodePort", "ports": [{}, {}]}, {"services.nodeports": "2"}),
        (
            "Service",
            {"type": "LoadBalancer", "ports": [{}]},
            {"services.nodeports": "1", "services.loadbalancers": "1"},
        ),
        (
            "Service",
            {"type": "LoadBalancer", "ports": [{}], "allocateLoadBalancerNodePorts": False},
            {"services.nodeports": "0", "services.loadbalancers": "1"},
        ),
        (
            "PersistentVolumeClaim",
            {"storageClassName": "fast", "resources": {"requests": {"storage": "1024Mi"}}},
            {"requests.storage": "1Gi", "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1"},
        ),
        ("Deployment", {}, {"count/deployments.apps": "1"}),
    ],
)  # fmt: skip
def test_what_an_object_takes(kind: str, spec: Wire, expected: dict[str, str]) -> None:
    found = usage(BY_KIND[kind], {"spec": spec})
    assert expected.items() <= found.items()
    if kind in ("Pod", "Deployment"):
        assert found == expected


@pytest.mark.parametrize(
    ("quota", "spec", "expected"),
    [
        ({"scopes": ["BestEffort"]}, {"containers": [{}]}, True),
        ({"scopes": ["NotBestEffort"]}, {"containers": [{}]}, False),
        ({"scopes": ["NotBestEffort"]}, POD, True),
        ({"scopes": ["Terminating"]}, {**POD, "activeDeadlineSeconds": 0}, True),
        ({"scopes": ["NotTerminating", "NotBestEffort"]}, POD, True),
        ({"scopes": ["PriorityClass"]}, POD, False),
        ({"scopes": ["PriorityClass"]}, {**POD, "priorityClassName": "high"}, True),
    ],
)
def test_scopes(quota: Wire, spec: Wire, expected: bool) -> None:
    assert counts({"spec": quota}, BY_KIND["Pod"], {"spec": spec}) is expected
    assert not counts({"spec": quota}, BY_KIND["Service"], {"spec": {}})


REFUSED: list[tuple[Wire, Wire, str]] = [
    ({"pods": "0"}, {}, 'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0'),
    (
        {"requests.cpu": "1", "limits.cpu": "1"},
        {"requests": {"cpu": "2"}, "limits": {"cpu": "3"}},
        "exceeded quota: q, requested: limits.cpu=3,requests.cpu=2, used: limits.cpu=0,requests.cpu=0, "
        "limited: limits.cpu=1,requests.cpu=1",
    ),
    (
        {"limits.cpu": "1", "memory": "1Gi"},
        {"requests": {"cpu": "1"}},
        "failed quota: q: must specify limits.cpu for: c; memory for: c",
    ),
]


@pytest.mark.parametrize(("hard", "resources", "words"), REFUSED)
def test_a_pod_too_many_is_refused(hard: Wire, resources: Wire, words: str) -> None:
    room = Room()
    room.quota(hard=hard)
    with pytest.raises(ApiError, match=re.escape(words)):
        room.ask(**resources)
    assert set(room.used().values()) == {"0"}


def test_a_quota_counts_what_comes_at_once_and_what_goes_after_it_went() -> None:
    room = Room()
    room.quota(hard={"pods": "2", "requests.memory": "1Gi"})
    room.ask("a", requests={"memory": "512Mi"})
    assert room.get("ResourceQuota", "q")["status"]["used"] == {"pods": "1", "requests.memory": "512Mi"}
    room.ask("b", requests={"memory": "512Mi"})
    room.set_status("Pod", "a", phase="Succeeded")
    assert room.used() == {"pods": "1", "requests.memory": "512Mi"}
    room.api.delete(BY_KIND["Pod"], "b", grace_period_seconds=0)
    assert room.used() == {"pods": "0", "requests.memory": "0"}


def test_a_service_that_becomes_a_node_port_takes_more() -> None:
    room = Room()
    room.quota(hard={"services.nodeports": "1"})
    for name in ("a", "b"):
        room.make("Service", name, spec={"ports": [{"port": 80}]})
    change = {"spec": {"type": "NodePort"}}
    room.api.patch(BY_KIND["Service"], "a", "default", change)
    with pytest.raises(ApiError, match=re.escape("requested: services.nodeports=1, used: services.nodeports=1")):
        room.api.patch(BY_KIND["Service"], "b", "default", change)
    room.api.delete(BY_KIND["Service"], "a")
    assert room.used() == {"services.nodeports": "0"}


LIMITED: list[tuple[Wire, Wire, str]] = [
    ({"max": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, "maximum cpu usage per Container is 1, but limit is 2"),
    (
        {"min": {"cpu": "100m"}},
        {"requests": {"cpu": "50m"}},
        "minimum cpu usage per Container is 100m, but request is 50m",
    ),
    ({"type": "Pod", "max": {"memory": "1Gi"}}, {}, "maximum memory usage per Pod is 1Gi.  No limit is specified"),
    ({"type": "Pod", "min": {"cpu": "1"}}, {}, "minimum cpu usage per Pod is 1.  No request is specified"),
    (
        {"maxLimitRequestRatio": {"cpu": "2"}},
        {"requests": {"cpu": "1"}, "limits": {"cpu": "3"}},
        "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
    ),
    (
        {"max": {"cpu": "1", "memory": "1Gi"}},
        {"limits": {"cpu": "2", "memory": "2Gi"}},
        "[maximum cpu usage per Container is 1, but limit is 2, "
        "maximum memory usage per Container is 1Gi, but limit is 2Gi]",
    ),
]


@pytest.mark.parametrize(("item", "resources", "words"), LIMITED)
def test_limits_refuse(item: Wire, resources: Wire, words: str) -> None:
    room = Room()
    room.limits(**item)
    with pytest.raises(ApiError, match=re.escape(f'pods "p" is forbidden: {words}')):
        room.ask(**resources)


@pytest.mark.parametrize(
    ("resources", "expected", "said"),
    [
        (
            {},
            {"limits": {"cpu": "500m"}, "requests": {"cpu": "200m"}},
            "LimitRanger plugin set: cpu request for container c; cpu limit for container c",
        ),
        ({"limits": {"cpu": "1"}}, {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, None),
        (
            {"requests": {"cpu": "100m"}},
            {"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}},
            "LimitRanger plugin set: cpu limit for container c",
        ),
    ],
)
def test_limits_fill_in_what_a_container_does_not_say(resources: Wire, expected: Wire, said: str | None) -> None:
    room = Room()
    room.limits(default={"cpu": "500m"}, defaultRequest={"cpu": "200m"})
    made = room.ask(**resources)
    assert made["spec"]["containers"][0]["resources"] == expected
    assert (made["metadata"].get("annotations") or {}).get("kubernetes.io/limit-ranger") == said


def test_a_pod_takes_over_its_class() -> None:
    room = Room()
    room.make("PriorityClass", "high", namespace="", value=1000, preemptionPolicy="Never")
    named = room.pod("a", spec={"priorityClassName": "high"})["spec"]
    assert (named["priority"], named["preemptionPolicy"]) == (1000, "Never")
    with pytest.raises(ApiError, match="no PriorityClass with name low was found"):
        room.pod("b", spec={"priorityClassName": "low"})
    with pytest.raises(ApiError, match="computed 1000 from the given PriorityClass name"):
        room.pod("b", spec={"priorityClassName": "high", "priority": 7})
    room.make("PriorityClass", "usual", namespace="", value=5, globalDefault=True)
    plain = room.pod("c")["spec"]
    assert (plain["priorityClassName"], plain["priority"]) == ("usual", 5)
