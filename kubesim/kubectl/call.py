"""What a kubectl verb is, and one run of it.

A verb is declared as data, so one parser serves them all and an unknown flag is answered the same way everywhere. Its
function gets a :class:`Call`, writes what it has to say to the call's two streams and returns the exit status; what
goes wrong is raised (:mod:`kubesim.kubectl.errors`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kubesim.api.objects import Wire
from kubesim.kubectl.connection import Connection
from kubesim.kubectl.errors import KubectlError, UsageError, klog_line
from kubesim.kubectl.flags import Flag, Values
from kubesim.kubectl.kubeconfig import Kubeconfig
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileError, FileSystem, absolute
from kubesim.userland.process import Completed, Running

OTHER_COMMANDS = "Other Commands"
"""The heading of the verbs that belong to no group; ``kubectl --help`` sorts them by name."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb, or one sub-command of a verb.

    :param name: the word typed.
    :param run: the function; None for a verb that only has sub-commands (``kubectl rollout``).
    :param use: the usage line after ``kubectl``, for ``--help``.
    :param short: one line that says what it does.
    :param flags: its own flags, besides the global ones.
    :param subcommands: the verbs below it.
    :param group: the heading under which ``kubectl --help`` lists it.
    :param long: what ``--help`` says first, where one line is not enough.
    :param examples: the lines that ``--help`` shows as examples.
    :param help_to_stdout: where a verb that only has sub-commands prints its help when none was typed; upstream's
        verbs do not agree.
    :param reaches_out: whether it talks to a server; without one it only needs the kubeconfig.
    :param any_flags: whether it takes whatever it is given without reading it, because it refuses in any case.
    """

    name: str
    run: Callable[[Call], int] | None = None
    use: str = ""
    short: str = ""
    flags: Sequence[Flag] = ()
    subcommands: Sequence[Verb] = ()
    aliases: Sequence[str] = ()
    group: str = OTHER_COMMANDS
    long: str = ""
    any_flags: bool = False
    examples: str = ""
    help_to_stdout: bool = False
    reaches_out: bool = True


class Attach(Protocol):
    """Lets a person type into a shell of a container."""

    def __call__(
        self, pod: Wire, container: str, command: Sequence[str], farewell: Callable[[int], str] | None = None
    ) -> bool:
        """Start a command in a container for a person to type into; False where it is no shell that reads.

        :param farewell: is told the status with which it was left, and says what kubectl says then.
        """


class Serve(Protocol):
    """Lets kubectl go on as a process of its machine, after it has said what it has to say."""

    def __call__(self, process: Running, /) -> None:
        """Let it listen until it is ended."""


class Spawn(Protocol):
    """Runs another program of the machine that kubectl runs on."""

    def __call__(self, argv: Sequence[str], /) -> Completed:
        """Run it to its end.

        :raises ExecutableNotFoundError: where the machine has no such program.
        """


@dataclass(slots=True)
class Call:
    """What a verb's function gets.

    :param command: the words that chose the verb, such as ``kubectl create deployment``.
    :param flags: every flag's value, given or default.
    :param arguments: the words that are not flags.
    :param dash: how many arguments stood before ``--``; -1 when it was not typed (cobra's ArgsLenAtDash).
    :param config: what kubectl knows of clusters.
    :param api: the server that kubectl talks to, as the user that it talks as.
    :param directory: where relative file names start.
    :param attach: lets a person type into a shell of a container (Pod, container, command); False where the command is
        none. None where nobody is at the keyboard.
    """

    command: str
    flags: Values
    arguments: tuple[str, ...]
    dash: int
    config: Kubeconfig
    api: Connection
    files: FileSystem
    stdin: str = ""
    directory: str = "/root"
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    status: int = 0
    warned: set[str] = field(default_factory=set)
    killed_at: float = math.inf
    """When somebody will have ended it (``timeout``), in the simulation's seconds."""
    attach: Attach | None = None
    serve: Serve | None = None
    """Lets it go on and listen; None where it cannot."""
    background: bool = False
    """Whether it was started with ``&``: nobody waits for it, and it lets no time pass for others."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The variables of the process."""
    spawn: Spawn | None = None
    """Runs another program of its machine; None where it cannot."""

    @property
    def simulation(self) -> Simulation:
        """The clock, and seeded chance."""
        return self.api.simulation

    @property
    def namespace(self) -> str:
        """The namespace of the command: ``-n``, else the context's, ``default``."""
        return (
            self.flags.text("namespace")
            or self.config.context(self.flags.text("context")).get("namespace")
            or "default"
        )

    @property
    def namespace_given(self) -> bool:
        """Whether ``-n`` was typed: a manifest's other namespace is then refused."""
        return bool(self.flags.text("namespace"))

    @property
    def all_namespaces(self) -> bool:
        """Whether ``-A`` was typed."""
        return self.flags.has("all-namespaces") and self.flags.on("all-namespaces")

    def read(self, path: str, doing: str) -> str:
        """The text of a file of the machine that kubectl runs on.

        :param path: as typed.
        :param doing: what the complaint begins with.
        :raises KubectlError: with Go's words where it cannot be read.
        """
        try:
            return self.files.read(absolute(path, self.directory))
        except FileError as error:
            step = "read" if error.reason == "Is a directory" else "open"
            raise KubectlError(f"{doing}{step} {path}: {error.reason[:1].lower()}{error.reason[1:]}") from None

    def refuse_arguments(self, words: str = "Unexpected args") -> None:
        """Refuse arguments, for a verb that takes none.

        :raises UsageError: where there are any.
        """
        if self.arguments:
            raise UsageError(self.command, f"{words}: [{' '.join(self.arguments)}]")

    def say(self, text: str) -> None:
        """Write a line to standard output."""
        self.stdout.append(f"{text}\n")

    def complain(self, text: str) -> None:
        """Write a line to standard error."""
        self.stderr.append(f"{text}\n")

    def log(self, severity: str, place: str, text: str) -> None:
        """Write a line in klog's format to standard error.

        :param severity: ``W``, ``E`` or ``F``.
        :param place: the file and the line of upstream's program.
        """
        self.complain(klog_line(self.simulation, severity, place, text))

    def warn(self, warning: str) -> None:
        """Write an API warning to standard error, each once, as client-go does."""
        if warning not in self.warned:
            self.warned.add(warning)
            self.complain(f"Warning: {warning}")
