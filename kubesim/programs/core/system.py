"""Programs about the machine: date, hostname, env, id, uname, sleep, ps, kill, pidof, pkill and their like."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from kubesim.programs.files_text import Complaint, finished, guarded, is_busybox, joined, split_options
from kubesim.programs.filesystem import absolute
from kubesim.programs.machine import ExecutableNotFoundError, Process
from kubesim.programs.process import Completed, Invocation
from kubesim.programs.shell.signals import NUMBERS, signal_name


@guarded
def sleep(invocation: Invocation) -> Completed:
    """Let time pass: the one program that takes exactly as long as it says."""
    _, words = split_options(invocation, "")
    if not words:
        raise Complaint("sleep: missing operand\nTry 'sleep --help' for more information.\n")
    total = 0.0
    for word in words:
        match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)|(infinity|inf)", word)
        if not match:
            if is_busybox(invocation):
                raise Complaint(f"sleep: invalid number '{word}'\n")
            raise Complaint(f"sleep: invalid time interval ‘{word}’\nTry 'sleep --help' for more information.\n")
        if match[3]:
            return Completed(seconds=10.0 * 365 * 86_400)
        total += float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
    return Completed(seconds=total)


def true(invocation: Invocation) -> Completed:
    """Do nothing, successfully."""
    return Completed()


def false(invocation: Invocation) -> Completed:
    """Do nothing, unsuccessfully."""
    return Completed(returncode=1)


@guarded
def date(invocation: Invocation) -> Completed:
    """The simulated date, in UTC."""
    long = {"utc": "u", "date": "d", "iso-8601": "I", "rfc-3339": "J", "universal": "u", "rfc-email": "R"}
    words = list(invocation.argv[1:])
    iso = next((word for word in words if word.startswith(("-I", "--iso-8601"))), None)
    if iso:
        words.remove(iso)
    from dataclasses import replace

    options, operands = split_options(replace(invocation, argv=("date", *words)), "uR", "dsr", long)
    moment = invocation.machine.datetime(invocation.elapsed)
    if "d" in options:
        parsed = _parse_date(options["d"], moment)
        if parsed is None:
            raise Complaint(f"date: invalid date ‘{options['d']}’\n")
        moment = parsed
    if "s" in options:
        raise Complaint("date: cannot set date: Operation not permitted\n")
    form = "%a %b %e %H:%M:%S UTC %Y"
    if iso:
        form = "%Y-%m-%dT%H:%M:%S+00:00" if "s" in iso[2:] else "%Y-%m-%d"
    if "R" in options:
        form = "%a, %d %b %Y %H:%M:%S +0000"
    for operand in operands:
        if not operand.startswith("+"):
            raise Complaint(f"date: invalid date ‘{operand}’\n")
        form = operand[1:]
    return Completed(_formatted(moment, form) + "\n")


def _formatted(moment: datetime, form: str) -> str:
    special = {
        "s": str(int(moment.timestamp())),
        "N": f"{moment.microsecond * 1000:09d}",
        "Z": "UTC",
        "z": "+0000",
        "n": "\n",
        "t": "\t",
        "k": f"{moment.hour:2d}",
        "P": moment.strftime("%p").lower(),
        "F": moment.strftime("%Y-%m-%d"),
        "T": moment.strftime("%H:%M:%S"),
        "3N": f"{moment.microsecond // 1000:03d}",
    }

    def one(match: re.Match[str]) -> str:
        if match[1] in special:
            return special[match[1]]
        return moment.strftime(f"%{match[1]}") if match[1] in "aAbBcCdDegGhHIjmMpRrSuUVwWxXyY%" else match[0]

    return re.sub(r"%(3N|.)", one, form)


def _parse_date(text: str, now: datetime) -> datetime | None:
    if re.fullmatch(r"@\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text[1:]), UTC)
    match = re.fullmatch(r"([-+]?\d+) (second|minute|hour|day|week)s?( ago)?", text)
    if match:
        amount = int(match[1]) * (-1 if match[3] else 1)
        return now + timedelta(**{f"{match[2]}s": amount})
    named = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
    if text in named:
        return now + timedelta(days=named[text])
    try:
        parsed = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@guarded
def hostname(invocation: Invocation) -> Completed:
    """The machine's name; ``-i`` and ``-I`` its addresses, ``-f`` its full name."""
    options, names = split_options(
        invocation, "ifsdIaA", long={"ip-address": "i", "fqdn": "f", "all-ip-addresses": "I"}
    )
    machine = invocation.machine
    if names:
        raise Complaint("hostname: you must be root to change the host name\n")
    if "i" in options or "I" in options:
        return Completed(machine.sockets.address + (" \n" if "I" in options else "\n"))
    if "d" in options:
        return Completed("\n")
    if "f" in options:
        for line in machine.files.read("/etc/hosts").splitlines() if machine.files.is_file("/etc/hosts") else []:
            words = line.partition("#")[0].split()
            if machine.hostname in words[1:]:
                return Completed(f"{words[1]}\n")
    return Completed(f"{machine.hostname}\n")


