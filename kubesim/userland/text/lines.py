"""Programs that pick or number lines: cat, head, tail, wc, nl, tac, rev, tee, yes, paste, fold."""

from __future__ import annotations

import re
from dataclasses import replace

from kubesim.userland.bounds import LIMIT, LINES
from kubesim.userland.command_line import Complaint, Run, lines_of, program
from kubesim.userland.numerals import whole_number
from kubesim.userland.process import Completed


@program("nbAETsvetu", long="number=n number-nonblank=b show-all=A show-ends=E show-tabs=T squeeze-blank=s")
def cat(run: Run) -> Completed:
    """Files one after the other."""
    text = run.text()
    if not run.options:
        return run.finished(text)
    out: list[str] = []
    number = 0
    blank = False
    for line in text.splitlines(keepends=True):
        bare, end = (line[:-1], "\n") if line.endswith("\n") else (line, "")
        if run.on("s") and not bare and blank:
            continue
        blank = not bare
        if run.on("ATt"):
            bare = bare.replace("\t", "^I")
        if end and run.on("AEe"):
            bare += "$"
        if line.strip("\n") if run.on("b") else run.on("n"):
            number += 1
            bare = f"{number:6d}\t{bare}"
        out.append(bare + end)
    return run.finished("".join(out))


@program("qvfF", "nc", "lines=n bytes=c quiet=q follow=f verbose=v", digits="n")
def head_or_tail(run: Run) -> Completed:
    """``head`` and ``tail``: the first lines or the last; with ``-f`` what is there by now."""
    tail = run.name == "tail"
    old = bool(run.operands) and re.fullmatch(r"\+\d+", run.operands[0]) is not None
    if tail and old and not run.on("nc") and (run.busybox or len(run.operands) <= 2):
        run.options["n"] = run.operands.pop(0)
    words = run.invocation.argv[1:]
    if tail and not run.busybox and len(run.operands) > 1 and words and re.fullmatch(r"-\d+", words[0]):
        raise Complaint(f"tail: option used in invalid context -- {words[0][1:2]}\n")
    letter, what = ("c", "bytes") if run.on("c") else ("n", "lines")
    given = run.options.get(letter, "10")
    match = re.fullmatch(r"([-+]?)(\d+)([kKM]?)", given)
    if not match:
        usual, busybox = f"invalid number of {what}: ‘{given}’", f"invalid number '{given}'"
        raise Complaint(f"{run.name}: {run.worded(usual, busybox)}\n")
    sign, count = match[1], whole_number(match[2]) * {"": 1, "k": 1024, "K": 1024, "M": 1024**2}[match[3]]

    def wording(name: str, reason: str) -> str:
        usual = f"error reading '{name}'" if reason == "Is a directory" else f"cannot open '{name}' for reading"
        return f"{run.name}: {run.worded(usual, name)}: {reason}"

    out = ""
    satisfied = False
    titled = (len(run.operands) > 1 or run.on("v")) and not run.on("q")
    for number, (name, text) in enumerate(run.inputs(wording=wording)):
        units: list[str] = list(text) if letter == "c" else text.splitlines(keepends=True)
        if tail:
            start = max(0, count - 1) if sign == "+" else max(0, len(units) - count)
            part = units[start:]
        else:
            part = units[: max(0, len(units) - count)] if sign == "-" else units[:count]
            satisfied = sign != "-" and len(units) > count
        if titled:
            out += ("\n" if number else "") + f"==> {'standard input' if name == '-' else name} <==\n"
        out += "".join(part)
    return replace(run.finished(out), satisfied=satisfied)


@program("lwcmL", long="lines=l words=w bytes=c chars=m")
def wc(run: Run) -> Completed:
    """Count lines, words, bytes."""
    wanted = [letter for letter in "lwmc" if run.on(letter)] or list("lwc")
    rows: list[tuple[list[int], str]] = []
    total = 0
    for name, text in run.inputs():
        size = len(text.encode("utf-8", "replace"))
        counts = {"l": text.count("\n"), "w": len(text.split()), "m": len(text), "c": size}
        total += size
        rows.append(([counts[letter] for letter in wanted], name if run.operands else ""))
    if len(run.operands) > 1:
        rows.append(([sum(row[place] for row, _ in rows) for place in range(len(wanted))], "total"))
    if run.busybox:
        width = 9 if len(wanted) > 1 or len(run.operands) > 1 else 1
    elif len(run.operands) > 1 or len(wanted) > 1:
        width = len(str(total)) if run.operands else 7
    else:
        width = 7 if len(wanted) > 1 else 1
    return run.finished(
        " ".join(f"{number:{width}d}" for number in numbers) + (f" {name}" if name else "") for numbers, name in rows
    )


