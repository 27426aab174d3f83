"""Commands in the background, and servers that keep listening beside the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubesim.userland.machine import Process
from kubesim.userland.process import Running
from kubesim.userland.shell.signals import Interrupted
from kubesim.userland.shell.state import Capture, Input, Job, Output
from kubesim.userland.shell.tree import AndOr

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter


def start_in_background(shell: Interpreter, commands: AndOr, source: str) -> None:
    """Start commands in the background: they run at once, their output and end come when their time is up."""
    captures = {1: Capture(), 2: Capture()}
    child = shell.child({0: Input(), **captures})
    pid = shell.machine.new_pid()
    child.state.pid = pid
    total = 0.0
    status = 0
    steps = child.contained(child.and_or(commands))
    serving = False
    try:
        while total < 86_400:
            event = next(steps)
            if isinstance(event, Running):
                serving = True
                _serve(shell, event, pid, source)
                break
            total += event
    except StopIteration as stop:
        status = stop.value or 0
    except Interrupted:
        status = 130
    outputs: list[tuple[Output, str]] = []
    for number, capture in captures.items():
        target = shell.descriptors.get(number)
        if target is not None and not isinstance(target, Input) and capture.text:
            outputs.append((target, capture.text))
    shell.state.last_background = pid
    number = max((job.number for job in shell.state.jobs), default=0) + 1
    ends = float("inf") if serving else max(shell.clock, shell.machine.simulation.now) + total
    shell.state.jobs.append(Job(number, pid, source, ends, status, outputs))
    shell.state.status = 0
    if total == 0:
        shell.show_jobs(ends)


def _serve(shell: Interpreter, server: Running, pid: int, source: str) -> None:
    """Keep a server that was started beside the shell: it listens until it is killed."""
    machine = shell.machine
    opened: list[tuple[str, int]] = []
    for (protocol, port), listener in server.listeners.items():
        try:
            machine.listen(protocol, port, listener)
            opened.append((protocol, port))
        except OSError as error:
            shell.write(f"{source.split()[0]}: {error}\n", 2)
    machine.processes.append(Process(pid, source))

    def stop(name: str) -> bool:
        if name in ("CONT", "CHLD", "WINCH"):
            return False
        for protocol, port in opened:
            machine.stop_listening(protocol, port)
        return True

    machine.on_signal(pid, stop)
