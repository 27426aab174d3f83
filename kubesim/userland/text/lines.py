"""Programs that pick or number lines: cat, head, tail, wc, nl, tac, rev, tee, yes, paste, fold."""

from __future__ import annotations

import re
from dataclasses import replace

from kubesim.userland.bounds import LIMIT
from kubesim.userland.command_line import (
    Complaint,
    finished,
    guarded,
    inputs,
    is_busybox,
    joined,
    lines_of,
    split_options,
)
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def cat(invocation: Invocation) -> Completed:
    """Files one after the other."""
    long = "number=n number-nonblank=b show-all=A show-ends=E show-tabs=T squeeze-blank=s"
    options, names = split_options(invocation, "nbAETsvetu", long=long)
    problems: list[str] = []
    text = "".join(content for _, content in inputs(invocation, names, problems))
    if not options:
        return finished(text, problems)
    out: list[str] = []
    number = 0
    blank = False
    for line in text.splitlines(keepends=True):
        bare, end = (line[:-1], "\n") if line.endswith("\n") else (line, "")
        if "s" in options and not bare and blank:
            continue
        blank = not bare
        if "A" in options or "T" in options or "t" in options:
            bare = bare.replace("\t", "^I")
        if end and ("A" in options or "E" in options or "e" in options):
            bare += "$"
        if ("n" in options and "b" not in options) or ("b" in options and line.strip("\n")):
            number += 1
            bare = f"{number:6d}\t{bare}"
        out.append(bare + end)
    return finished("".join(out), problems)


def _count(invocation: Invocation, options: dict[str, str], letter: str, what: str) -> tuple[str, int]:
    text = options.get(letter, "10")
    match = re.fullmatch(r"([-+]?)(\d+)([kKM]?)", text)
    if not match:
        program = invocation.argv[0]
        if is_busybox(invocation):
            raise Complaint(f"{program}: invalid number '{text}'\n")
        raise Complaint(f"{program}: invalid number of {what}: ‘{text}’\n")
    scale = {"": 1, "k": 1024, "K": 1024, "M": 1024**2}[match[3]]
    return match[1], int(match[2]) * scale


def _old_style(invocation: Invocation) -> Invocation:
    """``head -2`` means ``head -n 2``."""
    words = [invocation.argv[0]]
    for word in invocation.argv[1:]:
        old = re.fullmatch(r"-\d+", word) and words[-1] not in ("-n", "-c", "--lines", "--bytes")
        words += ["-n", word[1:]] if old else [word]
    return replace(invocation, argv=tuple(words))


def _parts(invocation: Invocation, tail: bool) -> Completed:
    invocation = _old_style(invocation)
    options, names = split_options(invocation, "qvfF", "nc", "lines=n bytes=c quiet=q follow=f verbose=v")
    letter = "c" if "c" in options else "n"
    sign, count = _count(invocation, options, letter, "bytes" if letter == "c" else "lines")
    problems: list[str] = []
    chunks: list[str] = []
    program = invocation.argv[0]

    def wording(name: str, reason: str) -> str:
        if is_busybox(invocation):
            return f"{program}: {name}: {reason}"
        if reason == "Is a directory":
            return f"{program}: error reading '{name}': {reason}"
        return f"{program}: cannot open '{name}' for reading: {reason}"

    satisfied = False
    titled = (len(names) > 1 or "v" in options) and "q" not in options
    for name, text in inputs(invocation, names, problems, wording):
        units: list[str] = list(text) if letter == "c" else text.splitlines(keepends=True)
        if tail:
            part = (
                units[count - 1 if count else 0 :]
                if sign == "+"
                else units[len(units) - count if count < len(units) else 0 :]
            )
            part = [] if sign != "+" and count == 0 else part
        else:
            part = units[: max(0, len(units) - count)] if sign == "-" else units[:count]
            satisfied = sign != "-" and len(units) > count
        gap = "\n" if chunks and titled else ""
        shown = "standard input" if name == "-" else name
        chunks.append((f"{gap}==> {shown} <==\n" if titled else "") + "".join(part))
    return replace(finished("".join(chunks), problems), satisfied=satisfied)


@guarded
def head(invocation: Invocation) -> Completed:
    """The first lines."""
    return _parts(invocation, tail=False)


@guarded
def tail(invocation: Invocation) -> Completed:
    """The last lines; with ``-f`` what is there by now."""
    return _parts(invocation, tail=True)


