"""What a notebook of the course uses: magics, exercises, widgets, and clusters other than the page's own.

``%load_ext kubesim`` starts a cluster and puts it into the notebook as ``cluster``, with ``terminal``, a shell on its
node ``master``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas

from kubesim.notebook.exercises import Exercise as exercise  # noqa: N813 (in a notebook it reads as a verb)
from kubesim.notebook.magics import CourseMagics
from kubesim.notebook.session import start
from kubesim.notebook.widgets import PathPlayer, ProxyModeComparison, ServiceExplorer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["PathPlayer", "ProxyModeComparison", "ServiceExplorer", "exercise", "load_ipython_extension", "start"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Start the page's cluster; IPython calls this for ``%load_ext kubesim``."""
    pandas.set_option("display.width", 180, "display.max_columns", 20, "display.max_colwidth", 160)
    session = start()
    shell.register_magics(CourseMagics(shell, session))
    shell.push({"cluster": session.cluster, "terminal": session.terminal})
