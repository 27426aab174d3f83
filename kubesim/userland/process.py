"""Running a program: what it gets, and what it leaves.

A program is a plain function of a :class:`Start`. It runs to its end at once and says how many simulated seconds it
took; whoever started it lets that time pass. A server (nginx, CoreDNS) is a program that returns :class:`Running`
instead: it stays until it is stopped, and its listeners answer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from kubesim.simulation import Simulation
from kubesim.turn import Interrupted
from kubesim.userland.bounds import LONGEST_RUN
from kubesim.userland.filesystem import FileSystem, absolute


class WithFiles(Protocol):
    """What a program runs on, as far as starting it goes."""

    @property
    def files(self) -> FileSystem:
        """Its files."""


class InputAwaited(Exception):  # noqa: N818
    """A program wants to read what nobody has typed yet: it waits, and goes on when somebody attaches to it."""


OfMachine = TypeVar("OfMachine", bound=WithFiles, covariant=True)


class Listener(Protocol):
    """What answers on a port that a program listens on."""

    def handle(self, request: Any, client: Any) -> Any:
        """Answer one request of a client; None is no answer."""


PROGRAM_SECONDS = 0.001
"""Simulated seconds that a program takes which says nothing of its time: to be started, and to end."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended; the names are subprocess'.

    ``seconds`` is simulated time, from its start to its end: 0 is no more than any program takes. A program that let
    the simulation go on itself counts that time, too.
    """

    stdout: str = ""
    stderr: str = ""
    returncode: int = 0
    seconds: float = 0.0
    satisfied: bool = False
    """Whether it ended without reading its standard input to the end, as ``head`` does."""
    stopped: bool = False
    """Whether the limit of its :class:`Start` ended it."""
    interrupted: bool = False
    """Whether Ctrl-C ended it, which ends the line that it stands in, too."""


@dataclass(frozen=True, slots=True)
class Running:
    """A program that goes on: what it wrote while starting, and what it listens on.

    :param listeners: (protocol, port) → what answers there.
    :param log: lines written so far; the server appends to it (``kubectl logs`` reads it).
    :param steps: what it goes on doing by itself (a shell's loop): each number is the seconds until it goes on, a
        :class:`Running` is a server that it started in the foreground; its return value is the exit status.
    :param awaited: whether somebody who starts it at a terminal waits for it, until Ctrl-C.
    :param ended: told when a signal has ended it.
    :param stop_seconds: how long it takes to end after SIGTERM; None when it ignores SIGTERM (it is killed at the end
        of the grace period).
    """

    listeners: Mapping[tuple[str, int], Listener]
    log: list[str] = field(default_factory=list)
    stop_seconds: float | None = 0.1
    exit_code: int = 0
    steps: Steps | None = None
    ended: Callable[[], object] = lambda: None
    awaited: bool = False

    def go_on(
        self,
        simulation: Simulation,
        ended: Callable[[int], object],
        serves: Callable[[Running], object] = lambda server: None,
    ) -> None:
        """Let a process that acts by itself do so, as background work, until it ends.

        :param ended: called with the exit status when it ends by itself; never for a plain server.
        :param serves: called when it starts a server in the foreground, with that server.
        """
        if self.steps is None:
            return
        steps = self.steps

        def step() -> None:
            event = next_step(steps)
            if isinstance(event, Ended):
                ended(event.status)
                return
            if isinstance(event, Running):
                serves(event)
                return
            simulation.after(event, step, progress=False)

        step()


class Start(NamedTuple, Generic[OfMachine]):
    """One start of a program on some kind of machine.

    :param argv: the words, the program's own name first.
    :param machine: where it runs: its files, its clock, its name.
    :param environment: environment variables.
    """

    argv: tuple[str, ...]
    machine: OfMachine
    input: str | Callable[[], str] = ""
    """What it can read; a function where reading takes it away from others."""
    environment: Mapping[str, str] = MappingProxyType({})
    directory: str = "/"
    main: bool = False
    """Whether this is a container's main process, which may go on as :class:`Running`."""
    terminal: bool = False
    """Whether stdout is a terminal: curl then draws no meter, ls writes columns."""
    elapsed: float = 0.0
    """Seconds since the simulation's now at which this program starts: a script's earlier commands took them."""
    limit: float = float("inf")
    """Seconds after which it is killed: ``timeout`` sets it, and a program that prints as it goes stops there."""
    background: bool = False
    """Whether it was started with ``&``, or by what was: nobody waits for it, so it lets no time pass for others."""
    keyboard: bool = False
    """Whether stdin is a terminal that a person types into line by line: a shell then takes its commands from there."""
    ending: str = "TERM"
    """The signal that then ends it, without ``SIG``; a program that sums up when it is interrupted looks at it."""

    def becoming(self, argv: tuple[str, ...]) -> Start[OfMachine]:
        """The start of another program in its place, as ``exec`` has it."""
        return self._replace(argv=argv)

    @property
    def patience(self) -> float:
        """Seconds after which it is stopped by somebody; what it would do later nobody sees."""
        return min(self.limit, LONGEST_RUN)

    @property
    def stdin(self) -> str:
        """Its standard input, read to the end."""
        return self.input if isinstance(self.input, str) else self.input()

    def read(self, name: str) -> str:
        """A file's text; for ``-`` the standard input.

        :raises FileError: where it cannot be read.
        """
        return self.stdin if name == "-" else self.machine.files.read(absolute(name, self.directory))

    @property
    def name(self) -> str:
        """The program's name as it was called, without its directory."""
        return self.argv[0].rsplit("/", 1)[-1]


Steps = Generator[float | Running, None, int]
"""What a process does over time; see :class:`Running`."""

INTERRUPTED = 130
"""The status of a program that Ctrl-C ended: 128 and SIGINT."""
OVERFLOWN = 139
"""The status of a program that called itself until its stack was full: 128 and SIGSEGV."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that takes no further step."""

    status: int


def next_step(steps: Steps) -> float | Running | Ended:
    """Let a process take its next step; one that goes on without end in it is ended, as the kernel would."""
    try:
        return next(steps)
    except StopIteration as stop:
        return Ended(int(stop.value or 0))
    except Interrupted:
        return Ended(INTERRUPTED)
    except RecursionError:
        return Ended(OVERFLOWN)


Program = Callable[[Start[Any]], Completed | Running]
