"""``python -m kubesim.views.kernel_picture``: draw what a packet meets in one kernel, from the tables that it reads.

The picture (``docs/images/kernel.svg``) and its twin in words (``docs/kernel.md``) show the hooks in their order with
the tables that are called at each, the points between them, and the states of a tracked connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import graphviz

from kubesim.data_directory import DATA
from kubesim.network.conntrack import CLASSES, FIRST, STATES, State
from kubesim.network.hooks import COURSES, PRIORITIES, ROUTED, Hook, Point
from kubesim.views.rendering import FONT, INK, PATH_COLOUR, Diagram, label_width

DOCUMENTS = DATA.parent / "docs"
PICTURE, PAGE = DOCUMENTS / "images" / "kernel.svg", DOCUMENTS / "kernel.md"


def tables_at(hook: Hook) -> list[str]:
    """The tables of a hook in the order in which they are called, each with its priority."""
    called = sorted((priority, table) for (at, table), priority in PRIORITIES.items() if at is hook)
    return [f"{table} ({priority})" for priority, table in called]


def title(point: Hook | Point) -> str:
    """A hook's name as iptables writes it; a point's in words."""
    return point.name if isinstance(point, Hook) else point.value


def kernel_text() -> str:
    """The tables in words, as Markdown."""
    lines = ["# What a packet meets in one kernel", ""]
    lines += [
        "Drawn from the tables that the simulated kernel reads (`make pictures`): ![the same](images/kernel.svg)",
        "",
    ]
    lines += ["## Courses", ""]
    for course, points in COURSES.items():
        way = " → ".join(title(point) for point in points)
        choices = [
            f"to {'this machine' if own else 'another machine'}: *{after}*"
            for (before, own), after in ROUTED.items()
            if before is course
        ]
        lines.append(f"- *{course}*: {way}" + (f"; then {', '.join(choices)}" if choices else ""))
    lines += ["", "## Tables at each hook, by priority", ""]
    lines += [f"- {hook.name}: {', '.join(tables_at(hook))}" for hook in Hook]
    lines += ["", "## States of a connection", ""]
    for protocol, states in STATES.items():
        lines += [f"- {protocol}: {_state_text(name, state)}" for name, state in states.items()]
    lines += ["", "## What rules are told of a packet's connection", ""]
    for (kind, known), told in CLASSES.items():
        lines.append(f"- {kind}, its connection {'known' if known else 'unknown'}: {told}")
    return "\n".join(lines) + "\n"


def _state_text(name: str, state: State) -> str:
    follows = "".join(f"; {event} → {after}" for event, after in state.follows.items())
    return f"{name}, forgotten after {state.timeout:.0f} s{follows}"


def kernel_diagram() -> Diagram:
    """The tables as a picture: one row a course, hooks as boxes, the choices of routing dashed; below, TCP's states."""
    graph = _new_graph()
    for course, points in COURSES.items():
        names = [f"{course.name}{position}" for position in range(len(points))]
        graph.node(course.name, course.value, shape="plaintext", style="", width=str(label_width(course.value)))
        for name, point in zip(names, points, strict=True):
            _draw_point(graph, name, point)
        for tail, head in pairwise([course.name, *names]):
            graph.edge(tail, head, color=PATH_COLOUR, penwidth="1.6")
    for (before, own), after in ROUTED.items():
        words = "for this machine" if own else "for another"
        last = f"{before.name}{len(COURSES[before]) - 1}"
        graph.edge(last, after.name, label=words, style="dashed", color=INK, fontsize="9", constraint="false")
    _draw_states(graph, STATES["TCP"].items())
    return Diagram(graph.source, kernel_text())


def _new_graph() -> graphviz.Digraph:
    """An empty picture that Graphviz lays out from left to right."""
    graph = graphviz.Digraph("path")
    graph.attr(rankdir="LR", newrank="true", fontname=FONT, fontsize="11", fontcolor=INK, nodesep="0.22", ranksep="0.2")
    graph.attr("node", shape="box", style="rounded,filled", fillcolor="white", color=INK, fontname=FONT, fontsize="10")
    graph.attr("node", fixedsize="true", margin="0")
    graph.attr("edge", fontname=FONT, fontsize="10", color=INK)
    return graph


def _draw_point(graph: graphviz.Digraph, name: str, point: Hook | Point) -> None:
    if isinstance(point, Hook):
        lines = [point.name, *tables_at(point)]
        height = str(round(0.2 + 0.155 * len(lines), 2))
        label = "\n".join(lines)
        graph.node(
            name, label, fillcolor="#e3ecf5", style="filled", width=str(label_width(label, least=1.0)), height=height
        )
    else:
        graph.node(name, point.value, width=str(label_width(point.value)), height="0.35")


def _draw_states(graph: graphviz.Digraph, states: Iterable[tuple[str, State]]) -> None:
    graph.node("TCP", "a TCP connection", shape="plaintext", style="", width="1.4")
    graph.edge("TCP", f"TCP {FIRST['TCP']}", color=PATH_COLOUR, penwidth="1.6")
    for name, state in states:
        label = f"{name}\n{state.timeout:.0f} s"
        graph.node(
            f"TCP {name}", label, shape="ellipse", style="filled", width=str(label_width(label) + 0.3), height="0.5"
        )
        for event, after in state.follows.items():
            graph.edge(f"TCP {name}", f"TCP {after}", label=event.value, fontsize="9")


def main() -> int:
    """Write the picture and the page."""
    PICTURE.write_text(kernel_diagram().svg, encoding="utf-8")
    PAGE.write_text(kernel_text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