@program(
    "p", "bwsvifnhdl", "body-numbering=b number-width=w number-separator=s starting-line-number=v line-increment=i"
)
def nl(run: Run) -> Completed:
    """Number the lines that are not empty."""
    width = run.number("w", 6, "invalid line number field width: ‘{}’", least=1)
    separator = run.options.get("s", "\t")
    step = run.number("i", 1, "invalid line number increment: ‘{}’")
    out: list[str] = []
    number = run.number("v", 1, "invalid starting line number: ‘{}’") - step
    for line in run.lines():
        if line or run.options.get("b") == "a":
            number += step
            out.append(f"{number:{width}d}{separator}{line}")
        else:
            out.append(" " * (width + len(separator)))
    return run.finished(out)


@program("")
def tac(run: Run) -> Completed:
    """Lines, the last first."""
    return run.finished(line for _, text in run.inputs() for line in lines_of(text)[::-1])


@program("")
def rev(run: Run) -> Completed:
    """Each line backwards."""
    return run.finished(line[::-1] for line in run.lines())


@program("ai", long="append=a")
def tee(run: Run) -> Completed:
    """Copy standard input to files and to standard output."""
    for name in run.operands:
        with run.trying(name):
            run.files.write(run.path(name), run.stdin, append=run.on("a"))
    return run.finished(run.stdin)


@program()
def yes(run: Run) -> Completed:
    """A line again and again: more than anything holds."""
    line = (" ".join(run.operands) or "y") + "\n"
    return Completed(line * (min(LIMIT // len(line), LINES) + 1))


@program("s", "d", "serial=s delimiters=d")
def paste(run: Run) -> Completed:
    """Lines of files side by side, or with ``-s`` the lines of one in a row."""
    delimiters = run.options.get("d", "\t").replace("\\n", "\n").replace("\\t", "\t") or "\0"
    names = run.operands or ["-"]
    shared = names.count("-")
    whole = lines_of(run.stdin) if shared else []
    columns, used = [], 0
    for name in names:
        if name == "-":
            columns.append(whole if run.on("s") else whole[used::shared])
            used += 1
        else:
            columns += [lines_of(text) for _, text in run.inputs([name])]
    if run.on("s"):
        return run.finished(_delimited(column, delimiters) for column in columns)
    height = max((len(column) for column in columns), default=0)
    if run.busybox:
        return run.finished("".join(_of_applet(columns, row, delimiters) for row in range(height)))
    rows = ([column[row] if row < len(column) else "" for column in columns] for row in range(height))
    return run.finished(_delimited(row, delimiters) for row in rows)


def _of_applet(columns: list[list[str]], row: int, delimiters: str) -> str:
    """A row as busybox' paste has it: of a file that has ended there is nothing, not even what stands behind it."""
    text, used = "", 0
    for place, column in enumerate(columns):
        if row < len(column):
            text += column[row]
            if place == len(columns) - 1:
                text += "\n"
            else:
                text += delimiters[used % len(delimiters)].replace("\0", "")
                used += 1
    return text


def _delimited(items: list[str], delimiters: str) -> str:
    text = items[0] if items else ""
    for number, item in enumerate(items[1:]):
        text += delimiters[number % len(delimiters)].replace("\0", "") + item
    return text


@program("sb", "w")
def fold(run: Run) -> Completed:
    """Break long lines."""
    width = run.number("w", 80, "invalid number of columns: ‘{}’", least=1)
    out: list[str] = []
    for line in run.lines():
        while len(line) > width:
            space = line.rfind(" ", 0, width) if run.on("s") else -1
            cut = space + 1 if space >= 0 else width
            out.append(line[:cut])
            line = line[cut:]
        out.append(line)
    return run.finished(out)
