"""``grep``: lines that match."""

from __future__ import annotations

import posixpath
import re

from kubesim.userland.command_line import Complaint, Run, joined, lines_of, program
from kubesim.userland.filesystem import FileError
from kubesim.userland.process import Completed
from kubesim.userland.regular import Regex, RegexProblem, compile_posix

_LONG = (
    "extended-regexp=E fixed-strings=F perl-regexp=P ignore-case=i invert-match=v count=c line-number=n "
    "files-with-matches=l files-without-match=L quiet=q silent=q only-matching=o no-filename=h with-filename=H "
    "no-messages=s recursive=r word-regexp=w line-regexp=x max-count=m after-context=A before-context=B context=C "
    "color=z colour=z regexp=e include=I"
)
_USAGE = "Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n"
_NO_LENGTH = "{}: invalid context length argument"


@program("EFGPivcnlLqohHsrRwxUaz", "mABCeI", _LONG, digits="C", usage=_USAGE, status=2)
def grep(run: Run) -> Completed:
    """Search files or standard input; also ``egrep`` and ``fgrep``."""
    patterns = run.repeated.get("e", [])
    if not patterns:
        if not run.operands:
            raise Complaint(_USAGE.format(name=run.name), 2)
        patterns = run.operands.pop(0).split("\n")
    regex = _matcher(run, patterns)
    recursive = run.on("rR")
    titled = not run.on("h") and (run.on("H") or len(run.operands) > 1 or recursive)
    out: list[str] = []
    found = False
    for name, text in _texts(run, recursive):
        shown = "(standard input)" if name == "-" else name
        hits = _one(run, lines_of(text), regex, shown if titled else "", out)
        found = found or hits > 0
        if run.on("c"):
            out.append(f"{shown}:{hits}" if titled else str(hits))
        if (run.on("l") and hits) or (run.on("L") and not hits):
            out.append(shown)
    status = 2 if run.problems and not (run.on("q") and found) else int(not found)
    told = "" if run.on("s") else joined(run.problems)
    return Completed("" if run.on("q") else joined(out), told, status, satisfied=found and run.on("qm"))


def _matcher(run: Run, patterns: list[str]) -> Regex:
    extended = run.on("EP") or run.name == "egrep"
    pieces = []
    for pattern in patterns:
        try:
            fixed = run.on("F") or run.name == "fgrep"
            text = re.escape(pattern) if fixed else compile_posix(pattern, extended=extended)
        except RegexProblem as problem:
            raise Complaint(f"{run.name}: {problem}\n", 2) from problem
        if run.on("w"):
            text = rf"(?<!\w)(?:{text})(?!\w)"
        if run.on("x"):
            text = rf"\A(?:{text})\Z"
        pieces.append(f"(?:{text})")
    return Regex("|".join(pieces), re.IGNORECASE if run.on("i") else 0)


def _texts(run: Run, recursive: bool) -> list[tuple[str, str]]:
    """What is searched, by name: everything below a directory where it is recursive."""
    found: list[tuple[str, str]] = []
    for name in run.operands or (["."] if recursive else ["-"]):
        path = run.path(name)
        if name == "-":
            found.append((name, run.stdin))
        elif recursive and run.files.is_directory(path):
            start = run.files.resolve(path)
            below = [each for each in run.files.walk(start) if run.files.is_file(each)]
            found += [(posixpath.join(name, each[len(start) :].lstrip("/")), run.files.read(each)) for each in below]
        else:
            try:
                found.append((name, run.files.read(path)))
            except FileError as error:
                run.complain(f"{name}: {error.reason}")
    return found


def _one(run: Run, lines: list[str], regex: Regex, title: str, out: list[str]) -> int:
    """Search one text; how many lines matched."""
    limit = run.number("m", 2**63, "invalid max count")
    around = run.number("C", 0, _NO_LENGTH)
    trailing, leading = run.number("A", around, _NO_LENGTH), run.number("B", around, _NO_LENGTH)
    silent = run.on("clLq")
    after = bool(out)
    hits = pending = 0
    last = -1

    def mark(number: int, sign: str) -> str:
        return (f"{title}{sign}" if title else "") + (f"{number + 1}{sign}" if run.on("n") else "")

    for number, line in enumerate(lines):
        matched = (regex.search(line) is not None) != run.on("v")
        if not matched:
            if pending > 0:
                pending -= 1
                last = number
                if not silent:
                    out.append(mark(number, "-") + line)
            continue
        if hits >= limit:
            break
        hits += 1
        if silent:
            continue
        start = max(last + 1, number - leading)
        if (leading or trailing) and (last >= 0 or after) and start > last + 1:
            out.append("--")
        out += [mark(n, "-") + lines[n] for n in range(start, number)]
        if run.on("o"):
            out += [mark(number, ":") + match[0] for match in regex.finditer(line) if match[0]]
        else:
            out.append(mark(number, ":") + line)
        last, pending = number, trailing
    return hits
