"""``%%terminal`` and ``%kubectl``: the chapter's commands, typed as they stand into notebook cells.

``%%terminal`` types a whole cell into the simulated terminal and shows what the screen would show, standard output and
standard error in the order they were written. ``%%terminal laptop`` sits at another machine; ``%%terminal lab`` at the
terminal of an exercise that a variable of that name holds. ``%kubectl get …`` shows a ``get`` as a pandas table.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from kubesim.notebook.session import Session
from kubesim.terminal import Terminal
from kubesim.views.tables import frame_of_text

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@magics_class
class CourseMagics(Magics):
    """The magics of one notebook.

    :param shell: the IPython shell they belong to.
    :param session: its cluster and terminals.
    """

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        super().__init__(shell)
        self.session = session

    @cell_magic
    def terminal(self, line: str, cell: str) -> None:
        """Type a cell into the simulated terminal; ``%%terminal HOST`` chooses the machine (``master`` by default)."""
        try:
            terminal = self._find(line.strip() or "master")
        except LookupError as problem:
            print(f"%%terminal: {problem}", file=sys.stderr)
            return
        self._show(terminal.screen(cell))

    @line_magic
    def kubectl(self, line: str) -> Any:
        """Run one kubectl command; what it prints as a table comes back as a DataFrame."""
        done = self.session.terminal.run(f"kubectl {line}")
        table = frame_of_text(done.stdout) if line.split()[:1] == ["get"] else None
        if table is None:
            self._show(done.stdout)
        self._show(done.stderr)
        return table

    def _find(self, name: str) -> Terminal:
        held = self.shell.user_ns.get(name) if self.shell is not None else None
        terminal = getattr(held, "terminal", None)
        if isinstance(terminal, Terminal):
            return terminal
        return self.session.terminal_on(name)

    @staticmethod
    def _show(text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
