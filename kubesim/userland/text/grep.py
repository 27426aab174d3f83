"""``grep``: lines that match."""

from __future__ import annotations

import posixpath
import re

from kubesim.userland.command_line import Complaint, Run, joined, lines_of, program
from kubesim.userland.filesystem import IS_A_DIRECTORY, FileError
from kubesim.userland.process import Completed
from kubesim.userland.regular import Regex, RegexProblem, compile_posix

_LONG = (
    "extended-regexp=E fixed-strings=F perl-regexp=P ignore-case=i invert-match=v count=c line-number=n "
    "files-with-matches=l files-without-match=L quiet=q silent=q only-matching=o no-filename=h with-filename=H "
    "no-messages=s recursive=r word-regexp=w line-regexp=x max-count=m after-context=A before-context=B context=C "
    "color=k colour=k regexp=e file=f include=j exclude=K exclude-dir=K null=Z null-data=z byte-offset=b text=a "
    "initial-tab=T binary=U label=X"
)
_USAGE = "Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n"
_NO_LENGTH = "{}: invalid context length argument"


@program("EFGPivcnlLqohHsrRwxUazbyZTI", "mABCefdDXjK", _LONG, optional="k", digits="C", usage=_USAGE, status=2)
def grep(run: Run) -> Completed:
    """Search files or standard input; also ``egrep`` and ``fgrep``."""
    patterns = [line for each in run.repeated.get("e", []) for line in each.split("\n")]
    for name in run.repeated.get("f", ()):
        patterns += _patterns_of(run, name)
    if not patterns and not run.on("ef"):
        if not run.operands:
            raise run.usage_only()
        patterns = run.operands.pop(0).split("\n")
    regex = _matcher(run, patterns)
    recursive = run.on("rR")
    titled = not run.on("h") and (run.on("H") or len(run.operands) > 1 or recursive)
    out: list[str] = []
    found = False
    for name, text in _texts(run, recursive):
        shown = "(standard input)" if name == "-" else name
        units = text.removesuffix("\0").split("\0") if run.on("z") else lines_of(text)
        hits = _one(run, units, regex, shown if titled else "", out)
        found = found or hits > 0
        if run.on("c"):
            out.append(f"{shown}:{hits}" if titled else str(hits))
        if (run.on("l") and hits) or (run.on("L") and not hits):
            out.append(shown)
    troubles = [each for each in run.problems if ": warning: " not in each]
    status = 2 if troubles and not (run.on("q") and found) else int(not found)
    told = "" if run.on("s") else joined(run.problems)
    end = "\0" if run.on("z") or (run.on("Z") and run.on("lL")) else "\n"
    shown_text = "" if run.on("q") else "".join(f"{line}{end}" for line in out)
    return Completed(shown_text, told, status, satisfied=found and run.on("qm"))


def _patterns_of(run: Run, name: str) -> list[str]:
    """``-f``: a pattern in each line of a file."""
    try:
        return lines_of(run.invocation.read(name))
    except FileError as error:
        raise Complaint(f"{run.name}: {name}: {error.reason}\n", 2) from error


def _matcher(run: Run, patterns: list[str]) -> Regex:
    extended = run.on("EP") or run.name == "egrep"
    pieces = []
    for pattern in patterns:
        if extended and pattern.startswith("*") and not run.on("P"):
            if not run.busybox:
                run.problems.insert(0, f"{run.name}: warning: * at start of expression")
            pattern = pattern.lstrip("*")
        try:
            fixed = run.on("F") or run.name == "fgrep"
            text = re.escape(pattern) if fixed else compile_posix(pattern, extended=extended)
        except RegexProblem as problem:
            if run.busybox:
                raise Complaint(f"{run.name}: bad regex '{pattern}'\n", 2) from problem
            told = "Invalid regular expression" if str(problem).startswith("Unmatched [") else str(problem)
            raise Complaint(f"{run.name}: {told}\n", 2) from problem
        if run.on("w"):
            text = rf"(?<!\w)(?:{text})(?!\w)"
        if run.on("x"):
            text = rf"\A(?:{text})\Z"
        pieces.append(f"(?:{text})")
    return Regex("|".join(pieces) or "(?!)", re.IGNORECASE if run.on("iy") else 0)


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
                directory = error.reason == IS_A_DIRECTORY
                if directory:  # it is opened, and has no line
                    found.append((name, ""))
                if not directory or not run.busybox:
                    run.complain(f"{name}: {error.reason}")
    return found


class _Shown:
    """Lines as they are shown: what stands before each, and with ``--color`` what matched in colours.

    :param title: the file's name, where it is shown.
    """

    def __init__(self, run: Run, title: str) -> None:
        self.run = run
        self.title = title
        self.colours = run.on("k") and run.options["k"] in ("always",)

    def coloured(self, text: str, colour: str) -> str:
        """A text in a colour of the terminal."""
        return f"\x1b[{colour}m\x1b[K{text}\x1b[m\x1b[K" if self.colours and text else text

    def mark(self, number: int, offset: int, sign: str) -> str:
        """File, line and byte offset, as far as they are wanted."""
        sign = self.coloured(sign, "36")
        parts = [self.coloured(self.title, "35")] if self.title else []
        parts += [self.coloured(str(number + 1), "32")] if self.run.on("n") else []
        parts += [self.coloured(str(offset), "32")] if self.run.on("b") else []
        return "".join(part + sign for part in parts)

    def line(self, text: str, regex: Regex) -> str:
        """A line with its matches in colour."""
        if not self.colours:
            return text
        out, position = "", 0
        for match in regex.finditer(text):
            out += text[position : match.start()] + self.coloured(match[0], "01;31")
            position = match.end()
        return out + text[position:]


def _one(run: Run, lines: list[str], regex: Regex, title: str, out: list[str]) -> int:
    """Search one text; how many lines matched."""
    limit = run.number("m", 2**63, "invalid max count")
    around = run.number("C", 0, _NO_LENGTH)
    trailing, leading = run.number("A", around, _NO_LENGTH), run.number("B", around, _NO_LENGTH)
    silent, only = run.on("clLq"), run.on("o")
    shown = _Shown(run, title)
    after = bool(out)
    hits = pending = offset = 0
    last = -1
    offsets: list[int] = []
    for number, line in enumerate(lines):
        offsets.append(offset)
        offset += len(line.encode("utf-8", "surrogateescape")) + 1
        matched = (regex.search(line) is not None) != run.on("v")
        if not matched or hits >= limit:
            if pending > 0:
                pending -= 1
                last = number
                if not silent and not only:
                    out.append(shown.mark(number, offsets[number], "-") + line)
                continue
            if hits >= limit:
                break
            continue
        hits += 1
        if silent:
            continue
        start = max(last + 1, number - leading)
        if (leading or trailing) and (last >= 0 or after) and start > last + 1:
            out.append(shown.coloured("--", "36"))
        if only:
            for match in regex.finditer(line) if not run.on("v") else ():
                if match[0]:
                    place = offsets[number] + len(line[: match.start()].encode("utf-8", "surrogateescape"))
                    out.append(shown.mark(number, place, ":") + shown.coloured(match[0], "01;31"))
        else:
            out += [shown.mark(n, offsets[n], "-") + lines[n] for n in range(start, number)]
            text = line if run.on("v") else shown.line(line, regex)
            out.append(shown.mark(number, offsets[number], ":") + text)
        last, pending = number, trailing
    return hits
