"""A machine as a program sees it: its files, its network, its clock, and which programs it has.

A container, a node and the laptop are all machines; what differs is the image. A program that the image lacks cannot
be run, and the container runtime says so in its own words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kubesim.simulation import Simulation
from kubesim.userland.bounds import Interrupted
from kubesim.userland.filesystem import FileSystem, absolute
from kubesim.userland.process import Completed, Invocation, Program, Running

if TYPE_CHECKING:
    from kubesim.api.store import Store
    from kubesim.network.sockets import Sockets

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
    :param store: the API's objects, for programs that show what kube-proxy wrote; None outside the cluster's nodes.
    :param flavour: whose programs these are: ``debian``, ``alpine``, ``busybox``, ``ubuntu``.
    :param libc: ``glibc`` or ``musl``: how names are resolved.
    :param processes: what runs here apart from the program at hand; a pid is a row's number.
    :param process_source: processes of containers that a node sees besides its own.
    :param handlers: what a process does on a signal, by pid; a true answer means that it ends.
    :param ended: told (pid, signal name) when a signal ended or stopped a process, by whoever runs the machine.
    """

    name: str
    hostname: str
    files: FileSystem
    sockets: Sockets
    programs: Mapping[str, Program]
    simulation: Simulation
    environment: dict[str, str] = field(default_factory=dict)
    store: Store | None = None
    flavour: str = "debian"
    libc: str = "glibc"
    user: str = "root"
    directory: str = "/"
    kernel: str = "6.8.0-63-generic"
    processes: list[Process] = field(default_factory=list)
    handlers: dict[int, Callable[[str], bool]] = field(default_factory=dict)
    ended: Callable[[int, str], object] | None = None
    process_source: Callable[[], list[Process]] | None = None
    next_pid: int = 7

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
        if not self.files.exists(path):
            raise ExecutableNotFoundError(word, f"stat {word}: no such file or directory")
        name = self.files.resolve(path).rsplit("/", 1)[-1]
        wanted = path.rsplit("/", 1)[-1]
        for candidate in (wanted, name):
            if candidate in self.programs and self.files.stat(path).mode & 0o111:
                return self.programs[candidate]
        if self.files.is_file(path) and self.files.stat(path).mode & 0o111:
            from kubesim.userland.shell.script import script_program

            return script_program
        raise ExecutableNotFoundError(word, "permission denied")

    def run(
        self,
        argv: tuple[str, ...] | list[str],
        stdin: str = "",
        *,
        environment: Mapping[str, str] | None = None,
        directory: str | None = None,
        main: bool = False,
        terminal: bool = False,
        elapsed: float = 0.0,
    ) -> Completed | Running:
        """Run a program to its end, or until it stays as a server.

        :param main: it is the container's main process.
        :raises ExecutableNotFoundError: where the machine has no such program.
        """
        where = self.directory if directory is None else directory
        program = self.find(argv[0], where)
        surroundings = self.environment if environment is None else environment
        try:
            return program(Invocation(tuple(argv), self, stdin, surroundings, where, main, terminal, elapsed))
        except Interrupted:
            return Completed(returncode=130)

    def datetime(self, elapsed: float = 0.0) -> datetime:
        """The calendar time here."""
        return self.simulation.datetime + timedelta(seconds=elapsed)

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
        if pid == 1 and self.name.startswith("node/"):
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
