"""The geometry of a drawn picture, read from its DOT source: what a test compares and measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pygraphviz

from kubesim.views.rendering import Diagram
from kubesim.views.stage import Box

SIDES = {"e": (0.5, 0.0), "w": (-0.5, 0.0), "n": (0.0, -0.5), "s": (0.0, 0.5)}
NARROW = {**dict.fromkeys(".,:;|'iljftI ", 0.28), **dict.fromkeys("-()r/", 0.333), "w": 0.72, "m": 0.83, "%": 0.89}
LETTER = 0.556
"""A character's width as a share of the font's size: Helvetica's digits and most of its small letters."""

Segment = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """A straight piece of an arrow."""

    tail: str
    head: str
    segment: Segment


class Drawing:
    """What stands where in a picture.

    :ivar boxes: name → box, of everything that is not an unseen corner.
    :ivar labels: name → its text.
    :ivar nodes: the frames of the cluster's nodes.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.graph = pygraphviz.AGraph(string=diagram.dot)
        everything = {str(node): _box(node.attr) for node in self.graph.nodes()}
        hidden = {str(node) for node in self.graph.nodes() if node.attr["style"] == "invis"}
        self.boxes = {name: box for name, box in everything.items() if name not in hidden}
        self.labels = {name: str(self.graph.get_node(name).attr["label"]) for name in self.boxes}
        self.nodes = [_frame(area.graph_attr["bb"]) for area in self.graph.subgraphs()]
        self.lines = list(self._lines(everything))

    def _lines(self, boxes: dict[str, Box]) -> Iterator[Line]:
        for edge in self.graph.edges():
            ends = []
            for name, side in ((edge[0], edge.attr["tailport"]), (edge[1], edge.attr["headport"])):
                box = boxes[str(name)]
                right, down = SIDES.get(side or "", (0.0, 0.0))
                ends.append((box.x + right * box.width, box.y + down * box.height))
            yield Line(str(edge[0]), str(edge[1]), (ends[0], ends[1]))

    def machines(self) -> dict[str, Box]:
        """The boxes of machines: all that may not move."""
        kinds = ("node/", "pod/", "laptop", "load-balancer", "internet/")
        return {name: box for name, box in self.boxes.items() if name.startswith(kinds)}

    def font_sizes(self) -> set[float]:
        """Every size of text, in points."""
        sizes = {float(self.graph.node_attr["fontsize"])}
        sizes |= {float(area.graph_attr["fontsize"]) for area in self.graph.subgraphs()}
        return sizes

    def text_width(self, name: str) -> float:
        """How wide the longest line of a label is, in points."""
        size = float(self.graph.node_attr["fontsize"])
        lines = self.labels[name].replace("\\l", "\n").split("\n")
        return max(sum(NARROW.get(character, LETTER) for character in line) for line in lines) * size


def crosses(segment: Segment, box: Box) -> bool:
    """Whether a straight piece passes through the inside of a box (its edge does not count)."""
    (x1, y1), (x2, y2) = segment
    enter, leave = 0.0, 1.0
    for start, delta, low, high in ((x1, x2 - x1, box.left, box.right), (y1, y2 - y1, box.top, box.bottom)):
        low, high = low + 0.5, high - 0.5
        if abs(delta) < 1e-9:
            if not low < start < high:
                return False
            continue
        first, second = sorted(((low - start) / delta, (high - start) / delta))
        enter, leave = max(enter, first), min(leave, second)
    return enter < leave


def within(box: Box, frame: Box) -> bool:
    """Whether a box lies inside another, touching no edge."""
    across = frame.left < box.left and box.right < frame.right
    return across and frame.top < box.top and box.bottom < frame.bottom


def _frame(corners: str) -> Box:
    left, low, right, high = (float(part) for part in corners.split(","))
    return Box((left + right) / 2, -(low + high) / 2, right - left, high - low)


def _box(attributes: object) -> Box:
    read = attributes.__getitem__  # type: ignore[attr-defined]
    x, y = (float(part) for part in read("pos").split(","))
    return Box(x, -y, round(float(read("width") or 0) * 72, 2), round(float(read("height") or 0) * 72, 2))
