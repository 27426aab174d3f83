"""Builtins that set variables and options: ``export``, ``declare``, ``set``, ``read``, ``getopts``, ``let``…"""

from __future__ import annotations

import re
from dataclasses import replace

from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.state import ReadOnlyError, Variable
from kubesim.userland.shell.streams import Input

_LETTERS = {
    "e": "errexit", "u": "nounset", "x": "xtrace", "f": "noglob", "C": "noclobber", "a": "allexport", "v": "verbose",
    "m": "monitor", "n": "noexec", "b": "notify", "h": "hashall",
}  # fmt: skip
_NAMES = frozenset(
    {*_LETTERS.values(), "pipefail", "posix", "emacs", "vi", "history", "errtrace", "functrace", "ignoreeof"}
)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")


def _valid(shell: Shell, command: str, word: str) -> bool:
    name = word.partition("=")[0].removesuffix("+")
    if _IDENTIFIER.match(name):
        return True
    if shell.dialect.is_bash:
        shell.complain(f"{command}: `{word}': not a valid identifier")
    else:
        shell.complain(f"{command}: {word}: bad variable name")
    return False


def _mark(shell: Shell, words: list[str], *, exported: bool = False, readonly: bool = False) -> int:
    status = 0
    remove = False
    for word in words[1:]:
        if word.startswith("-"):
            remove = "n" in word
            continue
        if not _valid(shell, words[0], word):
            status = 1
            continue
        name, equals, value = word.partition("=")
        if equals:
            shell.state.set(name, value)
        old = shell.state.variables.get(name, Variable())
        shell.state.variables[name] = replace(
            old, exported=(old.exported or exported) and not remove, readonly=old.readonly or readonly
        )
    if len(words) == 1 or words[1:] == ["-p"]:
        for name, each in sorted(shell.state.variables.items()):
            if (exported and each.exported) or (readonly and each.readonly):
                kind = "x" if exported else "r"
                start = f"declare -{kind} " if shell.dialect.is_bash else f"{words[0]} "
                shell.write(f'{start}{name}="{each.text}"\n')
    return status


def export(shell: Shell, words: list[str]) -> int:
    """Mark variables for the environment of programs."""
    return _mark(shell, words, exported=True)


def readonly(shell: Shell, words: list[str]) -> int:
    """Mark variables as constant."""
    return _mark(shell, words, readonly=True)


def unset(shell: Shell, words: list[str]) -> int:
    """Forget variables and functions."""
    status = 0
    only_functions = "-f" in words
    for word in words[1:]:
        if word.startswith("-"):
            continue
        match = re.fullmatch(r"(\w+)\[([^\]]+)\]", word)
        try:
            if match:
                elements = shell.state.elements(match[1])
                elements.pop(shell.expander.subscript(match[2]), None)
                shell.state.set_array(match[1], elements)
            elif not only_functions and word in shell.state.variables:
                shell.state.unset(word)
            else:
                shell.state.functions.pop(word, None)
        except ReadOnlyError:
            shell.complain(f"unset: {word}: cannot unset: readonly variable")
            status = 1
    return status


def declare(shell: Shell, words: list[str]) -> int:
    """``declare`` and ``local``."""
    status = 0
    flags = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    if words[0] == "local" and not shell.state.locals:
        shell.complain("local: can only be used in a function")
        return 1
    for word in words[1:]:
        if word.startswith(("-", "+")):
            continue
        if not _valid(shell, words[0], word):
            status = 1
            continue
        name, equals, value = word.partition("=")
        if shell.state.locals and "g" not in flags:
            shell.state.remember_local(name)
        if equals:
            if "i" in flags:
                value = str(shell.expander.arithmetic(value))
            shell.state.set(name, value)
        elif "p" in flags:
            found = shell.state.variables.get(name)
            if found is None:
                shell.complain(f"declare: {name}: not found")
                status = 1
            else:
                shell.write(f'declare -{"x" if found.exported else "-"} {name}="{found.text}"\n')
            continue
        elif name not in shell.state.variables or words[0] == "local":
            shell.state.variables[name] = Variable()
        old = shell.state.variables[name]
        shell.state.variables[name] = replace(
            old, exported=old.exported or "x" in flags, readonly=old.readonly or "r" in flags
        )
    return status


def set_options(shell: Shell, words: list[str]) -> int:
    """``set``: options, positional parameters, or the list of variables."""
    options = shell.state.options
    arguments = words[1:]
    if not arguments:
        for variable, value in sorted(shell.state.variables.items()):
            shell.write(f"{variable}={value.text}\n")
        return 0
    position = 0
    while position < len(arguments):
        word = arguments[position]
        position += 1
        if word == "--":
            shell.state.positional = tuple(arguments[position:])
            return 0
        if word[:1] not in ("-", "+") or len(word) < 2:
            shell.state.positional = tuple(arguments[position - 1 :])
            return 0
        for letter in word[1:]:
            name = _LETTERS.get(letter)
            if letter == "o":
                if position >= len(arguments):
                    for each in sorted(_NAMES):
                        shell.write(f"{each:<15}\t{'on' if each in options else 'off'}\n")
                    return 0
                name = arguments[position]
                position += 1
                if name not in _NAMES:
                    shell.complain(f"set: {name}: invalid option name")
                    return 2
            if name is None:
                shell.complain(f"set: {word[0]}{letter}: invalid option")
                shell.write("set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n", 2)
                return 2
            if word[0] == "-":
                options.add(name)
            else:
                options.discard(name)
    return 0


