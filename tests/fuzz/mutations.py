"""Slips of the hand: texts and values changed at random places, so that they are nearly right."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

PIECES = (
    "", " ", "\n", "\t", "'", '"', "`", "$", "$(", "${", ")", "}", "(", "{", "[", "]", "|", "&", ";", "<", ">", "\\",
    "-", "--", "=", ":", ",", ".", "/", "*", "?", "#", "!", "%", "^", "~", "@", "0", "-1", "99999999999999999999",
    "1e400", "nan", "é", "\xa0", "\x00", "\x1b", "\ud800", "\U0001f600", "{{", "}}", "[[", "((", "<<E\n", "$((", "::1",
    "%s", "\\x", "\\u", "null", "~", "&a ", "*a", "- ", "? ", "! ", "---\n", "9" * 5000,
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, "", "a", "A B", "-a", "x" * 300, "é\n", "\x00", "\ud800", "None", "25%", "1Gi", "1e400", "9" * 5000, "NaN",
    "10.43.0.10", "10.42.0.3", "fd00::1", "fe80::1%eth0", "10.0.0.0/8", "300.1.1.1", "0s", "1h", "2026-01-01T00:00:00Z",
    "/etc", "../../etc/passwd", "$(A)", "nosuch:v1", "true", 0, -1, 1, 2, 80, 65536, 1 << 31, 1 << 63, -(1 << 64),
    10**400, 1.5, 1e300, float("nan"), float("inf"), True, False, [], [None], [""], [[]], [1, "a"], {}, {"": None},
    {"a": None}, {"a": {"a": []}}, [{}], [{"name": "a"}], {"$patch": "delete"}, b"x",
)  # fmt: skip


def slip(text: str, chance: Random, pieces: Sequence[str] = PIECES) -> str:
    """The text with one piece put in, taken out, doubled or moved."""
    place = chance.randrange(len(text) + 1)
    match chance.randrange(5):
        case 0:
            return text[:place] + chance.choice(pieces) + text[place:]
        case 1:
            return text[:place] + chance.choice(pieces) + text[place + chance.randrange(4) :]
        case 2:
            end = min(len(text), place + chance.randrange(1, 12))
            return text[:end] + text[place:end] + text[end:]
        case 3:
            words = text.split(" ")
            chosen = chance.randrange(len(words))
            words[chosen] = chance.choice([*pieces[:60], *words])
            return " ".join(words)
    return text[: chance.randrange(len(text) + 1)]


def slips(text: str, chance: Random, most: int = 3) -> str:
    """The text with up to some slips, perhaps none."""
    for _ in range(chance.randrange(most + 1)):
        text = slip(text, chance)
    return text


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from places(inner)


def edited(value: Any, chance: Random, most: int = 3, odd: Sequence[Any] = ODD) -> Any:
    """A copy of a JSON value with up to some edits anywhere in it."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, most)):
        found = list(places(value))
        if not found:
            return copy.deepcopy(chance.choice(odd))
        holder, key = chance.choice(found)
        what = chance.randrange(5)
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif what == 2 and isinstance(holder[key], str):
            holder[key] = slip(holder[key], chance)
        elif what == 3:
            other, there = chance.choice(found)
            holder[key] = copy.deepcopy(other[there]) if there in _keys(other) else None
        else:
            holder[key] = copy.deepcopy(chance.choice(odd))
    return value


def _keys(holder: Any) -> Sequence[Any]:
    return list(holder) if isinstance(holder, dict) else range(len(holder))
