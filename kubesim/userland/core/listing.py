"""What there is to know of a file: ``ls`` and ``stat``."""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime

from kubesim.userland.command_line import finished, guarded, is_busybox, joined, misuse, split_options
from kubesim.userland.filesystem import Entry, FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


def _mode(entry: Entry) -> str:
    letters = {"file": "-", "directory": "d", "link": "l"}[entry.kind]
    for shift in (6, 3, 0):
        bits = entry.mode >> shift & 7
        letters += ("r" if bits & 4 else "-") + ("w" if bits & 2 else "-") + ("x" if bits & 1 else "-")
    return letters


def _long(invocation: Invocation, path: str, name: str, human: bool) -> list[str]:
    entry = invocation.machine.files.stat(path, follow=False)
    moment = datetime.fromtimestamp(entry.modified, UTC)
    recent = 0 <= invocation.machine.datetime().timestamp() - entry.modified < 15_778_476
    stamp = moment.strftime("%b %e %H:%M") if recent else moment.strftime("%b %e  %Y")
    size = str(entry.size)
    if human and entry.size >= 1024:
        size = f"{entry.size / 1024:.1f}K"
    arrow = f" -> {entry.content}" if entry.kind == "link" else ""
    return [
        _mode(entry),
        "2" if entry.kind == "directory" else "1",
        entry.owner,
        entry.owner,
        size,
        stamp,
        name + arrow,
    ]


@guarded
def ls(invocation: Invocation) -> Completed:
    """List directories."""
    options, names = split_options(invocation, "1aAlhRdtrFGinpsS", long="all=a almost-all=A color=G")
    files = invocation.machine.files
    problems: list[str] = []
    plain: list[str] = []
    directories: list[str] = []
    for name in names or ["."]:
        try:
            entry = files.stat(absolute(name, invocation.directory))
        except FileError as error:
            text = f"ls: cannot access '{name}': {error.reason}"
            problems.append(f"ls: {name}: {error.reason}" if is_busybox(invocation) else text)
            continue
        (directories if entry.kind == "directory" and "d" not in options else plain).append(name)
    out: list[str] = []
    if plain:
        out += _listing(
            invocation, options, [(name, absolute(name, invocation.directory)) for name in sorted(plain)], total=False
        )
    titled = len(directories) + bool(plain) > 1 or bool(problems and directories) or "R" in options
    queue = sorted(directories)
    while queue:
        name = queue.pop(0)
        path = absolute(name, invocation.directory)
        entries = [(each, posixpath.join(path, each)) for each in files.list(path)]
        if not {"a", "A"} & set(options):
            entries = [each for each in entries if not each[0].startswith(".")]
        if "a" in options:
            entries = [(".", path), ("..", posixpath.dirname(files.resolve(path))), *entries]
        if titled and (len(names) > 1 or "R" in options):
            out += ([""] if out else []) + [f"{name}:"]
        out += _listing(invocation, options, entries, total="l" in options)
        if "R" in options:
            queue = [
                f"{name}/{each}" for each, where in entries if each not in (".", "..") and files.is_directory(where)
            ] + queue
    return finished(joined(out), problems, failing=1 if is_busybox(invocation) else 2)


def _listing(
    invocation: Invocation, options: dict[str, str], entries: list[tuple[str, str]], *, total: bool
) -> list[str]:
    files = invocation.machine.files
    if "t" in options:
        entries = sorted(entries, key=lambda each: -files.stat(each[1], follow=False).modified)
    if "S" in options:
        entries = sorted(entries, key=lambda each: -files.stat(each[1], follow=False).size)
    if "r" in options:
        entries = entries[::-1]
    if "l" not in options:
        names = [
            name + ("/" if {"F", "p"} & set(options) and files.is_directory(path) else "") for name, path in entries
        ]
        if invocation.terminal and "1" not in options and names and sum(len(name) + 2 for name in names) <= 80:
            return ["  ".join(names)]
        return names
    rows = [_long(invocation, path, name, "h" in options) for name, path in entries]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(6)]
    lines = [
        f"{row[0]} {row[1]:>{widths[1]}} {row[2]:<{widths[2]}} {row[3]:<{widths[3]}} "
        f"{row[4]:>{widths[4]}} {row[5]} {row[6]}"
        for row in rows
    ]
    return ([f"total {4 * len(rows)}"] if total else []) + lines


@guarded
def stat(invocation: Invocation) -> Completed:
    """Show what is known of files, by a format."""
    options, names = split_options(invocation, "L", "c", "format=c printf=c")
    if not names:
        raise misuse(invocation, "missing operand")
    out, problems = [], []
    for name in names:
        try:
            entry = invocation.machine.files.stat(absolute(name, invocation.directory), follow="L" in options)
        except FileError as error:
            problems.append(f"stat: cannot statx '{name}': {error.reason}")
            continue
        kinds = {
            "file": "regular file" if entry.size else "regular empty file",
            "directory": "directory",
            "link": "symbolic link",
        }
        moment = datetime.fromtimestamp(entry.modified, UTC).strftime("%Y-%m-%d %H:%M:%S.000000000 +0000")
        values = {
            "s": str(entry.size),
            "n": name,
            "a": f"{entry.mode:o}",
            "A": _mode(entry),
            "U": entry.owner,
            "G": entry.owner,
        }
        values |= {"F": kinds[entry.kind], "Y": str(int(entry.modified)), "y": moment, "u": "0", "g": "0", "h": "1"}
        form = options.get("c", "  File: %n\n  Size: %s\tType: %F\nAccess: (0%a/%A)\tUid: %U\tGid: %G\nModify: %y")
        text = ""
        position = 0
        while position < len(form):
            if form[position] == "%" and position + 1 < len(form):
                text += values.get(form[position + 1], "?")
                position += 2
            else:
                text += form[position]
                position += 1
        out.append(text)
    return finished(joined(out), problems)
