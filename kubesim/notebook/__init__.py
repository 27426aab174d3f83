"""What a notebook of the course uses: magics, exercises, widgets, and clusters other than the page's own.

``%load_ext kubesim`` starts a cluster and puts it into the notebook as ``cluster``, with ``terminal``, a shell on its
node ``master``. Run again, it starts another. The names of this package are loaded when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubesim.exercises.exercise import Exercise as exercise  # noqa: N813 (in a notebook it reads as a verb)
    from kubesim.exercises.exercise import case
    from kubesim.exercises.progress import board
    from kubesim.exercises.ward import Ward as clinic  # noqa: N813
    from kubesim.notebook.player import PathPlayer
    from kubesim.notebook.session import start
    from kubesim.notebook.timeline import Timeline
    from kubesim.notebook.widgets import ProxyModeComparison, ServiceExplorer

__all__ = [
    "PathPlayer",
    "ProxyModeComparison",
    "ServiceExplorer",
    "Timeline",
    "board",
    "case",
    "clinic",
    "exercise",
    "start",
]

_HOMES = {
    "PathPlayer": "kubesim.notebook.player:PathPlayer",
    "ProxyModeComparison": "kubesim.notebook.widgets:ProxyModeComparison",
    "ServiceExplorer": "kubesim.notebook.widgets:ServiceExplorer",
    "Timeline": "kubesim.notebook.timeline:Timeline",
    "board": "kubesim.exercises.progress:board",
    "case": "kubesim.exercises.exercise:case",
    "clinic": "kubesim.exercises.ward:Ward",
    "exercise": "kubesim.exercises.exercise:Exercise",
    "start": "kubesim.notebook.session:start",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
