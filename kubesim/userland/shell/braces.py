"""Brace expansion: ``a{b,c}`` and ``{1..3}``."""

from __future__ import annotations

import itertools
import re

from kubesim.turn import Interrupted
from kubesim.userland.bounds import WORDS
from kubesim.userland.numerals import whole_number
from kubesim.userland.shell.tree import Literal, Part, Word


def brace_expand(word: Word, enabled: bool) -> list[Word]:
    """``a{b,c}`` and ``{1..3}`` before everything else; only in bash, and only where the braces are not quoted."""
    if (
        not enabled
        or "{" not in word.source
        or not any(isinstance(p, Literal) and not p.quoted and "{" in p.text for p in word.parts)
    ):
        return [word]
    marks: list[Part] = []
    text = ""
    for part in word.parts:
        if isinstance(part, Literal) and not part.quoted:
            text += part.text
        else:
            text += chr(0xE000 + len(marks))
            marks.append(part)
    results = _braces(text)
    if results == [text]:
        return [word]
    words = []
    for result in results:
        parts: list[Part] = []
        for chunk in re.split(r"([\ue000-\uf8ff])", result):
            if chunk and 0xE000 <= ord(chunk[0]) <= 0xF8FF and ord(chunk[0]) - 0xE000 < len(marks):
                parts.append(marks[ord(chunk[0]) - 0xE000])
            elif chunk:
                parts.append(Literal(chunk))
        words.append(Word(tuple(parts), result))
    return words


def _braces(text: str) -> list[str]:
    position = 0
    while (start := text.find("{", position)) >= 0:
        if start and text[start - 1] == "$":
            position = start + 1
            continue
        depth, end, commas = 0, -1, []
        for index in range(start, len(text)):
            if text[index] == "{":
                depth += 1
            elif text[index] == "}":
                depth -= 1
                if depth == 0:
                    end = index
                    break
            elif text[index] == "," and depth == 1:
                commas.append(index)
        if end < 0:
            position = start + 1
            continue
        inner = text[start + 1 : end]
        choices = _sequence(inner)
        if commas:
            edges = [start, *commas, end]
            choices = [each for a, b in itertools.pairwise(edges) for each in _braces(text[a + 1 : b])]
        if choices:
            tails = _braces(text[end + 1 :])
            if len(choices) * len(tails) > WORDS:
                raise Interrupted
            return [text[:start] + choice + tail for choice in choices for tail in tails]
        position = end + 1
    return [text]


def _few(numbers: range) -> range:
    if not numbers[WORDS:]:
        return numbers
    raise Interrupted


def _sequence(inner: str) -> list[str]:
    match = re.fullmatch(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?", inner)
    if match:
        first, last = whole_number(match[1]), whole_number(match[2])
        step = abs(whole_number(match[3] or "1")) or 1
        numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
        padded = any(re.match(r"-?0\d", match[n]) for n in (1, 2))
        width = max(len(match[1]), len(match[2])) if padded else 0
        return [str(number).zfill(width) for number in _few(numbers)]
    match = re.fullmatch(r"([A-Za-z])\.\.([A-Za-z])", inner)
    if match:
        first, last = ord(match[1]), ord(match[2])
        return [chr(code) for code in (range(first, last + 1) if first <= last else range(first, last - 1, -1))]
    return []
