"""Shell patterns: ``*``, ``?`` and ``[…]`` for ``case``, ``${name#pattern}`` and file names."""

from __future__ import annotations

import re
from functools import lru_cache

from kubesim.userland.filesystem import FileSystem, absolute
from kubesim.userland.regular import Regex, RegexProblem, bracket_end, bracket_set


def escape(text: str) -> str:
    """Text in which no character is special in a pattern."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", text)


def unescape(pattern: str) -> str:
    """The text that a pattern without special characters stands for."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


_SPECIAL = re.compile(r"\\.|([*?\[])", re.DOTALL)
_DOTALL, _FOLD = int(re.DOTALL), int(re.DOTALL | re.IGNORECASE)


def is_pattern(pattern: str) -> bool:
    """Whether a pattern has anything special in it."""
    if "*" not in pattern and "?" not in pattern and "[" not in pattern:
        return False
    for match in _SPECIAL.finditer(pattern):
        if match[1] in ("*", "?"):
            return True
        if match[1]:  # only a bracket that is closed is special
            return pattern.find("]", match.end() + 1) >= 0 or any(
                each[1] in ("*", "?") for each in _SPECIAL.finditer(pattern, match.end())
            )
    return False


@lru_cache(maxsize=512)
def to_regex(pattern: str, *, greedy: bool = True) -> str:
    """A pattern as a regular expression's text."""
    more = "" if greedy else "?"
    out: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\" and position < len(pattern):
            out.append(re.escape(pattern[position]))
            position += 1
        elif character == "*":
            out.append(f".*{more}")
        elif character == "?":
            out.append(".")
        elif character == "[":
            end = bracket_end(pattern, position, "!^")
            if end is None:
                out.append(r"\[")
            else:
                out.append(_set(pattern[position:end]))
                position = end + 1
        else:
            out.append(re.escape(character))
    return "".join(out)


def _set(inner: str) -> str:
    text = bracket_set(inner, "!^")
    try:
        Regex(text)
    except RegexProblem:  # such as a range whose end comes first
        return "(?!)"
    return text


def matches(pattern: str, text: str, *, fold: bool = False) -> bool:
    """Whether a pattern matches the whole text."""
    return Regex(to_regex(pattern), _FOLD if fold else _DOTALL).fullmatch(text) is not None


def glob(files: FileSystem, directory: str, pattern: str, *, dots: bool = False) -> list[str]:
    """The paths that a pattern matches, sorted.

    :param dots: whether a leading dot needs no dot in the pattern (``shopt -s dotglob``).
    """
    found = ["/"] if pattern.startswith("/") else [""]
    components = [piece for piece in pattern.split("/") if piece]
    for number, component in enumerate(components):
        last = number == len(components) - 1
        following: list[str] = []
        for base in found:
            where = absolute(base or ".", directory)
            joint = base if base in ("", "/") else f"{base}/"
            if not is_pattern(component):
                name = unescape(component)
                if files.exists(absolute(f"{joint}{name}", directory)):
                    following.append(f"{joint}{name}")
                continue
            if not files.is_directory(where):
                continue
            for name in files.list(where):
                if name.startswith(".") and not (dots or component.startswith(".")):
                    continue
                if matches(component, name) and (last or files.is_directory(absolute(f"{joint}{name}", directory))):
                    following.append(f"{joint}{name}")
        found = following
    if pattern.endswith("/"):
        found = [f"{path}/" for path in found if files.is_directory(absolute(path, directory))]
    return sorted(found)
