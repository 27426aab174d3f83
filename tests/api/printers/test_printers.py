"""What each column says of an object, after ``pkg/printers/internalversion``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kubesim.api.discovery import KNOWN_BY_NAME
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.printers import PRINTERS, table_for
from kubesim.api.printers.columns import label_selector
from kubesim.api.printers.pod import status_text
from kubesim.api.resources import RESOURCE_TYPES, ResourceType

NOW = datetime(2026, 7, 1, 9, 0, 0, tzinfo=UTC)
TYPES = {resource.kind: resource for resource in RESOURCE_TYPES}


def cells(kind: str, wire: Wire, *, wide: bool = False) -> tuple[Any, ...]:
    return table_for(TYPES[kind], [wire], NOW, wide).rows[0].cells


@pytest.mark.parametrize("resource", RESOURCE_TYPES, ids=lambda resource: resource.kind)
@pytest.mark.parametrize("wide", [False, True])
def test_an_empty_object_has_a_cell_for_every_column(resource: ResourceType, wide: bool) -> None:
    table = table_for(resource, [{"metadata": {"name": "x"}}], NOW, wide)
    assert len(table.rows[0].cells) == len(table.columns)


def test_every_served_kind_has_a_printer() -> None:
    name_and_age_alone = {"DeviceClass", "ResourceClaimTemplate"}  # upstream's columns of these, as of any kind
    assert set(PRINTERS) == {*TYPES, "Scale"} - name_and_age_alone


def test_other_kinds_have_name_and_age() -> None:
    wire = {"metadata": {"name": "x", "creationTimestamp": "2026-07-01T08:00:00Z"}}
    assert table_for(KNOWN_BY_NAME[2], [wire], NOW, True).rows[0].cells == ("x", "60m")


def pod(**status: Any) -> Wire:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}, "status": status}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Pending"}, "Pending"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        ({"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
         "CrashLoopBackOff"),
        ({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}, "ExitCode:3"),
        ({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"signal": 9}}}]}, "Signal:9"),
        ({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]},
         "SchedulingGated"),
    ],
)  # fmt: skip
def test_status_of_a_pod(status: Wire, expected: str) -> None:
    assert status_text(pod(**status)) == expected


def test_init_containers_come_first() -> None:
    wire = pod(phase="Pending", initContainerStatuses=[{"name": "i", "state": {"running": {}}}])
    wire["spec"]["initContainers"] = [{"name": "i"}, {"name": "j"}]
    assert status_text(wire) == "Init:0/2"


def test_restarts_say_when_the_last_one_was() -> None:
    ended = {"finishedAt": "2026-07-01T08:59:30Z", "exitCode": 1}
    status = {"phase": "Running", "containerStatuses": [{"restartCount": 2, "lastState": {"terminated": ended}}]}
    assert cells("Pod", pod(**status))[3] == "2 (30s ago)"


UTILIZATION = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}}


def measured(kind: str, target: str, current: str | None, *, name: str = "cpu", field: str = "") -> tuple[Wire, Wire]:
    """A metric, and what was measured of it."""
    where, field = kind[:1].lower() + kind[1:], field or target
    value = {} if current is None else {where: {"current": {field: current}}}
    return {"type": kind, where: {"name": name, "target": {target: "10"}}}, value


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ([(UTILIZATION, {"resource": {"current": {"averageUtilization": 20}}})], "cpu: 20%/80%"),
        ([(UTILIZATION, {"resource": {"current": {"averageUtilization": 0}}})], "cpu: 0%/80%"),
        ([(UTILIZATION, {"type": ""})], "cpu: <unknown>/80%"),
        ([({"type": "Resource", "resource": {"name": "cpu"}}, {})], "cpu: <unknown>/<auto>"),
        ([measured("Resource", "averageValue", "5")], "cpu: 5/10"),
        ([measured("ContainerResource", "averageValue", None, name="memory")], "memory: <unknown>/10"),
        ([measured("Pods", "averageValue", "5")], "5/10"),
        ([measured("Pods", "averageValue", "5", field="value")], "<unknown>/10"),
        ([measured("Object", "averageValue", "5")], "5/10 (avg)"),
        ([measured("Object", "value", "5")], "5/10"),
        ([measured("External", "averageValue", None)], "<unknown>/10 (avg)"),
        ([measured("External", "value", None)], "<unknown>/10"),
        ([measured("Odd", "value", "5")], "<unknown type>"),
        ([measured("Pods", "averageValue", "5"), measured("Object", "value", "6")], "5/10, 6/10"),
        ([measured("Pods", "averageValue", "5")] * 3, "5/10, 5/10 + 1 more..."),
        ([measured("Pods", "averageValue", "5")] * 4, "5/10, 5/10 + 2 more..."),
    ],
)
def test_the_targets_of_an_autoscaler(metrics: list[tuple[Wire, Wire]], expected: str) -> None:
    wire = {
        "metadata": {"name": "x"},
        "spec": {"metrics": [wanted for wanted, _ in metrics]},
        "status": {"currentMetrics": [found for _, found in metrics if found]},
    }
    assert cells("HorizontalPodAutoscaler", wire)[2] == expected


@pytest.mark.parametrize(
    ("conditions", "deleted", "expected"),
    [
        (("Complete",), False, "Complete"),
        (("Failed", "FailureTarget"), False, "Failed"),
        (("Failed",), True, "Failed"),
        (("Suspended",), True, "Terminating"),
        (("FailureTarget",), False, "FailureTarget"),
        (("SuccessCriteriaMet",), False, "SuccessCriteriaMet"),
        (("SuccessCriteriaMet", "Suspended"), False, "Suspended"),
        ((), False, "Running"),
    ],
)
def test_the_status_of_a_job(conditions: tuple[str, ...], deleted: bool, expected: str) -> None:
    metadata = {"name": "x", **({"deletionTimestamp": "2026-07-01T08:00:00Z"} if deleted else {})}
    status = {"conditions": [{"type": type, "status": "True"} for type in conditions]}
    assert cells("Job", {"metadata": metadata, "spec": {}, "status": status})[1] == expected


@pytest.mark.parametrize("kind", ["PersistentVolume", "PersistentVolumeClaim"])
def test_what_is_being_deleted_is_terminating(kind: str) -> None:
    metadata = {"name": "x", "deletionTimestamp": "2026-07-01T08:00:00Z"}
    found = cells(kind, {"metadata": metadata, "spec": {}, "status": {"phase": "Bound"}})
    assert "Terminating" in found and "Bound" not in found


@pytest.mark.parametrize(
    ("ingress", "wide", "expected"),
    [
        ([], False, "<pending>"),
        ([{"ip": "10.0.0.2"}, {"ip": "10.0.0.1"}], True, "10.0.0.1,10.0.0.2"),
        ([{"hostname": "a-very-long-name.example.com"}], False, "a-very-long-n..."),
    ],
)
def test_external_address_of_a_load_balancer(ingress: list[Wire], wide: bool, expected: str) -> None:
    wire = {"metadata": {"name": "s"}, "spec": {"type": "LoadBalancer"}}
    wire["status"] = {"loadBalancer": {"ingress": ingress}}
    assert cells("Service", wire, wide=wide)[3] == expected


def test_kernel_is_shown_with_its_architecture() -> None:
    wire = {"metadata": {"name": "n"}, "status": {"nodeInfo": {"kernelVersion": "6.8", "architecture": "amd64"}}}
    assert "6.8 (amd64)" in cells("Node", wire, wide=True)


def test_selectors_are_written_as_they_are_typed() -> None:
    wire = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["b", "a"]},
            {"key": "old", "operator": "DoesNotExist"},
            {"key": "new", "operator": "Exists"},
        ],
    }
    assert label_selector(view(wire, LabelSelector)) == "app=web,new,!old,tier in (a,b)"
    assert label_selector(None) == "<none>"


def test_a_repeated_event_is_as_old_as_its_last_time() -> None:
    series = {"count": 3, "lastObservedTime": "2026-07-01T08:59:00.000000Z"}
    wire = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p"},
        "eventTime": "2026-07-01T08:50:00.000000Z",
        "reportingComponent": "kubelet",
        "reportingInstance": "worker",
        "series": series,
    }
    expected = ("60s", "", "", "pod/p", "", "kubelet, worker", "", "10m", 3, "e")
    assert cells("Event", wire, wide=True) == expected


CONTAINERS = [{"name": "c", "image": "i"}, {"name": "d", "image": "j"}]
OWNED = {"metadata": {"name": "x", "ownerReferences": [
    {"apiVersion": "v1", "kind": "Other", "name": "o"},
    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": True},
]}}  # fmt: skip
WORKLOAD: Wire = {"selector": {"matchLabels": {"app": "a"}}, "template": {"spec": {"containers": CONTAINERS}}}


@pytest.mark.parametrize(
    ("kind", "wire", "expected"),
    [
        # name, desired, current, ready, up to date, available, node selector, age, containers, images, selector
        ("DaemonSet", {"spec": WORKLOAD}, ("x", 0, 0, 0, 0, 0, "<none>", "<unknown>", "c,d", "i,j", "app=a")),
        (
            "DaemonSet",
            {
                "spec": WORKLOAD,
                "status": {
                    "desiredNumberScheduled": 1,
                    "currentNumberScheduled": 2,
                    "numberReady": 3,
                    "updatedNumberScheduled": 4,
                    "numberAvailable": 5,
                },
            },
            ("x", 1, 2, 3, 4, 5, "<none>", "<unknown>", "c,d", "i,j", "app=a"),
        ),
        # name, type, cluster IP, external IP, ports, age, selector
        (
            "Service",
            {"spec": {"type": "Other", "clusterIP": "10.43.0.9"}},
            ("x", "Other", "10.43.0.9", "<unknown>", "<none>", "<unknown>", "<none>"),
        ),
        # name, ready, up to date, available, age, containers, images, selector
        (
            "Deployment",
            {
                "spec": {**WORKLOAD, "replicas": 3},
                "status": {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 4},
            },
            ("x", "1/3", 2, 4, "<unknown>", "c,d", "i,j", "app=a"),
        ),
        ("Deployment", {}, ("x", "0/0", 0, 0, "<unknown>", "", "", "")),
        # name, desired, current, ready, age, containers, images, selector
        (
            "ReplicaSet",
            {"spec": {**WORKLOAD, "replicas": 3}, "status": {"replicas": 2, "readyReplicas": 1}},
            ("x", 3, 2, 1, "<unknown>", "c,d", "i,j", "app=a"),
        ),
        (
            "ReplicationController",
            {"spec": {**WORKLOAD, "selector": {"b": "2", "a": "1"}, "replicas": 3}},
            ("x", 3, 0, 0, "<unknown>", "c,d", "i,j", "a=1,b=2"),
        ),
        (
            "StatefulSet",
            {"spec": {**WORKLOAD, "replicas": 3}, "status": {"readyReplicas": 2}},
            ("x", "2/3", "<unknown>", "c,d", "i,j"),
        ),
        # name, controller, revision, age
        ("ControllerRevision", {"revision": 7, **OWNED}, ("x", "statefulset.apps/web", 7, "<unknown>")),
        ("ControllerRevision", {}, ("x", "<none>", 0, "<unknown>")),
        # name, status, completions, duration, age, containers, images, selector
        ("Job", {"spec": WORKLOAD}, ("x", "Running", "0/1", "", "<unknown>", "c,d", "i,j", "app=a")),
        (
            "Job",
            {
                "spec": {**WORKLOAD, "completions": 5, "parallelism": 2},
                "status": {"succeeded": 3, "startTime": "2026-07-01T08:59:00Z"},
            },
            ("x", "Running", "3/5", "60s", "<unknown>", "c,d", "i,j", "app=a"),
        ),
        (
            "Job",
            {
                "spec": {**WORKLOAD, "parallelism": 2},
                "status": {
                    "succeeded": 1,
                    "startTime": "2026-07-01T08:50:00Z",
                    "completionTime": "2026-07-01T08:50:30Z",
                    "conditions": [
                        {"type": "SuccessCriteriaMet", "status": "True"},
                        {"type": "Complete", "status": "True"},
                    ],
                },
            },
            ("x", "Complete", "1/1 of 2", "30s", "<unknown>", "c,d", "i,j", "app=a"),
        ),
        (
            "Job",
            {
                "spec": {**WORKLOAD, "parallelism": 1},
                "status": {"conditions": [{"type": "Suspended", "status": "True"}]},
            },
            ("x", "Suspended", "0/1", "", "<unknown>", "c,d", "i,j", "app=a"),
        ),
        (
            "Job",
            {"spec": WORKLOAD, "status": {"conditions": [{"type": "Failed", "status": "False"}]}},
            ("x", "Running", "0/1", "", "<unknown>", "c,d", "i,j", "app=a"),
        ),
        # name, schedule, time zone, suspend, active, last schedule, age, containers, images, selector
        (
            "CronJob",
            {
                "spec": {
                    "schedule": "* * * * *",
                    "timeZone": "UTC",
                    "suspend": False,
                    "jobTemplate": {"spec": WORKLOAD},
                },
                "status": {"active": [{}, {}], "lastScheduleTime": "2026-07-01T08:58:00Z"},
            },
            ("x", "* * * * *", "UTC", "False", 2, "2m", "<unknown>", "c,d", "i,j", "app=a"),
        ),
        ("CronJob", {"spec": {}}, ("x", "", "<none>", "<unset>", 0, "<none>", "<unknown>", "", "", "<none>")),
        # name, reference, targets, least, most, replicas, age
        ("HorizontalPodAutoscaler", {"spec": {}}, ("x", "/", "<none>", "<unset>", 0, 0, "<unknown>")),
        (
            "HorizontalPodAutoscaler",
            {
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                    "minReplicas": 0,
                    "maxReplicas": 3,
                    "metrics": [UTILIZATION],
                },
                "status": {"currentReplicas": 2},
            },
            ("x", "Deployment/web", "cpu: <unknown>/80%", "0", 3, 2, "<unknown>"),
        ),
        # name, min available, max unavailable, allowed disruptions, age
        (
            "PodDisruptionBudget",
            {"spec": {"minAvailable": "50%"}, "status": {"disruptionsAllowed": 2}},
            ("x", "50%", "N/A", 2, "<unknown>"),
        ),
        ("PodDisruptionBudget", {"spec": {"maxUnavailable": 0}}, ("x", "N/A", "0", 0, "<unknown>")),
        # name, capacity, access modes, reclaim policy, status, claim, class, attributes, reason, age, volume mode
        (
            "PersistentVolume",
            {
                "spec": {
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteMany", "ReadWriteOnce", "ReadWriteMany"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "claimRef": {"namespace": "ns", "name": "c"},
                    "storageClassName": "fast",
                    "volumeMode": "Block",
                },
                "status": {"phase": "Bound", "reason": "why"},
            },
            ("x", "1Gi", "RWO,RWX", "Retain", "Bound", "ns/c", "fast", "<unset>", "why", "<unknown>", "Block"),
        ),
        (
            "PersistentVolume",
            {"spec": {}},
            ("x", "0", "", "", "", "", "", "<unset>", "", "<unknown>", "<unset>"),
        ),
        # name, status, volume, capacity, access modes, class, attributes, age, volume mode
        (
            "PersistentVolumeClaim",
            {
                "spec": {"volumeName": "v", "storageClassName": "fast", "volumeAttributesClassName": "gold"},
                "status": {
                    "phase": "Bound",
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadOnlyMany", "ReadWriteOncePod"],
                },
            },
            ("x", "Bound", "v", "1Gi", "ROX,RWOP", "fast", "gold", "<unknown>", "<unset>"),
        ),
        (
            "PersistentVolumeClaim",
            {"spec": {}, "status": {"phase": "Pending", "capacity": {"storage": "1Gi"}}},
            ("x", "Pending", "", "", "", "", "<unset>", "<unknown>", "<unset>"),
        ),
        # name, endpoints, age
        ("Endpoints", {}, ("x", "<none>", "<unknown>")),
        (
            "Endpoints",
            {
                "subsets": [
                    {"addresses": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "ports": [{"port": 80}, {"port": 81}]}
                ]
            },
            ("x", "10.0.0.1:80,[fd00::1]:80,10.0.0.1:81 + 1 more...", "<unknown>"),
        ),
        ("Endpoints", {"subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}, ("x", "10.0.0.1", "<unknown>")),
        # name, address type, ports, endpoints, age
        (
            "EndpointSlice",
            {
                "addressType": "IPv4",
                "ports": [{"port": 80}, {"name": "web"}, {}],
                "endpoints": [{"addresses": [f"10.0.0.{last}"]} for last in range(1, 4)],
            },
            ("x", "IPv4", "80,web,*", "10.0.0.1,10.0.0.2,10.0.0.3", "<unknown>"),
        ),
        ("EndpointSlice", {"addressType": "IPv6"}, ("x", "IPv6", "<unset>", "<unset>", "<unknown>")),
        # name, data, age; name, type, data, age; name, status, age
        ("ConfigMap", {"data": {"a": "", "b": ""}, "binaryData": {"c": ""}}, ("x", 3, "<unknown>")),
        ("Secret", {"type": "Opaque", "data": {"a": ""}}, ("x", "Opaque", 1, "<unknown>")),
        ("Namespace", {"status": {"phase": "Active"}}, ("x", "Active", "<unknown>")),
        # name, status, roles, age, version, internal and external address, image, kernel, runtime
        (
            "Node",
            {
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": [{"type": "Ready", "status": "False"}],
                    "addresses": [
                        {"type": "InternalIP", "address": "172.31.0.9"},
                        {"type": "Hostname", "address": "n"},
                    ],
                    "nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "K3s", "kernelVersion": "6.8"},
                },
            },
            (
                *("x", "NotReady,SchedulingDisabled", "<none>", "<unknown>", "v1.36.2"),
                *("172.31.0.9", "<none>", "K3s", "6.8", "<unknown>"),
            ),
        ),
        # name, ready, status, restarts, age, address, node, nominated node, readiness gates
        (
            "Pod",
            {
                "spec": {
                    "nodeName": "n",
                    "containers": [{"name": "c"}, {"name": "d"}],
                    "initContainers": [{"name": "s", "restartPolicy": "Always"}],
                    "readinessGates": [{"conditionType": "A"}, {"conditionType": "B"}],
                },
                "status": {
                    "phase": "Running",
                    "podIP": "10.42.0.3",
                    "conditions": [{"type": "A", "status": "True"}, {"type": "Initialized", "status": "True"}],
                    "initContainerStatuses": [
                        {"name": "s", "started": True, "ready": True, "restartCount": 1, "state": {"running": {}}}
                    ],
                    "containerStatuses": [
                        {"name": "c", "ready": True, "restartCount": 2, "state": {"running": {}}},
                        {"name": "d", "ready": False, "restartCount": 0, "state": {"running": {}}},
                    ],
                },
            },
            ("x", "2/3", "Running", "3", "<unknown>", "10.42.0.3", "n", "<none>", "1/2"),
        ),
    ],
)
def test_whole_rows(kind: str, wire: Wire, expected: tuple[Any, ...]) -> None:
    assert cells(kind, {"metadata": {"name": "x"}, **wire}, wide=True) == expected
