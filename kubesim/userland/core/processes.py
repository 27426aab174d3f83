"""The processes of a machine, and signals to them: ``ps``, ``pidof``, ``pgrep``, ``pkill``, ``kill``."""

from __future__ import annotations

import re

from kubesim.userland.command_line import finished, is_busybox, joined
from kubesim.userland.machine import Invocation, Process
from kubesim.userland.process import Completed
from kubesim.userland.regular import RegexProblem, compile_posix
from kubesim.userland.shell.signals import NUMBERS, signal_name


def processes(invocation: Invocation) -> list[Process]:
    """What runs on the machine, the asking program last."""
    machine = invocation.machine
    listed = machine.processes if machine.process_source is None else [*machine.processes, *machine.process_source()]
    own = Process(machine.next_pid + 1, " ".join(invocation.argv), machine.user, machine.simulation.now)
    return sorted([*listed, own], key=lambda process: process.pid)


def ps(invocation: Invocation) -> Completed:
    """The process table."""
    rows = processes(invocation)
    words = "".join(invocation.argv[1:]).replace("-", "")
    start = invocation.machine.datetime().strftime("%H:%M")
    if is_busybox(invocation):
        return Completed(
            "PID   USER     TIME  COMMAND\n" + joined([f"{p.pid:5d} {p.user:<8}  0:00 {p.command}" for p in rows])
        )
    if "u" in words and "a" in words:
        head = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
        return Completed(
            head
            + joined(
                [
                    f"{p.user:<8} {p.pid:7d}  0.0  0.1  11408  7680 ?        Ss   {start}   0:00 {p.command}"
                    for p in rows
                ]
            )
        )
    if "f" in words:
        head = "UID          PID    PPID  C STIME TTY          TIME CMD\n"
        return Completed(
            head
            + joined([f"{p.user:<8} {p.pid:7d} {p.parent:7d}  0 {start} ?        00:00:00 {p.command}" for p in rows])
        )
    names = [(p, p.command.split()[0].rsplit("/", 1)[-1].rstrip(":")) for p in rows]
    return Completed(
        "    PID TTY          TIME CMD\n" + joined([f"{p.pid:7d} ?        00:00:00 {name}" for p, name in names])
    )


def _named(invocation: Invocation, name: str, *, full: bool, exact: bool) -> list[Process]:
    try:
        pattern = re.compile(compile_posix(name, extended=True))
    except RegexProblem:
        return []
    found = []
    for process in processes(invocation)[:]:
        if process.pid == invocation.machine.next_pid + 1:
            continue
        words = process.command.split()
        base = words[0].rsplit("/", 1)[-1].rstrip(":") if words else ""
        if (exact and base == name) or (not exact and pattern.search(process.command if full else base)):
            found.append(process)
    return found


def pidof(invocation: Invocation) -> Completed:
    """The pids of a program."""
    names = [word for word in invocation.argv[1:] if not word.startswith("-")]
    pids = [
        process.pid for name in names for process in _named(invocation, name.rsplit("/", 1)[-1], full=False, exact=True)
    ]
    return Completed(" ".join(map(str, sorted(pids, reverse=True))) + "\n" if pids else "", "", int(not pids))


def pgrep(invocation: Invocation) -> Completed:
    """The pids of programs whose name matches."""
    words = [word for word in invocation.argv[1:] if not word.startswith("-")]
    letters = "".join(word[1:] for word in invocation.argv[1:] if word.startswith("-"))
    if not words:
        return Completed("", "pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n", 2)
    found = _named(invocation, words[0], full="f" in letters, exact="x" in letters)
    lines = [
        f"{p.pid} {p.command if 'a' in letters else p.command.split()[0]}" if set("la") & set(letters) else str(p.pid)
        for p in found
    ]
    return Completed(joined(lines), "", int(not found))


def pkill(invocation: Invocation) -> Completed:
    """Signal programs by name; also ``killall``."""
    program = invocation.argv[0].rsplit("/", 1)[-1]
    signal, names, full = "TERM", [], False
    words = list(invocation.argv[1:])
    while words:
        word = words.pop(0)
        if word in ("-s", "--signal") and words:
            signal = signal_name(words.pop(0)) or "TERM"
        elif word == "-f":
            full = True
        elif word.startswith("-") and signal_name(word[1:]):
            signal = signal_name(word[1:]) or "TERM"
        elif not word.startswith("-"):
            names.append(word)
    if not names:
        return Completed(
            "", f"{program}: no matching criteria specified\nTry `{program} --help' for more information.\n", 2
        )
    problems = []
    for name in names:
        found = _named(invocation, name, full=full, exact=program == "killall")
        if not found:
            problems.append(f"{name}: no process found")
        for process in found:
            invocation.machine.send_signal(process.pid, signal)
    return finished("", problems if program == "killall" else [], status=int(bool(problems)))


def kill(invocation: Invocation) -> Completed:
    """Signal processes by number."""
    words = list(invocation.argv[1:])
    signal = "TERM"
    if words and words[0] == "-l":
        return Completed(joined([" ".join(NUMBERS)]))
    if words and words[0].startswith("-") and words[0] != "--":
        option = words.pop(0)
        text = words.pop(0) if option == "-s" and words else option[1:]
        named = signal_name(text)
        if named is None:
            return Completed("", f"kill: ‘{text}’: invalid signal\n", 1)
        signal = named
    if not words:
        return Completed("", "Usage:\n kill [options] <pid> [...]\n", 1)
    problems = []
    for word in words:
        if not word.lstrip("-").isdigit():
            problems.append(f"kill: failed to parse argument: '{word}'")
        elif not invocation.machine.send_signal(int(word), signal):
            problems.append(f"kill: ({word}): No such process")
    return finished("", problems)
