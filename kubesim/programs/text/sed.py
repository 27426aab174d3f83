"""``sed``: addresses and the commands s, d, p, q, a, i, c, y, =, n, N, G, H, x, b and blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kubesim.programs.files_text import Complaint, finished, guarded, inputs, is_busybox, lines_of, split_options
from kubesim.programs.filesystem import FileError, absolute
from kubesim.programs.process import Completed, Invocation
from kubesim.programs.text.regular import RegexProblem, compile_posix


@dataclass(slots=True)
class Address:
    """A line number, ``$`` or an expression; with ``step`` every so many lines."""

    number: int = 0
    last: bool = False
    regex: re.Pattern[str] | None = None
    step: int = 0

    def holds(self, number: int, line: str, last: bool) -> bool:
        """Whether a line is meant."""
        if self.last:
            return last
        if self.regex is not None:
            return self.regex.search(line) is not None
        if self.step:
            return number >= self.number and (number - self.number) % self.step == 0
        return number == self.number


@dataclass(slots=True)
class Command:
    """One command with its addresses."""

    letter: str
    first: Address | None = None
    second: Address | None = None
    negated: bool = False
    text: str = ""
    regex: re.Pattern[str] | None = None
    flags: str = ""
    block: list[Command] = field(default_factory=list)
    active: bool = False
    until: int = 0


class _Script:
    def __init__(self, text: str, extended: bool) -> None:
        self.text = text
        self.extended = extended
        self.position = 0

    def problem(self, reason: str) -> Complaint:
        return Complaint(f"sed: -e expression #1, char {self.position}: {reason}\n")

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def blanks(self, more: str = " \t") -> None:
        while self.peek() and self.peek() in more:
            self.position += 1

    def commands(self, inside: bool = False) -> list[Command]:
        found: list[Command] = []
        while True:
            self.blanks(" \t\n;")
            if not self.peek():
                if inside:
                    raise Complaint("sed: -e expression #1, char 0: unmatched `{'\n")
                return found
            if self.peek() == "}":
                self.position += 1
                if not inside:
                    raise self.problem("unexpected `}'")
                return found
            if self.peek() == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
                continue
            found.append(self.command())

    def address(self) -> Address | None:
        match = re.compile(r"(\d+)(?:~(\d+))?").match(self.text, self.position)
        if match:
            self.position = match.end()
            return Address(int(match[1]), step=int(match[2] or 0))
        if self.peek() == "$":
            self.position += 1
            return Address(last=True)
        if self.peek() in ("/", "\\") and self.peek():
            delimiter = self.peek()
            self.position += 1
            if delimiter == "\\":
                delimiter = self.peek()
                self.position += 1
            pattern = self.until(delimiter, "unterminated address regex")
            flags = 0
            if self.peek() == "I":
                self.position += 1
                flags = re.IGNORECASE
            return Address(regex=self.compiled(pattern, flags))
        return None

    def compiled(self, pattern: str, flags: int = 0) -> re.Pattern[str]:
        try:
            return re.compile(compile_posix(pattern, extended=self.extended), flags)
        except RegexProblem as error:
            raise self.problem(str(error)) from error

    def until(self, delimiter: str, reason: str) -> str:
        out: list[str] = []
        while self.peek() != delimiter:
            if not self.peek():
                self.position = len(self.text)
                raise self.problem(reason)
            if self.peek() == "\\" and self.position + 1 < len(self.text):
                following = self.text[self.position + 1]
                out.append(following if following == delimiter and delimiter not in "()|+?{}" else "\\" + following)
                self.position += 2
            else:
                out.append(self.peek())
                self.position += 1
        self.position += 1
        return "".join(out)

    def command(self) -> Command:
        first = self.address()
        second = None
        if first is not None and self.peek() == ",":
            self.position += 1
            plus = re.compile(r"\+(\d+)").match(self.text, self.position)
            if plus:
                self.position = plus.end()
                second = Address(-int(plus[1]))
            else:
                second = self.address()
            if second is None:
                raise self.problem("unexpected `,'")
        self.blanks()
        negated = False
        while self.peek() == "!":
            self.position += 1
            negated = True
            self.blanks()
        letter = self.peek()
        self.position += 1
        if not letter:
            raise self.problem("missing command")
        command = Command(letter, first, second, negated)
        if letter == "{":
            command.block = self.commands(inside=True)
        elif letter == "s":
            self.substitution(command)
        elif letter == "y":
            delimiter = self.peek()
            self.position += 1
            command.text = self.until(delimiter, "unterminated `y' command")
            command.flags = self.until(delimiter, "unterminated `y' command")
            if len(command.text) != len(command.flags):
                raise self.problem("strings for `y' command are different lengths")
        elif letter in "aic":
            self.blanks()
            if self.peek() == "\\":
                self.position += 1
                self.blanks(" \t\n")
            if not self.peek():
                raise self.problem("expected \\ after `a', `c' or `i'")
            end = self.text.find("\n", self.position)
            stop = len(self.text) if end < 0 else end
            command.text = self.text[self.position : stop]
            self.position = stop
        elif letter in "qQ":
            self.blanks()
            match = re.compile(r"\d*").match(self.text, self.position)
            command.text = match[0] if match else ""
            self.position += len(command.text)
        elif letter not in "dDpPnNgGhHx=l":
            raise self.problem(f"unknown command: `{letter}'")
        return command

    def substitution(self, command: Command) -> None:
        delimiter = self.peek()
        if not delimiter or delimiter in "\n\\":
            raise self.problem("unterminated `s' command")
        self.position += 1
        pattern = self.until(delimiter, "unterminated `s' command")
        command.text = self.until(delimiter, "unterminated `s' command")
        match = re.compile(r"[gpiIeMm0-9]*").match(self.text, self.position)
        command.flags = match[0] if match else ""
        self.position += len(command.flags)
        self.blanks()
        if self.peek() not in ("", "\n", ";", "}", "#"):
            self.position += 1
            raise self.problem("unknown option to `s'")
        command.regex = self.compiled(pattern, re.IGNORECASE if set("iI") & set(command.flags) else 0)


@guarded
def sed(invocation: Invocation) -> Completed:
    """Edit a stream of lines."""
    scripts: list[str] = []
    words: list[str] = []
    arguments = list(invocation.argv[1:])
    while arguments:
        word = arguments.pop(0)
        if word in ("-e", "--expression") and arguments:
            scripts.append(arguments.pop(0))
        elif re.fullmatch(r"-[nErsi]*e", word) and arguments:
            words.append(word[:-1])
            scripts.append(arguments.pop(0))
        elif re.fullmatch(r"-i.+|--in-place.*", word):
            words.append("-i")
        else:
            words.append(word)
    from dataclasses import replace

    long = {"quiet": "n", "silent": "n", "regexp-extended": "E", "in-place": "i"}
    options, operands = split_options(replace(invocation, argv=("sed", *words)), "nErsiuz", "f", long)
    if "f" in options:
        try:
            scripts.append(invocation.machine.files.read(absolute(options["f"], invocation.directory)))
        except FileError as error:
            raise Complaint(f"sed: couldn't open file {options['f']}: {error.reason}\n") from error
    if not scripts:
        if not operands:
            raise Complaint("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n\n", 1)
        scripts = [operands.pop(0)]
    script = _Script("\n".join(scripts), "E" in options or "r" in options)
    commands = script.commands()
    problems: list[str] = []
    wording = (lambda name, reason: f"sed: {name}: {reason}") if is_busybox(invocation) else _wording
    if "i" in options:
        for name, text in inputs(invocation, operands, problems, wording):
            edited, _ = _run(commands, text, "n" in options)
            invocation.machine.files.write(absolute(name, invocation.directory), edited)
        return finished("", problems, failing=4)
    text = "".join(content for _, content in inputs(invocation, operands, problems, wording))
    out, status = _run(commands, text, "n" in options)
    return finished(out, problems, status, failing=2)


def _wording(name: str, reason: str) -> str:
    return (
        f"sed: couldn't edit {name}: not a regular file"
        if reason == "Is a directory"
        else f"sed: can't read {name}: {reason}"
    )


class _Stop(Exception):  # noqa: N818
    def __init__(self, status: int, prints: bool) -> None:
        super().__init__(status)
        self.status = status
        self.prints = prints


class _Next(Exception):  # noqa: N818
    """``d``: on to the next line."""


@dataclass(slots=True)
class _Run:
    lines: list[str]
    quiet: bool
    number: int = 0
    space: str = ""
    hold: str = ""
    out: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def _run(commands: list[Command], text: str, quiet: bool) -> tuple[str, int]:
    run = _Run(lines_of(text), quiet)
    ends = text.endswith("\n") or not text
    status = 0
    while run.number < len(run.lines):
        run.space = run.lines[run.number]
        run.number += 1
        try:
            _apply(run, commands)
        except _Next:
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


def _selected(run: _Run, command: Command) -> bool:
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
    return chosen != command.negated


def _apply(run: _Run, commands: list[Command]) -> None:
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
            case "d":
                raise _Next
            case "D":
                raise _Next
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
            case "q" | "Q":
                raise _Stop(int(command.text or 0), command.letter == "q")
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
                run.space += "\n" + run.hold
            case "h":
                run.hold = run.space
            case "H":
                run.hold += "\n" + run.space
            case "x":
                run.space, run.hold = run.hold, run.space
            case "l":
                run.out.append(run.space.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") + "$")


def _substitute(run: _Run, command: Command) -> None:
    regex = command.regex
    assert regex is not None
    digits = re.sub(r"\D", "", command.flags)
    wanted = int(digits) if digits else 1
    every = "g" in command.flags
    count = 0

    def one(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        if count < wanted or (count > wanted and not every):
            return match[0]
        return _filled(command.text, match)

    changed = regex.sub(one, run.space)
    if count >= wanted:
        run.space = changed
        if "p" in command.flags:
            run.out.append(run.space)


def _filled(template: str, match: re.Match[str]) -> str:
    def one(piece: re.Match[str]) -> str:
        if piece[0] == "&":
            return match[0]
        letter = piece[1]
        if letter.isdigit():
            return (match[int(letter)] or "") if int(letter) <= (match.re.groups or 0) else ""
        return {"n": "\n", "t": "\t"}.get(letter, letter)

    return re.sub(r"&|\\(.)", one, template, flags=re.DOTALL)
