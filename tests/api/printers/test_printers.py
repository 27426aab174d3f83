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
    assert set(PRINTERS) == set(TYPES)


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
    ],
)
def test_whole_rows(kind: str, wire: Wire, expected: tuple[Any, ...]) -> None:
    assert cells(kind, {"metadata": {"name": "x"}, **wire}, wide=True) == expected
