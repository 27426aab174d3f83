"""The picture of a journey: nodes as boxes with their Pods, numbered arrows along the path.

Each rewriting of an address is written on the arrow that leaves the place where it happened; endpoints that were not
taken are grey and dashed; the place of a failure is an octagon with a cross. Nothing is told by colour alone: the path
is bold, alternatives are dashed, failures have their own shape.
"""

from __future__ import annotations

from collections.abc import Sequence

import graphviz

from kubesim.network.trace import Action, Outcome, Step, Trace
from kubesim.views.rendering import FAILURE_COLOUR, FONT, IDLE_COLOUR, INK, PATH_COLOUR, Diagram, label_width
from kubesim.views.request import Request
from kubesim.views.scene import NodePlace, Place, Scene
from kubesim.views.words import destination, journey_text, machine_title, percent

LONGEST_NAME = 15
"""Longer names are broken into two lines."""

MOST_IDLE_PODS = 4
"""Pods that play no part, shown per node for orientation; the rest are counted."""

FAILURE_WORDS = {
    Outcome.REFUSED: "refused\n(RST: no listener)",
    Outcome.REJECTED: "rejected\n(ICMP)",
    Outcome.DROPPED: "dropped\n(time-out)",
    Outcome.UNREACHABLE: "unreachable\n(no such host)",
    Outcome.LOST: "lost\n(time-out)",
}


def path_diagram(journey: Request, upto: int | None = None) -> Diagram:
    """Draw a journey.

    :param upto: draw only this many arrows (None: all); the text stays whole.
    """
    graph = new_graph()
    arrows = _arrows(journey.drawn) if journey.drawn else []
    shown = arrows if upto is None else arrows[:upto]
    others = [trace for trace in journey.alternatives if trace != journey.trace]
    on_path = {journey.source, *(hop.machine for hop in journey.drawn.hops)} if journey.drawn else {journey.source}
    candidates = {hop.machine for trace in others for hop in trace.hops} - on_path
    _draw_machines(graph, journey.scene, on_path, candidates)
    for number, (tail, head, label) in enumerate(shown, start=1):
        graph.edge(
            tail, head, label=_plate(label, number), color=PATH_COLOUR, fontcolor=INK, penwidth="2.4", arrowsize="0.9"
        )
    complete = len(shown) == len(arrows)
    if complete:
        _draw_alternatives(graph, journey.trace, others)
        _draw_failure(graph, journey)
    return Diagram(graph.source, journey_text(journey))


def arrow_count(journey: Request) -> int:
    """How many arrows the picture of a journey has."""
    return len(_arrows(journey.drawn)) if journey.drawn else 0


def new_graph() -> graphviz.Digraph:
    """An empty left-to-right picture in the course's style."""
    graph = graphviz.Digraph("path")
    graph.attr(rankdir="LR", newrank="true", fontname=FONT, fontsize="11", fontcolor=INK, nodesep="0.22", ranksep="0.2")
    graph.attr("node", shape="box", style="rounded,filled", fillcolor="white", color=INK, fontname=FONT, fontsize="10")
    graph.attr("node", fixedsize="true", margin="0")
    graph.attr("edge", fontname=FONT, fontsize="10", color=INK)
    return graph


def draw_place(graph: graphviz.Digraph, place: Place, *, idle: bool = False) -> None:
    """Draw one machine as a box: its name, its address, and its state where that matters."""
    lines = [_broken(place.title), place.address or "(no address)"]
    if place.note:
        lines.append(f"({place.note})")
    label = "\n".join(lines)
    colour = IDLE_COLOUR if idle else INK
    graph.node(
        place.machine,
        label,
        color=colour,
        fontcolor=colour,
        width=str(label_width(label)),
        height=str(round(0.15 + 0.155 * len(label.split("\n")), 2)),
        style="rounded,filled,dashed" if idle else "rounded,filled",
    )


def _broken(name: str) -> str:
    """A long generated name in two lines: ``web-6dc5b87c8d-`` and ``n7lht``."""
    head, dash, tail = name.rpartition("-")
    return f"{head}-\n{tail}" if dash and len(name) > LONGEST_NAME else name


def draw_node(
    graph: graphviz.Digraph, node: NodePlace, *, pods: list[tuple[Place, bool]], left_out: int, kernel: bool
) -> None:
    """Draw a node as a box with its Pods inside; ``kernel`` adds the node's own network stack, where rules act."""
    with graph.subgraph(name=f"cluster_{node.place.title}") as box:
        box.attr(
            label=f"node {node.place.title}   {node.place.address}",
            style="rounded,filled",
            fillcolor="#f5f5f5",
            color=INK,
        )
        box.attr(labeljust="l", labelloc="b")  # labels of arrows lie above them, so the title is safe below
        if kernel:
            label = f"kernel of\n{node.place.title}"
            box.node(
                node.place.machine,
                label,
                shape="box",
                style="filled",
                fillcolor="#e3ecf5",
                width=str(label_width(label)),
                height="0.45",
            )
        for place, idle in pods:
            draw_place(box, place, idle=idle)
        if left_out:
            note = f"… {left_out} more Pod{'' if left_out == 1 else 's'}"
            box.node(
                f"more_{node.place.title}",
                note,
                shape="plaintext",
                style="",
                fontcolor=IDLE_COLOUR,
                width=str(label_width(note)),
                height="0.25",
            )
        if not kernel and not pods and not left_out:
            box.node(f"empty_{node.place.title}", "", shape="point", style="invis", width="0.01")


