"""``%%terminal`` and ``%kubectl``: the chapter's commands, typed as they stand into notebook cells; and ``%%predict``.

``%%terminal`` types a whole cell into the simulated terminal and shows what the screen would show, standard output and
standard error in the order they were written. ``%%terminal laptop`` sits at another machine; ``%%terminal lab`` at the
terminal of an exercise that a variable of that name holds. Both act on the cluster in the variable ``cluster``: one
that was restored, or taken from an earlier step, only has to be put there. ``%kubectl get …`` shows a ``get`` as a
pandas table. ``%%predict`` holds back what a cell shows until the reader has predicted it
(:mod:`kubesim.notebook.prediction`).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from kubesim.cluster import Cluster
from kubesim.kubectl.verbs.edit import DIRECTORY, PREFIX
from kubesim.notebook.session import Session
from kubesim.terminal import Terminal
from kubesim.terminal.completion import Desk
from kubesim.views.frames import has_pandas
from kubesim.views.tables import frame_of_text

if TYPE_CHECKING:
    import pandas
    from IPython.core.interactiveshell import InteractiveShell


NOT_SET_UP = "Run the set-up cell first (%load_ext kubesim), then the cells up to this one."
"""What a cell says that is run in a new kernel, before the set-up."""


@magics_class
class CourseMagics(Magics):
    """The magics of one notebook.

    :param shell: the IPython shell they belong to.
    :param session: its cluster and terminals; None before the set-up.
    """

    def __init__(self, shell: InteractiveShell, session: Session | None = None) -> None:
        super().__init__(shell)
        self._session = session

    @cell_magic
    def terminal(self, line: str, cell: str) -> None:
        """Type a cell into the simulated terminal; ``%%terminal HOST`` chooses the machine (``master`` by default)."""
        try:
            terminal = self._find(line.strip() or "master")
        except LookupError as problem:
            print(f"%%terminal: {problem}", file=sys.stderr)
            return
        before = _edited(terminal)
        self._show(terminal.screen(cell))
        for path in sorted(_edited(terminal) - before):
            self._open_cell(line.strip(), path, terminal.machine.files.read(path))

    def _open_cell(self, host: str, path: str, manifest: str) -> None:
        """Put what ``kubectl edit`` has left into a new cell, which sends it back."""
        if self.shell is not None:
            head = f"%%terminal {host}".rstrip()
            text = f"{head}\ncat > {path} <<'END'\n{manifest}END\nkubectl replace -f {path}"
            self.shell.set_next_input(text, replace=False)

    @line_magic
    def kubectl(self, line: str) -> Any:
        """Run one kubectl command; what it prints as a table comes back as a DataFrame."""
        done = self.session.terminal.run(f"kubectl {line}")
        table = self._table(done.stdout) if line.split()[:1] == ["get"] else None
        if table is None:
            self._show(done.stdout)
        self._show(done.stderr)
        return table

    @cell_magic
    def predict(self, line: str, cell: str) -> Any:
        """Ask the question in this line; what the cell shows stays hidden until one of the ``( )`` lines is chosen."""
        # ipywidgets, slow to load
        from kubesim.notebook.prediction import Answer, NothingFitsError, Prediction, Question, held_back

        try:
            question = Question.read(line, cell)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
        score = self.session.score
        with held_back(self.shell) as (printed, shown):
            done = self.shell.run_cell(question.cell, store_history=False)
        if not done.success:  # a cell that fails shows why, like any other
            self._show(printed.getvalue())
            return None
        try:
            return Prediction(question, Answer.of(printed.getvalue(), [each["data"] for each in shown]), score)
        except NothingFitsError:  # something was done before that the page does not know of
            self._show(printed.getvalue())
            for each in shown:
                self.shell.display_pub.publish(each["data"])
            self._show("(Nothing to predict this time: none of the choices fits what was done before.)\n")
            return None

    @property
    def session(self) -> Session:
        """The page's cluster and terminals: of the variable ``cluster``, should it have become another.

        :raises UsageError: before the set-up; IPython shows it as one line.
        """
        held = self._variable("cluster")
        if isinstance(held, Cluster) and (self._session is None or held is not self._session.cluster):
            self._session = Session(held)
        if self._session is None:
            raise UsageError(NOT_SET_UP)
        return self._session

    def help_of(self, name: str) -> str:
        """What one of the course's magics is for; empty of another.

        :param name: with its ``%`` or ``%%``.
        """
        kind = "cell" if name.startswith("%%") else "line"
        found = self.magics[kind].get(name.lstrip("%"))
        return "" if found is None else f"{name}: {(found.__doc__ or '').strip()}\n"

    def hosts(self) -> list[str]:
        """What may follow ``%%terminal``: the hosts, and the variables that have a terminal."""
        held = [name for name, value in self.shell.user_ns.items() if not name.startswith("_") and _has_terminal(value)]
        if self._session is None:
            return held
        return [*(name.removeprefix("node/") for name in self.session.cluster.machines), *held]

    def desk(self, host: str) -> Desk | None:
        """Where the lines of a cell would be typed, for completing them: nothing is opened; None before the set-up."""
        terminal = getattr(self._variable(host), "terminal", None)
        if isinstance(terminal, Terminal):
            return Desk.of(terminal)
        if self._session is None:
            return None
        session, name = self.session, host or "master"
        if name in session.terminals:
            return Desk.of(session.terminals[name])
        machines = session.cluster.machines
        machine = machines.get(f"node/{name}") or machines.get(name)
        return None if machine is None else Desk(session.cluster, machine, machine.directory, ["kubectl"])

    def _variable(self, name: str) -> Any:
        return self.shell.user_ns.get(name) if self.shell is not None else None

    def _find(self, name: str) -> Terminal:
        terminal = getattr(self._variable(name), "terminal", None)
        if isinstance(terminal, Terminal):
            return terminal
        return self.session.terminal_on(name)

    @staticmethod
    def _table(text: str) -> pandas.DataFrame | None:
        return frame_of_text(text) if has_pandas() else None

    @staticmethod
    def _show(text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()


def _edited(terminal: Terminal) -> set[str]:
    """The files that ``kubectl edit`` has left on a terminal's machine."""
    files = terminal.machine.files
    if not files.is_directory(DIRECTORY):
        return set()
    return {f"{DIRECTORY}/{name}" for name in files.list(DIRECTORY) if name.startswith(PREFIX)}


def _has_terminal(value: Any) -> bool:
    return isinstance(getattr(value, "terminal", None), Terminal)
