"""Reading a ``sed`` script: addresses, commands, blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kubesim.userland.command_line import Complaint
from kubesim.userland.regular import Regex, RegexProblem, compile_posix


@dataclass(slots=True)
class Address:
    """A line number, ``$`` or an expression; with ``step`` every so many lines."""

    number: int = 0
    last: bool = False
    regex: Regex | None = None
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
    regex: Regex | None = None
    flags: str = ""
    block: list[Command] = field(default_factory=list)
    active: bool = False
    until: int = 0


class ScriptReader:
    """Reads a script; complaints say at which character."""

    def __init__(self, text: str, extended: bool) -> None:
        self.text = text
        self.extended = extended
        self.position = 0

    def problem(self, reason: str) -> Complaint:
        """A complaint at the present character."""
        return Complaint(f"sed: -e expression #1, char {self.position}: {reason}\n")

    def peek(self) -> str:
        """The next character, left in place; empty at the end."""
        return self.text[self.position : self.position + 1]

    def blanks(self, more: str = " \t") -> None:
        """Take blanks."""
        while self.peek() and self.peek() in more:
            self.position += 1

    def commands(self, inside: bool = False) -> list[Command]:
        """The commands up to the end, or to the brace that closes a block."""
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
        """An address, where there is one."""
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

    def compiled(self, pattern: str, flags: int = 0) -> Regex:
        """A regular expression."""
        try:
            return Regex(compile_posix(pattern, extended=self.extended), flags)
        except RegexProblem as error:
            raise self.problem(str(error)) from error

    def until(self, delimiter: str, reason: str) -> str:
        """The text up to a delimiter, which is taken too."""
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
        """One command with its addresses."""
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
        elif letter in ":bt":
            self.blanks()
            match = re.compile(r"[^\n;}]*").match(self.text, self.position)
            label = match[0] if match else ""
            self.position += len(label)
            command.text = label.strip()
        elif letter not in "dDpPnNgGhHx=l":
            raise self.problem(f"unknown command: `{letter}'")
        return command

    def substitution(self, command: Command) -> None:
        """What follows ``s``: expression, replacement, flags."""
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
