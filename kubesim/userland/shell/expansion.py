"""What becomes of a word: braces, ``~``, ``$…``, splitting at blanks, file names, and quotes taken away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kubesim.turn import Interrupted
from kubesim.userland.bounds import WORDS, require
from kubesim.userland.machine import Machine
from kubesim.userland.numerals import is_number
from kubesim.userland.printing import ansi_quoted, ansi_unescape
from kubesim.userland.regular import Regex
from kubesim.userland.shell import patterns
from kubesim.userland.shell.arithmetic import ArithmeticFailure, Evaluator
from kubesim.userland.shell.braces import brace_expand
from kubesim.userland.shell.dialect import Dialect
from kubesim.userland.shell.lexer import Lexer
from kubesim.userland.shell.splitting import BLANKS, Splitter
from kubesim.userland.shell.state import Elements, Numbers, State
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
    script: str
    from_option: bool

    @property
    def elapsed(self) -> float:
        """Seconds since the shell began."""

    def substitute(self, text: str, line: int) -> str:
        """The output of a command substitution."""

    def complain(self, text: str) -> None:
        """Tell of a problem, and go on."""

    def process_file(self, text: str, line: int, *, reads: bool = False) -> str:
        """The file of a process substitution."""


class ExpansionError(Exception):
    """A word that cannot be expanded.

    :param fatal: whether the shell ends with the status; else only the rest of the line is given up.
    """

    def __init__(self, message: str, status: int = 1, *, fatal: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.fatal = fatal


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a field: its text, whether it was quoted, and whether blanks in it split the field.

    :param breaks: a new field begins here (between the elements of ``"$@"``).
    """

    text: str
    quoted: bool = False
    splits: bool = False
    breaks: bool = False
    joint: str = " "
    """What takes the place of that break where nothing is split."""
    vanishes: bool = False
    """It is ``"$@"`` without any: the quotes around it make no field by themselves."""


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

    def text(self, word: Word, *, assigned: bool = False) -> str:
        """One word without splitting and file names: an assignment's value, a redirection's target."""
        pieces = self._pieces(word, assigned=assigned)
        require(sum(len(piece.text) for piece in pieces))
        return "".join(
            (piece.joint if piece.breaks and number else "") + piece.text for number, piece in enumerate(pieces)
        )

    def pattern(self, word: Word) -> str:
        """A word as a pattern: what was quoted stands for itself."""
        return "".join(patterns.escape(p.text) if p.quoted else p.text for p in self._pieces(word))

    def regex(self, word: Word) -> str:
        """A word as a regular expression: what was quoted stands for itself."""
        return "".join(re.escape(p.text) if p.quoted else p.text for p in self._pieces(word))

    def arithmetic(self, text: str, *, command: str = "") -> int:
        """Evaluate an expression.

        :param command: what stands before a complaint: ``((``, ``let``, a variable whose part is taken.
        :raises ExpansionError: with the shell's words.
        """
        dialect = self.shell.dialect
        numbers = Numbers(self.shell.state, self._special_number, self.key)
        try:
            return Evaluator(text, numbers, dialect).evaluate()
        except ArithmeticFailure as failure:
            raise self._failed(failure, text, command) from failure

    def _failed(self, failure: ArithmeticFailure, text: str, command: str) -> ExpansionError:
        dialect = self.shell.dialect
        if dialect.is_bash:
            whole = failure.whole.lstrip(" \t\n")
            token = "" if failure.token is None else f' (error token is "{failure.token}")'
            return ExpansionError(f"{command}{whole}: {failure.reason}{token}", fatal=False)
        if dialect.name == "dash":
            if failure.token is None:
                return ExpansionError(failure.reason, 2)
            what = _DASH_REASONS.get(failure.reason, "expecting primary")
            return ExpansionError(f'arithmetic expression: {what}: "{text}"', 2)
        return ExpansionError(_ASH_REASONS.get(failure.reason, "arithmetic syntax error"), 2)

    def _special_number(self, name: str) -> str | None:
        return self._special(name) if name in _DYNAMIC else None

    def expression(self, text: str, *, command: str = "") -> int:
        """The value of an expression in whose text parameters and commands are to be replaced first: ``((…))``."""
        return self.arithmetic(self.text(Lexer(text, self.shell.dialect).expandable('$`"\\')), command=command)

    def subscript(self, text: str) -> int:
        """The number of an array's element."""
        return self.arithmetic(self.text(Lexer(text, self.shell.dialect).word(stop="")))

    def key(self, name: str, text: str) -> int | str:
        """A subscript of an array: a number, or the text itself where the array is associative."""
        if self.shell.state.is_associative(name):
            return self.text(Lexer(text, self.shell.dialect).word(stop=""))
        return self.subscript(text)

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _pieces(self, word: Word, *, assigned: bool = False) -> list[Piece]:
        pieces: list[Piece] = []
        for number, part in enumerate(word.parts):
            if isinstance(part, Literal) and not part.quoted and "~" in part.text:
                pieces += self._tildes(
                    part.text, first=number == 0, last=number == len(word.parts) - 1, assigned=assigned
                )
                continue
            pieces += self._part(part)
        return pieces

    def _tildes(self, text: str, *, first: bool, last: bool, assigned: bool) -> list[Piece]:
        """Literal text with ``~`` at its beginning, and in an assigned value behind each colon."""
        chunks = text.split(":") if assigned else [text]
        out = []
        for number, chunk in enumerate(chunks):
            begins = (number > 0 or first) and chunk.startswith("~")
            complete = last or number < len(chunks) - 1 or "/" in chunk
            out.append(self._home(chunk) if begins and complete else Piece(chunk))
            if number < len(chunks) - 1:
                out.append(Piece(":"))
        return out

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
            return [Piece(self.shell.process_file(part.text, part.line, reads=part.reads), True)]
        raise AssertionError(part)

    def _home(self, text: str) -> Piece:
        name, slash, rest = text.partition("/")
        state = self.shell.state
        if name == "~":
            home = state.get("HOME") or "/root"
        elif name == "~+" and self.shell.dialect.is_bash:
            home = state.directory
        elif name == "~-" and self.shell.dialect.is_bash:
            home = state.get("OLDPWD") or name
        else:
            home = {"~root": "/root"}.get(name, name)
        return Piece(home, quoted=home != name) if not slash else Piece(home + slash + rest)

    def _parameter(self, part: Parameter) -> list[Piece]:
        several = part.name == "@" or part.index == "@"
        joined = part.name == "*" or part.index == "*"
        if (several or joined) and part.operator in _EACH:
            items = self._items(part)
            if joined and part.quoted:
                return [Piece(self._separator().join(items), True)]
            joint = self._separator() if joined else " "
            if not items and part.quoted:
                return [Piece("", vanishes=True)]
            return [
                Piece(item, part.quoted, not part.quoted, breaks=number > 0, joint=joint)
                for number, item in enumerate(items)
            ]
        value = self._value(part)
        if isinstance(value, list):
            return value
        return [Piece(value, part.quoted, not part.quoted)]

    def _separator(self) -> str:
        separators = self.shell.state.get("IFS")
        return " " if separators is None else separators[:1]

    def _items(self, part: Parameter) -> list[str]:
        items = self._elements(part)
        operator = part.operator
        if operator == "substring" and part.argument is not None:
            return self._slice(part, items)
        if operator == "indirect":
            return [str(key) for key, _ in self._pairs(part.name)]
        if operator in (":+", "+"):
            return [self.text(part.argument)] if items and part.argument else []
        if operator in (":-", "-", ":=", "=", ":?", "?"):
            if items:
                return items
            found = self._conditional(part, None)
            return [found if isinstance(found, str) else "".join(piece.text for piece in found)]
        return [self._edited(part, item) for item in items] if operator else items

    def _slice(self, part: Parameter, items: list[str]) -> list[str]:
        """``${@:offset:length}``; an array's elements count by their number."""
        assert part.argument is not None
        start = self.arithmetic(self.text(part.argument), command=f"{part.name}: ")
        pairs: list[tuple[int, str]]
        if part.name in ("@", "*"):
            pairs = list(enumerate([self.shell.state.name, *items]))
        else:
            pairs = [(key if isinstance(key, int) else n, item) for n, (key, item) in enumerate(self._pairs(part.name))]
        if start < 0:
            start += (max((number for number, _ in pairs), default=-1) + 1) if pairs else 0
            if start < 0:
                return []
        kept = [item for number, item in pairs if number >= start]
        if part.second is None:
            return kept
        length = self.arithmetic(self.text(part.second), command=f"{part.name}: ")
        if length < 0:
            raise ExpansionError(f"{self.text(part.second)}: substring expression < 0", fatal=False)
        return kept[:length]

    def _pairs(self, name: str) -> list[tuple[int | str, str]]:
        found = self.shell.state.variables.get(name)
        return found.items() if found is not None else []

    def _bad(self, part: Parameter) -> ExpansionError:
        dialect = self.shell.dialect
        if dialect.is_bash:
            return ExpansionError(f"{part.source}: bad substitution", fatal=False)
        return ExpansionError("Bad substitution" if dialect.name == "dash" else "syntax error: bad substitution", 2)

    def _value(self, part: Parameter) -> str | list[Piece]:
        operator, dialect = part.operator, self.shell.dialect
        if operator == "bad" or not _allowed(dialect.name, part):
            raise self._bad(part)
        if operator == "prefix":
            names = sorted(name for name in self.shell.state.variables if name.startswith(part.name))
            return self._separator().join(names) if part.quoted else " ".join(names)
        if operator == "length" and (part.index in ("@", "*") or part.name in ("@", "*")):
            return str(len(self._elements(part)))
        value = self._plain(part)
        if operator == "indirect":
            return self._indirect(part, value)
        if operator in ("-", ":-", "=", ":=", "?", ":?", "+", ":+"):
            return self._conditional(part, value)
        if value is None:
            if "nounset" in self.shell.state.options and part.name not in ("@", "*", "!"):
                shown = f"{part.name}[{part.index}]" if part.index else part.name
                shown = f"${shown}" if shown.isdigit() and dialect.is_bash else shown
                status = 127 if self.shell.from_option else 1
                raise ExpansionError(dialect.unset(shown), status if dialect.is_bash else 2)
            if operator.startswith("/"):  # even a pattern that nothing matches finds nothing here
                return ""
            value = ""
        if operator == "length":
            return str(len(value))
        if operator == "substring" and part.argument is not None:
            return self._substring(part, value)
        if operator == "transform":
            return self._transformed(part, value)
        return self._edited(part, value)

    def _indirect(self, part: Parameter, value: str | None) -> str:
        if not value:
            if value is None:
                raise ExpansionError(f"{part.name}: invalid indirect expansion", fatal=False)
            raise ExpansionError(f"{value}: invalid variable name", fatal=False)
        inner = Lexer(f"${{{value}}}", self.shell.dialect).word(stop="")
        parameter = inner.parts[0] if len(inner.parts) == 1 else None
        if not isinstance(parameter, Parameter) or parameter.operator:
            raise ExpansionError(f"{value}: invalid variable name", fatal=False)
        found = self._value(parameter)
        return found if isinstance(found, str) else "".join(piece.text for piece in found)

    def _substring(self, part: Parameter, value: str) -> str:
        assert part.argument is not None
        start = self.arithmetic(self.text(part.argument), command=f"{part.name}: ")
        if start < 0:
            start += len(value)
            if start < 0:
                return ""
        if part.second is None:
            return value[start:]
        text = self.text(part.second)
        length = self.arithmetic(text, command=f"{part.name}: ")
        if start > len(value):
            return ""
        if length < 0:
            if len(value) + length < start:
                raise ExpansionError(f"{text.strip()}: substring expression < 0", fatal=False)
            return value[start : len(value) + length]
        return value[start : start + length]

    def _transformed(self, part: Parameter, value: str) -> str:
        kind = self.text(part.argument) if part.argument else ""
        if kind == "Q":
            if self._plain(part) is None:
                return ""
            if any(not character.isprintable() for character in value):
                return ansi_quoted(value)
            return "'" + value.replace("'", "'\\''") + "'"
        if kind == "a":
            found = self.shell.state.variables.get(part.name)
            return "" if found is None else found.letters.replace("-", "")
        if kind in ("U", "L", "u"):
            return value.upper() if kind == "U" else value.lower() if kind == "L" else value[:1].upper() + value[1:]
        if kind == "E":
            return ansi_unescape(value)
        raise self._bad(part)

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
            self._assign_default(part, text)
            return text
        bash = self.shell.dialect.is_bash
        null = "parameter null or not set" if bash else "parameter not set or null"
        default = null if part.operator == ":?" else "parameter not set"
        status = (127 if self.shell.from_option else 1) if bash else 2
        raise ExpansionError(f"{part.name}: {text or default}", status)

    def _assign_default(self, part: Parameter, text: str) -> None:
        if not re.fullmatch(r"[A-Za-z_]\w*", part.name):
            shown = "$" + part.name
            raise ExpansionError(f"{shown}: cannot assign in this way", fatal=False)
        if part.index:
            self.shell.state.set_element(part.name, self.key(part.name, part.index), text)
        else:
            self.shell.state.set(part.name, text)

    def _argument(self, part: Parameter, argument: Word) -> str | list[Piece]:
        if part.quoted:
            return self.text(argument)
        return [Piece(p.text, p.quoted, not p.quoted, p.breaks) for p in self._pieces(argument)]

    def _flags(self) -> int:
        return re.DOTALL | (re.IGNORECASE if "nocasematch" in self.shell.state.switches else 0)

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
            return _cased(value, operator, pattern)
        if not pattern and (operator not in ("/#", "/%") or not self.shell.dialect.is_bash):
            return value
        replacement = self._replacement(part.second) if part.second else ""
        regex_text = patterns.to_regex(pattern)
        if operator == "/#":
            regex_text = f"\\A(?:{regex_text})"
        elif operator == "/%":
            regex_text = f"(?:{regex_text})\\Z"
        if not value:
            return replacement if Regex(regex_text, self._flags()).fullmatch("") else value
        everywhere = operator == "//"
        changed, _ = Regex(regex_text, self._flags()).subn(
            lambda match: replacement if match[0] or operator in ("/#", "/%") else "", value, 0 if everywhere else 1
        )
        return changed

    def _replacement(self, word: Word) -> str:
        return "".join(piece.text for piece in self._pieces(word))

    # --- parameters ------------------------------------------------------------------------------------------------

    def _elements(self, part: Parameter) -> list[str]:
        """The values of ``$@``, ``$*`` or an array's ``[@]``."""
        if part.name in ("@", "*"):
            return list(self.shell.state.positional)
        if part.name in _STACKS:
            return self._stack(part.name)
        return [value for _, value in self._pairs(part.name)]

    def _stack(self, name: str) -> list[str]:
        """``FUNCNAME`` and ``BASH_SOURCE``: the functions that are running, the innermost first."""
        state = self.shell.state
        if name == "FUNCNAME":
            return [*reversed(state.calls), "main"] if state.calls and not self.shell.from_option else state.calls[::-1]
        sources = [state.functions[each].source for each in reversed(state.calls) if each in state.functions]
        return sources if self.shell.from_option else [*sources, self.shell.script]

    def _plain(self, part: Parameter) -> str | None:
        """One value; None where the parameter is unset."""
        state = self.shell.state
        name = part.name
        if part.index:
            if part.index in ("@", "*"):
                return self._separator().join(self._elements(part)) if self._elements(part) else None
            if name in _STACKS:
                stack, place = self._stack(name), self.subscript(part.index)
                return stack[place] if -len(stack) <= place < len(stack) else None
            key = self.key(name, part.index)
            elements: Elements = state.elements(name)
            if isinstance(key, int) and key < 0:
                key += State.length(elements)
                if key < 0:
                    self.shell.complain(f"{name}: bad array subscript")
                    return None
            return elements.get(key)
        if name in ("@", "*"):
            return self._separator().join(state.positional) if state.positional else None
        if is_number(name):
            number = int(name[:9])
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
            return str(state.last_background) if state.last_background is not None else None
        if name == "-":
            return self._option_letters()
        if name == "LINENO":
            return str(self.shell.line - (self.shell.dialect.name == "ash"))
        if name == "PPID":
            return "1" if state.pid > 1 else "0"
        machine = self.shell.machine
        if name in ("RANDOM", "SRANDOM") and self.shell.dialect.name != "dash":
            return str(machine.simulation.random(f"shell/{machine.name}").randrange(32768))
        return self._bash_special(name) if self.shell.dialect.is_bash else None

    def _option_letters(self) -> str:
        """``$-``."""
        letters = {
            "allexport": "a", "notify": "b", "errexit": "e", "noglob": "f", "monitor": "m", "noexec": "n",
            "nounset": "u",            "verbose": "v", "xtrace": "x", "noclobber": "C",
        }  # fmt: skip
        options = self.shell.state.options
        found = [letter for option, letter in letters.items() if option in options]
        if not self.shell.dialect.is_bash:
            order = "efmxvCnubaV" if self.shell.dialect.name == "dash" else "efnuvxCab"
            shown = "".join(letter for letter in order if letter in found)
            return f"{shown}c" if self.shell.from_option and self.shell.dialect.name == "ash" else shown
        lower = "".join(sorted([letter for letter in found if letter != "C"] + ["h"]))
        end = "c" if self.shell.from_option else ""
        return f"{lower}B{'C' if 'C' in found else ''}{end}"

    def _bash_special(self, name: str) -> str | None:
        state, machine = self.shell.state, self.shell.machine
        if name == "_":
            return state.last_argument
        if name in _STACKS:
            return next(iter(self._stack(name)), None)
        if name == "BASHPID":
            return str(state.pid)
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
        splitter = Splitter(BLANKS if separators is None else separators)
        fields: list[list[Piece]] = []
        current: list[Piece] = []
        for piece in self._pieces(word):
            if piece.breaks:
                if splitter.begun:
                    fields.append(current)
                current = []
                splitter.begun, splitter.absorbs = piece.quoted, False
            if not piece.splits:
                if piece.vanishes:
                    current.append(piece)
                elif piece.text or piece.quoted:
                    current.append(piece)
                    splitter.begun, splitter.absorbs = True, False
                continue
            start = 0
            for place, character in enumerate(piece.text):
                ended = splitter.ends(character)
                if ended is None:
                    continue
                if start < place:
                    current.append(Piece(piece.text[start:place]))
                start = place + 1
                if ended:
                    fields.append(current)
                    current = []
            if start < len(piece.text):
                current.append(Piece(piece.text[start:]))
        if splitter.begun and not (any(each.vanishes for each in current) and not any(each.text for each in current)):
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
        switches = self.shell.state.switches
        found = patterns.glob(self.shell.machine.files, self.shell.state.directory, pattern, dots="dotglob" in switches)
        if not found and "failglob" in switches:
            raise ExpansionError(f"no match: {plain}", fatal=False)
        return found or ([] if "nullglob" in switches else [plain])


