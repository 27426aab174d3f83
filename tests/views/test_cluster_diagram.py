"""The picture of a cluster: nodes with Pods, Services, and arrows to endpoints."""

from itertools import combinations

import pytest

from kubesim.api.objects import EndpointSlice, Node, Pod, Service, view
from kubesim.views.cluster_diagram import cluster_diagram, endpoints_of
from kubesim.views.scene import Scene, scene_of
from tests.views.drawing import Drawing, crosses

NODE = view(
    {"metadata": {"name": "master"}, "status": {"addresses": [{"type": "InternalIP", "address": "172.31.0.10"}]}}, Node
)


def pod(name: str, address: str, ready: bool) -> Pod:
    return view(
        {
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"nodeName": "master"},
            "status": {"podIP": address, "conditions": [{"type": "Ready", "status": str(ready)}]},
        },
        Pod,
    )


def slice_of(service: str, *endpoints: tuple[str, str, bool]) -> EndpointSlice:
    return view(
        {
            "metadata": {"namespace": "default", "labels": {"kubernetes.io/service-name": service}},
            "endpoints": [
                {
                    "addresses": [address],
                    "conditions": {"ready": ready},
                    "targetRef": {"kind": "Pod", "namespace": "default", "name": name} if name else None,
                }
                for name, address, ready in endpoints
            ],
        },
        EndpointSlice,
    )


def service(name: str, **spec: str) -> Service:
    return view({"metadata": {"name": name, "namespace": "default"}, "spec": spec}, Service)


SCENE: Scene = scene_of([NODE], [pod("a", "10.42.0.2", True), pod("b", "10.42.0.3", False)], {"laptop": "172.31.0.50"})
WEB = service("web", type="ClusterIP", clusterIP="10.43.0.9")
SLICES = [
    slice_of("web", ("a", "10.42.0.2", True), ("b", "10.42.0.3", False)),
    slice_of("api", ("", "172.31.0.10", True)),
]


def test_the_endpoints_of_a_service_are_its_slices_alone() -> None:
    assert endpoints_of(WEB, SLICES, SCENE) == [("pod/default/a", True), ("pod/default/b", False)]
    assert endpoints_of(service("api"), SLICES, SCENE) == [("node/master", True)]
    assert endpoints_of(service("none"), SLICES, SCENE) == []


def test_arrows_lead_to_endpoints_and_are_dashed_where_not_ready() -> None:
    dot = cluster_diagram(SCENE, [WEB], SLICES).dot
    arrows = [line for line in dot.splitlines() if "->" in line and "arrowhead=none" not in line]
    assert ["dashed" in line for line in arrows if "pod/default/a" in line] == [False]
    assert ["dashed" in line for line in arrows if "pod/default/b" in line] == [True]


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_no_service_covers_another_and_no_arrow_passes_through_a_box(count: int) -> None:
    services = [service(f"web-{number}", type="ClusterIP", clusterIP="10.43.236.219") for number in range(count)]
    slices = [slice_of(each.metadata.name, ("a", "10.42.0.2", True), ("b", "10.42.0.3", False)) for each in services]
    drawing = Drawing(cluster_diagram(SCENE, services, slices))
    for one, other in combinations(drawing.boxes.values(), 2):
        assert not one.overlaps(other)
    for line in drawing.lines:
        for name, box in drawing.boxes.items():
            assert name in (line.tail, line.head) or not crosses(line.segment, box), f"{line} crosses {name}"


def test_the_words_say_the_same() -> None:
    external = service("out", type="ExternalName", externalName="example.com")
    text = cluster_diagram(SCENE, [WEB, external], SLICES).text
    assert "  Pod b (10.42.0.3), not ready" in text
    assert "Service web (10.43.0.9) → a, b (not ready)" in text
    assert "Service out (example.com) → no Pod" in text
    assert "outside: laptop (172.31.0.50)" in text
