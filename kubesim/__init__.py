"""A course on how traffic finds a Pod in Kubernetes, and the small simulator that its cells talk to.

``Cluster`` and ``Terminal`` are what a notebook needs; they are loaded when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubesim.api.errors import ApiError
    from kubesim.cluster import Cluster
    from kubesim.terminal import Terminal

__all__ = ["ApiError", "Cluster", "Terminal", "load_ipython_extension"]

_HOMES = {"ApiError": "kubesim.api.errors", "Cluster": "kubesim.cluster", "Terminal": "kubesim.terminal"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext kubesim``: a fresh cluster for a notebook, and the course's magics."""
    from kubesim.notebook.set_up import set_up

    set_up(shell)
