"""What there is to know of files and paths: ``ls``, ``stat``, ``basename``, ``dirname``, ``readlink``."""

from __future__ import annotations

import posixpath
import re
from datetime import UTC, datetime

from kubesim.userland.command_line import Run, program
from kubesim.userland.filesystem import Entry, FileError
from kubesim.userland.process import Completed

RECENT_SECONDS = 15_778_476
"""Half a year: ``ls -l`` shows the time of day of what was changed since."""


def _mode(entry: Entry) -> str:
    letters = {"file": "-", "directory": "d", "link": "l"}[entry.kind]
    for shift in (6, 3, 0):
        letters += "".join("-rwx"[number * bool(entry.mode >> shift & 8 >> number)] for number in (1, 2, 3))
    return letters


def _long(run: Run, path: str, name: str) -> list[str]:
    entry = run.files.stat(path, follow=False)
    moment = datetime.fromtimestamp(entry.modified, UTC)
    recent = 0 <= run.machine.datetime().timestamp() - entry.modified < RECENT_SECONDS
    stamp = moment.strftime("%b %e %H:%M" if recent else "%b %e  %Y")
    size = f"{entry.size / 1024:.1f}K" if run.on("h") and entry.size >= 1024 else str(entry.size)
    arrow = f" -> {entry.content}" if entry.kind == "link" else ""
    links = "2" if entry.kind == "directory" else "1"
    return [_mode(entry), links, entry.owner, entry.owner, size, stamp, name + arrow]


@program(
    "1aAlhRdtrFGinpsSCxmkgoqQUvXcufDNLHZbB",
    "Iw",
    "all=a almost-all=A color=G recursive=R reverse=r directory=d",
    status=2,
)
def ls(run: Run) -> Completed:
    """List directories."""
    files = run.files
    plain: list[str] = []
    directories: list[str] = []
    for name in run.operands or ["."]:
        with run.trying(run.worded(f"cannot access '{name}'", name)):
            entry = files.stat(run.path(name))
            (directories if entry.kind == "directory" and not run.on("d") else plain).append(name)
    out = _listing(run, [(name, run.path(name)) for name in sorted(plain)]) if plain else []
    queue = sorted(directories)
    while queue:
        name = queue.pop(0)
        path = run.path(name)
        entries = [(each, posixpath.join(path, each)) for each in files.list(path)]
        if not run.on("aA"):
            entries = [each for each in entries if not each[0].startswith(".")]
        if run.on("a"):
            entries = [(".", path), ("..", posixpath.dirname(files.resolve(path))), *entries]
        if len(run.operands) > 1 or run.on("R"):
            out += ([""] if out else []) + [f"{name}:"]
        shown = _listing(run, entries)
        out += [f"total {4 * len(shown)}", *shown] if run.on("l") else shown
        if run.on("R"):
            inner = [each for each, where in entries if each not in (".", "..") and files.is_directory(where)]
            queue = [*(f"{name}/{each}" for each in inner), *queue]
    return run.finished(out, failing=1 if run.busybox else 2)


def _listing(run: Run, entries: list[tuple[str, str]]) -> list[str]:
    files = run.files
    if run.on("t"):
        entries = sorted(entries, key=lambda each: -files.stat(each[1], follow=False).modified)
    if run.on("S"):
        entries = sorted(entries, key=lambda each: -files.stat(each[1], follow=False).size)
    if run.on("r"):
        entries = entries[::-1]
    if not run.on("l"):
        names = [name + ("/" if run.on("Fp") and files.is_directory(path) else "") for name, path in entries]
        if run.invocation.terminal and not run.on("1") and names and sum(len(name) + 2 for name in names) <= 80:
            return ["  ".join(names)]
        return names
    rows = [_long(run, path, name) for name, path in entries]
    links, owner, group, size = (max((len(row[column]) for row in rows), default=0) for column in (1, 2, 3, 4))
    return [
        f"{row[0]} {row[1]:>{links}} {row[2]:<{owner}} {row[3]:<{group}} {row[4]:>{size}} {row[5]} {row[6]}"
        for row in rows
    ]


@program("L", "c", "format=c printf=c", least=1)
def stat(run: Run) -> Completed:
    """Show what is known of files, by a format."""
    form = run.options.get("c", "  File: %n\n  Size: %s\tType: %F\nAccess: (0%a/%A)\tUid: %U\tGid: %G\nModify: %y")
    out: list[str] = []
    for name in run.operands:
        with run.trying(run.worded(f"cannot statx '{name}'", f"can't stat '{name}'")):
            entry = run.files.stat(run.path(name), follow=run.on("L"))
            kinds = {"file": "regular file" if entry.size else "regular empty file", "link": "symbolic link"}
            values = {"s": str(entry.size), "n": name, "a": f"{entry.mode:o}", "A": _mode(entry), "U": entry.owner}
            values |= {"G": entry.owner, "F": kinds.get(entry.kind, entry.kind), "Y": str(int(entry.modified))}
            values |= {"y": f"{datetime.fromtimestamp(entry.modified, UTC):%Y-%m-%d %H:%M:%S}.000000000 +0000"}
            values |= {"u": "0", "g": "0", "h": "1"}
            out.append("".join(_filled(values, piece) for piece in re.split("(%.)", form, flags=re.DOTALL)))
    return run.finished(out)


def _filled(values: dict[str, str], piece: str) -> str:
    return values.get(piece[1], "?") if piece[:1] == "%" and len(piece) == 2 else piece


@program("a", "s", least=1)
def basename(run: Run) -> Completed:
    """The last component of a path."""
    name, suffix = (*run.operands, "")[:2]
    base = posixpath.basename(name.rstrip("/")) or "/"
    return Completed(f"{base.removesuffix(suffix) if base != suffix else base}\n")


@program("z", least=1)
def dirname(run: Run) -> Completed:
    """All but the last component of a path."""
    return run.finished(posixpath.dirname(name.rstrip("/")) or "." for name in run.operands)


@program("femnqsz", least=1)
def readlink(run: Run) -> Completed:
    """Where a link leads; with ``-f``, and as ``realpath``, the whole path without links."""
    files = run.files
    out: list[str] = []
    failed = 0
    for name in run.operands:
        path = run.path(name)
        if run.name != "realpath" and not run.on("fe"):
            try:
                entry = files.stat(path, follow=False)
            except FileError:
                entry = Entry()
            if entry.kind != "link":
                return Completed(returncode=1)
            out.append(entry.content)
        elif files.exists(posixpath.dirname(path) or "/") and (not run.on("e") or files.exists(path)):
            out.append(files.resolve(path))
        else:
            failed = 1
            if run.name == "realpath":
                run.complain(f"{name}: No such file or directory")
    return run.finished(out, failed)
