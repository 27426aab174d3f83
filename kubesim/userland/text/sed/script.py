"""Reading a ``sed`` script: addresses, commands, blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kubesim.userland.command_line import Complaint
from kubesim.userland.numerals import whole_number
from kubesim.userland.regular import Regex, RegexProblem, bracket_end, compile_posix


@dataclass(slots=True)
class Address:
    """A line number, ``$`` or an expression; with ``step`` every so many lines."""

    number: int = 0
    last: bool = False
    regex: Regex | None = None
    step: int = 0
    multiple: int = 0
    """As the end of a range: up to the next line whose number is a multiple of it (``,~N``)."""

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
    target: str = ""
    """The file that a substitution also writes to (``s///w``)."""

    @property
    def first_is_last(self) -> bool:
        """Whether its first address is ``$``, whose number is none."""
        return self.first is not None and (self.first.last or bool(self.first.step))


class ScriptReader:
    """Reads a script; complaints say at which character."""

    def __init__(self, text: str, extended: bool, busybox: bool = False) -> None:
        self.text = text
        self.busybox = busybox
        self.extended = extended
        self.delimiter = "/"
        self.position = 0

    def problem(self, reason: str) -> Complaint:
        """A complaint at the present character; busybox counts none, and has other words."""
        if self.busybox:
            if reason.startswith("unterminated"):
                reason = f"unmatched '{self.delimiter}'"
            elif reason.startswith("unknown command"):
                reason = f"unsupported command {reason[-2]}"
            return Complaint(f"sed: {reason}\n")
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
            return Address(whole_number(match[1]), step=whole_number(match[2] or "0"))
        if self.peek() == "$":
            self.position += 1
            return Address(last=True)
        if self.peek() in ("/", "\\") and self.peek():
            delimiter = self.peek()
            self.position += 1
            if delimiter == "\\":
                delimiter = self.peek()
                self.position += 1
            pattern = self.until(delimiter, "unterminated address regex", classes=True)
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

    def until(self, delimiter: str, reason: str, *, classes: bool = False) -> str:
        """The text up to a delimiter, which is taken too.

        :param classes: whether a delimiter inside ``[…]`` is none.
        """
        out: list[str] = []
        self.delimiter = delimiter
        while self.peek() != delimiter:
            if not self.peek() or (self.peek() == "\n" and "regex" in reason):
                self.position = len(self.text)
                raise self.problem(reason)
            if self.peek() == "[" and classes:
                end = bracket_end(self.text, self.position + 1)
                if end is None:
                    self.position = len(self.text)
                    raise self.problem(reason)
                out.append(self.text[self.position : end + 1])
                self.position = end + 1
                continue
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
            multiple = re.compile(r"~(\d+)").match(self.text, self.position)
            self.blanks()
            if plus:
                self.position = plus.end()
                second = Address(-int(plus[1][:9]))
            elif multiple:
                self.position = multiple.end()
                second = Address(multiple=int(multiple[1][:9]))
            else:
                second = self.address()
            if second is None:
                raise self.problem("unexpected `,'")
        zero = first is not None and not first.number and not first.last and first.regex is None and not first.step
        if zero and (second is None or second.regex is None):
            raise self.problem("invalid usage of line address 0")
        self.blanks()
        negated = False
        while self.peek() == "!":
            self.position += 1
            negated = True
            self.blanks()
        letter = self.peek()
        if not letter:
            raise self.problem("missing command")
        self.position += 1
        command = Command(letter, first, second, negated)
        if second is not None and letter in "qQ:":
            raise self.problem("command only uses one address")
        if letter == "{":
            command.block = self.commands(inside=True)
        elif letter == "s":
            self.substitution(command)
        elif letter == "y":
            delimiter = self.peek()
            self.position += 1
            command.text = _plain(self.until(delimiter, "unterminated `y' command"))
            command.flags = _plain(self.until(delimiter, "unterminated `y' command"))
            if len(command.text) != len(command.flags) and self.busybox:
                size = min(len(command.text), len(command.flags))
                command.text, command.flags = command.text[:size], command.flags[:size]
            if len(command.text) != len(command.flags):
                raise self.problem("strings for `y' command are different lengths")
        elif letter in "aic":
            self.blanks()
            slashed = self.peek() == "\\"
            if slashed:
                self.position += 1
                before = self.position
                self.blanks(" \t")
                if self.peek() == "\n":
                    self.position += 1
                else:
                    self.position = before
            if not self.peek() and not slashed:
                raise self.problem("expected \\ after `a', `c' or `i'")
            command.text = self._lines()
        elif letter in "qQ":
            self.blanks()
            match = re.compile(r"\d*").match(self.text, self.position)
            command.text = match[0] if match else ""
            self.position += len(command.text)
        elif letter in "rRwW":
            self.blanks()
            end = self.text.find("\n", self.position)
            stop = len(self.text) if end < 0 else end
            command.text = self.text[self.position : stop]
            self.position = stop
            if not command.text:
                raise self.problem("missing filename in r/R/w/W commands")
        elif letter in ":btT":
            self.blanks()
            match = re.compile(r"[^\n;}]*").match(self.text, self.position)
            label = match[0] if match else ""
            self.position += len(label)
            command.text = label.strip()
            if letter == ":" and not command.text:
                raise self.problem('":" lacks a label')
        elif letter == "e":
            raise Complaint("sed: the command `e' is not simulated\n")
        elif letter not in "dDpPnNgGhHx=lzF":
            raise self.problem(f"unknown command: `{letter}'")
        if letter not in "aic{:btTrRwW}":
            self.blanks()
            if self.peek() not in ("", "\n", ";", "}", "#"):
                self.position += 1
                raise self.problem("extra characters after command")
        return command

    def _lines(self) -> str:
        """The text of ``a``, ``i`` or ``c``: up to a newline that no backslash stands before."""
        out: list[str] = []
        while self.peek() and self.peek() != "\n":
            if self.peek() == "\\" and self.position + 1 < len(self.text):
                self.position += 1
            out.append(self.peek())
            self.position += 1
        return "".join(out)

    def substitution(self, command: Command) -> None:
        """What follows ``s``: expression, replacement, flags."""
        delimiter = self.peek()
        if not delimiter or delimiter in "\n\\":
            raise self.problem("unterminated `s' command")
        self.position += 1
        pattern = self.until(delimiter, "unterminated `s' command", classes=True)
        command.text = self.until(delimiter, "unterminated `s' command")
        while self.peek() and self.peek() in "gpiIeMm0123456789":
            letter = self.peek()
            self.position += 1
            if letter in "gp" and letter in command.flags:
                raise self.problem(f"multiple `{letter}' options to `s' command")
            if letter == "0" and not re.search(r"\d", command.flags):
                raise self.problem("number option to `s' command may not be zero")
            if letter == "e":
                raise Complaint("sed: the option `e' of `s' is not simulated\n")
            command.flags += letter
        if self.peek() == "w":
            self.position += 1
            self.blanks()
            end = self.text.find("\n", self.position)
            stop = len(self.text) if end < 0 else end
            command.target, self.position = self.text[self.position : stop], stop
            if not command.target:
                raise self.problem("missing filename in r/R/w/W commands")
        self.blanks()
        if self.peek() not in ("", "\n", ";", "}", "#"):
            self.position += 1
            raise self.problem("unknown option to `s'")
        flags = re.IGNORECASE if set("iI") & set(command.flags) else 0
        command.regex = self.compiled(pattern, flags | (re.MULTILINE if set("mM") & set(command.flags) else 0))
        for number in re.findall(r"(?<!\\)(?:\\\\)*\\([1-9])", command.text):
            if int(number) > command.regex.groups:
                raise self.problem(f"invalid reference \\{number} on `s' command's RHS")


def _plain(text: str) -> str:
    """A side of ``y``: backslashes taken away."""
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text, flags=re.DOTALL)
