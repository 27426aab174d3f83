"""``kubesim clinic``: broken clusters to mend, one after the other.

``list`` shows the cases. ``next`` opens one: it tells the story and sits the learner at a terminal of the broken
cluster, where ``hint``, ``check`` and ``solution`` are said as they are here (``kubesim clinic hint``). ``watch`` opens
it too, and looks after each line whether it is mended. Inside, ``on HOST LINE`` types a line at another machine, and
``diagnose``, ``connect WHO URL`` and ``resolve WHO NAME`` follow a request, as ``lab.cluster`` does in a notebook. What
was typed is kept in a journal, so the case goes on where it was left, and ``hint`` and ``check`` work from outside as
well.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from kubesim.command import FOLDER
from kubesim.command.run import seat
from kubesim.command.shell import Screen, session_at, talk
from kubesim.exercises import progress
from kubesim.exercises.ward import Ward

INSIDE = """\
Mend it here. `kubesim clinic hint` helps, `check` looks at it, `solution` shows one way; Ctrl-D leaves.
`kubesim clinic on laptop COMMAND` types elsewhere, `diagnose` follows the story's request and says why it fails.
"""
CALL = re.compile(r"""lab\.cluster\.(connect|resolve)\("([^"]+)", "([^"]+)"\)(?:\.table\([^()]*\))?""")
"""What a hint tells a notebook's reader to call."""


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Do one of the actions.

    :returns: 0; of ``check``, ``next`` and ``watch`` 1 where the case is not solved.
    :raises LookupError: where there is no such case.
    :raises ValueError: where what was typed before cannot be done again.
    """
    folder = given.folder or (Path(FOLDER) if Path(FOLDER).is_dir() else Path())
    if given.learner is not None:
        progress.note_learner(given.learner, folder)
    ward = Ward(progress.learner(folder), folder)
    if given.action == "list":
        print("\n".join(ward.lines()))
        return 0
    name = _named(given.case, ward)
    if not name:
        print("All cases are solved.")
        return 0
    return Visit(ward, name).do(given.action)


def _named(begun: str, ward: Ward) -> str:
    """A case by its name or its beginning (``07``); without one, the first that is open.

    :raises LookupError: where none, or more than one, begins so.
    """
    if not begun:
        return ward.next()
    found = [bed.name for bed in ward.beds() if bed.name.startswith(begun)]
    if len(found) != 1:
        raise LookupError(f"CASE must be one of `kubesim clinic list`, or its beginning, got {begun!r}")
    return found[0]


class Visit:
    """A learner at one case.

    :raises ValueError: where what was typed before cannot be done again.
    """

    def __init__(self, ward: Ward, name: str) -> None:
        self._journal = (ward.folder or Path()) / f"clinic-{name}.journal"
        self._case = ward.case(name)
        self._case.hints_given = progress.hints(ward.folder).get(name, 0)
        self._actions: dict[str, Callable[[], int]] = {
            "check": self._check,
            "hint": self._hint,
            "solution": self._solution,
            "reset": self._reset,
        }

    def do(self, action: str) -> int:
        """One action; what it changed is saved."""
        if action == "reset":
            return self._reset()
        if self._journal.is_file():
            self._case.resume(self._journal)
        if action in self._actions:
            return self._actions[action]()
        return self._sit_down(watching=action == "watch")

    def _sit_down(self, *, watching: bool) -> int:
        """Tell the story, and let the learner type until they leave."""
        print(f"{self._case.told()}\n\n{INSIDE}")
        terminal = seat(self._case.cluster, self._case.file.host, live=True)
        told = self._state()

        def instead(line: str) -> bool:
            words = line.split()
            if words[:2] == ["kubesim", "clinic"]:
                self._say(line.split(maxsplit=2)[2:])
                if watching:
                    after()
                return True
            return False

        def after() -> None:
            nonlocal told
            if self._state() != told:
                self._check()
                told = self._state()

        talk(terminal, session_at(terminal), instead, after if watching else lambda: None)
        self._save()
        return self._check()

    def _state(self) -> str:
        """What changes with each write to the cluster."""
        return self._case.cluster.store.resource_version

    def _say(self, said: list[str]) -> None:
        """An action that was typed inside: all after ``kubesim clinic``, if anything."""
        name, *rest = (said[0] if said else "check").split(maxsplit=1)
        words = rest[0].split(maxsplit=1) if rest else []
        cluster = self._case.cluster
        try:
            if name in self._actions and name != "reset":
                self._actions[name]()
            elif name == "diagnose" and not words:
                print(cluster.diagnose(*self._case.asked))
            elif name == "connect" and len(words) == 2:
                print(cluster.connect(*words))
            elif name == "resolve" and len(words) == 2:
                print(cluster.resolve(*words))
            elif name == "on" and len(words) == 2:
                self._type_on(*words)
            else:
                known = ", ".join(sorted(self._actions.keys() - {"reset"}))
                print(
                    f"Inside a case there are {known}, diagnose, on HOST COMMAND, connect WHO URL and resolve WHO NAME"
                    "; leave it for the rest."
                )
        except (LookupError, ValueError) as error:
            print(f"kubesim clinic: {error.args[0] if error.args else error}")

    def _type_on(self, host: str, line: str) -> None:
        """Type a line at another machine.

        :raises LookupError: if there is no such host.
        """
        terminal = seat(self._case.cluster, host, live=True)
        terminal.show_on(Screen())
        try:
            terminal.type_line(line)
        except KeyboardInterrupt:
            print("^C")

    def _check(self) -> int:
        checked = self._case.check()
        print("\n".join(checked.lines()))
        return int(not checked.solved)

    def _hint(self) -> int:
        print(CALL.sub(r"kubesim clinic \1 \2 \3", self._case.hint()))
        return 0

    def _solution(self) -> int:
        print(self._case.solution())
        return 0

    def _reset(self) -> int:
        self._journal.unlink(missing_ok=True)
        print("It begins again with `kubesim clinic next`.")
        return 0

    def _save(self) -> None:
        try:
            self._case.cluster.save(self._journal)
        except OSError as error:
            print(f"kubesim clinic: it cannot be gone on with later: {error.strerror}", file=sys.stderr)
