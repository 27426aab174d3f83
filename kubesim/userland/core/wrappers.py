"""Programs that run another one: ``env``, ``xargs``, ``timeout``, ``nohup``, ``nice``, ``busybox``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kubesim.turn import Interrupted
from kubesim.userland.bounds import require
from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.core.clock import time_span
from kubesim.userland.machine import ExecutableNotFoundError, Invocation
from kubesim.userland.process import PROGRAM_SECONDS, Completed, Running

RUNS = 20_000
"""Programs that one ``xargs`` may start."""
_STOPPING = frozenset({"ash", "bash", "curl", "dash", "kubectl", "ping", "sh"})
"""Programs that write as they go, so that what they wrote before a time-out is seen."""
_NOT_RUN = {"timeout": "failed to run command ‘{}’", "nohup": "failed to run command '{}'", "env": "‘{}’"}


def start_inside(
    invocation: Invocation,
    words: Sequence[str],
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    moment: float | None = None,
) -> Completed | Running:
    """Run another program in this one's place.

    :param moment: the simulated second at which it is started; None is when this one was.
    :raises ExecutableNotFoundError: where there is none.
    """
    found = invocation.machine.find(words[0], invocation.directory)
    changed = invocation._replace(
        argv=tuple(words),
        environment=invocation.environment if environment is None else environment,
        input=invocation.input if stdin is None else stdin,
    )
    if moment is not None:
        changed = changed._replace(elapsed=max(0.0, moment - invocation.machine.simulation.now))
    return found(changed)


def run_inside(
    run: Run,
    words: Sequence[str],
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    limit: float = float("inf"),
    ending: str = "TERM",
    moment: float | None = None,
) -> Completed:
    """Run another program to its end; a missing one is this one's complaint (status 127, or 126).

    :param moment: the simulated second at which it is started; None is when this program was.
    """
    invocation = run.invocation._replace(limit=min(limit, run.invocation.limit), ending=ending)
    try:
        result = start_inside(invocation, words, environment, stdin, moment)
    except ExecutableNotFoundError as error:
        denied = error.reason == "permission denied"
        verb = run.worded(_NOT_RUN.get(run.name, "{}"), "can't execute '{}'").format(words[0])
        reason = "Permission denied" if denied else "No such file or directory"
        text = f"{run.name}: {verb}: {reason}\n"
        return Completed("", text, 126 if denied else 127)
    if not isinstance(result, Running):
        return result
    done = run.finished(result.log)
    return replace(done, seconds=limit) if result.awaited and limit < float("inf") else done


@program("i", "u", "ignore-environment=i unset=u", in_order=True, status=125)
def env(run: Run) -> Completed:
    """Print the environment, or run a program with a changed one."""
    words = run.operands
    cleared = run.on("i") or words[:1] == ["-"]
    environment = {} if cleared else dict(run.invocation.environment)
    for name in run.repeated.get("u", ()):
        environment.pop(name, None)
    while words and ("=" in words[0] or words[0] == "-"):
        name, equals, value = words.pop(0).partition("=")
        environment |= {name: value} if equals else {}
    if not words:
        return run.finished(f"{name}={value}" for name, value in environment.items())
    return run_inside(run, words, environment)


_QUOTED = re.compile(r"""'([^'\n]*)'|"([^"\n]*)"|\\(.)|([^\s'"\\]+)|(\s+)|(['"])""", re.DOTALL)


def _items(text: str) -> list[str]:
    """Words at blanks, with quotes and backslashes as xargs has them.

    :raises Complaint: where a quote is not closed in its line.
    """
    found: list[str] = []
    current: str | None = None
    for match in _QUOTED.finditer(text):
        if match[6]:
            kind = "single" if match[6] == "'" else "double"
            rest = "by default quotes are special to xargs unless you use the -0 option"
            raise Complaint(f"xargs: unmatched {kind} quote; {rest}\n")
        if match[5] is not None:
            if current is not None:
                found.append(current)
            current = None
        else:
            current = (current or "") + (match[1] or match[2] or match[3] or match[4] or "")
    return found if current is None else [*found, current]


@program(
    "0trxpo",
    "InLPdsEa",
    "null=0 verbose=t no-run-if-empty=r max-args=n max-procs=P delimiter=d max-lines=L exit=x replace=I arg-file=a",
    optional="il",
    in_order=True,
)
def xargs(run: Run) -> Completed:
    """Build command lines from standard input."""
    command = run.operands or ["echo"]
    placeholder = run.options.get("I", "{}" if run.on("i") else "")
    per_run = 0
    for letter in "nL":
        if run.on(letter):
            value = run.options[letter]
            if not value.isdecimal():
                usual = f'xargs: invalid number "{value}" for -{letter} option\n'
                raise Complaint(run.worded(usual, f"xargs: invalid number '{value}'\n"))
            if not int(value[:9]):
                raise Complaint(f"xargs: value {value} for -{letter} option should be >= 1\n")
            per_run = int(value[:9])
    delimiter = run.options.get("d", "").replace("\\n", "\n").replace("\\0", "\0").replace("\\t", "\t")
    text = run.stdin
    warning = ""
    if run.on("0") or delimiter:
        end = delimiter or "\0"
        items = text.removesuffix(end).split(end) if text else []
    else:
        if "\0" in text and not run.busybox:
            warning = (
                "xargs: WARNING: a NUL character occurred in the input.  It cannot be passed through in the argument "
                "list.  Did you mean to use the --null option?\n"
            )
            text = re.sub(r"\0[^\s]*", "", text)
        items = [each for line in text.splitlines() for each in _line(line)] if placeholder else _items(text)
    if placeholder:
        typed = "".join(command)
        require(len(typed) * len(items) + typed.count(placeholder) * sum(map(len, items)))
        runs = [[command[0], *(word.replace(placeholder, item) for word in command[1:])] for item in items]
    elif run.on("L") and not run.on("n"):
        rows = [_items(line) for line in text.splitlines() if line.strip()]
        runs = [
            [*command, *itertools.chain.from_iterable(rows[start : start + per_run])]
            for start in range(0, len(rows), per_run)
        ]
    elif per_run:
        runs = [command + items[start : start + per_run] for start in range(0, len(items), per_run)]
        runs = runs or ([] if run.on("r") or run.busybox else [command])
    else:
        runs = [command + items] if items or not (run.on("r") or run.busybox) else []
    if len(runs) > RUNS:
        raise Interrupted
    return _run_all(run, runs, warning)


def _line(line: str) -> list[str]:
    """What ``-I`` puts in: a whole line without blanks before it, quotes taken away."""
    stripped = line.lstrip(" \t")
    return ["".join(_items(stripped.replace(" ", "\\ ").replace("\t", "\\\t")))] if stripped else []


def _run_all(run: Run, runs: Sequence[Sequence[str]], error_text: str) -> Completed:
    out, status, seconds, began = "", 0, 0.0, run.began
    for each in runs:
        if run.on("t"):
            error_text += " ".join(each) + "\n"
        done = run_inside(run, each, stdin="", moment=began + seconds)
        out, error_text = out + done.stdout, error_text + done.stderr
        seconds += done.seconds or PROGRAM_SECONDS
        require(len(out) + len(error_text))
        if done.returncode in (126, 127) and done.stderr.startswith("xargs:"):
            return Completed(out, error_text, done.returncode, seconds)
        if done.returncode == 255:
            told = f"xargs: {each[0]}: exited with status 255; aborting\n"
            return Completed(out, error_text + told, 124, seconds)
        if done.returncode > 128:
            told = f"xargs: {each[0]}: terminated by signal {done.returncode - 128}\n"
            return Completed(out, error_text + told, 125, seconds)
        status = 123 if done.returncode else status
    return Completed(out, error_text, status, seconds)


@program(
    "fpvt",
    "sk",
    "signal=s kill-after=k foreground=f preserve-status=p verbose=v",
    in_order=True,
    least=2,
    status=125,
)
def timeout(run: Run) -> Completed:
    """Run a program for so long at most."""
    span, *words = run.operands
    limit = time_span(span)
    if limit is None:
        raise run.misuse(f"invalid time interval ‘{span}’")
    limit = limit or float("inf")  # as timeout has it, 0 is no limit
    ending = run.options.get("s", "TERM").upper().removeprefix("SIG")
    done = run_inside(run, words, limit=limit, ending={"2": "INT", "9": "KILL", "15": "TERM"}.get(ending, ending))
    if done.seconds < limit and not done.stopped:
        return done
    if words[0].rsplit("/", 1)[-1] not in _STOPPING:  # killed before its buffer was written
        done = Completed()
    seconds = done.seconds if done.stopped else limit  # one that noticed has let its time pass
    return Completed(done.stdout, done.stderr, 143 if run.busybox else 124, seconds)


@program(
    "wfc",
    "nioe",
    "adjustment=n input=i output=o error=e wait=w fork=f ctty=c",
    digits="n",
    in_order=True,
    least=1,
    status=125,
)
def passing(run: Run) -> Completed:
    """``nohup``, ``nice``, ``setsid``, ``stdbuf``: run the rest of the line."""
    return run_inside(run, run.operands)


@program()
def busybox(run: Run) -> Completed | Running:
    """``busybox APPLET …``."""
    words = run.operands
    if not words:
        return Completed("BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.\n")
    try:
        return start_inside(run.invocation, words)
    except ExecutableNotFoundError:
        return Completed("", f"{words[0]}: applet not found\n", 127)
