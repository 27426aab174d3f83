"""Programs that cut, sort and translate: cut, sort, uniq, tr, comm, column, diff, cmp."""

from __future__ import annotations

import difflib
import itertools
import re
import string

from kubesim.userland.command_line import Complaint, Run, lines_of, program
from kubesim.userland.process import Completed


def _range(run: Run, part: str) -> tuple[int, int]:
    """One range of a list of fields or characters."""
    match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
    what = "field" if run.on("f") else "byte/character"
    if match is None or not part or (run.busybox and part == "-"):
        if run.busybox:
            raise Complaint(f"cut: invalid number '{part}'\n")
        shown = f"invalid {'field value' if run.on('f') else 'byte/character position'} ‘{part}’"
        raise run.misuse(shown)
    if part == "-":
        raise run.misuse(f"invalid range with no endpoint: {part}")
    first, last = int((match[1] or "1")[:18]), int(match[3][:18]) if match[3] else 0
    if part == "0" and run.busybox:
        return 0, 0
    if (match[1] and first == 0) or (match[3] and last == 0):
        if run.busybox:
            raise Complaint(f"cut: invalid range {part}\n" if match[2] else f"cut: invalid number '{part}'\n")
        raise run.misuse("fields are numbered from 1" if run.on("f") else f"{what} positions are numbered from 1")
    if not match[2]:
        return first, first
    if match[3] and last < first:
        raise run.misuse("invalid decreasing range")
    return first, last or 10**18


@program("s", "dfcbo", "delimiter=d fields=f characters=c bytes=b output-delimiter=o only-delimited=s complement=C")
def cut(run: Run) -> Completed:
    """Fields or characters of each line."""
    spec = run.options.get("f") or run.options.get("c") or run.options.get("b")
    if not spec:
        if run.busybox:
            raise Complaint("cut: expected a list of bytes, characters, or fields\n")
        raise run.misuse("you must specify a list of bytes, characters, or fields")
    ranges = [_range(run, part) for part in re.split(r"[, ]", spec)]
    delimiter = run.options.get("d", "\t")
    if run.busybox:
        delimiter = delimiter[:1] or "\t"
    elif len(delimiter) != 1:
        raise run.misuse("the delimiter must be a single character")
    if run.on("d") and not run.on("f") and not run.busybox:
        raise run.misuse("an input delimiter makes sense\n\tonly when operating on fields")
    out = []
    for line in run.lines(wording=lambda name, reason: f"cut: {name}: {reason}"):
        if run.on("f") and delimiter not in line:
            out += [] if run.on("s") else [line]
            continue
        units = line.split(delimiter) if run.on("f") else list(line)
        kept = [unit for place, unit in enumerate(units, 1) if any(a <= place <= b for a, b in ranges)]
        out.append((run.options.get("o", delimiter) if run.on("f") else "").join(kept))
    return run.finished(out)


@program("cdui", "fs", "count=c repeated=d unique=u")
def uniq(run: Run) -> Completed:
    """Neighbouring equal lines once."""
    groups = [
        list(each) for _, each in itertools.groupby(run.lines(run.operands[:1]), str.lower if run.on("i") else None)
    ]
    kept = [each for each in groups if (not run.on("d") or len(each) > 1) and (not run.on("u") or len(each) == 1)]
    return run.finished(f"{len(each):7d} {each[0]}" if run.on("c") else each[0] for each in kept)


_CLASSES = {
    "lower": string.ascii_lowercase, "upper": string.ascii_uppercase, "digit": string.digits, "space": " \t\n\r\v\f",
    "blank": " \t", "punct": string.punctuation, "alpha": string.ascii_uppercase + string.ascii_lowercase,
    "alnum": string.digits + string.ascii_uppercase + string.ascii_lowercase, "xdigit": "0123456789ABCDEFabcdef",
}  # fmt: skip
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
            if ord(text[position]) > ord(text[position + 2]):
                shown = text[position : position + 3]
                raise Complaint(f"tr: range-endpoints of '{shown}' are in reverse collating sequence order\n")
            out += [chr(code) for code in range(ord(text[position]), ord(text[position + 2]) + 1)]
            position += 3
        else:
            out.append(text[position])
            position += 1
    return "".join(out)


@program("dscCt", long="delete=d squeeze-repeats=s complement=c", least=1)
def tr(run: Run) -> Completed:
    """Translate, delete or squeeze characters."""
    if len(run.operands) == 1 and not run.on("ds"):
        raise run.misuse(f"missing operand after ‘{run.operands[0]}’\nTwo strings must be given when translating.")
    if len(run.operands) > (1 if run.on("d") and not run.on("s") else 2):
        extra = run.operands[1 if run.on("d") and not run.on("s") else 2]
        one = "\nOnly one string may be given when deleting without squeezing repeats." if run.on("d") else ""
        raise run.misuse(f"extra operand ‘{extra}’{one}")
    try:
        first = _characters(run.operands[0])
        second = _characters(run.operands[1]) if len(run.operands) > 1 else ""
    except Complaint:
        if run.busybox:
            return Completed(run.stdin)
        raise
    complement = run.on("cC")

    def chosen(character: str) -> bool:
        return (character in first) != complement

    text = run.stdin
    if run.on("d"):
        text = "".join(character for character in text if not chosen(character))
    elif second:
        padded = second + second[-1] * max(0, len(first) - len(second))
        table = {ord(a): b for a, b in zip(reversed(first), reversed(padded[: len(first)]), strict=False)}
        text = "".join(second[-1] if chosen(c) else c for c in text) if complement else text.translate(table)
    if run.on("s"):
        squeezed = second or first
        wanted = bool(second) or not complement
        repeated = [i > 0 and text[i - 1] == c and (c in squeezed) == wanted for i, c in enumerate(text)]
        text = "".join(c for c, again in zip(text, repeated, strict=True) if not again)
    return Completed(text)


