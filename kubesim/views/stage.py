"""The stage: where each thing stands in every picture of a cluster.

Outside machines stand on the left, nodes as boxes one above the other; in a node its kernel on the left and its Pods on
the right, a row each. Nothing on it depends on what happens: a Pod keeps its row as long as it lives
(:class:`~kubesim.views.scene.Seating`), rows that are free stay free, and what plays no part is drawn pale instead of
being left out. So the pictures of one cluster can be laid one upon the other: only arrows and badges differ.

Lengths are points (1/72 inch); *x* grows to the right, *y* downwards from the upper edge. The stage is narrow on
purpose: its text is read at 11 pixels where the page leaves it 348 pixels, as a JupyterLab window of 800 pixels does
whose side bar is open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import graphviz

from kubesim.views.rendering import FONT, IDLE_COLOUR, INK
from kubesim.views.scene import NodePlace, Place, Scene
from kubesim.views.words import machine_title

WIDTH = 350.0
"""Of every picture."""
FONT_SIZE = 11.2
MARGIN = 1.0
"""Around the whole."""
ROWS = 4
"""Pods of a node that have a row; the others are counted below."""
MOST_NODES = 4
"""Nodes that are drawn; of more, those that play a part come first, and the others are counted below."""

_TITLE, _ROW, _FOLD, _SPACE = 17.0, 31.0, 14.0, 20.0
_OUTSIDE, _KERNELS, _PODS, _CROSSES = 42.5, 140.0, 269.0, 340.5
"""The middles of the columns."""
_OUTSIDE_WIDTH, _KERNEL_WIDTH, _POD_WIDTH = 85.0, 54.0, 124.0
GUTTER = 93.5
"""Where arrows change level: between the outside and the nodes."""
STEP_OUTSIDE = 62.0
"""From one machine outside to the next."""
_NODE_LEFT = 102.0
_NODE_HEIGHT = _TITLE + ROWS * _ROW + _FOLD
_INSET = 5.0
"""What a line of text leaves free of its box's width: the corners are round."""
_LETTERS = {
    **dict.fromkeys("ijl", 0.222),
    **dict.fromkeys(" .,:ft/", 0.278),
    **dict.fromkeys("-r()", 0.333),
    **dict.fromkeys("cksvxyz", 0.5),
    "w": 0.722,
    "m": 0.833,
    "%": 0.889,
}
_DIGIT = 0.556
"""Widths of Helvetica's letters, as shares of the font's size (its metrics file); digits and other small letters."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its middle and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.width / 2

    @property
    def left(self) -> float:
        """The x of its left edge."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """The y of its upper edge."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.height / 2

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


