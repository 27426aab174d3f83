"""Drawing, without Graphviz, a DOT source that says where everything stands.

The course's pictures fix every place themselves (``pos``, ``bb``), so that all that is left to do is to write shapes
down. Where Graphviz is missing (in a browser), this does it: for what :mod:`kubesim.views.stage` and its users write,
which is boxes, circles and texts, straight edges with or without a head, and one level of clusters. Sizes and places
are those of Graphviz' own SVG to a point or so. Upstream: the DOT language (graphviz.org/doc/info/lang.html).
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

POINTS = 72.0
"""Points of an inch: DOT gives places in points, and sizes in inches."""
LINE = 13.5
"""Points from one line of a label to the next, at the size of the pictures' text."""
BASELINE = 10.64
"""Points from the top of a line to its baseline."""
CORNER = 6.0
HEAD = 10.0, 3.5
"""Length and half the width of an arrow's head of size 1."""
RIM = 4.0
"""Points between two peripheries."""
MARGIN = 1.0

_TOKEN = re.compile(
    r'"((?:\\.|[^"\\])*)"'  # quoted
    r"|<((?:<[^>]*>|[^<>])*)>"  # markup
    r"|(->|[\[\]{}=;,])"  # a mark
    r'|([^\s"<\[\]{}=;,]+?(?=->|[\s\[\]{}=;,]|$))'  # a plain word
)

Attributes = dict[str, str]


class Token(NamedTuple):
    """A word or a mark of the source; a mark's text is itself."""

    text: str
    is_word: bool


class Arrow(NamedTuple):
    """An edge, from place to place."""

    tail: str
    head: str
    attributes: Attributes


@dataclass(slots=True)
class Picture:
    """What a source says: attributes by name, in the order in which they are drawn."""

    clusters: list[Attributes] = field(default_factory=list)
    nodes: dict[str, Attributes] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)


def svg(dot: str) -> str:
    """The picture as SVG, as large as what stands in it.

    :param dot: a source in which every node has its ``pos`` and every cluster its ``bb``.
    """
    picture = read(dot)
    xs, ys = zip(*_extent(picture), strict=True)
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    width, height = math.ceil(max(xs) + MARGIN - left), math.ceil(max(ys) + MARGIN - top)
    shapes = [
        *(_cluster(each) for each in picture.clusters),
        *(_arrow(each, picture.nodes) for each in picture.arrows),
        *(_node(name, each) for name, each in picture.nodes.items()),
    ]
    return (
        f'<svg width="{width}pt" height="{height}pt" viewBox="0.00 0.00 {width:.2f} {height:.2f}"'
        ' xmlns="http://www.w3.org/2000/svg">\n'
        f'<g class="graph" transform="translate({-left:.2f} {-top:.2f})">\n'
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{width}" height="{height}" fill="white"/>\n'
        + "\n".join(filter(None, shapes))
        + "\n</g>\n</svg>\n"
    )


# --- reading -----------------------------------------------------------------------------------------------------


def read(dot: str) -> Picture:
    """Read a source of the ``graphviz`` package."""
    tokens = _tokens(dot)
    picture = Picture()
    usual: dict[str, Attributes] = {"node": {}, "edge": {}, "graph": {}}
    cluster: Attributes | None = None
    while (token := next(tokens, None)) is not None:
        if token.text == "subgraph":
            next(tokens)
            next(tokens)
            cluster = {}
            picture.clusters.append(cluster)
        elif token == Token("}", False):
            cluster = None
        elif token.is_word:
            _statement(token.text, tokens, picture, usual, cluster)
    return picture


def _tokens(dot: str) -> Iterator[Token]:
    body = dot[dot.index("{") + 1 :]
    for match in _TOKEN.finditer(body):
        quoted, markup, mark, word = match.groups()
        if mark is not None:
            yield Token(mark, False)
        elif markup is not None:
            yield Token(f"<{markup}>", True)
        else:
            yield Token(quoted.replace('\\"', '"') if quoted is not None else word, True)


def _statement(
    first: str, tokens: Iterator[Token], picture: Picture, usual: dict[str, Attributes], cluster: Attributes | None
) -> None:
    """Read what begins with a word: an attribute, attributes of what follows, an edge, a node."""
    mark = next(tokens).text
    if mark == "=":
        (usual["graph"] if cluster is None else cluster)[first] = next(tokens).text
    elif mark == "->":
        head = next(tokens).text
        next(tokens)
        picture.arrows.append(Arrow(first, head, usual["edge"] | _attributes(tokens)))
    elif first in usual:
        usual[first] |= _attributes(tokens)
    else:
        picture.nodes[first] = usual["node"] | _attributes(tokens)


def _attributes(tokens: Iterator[Token]) -> Attributes:
    """What stands between brackets, of which the first is behind."""
    found: Attributes = {}
    while (name := next(tokens)) != Token("]", False):
        next(tokens)
        found[name.text] = next(tokens).text
    return found


# --- shapes ------------------------------------------------------------------------------------------------------


def _extent(picture: Picture) -> Iterator[tuple[float, float]]:
    """The corners of all that is there."""
    for each in picture.clusters:
        x1, y1, x2, y2 = _numbers(each["bb"])
        yield from ((x1, -y1), (x2, -y2))
    for each in picture.nodes.values():
        x, y = _place(each)
        width, height = _size(each)
        rim = RIM * (float(each.get("peripheries", "1")) - 1) if each.get("shape") == "box" else 0.0
        yield from ((x - width / 2 - rim, y - height / 2 - rim), (x + width / 2 + rim, y + height / 2 + rim))


