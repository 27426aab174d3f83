from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kubesim.api.objects import EndpointSlice, Probe, Wire, view
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.kubectl.describe import DESCRIBERS, Surroundings, describe
from kubesim.kubectl.describe.containers import probe
from kubesim.kubectl.describe.node import Amount, pod_amounts, total
from kubesim.kubectl.describe.service import ready_endpoints
from kubesim.kubectl.describe.text import Text, annotation_lines, labels, moment

NOW = datetime(2026, 7, 1, 9, 0, 0, tzinfo=UTC)


class Objects:
    """Objects to look up, by kind."""

    def __init__(self, *wires: Wire) -> None:
        self.wires = wires

    def get(self, kind: str, name: str, namespace: str = "") -> Wire | None:
        return next((w for w in self.list(kind, namespace or None) if w["metadata"]["name"] == name), None)

    def list(self, kind: str, namespace: str | None = None) -> list[Wire]:
        return [w for w in self.wires if w["kind"] == kind and namespace in (None, w["metadata"].get("namespace"))]


def described(wire: Wire, *others: Wire, events: bool = True) -> str:
    return describe(wire, Surroundings(Objects(wire, *others), NOW, events))


@pytest.mark.parametrize("kind", sorted({*DESCRIBERS, *(each.kind for each in RESOURCE_TYPES)}))
def test_an_empty_object_of_any_kind_can_be_described(kind: str) -> None:
    text = described({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "default"}})
    assert text.startswith("Name:")
    assert text.splitlines()[0].split() == ["Name:", "x"]


def slice_of(*ready: bool | None, port: int = 80, first: int = 1) -> EndpointSlice:
    endpoints = [
        {"addresses": [f"10.42.0.{first + index}"], "conditions": {} if each is None else {"ready": each}}
        for index, each in enumerate(ready)
    ]
    return view({"endpoints": endpoints, "ports": [{"name": "http", "port": port}]}, EndpointSlice)


@pytest.mark.parametrize(
    ("slices", "text"),
    [
        ([], "<none>"),
        ([slice_of()], ""),
        ([slice_of(False)], ""),
        ([slice_of(True, False, None)], "10.42.0.1:80,10.42.0.3:80"),
        ([slice_of(True, True, True)], "10.42.0.1:80,10.42.0.2:80,10.42.0.3:80"),
        ([slice_of(True, True), slice_of(True, True, first=3)],
         "10.42.0.1:80,10.42.0.2:80,10.42.0.3:80 + 1 more..."),
    ],
)  # fmt: skip
def test_ready_endpoints(slices: list[EndpointSlice], text: str) -> None:
    assert ready_endpoints(slices, "http") == text


def test_endpoints_of_another_port_are_not_shown() -> None:
    assert ready_endpoints([slice_of(True)], "metrics") == ""


def event(reason: str, last: str, **fields: Any) -> Wire:
    about = {"kind": "Service", "name": "web", "namespace": "default", "uid": "u"}
    return {
        "kind": "Event", "metadata": {"name": f"web.{reason}", "namespace": "default"}, "involvedObject": about,
        "reason": reason, "type": "Normal", "source": {"component": "c"}, "message": f"{reason} happened",
        "firstTimestamp": "2026-07-01T08:50:00Z", "lastTimestamp": last, **fields,
    }  # fmt: skip


def test_events_come_oldest_first_and_count() -> None:
    service = {"kind": "Service", "metadata": {"name": "web", "namespace": "default", "uid": "u"}, "spec": {}}
    late = event("Late", "2026-07-01T08:59:55Z", count=3)
    early = event("Early", "2026-07-01T08:59:00Z", count=1)
    other = {**early, "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"}}
    lines = described(service, late, early, other).splitlines()
    assert [line.split() for line in lines[-2:]] == [
        ["Normal", "Early", "10m", "c", "Early", "happened"],
        ["Normal", "Late", "5s", "(x3", "over", "10m)", "c", "Late", "happened"],
    ]
    assert "Events" not in described(service, late, events=False)


def test_labels_stand_under_each_other() -> None:
    text = Text()
    labels(text, "Labels", {"b": "2", "a": "1"})
    labels(text, "Selector", None)
    assert str(text) == "Labels:    a=1\n           b=2\nSelector:  <none>\n"


def test_long_annotations_are_cut() -> None:
    text = Text()
    annotation_lines(text, "Annotations", {"long": "x" * 200, "kubectl.kubernetes.io/last-applied-configuration": "{}"})
    assert str(text) == f"Annotations:  long:\n                {'x' * 138}...\n"


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ({"httpGet": {"path": "healthz", "port": "http", "scheme": "HTTP"}}, "http-get http://:http/healthz"),
        ({"tcpSocket": {"port": 80}}, "tcp-socket :80"),
        ({"exec": {"command": ["cat", "/x"]}}, "exec [cat /x]"),
        ({"grpc": {"port": 9000}}, "grpc <pod>:9000 "),
        ({}, "unknown"),
    ],
)
def test_probes(wire: Wire, text: str) -> None:
    shown = probe(view({**wire, "periodSeconds": 10, "timeoutSeconds": 1}, Probe))
    assert shown == f"{text} delay=0s timeout=1s period=10s #success=0 #failure=0"


def test_moments() -> None:
    assert moment("2026-11-22T23:12:29Z") == "Sun, 22 Nov 2026 23:12:29 +0000"
    assert moment(None) == "Mon, 01 Jan 0001 00:00:00 +0000"


@pytest.mark.parametrize(
    ("texts", "text"),
    [
        (["50m", "50m"], "100m"),
        (["32Mi", "70Mi"], "102Mi"),
        (["512Mi", "512Mi"], "1Gi"),
        (["500m", "1500m"], "2"),
        ([], "0"),
    ],
)
def test_amounts_add_up_in_their_own_notation(texts: list[str], text: str) -> None:
    assert str(total([{"x": Amount.parse(each)} for each in texts]).get("x", Amount())) == text


def test_a_greedy_init_container_counts() -> None:
    from kubesim.api.objects import Pod

    def container(cpu: str) -> Wire:
        return {"resources": {"requests": {"cpu": cpu}}}

    spec = {"containers": [container("100m"), container("100m")], "initContainers": [container("500m")]}
    assert str(pod_amounts(view({"spec": spec}, Pod), "requests")["cpu"]) == "500m"
