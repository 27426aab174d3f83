"""The picture of a cluster: nodes with their Pods, and each Service with arrows to its endpoints.

It stands on the same :mod:`stage <kubesim.views.stage>` as the paths. A Service stands on no node: it is drawn below
them. An arrow leads to each endpoint; a dashed one to a Pod that the selector matches and that is not ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import graphviz

from kubesim.api.objects import EndpointSlice, Service
from kubesim.views.rendering import IDLE_COLOUR, INK, Diagram
from kubesim.views.scene import Scene
from kubesim.views.stage import Box, Stage, draw_box, draw_corner, draw_line, new_stage_graph

SERVICE_NAME = "kubernetes.io/service-name"
IN_A_ROW = 3
"""Services that stand side by side."""
_WIDTH, _HEIGHT, _PITCH, _GAP = 102.0, 42.0, 120.0, 8.0
_FRAME = 4.0
"""By how much the second frame of a Service stands outside its box."""
_TRUNKS = (112.0, 191.0)
"""Between which x the Services' arrows rise: left of the Pods, where no kernel is drawn in this picture."""


def cluster_diagram(scene: Scene, services: Sequence[Service], slices: Sequence[EndpointSlice]) -> Diagram:
    """Draw the cluster.

    :param services: the Services to show.
    :param slices: their EndpointSlices.
    """
    behind = {service_id(service): endpoints_of(service, slices, scene) for service in services}
    # Where many Pods share a node, those that a Service leads to are seen first.
    endpoints = {machine for found in behind.values() for machine, _ in found}
    stage = Stage(
        scene,
        endpoints | {place.machine for place in scene.outside},
        [pod.machine for node in scene.nodes for pod in node.pods],
    )
    graph = new_stage_graph()
    stage.draw(graph, {}, kernels=False)
    roots = {}
    for number, service in enumerate(services):
        column, row = number % IN_A_ROW, number // IN_A_ROW
        top = stage.height + _HEIGHT / 2 + row * (_HEIGHT + _GAP)
        box = Box(column * _PITCH + _FRAME + _WIDTH / 2, top + _HEIGHT / 2, _WIDTH, _HEIGHT)
        lines = [service.metadata.name, service.spec.type, _address(service)]
        draw_box(graph, service_id(service), box, lines, fill="#fff8e1", frames=2)
        roots[service_id(service)] = box
    _draw_selections(graph, stage, roots, behind)
    return Diagram(graph.source, cluster_text(scene, services, slices), engine="nop2")


def _draw_selections(
    graph: graphviz.Digraph,
    stage: Stage,
    roots: Mapping[str, Box],
    behind: Mapping[str, Sequence[tuple[str, bool]]],
) -> None:
    """Each Service's arrows: out at its top (of lower rows: at the right, and up), along to a trunk, to its Pods."""
    pods = {
        root: [(machine, ready) for machine, ready in found if machine in stage.boxes and not stage.kernel(machine)]
        for root, found in behind.items()
    }
    leading = [root for root in roots if pods[root]]
    step = min(12.0, (_TRUNKS[1] - _TRUNKS[0]) / max(len(leading), 1))
    for number, root in enumerate(leading):
        box, x = roots[root], _TRUNKS[1] - step * number
        channel = box.right + 6 + number % 4 * 2.0
        along = stage.height + (_HEIGHT / 2 - 4) * (number + 1) / (len(leading) + 1)
        first = box.top < stage.height + _HEIGHT
        leaves = (box.x, box.top) if first else (box.right, box.y)
        turns = [*([(box.x, along)] if first else [(channel, box.y), (channel, along)]), (x, along)]
        trunk = [draw_corner(graph, f"{root} turn {place}", *turn) for place, turn in enumerate(turns)]
        offset = (number - (len(leading) - 1) / 2) * min(5.0, 22.0 / len(leading))
        for machine, ready in sorted(pods[root], key=lambda end: -stage.boxes[end[0]].y):
            pod = stage.boxes[machine]
            trunk.append(draw_corner(graph, f"{root} at {machine}", x, pod.y + offset))
            end = draw_corner(graph, f"{root} to {machine}", pod.left, pod.y + offset)
            style = f'style={"solid" if ready else "dashed"} color="{INK if ready else IDLE_COLOUR}"'
            draw_line(graph, [trunk[-1], end], style)
        draw_line(graph, [draw_corner(graph, f"{root} from", *leaves), *trunk], f'arrowhead=none color="{INK}"')


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


def _at(address: str, scene: Scene) -> str:
    """The node that has an address (the API server's endpoint is one), or the Pod; empty where none has it."""
    places = [*(node.place for node in scene.nodes), *(pod for node in scene.nodes for pod in node.pods)]
    return next((place.machine for place in places if place.address == address), "")


def _address(service: Service) -> str:
    if service.spec.type == "ExternalName":
        return service.spec.externalName
    return "headless" if service.spec.clusterIP == "None" else service.spec.clusterIP


def _noted(note: str) -> str:
    return f", {note}" if note else ""