def _numbers(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]


def _place(attributes: Mapping[str, str]) -> tuple[float, float]:
    x, y = _numbers(attributes["pos"].rstrip("!"))
    return x, -y


def _size(attributes: Mapping[str, str]) -> tuple[float, float]:
    return float(attributes["width"]) * POINTS, float(attributes["height"]) * POINTS


def _cluster(attributes: Attributes) -> str:
    x1, y1, x2, y2 = _numbers(attributes["bb"])
    box = _rectangle(x1, min(-y1, -y2), x2 - x1, abs(y2 - y1), attributes)
    x, y = _numbers(attributes["lp"])
    return _group("cluster", attributes["label"], box + _text(attributes, x, -y, x1))


def _node(name: str, attributes: Attributes) -> str:
    if "invis" in attributes.get("style", ""):
        return ""
    x, y = _place(attributes)
    width, height = _size(attributes)
    shape = ""
    if attributes.get("shape") == "circle":
        shape = (
            f'<ellipse cx="{x:.2f}" cy="{y:.2f}" rx="{width / 2:.2f}" ry="{height / 2:.2f}" {_paint(attributes)}/>\n'
        )
    elif attributes.get("shape") == "box":
        for rim in range(int(attributes.get("peripheries", "1"))):
            around = RIM * rim
            inside = attributes if not rim else {**attributes, "fillcolor": "none"}
            corner = x - width / 2 - around, y - height / 2 - around
            shape += _rectangle(*corner, width + 2 * around, height + 2 * around, inside)
    return _group("node", name, shape + _text(attributes, x, y, x - width / 2))


def _rectangle(x: float, y: float, width: float, height: float, attributes: Attributes) -> str:
    corner = f'rx="{CORNER}" ' if "rounded" in attributes.get("style", "") else ""
    size = f'width="{width:.2f}" height="{height:.2f}"'
    return f'<rect x="{x:.2f}" y="{y:.2f}" {size} {corner}{_paint(attributes)}/>\n'


def _paint(attributes: Attributes) -> str:
    style = attributes.get("style", "")
    fill = attributes.get("fillcolor", "lightgrey") if "filled" in style else "none"
    return f'fill="{fill}" {_stroke(attributes)}'


def _stroke(attributes: Attributes) -> str:
    style = attributes.get("style", "")
    dashes = ' stroke-dasharray="5,2"' if "dashed" in style else ' stroke-dasharray="1,5"' if "dotted" in style else ""
    width = f' stroke-width="{attributes["penwidth"]}"' if "penwidth" in attributes else ""
    return f'stroke="{attributes.get("color", "black")}"{width}{dashes}'


def _arrow(arrow: Arrow, nodes: Mapping[str, Attributes]) -> str:
    """A straight line, and a head at its end."""
    attributes = arrow.attributes
    if "invis" in attributes.get("style", ""):
        return ""
    (x1, y1), (x2, y2) = _place(nodes[arrow.tail]), _place(nodes[arrow.head])
    length = math.hypot(x2 - x1, y2 - y1)
    head = ""
    if attributes.get("arrowhead") != "none" and length:
        size = float(attributes.get("arrowsize", "1"))
        back, aside = (each * size for each in HEAD)
        along = (x2 - x1) / length, (y2 - y1) / length
        foot = x2 - back * along[0], y2 - back * along[1]
        sides = [(foot[0] - side * aside * along[1], foot[1] + side * aside * along[0]) for side in (1, -1)]
        corners = " ".join(f"{x:.2f},{y:.2f}" for x, y in ((x2, y2), *sides))
        colour = attributes.get("color", "black")
        head = f'<polygon points="{corners}" fill="{colour}" stroke="{colour}"/>\n'
        x2, y2 = foot
    line = f'<path fill="none" {_stroke(attributes)} d="M{x1:.2f},{y1:.2f}L{x2:.2f},{y2:.2f}"/>\n'
    return _group("edge", f"{arrow.tail}->{arrow.head}", line + head)


def _text(attributes: Attributes, x: float, y: float, left: float) -> str:
    """A label's lines around their middle; those that end in ``\\l`` begin at the left."""
    label, weight = attributes.get("label", ""), ""
    if label.startswith("<"):
        weight = ' font-weight="bold"' if "<b>" in label else ""
        label = re.sub(r"<[^>]*>", "", label[1:-1])
    at_the_left = "\\l" in label
    lines = label.replace("\\l", "\n").replace("\\n", "\n").removesuffix("\n").split("\n") if label else []
    place = f'text-anchor="start" x="{left:.2f}"' if at_the_left else f'text-anchor="middle" x="{x:.2f}"'
    font = f'font-family="{attributes["fontname"]},sans-serif" font-size="{attributes["fontsize"]}"{weight}'
    first = y - len(lines) * LINE / 2 + BASELINE
    return "".join(
        f'<text xml:space="preserve" {place} y="{first + LINE * number:.2f}" {font}'
        f' fill="{attributes.get("fontcolor", "black")}">{html.escape(line)}</text>\n'
        for number, line in enumerate(lines)
    )


def _group(kind: str, name: str, shapes: str) -> str:
    return f'<g class="{kind}">\n<title>{html.escape(name)}</title>\n{shapes}</g>'
