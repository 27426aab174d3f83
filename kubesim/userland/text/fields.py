"""Programs that cut, sort and translate: cut, sort, uniq, tr, comm, column, expand."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cmp_to_key

from kubesim.userland.command_line import (
    Complaint,
    finished,
    guarded,
    inputs,
    is_busybox,
    joined,
    lines_of,
    misuse,
    split_options,
)
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def cut(invocation: Invocation) -> Completed:
    """Fields or characters of each line."""
    long = "delimiter=d fields=f characters=c bytes=b output-delimiter=o only-delimited=s complement=C"
    options, names = split_options(invocation, "s", "dfcbo", long)
    spec = options.get("f") or options.get("c") or options.get("b")
    if not spec:
        raise misuse(invocation, "you must specify a list of bytes, characters, or fields")
    ranges = []
    for part in spec.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if not match or not part.strip("-"):
            raise misuse(invocation, f"invalid field value ‘{part}’")
        first = int(match[1] or 1)
        ranges.append((first, int(match[3]) if match[3] else (first if not match[2] else 10**9)))
    delimiter = options.get("d", "\t")
    problems: list[str] = []
    out = []
    for _, text in inputs(invocation, names, problems):
        for line in lines_of(text):
            if "f" in options and delimiter not in line:
                if "s" not in options:
                    out.append(line)
                continue
            units = line.split(delimiter) if "f" in options else list(line)
            kept = [unit for place, unit in enumerate(units, 1) if any(a <= place <= b for a, b in ranges)]
            out.append((options.get("o", delimiter) if "f" in options else "").join(kept))
    return finished(joined(out), problems)


def _number(text: str) -> float:
    match = re.match(r"\s*(-?\d+(?:\.\d+)?)", text)
    return float(match[1]) if match else 0.0


def _human(text: str) -> float:
    match = re.match(r"\s*(-?\d+(?:\.\d+)?)([KMGTP]?)", text)
    return float(match[1]) * 1024.0 ** " KMGTP".index(match[2] or " ") if match else 0.0


def _version(text: str) -> list[tuple[int, int, str]]:
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|\D+", text)]


def _key(spec: str, separator: str | None, flags: str) -> Callable[[str], object]:
    match = re.match(r"(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?", spec)
    if not match:
        raise Complaint(f"sort: invalid number at field start: invalid count at start of ‘{spec}’\n", 2)
    own = (match[3] or "") + (match[6] or "") or flags
    start, end = int(match[1]), int(match[4]) if match[4] else None

    def extract(line: str) -> object:
        fields = line.split(separator) if separator else re.findall(r"\s*\S+", line)
        chosen = (separator or "").join(fields[start - 1 : end])
        return _value(chosen[int(match[2] or 1) - 1 :] if match[2] else chosen, own)

    return extract


def _value(text: str, flags: str) -> object:
    if "b" in flags:
        text = text.lstrip()
    if "n" in flags:
        return _number(text)
    if "h" in flags:
        return _human(text)
    if "V" in flags:
        return _version(text)
    return text.lower() if "f" in flags else text


@guarded
def sort(invocation: Invocation) -> Completed:
    """Sort lines (in the C locale, as containers have it)."""
    long = (
        "reverse=r numeric-sort=n unique=u key=k field-separator=t ignore-case=f human-numeric-sort=h version-sort=V "
        "output=o random-sort=R stable=s"
    )
    options, names = split_options(invocation, "rnufhVRsbcdz", "kto", long)
    problems: list[str] = []

    def wording(name: str, reason: str) -> str:
        if is_busybox(invocation):
            return f"sort: {name}: {reason}"
        return (
            f"sort: cannot read: {name}: {reason}"
            if reason != "Is a directory"
            else f"sort: read failed: {name}: {reason}"
        )

    lines = [line for _, text in inputs(invocation, names, problems, wording) for line in lines_of(text)]
    if problems:
        raise Complaint(joined(problems), 2)
    flags = "".join(letter for letter in "nhVfb" if letter in options)
    key = _key(options["k"], options.get("t"), flags) if "k" in options else lambda line: _value(line, flags)
    own = re.search(r"[a-zA-Z]+$", options.get("k", ""))
    reverse = "r" in options or bool(own and "r" in own[0])

    def compare(left: str, right: str) -> int:
        a, b = key(left), key(right)
        if a == b:
            return 0 if "u" in options or "s" in options else (left > right) - (left < right)
        return 1 if a > b else -1  # type: ignore[operator]

    lines.sort(key=cmp_to_key(compare), reverse=reverse)
    if "u" in options:
        unique: list[str] = []
        for line in lines:
            if not unique or key(unique[-1]) != key(line):
                unique.append(line)
        lines = unique
    if "o" in options:
        invocation.machine.files.write(absolute(options["o"], invocation.directory), joined(lines))
        return Completed()
    return Completed(joined(lines))


@guarded
def uniq(invocation: Invocation) -> Completed:
    """Neighbouring equal lines once."""
    options, names = split_options(invocation, "cdui", "fs", "count=c repeated=d unique=u")
    problems: list[str] = []
    groups: list[tuple[str, int]] = []
    for _, text in inputs(invocation, names[:1], problems):
        for line in lines_of(text):
            same = groups and (groups[-1][0] == line or ("i" in options and groups[-1][0].lower() == line.lower()))
            if same:
                groups[-1] = (groups[-1][0], groups[-1][1] + 1)
            else:
                groups.append((line, 1))
    kept = [(line, n) for line, n in groups if ("d" not in options or n > 1) and ("u" not in options or n == 1)]
    return finished(joined([f"{n:7d} {line}" if "c" in options else line for line, n in kept]), problems)


_CLASSES = {
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "digit": "0123456789",
    "space": " \t\n\r\v\f",
    "blank": " \t",
    "punct": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}
_CLASSES["alpha"] = _CLASSES["upper"] + _CLASSES["lower"]
_CLASSES["alnum"] = _CLASSES["digit"] + _CLASSES["alpha"]
_CLASSES["xdigit"] = "0123456789ABCDEFabcdef"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _characters(text: str) -> str:
    text = re.sub(r"\[:(\w+):\]", lambda match: _CLASSES.get(match[1], ""), text)
    text = re.sub(
        r"\\([0-7]{1,3}|.)", lambda m: chr(int(m[1], 8)) if m[1].isdigit() else _ESCAPES.get(m[1], m[1]), text
    )
    out: list[str] = []
    position = 0
    while position < len(text):
        if position + 2 < len(text) and text[position + 1] == "-":
            out += [chr(code) for code in range(ord(text[position]), ord(text[position + 2]) + 1)]
            position += 3
        else:
            out.append(text[position])
            position += 1
    return "".join(out)


@guarded
def tr(invocation: Invocation) -> Completed:
    """Translate, delete or squeeze characters."""
    options, operands = split_options(invocation, "dscCt", long="delete=d squeeze-repeats=s complement=c")
    if not operands:
        raise misuse(invocation, "missing operand")
    if len(operands) == 1 and "d" not in options and "s" not in options:
        text = f"tr: missing operand after ‘{operands[0]}’\nTwo strings must be given when translating.\n"
        raise Complaint(text + "Try 'tr --help' for more information.\n")
    first = _characters(operands[0])
    second = _characters(operands[1]) if len(operands) > 1 else ""
    complement = "c" in options or "C" in options

    def chosen(character: str) -> bool:
        return (character in first) != complement

    text = invocation.stdin
    if "d" in options:
        text = "".join(character for character in text if not chosen(character))
    elif second:
        padded = second + second[-1] * max(0, len(first) - len(second))
        table = {ord(a): b for a, b in zip(reversed(first), reversed(padded[: len(first)]), strict=False)}
        text = "".join(second[-1] if chosen(c) else c for c in text) if complement else text.translate(table)
    if "s" in options:
        squeezed = second or first
        wanted = bool(second) or not complement
        repeated = [i > 0 and text[i - 1] == c and (c in squeezed) == wanted for i, c in enumerate(text)]
        text = "".join(c for c, again in zip(text, repeated, strict=True) if not again)
    return Completed(text)


@guarded
def column(invocation: Invocation) -> Completed:
    """Align columns (``-t``)."""
    options, names = split_options(invocation, "t", "so", "table=t separator=s output-separator=o")
    problems: list[str] = []
    rows = [
        line.split(options.get("s"))
        for _, text in inputs(invocation, names, problems)
        for line in lines_of(text)
        if line.strip()
    ]
    if "t" not in options:
        return finished(joined(["  ".join(row) for row in rows]), problems)
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows), default=0))]
    gap = options.get("o", "  ")
    return finished(
        joined([gap.join(cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip() for row in rows]), problems
    )


@guarded
def comm(invocation: Invocation) -> Completed:
    """Compare two sorted files line by line."""
    options, names = split_options(invocation, "123")
    if len(names) < 2:
        raise misuse(invocation, "missing operand")
    problems: list[str] = []
    texts = [lines_of(text) for _, text in inputs(invocation, names[:2], problems)]
    if problems:
        raise Complaint(joined(problems))
    left, right = texts
    out: list[str] = []
    i = j = 0
    while i < len(left) or j < len(right):
        if j >= len(right) or (i < len(left) and left[i] < right[j]):
            line, place, i = left[i], 1, i + 1
        elif i >= len(left) or right[j] < left[i]:
            line, place, j = right[j], 2, j + 1
        else:
            line, place, i, j = left[i], 3, i + 1, j + 1
        if str(place) not in options:
            out.append("\t" * sum(1 for n in range(1, place) if str(n) not in options) + line)
    return Completed(joined(out))


@guarded
def diff(invocation: Invocation) -> Completed:
    """Compare two files (the plain and the unified format)."""
    import difflib

    options, names = split_options(invocation, "uqNrwBbi", "U", "unified=u brief=q")
    if len(names) < 2:
        raise Complaint(
            f"diff: missing operand after '{(names or ['diff'])[0]}'\ndiff: Try 'diff --help' for more information.\n",
            2,
        )
    texts: list[str] = []
    for name in names[:2]:
        try:
            texts.append(
                invocation.stdin if name == "-" else invocation.machine.files.read(absolute(name, invocation.directory))
            )
        except FileError as error:
            raise Complaint(f"diff: {name}: {error.reason}\n", 2) from error
    if texts[0] == texts[1]:
        return Completed()
    if "q" in options:
        return Completed(f"Files {names[0]} and {names[1]} differ\n", "", 1)
    left, right = lines_of(texts[0]), lines_of(texts[1])
    if "u" in options or "U" in options:
        stamp = "1970-01-01 00:00:00.000000000 +0000"
        lines = difflib.unified_diff(left, right, names[0], names[1], stamp, stamp, int(options.get("U", "3")), "")
        return Completed(joined(list(lines)), "", 1)
    out: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        letter = {"replace": "c", "delete": "d", "insert": "a"}[kind]
        out.append(f"{_span(a, b)}{letter}{_span(c, d)}")
        out += [f"< {line}" for line in left[a:b]]
        if kind == "replace":
            out.append("---")
        out += [f"> {line}" for line in right[c:d]]
    return Completed(joined(out), "", 1)


def _span(start: int, end: int) -> str:
    if end - start <= 1:
        return str(start + 1 if end > start else start)
    return f"{start + 1},{end}"