def env(invocation: Invocation) -> Completed:
    """Print the environment, or run a program with a changed one."""
    from kubesim.programs.core.wrappers import run_inside

    words = list(invocation.argv[1:])
    environment = dict(invocation.environment)
    while words and (words[0].startswith("-") or "=" in words[0]):
        word = words.pop(0)
        if word in ("-i", "-", "--ignore-environment"):
            environment = {}
        elif word in ("-u", "--unset") and words:
            environment.pop(words.pop(0), None)
        elif word == "--":
            break
        elif "=" in word and not word.startswith("-"):
            name, _, value = word.partition("=")
            environment[name] = value
        else:
            return Completed(
                "", f"env: invalid option -- '{word.lstrip('-')}'\nTry 'env --help' for more information.\n", 125
            )
    if not words:
        return Completed(joined([f"{name}={value}" for name, value in environment.items()]))
    return run_inside(invocation, words, "env", environment)


def printenv(invocation: Invocation) -> Completed:
    """Print environment variables."""
    names = [word for word in invocation.argv[1:] if not word.startswith("-")]
    if not names:
        return Completed(joined([f"{name}={value}" for name, value in invocation.environment.items()]))
    found = [invocation.environment[name] for name in names if name in invocation.environment]
    return Completed(joined(found), "", int(len(found) < len(names)))


_USERS = {"root": 0, "nginx": 101, "curl_user": 100, "nobody": 65534}


@guarded
def identity(invocation: Invocation) -> Completed:
    """``id``."""
    options, names = split_options(invocation, "ugnGr")
    user = names[0] if names else invocation.machine.user
    if user not in _USERS:
        raise Complaint(f"id: ‘{user}’: no such user\n")
    number = _USERS[user]
    shown = user if "n" in options else str(number)
    if {"u", "g", "G"} & set(options):
        return Completed(f"{shown}\n")
    return Completed(f"uid={number}({user}) gid={number}({user}) groups={number}({user})\n")


def whoami(invocation: Invocation) -> Completed:
    """The user's name."""
    return Completed(f"{invocation.machine.user}\n")


@guarded
def uname(invocation: Invocation) -> Completed:
    """The kernel."""
    long = {
        "all": "a",
        "kernel-name": "s",
        "nodename": "n",
        "kernel-release": "r",
        "machine": "m",
        "operating-system": "o",
    }
    options, _ = split_options(invocation, "asnrvmpio", long=long)
    machine = invocation.machine
    version = "#63-Ubuntu SMP PREEMPT_DYNAMIC Tue Apr 15 19:04:15 UTC 2025"
    values = {"s": "Linux", "n": machine.hostname, "r": machine.kernel, "v": version, "m": "x86_64", "o": "GNU/Linux"}
    letters = values if "a" in options else [letter for letter in values if letter in options] or ["s"]
    return Completed(" ".join(values[letter] for letter in letters) + "\n")


def which(invocation: Invocation) -> Completed:
    """Where programs are."""
    out = []
    status = 0
    for name in invocation.argv[1:]:
        if name.startswith("-"):
            continue
        try:
            invocation.machine.find(name, invocation.directory)
        except ExecutableNotFoundError:
            status = 1
            continue
        out.append(name if "/" in name else _place(invocation, name))
    return Completed(joined(out), "", status)


def _place(invocation: Invocation, name: str) -> str:
    for directory in ("/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        if invocation.machine.files.exists(absolute(name, directory)):
            return f"{directory}/{name}"
    return f"/usr/bin/{name}"


# --- processes ----------------------------------------------------------------------------------------------------


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
    found = []
    for process in processes(invocation)[:]:
        if process.pid == invocation.machine.next_pid + 1:
            continue
        words = process.command.split()
        base = words[0].rsplit("/", 1)[-1].rstrip(":") if words else ""
        try:
            if (exact and base == name) or (not exact and re.search(name, process.command if full else base)):
                found.append(process)
        except re.error:
            continue
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


def nproc(invocation: Invocation) -> Completed:
    """How many processors."""
    return Completed("4\n")


def refuse_reboot(invocation: Invocation) -> Completed:
    """``reboot``, ``shutdown``, ``poweroff``: a Pod cannot, and a node of the course is not rebooted from its shell."""
    name = invocation.argv[0].rsplit("/", 1)[-1]
    return Completed("", f"{name}: Operation not permitted\n", 1)


def watch(invocation: Invocation) -> Completed:
    """``watch`` needs a terminal that it can redraw."""
    return Completed("", "Error opening terminal: unknown.\n", 1)
