"""The controls of the course's widgets, made so that everybody can use them.

ipywidgets' toggle buttons have no pressed state in the accessibility tree, its play buttons no names, and it has no
live region; anywidget lets a widget bring a few lines of front end of its own. Each control is a value that Python sets
and observes like any widget's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_FRONTEND = Path(__file__).with_name("frontend")


class Choices(anywidget.AnyWidget):
    """A row of buttons of which one is pressed.

    :param options: the buttons' names.
    :param value: the pressed one; empty for none yet.
    :param description: what is chosen.
    :raises traitlets.TraitError: if the value is no option.
    """

    _esm = _FRONTEND / "choices.js"
    _css = _FRONTEND / "controls.css"
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)

    def __init__(self, options: Iterable[str], value: str, description: str) -> None:
        super().__init__(options=list(options), value=value, description=description)

    @traitlets.validate("value")
    def _one_of_the_options(self, proposal: Any) -> str:
        chosen: str = proposal["value"]
        if chosen and chosen not in self.options:
            raise traitlets.TraitError(f"{self.description} must be one of {', '.join(self.options)}, got {chosen}")
        return chosen


class Announcement(anywidget.AnyWidget):
    """A line that a screen reader reads aloud when it changes.

    :param text: the line.
    :param unseen: whether it is only heard, because the page shows the same.
    """

    _esm = _FRONTEND / "announcement.js"
    _css = _FRONTEND / "controls.css"
    text = traitlets.Unicode().tag(sync=True)
    unseen = traitlets.Bool(False).tag(sync=True)


class Playback(anywidget.AnyWidget):
    """Buttons and a slider that step through arrows, or whatever has numbers.

    :param what: one of them.
    :param last: the last one's number.
    :param interval: milliseconds from one to the next while it plays.
    """

    _esm = _FRONTEND / "playback.js"
    _css = _FRONTEND / "controls.css"
    value = traitlets.Int(0).tag(sync=True)
    last = traitlets.Int(1).tag(sync=True)
    what = traitlets.Unicode("arrow").tag(sync=True)
    interval = traitlets.Int(1500).tag(sync=True)

    @traitlets.validate("value")
    def _on_the_way(self, proposal: Any) -> int:
        last: int = self.last
        return min(max(int(proposal["value"]), 0), last)