def _draw_machines(graph: graphviz.Digraph, scene: Scene, on_path: set[str], candidates: set[str]) -> None:
    for node in scene.nodes:
        busy = [place for place in node.pods if place.machine in on_path | candidates]
        idle = [place for place in node.pods if place not in busy and place.machine.startswith("pod/default/")]
        pods = [(place, place.machine not in on_path) for place in busy] + [
            (place, True) for place in idle[:MOST_IDLE_PODS]
        ]
        draw_node(
            graph,
            node,
            pods=pods,
            left_out=max(0, len(idle) - MOST_IDLE_PODS),
            kernel=node.place.machine in on_path | candidates,
        )
    for place in scene.outside:
        if place.machine in on_path:
            draw_place(graph, place)
    known = {place.machine for node in scene.nodes for place in (node.place, *node.pods)} | {
        place.machine for place in scene.outside
    }
    for machine in sorted(on_path - known):
        draw_place(graph, Place(machine, machine_title(machine), "outside"))


def _arrows(trace: Trace) -> list[tuple[str, str, list[str]]]:
    """Tail, head and label of each arrow: from hop to hop, with the packet as it left and its rewritings."""
    arrows = []
    for here, there in zip(trace.hops, trace.hops[1:], strict=False):
        packet = here.steps[-1].after if here.steps else trace.packet
        changes = [line for step in here.steps for line in _change(step)]
        arrows.append((here.machine, there.machine, [f"{packet.source} →", destination(packet), *changes]))
    return arrows


def _change(step: Step) -> list[str]:
    """What a step rewrote, in short lines: long ones would push the boxes apart."""
    if step.action is Action.DNAT:
        return ["<i>DNAT, was</i>", f"<i>{destination(step.before)}</i>"]
    if step.action is Action.SNAT:
        return ["<i>masqueraded, was</i>", f"<i>{step.before.source}</i>"]
    return []


def _plate(lines: Sequence[str], number: int | None = None, colour: str = INK) -> str:
    """An arrow's label on a ground of its own, so that it stays legible where it crosses a border.

    The row below it is empty: it keeps the ground clear of the arrow.

    :param lines: in Graphviz' HTML.
    """
    head = f"<tr><td><b>{number}</b></td></tr>" if number is not None else ""
    return (
        '<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">'
        f'<tr><td><table border="0" cellborder="0" cellspacing="0" cellpadding="1" bgcolor="white">{head}'
        f'<tr><td><font color="{colour}">{"<br/>".join(lines)}</font></td></tr></table></td></tr>'
        '<tr><td height="4"></td></tr></table>>'
    )


def _draw_alternatives(graph: graphviz.Digraph, taken: Trace | None, others: list[Trace]) -> None:
    """The ways not taken, as one tree: each dashed arrow with the chance that a packet goes along it."""
    on_path = set(_links(taken)) if taken else set()
    places_on_path = {hop.machine for hop in taken.hops} if taken else set()
    chances: dict[tuple[str, str], float] = {}
    for other in others:
        for link in _links(other):
            if link not in on_path:
                chances[link] = chances.get(link, 0.0) + other.probability
    for (tail, head), chance in chances.items():
        label = _plate([f"not taken ({percent(chance)})"], colour=IDLE_COLOUR)
        seen_already = {tail, head} <= places_on_path
        graph.edge(tail, head, label=label, style="dashed", color=IDLE_COLOUR, constraint=str(not seen_already).lower())


def _links(trace: Trace) -> list[tuple[str, str]]:
    return [(here.machine, there.machine) for here, there in zip(trace.hops, trace.hops[1:], strict=False)]


def _draw_failure(graph: graphviz.Digraph, journey: Request) -> None:
    if journey.reached:
        return
    trace = journey.drawn
    words = f"✗ {_failure(journey)}"
    graph.attr("node", shape="octagon", style="filled", color=FAILURE_COLOUR, fontcolor=FAILURE_COLOUR, penwidth="2.4")
    graph.node("failure", words, fillcolor="white", width=str(label_width(words, least=1.3)), height="0.75")
    where = destination(trace.steps[-1].after) if trace and trace.steps else ""
    tail = trace.hops[-1].machine if trace else journey.source
    graph.edge(tail, "failure", label=_plate([where]) if where else "", color=FAILURE_COLOUR, style="bold")


def _failure(journey: Request) -> str:
    """What the octagon says: how the request ended, or the question for its name."""
    if journey.trace is not None:
        return FAILURE_WORDS[journey.trace.outcome]
    if journey.question is None:
        return "no address\nfor this name"
    if journey.question.outcome is Outcome.DELIVERED:
        return "no answer\n(time-out)"
    return f"question {FAILURE_WORDS[journey.question.outcome]}"
