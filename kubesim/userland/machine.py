"""A machine as a program sees it: its files, its processes, its clock, and which programs it has.

A container, a node and the laptop are all machines; what differs is the image. A program that the image lacks cannot
be run, and the container runtime says so in its own words. This machine stands alone; what puts it on a network is a
subclass, which knows its address and lets programs listen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from kubesim.simulation import Simulation
from kubesim.turn import Interrupted
from kubesim.userland.filesystem import FileError, FileSystem, absolute
from kubesim.userland.process import INTERRUPTED, OVERFLOWN, Completed, Listener, Program, Running, Start

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ExecutableNotFoundError(Exception):
    """The machine has no such program; ``str()`` is what the container runtime (runc) says."""

    def __init__(self, name: str, reason: str = "executable file not found in $PATH") -> None:
        super().__init__(f'exec: "{name}": {reason}')
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Process:
    """A row of the process table, as ``ps`` shows it."""

    pid: int
    command: str
    user: str = "root"
    started: float = 0.0
    parent: int = 0


@dataclass(slots=True)
class Machine:
    """Where programs run.

    :param name: in traces: ``pod/default/client``, ``node/master``, ``laptop``.
    :param programs: by name, each found on PATH.
    :param flavour: whose programs these are: ``debian``, ``alpine``, ``busybox``, ``ubuntu``.
    :param libc: ``glibc`` or ``musl``: how names are resolved.
    :param has_init: whether process 1 is an init, which heeds no signal; it is not in ``processes``.
    :param processes: what runs here apart from the program at hand; a pid is a row's number.
    :param process_source: processes of containers that a node sees besides its own.
    :param handlers: what a process does on a signal, by pid; a true answer means that it ends.
    :param ended: told (pid, signal name) when a signal ended or stopped a process, by whoever runs the machine.
    """

    name: str
    hostname: str
    files: FileSystem
    programs: Mapping[str, Program]
    simulation: Simulation
    environment: Mapping[str, str] = field(default_factory=dict)
    flavour: str = "debian"
    libc: str = "glibc"
    user: str = "root"
    directory: str = "/"
    kernel: str = "6.8.0-63-generic"
    has_init: bool = False
    processes: list[Process] = field(default_factory=list)
    handlers: dict[int, Callable[[str], bool]] = field(default_factory=dict)
    ended: Callable[[int, str], object] | None = None
    process_source: Callable[[], list[Process]] | None = None
    next_pid: int = 7
    started: int = 0
    """How many programs its shells have started so far."""

    @property
    def address(self) -> str:
        """The machine's first IPv4 address; a machine without a network has only its loopback."""
        return "127.0.0.1"

    def listen(self, protocol: str, port: int, listener: Listener) -> None:
        """Let a process of this machine answer on a port; without a network nobody will ask it.

        :raises OSError: where the port is taken.
        """

    def stop_listening(self, protocol: str, port: int) -> None:
        """Close a port."""

    def find(self, word: str, directory: str = "/") -> Program:
        """The program that a word names: a bare name is looked up on PATH, one with a slash is a path.

        :raises ExecutableNotFoundError: where there is none, or the file is not executable.
        """
        if "/" not in word:
            program = self.programs.get(word)
            if program is None:
                raise ExecutableNotFoundError(word)
            return program
        path = absolute(word, directory)
        try:
            entry = self.files.stat(path)
        except FileError as error:
            raise ExecutableNotFoundError(word, f"stat {word}: no such file or directory") from error
        if entry.mode & 0o111:
            for known in (path, self.files.resolve(path)):
                program = self.programs.get(known.rsplit("/", 1)[-1])
                if program is not None:
                    return program
            if entry.kind == "file":
                return run_script
        raise ExecutableNotFoundError(word, "permission denied")

    def path_of(self, name: str) -> str:
        """The file of a program, where one of the usual directories has it; else its name."""
        for directory in ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"):
            if self.files.exists(f"{directory}/{name}"):
                return f"{directory}/{name}"
        return name

    def run(
        self,
        argv: tuple[str, ...] | list[str],
        stdin: str | Callable[[], str] = "",
        *,
        environment: Mapping[str, str] | None = None,
        directory: str | None = None,
        main: bool = False,
        terminal: bool = False,
        elapsed: float = 0.0,
    ) -> Completed | Running:
        """Run a program to its end, or until it stays as a server.

        :param stdin: what it can read; a function where that is there only when it is read.
        :param main: it is the container's main process.
        :raises ExecutableNotFoundError: where the machine has no such program.
        """
        where = self.directory if directory is None else directory
        program = self.find(argv[0], where)
        surroundings = self.environment if environment is None else environment
        try:
            return program(Start(tuple(argv), self, stdin, surroundings, where, main, terminal, elapsed))
        except Interrupted:
            return Completed(returncode=INTERRUPTED)
        except RecursionError:
            return Completed(returncode=OVERFLOWN)

    def datetime(self, elapsed: float = 0.0) -> datetime:
        """The calendar time here."""
        now = self.simulation.datetime
        return now + timedelta(seconds=elapsed) if elapsed else now

    def new_pid(self) -> int:
        """A process number not used before on this machine."""
        self.next_pid += 1
        return self.next_pid

    def on_signal(self, pid: int, handler: Callable[[str], bool]) -> None:
        """Say what a process does when it is signalled."""
        self.handlers[pid] = handler

    def send_signal(self, pid: int, name: str) -> bool:
        """Signal a process (``TERM``, ``KILL``, ``STOP``…).

        :returns: whether there is such a process.
        """
        beside = self.process_source() if self.process_source is not None else []
        if pid == 1 and self.has_init:
            return True  # init takes the signal, and nothing comes of it
        if not any(process.pid == pid for process in [*self.processes, *beside]):
            return False
        if name == "0":
            return True
        handler = self.handlers.get(pid)
        ends = handler(name) if handler is not None else name not in ("CONT", "CHLD", "WINCH", "URG")
        if ends:
            if name != "STOP":
                self.processes = [process for process in self.processes if pid not in (process.pid, process.parent)]
            if self.ended is not None:
                self.ended(pid, name)
        return True


Invocation: TypeAlias = Start[Machine]


def run_script(invocation: Invocation) -> Completed | Running:
    """An executable text: run by the interpreter that its first line names, else by ``sh``."""
    machine = invocation.machine
    path = absolute(invocation.argv[0], invocation.directory)
    first = machine.files.read(path).split("\n", 1)[0]
    words = first[2:].split() if first.startswith("#!") else ["/bin/sh"]
    if len(words) > 1 and words[0].endswith("/env"):
        words = words[1:]
    name = words[0].rsplit("/", 1)[-1] if words else "sh"
    program = machine.programs.get(name)
    if program is None:
        return Completed("", f"{invocation.argv[0]}: cannot execute: required file not found\n", 127)
    return program(invocation.becoming((name, *words[1:], path, *invocation.argv[1:])))
