"""Reading a command line as pflag does, from a verb's table of flags (``commands.toml`` has them all).

One parser serves every verb. Flags and arguments may be mixed; ``--name value``, ``--name=value``, ``-n value``,
``-nvalue``, ``-n=value`` and combined switches (``-wA``) are all read; ``--`` ends the flags. What cannot be read ends
in a :class:`FlagError` with pflag's words (upstream: ``github.com/spf13/pflag``).
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from kubesim.api.durations import parse_duration
from kubesim.kubectl.go_values import go_integer

FlagKind = Literal["bool", "string", "strings", "array", "int", "duration", "pairs"]
"""How a value is read: ``strings`` splits at commas, ``array`` does not; ``pairs`` are ``key=value``."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a verb.

    :param name: the long name, without dashes.
    :param kind: how its value is read.
    :param short: the one-letter shorthand, or "".
    :param default: its value when it is not given, as typed (``""`` is an empty list for list kinds, false for bool).
    :param bare: the value when it is given without one, such as ``unchanged`` for a bare ``--dry-run``; ``None`` when
        it needs a value (a bool's bare value is always true).
    :param help: one line for ``--help``.
    :param required: whether the verb refuses to run without it.
    """

    name: str
    kind: FlagKind = "string"
    short: str = ""
    default: str = ""
    bare: str | None = None
    help: str = ""
    required: bool = False


_NOTATION = re.compile(
    r"(?:-(?P<short>\w) )?--(?P<name>[\w-]+)(?:\[=(?P<bare>\w+)\])?"
    r"(?: (?P<kind>\w+))?(?:=(?P<default>\S+))?(?: (?P<required>!))?"
)


def flags_of(table: Mapping[str, str]) -> tuple[Flag, ...]:
    """Flags from a table of ``commands.toml``: how each is written, and its line for ``--help``."""
    found = []
    for written, words in table.items():
        match = _NOTATION.fullmatch(written)
        assert match is not None, f"a flag must be written as commands.toml explains, got {written!r}"
        kind = cast("FlagKind", match["kind"] or "string")
        short, default, required = match["short"] or "", match["default"] or "", match["required"] is not None
        found.append(Flag(match["name"], kind, short, default, match["bare"], words, required))
    return tuple(found)


COMMANDS: Mapping[str, Any] = MappingProxyType(
    tomllib.loads(Path(__file__).with_name("commands.toml").read_text(encoding="utf-8"))
)
"""The table of commands, by what is typed; under ``flags`` the groups of flags that commands share."""

GROUPS: Mapping[str, tuple[Flag, ...]] = MappingProxyType(
    {name: flags_of(table) for name, table in COMMANDS["flags"].items()}
    | {flag.name: (flag,) for flag in flags_of(COMMANDS["flags"]["single"])}
)
"""Flags that commands share: groups by their names, and single ones by theirs."""

GLOBAL_FLAGS = GROUPS["global"]
"""The flags every command takes (``kubectl options``)."""

HELP_FLAG = Flag("help", "bool", short="h", help="Say what the command does.")

_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))


class FlagError(Exception):
    """A command line that pflag would refuse; the text is pflag's."""


@dataclass(slots=True)
class Values:
    """The values of a verb's flags.

    Reading a flag that the verb does not declare raises :class:`KeyError`: it is a mistake in the verb.
    """

    table: Mapping[str, Flag]
    given: dict[str, list[str]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the verb declares this flag at all."""
        return name in self.table

    def changed(self, name: str) -> bool:
        """Whether the flag was typed."""
        return name in self.given

    def text(self, name: str) -> str:
        """The value of a string flag: the last one typed, else the default."""
        return self.given[name][-1] if name in self.given else self.table[name].default

    def on(self, name: str) -> bool:
        """The value of a switch."""
        return self.text(name) in _TRUE

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a flag that may be repeated, comma lists taken apart where its kind says so."""
        if name in self.given:
            return tuple(self.given[name])
        default = self.table[name].default
        return (default,) if default else ()

    def number(self, name: str) -> int:
        """The value of an integer flag (Go's syntax, ``0x10`` included)."""
        return go_integer(self.text(name) or "0")

    def seconds(self, name: str) -> float:
        """The value of a duration flag, in seconds."""
        return parse_duration(self.text(name) or "0")

    def limit(self, name: str) -> float | None:
        """The value of a duration flag that limits a time, in seconds; None where it is zero, which is for ever."""
        return max(self.seconds(name), 0.0) or None

    def pairs(self, name: str) -> dict[str, str]:
        """The ``key=value`` pairs of a flag."""
        return dict(pair.split("=", 1) for pair in self.texts(name))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command line, read: its flags, its other words, and where ``--`` stood (-1: nowhere)."""

    values: Values
    arguments: tuple[str, ...]
    dash: int


def table_of(flags: Sequence[Flag]) -> dict[str, Flag]:
    """A verb's flags with the global ones, by long name; the verb's own win."""
    return {flag.name: flag for flag in (*GLOBAL_FLAGS, HELP_FLAG, *flags)}


def parse(words: Sequence[str], flags: Sequence[Flag]) -> Parsed:
    """Read the words after the verb.

    :raises FlagError: with pflag's words.
    """
    table = table_of(flags)
    # A verb's own shorthand hides a global one of the same letter: `kubectl exec -c` against none, `-s`, `-v`.
    own = {flag.short: flag for flag in (*GLOBAL_FLAGS, HELP_FLAG, *flags) if flag.short and table[flag.name] is flag}
    values = Values(table)
    arguments: list[str] = []
    dash = -1
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--":
            dash = len(arguments)
            arguments.extend(words[position:])
            break
        if word.startswith("--"):
            position = _long(word, words, position, table, values)
        elif word.startswith("-") and len(word) > 1:
            position = _shorts(word, words, position, own, values)
        else:
            arguments.append(word)
    return Parsed(values, tuple(arguments), dash)


def _long(word: str, words: Sequence[str], position: int, table: Mapping[str, Flag], values: Values) -> int:
    name, equals, text = word[2:].partition("=")
    if not name or name.startswith("-"):
        raise FlagError(f"bad flag syntax: {word}")
    # pflag's normalizer reads `--dry_run` as `--dry-run`.
    flag = table.get(name) or table.get(name.replace("_", "-"))
    if flag is None:
        raise FlagError(f"unknown flag: --{name}")
    if equals:
        _put(flag, text, values)
        return position
    bare = _bare(flag)
    if bare is not None:
        _put(flag, bare, values)
        return position
    if position >= len(words):
        raise FlagError(f"flag needs an argument: --{name}")
    _put(flag, words[position], values)
    return position + 1


def _shorts(word: str, words: Sequence[str], position: int, own: Mapping[str, Flag], values: Values) -> int:
    rest = word[1:]
    while rest:
        letter, tail = rest[0], rest[1:]
        flag = own.get(letter)
        if flag is None:
            raise FlagError(f"unknown shorthand flag: '{letter}' in -{rest}")
        bare = _bare(flag)
        if len(tail) > 1 and tail[0] == "=":
            _put(flag, tail[1:], values)
            return position
        if bare is not None:
            _put(flag, bare, values)
            rest = tail
            continue
        if tail:
            _put(flag, tail, values)
            return position
        if position >= len(words):
            raise FlagError(f"flag needs an argument: '{letter}' in -{rest}")
        _put(flag, words[position], values)
        return position + 1
    return position


def _bare(flag: Flag) -> str | None:
    return "true" if flag.kind == "bool" and flag.bare is None else flag.bare


def _put(flag: Flag, text: str, values: Values) -> None:
    problem = _problem(flag, text)
    if problem:
        shown = f"-{flag.short}, --{flag.name}" if flag.short else f"--{flag.name}"
        raise FlagError(f'invalid argument "{text}" for "{shown}" flag: {problem}')
    if flag.kind in ("strings", "pairs"):
        values.given.setdefault(flag.name, []).extend(_split(text))
    else:
        values.given.setdefault(flag.name, []).append(text)


def _split(text: str) -> list[str]:
    """A comma list, with CSV quoting, as pflag's stringSlice reads it: the first line that is not empty."""
    return next((row for row in csv.reader(io.StringIO(text, newline="")) if row), [])


def _problem(flag: Flag, text: str) -> str:
    """What pflag says of a value of the wrong kind, or ""."""
    match flag.kind:
        case "bool" if text not in _TRUE | _FALSE:
            return f'strconv.ParseBool: parsing "{text}": invalid syntax'
        case "int":
            return _integer_problem(text)
        case "duration":
            try:
                parse_duration(text)
            except ValueError as error:
                return str(error)
        case "pairs":
            bad = next((pair for pair in _split(text) if "=" not in pair), None)
            if bad is not None:
                return f"{bad} must be formatted as key=value"
    return ""


def _integer_problem(text: str) -> str:
    try:
        value = go_integer(text)
    except ValueError:
        return f'strconv.ParseInt: parsing "{text}": invalid syntax'
    if not -(2**63) <= value < 2**63:
        return f'strconv.ParseInt: parsing "{text}": value out of range'
    return ""
