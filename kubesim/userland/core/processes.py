"""The processes of a machine, and signals to them: ``ps``, ``pidof``, ``pgrep``, ``pkill``, ``kill``."""

from __future__ import annotations

import re

from kubesim.userland.command_line import Complaint, Run, joined, program
from kubesim.userland.machine import Process
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed
from kubesim.userland.regular import RegexProblem, compile_posix
from kubesim.userland.shell.signals import NUMBERS, signal_name

_BUSYBOX_TABLE = "PID   USER     TIME  COMMAND", "{p.pid:5d} {p.user:<8}  0:00 {p.command}"
_WITH_USERS = (
    "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND",
    "{p.user:<8} {p.pid:7d}  0.0  0.1  11408  7680 ?        Ss   {start}   0:00 {p.command}",
)
_FULL = (
    "UID          PID    PPID  C STIME TTY          TIME CMD",
    "{p.user:<8} {p.pid:7d} {p.parent:7d}  0 {start} ?        00:00:00 {p.command}",
)
_SHORT = "    PID TTY          TIME CMD", "{p.pid:7d} ?        00:00:00 {name}"
_NO_CRITERIA = "no matching criteria specified"
_USAGE = "Try `{name} --help' for more information.\n"


def _base(process: Process) -> str:
    """The name of a process's program."""
    words = process.command.split()
    return words[0].rsplit("/", 1)[-1].rstrip(":") if words else ""


def _listed(run: Run) -> list[Process]:
    """What runs on the machine besides the asking program."""
    machine = run.machine
    beside = machine.process_source() if machine.process_source is not None else []
    return sorted([*machine.processes, *beside], key=lambda process: process.pid)


@program()
def ps(run: Run) -> Completed:
    """The process table, the asking program last."""
    machine, words = run.machine, "".join(run.operands).replace("-", "")
    own = Process(machine.next_pid + 1, " ".join(run.invocation.argv), machine.user, machine.simulation.now)
    if run.busybox:
        head, form = _BUSYBOX_TABLE
    else:
        head, form = _WITH_USERS if "u" in words and "a" in words else _FULL if "f" in words else _SHORT
    rows = sorted([*_listed(run), own], key=lambda process: process.pid)
    start = machine.datetime().strftime("%H:%M")
    return run.finished([head, *(form.format(p=p, start=start, name=_base(p)) for p in rows)])


def _named(run: Run, name: str, *, full: bool = False, exact: bool = False) -> list[Process]:
    try:
        pattern = re.compile(compile_posix(name, extended=True))
    except RegexProblem:
        return []
    if exact:
        return [process for process in _listed(run) if _base(process) == name]
    return [each for each in _listed(run) if pattern.search(each.command if full else _base(each))]


@program()
def pidof(run: Run) -> Completed:
    """The pids of a program."""
    names = [word.rsplit("/", 1)[-1] for word in run.operands if not word.startswith("-")]
    pids = sorted((process.pid for name in names for process in _named(run, name, exact=True)), reverse=True)
    return Completed(" ".join(map(str, pids)) + "\n" if pids else "", "", int(not pids))


@program(usage=_USAGE, status=2)
def pgrep(run: Run) -> Completed:
    """The pids of programs whose name matches."""
    words = [word for word in run.operands if not word.startswith("-")]
    letters = "".join(word[1:] for word in run.operands if word.startswith("-"))
    if not words:
        raise run.misuse(_NO_CRITERIA)
    lines = []
    for process in _named(run, words[0], full="f" in letters, exact="x" in letters):
        shown = f" {process.command}" if "a" in letters else f" {process.command.split()[0]}" if "l" in letters else ""
        lines.append(f"{process.pid}{shown}")
    return run.finished(lines, int(not lines))


@program(usage=_USAGE, status=2)
def pkill(run: Run) -> Completed:
    """Signal programs by name; also ``killall``."""
    signal, names, full = "TERM", [], False
    words = run.operands
    while words:
        word = words.pop(0)
        if word in ("-s", "--signal") and words:
            signal = signal_name(words.pop(0)) or "TERM"
        elif word == "-f":
            full = True
        elif not word.startswith("-"):
            names.append(word)
        else:
            signal = signal_name(word[1:]) or signal
    if not names:
        raise run.misuse(_NO_CRITERIA)
    missing = []
    for name in names:
        found = _named(run, name, full=full, exact=run.name == "killall")
        missing += [] if found else [f"{name}: no process found"]
        for process in found:
            run.machine.send_signal(process.pid, signal)
    return Completed("", joined(missing) if run.name == "killall" else "", int(bool(missing)))


@program()
def kill(run: Run) -> Completed:
    """Signal processes by number."""
    words = run.operands
    signal = "TERM"
    if words[:1] == ["-l"]:
        return run.finished([" ".join(NUMBERS)])
    if words and words[0].startswith("-") and words[0] != "--":
        option = words.pop(0)
        text = words.pop(0) if option == "-s" and words else option[1:]
        signal = signal_name(text) or ""
        if not signal:
            raise Complaint(f"kill: ‘{text}’: invalid signal\n")
    if not words:
        raise Complaint("Usage:\n kill [options] <pid> [...]\n")
    for word in words:
        if not is_number(word.removeprefix("-")):
            run.complain(f"failed to parse argument: '{word}'")
        elif not run.machine.send_signal(whole_number(word), signal):
            run.complain(f"({word}): No such process")
    return run.finished()
