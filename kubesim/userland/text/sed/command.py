"""``sed``: a script run over lines; the pattern space, the hold space, what is printed when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kubesim.turn import Interrupted
from kubesim.userland.bounds import bounded
from kubesim.userland.command_line import CommandLine, Complaint, lines_of, program, usage
from kubesim.userland.filesystem import FileError
from kubesim.userland.machine import Machine
from kubesim.userland.numerals import whole_number
from kubesim.userland.process import Completed
from kubesim.userland.regular import Match
from kubesim.userland.text.sed.script import Command, ScriptReader

JUMPS = 100_000
"""Branches after which a script is taken to run for ever."""


@program("nErsuz", "ef", "quiet=n silent=n regexp-extended=E in-place=i expression=e", optional="i", lacking="u")
def sed(line: CommandLine[Machine]) -> Completed:
    """Edit a stream of lines."""
    scripts = line.repeated.get("e", [])
    if line.on("f"):
        try:
            scripts.append(line.files.read(line.path(line.options["f"])))
        except FileError as error:
            told = f"sed: {line.options['f']}: {error.reason}\n"
            usual = f"sed: couldn't open file {line.options['f']}: {error.reason}\n"
            raise Complaint(line.worded(usual, told), 1 if line.busybox else 4) from error
    if not scripts:
        if not line.operands:
            raise line.usage_only(usage("sed"))
        scripts = [line.operands.pop(0)]
    commands = ScriptReader("\n".join(scripts), line.on("Er"), line.busybox).commands()

    def wording(name: str, reason: str) -> str:
        if line.busybox:
            return f"sed: {name}: {reason}"
        if reason == "Is a directory":
            return f"sed: couldn't edit {name}: not a regular file"
        return f"sed: can't read {name}: {reason}"

    outside = Outside(line)
    if line.on("i"):
        for name, text in line.inputs(wording=wording):
            if suffix := line.options["i"]:
                copy = suffix.replace("*", name) if "*" in suffix else name + suffix
                line.files.write(line.path(copy), text)
            line.files.write(line.path(name), run_script(commands, text, line.on("n"), outside)[0])
        return line.finished(failing=1 if line.busybox else 4)
    if line.on("s"):
        parts = [run_script(commands, text, line.on("n"), outside) for _, text in line.inputs(wording=wording)]
        return line.finished("".join(part for part, _ in parts), max((each for _, each in parts), default=0), failing=2)
    out, status = run_script(commands, line.text(wording=wording), line.on("n"), outside)
    return line.finished(out, status, failing=1 if line.busybox else 2)


@dataclass(slots=True)
class Outside:
    """The files that a script reads and writes."""

    line: CommandLine[Machine]
    written: set[str] = field(default_factory=set)

    def read(self, name: str) -> str:
        """A file's text; nothing where it cannot be read."""
        try:
            return self.line.stdin if name == "/dev/stdin" else self.line.files.read(self.line.path(name))
        except FileError:
            return ""

    def write(self, name: str, text: str) -> None:
        """Add a line to a file, which is made empty the first time.

        :raises Complaint: where it cannot be written.
        """
        try:
            self.line.files.write(self.line.path(name), f"{text}\n", append=name in self.written)
        except FileError as error:
            raise Complaint(f"sed: couldn't open file {name}: {error.reason}\n", 4) from error
        self.written.add(name)


class _Stop(Exception):  # noqa: N818
    def __init__(self, status: int, prints: bool) -> None:
        super().__init__(status)
        self.status = status
        self.prints = prints


class _Jump(Exception):  # noqa: N818
    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label


class _Next(Exception):  # noqa: N818
    """``d``: on to the next line; ``D``: from the top with what is left of this one."""

    def __init__(self, *, again: bool = False) -> None:
        super().__init__(again)
        self.again = again


@dataclass(slots=True)
class Run:
    """The state of a run: the input, the place in it, both spaces, and what was printed."""

    lines: list[str]
    quiet: bool
    number: int = 0
    space: str = ""
    hold: str = ""
    out: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    substituted: bool = False
    jumps: int = 0
    outside: Outside | None = None
    lengths: dict[str, int] = field(default_factory=dict)
    """How many lines of each file ``R`` has taken."""


def run_script(commands: list[Command], text: str, quiet: bool, outside: Outside | None = None) -> tuple[str, int]:
    """The edited text and the exit status."""
    run = Run(lines_of(text), quiet, outside=outside)
    for command in _flat(commands):
        command.active = command.first is not None and command.first.number == 0 and command.first.regex is None
        command.active = command.active and command.second is not None and not command.first_is_last
    ends = text.endswith("\n") or not text
    status = 0
    again = False
    while again or run.number < len(run.lines):
        if not again:
            run.space = run.lines[run.number]
            run.number += 1
        again = False
        try:
            _cycle(run, commands)
        except _Next as leaving:
            again = leaving.again
            run.out += run.after
            run.after = []
            continue
        except _Stop as stop:
            status = stop.status
            if stop.prints and not quiet:
                run.out.append(run.space)
            run.out += run.after
            break
        if not quiet:
            run.out.append(run.space)
        run.out += run.after
        run.after = []
    result = "".join(f"{line}\n" for line in run.out)
    return (result if ends else result.removesuffix("\n")), status


def _flat(commands: list[Command]) -> Iterator[Command]:
    for command in commands:
        yield command
        yield from _flat(command.block)