@guarded
def wc(invocation: Invocation) -> Completed:
    """Count lines, words, bytes."""
    options, names = split_options(invocation, "lwcmL", long="lines=l words=w bytes=c chars=m")
    wanted = [letter for letter in "lwmc" if letter in options] or list("lwc")
    problems: list[str] = []
    rows: list[tuple[list[int], str]] = []
    for name, text in inputs(invocation, names, problems):
        counts = {
            "l": text.count("\n"),
            "w": len(text.split()),
            "m": len(text),
            "c": len(text.encode("utf-8", "replace")),
        }
        rows.append(([counts[letter] for letter in wanted], name if names else ""))
    if len(names) > 1:
        rows.append(
            ([sum(column) for column in zip(*(row for row, _ in rows), strict=True)] or [0] * len(wanted), "total")
        )
    sizes = sum(numbers[-1] if wanted[-1] == "c" else 0 for numbers, _ in rows)
    if len(names) > 1 or (names and len(wanted) > 1):
        total = sum(len(text.encode()) for _, text in inputs(invocation, names, []))
        width = len(str(max(total, sizes and total)))
    else:
        width = 7 if len(wanted) > 1 else 1
    if is_busybox(invocation):
        lines = [
            " ".join([*(f"{number:9d}" for number in numbers)] if len(wanted) > 1 else map(str, numbers))
            for numbers, _ in rows
        ]
    else:
        lines = [" ".join(f"{number:{width}d}" for number in numbers) for numbers, _ in rows]
    return finished(
        joined([f"{line} {name}".rstrip(" ") if name else line for line, (_, name) in zip(lines, rows, strict=True)]),
        problems,
    )


@guarded
def nl(invocation: Invocation) -> Completed:
    """Number the lines that are not empty."""
    options, names = split_options(invocation, "", "bws")
    problems: list[str] = []
    text = "".join(content for _, content in inputs(invocation, names, problems))
    out: list[str] = []
    number = 0
    for line in lines_of(text):
        if line or options.get("b") == "a":
            number += 1
            out.append(f"{number:6d}\t{line}")
        else:
            out.append("       ")
    return finished(joined(out), problems)


@guarded
def tac(invocation: Invocation) -> Completed:
    """Lines, the last first."""
    _, names = split_options(invocation, "")
    problems: list[str] = []
    return finished("".join(joined(lines_of(text)[::-1]) for _, text in inputs(invocation, names, problems)), problems)


@guarded
def rev(invocation: Invocation) -> Completed:
    """Each line backwards."""
    _, names = split_options(invocation, "")
    problems: list[str] = []
    return finished(
        "".join(joined([line[::-1] for line in lines_of(text)]) for _, text in inputs(invocation, names, problems)),
        problems,
    )


@guarded
def tee(invocation: Invocation) -> Completed:
    """Copy standard input to files and to standard output."""
    options, names = split_options(invocation, "ai", long="append=a")
    problems: list[str] = []
    for name in names:
        try:
            invocation.machine.files.write(
                absolute(name, invocation.directory), invocation.stdin, append="a" in options
            )
        except FileError as error:
            problems.append(f"tee: {name}: {error.reason}")
    return finished(invocation.stdin, problems)


def yes(invocation: Invocation) -> Completed:
    """A line again and again: more than anything holds."""
    line = (" ".join(invocation.argv[1:]) or "y") + "\n"
    return Completed(line * (LIMIT // len(line) + 1))


@guarded
def paste(invocation: Invocation) -> Completed:
    """Lines of files side by side, or with ``-s`` the lines of one in a row."""
    options, names = split_options(invocation, "s", "d", "serial=s delimiters=d")
    delimiters = options.get("d", "\t").replace("\\n", "\n").replace("\\t", "\t") or "\0"
    problems: list[str] = []
    columns = [lines_of(text) for _, text in inputs(invocation, names, problems)]
    if "s" in options:
        out = [_delimited(column, delimiters) for column in columns]
    else:
        height = max((len(column) for column in columns), default=0)
        out = [_delimited([c[row] if row < len(c) else "" for c in columns], delimiters) for row in range(height)]
    return finished(joined(out), problems)


def _delimited(items: list[str], delimiters: str) -> str:
    text = items[0] if items else ""
    for number, item in enumerate(items[1:]):
        text += delimiters[number % len(delimiters)].replace("\0", "") + item
    return text


@guarded
def fold(invocation: Invocation) -> Completed:
    """Break long lines."""
    options, names = split_options(invocation, "sb", "w")
    width = int(options.get("w", "80"))
    problems: list[str] = []
    out = []
    for _, text in inputs(invocation, names, problems):
        for line in lines_of(text):
            out += [line[start : start + width] for start in range(0, len(line), width)] or [""]
    return finished(joined(out), problems)
