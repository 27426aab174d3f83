"""The picture of a cluster: nodes with their Pods, and each Service with arrows to its endpoints.

A Service stands on no node: it is drawn beside them. An arrow leads to each endpoint; a dashed one to a Pod that the
selector matches and that is not ready.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import graphviz

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
    graph.attr(ranksep="0.9")
    columns = [[place.machine for place in scene.outside], [service_id(service) for service in services]]
    for place in scene.outside:
        draw_place(graph, place)
    for service in services:
        _draw_service(graph, service)
    for node in scene.nodes:
        draw_node(graph, node, pods=[(place, bool(place.note)) for place in node.pods], left_out=0, kernel=False)
    columns.append([pod.machine for node in scene.nodes for pod in node.pods])
    _stand_side_by_side(graph, columns)
    for service in services:
        for machine, ready in endpoints_of(service, slices, scene):
            style = "solid" if ready else "dashed"
            if machine.startswith("pod/"):
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
            machine = f"pod/{reference.namespace}/{reference.name}" if reference else _at(endpoint.addresses[0], scene)
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


def _draw_service(graph: graphviz.Digraph, service: Service) -> None:
    label = f"Service {service.metadata.name}\n{service.spec.type}\n{_address(service)}"
    size = {"width": str(label_width(label) + 0.35), "height": "0.7"}
    graph.node(service_id(service), label, shape="hexagon", style="filled", fillcolor="#fff8e1", **size)


def _stand_side_by_side(graph: graphviz.Digraph, columns: Sequence[Sequence[str]]) -> None:
    """Hold each group in a column of its own: an unseen arrow leads from the one before to each of its members."""
    filled = [column for column in columns if column]
    for before, after in pairwise(filled):
        for member in after:
            graph.edge(before[0], member, style="invis")


def _at(address: str, scene: Scene) -> str:
    """The node with an address: the API server's endpoint is one; empty where there is none."""
    return next((node.place.machine for node in scene.nodes if node.place.address == address), "")


def _address(service: Service) -> str:
    if service.spec.type == "ExternalName":
        return service.spec.externalName
    return "headless" if service.spec.clusterIP == "None" else service.spec.clusterIP


def _noted(note: str) -> str:
    return f", {note}" if note else ""
