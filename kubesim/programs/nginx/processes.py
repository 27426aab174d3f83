"""The processes of an nginx: its master, which heeds signals, and its workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from kubesim.programs.machine import Machine
from kubesim.programs.nginx.configuration import Configuration, ConfigurationError, Configurations
from kubesim.programs.nginx.logs import error_time, notices
from kubesim.programs.nginx.upstreams import resolve
from kubesim.userland.machine import Process

_HEEDED = {
    "HUP": "signal 1 (SIGHUP) received from {}, reconfiguring",
    "QUIT": "signal 3 (SIGQUIT) received, shutting down",
    "TERM": "signal 15 (SIGTERM) received, exiting",
    "INT": "signal 2 (SIGINT) received, exiting",
}
"""What the master says on the signals that it heeds; ``{}`` is who sent it."""


class RunningNginx(msgspec.Struct):
    """A master process with its workers.

    :param connections: how many there have been.
    """

    machine: Machine
    configuration: Configuration
    version: str
    log: list[str]
    pid: int
    workers: tuple[int, ...]
    addresses: Mapping[str, tuple[str, ...]]
    """Of the hosts that its configuration names, as they were when it was read."""
    connections: int = 0
    proxying: int = 0
    """Of them, how many wait for an upstream just now."""

    def now(self) -> datetime:
        """The simulation's time."""
        return self.machine.datetime()


class Master:
    """The master process: what it does and writes when it is signalled."""

    def __init__(self, nginx: RunningNginx, configurations: Configurations) -> None:
        self.nginx = nginx
        self._configurations = configurations

    def signal(self, name: str) -> bool:
        """React to a signal; whether the process ends because of it."""
        if name not in _HEEDED:
            return name == "KILL"
        self._say(_HEEDED[name].format(self.nginx.machine.next_pid))
        if name == "HUP":
            self._reconfigure()
            return False
        self._retire(graceful=name == "QUIT")
        self._say("exit")
        return True

    def _reconfigure(self) -> None:
        nginx, machine = self.nginx, self.nginx.machine
        self._say("reconfiguring")
        try:
            configuration = self._configurations.read(machine.files)
            found = resolve(machine, configuration.named)
            if found.problem:
                raise ConfigurationError(found.problem)
        except ConfigurationError as error:
            nginx.log.append(f"{error_time(nginx.now())} [emerg] {nginx.pid}#{nginx.pid}: {error}")
            return
        nginx.configuration, nginx.addresses = configuration, found.addresses
        fresh = tuple(machine.new_pid() for _ in nginx.workers)
        self._say('using the "epoll" event method', *started(fresh))
        self._retire(graceful=True, replaced=True)
        nginx.workers = fresh
        others = [each for each in machine.processes if each.parent != nginx.pid]
        machine.processes = [*others, *worker_rows(fresh, nginx.pid)]

    def _retire(self, *, graceful: bool, replaced: bool = False) -> None:
        workers = self.nginx.workers
        if graceful:
            for worker in workers:
                self._say("gracefully shutting down", pid=worker)
        words = ("exiting", "exit")
        order = [(word, worker) for word in words for worker in workers]
        for word, worker in sorted(order, key=lambda each: workers.index(each[1])) if replaced else order:
            self._say(word, pid=worker)
        for worker in workers:
            self._say(f"signal 17 (SIGCHLD) received from {worker}", f"worker process {worker} exited with code 0")
            if replaced or worker != workers[-1]:
                self._say("signal 29 (SIGIO) received")

    def _say(self, *texts: str, pid: int = 0) -> None:
        self.nginx.log.extend(notices(error_time(self.nginx.now()), pid or self.nginx.pid, texts))


def started(workers: Sequence[int]) -> list[str]:
    """What the master says of workers that it starts."""
    return ["start worker processes", *(f"start worker process {worker}" for worker in workers)]


def worker_rows(workers: Sequence[int], master: int) -> list[Process]:
    """The workers in the process table."""
    return [Process(worker, "nginx: worker process", "nginx", parent=master) for worker in workers]
