"""What becomes of a word: braces, ``~``, ``$…``, splitting at blanks, file names, and quotes taken away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kubesim.turn import Interrupted
from kubesim.userland.bounds import WORDS, require
from kubesim.userland.machine import Machine
from kubesim.userland.regular import Regex
from kubesim.userland.shell import patterns
from kubesim.userland.shell.arithmetic import ArithmeticFailure, Evaluator
from kubesim.userland.shell.braces import brace_expand
from kubesim.userland.shell.dialect import Dialect
from kubesim.userland.shell.lexer import Lexer
from kubesim.userland.shell.state import Numbers, State
from kubesim.userland.shell.tree import (
    Arithmetic,
    CommandSubstitution,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Word,
)


class Surroundings(Protocol):
    """The shell that a word is expanded in: what it remembers, and what runs the commands in ``$(…)``."""

    machine: Machine
    dialect: Dialect
    state: State
    line: int

    @property
    def elapsed(self) -> float:
        """Seconds since the shell began."""

    def substitute(self, text: str, line: int) -> str:
        """The output of a command substitution."""

    def process_file(self, text: str, line: int) -> str:
        """The file of a process substitution."""


class ExpansionError(Exception):
    """A word that cannot be expanded; the shell ends with a status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a field: its text, whether it was quoted, and whether blanks in it split the field.

    :param breaks: a new field begins here (between the elements of ``"$@"``).
    """

    text: str
    quoted: bool = False
    splits: bool = False
    breaks: bool = False


class Expander:
    """Expands words for one shell."""

    def __init__(self, shell: Surroundings) -> None:
        self.shell = shell

    def fields(self, words: Iterable[Word]) -> list[str]:
        """The words of a command after every expansion."""
        found: list[str] = []
        for word in words:
            for each in brace_expand(word, self.shell.dialect.is_bash):
                found += self._fields_of(each)
            if len(found) > WORDS:
                raise Interrupted
        require(sum(map(len, found)))
        return found

    def text(self, word: Word) -> str:
        """One word without splitting and file names: an assignment's value, a redirection's target."""
        pieces = self._pieces(word)
        require(sum(len(piece.text) for piece in pieces))
        return "".join((" " if piece.breaks else "") + piece.text for piece in pieces)

    def pattern(self, word: Word) -> str:
        """A word as a pattern: what was quoted stands for itself."""
        return "".join(patterns.escape(p.text) if p.quoted else p.text for p in self._pieces(word))

    def regex(self, word: Word) -> str:
        """A word as a regular expression: what was quoted stands for itself."""
        return "".join(re.escape(p.text) if p.quoted else p.text for p in self._pieces(word))

    def arithmetic(self, text: str) -> int:
        """Evaluate an expression.

        :raises ExpansionError: with the shell's words.
        """
        dialect = self.shell.dialect
        try:
            return Evaluator(text, Numbers(self.shell.state), steps=dialect.name != "dash").evaluate()
        except ArithmeticFailure as failure:
            shown = text.strip()
            if dialect.is_bash:
                raise ExpansionError(f'{shown}: {failure.reason} (error token is "{failure.token}")') from failure
            if dialect.name == "dash":
                what = "division by zero" if "division" in failure.reason else "expecting primary"
                raise ExpansionError(f'arithmetic expression: {what}: "{shown}"', 2) from failure
            what = "divide by zero" if "division" in failure.reason else "arithmetic syntax error"
            raise ExpansionError(what, 2) from failure

    def expression(self, text: str) -> int:
        """The value of an expression in whose text parameters and commands are to be replaced first: ``((…))``."""
        return self.arithmetic(self.text(Lexer(text, self.shell.dialect).expandable('$`"\\')))

    def subscript(self, text: str) -> int:
        """The number of an array's element."""
        return self.arithmetic(self.text(Lexer(text, self.shell.dialect).word(stop="")))

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _pieces(self, word: Word) -> list[Piece]:
        pieces: list[Piece] = []
        for number, part in enumerate(word.parts):
            if isinstance(part, Literal) and not part.quoted and number == 0 and part.text.startswith("~"):
                pieces.append(self._tilde(part.text, whole=len(word.parts) == 1))
                continue
            pieces += self._part(part)
        return pieces

    def _part(self, part: Part) -> list[Piece]:
        if isinstance(part, Literal):
            return [Piece(part.text, part.quoted)]
        if isinstance(part, Parameter):
            return self._parameter(part)
        if isinstance(part, Arithmetic):
            value = self.arithmetic(self.text(part.expression))
            return [Piece(str(value), part.quoted, not part.quoted)]
        if isinstance(part, CommandSubstitution):
            output = self.shell.substitute(part.text, part.line)
            return [Piece(output.rstrip("\n"), part.quoted, not part.quoted)]
        if isinstance(part, ProcessSubstitution):
            return [Piece(self.shell.process_file(part.text, part.line), True)]
        raise AssertionError(part)

    def _tilde(self, text: str, *, whole: bool) -> Piece:
        name, slash, rest = text.partition("/")
        if not slash and not whole and name == "~":
            return Piece(text)
        if name == "~":
            home = self.shell.state.get("HOME") or "/root"
        elif name == "~+":
            home = self.shell.state.directory
        else:
            home = {"~root": "/root"}.get(name, name)
        return Piece(home + slash + rest, quoted=False)

    def _parameter(self, part: Parameter) -> list[Piece]:
        many = part.name == "@" or part.index == "@" or ((part.name == "*" or part.index == "*") and not part.quoted)
        if many and part.operator in ("", "substring", ":+", "+", "#", "##", "%", "%%", "/", "//"):
            items = self._items(part)
            pieces: list[Piece] = []
            for number, item in enumerate(items):
                pieces.append(Piece(item, part.quoted, not part.quoted, breaks=number > 0))
            return pieces
        value = self._value(part)
        if isinstance(value, list):
            return value
        return [Piece(value, part.quoted, not part.quoted)]

    def _items(self, part: Parameter) -> list[str]:
        items = self._elements(part)
        if part.operator == "substring" and part.argument is not None:
            start = self.arithmetic(self.text(part.argument))
            whole = [self.shell.state.name, *items] if part.name in "@*" else items
            end = start + self.arithmetic(self.text(part.second)) if part.second else None
            return whole[start:end]
        if part.operator in ("#", "##", "%", "%%", "/", "//") and part.argument is not None:
            return [self._edited(part, item) for item in items]
        if part.operator in (":+", "+"):
            return [self.text(part.argument)] if items and part.argument else []
        return items

    def _value(self, part: Parameter) -> str | list[Piece]:
        operator = part.operator
        if operator == "bad":
            raise ExpansionError(f"{part.source}: bad substitution", 1 if self.shell.dialect.is_bash else 2)
        if operator == "length":
            if part.index in ("@", "*") or part.name in ("@", "*"):
                return str(len(self._elements(part)))
            return str(len(self._plain(part) or ""))
        value = self._plain(part)
        if operator == "indirect":
            return self.shell.state.get(value or "") or ""
        if operator in ("-", ":-", "=", ":=", "?", ":?", "+", ":+"):
            return self._conditional(part, value)
        if value is None:
            if "nounset" in self.shell.state.options and part.name not in ("@", "*", "!"):
                dialect = self.shell.dialect
                raise ExpansionError(dialect.unset(part.name), 127 if dialect.is_bash else 2)
            value = ""
        if operator == "substring" and part.argument is not None:
            start = self.arithmetic(self.text(part.argument))
            if start < 0:
                start = max(0, len(value) + start)
            if part.second is None:
                return value[start:]
            length = self.arithmetic(self.text(part.second))
            return value[start : start + length] if length >= 0 else value[start:length]
        return self._edited(part, value)

    def _conditional(self, part: Parameter, value: str | None) -> str | list[Piece]:
        missing = value is None or (part.operator.startswith(":") and value == "")
        kind = part.operator[-1]
        argument = part.argument or Word(())
        if kind == "+":
            return "" if missing else self._argument(part, argument)
        if not missing:
            return value or ""
        if kind == "-":
            return self._argument(part, argument)
        text = self.text(argument)
        if kind == "=":
            self.shell.state.set(part.name, text)
            return text
        default = "parameter null or not set" if part.operator == ":?" else "parameter not set"
        raise ExpansionError(f"{part.name}: {text or default}", 127 if self.shell.dialect.is_bash else 2)

    def _argument(self, part: Parameter, argument: Word) -> str | list[Piece]:
        if part.quoted:
            return self.text(argument)
        return [Piece(p.text, p.quoted, not p.quoted, p.breaks) for p in self._pieces(argument)]

    def _edited(self, part: Parameter, value: str) -> str:
        operator = part.operator
        if not operator or part.argument is None:
            return value
        pattern = self.pattern(part.argument)
        if operator in ("#", "##"):
            match = Regex(patterns.to_regex(pattern, greedy=operator == "##"), re.DOTALL).match(value)
            return value[match.end() :] if match else value
        if operator in ("%", "%%"):
            starts = range(len(value) + 1) if operator == "%%" else range(len(value), -1, -1)
            regex = Regex(patterns.to_regex(pattern), re.DOTALL)
            for start in starts:
                if regex.fullmatch(value, start):
                    return value[:start]
            return value
        if operator in ("^", "^^", ",", ",,"):
            change: Callable[[str], str] = str.upper if operator[0] == "^" else str.lower
            return change(value) if len(operator) == 2 else change(value[:1]) + value[1:]
        replacement = self.text(part.second) if part.second else ""
        regex_text = patterns.to_regex(pattern)
        if operator == "/#":
            regex_text = f"\\A(?:{regex_text})"
        elif operator == "/%":
            regex_text = f"(?:{regex_text})\\Z"
        if not pattern:
            return value
        changed, _ = Regex(regex_text, re.DOTALL).subn(lambda _: replacement, value, 0 if operator == "//" else 1)
        return changed

    # --- parameters ------------------------------------------------------------------------------------------------

    def _elements(self, part: Parameter) -> list[str]:
        """The values of ``$@``, ``$*`` or an array's ``[@]``."""
        state = self.shell.state
        if part.name in ("@", "*"):
            return list(state.positional)
        elements = state.elements(part.name)
        return [elements[index] for index in sorted(elements)]

    def _plain(self, part: Parameter) -> str | None:
        """One value; None where the parameter is unset."""
        state = self.shell.state
        name = part.name
        if part.index:
            if part.index in ("@", "*"):
                separator = (state.get("IFS") or " ")[:1]
                return separator.join(self._elements(part))
            subscript = self.subscript(part.index)
            elements = state.elements(name)
            if subscript < 0 and elements:
                subscript += max(elements) + 1
            return elements.get(subscript)
        if name in ("@", "*"):
            blanks = state.get("IFS")
            return (" " if blanks is None else blanks[:1]).join(state.positional)
        if name.isdigit():
            number = int(name)
            if number == 0:
                return state.name
            return state.positional[number - 1] if number <= len(state.positional) else None
        special = self._special(name)
        return special if special is not None else state.get(name)

    def _special(self, name: str) -> str | None:
        state = self.shell.state
        if name == "?":
            return str(state.status)
        if name == "#":
            return str(len(state.positional))
        if name == "$":
            return str(state.pid)
        if name == "!":
            return str(state.last_background) if state.last_background is not None else ""
        if name == "-":
            letters = {"errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f", "noclobber": "C"}
            return "h" + "".join(letter for option, letter in letters.items() if option in state.options) + "B"
        if name == "LINENO":
            return str(self.shell.line)
        machine = self.shell.machine
        if name in ("RANDOM", "SRANDOM") and self.shell.dialect.name != "dash":
            return str(machine.simulation.random(f"shell/{machine.name}").randrange(32768))
        if not self.shell.dialect.is_bash:
            return None
        if name == "SECONDS":
            return str(int(self.shell.elapsed))
        if name in ("UID", "EUID"):
            return "0" if machine.user == "root" else "1000"
        if name == "BASH_VERSION":
            return "5.2.37(1)-release"
        if name == "EPOCHSECONDS":
            return str(int(machine.datetime(self.shell.elapsed).timestamp()))
        if name == "HOSTNAME" and state.get("HOSTNAME") is None:
            return machine.hostname
        return None

    # --- fields ---------------------------------------------------------------------------------------------------

    def _fields_of(self, word: Word) -> list[str]:
        separators = self.shell.state.get("IFS")
        separators = " \t\n" if separators is None else separators
        fields: list[list[Piece]] = []
        current: list[Piece] = []
        started = False
        for piece in self._pieces(word):
            if piece.breaks:
                if started:
                    fields.append(current)
                current, started = [], True
            if not piece.splits or not separators:
                if piece.text or piece.quoted:
                    current.append(piece)
                    started = True
                continue
            for index, chunk in enumerate(_split(piece.text, separators)):
                if index:
                    if started:
                        fields.append(current)
                    current, started = [], False
                if chunk is not None and chunk != "":
                    current.append(Piece(chunk))
                    started = True
        if started:
            fields.append(current)
        found: list[str] = []
        for field in fields:
            found += self._file_names(field)
        return found

    def _file_names(self, field: Sequence[Piece]) -> list[str]:
        plain = "".join(piece.text for piece in field)
        if "noglob" in self.shell.state.options:
            return [plain]
        pattern = "".join(patterns.escape(piece.text) if piece.quoted else piece.text for piece in field)
        if not patterns.is_pattern(pattern):
            return [plain]
        return patterns.glob(self.shell.machine.files, self.shell.state.directory, pattern) or [plain]


def _split(text: str, separators: str) -> list[str]:
    """Split at separators; blank ones in a row count once, at either end they make an empty item there."""
    blank = "".join(each for each in separators if each in " \t\n")
    other = "".join(each for each in separators if each not in " \t\n")
    if not other:
        return re.split(f"[{re.escape(blank)}]+", text)
    blanks = f"[{re.escape(blank)}]*" if blank else ""
    one = f"{blanks}[{re.escape(other)}]{blanks}"
    return re.split(f"{one}|[{re.escape(blank)}]+" if blank else one, text)
