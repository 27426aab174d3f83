"""Programs that run another one: ``env``, ``xargs``, ``nohup``, ``nice``, ``busybox``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kubesim.userland.bounds import Interrupted, require
from kubesim.userland.command_line import Complaint, guarded, is_busybox, joined, misuse
from kubesim.userland.machine import ExecutableNotFoundError, Invocation
from kubesim.userland.process import Completed, Running

RUNS = 20_000
"""Programs that one ``xargs`` may start."""


def start_inside(
    invocation: Invocation, words: Sequence[str], environment: Mapping[str, str] | None = None, stdin: str | None = None
) -> Completed | Running:
    """Run another program in this one's place.

    :raises ExecutableNotFoundError: where there is none.
    """
    program = invocation.machine.find(words[0], invocation.directory)
    changed = replace(
        invocation,
        argv=tuple(words),
        environment=invocation.environment if environment is None else environment,
        input=invocation.input if stdin is None else stdin,
    )
    return program(changed)


def run_inside(
    invocation: Invocation,
    words: Sequence[str],
    name: str,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Completed:
    """Run another program to its end; a missing one is this one's complaint (status 127, or 126)."""
    try:
        result = start_inside(invocation, words, environment, stdin)
    except ExecutableNotFoundError as error:
        denied = error.reason == "permission denied"
        reason = "Permission denied" if denied else "No such file or directory"
        if is_busybox(invocation):
            return Completed("", f"{name}: can't execute '{words[0]}': {reason}\n", 126 if denied else 127)
        verb = {"timeout": "failed to run command ‘{}’", "nohup": "failed to run command '{}'"}.get(
            name, "‘{}’" if name == "env" else "{}"
        )
        return Completed("", f"{name}: {verb.format(words[0])}: {reason}\n", 126 if denied else 127)
    if isinstance(result, Running):
        return Completed("".join(f"{line}\n" for line in result.log))
    return result


def env(invocation: Invocation) -> Completed:
    """Print the environment, or run a program with a changed one."""
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


@guarded
def xargs(invocation: Invocation) -> Completed:
    """Build command lines from standard input."""
    words = list(invocation.argv[1:])
    placeholder = ""
    per_run = 0
    null = trace = no_empty = False
    delimiter = ""
    while words and words[0].startswith("-") and words[0] != "--":
        word = words.pop(0)
        if word.startswith("-I"):
            placeholder = word[2:] or (words.pop(0) if words else "{}")
        elif word.startswith(("-n", "-L", "-P", "-d")):
            value = word[2:] or (words.pop(0) if words else "")
            if word[1] in "nL":
                if not value.isdigit():
                    raise Complaint(f'xargs: invalid number "{value}" for -{word[1]} option\n')
                per_run = int(value)
            elif word[1] == "d":
                delimiter = value.replace("\\n", "\n")
        elif word in ("-0", "--null"):
            null = True
        elif word in ("-t", "--verbose"):
            trace = True
        elif word in ("-r", "--no-run-if-empty"):
            no_empty = True
        else:
            raise misuse(invocation, f"invalid option -- '{word.lstrip('-')}'")
    command = words or ["echo"]
    text = invocation.stdin
    if null or delimiter:
        items = [item for item in text.removesuffix("\n" if delimiter else "").split(delimiter or "\0") if item]
    elif placeholder:
        items = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        try:
            items = shlex.split(text)
        except ValueError as error:
            raise Complaint(
                "xargs: unmatched single quote; by default quotes are special to xargs unless you use the -0 option\n"
            ) from error
    if placeholder:
        typed = "".join(command)
        require(len(typed) * len(items) + typed.count(placeholder) * sum(map(len, items)))
        runs = [[word.replace(placeholder, item) for word in command] for item in items]
    elif per_run:
        runs = [command + items[start : start + per_run] for start in range(0, len(items), per_run)]
    else:
        runs = [command + items] if items or not (no_empty or is_busybox(invocation)) else []
    out, error_text, status, seconds = "", "", 0, 0.0
    if len(runs) > RUNS:
        raise Interrupted
    for each in runs:
        if trace:
            error_text += " ".join(each) + "\n"
        done = run_inside(invocation, each, "xargs", stdin="")
        out, error_text, seconds = out + done.stdout, error_text + done.stderr, seconds + done.seconds
        if done.returncode in (126, 127):
            return Completed(out, error_text, done.returncode, seconds)
        status = 123 if done.returncode else status
    return Completed(out, error_text, status, seconds)


def passing(invocation: Invocation) -> Completed | Running:
    """``nohup``, ``nice``, ``setsid``, ``stdbuf``: run the rest of the line."""
    words = list(invocation.argv[1:])
    while words and words[0].startswith("-"):
        words.pop(0)
    name = invocation.argv[0].rsplit("/", 1)[-1]
    if not words:
        return Completed("", f"{name}: missing operand\nTry '{name} --help' for more information.\n", 125)
    return run_inside(invocation, words, name)


def busybox(invocation: Invocation) -> Completed | Running:
    """``busybox APPLET …``."""
    words = invocation.argv[1:]
    if not words:
        return Completed("BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.\n")
    try:
        return start_inside(invocation, words)
    except ExecutableNotFoundError:
        return Completed("", f"{words[0]}: applet not found\n", 127)