class Stage:
    """The places of a cluster's machines.

    :param scene: the cluster.
    :param path: the machines that the packet passes: they are shown whatever the rows hold.
    :param candidates: those to which it could have gone; they come next.
    """

    def __init__(self, scene: Scene, path: Collection[str] = (), candidates: Collection[str] = ()) -> None:
        self._path = frozenset(path)
        self._playing = self._path | frozenset(candidates)
        self.boxes: dict[str, Box] = {}
        """Machine → its box, of those that are drawn."""
        self.places: dict[str, Place] = {}
        """Machine → what is written in its box."""
        self.nodes: list[tuple[NodePlace, Box]] = []
        """The nodes that are drawn, with their boxes."""
        self._folded: list[tuple[str, float, float]] = []
        shown = _chosen(scene.nodes, self._playing)
        for number, node in enumerate(shown):
            self._seat(node, number * (_NODE_HEIGHT + _SPACE))
        self.height = len(shown) * (_NODE_HEIGHT + _SPACE)
        if len(scene.nodes) > len(shown):
            self._folded.append((_more(len(scene.nodes) - len(shown), "node"), _PODS, self.height + _FOLD / 2))
            self.height += _FOLD + _SPACE
        self._stand_outside(scene)

    def _seat(self, node: NodePlace, top: float) -> None:
        middle = top + _TITLE + ROWS * _ROW / 2
        self.nodes.append(
            (node, Box((_NODE_LEFT + WIDTH) / 2, top + _NODE_HEIGHT / 2, WIDTH - _NODE_LEFT, _NODE_HEIGHT))
        )
        self._put(node.place, Box(_KERNELS, middle, _KERNEL_WIDTH, 56.0))
        rows, left_out = _rows(node, self._path, self._playing)
        for row, pod in rows.items():
            self._put(pod, Box(_PODS, top + _TITLE + (row + 0.5) * _ROW, _POD_WIDTH, _ROW - 3))
        if left_out:
            self._folded.append((_more(left_out, "Pod"), _PODS, top + _TITLE + ROWS * _ROW + _FOLD / 2 - 2))

    def _stand_outside(self, scene: Scene) -> None:
        """Machines of the same network from above, the Internet from below: the router, and beneath it who plays."""
        near = [place for place in scene.outside if not place.machine.startswith("internet/")]
        far = [place for place in scene.outside if place.machine in self._playing and place not in near]
        known = {place.machine for node in scene.nodes for place in (node.place, *node.pods)}
        known |= {place.machine for place in scene.outside}
        far += [Place(machine, machine_title(machine)) for machine in sorted(self._path - known)]
        far.sort(key=lambda place: (place.machine == "internet/router", place.machine), reverse=True)
        self.height = max(self.height, STEP_OUTSIDE * len(near) + STEP_OUTSIDE * max(2, len(far)))
        for number, place in enumerate(near):
            self._put(place, Box(_OUTSIDE, 24 + STEP_OUTSIDE * number, _OUTSIDE_WIDTH, 30.0))
        for number, place in enumerate(far):
            y = self.height - 24 - STEP_OUTSIDE * (max(2, len(far)) - 1 - number)
            self._put(place, Box(_OUTSIDE, y, _OUTSIDE_WIDTH, 30.0))

    def _put(self, place: Place, box: Box) -> None:
        self.places[place.machine] = place
        self.boxes[place.machine] = box

    @staticmethod
    def pitch() -> float:
        """How far one node's kernel lies below that of the node above."""
        return _NODE_HEIGHT + _SPACE

    def kernel(self, machine: str) -> bool:
        """Whether a machine is a node, of which the kernel is drawn."""
        return any(node.place.machine == machine for node, _ in self.nodes)

    def cross(self, machine: str) -> tuple[float, float]:
        """Where a packet's end at a machine is marked: beside a Pod, else below the box's left."""
        box = self.boxes[machine]
        return (_CROSSES, box.y) if box.x == _PODS else (box.left + 9, box.bottom + 11)

    def draw(self, graph: graphviz.Digraph, notes: dict[str, list[str]], *, kernels: bool = True) -> None:
        """Draw everything that stands on the stage.

        :param notes: what is written into a machine's box: below a kernel's name, else behind the address.
        :param kernels: whether the nodes' kernels are drawn.
        """
        for node, box in self.nodes:
            address = f"   {node.place.address}"
            room = 2 * (box.right - _PODS) - _INSET - _text_width(address)
            with graph.subgraph(name=f"cluster_{node.place.title}") as area:
                area.attr(
                    label=_fitted(f"node {node.place.title}", room) + address,
                    bb=f"{box.left},{-box.bottom},{box.right},{-box.top}",
                    lp=f"{_PODS},{-(box.top + _TITLE / 2)}",
                    style="rounded,filled",
                    fillcolor="#f5f5f5",
                    color=INK,
                    fontname=FONT,
                    fontsize=str(FONT_SIZE),
                )
        for machine, box in self.boxes.items():
            if not self.kernel(machine):
                self._draw_place(graph, machine, box, notes.get(machine, []))
            elif kernels:
                lines = ["kernel", *notes.get(machine, [])]
                draw_box(graph, machine, box, lines, idle=machine not in self._playing, fill="#e3ecf5")
        for words, x, y in self._folded:
            draw_text(graph, words, words, Box(x, y, _POD_WIDTH, _FOLD), colour=IDLE_COLOUR)
        for corner, x, y in (("upper left", 0.0, 0.0), ("lower right", WIDTH, self.height)):
            draw_corner(graph, corner, x, y)

    def _draw_place(self, graph: graphviz.Digraph, machine: str, box: Box, notes: Sequence[str]) -> None:
        place = self.places[machine]
        second = ", ".join(part for part in (place.address or "(no address)", place.note, *notes) if part)
        lines = [_fitted(line, box.width - _INSET) for line in (place.title, second)]
        draw_box(graph, machine, box, lines, idle=machine not in self._playing, fill="white")


def new_stage_graph() -> graphviz.Digraph:
    """An empty picture whose things are drawn where they are put."""
    graph = graphviz.Digraph("path")
    graph.attr(
        pad=f"{MARGIN / 72:.4f}",
        splines="line",
        outputorder="edgesfirst",
        fontname=FONT,
        fontsize=str(FONT_SIZE),
        fontcolor=INK,
    )
    graph.attr("node", fixedsize="true", margin="0", fontname=FONT, fontsize=str(FONT_SIZE), fontcolor=INK, color=INK)
    # Lines lead to the middle of corners and badges, which are drawn above them.
    graph.attr("edge", color=INK, arrowsize="0.7", headclip="false", tailclip="false")
    return graph


