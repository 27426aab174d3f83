"""Widgets: a ServiceExplorer to toggle and a PathPlayer to step through a path.

A widget wraps a plain function that tests call (:mod:`kubesim.notebook.explorer`), and it has a static twin: a saved
notebook shows no widget without a kernel, so the same picture and tables are stored beside it as HTML and text.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from kubesim.notebook.explorer import SOURCES, TYPES, Choice, Explorer, Shown
from kubesim.notebook.proxy_modes import MODES, REQUESTS, ProxyModes
from kubesim.views.journey import Journey
from kubesim.views.path_diagram import arrow_count
from kubesim.views.rendering import Diagram
from kubesim.views.words import shown_steps, trace_lines

if TYPE_CHECKING:
    import pandas

CONTROLS = ("type", "source", "replicas", "ready", "selector")
"""The controls a ServiceExplorer can have."""


class WithStaticTwin(widgets.VBox):
    """A box that also says in HTML and plain text what it shows, for readers without a kernel."""

    def static_html(self) -> str:
        """The widget's present picture and tables as a page."""
        raise NotImplementedError

    def static_text(self) -> str:
        """The same in words."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(include=include, exclude=exclude) or {})
        bundle["text/plain"] = self.static_text()
        bundle["text/html"] = self.static_html()
        return bundle


class ServiceExplorer(WithStaticTwin):
    """Switch a Service's type, the client, replicas, readiness and selector, and watch the path follow.

    :param controls: which controls to show; the others stay at their first value.
    :param choice: the first state.
    """

    def __init__(self, controls: Iterable[str] = CONTROLS, **choice: Any) -> None:
        unknown = set(controls) - set(CONTROLS)
        if unknown:
            raise ValueError(f"controls must be among {', '.join(CONTROLS)}, got {', '.join(sorted(unknown))}")
        if choice.get("source", "laptop") not in SOURCES:
            raise ValueError(f"source must be one of {', '.join(SOURCES)}, got {choice['source']}")
        if choice.get("type", "ClusterIP") not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}, got {choice['type']}")
        self.explorer = Explorer(Choice(**choice))
        start = self.explorer.choice
        self.type = widgets.ToggleButtons(options=TYPES, value=start.type, description="type")
        self.source = widgets.ToggleButtons(options=tuple(SOURCES), value=start.source, description="asked by")
        self.replicas = widgets.IntSlider(start.replicas, min=0, max=4, description="replicas", continuous_update=False)
        self.ready = widgets.Checkbox(start.ready, description="Pods are ready")
        self.selector = widgets.Checkbox(start.selector_right, description="selector matches")
        self.picture = widgets.HTML()
        self.details = widgets.HTML()
        self.shown: Shown = self.explorer.show(start)
        shown = [getattr(self, name) for name in CONTROLS if name in controls]
        super().__init__([*shown, self.picture, self.details])
        for control in shown:
            control.observe(self._changed, names="value")
        self._draw()

    @property
    def choice(self) -> Choice:
        """What the controls say."""
        return Choice(self.type.value, self.source.value, self.replicas.value, self.ready.value, self.selector.value)

    def _changed(self, _change: Any) -> None:
        self.shown = self.explorer.show(self.choice)
        self._draw()

    def _draw(self) -> None:
        self.picture.value = picture_html(self.shown.journey.diagram())
        self.details.value = self._details()

    def _details(self) -> str:
        changed = html.escape(self.shown.changed) or "(nothing)"
        return "".join(
            [
                f"<p><b>{html.escape(_request(self.shown.journey))}</b></p>",
                "<p><code>kubectl get svc web</code></p>",
                table_html(self.shown.service),
                f"<p>lines of the manifest that changed</p><pre>{changed}</pre>",
                f"<details><summary>every step of the path</summary>{table_html(self.shown.journey.table())}</details>",
            ]
        )

    def static_html(self) -> str:
        """The present picture, the Service's row and the steps."""
        return still_html(self.shown.journey.diagram()) + str(self.details.value)

    def static_text(self) -> str:
        """The controls, the Service's row and the path in words."""
        row = self.shown.service.to_string(index=False)
        return f"ServiceExplorer: {_controls(self.choice)}\n{row}\n{self.shown.journey}"


