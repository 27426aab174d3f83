"""KYAML: the strict dialect of YAML that kubectl can print, with braces, quoted strings and trailing commas.

It is YAML that cannot be misread: strings are always quoted, maps and lists always in brackets, so neither indentation
nor a word like ``no`` changes the meaning. A text of several lines is folded, so that each stands on a line of its own.
Upstream: ``sigs.k8s.io/yaml/kyaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kubesim.api import go_json

_PLAIN_KEY = re.compile(r"\w|\w[\w./-]*\w")
_AMBIGUOUS = frozenset(("null", "t", "true", "y", "yes", "on", "f", "false", "n", "no", "off"))
_NUMBER = re.compile(
    r"[-+]?(0[xX][0-9a-f]+|0[bB][01]+|0[oO]?[0-7]+|[0-9]+|[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?|[0-9]+\.)|[-+]?(inf|infinity|nan)"
    r"|\d{4}-\d{1,2}-\d{1,2}",
    re.IGNORECASE,
)
_NAMED = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\0": "\\0", "\x1b": "\\e", "\x85": "\\N", "\xa0": "\\_", "\u2028": "\\L", "\u2029": "\\P",
}  # fmt: skip
"""The characters for which YAML has an escape of one letter."""
_IN_VALUES = _NAMED | {"\t": "\t"}


def dump(value: Any, *, sort_keys: bool = True) -> str:
    """One document, with the ``---`` that begins it."""
    return f"---\n{_write(_sorted(value) if sort_keys else value, 0)}\n"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _write(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        return _map(value, depth)
    if isinstance(value, list):
        return _list(value, depth)
    return _text(value, depth) if isinstance(value, str) else go_json.dumps(value, None)


def _map(value: dict[str, Any], depth: int) -> str:
    if not value:
        return "{}"
    inner = "  " * (depth + 1)
    members = "".join(f"{inner}{_key(key)}: {_write(item, depth + 1)},\n" for key, item in value.items())
    return f"{{\n{members}{'  ' * depth}}}"


def _list(value: list[Any], depth: int) -> str:
    if not value:
        return "[]"
    if all(isinstance(each, (dict, list)) for each in value):
        # Brackets of nested collections hug those of the list.
        return "[" + ", ".join(_write(each, depth) for each in value) + "]"
    inner = "  " * (depth + 1)
    return "[\n" + "".join(f"{inner}{_write(each, depth + 1)},\n" for each in value) + f"{'  ' * depth}]"


def _text(text: str, depth: int) -> str:
    """A string in quotes: each of its lines on one of the document's, where it has several."""
    if "\n" not in text:
        return f'"{_escaped(text, _IN_VALUES)}"'
    inner = "  " * (depth + 1)
    *lines, rest = text.split("\n")
    folded = [f"{inner}{_line(line)}\\n\\\n" for line in lines]
    return '"\\\n' + "".join(folded) + (f"{inner}{_line(rest)}\\\n" if rest else "") + f'{inner}"'


def _line(line: str) -> str:
    """One line of a folded text: the blank before it is dropped by readers, a blank of its own must not be."""
    return ("\\" if line[:1].isspace() else " ") + _escaped(line, _IN_VALUES)


def _escaped(text: str, named: Mapping[str, str]) -> str:
    return "".join(named.get(character) or _character(character) for character in text)


def _character(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _key(key: str) -> str:
    plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _AMBIGUOUS and not _NUMBER.fullmatch(key.replace("_", ""))
    return key if plain else f'"{_escaped(key, _NAMED)}"'
