"""Commands in the background: ``wait``, ``jobs``, ``kill``."""

from __future__ import annotations

import math
import re

from kubesim.turn import Interrupted
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Steps
from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.signals import ENDINGS, HARMLESS, NAMES, NUMBERS, signal_name, signal_table


def wait(shell: Shell, words: list[str]) -> Steps:
    """Let time pass until background commands have ended."""
    wanted = [whole_number(word.lstrip("%")) for word in words[1:] if is_number(word.lstrip("%"))]
    jobs = [job for job in shell.state.jobs if not wanted or job.pid in wanted or job.number in wanted]
    if wanted and not jobs:
        if shell.dialect.is_bash:
            shell.fail("wait", f"pid {wanted[0]} is not a child of this shell", 127)
        return 127
    status = 0
    for job in jobs:
        while job.steps is not None or job.ends == math.inf:
            if job.due == math.inf:
                raise Interrupted
            yield from shell.wait(max(0.0, job.due - max(shell.clock, shell.machine.simulation.now)))
        status = job.status
        if wanted and not shell.dialect.is_bash and status > 128:
            shell.write(f"{ENDINGS[NAMES[status - 128]]}\n" if NAMES.get(status - 128) in ENDINGS else "", 2)
    shell.state.jobs = [job for job in shell.state.jobs if job not in jobs]
    return status if wanted else 0


def jobs(shell: Shell, words: list[str]) -> int:
    """List the background commands."""
    now = max(shell.clock, shell.machine.simulation.now)
    for job in shell.state.jobs:
        done = job.ends <= now
        mark = "+" if job is shell.state.jobs[-1] else "-" if job is shell.state.jobs[-2:][0] else " "
        state = _ended(job.status) if done else "Running"
        shell.write(f"[{job.number}]{mark}  {state:<23} {job.source}{'' if done else ' &'}\n")
    shell.state.jobs = [job for job in shell.state.jobs if job.ends > now]
    return 0


def _ended(status: int) -> str:
    signal = ENDINGS.get(NAMES.get(status - 128, ""), "") if status > 128 else ""
    return signal or ("Done" if status == 0 else f"Exit {status}")


def kill(shell: Shell, words: list[str]) -> int:
    """Send a signal to processes or jobs."""
    signal = "TERM"
    targets = words[1:]
    if targets and targets[0] in ("-l", "-L"):
        return _named(shell, targets[1:])
    if targets and re.match(r"-.", targets[0]) and targets[0] != "--":
        option = targets.pop(0)
        text = targets.pop(0) if option in ("-s", "-n") and targets else option[1:]
        named = signal_name(text)
        if named is None:
            return _bad_signal(shell, text, option)
        signal = named
    if targets[:1] == ["--"]:
        targets.pop(0)
    if not targets:
        return _usage(shell)
    status = 0
    for target in targets:
        status = max(status, _kill_one(shell, target, signal))
    return status


def _usage(shell: Shell) -> int:
    usage = "[-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"
    if shell.dialect.is_bash:
        shell.write(f"kill: usage: kill {usage}\n", 2)
        return 2
    if shell.dialect.name == "dash":
        text = "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]"
        return shell.fail("kill", text, 2)
    shell.complain("you need to specify whom to kill")
    return 1


def _bad_signal(shell: Shell, text: str, option: str) -> int:
    if shell.dialect.is_bash:
        return shell.fail("kill", f"{text}: invalid signal specification", 1)
    if shell.dialect.name == "dash":
        return shell.fail(
            "kill",
            f"Illegal option -{option[1]}" if text == option[1:] else f"invalid signal number or name: {text}",
            2,
        )
    shell.complain(f"bad signal name '{text}'")
    return 1


def _named(shell: Shell, words: list[str]) -> int:
    """``kill -l``: the signals' names, or what numbers and names stand for."""
    if not words:
        shell.write(signal_table() if shell.dialect.is_bash else "".join(f"{name}\n" for name in NAMES.values()))
        return 0
    for word in words:
        if word.isdecimal() and shell.dialect.name == "dash" and int(word[:6]) == 0:
            continue
        name = NAMES.get(int(word[:6]) & 127) if word.isdecimal() else None
        number = NUMBERS.get(word.upper().removeprefix("SIG"))
        if name is not None:
            shell.write(f"{name}\n")
        elif number is not None and shell.dialect.name != "dash":
            shell.write(f"{number}\n")
        elif shell.dialect.name == "dash":
            return shell.fail("kill", f"Illegal number: {word}", 2)
        else:
            return shell.fail("kill", f"{word}: invalid signal specification", 1)
    return 0


def _kill_one(shell: Shell, target: str, signal: str) -> int:
    job = next((each for each in shell.state.jobs if target in (f"%{each.number}", str(each.pid))), None)
    if job is None and target in ("%%", "%+", "%") and shell.state.jobs:
        job = shell.state.jobs[-1]
    if job is not None:
        shell.machine.send_signal(job.pid, signal)
        if signal not in HARMLESS and job.ends > max(shell.clock, shell.machine.simulation.now):
            job.ends = max(shell.clock, shell.machine.simulation.now)
            job.status = 128 + NUMBERS.get(signal, 15)
            job.steps, job.due = None, math.inf
        return 0
    if not re.fullmatch(r"-?\d+", target):
        if target.startswith("%") and shell.dialect.is_bash:
            return shell.fail("kill", f"{target}: no such job", 1)
        if shell.dialect.name == "dash":
            return shell.fail("kill", f"No such job: {target}" if target[0] == "%" else f"Illegal number: {target}", 2)
        if shell.dialect.name == "ash":
            shell.complain(f"invalid number '{target}'")
            return 1
        return shell.fail("kill", f"{target}: arguments must be process or job IDs", 1)
    pid = int(target[:19])
    if pid == shell.state.pid:
        if signal not in HARMLESS or signal in shell.state.traps:
            shell.receive(signal)
        return 0
    if shell.machine.send_signal(pid, signal):
        return 0
    if shell.dialect.is_bash:
        return shell.fail("kill", f"({pid}) - No such process", 1)
    if shell.dialect.name == "dash":
        return shell.fail("kill", "No such process\n", 1)
    shell.complain(f"can't kill pid {pid}: No such process")
    return 1
