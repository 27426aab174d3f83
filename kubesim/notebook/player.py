"""The PathPlayer: a packet moves along the arrows of a path, one arrow at a time, there and back.

The picture stays as it is; the packet moves on it, and above it stand its two addresses, which change where a machine
rewrites them. Where the reader's system asks for less motion, the packet stands still at each arrow.
"""

from __future__ import annotations

import html
import re

import ipywidgets as widgets

from kubesim.network.packet import Packet
from kubesim.notebook.controls import Announcement, Playback
from kubesim.notebook.widgets import WithStaticTwin, picture_html
from kubesim.views.journey import Journey
from kubesim.views.path_diagram import Plan, arrow_count, plan
from kubesim.views.rendering import PATH_COLOUR
from kubesim.views.stage import MARGIN
from kubesim.views.words import Way, circled, destination, marked_hops, source, trace_lines, way_text

SECONDS = 0.9
"""How long the packet takes along one arrow."""


class PathPlayer(WithStaticTwin):
    """Step through a path: each step moves the packet along one arrow and says what happened before it left.

    :param journey: what ``cluster.connect`` returned.
    """

    def __init__(self, journey: Journey) -> None:
        if not isinstance(journey, Journey):
            raise TypeError(f"a PathPlayer shows what cluster.connect(…) returned, got {type(journey).__name__}")
        self.journey = journey
        self._there, back = arrow_count(journey), arrow_count(journey, Way.BACK) if journey.trace else 0
        last = max(self._there + back, 1)
        self.step = Playback(last=last)
        self.header = widgets.HTML()
        self.picture = widgets.HTML()
        self.said = Announcement(unseen=True)
        self.words = widgets.HTML()
        super().__init__([self.step, self.header, self.picture, self.said, self.words])
        self.heed(self.step, self._draw)
        self._draw()

    @property
    def way(self) -> Way:
        """Which way the present arrow belongs to."""
        return Way.BACK if self.step.value > self._there else Way.THERE

    def _draw(self) -> None:
        way, step = self.way, self.step.value
        on_way = step - self._there if way is Way.BACK else step
        drawn = picture_html(self.journey.diagram(upto=on_way, way=way))
        self.picture.value = with_packet(drawn, plan(self.journey, way), on_way, self.journey.source)
        self.header.value = self._header()
        lines = self.caption().splitlines()
        self.said.text = lines[-1].strip()
        self.words.value = f"<pre>{html.escape(self.caption())}</pre>"

    def _header(self) -> str:
        packets = [packet for way in Way for packet in self._packets(way)]
        if not packets:
            return "<p>no packet was sent</p>"
        step = self.step.value
        now = packets[max(step - 1, 0)]
        before = packets[max(step - 2, 0)]
        cells = [
            f"<b>{new}</b> (was {old})" if step and new != old else new
            for new, old in ((source(now), source(before)), (destination(now), destination(before)))
        ]
        place = f"on arrow {circled(step)}" if step else "not sent yet"
        return f"<p>the packet, {place}: source {cells[0]}, destination {cells[1]}</p>"

    def _packets(self, way: Way) -> list[Packet]:
        """The packet on each arrow of one way."""
        trace = self.journey.drawn
        if trace is None or (way is Way.BACK and self.journey.trace is None):
            return []
        hops = [hop for _, hop in marked_hops(trace, way)][:-1]
        return [hop.steps[-1].after if hop.steps else trace.packet for hop in hops]

    def caption(self) -> str:
        """What has happened up to the present arrow, in words."""
        trace, way, step = self.journey.trace, self.way, self.step.value
        if trace is None or step >= self.step.last:
            return way_text(self.journey, way)
        passed = step - self._there if way is Way.BACK else step
        return "\n".join(trace_lines(trace, way, passed)) or "the packet has not left yet"

    def static_html(self) -> str:
        """The whole picture, both ways, and its words."""
        pictures = [self.journey.diagram(way=way).html for way in Way if arrow_count(self.journey, way)]
        return "".join(pictures) + f"<pre>{html.escape(str(self.journey))}</pre>"

    def static_text(self) -> str:
        """The whole path in words."""
        return f"PathPlayer: {self.journey}"


def with_packet(svg: str, planned: Plan, step: int, start: str) -> str:
    """A picture with the packet on it.

    :param svg: of the path; anything else is returned as it is.
    :param step: which of the way's arrows the packet is on, counted from 1; 0: still with its sender.
    :param start: the sender.
    """
    moved = re.search(r"translate\([\d.]+ ([\d.]+)\)", svg)
    if moved is None or (not planned.arrows and start not in planned.stage.boxes):
        return svg
    lift = float(moved[1]) - MARGIN
    boxes = planned.stage.boxes
    if planned.arrows:
        points = planned.arrows[min(max(step, 1), len(planned.arrows)) - 1].track.points
        stops = points if step else points[:1]
    else:
        stops = ((boxes[start].right, boxes[start].y),)
    places = [f"translate({x:.1f}px,{y - lift:.1f}px)" for x, y in stops]
    frames = "".join(
        f"{100 * at / max(len(places) - 1, 1):.0f}%{{transform:{place}}}" for at, place in enumerate(places)
    )
    name = f"packet-{step}"
    packet = (
        f"<style>.{name}{{transform:{places[-1]}}}@keyframes {name}{{{frames}}}"
        f"@media (prefers-reduced-motion:no-preference){{.{name}{{animation:{name} {SECONDS}s ease-in-out}}}}</style>"
        f'<g class="{name}" aria-hidden="true"><rect x="-9" y="-6" width="18" height="12" rx="1.5" fill="white" '
        f'stroke="{PATH_COLOUR}" stroke-width="1.8"/><path d="M-9,-6 L0,1 L9,-6" fill="none" stroke="{PATH_COLOUR}" '
        'stroke-width="1.4"/></g>'
    )
    return re.sub(r"</g>\s*</svg>", f"{packet}</g></svg>", svg, count=1)