def _selected(run: Run, command: Command) -> bool:
    last = run.number == len(run.lines)
    if command.first is None:
        return not command.negated
    if command.second is None:
        return command.first.holds(run.number, run.space, last) != command.negated
    if command.active:
        if command.until:
            command.active = run.number < command.until
            chosen = run.number <= command.until
        else:
            chosen = True
            command.active = not command.second.holds(run.number, run.space, last)
    else:
        chosen = command.first.holds(run.number, run.space, last)
        if chosen:
            second = command.second
            command.until = 0
            if second.number < 0:
                command.until = run.number - second.number
            elif second.number and not second.regex:
                command.until = second.number
            command.active = not command.until or command.until > run.number
            if second.last and last:
                command.active = False
            if second.multiple:
                command.until = -(-run.number // second.multiple) * second.multiple
                command.active = command.until > run.number
    return chosen != command.negated


def _cycle(run: Run, commands: list[Command]) -> None:
    """One line through the script; a branch goes on behind its label, or ends the script where it names none."""
    start = 0
    run.substituted = False
    while True:
        try:
            _apply(run, commands[start:])
        except _Jump as jump:
            run.jumps += 1
            if run.jumps > JUMPS:
                raise Interrupted from None
            if not jump.label:
                return
            places = [place for place, each in enumerate(commands) if each.letter == ":" and each.text == jump.label]
            if not places:
                raise Complaint(f"sed: can't find label for jump to `{jump.label}'\n", 4) from None
            start = places[0] + 1
            continue
        return


def _apply(run: Run, commands: list[Command]) -> None:
    for command in commands:
        if not _selected(run, command):
            continue
        match command.letter:
            case "{":
                _apply(run, command.block)
            case "s":
                _substitute(run, command)
            case "y":
                run.space = run.space.translate(str.maketrans(command.text, command.flags))
            case "D" if "\n" in run.space:
                run.space = run.space.partition("\n")[2]
                raise _Next(again=True)
            case "d" | "D":
                raise _Next
            case "z":
                run.space = ""
            case "F":
                run.out.append("-")
            case "w" | "W" if run.outside is not None:
                run.outside.write(command.text, run.space if command.letter == "w" else run.space.partition("\n")[0])
            case "r" if run.outside is not None:
                run.after += lines_of(run.outside.read(command.text))
            case "R" if run.outside is not None:
                taken = run.lengths.get(command.text, 0)
                run.after += lines_of(run.outside.read(command.text))[taken : taken + 1]
                run.lengths[command.text] = taken + 1
            case "T" if not run.substituted:
                raise _Jump(command.text)
            case "T":
                run.substituted = False
            case "p":
                run.out.append(run.space)
            case "P":
                run.out.append(run.space.split("\n")[0])
            case "=":
                run.out.append(str(run.number))
            case "a":
                run.after.append(command.text)
            case "i":
                run.out.append(command.text)
            case "c":
                if command.second is None or not command.active:
                    run.out.append(command.text)
                raise _Next
            case "b":
                raise _Jump(command.text)
            case "t" if run.substituted:
                run.substituted = False
                raise _Jump(command.text)
            case "q" | "Q":
                raise _Stop(whole_number(command.text or "0"), command.letter == "q")
            case "n" | "N":
                if run.number >= len(run.lines):
                    raise _Stop(0, True)
                following = run.lines[run.number]
                run.number += 1
                if command.letter == "n":
                    if not run.quiet:
                        run.out.append(run.space)
                    run.space = following
                else:
                    run.space += "\n" + following
            case "g":
                run.space = run.hold
            case "G":
                run.space = bounded(f"{run.space}\n{run.hold}")
            case "h":
                run.hold = run.space
            case "H":
                run.hold = bounded(f"{run.hold}\n{run.space}")
            case "x":
                run.space, run.hold = run.hold, run.space
            case "l":
                run.out.append(run.space.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") + "$")


def _substitute(run: Run, command: Command) -> None:
    regex = command.regex
    assert regex is not None
    digits = re.sub(r"\D", "", command.flags)
    wanted = whole_number(digits) if digits else 1
    every = "g" in command.flags
    count = 0

    def one(match: Match) -> str:
        nonlocal count
        count += 1
        if count < wanted or (count > wanted and not every):
            return match[0]
        return _filled(command.text, match)

    changed, _ = regex.subn(one, run.space)
    if count >= wanted:
        run.substituted = True
        run.space = changed
        if "p" in command.flags:
            run.out.append(run.space)
        if command.target and run.outside is not None:
            run.outside.write(command.target, run.space)


def _filled(template: str, match: Match) -> str:
    """The replacement of a match, with ``\\U`` and its like."""
    out: list[str] = []
    case = once = ""
    for piece in re.finditer(r"&|\\(.)|[^&\\]+", template, re.DOTALL):
        letter = piece[1]
        if letter is not None and letter in "ULE":
            case = "" if letter == "E" else letter
            continue
        if letter is not None and letter in "ul":
            once = letter
            continue
        if piece[0] == "&":
            text = match[0]
        elif letter is None:
            text = piece[0]
        elif letter.isdigit():
            text = (match[int(letter)] or "") if int(letter) <= len(match.groups()) else ""
        else:
            text = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}.get(letter, letter)
        text = text.upper() if case == "U" else text.lower() if case == "L" else text
        if once and text:
            text = (text[0].upper() if once == "u" else text[0].lower()) + text[1:]
            once = ""
        out.append(text)
    return "".join(out)
