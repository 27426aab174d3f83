"""The picture of a journey: numbered arrows on the cluster's :mod:`stage <kubesim.views.stage>`.

Each arrow has a number, and the legend below says what the packet's addresses were on it and what was rewritten before
it; words, tables and the PathPlayer use the same numbers. Ways that were not taken are dashed, and in an endpoint's box
stands its share of the new connections; the place of a failure has a cross. Nothing is told by colour alone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import graphviz

from kubesim.network.trace import Action, Hop, Trace
from kubesim.views.rendering import FAILURE_COLOUR, IDLE_COLOUR, INK, PATH_COLOUR, Diagram
from kubesim.views.request import Request
from kubesim.views.stage import (
    GUTTER,
    STEP_OUTSIDE,
    WIDTH,
    Box,
    Stage,
    draw_corner,
    draw_line,
    draw_text,
    new_stage_graph,
    placed,
)
from kubesim.views.words import ENDINGS, Way, destination, machine_title, percent, source, way_text

BADGE = 15.0
"""The width of an arrow's number."""
_ALONG = 24.0
"""How far an arrow between outside and inside goes up or down at least; so far before its turn its number stands."""
_FAN = 0.45
"""How far apart arrows leave a kernel, as a share of how far apart they arrive."""
_LINE = 14.0
_LETTERS = 54
"""How many characters a line of the legend holds."""


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Track:
    """Where an arrow runs.

    :param points: from the edge of one box to the edge of another, with every bend between.
    :param badge: the place of its number, in the middle of which is one of the points.
    """

    points: tuple[Point, ...]
    badge: Box


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow of a path.

    :param number: counted from 1 along the way there, and on along the way back.
    :param lines: what the legend says of it.
    """

    number: int
    tail: str
    head: str
    track: Track
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything of a journey's picture stands."""

    stage: Stage
    arrows: tuple[Arrow, ...]
    ending: tuple[tuple[str, str], ...] = ()
    """The legend's last lines, each with its colour."""

    @property
    def height(self) -> float:
        """The whole picture's height in points, the legend included."""
        return (
            self.stage.height
            + 4
            + sum(_LINE * len(arrow.lines) + 3 for arrow in self.arrows)
            + _LINE * len(self.ending)
        )


def plan(journey: Request, way: Way = Way.THERE) -> Plan:
    """Find a place for everything in the picture of a journey.

    :param way: which way's arrows.
    """
    trace = journey.drawn
    everywhere = [hop.machine for hop in (*trace.hops, *trace.reply)] if trace else []
    stage = Stage(journey.scene, {journey.source, *everywhere}, _endpoints(journey))
    ending = _ending_lines(journey) if way is Way.THERE else []
    return Plan(stage, tuple(_arrows(trace, way, stage)) if trace else (), tuple(ending))


def path_diagram(journey: Request, upto: int | None = None, way: Way = Way.THERE) -> Diagram:
    """Draw a journey.

    :param upto: the packet is on this arrow (counted from 1 on either way; 0: not yet on the first): the later ones are
        pale. None draws all alike.
    :param way: there, or back.
    """
    planned = plan(journey, way)
    stage, arrows = planned.stage, planned.arrows
    graph = new_stage_graph()
    seen = [arrow for number, arrow in enumerate(arrows, start=1) if upto is None or number <= upto]
    notes = _rewritings(journey, way, len(seen))
    if way is Way.THERE:
        for machine, share in _shares(journey).items():
            notes.setdefault(machine, []).append(percent(share))
    stage.draw(graph, notes)
    for arrow in arrows:
        _draw_arrow(graph, arrow, reached=arrow in seen, current=upto is not None and seen[-1:] == [arrow])
    complete = len(seen) == len(arrows)
    if way is Way.THERE:
        _draw_alternatives(graph, journey, stage)
        if complete:
            _draw_failure(graph, journey, stage)
    _draw_legend(graph, planned, seen, complete)
    return Diagram(graph.source, way_text(journey, way), engine="nop2")


def arrow_count(journey: Request, way: Way = Way.THERE) -> int:
    """How many arrows the picture of a journey has."""
    return len(list(_links(journey.drawn, way))) if journey.drawn else 0


def _endpoints(journey: Request) -> set[str]:
    """Every machine of every way the packet could have gone."""
    return {hop.machine for trace in journey.alternatives for hop in trace.hops}


def _links(trace: Trace, way: Way) -> Iterator[tuple[Hop, Hop]]:
    hops = trace.hops if way is Way.THERE else trace.reply
    return pairwise(hops)


