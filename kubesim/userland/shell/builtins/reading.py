"""Builtins that read text into variables: ``read`` and ``mapfile``."""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.userland.shell.builtins.declaring import valid
from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.splitting import BLANKS, Character, read_fields
from kubesim.userland.shell.state import ReadOnlyError
from kubesim.userland.shell.streams import Input

_USAGE = (
    "read: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] "
    "[-u fd] [name ...]\n"
)


@dataclass(slots=True)
class _Options:
    raw: bool = False
    array: str = ""
    delimiter: str = "\n"
    count: int | None = None
    exact: bool = False
    descriptor: int = 0


def _taken(shell: Shell, words: list[str]) -> tuple[_Options, list[str]] | int:
    """The options and the names; a status where they are malformed."""
    options = _Options()
    rest = words[1:]
    while rest and rest[0].startswith("-") and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            break
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "ers" and (shell.dialect.is_bash or letter in "rs"):
                options.raw = options.raw or letter == "r"
                continue
            known = "adinNptu" if shell.dialect.is_bash else "p" if shell.dialect.name == "dash" else "dnptu"
            if letter not in known:
                text = f"-{letter}: invalid option" if shell.dialect.is_bash else f"Illegal option -{letter}"
                text = f"illegal option -{letter}" if shell.dialect.name == "ash" else text
                shell.fail("read", text, 2)
                if shell.dialect.is_bash:
                    shell.write(_USAGE, 2)
                return 2
            if not letters and not rest:
                shell.fail("read", f"-{letter}: option requires an argument", 2)
                shell.write(_USAGE, 2)
                return 2
            value, letters = letters or rest.pop(0), ""
            status = _set(shell, options, letter, value)
            if status:
                return status
    return options, rest


def _set(shell: Shell, options: _Options, letter: str, value: str) -> int:
    if letter == "a":
        options.array = value
    elif letter == "d":
        options.delimiter = value[:1] or "\0"
    elif letter in "nN":
        if not value.isdecimal():
            return shell.fail("read", f"{value}: invalid number", 1)
        options.count, options.exact = int(value[:9]), letter == "N"
    elif letter == "u":
        if not value.isdecimal():
            return shell.fail("read", f"{value}: invalid file descriptor specification", 1)
        options.descriptor = int(value[:9])
    return 0


def read(shell: Shell, words: list[str]) -> int:
    """Read a line into variables."""
    taken = _taken(shell, words)
    if isinstance(taken, int):
        return taken
    options, names = taken
    if not names and shell.dialect.name == "dash":
        return shell.fail("read", "arg count", 2)
    for name in [*names, *([options.array] if options.array else [])]:
        if not valid(shell, "read", name):
            return 1 if shell.dialect.is_bash else 2
    source = shell.descriptors.get(options.descriptor)
    if not isinstance(source, Input):
        if options.descriptor or source is None:
            return shell.fail("read", f"{options.descriptor}: invalid file descriptor: Bad file descriptor", 1)
        source = Input()
    line, ended = _read_line(source, options)
    separators = shell.state.get("IFS")
    separators = BLANKS if separators is None else separators
    try:
        _give(shell, options, names, line, separators)
    except ReadOnlyError as error:
        return shell.fail("read", f"{error.name}: readonly variable", 1)
    return int(ended)


def _give(shell: Shell, options: _Options, names: list[str], line: list[Character], separators: str) -> None:
    state = shell.state
    if options.array:
        state.set_array(options.array, dict(enumerate(read_fields(line, separators, None))))
    elif not names or options.exact:
        whole = "".join(each.text for each in line)
        for number, name in enumerate(names or ["REPLY"]):
            state.set(name, "" if number else whole)
    else:
        values = read_fields(line, separators, len(names))
        for number, name in enumerate(names):
            state.set(name, values[number] if number < len(values) else "")


def _read_line(source: Input, options: _Options) -> tuple[list[Character], bool]:
    """The characters up to the delimiter, and whether the input ended before it."""
    found: list[Character] = []
    while True:
        if options.count is not None and len(found) >= options.count:
            return found, False
        character = source.character()
        if not character:
            return found, True
        if character == options.delimiter and not options.exact:
            return found, False
        if character == "\\" and not options.raw:
            following = source.character()
            if not following:
                return found, True
            if following != "\n":
                found.append(Character(following, True))
            continue
        if character != "\0":
            found.append(Character(character))


def mapfile(shell: Shell, words: list[str]) -> int:
    """Read lines into an array."""
    name, trims, delimiter, most = "MAPFILE", False, "\n", 0
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word == "-t":
            trims = True
        elif word in ("-d", "-n", "-O", "-s", "-u", "-C", "-c") and rest:
            value = rest.pop(0)
            if word == "-d":
                delimiter = value[:1] or "\0"
            elif word == "-n" and value.isdecimal():
                most = int(value[:9])
        elif not word.startswith("-"):
            name = word
    text = shell.stdin.drain()
    lines = [line + delimiter for line in text.split(delimiter)]
    lines[-1] = lines[-1].removesuffix(delimiter)
    if not lines[-1]:
        lines.pop()
    if trims:
        lines = [line.removesuffix(delimiter) for line in lines]
    shell.state.set_array(name, dict(enumerate(lines[: most or None])))
    return 0
