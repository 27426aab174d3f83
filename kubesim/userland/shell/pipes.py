"""Commands joined by pipes: each in a subshell, all at the same time."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from kubesim.userland.bounds import Interrupted
from kubesim.userland.process import Running
from kubesim.userland.shell.state import Capture, Input, Output
from kubesim.userland.shell.tree import Pipeline

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter


def run_pipe(shell: Interpreter, pipeline: Pipeline) -> Generator[float | Running, None, list[int]]:
    """Each command reads what the one before it wrote; together they take as long as the slowest."""
    source: Input | Output | None = shell.descriptors.get(0)
    statuses: list[int] = []
    longest = 0.0
    for number, command in enumerate(pipeline.commands):
        last = number == len(pipeline.commands) - 1
        capture = Capture()
        descriptors = dict(shell.descriptors)
        if source is not None:
            descriptors[0] = source
        if not last:
            descriptors[1] = capture
            if pipeline.merges_errors[number]:
                descriptors[2] = capture
        child = shell.child(descriptors)
        child.main = shell.main and last
        took = 0.0
        steps = child.contained(child.command(command))
        while True:
            try:
                event = next(steps)
            except StopIteration as stop:
                statuses.append(stop.value or 0)
                break
            except Interrupted:
                if not capture.full:
                    raise
                statuses.append(141)  # the reader decides whether it wanted more: SIGPIPE
                break
            if isinstance(event, Running):
                yield event
                continue
            took += event
            if took > longest:
                ahead = min(event, took - longest)
                longest = took
                yield from shell.wait(ahead)
        shell.commands = max(shell.commands, child.commands)
        source = Input(capture.text, cut=capture.full)
    return statuses
