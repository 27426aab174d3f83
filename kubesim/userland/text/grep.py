"""``grep``: lines that match."""

from __future__ import annotations

import posixpath
import re

from kubesim.userland.command_line import Complaint, guarded, joined, lines_of, split_options
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed
from kubesim.userland.regular import Regex, RegexProblem, compile_posix

_LONG = (
    "extended-regexp=E fixed-strings=F perl-regexp=P ignore-case=i invert-match=v count=c line-number=n "
    "files-with-matches=l files-without-match=L quiet=q silent=q only-matching=o no-filename=h with-filename=H "
    "no-messages=s recursive=r word-regexp=w line-regexp=x max-count=m after-context=A before-context=B context=C "
    "color=z colour=z regexp=e include=I"
)


@guarded
def grep(invocation: Invocation) -> Completed:
    """Search files or standard input."""
    patterns: list[str] = []
    words: list[str] = []
    arguments = list(invocation.argv[1:])
    while arguments:  # -e may be repeated, which the option table does not keep
        word = arguments.pop(0)
        if word == "--":
            words += [word, *arguments]
            break
        match = re.fullmatch(r"-([a-zA-Z]*)e(.*)", word)
        if match and not re.search("[ABCmf]", match[1]) and not word.startswith("--"):
            if match[1]:
                words.append("-" + match[1])
            if match[2]:
                patterns.append(match[2])
            elif arguments:
                patterns.append(arguments.pop(0))
            continue
        words.append(f"-C{word[1:]}" if re.fullmatch(r"-\d+", word) else word)
    name = invocation.argv[0].rsplit("/", 1)[-1]
    try:
        options, operands = split_options(_with(invocation, words), "EFGPivcnlLqohHsrRwxUaz", "mABCeI", _LONG)
    except Complaint as complaint:
        usage = f"Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n"
        raise Complaint(complaint.text.split("\n")[0] + "\n" + usage, 2) from complaint
    patterns += [options["e"]] if "e" in options else []
    if not patterns:
        if not operands:
            raise Complaint(
                f"Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n", 2
            )
        patterns = operands.pop(0).split("\n")
    if name == "egrep":
        options["E"] = "E"
    if name == "fgrep":
        options["F"] = "F"
    return _search(invocation, options, _matcher(name, patterns, options), operands)


def _with(invocation: Invocation, words: list[str]) -> Invocation:
    from dataclasses import replace

    return replace(invocation, argv=(invocation.argv[0], *words))


def _matcher(name: str, patterns: list[str], options: dict[str, str]) -> Regex:
    pieces = []
    for pattern in patterns:
        try:
            text = (
                re.escape(pattern)
                if "F" in options
                else compile_posix(pattern, extended="E" in options or "P" in options)
            )
        except RegexProblem as problem:
            raise Complaint(f"{name}: {problem}\n", 2) from problem
        if "w" in options:
            text = rf"(?<!\w)(?:{text})(?!\w)"
        if "x" in options:
            text = rf"\A(?:{text})\Z"
        pieces.append(f"(?:{text})")
    return Regex("|".join(pieces), re.IGNORECASE if "i" in options else 0)


def _search(invocation: Invocation, options: dict[str, str], regex: Regex, operands: list[str]) -> Completed:
    recursive = "r" in options or "R" in options
    problems: list[str] = []
    files = _files(invocation, operands or (["."] if recursive else ["-"]), recursive, options, problems)
    titled = "h" not in options and ("H" in options or len(operands) > 1 or recursive)
    out: list[str] = []
    found = False
    for name, text in files:
        shown = "(standard input)" if name == "-" else name
        hits = _one(lines_of(text), regex, options, f"{shown}" if titled else "", out, after=bool(out))
        found = found or hits > 0
        if "c" in options:
            out.append(f"{shown}:{hits}" if titled else str(hits))
        if ("l" in options and hits) or ("L" in options and not hits):
            out.append(shown)
    status = 0 if found else 1
    if problems and not ("q" in options and found):
        status = 2
    satisfied = found and ("q" in options or "m" in options)
    return Completed(
        "" if "q" in options else joined(out), "" if "s" in options else joined(problems), status, satisfied=satisfied
    )


def _files(
    invocation: Invocation, operands: list[str], recursive: bool, options: dict[str, str], problems: list[str]
) -> list[tuple[str, str]]:
    files = invocation.machine.files
    program = invocation.argv[0].rsplit("/", 1)[-1]
    found: list[tuple[str, str]] = []
    for name in operands:
        if name == "-":
            found.append((name, invocation.stdin))
            continue
        path = absolute(name, invocation.directory)
        if recursive and files.is_directory(path):
            for each in files.walk(files.resolve(path)):
                if files.is_file(each):
                    found.append((posixpath.join(name, each[len(files.resolve(path)) :].lstrip("/")), files.read(each)))
            continue
        try:
            found.append((name, files.read(path)))
        except FileError as error:
            problems.append(f"{program}: {name}: {error.reason}")
    return found


def _one(lines: list[str], regex: Regex, options: dict[str, str], title: str, out: list[str], *, after: bool) -> int:
    limit = int(options.get("m", "-1"))
    trailing = int(options.get("A", options.get("C", "0")))
    leading = int(options.get("B", options.get("C", "0")))
    silent = any(letter in options for letter in "clLq")
    hits = 0
    last = -1
    pending = 0

    def mark(number: int, sign: str) -> str:
        return (f"{title}{sign}" if title else "") + (f"{number + 1}{sign}" if "n" in options else "")

    for number, line in enumerate(lines):
        matched = (regex.search(line) is not None) != ("v" in options)
        if not matched:
            if pending > 0:
                pending -= 1
                last = number
                if not silent:
                    out.append(mark(number, "-") + line)
            continue
        if limit >= 0 and hits >= limit:
            break
        hits += 1
        if silent:
            continue
        start = max(last + 1, number - leading)
        if (leading or trailing) and (last >= 0 or after) and start > last + 1:
            out.append("--")
        out += [mark(n, "-") + lines[n] for n in range(start, number)]
        if "o" in options:
            out += [mark(number, ":") + match[0] for match in regex.finditer(line) if match[0]]
        else:
            out.append(mark(number, ":") + line)
        last, pending = number, trailing
    return hits