def draw_box(
    graph: graphviz.Digraph,
    name: str,
    box: Box,
    lines: Iterable[str],
    *,
    idle: bool = False,
    fill: str,
    frames: int = 1,
) -> None:
    """Draw a box with centred lines; one that plays no part is pale and dashed.

    :param frames: two set what is no machine apart; its corners are sharp.
    """
    colour = IDLE_COLOUR if idle else INK
    style = ("rounded,filled" if frames == 1 else "filled") + (",dashed" if idle else "")
    attributes = {"peripheries": str(frames), "style": style, "fillcolor": fill, "color": colour, "fontcolor": colour}
    graph.node(name, "\n".join(lines), shape="box", **attributes, **placed(box))


def draw_text(
    graph: graphviz.Digraph, name: str, text: str, box: Box, *, colour: str = INK, left: bool = False
) -> None:
    """Write lines of text, centred or from the left."""
    label = "".join(f"{graphviz.escape(line)}\\l" for line in text.split("\n")) if left else graphviz.escape(text)
    graph.node(name, label, shape="plaintext", fontcolor=colour, **placed(box))


def draw_line(graph: graphviz.Digraph, points: Sequence[str], style: str) -> None:
    """Draw an arrow through things that stand on the stage.

    :param points: the name of each thing, from the tail to the head.
    :param style: Graphviz' attributes of it; only its last piece has an arrowhead.
    """
    for number, (tail, head) in enumerate(pairwise(points), start=2):
        arrowhead = "" if number == len(points) else "arrowhead=none "
        graph.body.append(f'\t"{tail}" -> "{head}" [{arrowhead}{style}]\n')


def draw_corner(graph: graphviz.Digraph, name: str, x: float, y: float) -> str:
    """Put an unseen point where an arrow bends.

    :returns: its name.
    """
    graph.node(name, "", shape="point", style="invis", **placed(Box(x, y, 0.1, 0.1)))
    return name


def placed(box: Box) -> dict[str, str]:
    """A box as Graphviz' attributes."""
    return {
        "pos": f"{box.x:.2f},{-box.y:.2f}",
        "width": f"{box.width / 72:.4f}",
        "height": f"{box.height / 72:.4f}",
    }


def _chosen(nodes: tuple[NodePlace, ...], playing: frozenset[str]) -> list[NodePlace]:
    """The nodes that are drawn, in the scene's order."""
    if len(nodes) <= MOST_NODES:
        return list(nodes)
    busy = [node for node in nodes if any(place.machine in playing for place in (node.place, *node.pods))]
    idle = [node for node in nodes if node not in busy]
    kept = [*busy, *idle][: max(MOST_NODES, len(busy))]
    return [node for node in nodes if node in kept]


def _rows(node: NodePlace, path: frozenset[str], playing: frozenset[str]) -> tuple[dict[int, Place], int]:
    """The Pods in a node's rows, and how many have none. The system's own Pods are there only while they play."""
    rows = {pod.row: pod for pod in node.pods if 0 <= pod.row < ROWS}
    guests = [pod for pod in node.pods if pod.machine in playing and pod not in rows.values()]
    for guest in sorted(guests, key=lambda pod: pod.machine not in path):
        row = _row_for(guest, rows, path, playing)
        if row is not None:
            rows[row] = guest
    shown = set(rows.values())
    return rows, sum(pod.row >= 0 and pod not in shown for pod in node.pods)


def _row_for(guest: Place, rows: dict[int, Place], path: frozenset[str], playing: frozenset[str]) -> int | None:
    """A row for a Pod that has none: the lowest that is free; else one whose Pod matters less."""
    upwards = list(reversed(range(ROWS)))
    free = [row for row in upwards if row not in rows]
    idle = [row for row in upwards if row in rows and rows[row].machine not in playing]
    others = [row for row in upwards if row in rows and rows[row].machine not in path] if guest.machine in path else []
    return next(iter([*free, *idle, *others]), None)


def _more(count: int, kind: str) -> str:
    return f"… and {count} more {kind}{'' if count == 1 else 's'}"


def _fitted(text: str, width: float) -> str:
    """A text with its middle left out where it is too wide: the end of a Pod's name tells it from its siblings."""
    if _text_width(text) <= width:
        return text
    tail = text[-6:]
    head = text[:-6]
    while head and _text_width(f"{head}…{tail}") > width:
        head = head[:-1]
    return f"{head}…{tail}"


def _text_width(text: str) -> float:
    """How wide a line of text is drawn, in points; letters that the table lacks count as wide ones."""
    letters = (_LETTERS.get(each, _DIGIT if each.isdigit() or each.islower() else 1.0) for each in text)
    return sum(letters) * FONT_SIZE