def read(shell: Shell, words: list[str]) -> int:
    """Read a line into variables."""
    raw = array = False
    names: list[str] = []
    delimiter: str | None = None
    position = 1
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("-") or names:
            names.append(word)
            continue
        raw = raw or "r" in word
        array = array or "a" in word
        if word[-1] in "pdtnNu" and position < len(words):
            if word[-1] == "d":
                delimiter = words[position][:1]
            position += 1
    for name in names:
        if not _valid(shell, "read", name):
            return 1
    source = shell.stdin
    line = _read_line(source, raw, delimiter)
    ended = line is None or (delimiter is None and not line.endswith("\n"))
    text = (line or "").removesuffix("\n") if delimiter is None else (line or "")
    separators = shell.state.get("IFS")
    separators = " \t\n" if separators is None else separators
    if array:
        items = _words(text, separators, 0)
        shell.state.set_array(names[0] if names else "REPLY", dict(enumerate(items)))
    elif not names:
        shell.state.set("REPLY", text)
    else:
        items = _words(text, separators, len(names))
        for number, name in enumerate(names):
            shell.state.set(name, items[number] if number < len(items) else "")
    return int(ended)


def _read_line(source: Input, raw: bool, delimiter: str | None) -> str | None:
    if delimiter is not None:
        rest = source.rest()
        if not rest:
            return None
        end = rest.find(delimiter) if delimiter else -1
        source.position += len(rest) if end < 0 else end + 1
        return rest if end < 0 else rest[:end]
    line = source.read_line()
    while line is not None and not raw and line.endswith("\\\n"):
        more = source.read_line()
        line = line[:-2] + (more or "")
    return line if raw or line is None else re.sub(r"\\(.)", r"\1", line)


def _words(text: str, separators: str, limit: int) -> list[str]:
    if not separators:
        return [text]
    blank = "".join(each for each in separators if each in " \t\n")
    text = text.strip(blank) if blank else text
    pattern = (
        f"[{re.escape(blank)}]+"
        if blank == separators
        else f"[{re.escape(blank)}]*[{re.escape(separators)}][{re.escape(blank)}]*"
    )
    if not text:
        return []
    return re.split(pattern, text, maxsplit=max(0, limit - 1)) if limit != 1 else [text]


def mapfile(shell: Shell, words: list[str]) -> int:
    """Read lines into an array."""
    name = next((word for word in words[1:] if not word.startswith("-")), "MAPFILE")
    lines = shell.stdin.drain().splitlines(keepends="-t" not in words)
    shell.state.set_array(name, dict(enumerate(lines)))
    return 0


def getopts(shell: Shell, words: list[str]) -> int:
    """Take the next option from the positional parameters."""
    if len(words) < 3:
        shell.write("getopts: usage: getopts optstring name [arg ...]\n", 2)
        return 2
    letters, name = words[1], words[2]
    arguments = words[3:] or list(shell.state.positional)
    index = int(shell.state.get("OPTIND") or 1)
    place = int(shell.state.get("_OPTPLACE") or 1)
    if index > len(arguments) or not re.match(r"-[^-]", arguments[index - 1]):
        shell.state.set(name, "?")
        return 1
    word = arguments[index - 1]
    letter = word[place]
    place += 1
    known = letter in letters and letter != ":"
    if known and letters[letters.index(letter) + 1 : letters.index(letter) + 2] == ":":
        value = word[place:]
        if not value and index < len(arguments):
            index += 1
            value = arguments[index - 1]
        shell.state.set("OPTARG", value)
        place = len(word)
    if not known and not letters.startswith(":"):
        shell.write(f"{shell.state.name}: illegal option -- {letter}\n", 2)
    shell.state.set(name, letter if known else "?")
    if place >= len(word):
        index, place = index + 1, 1
    shell.state.set("OPTIND", str(index))
    shell.state.set("_OPTPLACE", str(place))
    return 0


def shift(shell: Shell, words: list[str]) -> int:
    """Drop the first positional parameters."""
    count = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if count > len(shell.state.positional):
        return 1
    shell.state.positional = shell.state.positional[count:]
    return 0


def let(shell: Shell, words: list[str]) -> int:
    """Evaluate arithmetic; the status says whether it was zero."""
    value = 0
    for word in words[1:]:
        value = shell.expander.arithmetic(word)
    return int(value == 0)
