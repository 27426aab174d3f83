"""The picture of requests over time: a lane for each endpoint, and below them a lane for each way of failing.

A bar is as high as there were requests in that piece of time, in all lanes by the same measure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import graphviz

from kubesim.views.rendering import FAILURE_COLOUR, IDLE_COLOUR, INK, PATH_COLOUR, Diagram
from kubesim.views.stage import WIDTH, Box, draw_line, draw_text, new_stage_graph, placed

ANSWERED = "delivered"
PIECES = 70
"""Into how many pieces of time a lane is cut, at most."""
LANES = 10
"""Endpoints that have a lane; the others are told in words."""
MOST_TICKS = 7
_BAR, _LABEL, _GAP = 26.0, 14.0, 6.0
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


class Sent(NamedTuple):
    """One request.

    :param time: when it was sent, in seconds since the load began.
    :param endpoint: the machine that the rules picked; empty where they picked none that is there.
    :param outcome: how its first packet ended (``delivered``, ``refused``…), or ``timeout``, ``reset``, ``unresolved``.
    :param latency: seconds until the client knew. The network itself takes no time.
    :param status: of HTTP; 0 where there was no answer.
    :param connection: the number of the connection; 0 where none was tried.
    """

    time: float
    endpoint: str
    outcome: str
    latency: float
    status: int
    connection: int

    @property
    def answered(self) -> bool:
        """Whether an answer came that is no server's error."""
        return self.outcome == ANSWERED and self.status < 500


@dataclass(frozen=True, slots=True)
class _Lane:
    """What stands in one lane: requests that were answered by one endpoint, or that failed in one way."""

    title: str
    requests: Sequence[Sent]
    failed: bool

    @property
    def words(self) -> str:
        """The lane in words."""
        first, last = self.requests[0].time, self.requests[-1].time
        count = f"{len(self.requests)} request{'' if len(self.requests) == 1 else 's'}"
        when = f"at {first:g} s" if len(self.requests) == 1 else f"from {first:g} s to {last:g} s"
        return f"{self.title}: {count}, {when}"


def load_chart(requests: Sequence[Sent], title: str) -> Diagram:
    """Draw requests.

    :param requests: by their moments.
    :param title: what was asked, in words.
    """
    lanes = _lanes(requests)
    graph = new_stage_graph()
    end = max((each.time for each in requests), default=0.0)
    piece = _piece(end)
    highest = max((max(_counts(lane, piece).values()) for lane in lanes), default=1)
    y = 0.0
    shown = [lane for lane in lanes if not lane.failed][:LANES] + [lane for lane in lanes if lane.failed]
    for number, lane in enumerate(shown):
        colour = FAILURE_COLOUR if lane.failed else INK
        box = Box(WIDTH / 2, y + _LABEL / 2, WIDTH, _LABEL)
        draw_text(graph, f"lane {number}", _heading(lane), box, colour=colour, left=True)
        y += _LABEL
        _draw_bars(graph, number, lane, y + _BAR, piece, highest, end)
        y += _BAR + _GAP
    _draw_axis(graph, y, end)
    return Diagram(graph.source, _text(requests, title, lanes), engine="nop2")


def _lanes(requests: Sequence[Sent]) -> list[_Lane]:
    """The endpoints by the moment at which they first answered, then the ways of failing likewise."""
    answered: dict[str, list[Sent]] = {}
    failed: dict[str, list[Sent]] = {}
    for each in requests:
        if each.answered:
            answered.setdefault(each.endpoint, []).append(each)
        else:
            how = f"status {each.status}" if each.status else each.outcome
            failed.setdefault(how, []).append(each)
    return [
        *(_Lane(name.rpartition("/")[2], found, False) for name, found in answered.items()),
        *(_Lane(f"failed, {how}", found, True) for how, found in failed.items()),
    ]


def _heading(lane: _Lane) -> str:
    return f"{lane.title}   {len(lane.requests)}"


def _piece(end: float) -> float:
    """How many seconds a bar stands for: a round number, so that each holds as many requests as the next."""
    return next((step for step in _STEPS if end / step < PIECES), end / PIECES or 1.0)


def _counts(lane: _Lane, piece: float) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in lane.requests:
        number = math.floor(each.time / piece + 1e-9)
        found[number] = found.get(number, 0) + 1
    return found


def _draw_bars(
    graph: graphviz.Digraph, number: int, lane: _Lane, bottom: float, piece: float, highest: int, end: float
) -> None:
    """The bars of a lane, and the line that they stand on.

    :param bottom: where that line is.
    """
    width = WIDTH * piece / max(end + piece, piece)
    colour = FAILURE_COLOUR if lane.failed else PATH_COLOUR
    for at, count in _counts(lane, piece).items():
        height = max(1.0, (_BAR - 2) * count / highest)
        box = Box((at + 0.5) * width, bottom - height / 2, max(width - 0.6, 0.6), height)
        style = {"shape": "box", "style": "filled", "color": colour, "fillcolor": colour, "penwidth": "0"}
        graph.node(f"bar {number} {at}", "", **style, **placed(box))
    _rule(graph, f"floor {number}", 0.0, WIDTH, bottom)


def _draw_axis(graph: graphviz.Digraph, y: float, end: float) -> None:
    """The seconds below the lanes."""
    step = next((each for each in _STEPS if end / each <= MOST_TICKS), end or 1.0)
    piece = _piece(end)
    for tick in range(math.floor(end / step + 1e-9) + 1):
        second = tick * step
        x = min(WIDTH * second / max(end + piece, piece), WIDTH)
        words = f"{second:g} s"
        half = 3.2 * len(words)
        draw_text(graph, f"tick {tick}", words, Box(min(max(x, half), WIDTH - half), y + 6, 2 * half, 12), colour=INK)


def _rule(graph: graphviz.Digraph, name: str, left: float, right: float, y: float) -> None:
    for side, x in (("left", left), ("right", right)):
        graph.node(f"{name} {side}", "", shape="point", style="invis", **placed(Box(x, y, 0.1, 0.1)))
    draw_line(graph, [f"{name} left", f"{name} right"], f'arrowhead=none color="{IDLE_COLOUR}" penwidth=0.6')


def _text(requests: Sequence[Sent], title: str, lanes: Sequence[_Lane]) -> str:
    failed = sum(not each.answered for each in requests)
    lines = [f"{title}: {len(requests)} requests, {len(requests) - failed} answered, {failed} failed"]
    return "\n".join([*lines, *(f"  {lane.words}" for lane in lanes)])
