"""Widgets that switch something and show the path that follows: the Service's type, or kube-proxy's mode.

A widget wraps a plain function that tests call (:mod:`kubesim.notebook.explorer`), and it has a static twin: a saved
notebook shows no widget without a kernel, so the same picture and tables are stored beside it as HTML and text.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from kubesim.api.errors import ApiError
from kubesim.notebook.controls import Announcement, Choices
from kubesim.notebook.explorer import SOURCES, TYPES, Choice, Explorer, Shown
from kubesim.notebook.proxy_modes import MODES, REQUESTS, ProxyModes
from kubesim.views.journey import Journey
from kubesim.views.rendering import Diagram
from kubesim.views.words import Way

if TYPE_CHECKING:
    import pandas

REPLICAS = range(5)
CONTROLS = ("type", "source", "replicas", "ready", "selector")
"""The controls a ServiceExplorer can have."""


class _Problem(widgets.HTML):
    """What could not be done."""


class WithStaticTwin(widgets.VBox):
    """A box that also says in HTML and plain text what it shows, for readers without a kernel."""

    def heed(self, control: Any, react: Callable[[], object]) -> None:
        """Do something whenever a control changes; what cannot be done is said in the box, below everything.

        A message from the page has nobody to whom an exception could be told.
        """

        def changed(_change: Any) -> None:
            try:
                react()
                problem = ""
            except (ApiError, LookupError, ValueError) as error:
                problem = f'<p role="alert">{html.escape(str(error))}</p>'
            present: tuple[Any, ...] = self.children  # type: ignore[has-type]
            said = [child for child in present if isinstance(child, _Problem)]
            kept = [child for child in present if not isinstance(child, _Problem)]
            if problem or said:
                self.children = (*kept, _Problem(problem)) if problem else tuple(kept)

        control.observe(changed, names="value")

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
    :param compare: show all four types side by side, for one client.
    :param choice: the first state.
    """

    def __init__(self, controls: Iterable[str] = CONTROLS, *, compare: bool = False, **choice: Any) -> None:
        unknown = set(controls) - set(CONTROLS)
        if unknown:
            raise ValueError(f"controls must be among {', '.join(CONTROLS)}, got {', '.join(sorted(unknown))}")
        if choice.get("source", "laptop") not in SOURCES:
            raise ValueError(f"source must be one of {', '.join(SOURCES)}, got {choice['source']}")
        if choice.get("replicas", 2) not in REPLICAS:
            raise ValueError(f"replicas must be one of {', '.join(map(str, REPLICAS))}, got {choice['replicas']}")
        if choice.get("type", "ClusterIP") not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}, got {choice['type']}")
        self.explorer = Explorer(Choice(**choice))
        start = self.explorer.choice
        self.type = Choices(TYPES, start.type, "type")
        self.source = Choices(SOURCES, start.source, "asked by")
        self.replicas = Choices(map(str, REPLICAS), str(start.replicas), "replicas")
        self.ready = widgets.Checkbox(start.ready, description="Pods are ready")
        self.selector = widgets.Checkbox(start.selector_right, description="selector matches")
        self.outcome = Announcement(unseen=compare)  # a comparison has captions
        self.way = way_buttons()
        self.compare = compare
        self.picture = widgets.HTML()
        self.details = widgets.HTML()
        self.compared: dict[str, Shown] = {}
        """Type → what follows from it; of all types where they are compared, else of the chosen one."""
        asked = [name for name in CONTROLS if name in controls and not (compare and name == "type")]
        shown = [getattr(self, name) for name in asked]
        super().__init__([*shown, self.way, self.outcome, self.picture, self.details])
        for control in shown:
            self.heed(control, self._changed)
        self.heed(self.way, self._draw_picture)
        self._changed()

    @property
    def choice(self) -> Choice:
        """What the controls say."""
        return Choice(
            self.type.value, self.source.value, int(self.replicas.value), self.ready.value, self.selector.value
        )

    @property
    def shown(self) -> Shown:
        """What follows from the chosen type."""
        return self.compared[self.type.value]

    def _changed(self) -> None:
        chosen = self.choice
        types = TYPES if self.compare else (chosen.type,)
        self.compared = {each: self.explorer.show(replace(chosen, type=each)) for each in types}
        self._draw()

    def _draw(self) -> None:
        self.outcome.text = "; ".join(_request(shown.journey) for shown in self.compared.values())
        self._draw_picture()
        self.details.value = self._details()

    def _draw_picture(self) -> None:
        self.picture.value = self._pictures(picture_html)

    def _pictures(self, form: Callable[[Diagram], str]) -> str:
        pictures = {each: form(shown.journey.diagram(way=self.way.value)) for each, shown in self.compared.items()}
        if not self.compare:
            return pictures[self.type.value]
        boxes = (
            f'<figure style="margin:0;max-width:36em"><figcaption style="line-height:1.4"><b>{each}</b>: '
            f"{html.escape(_ending(self.compared[each].journey))}</figcaption>{picture}</figure>"
            for each, picture in pictures.items()
        )
        columns = "repeat(auto-fit, minmax(min(100%, 24em), 1fr))"
        return f'<div style="display:grid;grid-template-columns:{columns};gap:12px">{"".join(boxes)}</div>'

    def _details(self) -> str:
        if self.compare:
            import pandas  # slow to load: only where tables are joined

            return table_html(pandas.concat(shown.service for shown in self.compared.values()))
        shown = self.shown
        changed = html.escape(shown.changed) or "(nothing)"
        return "".join(
            [
                "<p><code>kubectl get svc web</code></p>",
                table_html(shown.service),
                f"<p>lines of the manifest that changed</p><pre>{changed}</pre>",
                "<details><summary>every step of the path</summary>"
                f"{table_html(shown.journey.table(), index=True)}</details>",
            ]
        )

    def static_html(self) -> str:
        """The present picture, the Service's row and the steps."""
        line = f"<p><b>{html.escape(self.outcome.text)}</b></p>"
        return line + self._pictures(lambda diagram: diagram.html) + str(self.details.value)

    def static_text(self) -> str:
        """The controls, the Service's row and the path in words; of each type where they are compared."""
        lines = [f"ServiceExplorer: {_controls(self.choice, self.compare)}"]
        for shown in self.compared.values():
            lines += [shown.service.to_string(index=False), str(shown.journey)]
        return "\n".join(lines)


