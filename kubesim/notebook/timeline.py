"""The Timeline: what was done to a cluster, step by step, and what the cluster was after each.

Nothing is recorded for it but the journal: a step is shown by doing everything up to it again on another cluster
(:meth:`Cluster.at`), so a request can be sent there without disturbing the one that people work with.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from kubesim.cluster import Cluster
from kubesim.notebook.controls import Playback
from kubesim.notebook.widgets import WithStaticTwin, picture_html, table_html
from kubesim.views.journey import Journey
from kubesim.views.rendering import Diagram

if TYPE_CHECKING:
    import pandas

KINDS = {"kubectl get pods -o wide": ("pods", True), "kubectl get services": ("services", False)}
"""The tables at each step: how a person would ask for it → the kind, and whether it is the wide one."""

Request = tuple[str, str]
"""Who asks for what: ``("pod/client", "http://web")``."""


@dataclass(frozen=True)
class Frame:
    """A cluster after a step.

    :param seconds: the simulated time.
    :param did: the step, in words.
    :param path: the request as it goes by then; None where none was asked for, a text where nobody can send it yet.
    """

    step: int
    seconds: float
    did: str
    picture: Diagram
    tables: dict[str, pandas.DataFrame]
    path: Journey | str | None


class Frames:
    """The frames of a cluster: the plain function behind the widget.

    :param request: what is sent after each step; None takes the last request that was sent by ``connect``.
    """

    def __init__(self, cluster: Cluster, request: Request | None = None, namespace: str = "default") -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.steps = [*cluster.journal]
        sent = [step.arguments for step in self.steps if step.method == "connect" and len(step.arguments) == 2]
        self.request: Request | None = request or (tuple(sent[-1]) if sent else None)
        self._frames: dict[int, Frame] = {}

    def frame(self, step: int) -> Frame:
        """The cluster after so many steps; 0 is the cluster as it came up.

        :raises ValueError: if there is no such step.
        :raises JournalError: if the cluster cannot be made again.
        """
        if step not in self._frames:
            self._frames[step] = self._made(step, self.cluster.at(step))
        return self._frames[step]

    def _made(self, step: int, past: Cluster) -> Frame:
        did = str(self.steps[step - 1]) if step else "the cluster comes up"
        seconds, picture = past.simulation.now, past.diagram(self.namespace)
        tables = {
            asked: past.table(kind, self.namespace, wide=wide).reset_index(drop=True)
            for asked, (kind, wide) in KINDS.items()
        }
        return Frame(step, seconds, did, picture, tables, self._path(past))

    def _path(self, past: Cluster) -> Journey | str | None:
        if self.request is None:
            return None
        try:
            return past.connect(*self.request)
        except LookupError as missing:
            return str(missing.args[0])


class Timeline(WithStaticTwin):
    """A slider over the steps of a cluster's journal: its picture, its tables and a request's path at each.

    :param cluster: a Cluster, or what has one: an exercise, a session.
    :param source: who sends the request that is shown at each step, with ``url``; without them it is the last that
        was sent by ``cluster.connect``, if any.
    :param step: the step that is shown first; None takes the last.
    """

    def __init__(
        self, cluster: Any, source: str = "", url: str = "", *, namespace: str = "default", step: int | None = None
    ) -> None:
        found = getattr(cluster, "cluster", cluster)
        if not isinstance(found, Cluster):
            raise TypeError(f"a Timeline shows a Cluster, or what has one, got {type(cluster).__name__}")
        if bool(source) != bool(url):
            raise ValueError(f"a request must have a source and a url, got {source!r} and {url!r}")
        self.frames = Frames(found, (source, url) if source else None, namespace)
        last = len(self.frames.steps)
        first = last if step is None else step
        if not 0 <= first <= last:
            raise ValueError(f"a step must be between 0 and {last}, got {first}")
        self.step = Playback(last=last, value=first, what="step")
        self.words = widgets.HTML()
        self.picture = widgets.HTML()
        self.tables = widgets.HTML()
        self.path = widgets.HTML()
        super().__init__([self.step, self.words, self.picture, self.tables, self.path])
        self.heed(self.step, self._draw)
        self._draw()

    @property
    def frame(self) -> Frame:
        """What is shown."""
        return self.frames.frame(self.step.value)

    def _draw(self) -> None:
        frame = self.frame
        self.words.value = _words_html(frame, self.step.last)
        self.picture.value = picture_html(frame.picture)
        self.tables.value = _tables_html(frame)
        self.path.value = _path_html(frame, picture_html)

    def static_html(self) -> str:
        """The present step, its picture, tables and path."""
        frame = self.frame
        words, path = _words_html(frame, self.step.last), _path_html(frame, lambda picture: picture.html)
        return words + frame.picture.html + _tables_html(frame) + path

    def static_text(self) -> str:
        """All steps, the present one marked, and what is there after it."""
        frame = self.frame
        lines = [f"Timeline: step {frame.step} of {self.step.last}, {frame.seconds:.1f} s"]
        for number, step in enumerate(self.frames.steps, 1):
            lines.append(f"{'→' if number == frame.step else ' '} {number:3} {step}")
        for asked, table in frame.tables.items():
            lines += [f"{asked}:", table.to_string(index=False) if len(table) else "No resources found"]
        return "\n".join([*lines, *([str(frame.path)] if frame.path is not None else [])])


def _words_html(frame: Frame, last: int) -> str:
    return (
        f'<p role="status"><b>step {frame.step} of {last}</b>, {frame.seconds:.1f} s</p>'
        f'<pre style="overflow-x:auto">{html.escape(frame.did)}</pre>'
    )


def _tables_html(frame: Frame) -> str:
    return "".join(f"<p><code>{asked}</code></p>{table_html(table)}" for asked, table in frame.tables.items())


def _path_html(frame: Frame, form: Any) -> str:
    if frame.path is None:
        return ""
    if isinstance(frame.path, str):
        return f"<p>{html.escape(frame.path)}</p>"
    return f"{form(frame.path.diagram())}<pre>{html.escape(str(frame.path))}</pre>"