class ProxyModeComparison(WithStaticTwin):
    """The same request under kube-proxy's iptables and nftables modes: two pictures and the rules that were met.

    :param modes: the two clusters; None starts them.
    """

    def __init__(self, modes: ProxyModes | None = None) -> None:
        self.modes = modes or ProxyModes()
        labels = [f"{source} → {url}" for source, url in REQUESTS]
        self.request = widgets.Dropdown(options=labels, value=labels[0], description="request", layout={"width": "60%"})
        self.mode = widgets.ToggleButtons(options=MODES, value=MODES[0], description="mode")
        self.picture = widgets.HTML()
        self.details = widgets.HTML()
        self.requests = widgets.HTML()
        super().__init__([self.request, self.mode, self.picture, self.details, self.requests])
        for control in (self.request, self.mode):
            control.observe(self._changed, names="value")
        self._draw()
        self.requests.value = table_html(self.modes.table())

    def _changed(self, _change: Any) -> None:
        self._draw()

    @property
    def journey(self) -> Journey:
        """The chosen request in the chosen mode."""
        (compared,) = self.modes.compare([self._asked()])
        return compared.journeys[self.mode.value]

    def _asked(self) -> tuple[str, str]:
        return REQUESTS[self.request.options.index(self.request.value)]

    def _draw(self) -> None:
        self.picture.value = picture_html(self.journey.diagram())
        rules = "\n".join(self.modes.rules(self.mode.value, self._asked())) or "(none)"
        self.details.value = f"<p>kube-proxy's rules on the way</p><pre>{html.escape(rules)}</pre>"

    def static_html(self) -> str:
        """The present picture and rules, and the table of all requests in both modes."""
        return still_html(self.journey.diagram()) + str(self.details.value + self.requests.value)

    def static_text(self) -> str:
        """The table of all requests in both modes."""
        return (
            f"ProxyModeComparison: {self.request.value}, {self.mode.value}\n{self.modes.table().to_string(index=False)}"
        )


class PathPlayer(WithStaticTwin):
    """Step through a path: each press adds one arrow to the picture and names what happened there.

    :param journey: what ``cluster.connect`` returned.
    """

    def __init__(self, journey: Journey) -> None:
        if not isinstance(journey, Journey):
            raise TypeError(f"a PathPlayer shows what cluster.connect(…) returned, got {type(journey).__name__}")
        self.journey = journey
        last = max(arrow_count(journey), 1)
        self.frame = widgets.Play(min=0, max=last, value=last, interval=1200)
        self.step = widgets.IntSlider(last, min=0, max=last, description="arrow")
        self.picture = widgets.HTML()
        self.words = widgets.HTML()
        widgets.jslink((self.frame, "value"), (self.step, "value"))
        super().__init__([widgets.HBox([self.frame, self.step]), self.picture, self.words])
        self.step.observe(self._changed, names="value")
        self._draw()

    def _changed(self, _change: Any) -> None:
        self._draw()

    def _draw(self) -> None:
        whole = self.step.value >= self.step.max
        self.picture.value = picture_html(self.journey.diagram(None if whole else self.step.value))
        self.words.value = f"<pre>{html.escape(self.caption())}</pre>"

    def caption(self) -> str:
        """What has happened up to the present arrow, in words."""
        if self.journey.trace is None or self.step.value >= self.step.max:
            return str(self.journey)
        passed = [hop.machine for hop in self.journey.hops[: self.step.value]]
        count = sum(machine in passed for machine, _ in shown_steps(self.journey.trace))
        return "\n".join(trace_lines(self.journey.trace)[:count]) or "the packet has not left yet"

    def static_html(self) -> str:
        """The whole picture and its words."""
        return still_html(self.journey.diagram()) + f"<pre>{html.escape(str(self.journey))}</pre>"

    def static_text(self) -> str:
        """The whole path in words."""
        return f"PathPlayer: {self.journey}"


def picture_html(diagram: Diagram) -> str:
    """A picture for an HTML widget: the SVG, or the words where there is no Graphviz."""
    return diagram.svg or f"<pre>{html.escape(diagram.text)}</pre>"


def still_html(diagram: Diagram) -> str:
    """A picture for a saved page: JupyterLab shows an image also where it does not trust the notebook yet."""
    bundle, metadata = diagram._repr_mimebundle_()
    if "image/png" not in bundle:
        return picture_html(diagram)
    size = metadata["image/png"]
    alternative = html.escape(diagram.text, quote=True)
    source = f"data:image/png;base64,{bundle['image/png']}"
    return f'<img src="{source}" alt="{alternative}" width="{size["width"]}" height="{size["height"]}">'


def table_html(table: pandas.DataFrame) -> str:
    """A frame as an HTML table."""
    return str(table.to_html(border=0, index=False))


def _request(journey: Journey) -> str:
    return str(journey).splitlines()[0] + " : " + str(journey).splitlines()[-1].strip()


def _controls(choice: Choice) -> str:
    return (
        f"type {choice.type}, asked by {choice.source}, {choice.replicas} replicas, "
        f"{'ready' if choice.ready else 'not ready'}, selector {'right' if choice.selector_right else 'wrong'}"
    )
