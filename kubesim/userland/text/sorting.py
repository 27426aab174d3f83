"""``sort``: lines in the order of their keys, in the C locale as containers have it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any, NamedTuple

from kubesim.userland.command_line import Complaint, Run, lines_of, program
from kubesim.userland.numerals import whole_number
from kubesim.userland.process import Completed

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_KEY = re.compile(r"(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?")
_KINDS = "gMhnRV"


class Key(NamedTuple):
    """What lines are compared by: a part of each, and how.

    :param start: the field that it begins in, counted from 1, and the character in it; ``end`` is where it ends.
    """

    start: tuple[int, int]
    end: tuple[int, int] | None
    flags: str
    own: bool
    """Whether it has flags of its own; one without takes those of the whole."""

    def part(self, line: str, separator: str | None) -> str:
        """The key's part of a line."""
        spans = _fields(line, separator)
        field, place = self.start
        if field > len(spans):
            return ""
        begin = spans[field - 1][0]
        if "b" in self.flags:
            begin += len(line[begin : spans[field - 1][1]]) - len(line[begin : spans[field - 1][1]].lstrip(" \t"))
        begin = min(begin + max(place, 1) - 1, len(line))
        stop = len(line)
        if self.end is not None and self.end[0] <= len(spans):
            last = spans[self.end[0] - 1]
            stop = last[1] if not self.end[1] else min(last[0] + self.end[1], len(line))
        return line[begin:stop]


def _fields(line: str, separator: str | None) -> list[tuple[int, int]]:
    """Where each field begins and ends; without a separator blanks belong to the field behind them."""
    if separator is None:
        return [match.span() for match in re.finditer(r"[ \t]*[^ \t]+|[ \t]+$", line)]
    found: list[tuple[int, int]] = []
    start = 0
    while True:
        end = line.find(separator, start)
        if end < 0:
            return [*found, (start, len(line))]
        found.append((start, end))
        start = end + 1


def _value(text: str, flags: str) -> Any:
    """What is compared."""
    if "n" in flags:
        match = re.match(r"[ \t]*(-?\d*(?:\.\d+)?)", text)
        return float(match[1]) if match and match[1] not in ("", "-") else 0.0
    if "g" in flags:
        match = re.match(r"\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf|nan)", text, re.IGNORECASE)
        return float(match[0]) if match else float("-inf")
    if "h" in flags:
        match = re.match(r"[ \t]*(-?)(\d+(?:\.\d+)?|\.\d+)([KkMGTPEZY]?)", text)
        if not match:
            return (0, 0.0)
        power = " KMGTPEZY".index(match[3].upper() or " ") * (1 if match[1] == "" else -1)
        return (power, float(match[1] + match[2]))
    if "M" in flags:
        name = text.strip()[:3].upper()
        return _MONTHS.index(name) + 1 if name in _MONTHS else 0
    if "V" in flags:
        return [(1, int(part[:18]), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|\D+", text)]
    if "d" in flags:
        text = re.sub(r"[^A-Za-z0-9 \t]", "", text)
    if "i" in flags:
        text = "".join(character for character in text if character.isprintable())
    return text.upper() if "f" in flags else text


def _keys(run: Run, whole: str) -> list[Key]:
    keys = []
    for spec in run.repeated.get("k", ()):
        match = _KEY.fullmatch(spec)
        if match is None or whole_number(match[1]) == 0:
            zero = match is not None
            reason = "field number is zero" if zero else "invalid number at field start"
            detail = f"invalid field specification ‘{spec}’" if zero else f"invalid count at start of ‘{spec}’"
            text = f"sort: {detail}: {reason}\n" if zero else f"sort: {reason}: {detail}\n"
            raise Complaint(run.worded(text, "sort: bad field specification\n"), 2)
        own = (match[3] or "") + (match[6] or "")
        flags = own or whole
        end = (whole_number(match[4]), whole_number(match[5] or "0")) if match[4] else None
        keys.append(Key((whole_number(match[1]), whole_number(match[2] or "1")), end, flags, bool(own)))
    return keys


def _comparison(run: Run) -> Callable[[str, str], int]:
    whole = "".join(letter for letter in "bdfghiMnRrV" if run.on(letter))
    kinds = sorted(set(_KINDS) & set(whole))
    if len(kinds) > 1:
        raise Complaint(
            run.worded(f"sort: options '-{''.join(kinds)}' are incompatible\n", "sort: unknown sort type\n"), 2
        )
    keys = _keys(run, whole)
    separator = run.options.get("t")
    if separator is not None and len(separator) != 1:
        separator = {"\\0": "\0", "\\t": "\t"}.get(separator)
        if separator is None:
            shown = run.options["t"]
            raise Complaint(f"sort: multi-character tab ‘{shown}’\n" if shown else "sort: empty tab\n", 2)

    def order(left: str, right: str, flags: str) -> int:
        a, b = _value(left, flags), _value(right, flags)
        return (int(a > b) - int(a < b)) * (-1 if "r" in flags else 1)

    def compare(left: str, right: str) -> int:
        for key in keys:
            found = order(key.part(left, separator), key.part(right, separator), key.flags)
            if found:
                return found
        if not keys:
            found = order(left, right, whole)
            if found:
                return found
        if run.on("su"):
            return 0
        return ((left > right) - (left < right)) * (-1 if run.on("r") else 1)

    return compare


@program(
    "rnufhVRsbcdzgMimC",
    "ktoTS",
    "reverse=r numeric-sort=n unique=u key=k field-separator=t ignore-case=f human-numeric-sort=h version-sort=V "
    "output=o random-sort=R stable=s check=c dictionary-order=d general-numeric-sort=g month-sort=M merge=m "
    "ignore-leading-blanks=b zero-terminated=z",
    status=2,
)
def sort(run: Run) -> Completed:
    """Sort lines."""

    def wording(name: str, reason: str) -> str:
        usual = "read failed: " if reason == "Is a directory" else "cannot read: "
        return f"sort: {run.worded(usual, '')}{name}: {reason}"

    compare = _comparison(run)
    end = "\0" if run.on("z") else "\n"
    texts = list(run.inputs(wording=wording))
    if run.problems:
        return run.finished(failing=2)
    lines = [
        line for _, text in texts for line in (text.removesuffix("\0").split("\0") if run.on("z") else lines_of(text))
    ]
    if run.on("cC"):
        return _checked(run, lines, compare)
    lines.sort(key=cmp_to_key(compare))
    if run.on("u"):
        kept = lines[:1]
        for line in lines[1:]:
            if compare(kept[-1], line):
                kept.append(line)
        lines = kept
    out = "".join(f"{line}{end}" for line in lines)
    if run.on("o"):
        with run.trying("open failed"):
            run.files.write(run.path(run.options["o"]), out)
        return run.finished(failing=2)
    return run.finished(out)


def _checked(run: Run, lines: list[str], compare: Callable[[str, str], int]) -> Completed:
    """``-c``: whether lines are in order already."""
    for number in range(1, len(lines)):
        found = compare(lines[number - 1], lines[number])
        if found > 0 or (found == 0 and run.on("u")):
            name = (*run.operands, "-")[0]
            told = f"sort: {name}:{number + 1}: disorder: {lines[number]}\n"
            return Completed("", "" if run.on("C") else run.worded(told, f"Check line {number}\n"), 1)
    return Completed()
