"""Programs that cut, sort and translate: cut, sort, uniq, tr, comm, column, diff."""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Callable
from functools import cmp_to_key
from itertools import groupby

from kubesim.userland.command_line import Complaint, Run, lines_of, program
from kubesim.userland.process import Completed


@program("s", "dfcbo", "delimiter=d fields=f characters=c bytes=b output-delimiter=o only-delimited=s complement=C")
def cut(run: Run) -> Completed:
    """Fields or characters of each line."""
    spec = run.options.get("f") or run.options.get("c") or run.options.get("b")
    if not spec:
        raise run.misuse("you must specify a list of bytes, characters, or fields")
    ranges = []
    for part in spec.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if not match or not part.strip("-"):
            raise run.misuse(f"invalid field value ‘{part}’")
        first = int(match[1] or 1)
        ranges.append((first, int(match[3]) if match[3] else (first if not match[2] else 10**9)))
    delimiter = run.options.get("d", "\t")
    out = []
    for line in run.lines():
        if run.on("f") and delimiter not in line:
            out += [] if run.on("s") else [line]
            continue
        units = line.split(delimiter) if run.on("f") else list(line)
        kept = [unit for place, unit in enumerate(units, 1) if any(a <= place <= b for a, b in ranges)]
        out.append((run.options.get("o", delimiter) if run.on("f") else "").join(kept))
    return run.finished(out)


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
    if "n" in flags or "h" in flags:
        match = re.match(r"\s*(-?\d+(?:\.\d+)?)([KMGTP]?)", text)
        power = " KMGTP".index(match[2] or " ") if match and "n" not in flags else 0
        return float(match[1]) * 1024.0**power if match else 0.0
    if "V" in flags:
        return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|\D+", text)]
    return text.lower() if "f" in flags else text


@program(
    "rnufhVRsbcdz",
    "kto",
    "reverse=r numeric-sort=n unique=u key=k field-separator=t ignore-case=f human-numeric-sort=h version-sort=V "
    "output=o random-sort=R stable=s",
)
def sort(run: Run) -> Completed:
    """Sort lines (in the C locale, as containers have it)."""

    def wording(name: str, reason: str) -> str:
        usual = "read failed: " if reason == "Is a directory" else "cannot read: "
        return f"sort: {run.worded(usual, '')}{name}: {reason}"

    lines = run.lines(wording=wording)
    if run.problems:
        return run.finished(failing=2)
    flags = "".join(letter for letter in "nhVfb" if run.on(letter))
    key = _key(run.options["k"], run.options.get("t"), flags) if run.on("k") else lambda line: _value(line, flags)
    own = re.search(r"[a-zA-Z]+$", run.options.get("k", ""))
    reverse = run.on("r") or bool(own and "r" in own[0])

    def compare(left: str, right: str) -> int:
        a, b = key(left), key(right)
        if a == b:
            return 0 if run.on("us") else (left > right) - (left < right)
        return 1 if a > b else -1  # type: ignore[operator]

    lines.sort(key=cmp_to_key(compare), reverse=reverse)
    if run.on("u"):
        lines = [next(group) for _, group in groupby(lines, key)]
    if run.on("o"):
        run.files.write(run.path(run.options["o"]), "".join(f"{line}\n" for line in lines))
        return Completed()
    return run.finished(lines)


@program("cdui", "fs", "count=c repeated=d unique=u")
def uniq(run: Run) -> Completed:
    """Neighbouring equal lines once."""
    groups = [list(each) for _, each in groupby(run.lines(run.operands[:1]), str.lower if run.on("i") else None)]
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
    first = _characters(run.operands[0])
    second = _characters(run.operands[1]) if len(run.operands) > 1 else ""
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


def _span(start: int, end: int) -> str:
    if end - start <= 1:
        return str(start + 1 if end > start else start)
    return f"{start + 1},{end}"
