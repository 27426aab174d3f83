"""A shell in a container that a real client types into.

It is what ``kubesim shell`` has, too: a terminal at which ``kubectl exec -it`` (or ``attach -it``) was typed, and whose
next lines go into the shell that was entered. So a session is in the journal as any other terminal, and the shell that
is a container's first process ends its container when it is left.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from kubesim.cluster import Cluster
from kubesim.serve.commands import Command
from kubesim.terminal import Terminal
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Start
from kubesim.userland.shell.interpreter import Nested, Prepared
from kubesim.userland.shell.streams import Keyboard

GOES_ON = "> "
"""The prompt where a line goes on."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a line.

    :param status: with what the shell was left; None while it is still there.
    :param prompt: what stands before the next line.
    """

    stdout: str
    stderr: str
    status: int | None
    prompt: str


class Session:
    """A shell that was entered, until it is left.

    :param command: what was asked for; :func:`is_shell` has said that it is one.
    """

    def __init__(self, cluster: Cluster, command: Command) -> None:
        self._terminal = Terminal(cluster, _seat(cluster), patience=0, live=True)
        self._one_stream = command.tty
        self._pending, self._number = "", 1
        tail = ["-q"] if command.attached else ["--", *command.argv]
        verb = "attach" if command.attached else "exec"
        place = ["-n", command.namespace, command.pod, "-c", command.container]
        self.begun = self._carried_out(shlex.join(["kubectl", verb, "-it", *place, *tail]))

    def type(self, line: str) -> Said:
        """Type one line; nothing comes of it where it goes on with the next."""
        text = self._pending + line
        if self._terminal.wants_more(text):
            self._pending = f"{text}\n"
            return Said("", "", None, GOES_ON)
        self._pending, number = "", self._number
        self._number += text.count("\n") + 1
        return self._carried_out(text, number)

    def interrupt(self) -> Said:
        """Ctrl-C at the prompt: the line is given up."""
        self._pending = ""
        return Said("", "", None, self._terminal.prompt)

    def end(self) -> Said:
        """The end of the input: the shell is left."""
        said = self._carried_out(self._pending) if self._pending else None
        self._pending = ""
        if said is not None and said.status is not None:
            return said
        left = self._carried_out("exit")
        return left if said is None else Said(said.stdout + left.stdout, said.stderr + left.stderr, left.status, "")

    def _carried_out(self, line: str, number: int = 1) -> Said:
        screen: list[str] = []
        self._terminal.show_on(screen)
        done, _ = self._terminal.type_line(line, number)
        out, error = ("".join(screen), "") if self._one_stream else (done.stdout, done.stderr)
        if self._terminal.inside:
            return Said(out, error, None, self._terminal.prompt)
        farewell = f"command terminated with exit code {done.returncode}\n"  # which the real kubectl says itself
        return Said(out.removesuffix(farewell), error.removesuffix(farewell), done.returncode, "")


def _seat(cluster: Cluster) -> str:
    """Where the client's kubectl stands: outside of the cluster, else at a node."""
    places = sorted(cluster.machines, key=lambda name: name.startswith("node/"))
    return places[0].removeprefix("node/")


def is_shell(cluster: Cluster, command: Command) -> bool:
    """Whether a program is a shell that reads its commands from its standard input."""
    if not command.stdin or not command.argv:
        return False
    try:
        machine = cluster.machine(f"pod/{command.namespace}/{command.pod}", command.container)
        program = machine.find(command.argv[0], machine.directory)
    except (ExecutableNotFoundError, LookupError):
        return False
    if not isinstance(program, Nested):
        return False
    keyboard = Keyboard()
    start = Start(command.argv, machine, "", machine.environment, machine.directory, keyboard=True)
    prepared = program.prepare(start, {0: keyboard})
    return isinstance(prepared, Prepared) and prepared.reads