def _arrows(trace: Trace, way: Way, stage: Stage) -> Iterator[Arrow]:
    """The arrows of one way, each with a place for its number where no other number stands."""
    begin = 1 if way is Way.THERE else max(len(trace.hops), 1)
    taken: list[Box] = []
    links = list(_links(trace, way))
    pairs = [frozenset((here.machine, there.machine)) for here, there in links]
    for number, (here, there) in enumerate(links):
        same = [index for index, pair in enumerate(pairs) if pair == pairs[number]]
        aside = (same.index(number) - (len(same) - 1) / 2) * (BADGE + 3)
        tail, head = stage.boxes[here.machine], stage.boxes[there.machine]
        tracks = _tracks(tail, head, aside)
        free = (track for track in tracks if not any(track.badge.overlaps(box) for box in taken))
        track = next(free, tracks[0])
        taken.append(track.badge)
        packet = here.steps[-1].after if here.steps else trace.packet
        lines = (f"{source(packet)} → {destination(packet)}", *_changes(here))
        yield Arrow(begin + number, here.machine, there.machine, track, lines)


def _tracks(tail: Box, head: Box, aside: float) -> list[Track]:
    """Where an arrow between two boxes may run, the best first.

    :param aside: how far from the middle: more than one arrow may join the two.
    """
    if tail == head:
        x, y = tail.x + aside, tail.bottom
        return [_track((x - 6, y), (x, y + BADGE), (x + 6, y))]
    if abs(tail.x - head.x) < 1:
        return [_level_track(tail, head, aside)]
    left, right = (tail, head) if tail.x < head.x else (head, tail)
    if left.x < GUTTER:
        tracks = _gutter_tracks(left, right, aside)
    else:
        # From a kernel to its Pods arrows spread like a fan, each from a point of its own.
        most = left.height / 2 - 6
        start = left.right, left.y + max(-most, min(most, (right.y - left.y) * _FAN)) + aside
        end = right.left, right.y + aside
        tracks = [_track(start, _between(start, end, share), end) for share in (0.5, 0.65, 0.35)]
    return tracks if left is tail else [Track(track.points[::-1], track.badge) for track in tracks]


def _gutter_tracks(outside: Box, kernel: Box, aside: float) -> list[Track]:
    """From a machine outside along the gutter to the kernel's level, and in; the number stands on the way along it."""
    start, most = (outside.right, outside.y), kernel.height / 2 - 6
    down = 1 if kernel.y > outside.y else -1
    # Where both are on a level, the arrow enters the kernel higher or lower: there must be a way for the number.
    level = kernel.y if abs(kernel.y - outside.y) > _ALONG else outside.y + down * _ALONG
    level = max(kernel.y - most, min(kernel.y + most, level)) + aside
    before = down * min(_ALONG, abs(level - outside.y) / 2)
    corners = (GUTTER, outside.y), (GUTTER, level), (kernel.left, level)
    steps = (1.0, 1.7, 2.4) if abs(level - outside.y) > 3 * _ALONG else (1.0,)
    return [_track(start, corners[0], (GUTTER, level - step * before), *corners[1:], number=2) for step in steps]


def _level_track(tail: Box, head: Box, aside: float) -> Track:
    """Where an arrow runs between boxes one above the other; far apart, by the gutter, past what stands between."""
    middle = (tail.y + head.y) / 2
    if abs(tail.y - head.y) < 1.5 * (STEP_OUTSIDE if tail.x < GUTTER else Stage.pitch()):
        x, down = tail.x + aside, tail.y < head.y
        start, end = (x, tail.bottom if down else tail.top), (x, head.top if down else head.bottom)
        return _track(start, (x, (start[1] + end[1]) / 2), end)
    edges = (tail.right, head.right) if tail.x < GUTTER else (tail.left, head.left)
    turns = [(GUTTER, tail.y), (GUTTER, middle + aside), (GUTTER, head.y)]
    return _track((edges[0], tail.y), *turns, (edges[1], head.y), number=2)


def _track(*points: Point, number: int = 1) -> Track:
    """A track whose number stands at one of its points."""
    x, y = points[number]
    return Track(points, Box(round(x, 2), round(y, 2), BADGE, BADGE))


def _between(one: Point, other: Point, share: float) -> Point:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _changes(hop: Hop) -> list[str]:
    """What a machine rewrote before the packet left it."""
    lines = []
    for step in hop.steps:
        where = machine_title(hop.machine)
        if step.action is Action.DNAT:
            lines.append(f"  DNAT on {where}, was {destination(step.before)}")
        elif step.action is Action.SNAT:
            lines.append(f"  masquerade on {where}, was {step.before.source}")
        elif step.action is Action.UNTRANSLATE and step.before != step.after:
            lines.append(f"  conntrack on {where}, was {source(step.before)}")
    return lines


_NOTES = {Action.DNAT: "DNAT", Action.SNAT: "masq.", Action.UNTRANSLATE: "conntrack"}


def _rewritings(journey: Request, way: Way, passed: int) -> dict[str, list[str]]:
    """Node → what its kernel rewrote on the arrows so far."""
    if journey.drawn is None:
        return {}
    notes: dict[str, list[str]] = {}
    for hop, _ in list(_links(journey.drawn, way))[:passed]:
        if not hop.machine.startswith("node/"):
            continue
        for step in hop.steps:
            word = _NOTES.get(step.action, "") if step.before != step.after else ""
            if word and word not in notes.setdefault(hop.machine, []):
                notes[hop.machine].append(word)
    return notes


