"""The picture of a cluster: nodes with their Pods, and each Service with arrows to its endpoints.

A Service stands on no node: it is drawn beside them. An arrow leads to each endpoint; a dashed one to a Pod that the
selector matches and that is not ready.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import EndpointSlice, Service
from kubesim.views.path_diagram import draw_node, draw_place, new_graph
from kubesim.views.rendering import IDLE_COLOUR, INK, Diagram, label_width
from kubesim.views.scene import Scene

SERVICE_NAME = "kubernetes.io/service-name"


def cluster_diagram(scene: Scene, services: Sequence[Service], slices: Sequence[EndpointSlice]) -> Diagram:
    """Draw the cluster.

    :param services: the Services to show.
    :param slices: their EndpointSlices.
    """
    graph = new_graph()
    graph.attr(ranksep="1.0")
    for place in scene.outside:
        draw_place(graph, place)
    for service in services:
        _draw_service(graph, service)
    for node in scene.nodes:
        draw_node(graph, node, pods=[(place, bool(place.note)) for place in node.pods], left_out=0, kernel=False)
    for service in services:
        for machine, ready in endpoints_of(service, slices, scene):
            style = "solid" if ready else "dashed"
            graph.edge(service_id(service), machine, style=style, color=INK if ready else IDLE_COLOUR)
    return Diagram(graph.source, cluster_text(scene, services, slices))


def endpoints_of(service: Service, slices: Sequence[EndpointSlice], scene: Scene) -> list[tuple[str, bool]]:
    """The machines behind a Service that the map shows, each with whether it is ready; without repeats, in order."""
    found: dict[str, bool] = {}
    for piece in slices:
        belongs = (piece.metadata.labels or {}).get(SERVICE_NAME) == service.metadata.name
        if not belongs or piece.metadata.namespace != service.metadata.namespace:
            continue
        for endpoint in piece.endpoints or []:
            reference = endpoint.targetRef
            machine = f"pod/{reference.namespace}/{reference.name}" if reference else ""
            if scene.place(machine):
                found[machine] = found.get(machine, False) or endpoint.conditions.ready is not False
    return sorted(found.items())


def service_id(service: Service) -> str:
    """The Service's name in the DOT source."""
    return f"service/{service.metadata.namespace}/{service.metadata.name}"


def cluster_text(scene: Scene, services: Sequence[Service], slices: Sequence[EndpointSlice]) -> str:
    """The cluster in words."""
    lines = []
    for node in scene.nodes:
        lines.append(f"node {node.place.title} ({node.place.address})")
        lines += [f"  Pod {pod.title} ({pod.address or 'no address'}){_noted(pod.note)}" for pod in node.pods]
    for service in services:
        behind = [
            f"{machine.rpartition('/')[2]}{'' if ready else ' (not ready)'}"
            for machine, ready in endpoints_of(service, slices, scene)
        ]
        lines.append(f"Service {service.metadata.name} ({_address(service)}) → {', '.join(behind) or 'no Pod'}")
    lines += [f"outside: {place.title} ({place.address})" for place in scene.outside]
    return "\n".join(lines)


def _draw_service(graph: object, service: Service) -> None:
    label = f"Service {service.metadata.name}\n{service.spec.type}\n{_address(service)}"
    graph.node(  # type: ignore[attr-defined]
        service_id(service),
        label,
        shape="hexagon",
        style="filled",
        fillcolor="#fff8e1",
        width=str(label_width(label) + 0.35),
        height="0.7",
    )


def _address(service: Service) -> str:
    if service.spec.type == "ExternalName":
        return service.spec.externalName
    return "headless" if service.spec.clusterIP == "None" else service.spec.clusterIP


def _noted(note: str) -> str:
    return f", {note}" if note else ""
