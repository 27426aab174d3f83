"""KYAML: the strict dialect of YAML that kubectl can print, with braces, quoted strings and trailing commas.

It is YAML that cannot be misread: strings are always quoted, maps and lists always in brackets, so neither indentation
nor a word like ``no`` changes the meaning. Upstream: ``sigs.k8s.io/yaml/kyaml``.
"""

from __future__ import annotations

import re
from typing import Any

from kubesim.api import go_json

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*")
_AMBIGUOUS = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", "-inf", "~")
)


def dump(value: Any) -> str:
    """One document, with the ``---`` that begins it."""
    return f"---\n{_write(value, 0)}\n"


def _write(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        return _map(value, depth)
    if isinstance(value, list):
        return _list(value, depth)
    return go_json.quote(value) if isinstance(value, str) else go_json.dumps(value, None)


def _map(value: dict[str, Any], depth: int) -> str:
    if not value:
        return "{}"
    inner = "  " * (depth + 1)
    members = "".join(f"{inner}{_key(key)}: {_write(value[key], depth + 1)},\n" for key in sorted(value))
    return f"{{\n{members}{'  ' * depth}}}"


def _list(value: list[Any], depth: int) -> str:
    if not value:
        return "[]"
    if all(isinstance(each, (dict, list)) and each for each in value):
        # Brackets of nested collections hug those of the list.
        return "[" + ", ".join(_write(each, depth) for each in value) + "]"
    inner = "  " * (depth + 1)
    return "[\n" + "".join(f"{inner}{_write(each, depth + 1)},\n" for each in value) + f"{'  ' * depth}]"


def _key(key: str) -> str:
    plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _AMBIGUOUS
    return key if plain else go_json.quote(key)