class ProxyModeComparison(WithStaticTwin):
    """The same request under kube-proxy's iptables and nftables modes: two pictures and the rules that were met.

    :param modes: the two clusters; None starts them.
    """

    def __init__(self, modes: ProxyModes | None = None) -> None:
        self.modes = modes or ProxyModes()
        labels = [f"{source} → {url}" for source, url in REQUESTS]
        self.request = widgets.Dropdown(options=labels, value=labels[0], description="request", layout={"width": "60%"})
        self.mode = Choices(MODES, MODES[0], "mode")
        self.outcome = Announcement()
        self.way = way_buttons()
        self.picture = widgets.HTML()
        self.details = widgets.HTML()
        self.requests = widgets.HTML()
        super().__init__([self.request, self.mode, self.way, self.outcome, self.picture, self.details, self.requests])
        for control in (self.request, self.mode, self.way):
            self.heed(control, self._draw)
        self._draw()
        self.requests.value = table_html(self.modes.table())

    @property
    def journey(self) -> Journey:
        """The chosen request in the chosen mode."""
        (compared,) = self.modes.compare([self._asked()])
        return compared.journeys[self.mode.value]

    def _asked(self) -> tuple[str, str]:
        return REQUESTS[self.request.options.index(self.request.value)]

    def _draw(self) -> None:
        journey = self.journey
        self.outcome.text = _request(journey)
        self.picture.value = picture_html(journey.diagram(way=self.way.value))
        rules = "\n".join(self.modes.rules(self.mode.value, self._asked())) or "(none)"
        self.details.value = f"<p>kube-proxy's rules on the way</p><pre>{html.escape(rules)}</pre>"

    def static_html(self) -> str:
        """The present picture and rules, and the table of all requests in both modes."""
        picture = self.journey.diagram(way=self.way.value).html
        line = f"<p><b>{html.escape(self.outcome.text)}</b></p>"
        return line + picture + str(self.details.value + self.requests.value)

    def static_text(self) -> str:
        """The table of all requests in both modes."""
        return (
            f"ProxyModeComparison: {self.request.value}, {self.mode.value}\n{self.modes.table().to_string(index=False)}"
        )


def way_buttons() -> Choices:
    """A toggle between the packet's way there and its answer's way back."""
    return Choices([way.value for way in Way], Way.THERE.value, "way")


def picture_html(diagram: Diagram) -> str:
    """A picture for an HTML widget: the SVG, or the words where there is no Graphviz."""
    return diagram.svg or f"<pre>{html.escape(diagram.text)}</pre>"


def table_html(table: pandas.DataFrame, *, index: bool = False) -> str:
    """A frame as an HTML table that scrolls where the page is too narrow for it."""
    rows = table.to_html(border=0, index=index, classes="kubesim-table")
    return f'<style>{_TABLE_STYLE}</style><div style="overflow-x:auto">{rows}</div>'


_TABLE_STYLE = ".kubesim-table td, .kubesim-table th {padding: 2px 10px; text-align: left; white-space: nowrap}"


def _request(journey: Journey) -> str:
    return f"{str(journey).splitlines()[0]} : {_ending(journey)}"


def _ending(journey: Journey) -> str:
    return str(journey).splitlines()[-1].strip()


def _controls(choice: Choice, compared: bool) -> str:
    return (
        f"{'all types' if compared else f'type {choice.type}'}, asked by {choice.source}, {choice.replicas} replicas, "
        f"{'ready' if choice.ready else 'not ready'}, selector {'right' if choice.selector_right else 'wrong'}"
    )