@program("t", "so", "table=t separator=s output-separator=o")
def column(run: Run) -> Completed:
    """Align columns (``-t``)."""
    rows = [line.split(run.options.get("s")) for line in run.lines() if line.strip()]
    if not run.on("t"):
        return run.finished("  ".join(row) for row in rows)
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows), default=0))]
    gap = run.options.get("o", "  ")
    return run.finished(gap.join(cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip() for row in rows)


@program("123", least=2)
def comm(run: Run) -> Completed:
    """Compare two sorted files line by line."""
    texts = [lines_of(text) for _, text in run.inputs(run.operands[:2])]
    if run.problems:
        return run.finished()
    left, right = texts
    out: list[str] = []
    unsorted = [
        file
        for file, lines in ((1, left), (2, right))
        if any(a > b for a, b in itertools.pairwise(lines)) and left != right
    ]
    i = j = 0
    while i < len(left) or j < len(right):
        if j >= len(right) or (i < len(left) and left[i] < right[j]):
            line, place, i = left[i], 1, i + 1
        elif i >= len(left) or right[j] < left[i]:
            line, place, j = right[j], 2, j + 1
        else:
            line, place, i, j = left[i], 3, i + 1, j + 1
        if not run.on(str(place)):
            out.append("\t" * sum(1 for n in range(1, place) if not run.on(str(n))) + line)
    for file in unsorted:
        run.complain(f"file {file} is not in sorted order")
    if unsorted:
        run.complain("input is not in sorted order")
    return run.finished(out)


@program("uqNrwBbi", "U", "unified=u brief=q", usage="diff: Try 'diff --help' for more information.\n", status=2)
def diff(run: Run) -> Completed:
    """Compare two files (the plain and the unified format)."""
    if len(run.operands) < 2:
        raise run.misuse(f"missing operand after '{(*run.operands, 'diff')[0]}'")
    names = run.operands[:2]
    texts = [text for _, text in run.inputs(names, lambda name, reason: f"diff: {name}: {reason}")]
    if run.problems:
        return Completed("", f"{run.problems[0]}\n", 2)
    if texts[0] == texts[1]:
        return Completed()
    if run.on("q"):
        return Completed(f"Files {names[0]} and {names[1]} differ\n", "", 1)
    left, right = lines_of(texts[0]), lines_of(texts[1])
    if run.on("uU"):
        stamp = "1970-01-01 00:00:00.000000000 +0000"
        around = run.number("U", 3, "invalid context length '{}'")
        return run.finished(difflib.unified_diff(left, right, names[0], names[1], stamp, stamp, around, ""), 1)
    out: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        out.append(f"{_span(a, b)}{ {'replace': 'c', 'delete': 'd', 'insert': 'a'}[kind] }{_span(c, d)}")
        out += [f"< {line}" for line in left[a:b]]
        out += ["---"] if kind == "replace" else []
        out += [f"> {line}" for line in right[c:d]]
    return run.finished(out, 1)


@program("slb", "in", "quiet=s silent=s verbose=l bytes=n", status=2)
def cmp(run: Run) -> Completed:
    """Compare two files byte by byte, up to the first difference."""
    if not run.operands:
        raise run.misuse("missing operand after 'cmp'")
    names = (*run.operands, "-")[:2]
    texts = [text.encode("utf-8", "surrogateescape") for _, text in run.inputs(names)]
    if run.problems:
        return run.finished(failing=2)
    left, right = texts
    same = next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    if same == len(left) == len(right):
        return Completed()
    line = left[:same].count(b"\n") + 1
    if same < min(len(left), len(right)):
        told = f"{names[0]} {names[1]} differ: {run.worded('byte', 'char')} {same + 1}, line {line}\n"
        return Completed("" if run.on("s") else told, "", 1)
    shorter = names[0] if len(left) < len(right) else names[1]
    ends_inside = not left[:same].endswith(b"\n")
    where = f"after byte {same}, {f'in line {line}' if ends_inside else f'line {line - 1}'}"
    usual = f"cmp: EOF on {shorter} {where if same else 'which is empty'}\n"
    return Completed("", "" if run.on("s") else run.worded(usual, f"cmp: EOF on {shorter}\n"), 1)


def _span(start: int, end: int) -> str:
    if end - start <= 1:
        return str(start + 1 if end > start else start)
    return f"{start + 1},{end}"