def _cased(value: str, operator: str, pattern: str) -> str:
    """``^`` and ``,``: the first character, or each, that matches a pattern changed in case."""
    change: Callable[[str], str] = str.upper if operator[0] == "^" else str.lower
    places = range(len(value)) if len(operator) == 2 else range(min(1, len(value)))
    out = list(value)
    for place in places:
        if not pattern or patterns.matches(pattern, out[place]):
            out[place] = change(out[place])
    return "".join(out)


def _allowed(dialect: str, part: Parameter) -> bool:
    """Whether a shell has an operator: dash only those of POSIX, ash also parts and replacements."""
    if dialect == "bash":
        return True
    if part.index or part.operator in ("indirect", "prefix", "transform", "^", "^^", ",", ",,"):
        return False
    return dialect == "ash" or part.operator not in ("substring", "/", "//", "/#", "/%")


_EACH = frozenset(
    {
        "",
        "substring",
        ":+",
        "+",
        ":-",
        "-",
        "#",
        "##",
        "%",
        "%%",
        "/",
        "//",
        "/#",
        "/%",
        "^",
        "^^",
        ",",
        ",,",
        "indirect",
    }
)
"""What is done with each item of a list by itself."""
_STACKS = frozenset({"FUNCNAME", "BASH_SOURCE"})
_DYNAMIC = frozenset({"LINENO", "RANDOM", "SRANDOM", "SECONDS", "UID", "EUID", "PPID", "BASHPID", "EPOCHSECONDS"})
_DASH_REASONS = {
    "division by 0": "division by zero",
    "syntax error in expression": "expecting EOF",
    "syntax error: invalid arithmetic operator": "expecting EOF",
    "attempted assignment to non-variable": "expecting EOF",
    "value too great for base": "expecting EOF",
    "missing `)'": "expecting ')'",
    "`:' expected for conditional expression": "expecting ':'",
}
_ASH_REASONS = {
    "division by 0": "divide by zero",
    "expression recursion level exceeded": "expression recursion loop detected",
    "exponent less than 0": "exponent less than 0",
}
