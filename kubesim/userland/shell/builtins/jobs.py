"""Commands in the background: ``wait``, ``jobs``, ``kill``."""

from __future__ import annotations

import re

from kubesim.turn import Interrupted
from kubesim.userland.process import Steps
from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.signals import NAMES, Killed, signal_name


def wait(shell: Shell, words: list[str]) -> Steps:
    """Let time pass until background commands have ended."""
    wanted = [int(word.lstrip("%")) for word in words[1:] if word.lstrip("%").isdigit()]
    jobs = [job for job in shell.state.jobs if not wanted or job.pid in wanted or job.number in wanted]
    if wanted and not jobs:
        if shell.dialect.is_bash:
            shell.complain(f"wait: pid {wanted[0]} is not a child of this shell")
        return 127
    status = 0
    for job in jobs:
        left = job.ends - max(shell.clock, shell.machine.simulation.now)
        if left == float("inf"):
            raise Interrupted
        if left > 0:
            yield from shell.wait(left)
        shell.show_jobs(job.ends)
        status = job.status
    shell.state.jobs = [job for job in shell.state.jobs if job not in jobs]
    return status if wanted else 0


def jobs(shell: Shell, words: list[str]) -> int:
    """List the background commands."""
    now = max(shell.clock, shell.machine.simulation.now)
    for job in shell.state.jobs:
        done = job.ends <= now
        mark = "+" if job is shell.state.jobs[-1] else "-" if job is shell.state.jobs[-2:][0] else " "
        state = ("Done" if job.status == 0 else f"Exit {job.status}") if done else "Running"
        shell.write(f"[{job.number}]{mark}  {state:<23} {job.source}{'' if done else ' &'}\n")
    shell.state.jobs = [job for job in shell.state.jobs if job.ends > now]
    return 0


def kill(shell: Shell, words: list[str]) -> int:
    """Send a signal to processes or jobs."""
    signal = "TERM"
    targets = words[1:]
    if targets and targets[0] == "-l":
        shell.write(" ".join(NAMES.values()) + "\n")
        return 0
    if targets and targets[0].startswith("-") and targets[0] != "--":
        option = targets.pop(0)
        text = targets.pop(0) if option in ("-s", "-n") and targets else option[1:]
        named = signal_name(text)
        if named is None:
            shell.complain(f"kill: {text}: invalid signal specification")
            return 1
        signal = named
    if not targets:
        shell.write("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n", 2)
        return 2
    status = 0
    for target in targets:
        status = max(status, _kill_one(shell, target, signal))
    return status


def _kill_one(shell: Shell, target: str, signal: str) -> int:
    job = next((each for each in shell.state.jobs if target in (f"%{each.number}", str(each.pid))), None)
    if job is not None:
        shell.machine.send_signal(job.pid, signal)
        if signal not in ("0", "CONT"):
            shell.state.jobs.remove(job)
        return 0
    if not re.fullmatch(r"-?\d+", target):
        if target.startswith("%"):
            shell.complain(f"kill: {target}: no such job")
        else:
            shell.complain(f"kill: {target}: arguments must be process or job IDs")
        return 1
    pid = int(target)
    if pid == shell.state.pid and signal not in ("0", "CONT", "CHLD", "WINCH"):
        if signal in shell.state.traps:
            return 0
        raise Killed(signal)
    if shell.machine.send_signal(pid, signal):
        return 0
    shell.complain(f"kill: ({pid}) - No such process" if shell.dialect.is_bash else "kill: No such process")
    return 1