def _draw_arrow(graph: graphviz.Digraph, arrow: Arrow, *, reached: bool, current: bool) -> None:
    colour = PATH_COLOUR if reached else IDLE_COLOUR
    width = "3.2" if current else "2" if reached else "1"
    name = f"arrow {arrow.number}"
    _draw_badge(graph, name, str(arrow.number), arrow.track.badge, filled=current, colour=colour)
    _draw_track(graph, name, arrow.track, f'color="{colour}" penwidth={width}')


def _draw_track(graph: graphviz.Digraph, name: str, track: Track, style: str) -> None:
    """Draw an arrow along a track; what is called by its name stands at the number's place, or nothing does."""
    number = track.badge.x, track.badge.y
    by = [
        name if (round(x, 2), round(y, 2)) == number else draw_corner(graph, f"{name} point {place}", x, y)
        for place, (x, y) in enumerate(track.points)
    ]
    draw_line(graph, by, style)


def _draw_badge(
    graph: graphviz.Digraph,
    name: str,
    text: str,
    box: Box,
    *,
    filled: bool = False,
    colour: str = PATH_COLOUR,
    shape: str = "circle",
) -> None:
    inside = {"fillcolor": colour, "fontcolor": "white"} if filled else {"fillcolor": "white", "fontcolor": colour}
    graph.node(name, f"<<b>{text}</b>>", shape=shape, style="filled", color=colour, **inside, **placed(box))


def _draw_alternatives(graph: graphviz.Digraph, journey: Request, stage: Stage) -> None:
    """The ways not taken, dashed."""
    if len(journey.alternatives) < 2:
        return
    drawn = (
        {(here.machine, there.machine) for here, there in _links(journey.trace, Way.THERE)} if journey.trace else set()
    )
    for trace in journey.alternatives:
        for here, there in _links(trace, Way.THERE):
            link = here.machine, there.machine
            if link in drawn or not set(link) <= set(stage.boxes):
                continue
            # Beside an arrow the other way, so that neither hides the other.
            aside = BADGE if link[::-1] in drawn else 0.0
            track = _tracks(stage.boxes[link[0]], stage.boxes[link[1]], aside)[0]
            drawn.add(link)
            name = f"not taken {len(drawn)}"
            draw_corner(graph, name, track.badge.x, track.badge.y)
            _draw_track(graph, name, track, f'style=dashed color="{IDLE_COLOUR}"')


def _shares(journey: Request) -> dict[str, float]:
    """Machine → the share of new connections that end there; empty where there is only one way."""
    shares: dict[str, float] = {}
    for trace in journey.alternatives if len(journey.alternatives) > 1 else ():
        shares[trace.destination] = shares.get(trace.destination, 0.0) + trace.probability
    return shares


def _ending_lines(journey: Request) -> list[tuple[str, str]]:
    """What the legend says below the arrows, with its colour: what the shares are of, and how a failure came about."""
    lines = []
    if len(journey.alternatives) > 1:
        lines.append(("%: the share of new connections that end there", INK))
    if not journey.reached:
        words = textwrap.wrap(f"✗ {failure_words(journey)}", _LETTERS)
        lines += [(line, FAILURE_COLOUR) for line in words]
    return lines


def failure_words(journey: Request) -> str:
    """How a request that got nowhere ended, or the question for its name."""
    if journey.trace is not None:
        return ENDINGS[journey.trace.outcome]
    if journey.question is None:
        return "the name has no address, so no packet was sent"
    ending = ENDINGS[journey.question.outcome] if journey.question.outcome != "delivered" else "no answer came"
    return f"the question for the name: {ending}"


def _draw_failure(graph: graphviz.Digraph, journey: Request, stage: Stage) -> None:
    if journey.reached:
        return
    trace = journey.drawn
    x, y = stage.cross(trace.hops[-1].machine if trace else journey.source)
    _draw_badge(graph, "failure", "✗", Box(x, y, 17.0, 17.0), filled=True, colour=FAILURE_COLOUR, shape="octagon")


def _draw_legend(graph: graphviz.Digraph, planned: Plan, arrows: Sequence[Arrow], complete: bool) -> None:
    y = planned.stage.height + 4
    for arrow in arrows:
        size = _LINE * len(arrow.lines)
        _draw_badge(graph, f"legend {arrow.number}", str(arrow.number), Box(BADGE / 2, y + _LINE / 2, BADGE, BADGE - 1))
        width = WIDTH - BADGE - 6
        box = Box(BADGE + 6 + width / 2, y + size / 2, width, size)
        draw_text(graph, f"legend text {arrow.number}", "\n".join(arrow.lines), box, left=True)
        y += size + 3
    y = planned.height - _LINE * len(planned.ending)
    for number, (line, colour) in enumerate(planned.ending if complete else ()):
        box = Box(WIDTH / 2, y + (number + 0.5) * _LINE, WIDTH, _LINE)
        draw_text(graph, f"ending {number}", line, box, colour=colour, left=True)
    draw_corner(graph, "foot", 0, planned.height)
