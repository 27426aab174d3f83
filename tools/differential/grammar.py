"""Everyday shell lines, made at random from a seed by the productions of ``everyday.grammar``.

A line is of one kind (``expansion``, ``loop``, ``awk``…), so that differences can be told by kind.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import NamedTuple

FILES = {
    "names": "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n",
    "colon": "root:x:0:0:/root\nweb:x:33:33:/var/www\nnoseparator\n",
    "mixed": "b\nA\na\nB\nb\n\nfoo bar\n",
    "numbers": "10\n9\n100\n-1\n1.5\n10\n",
    "pods": "NAME      READY   STATUS    RESTARTS   AGE\nweb-1     1/1     Running   0          5m\n"
    "web-2     0/1     Pending   0          3s\nclient    1/1     Running   2          1h\n",
    "log": "10.0.0.1 GET /index.html 200 512\n10.0.0.2 GET /missing 404 0\n10.0.0.1 POST /api 201 64\n",
    "tabs": "a\tb\tc\n1\t2\t3\n\tx\t\n",
    "empty": "",
}
"""The files that every line finds."""

KINDS = (
    "word-line", "expansion", "arithmetic", "loop", "function", "test", "case", "read", "printf", "redirection", "pipe",
    "here-document", "trap", "getopts", "option", "builtin", "status", "slip", "awk", "sed", "grep", "sort", "cut",
    "xargs", "text", "file",
)  # fmt: skip
BASH_KINDS = (*KINDS, "array", "double-bracket", "bash-only")
SHELLS = ("bash", "bash", "bash", "dash", "ash")
"""Of five lines three are bash's."""
DEPTH = 3
"""Productions of one name inside one another, after which only plain alternatives are taken."""
_GUARD = re.compile(r"⟨([a-z ]+)⟩")
_MANY = re.compile(r"([a-z.+-]+)\*(\d+)\.\.(\d+):(.*)", re.DOTALL)


class Line(NamedTuple):
    """One line to type.

    :param shell: ``bash``, ``dash`` or ``ash``.
    :param kind: which production made it.
    """

    shell: str
    kind: str
    text: str


def productions() -> dict[str, list[str]]:
    """The alternatives of each production."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in Path(__file__).with_name("everyday.grammar").read_text(encoding="utf-8").split("\n"):
        if line.startswith("== "):
            current = found.setdefault(line[3:], [])
        elif line and not line.startswith("# "):
            current.append(line.replace("∅", "").replace("⏎", "\n").replace("⇥", "\t"))
    return found


class Grammar:
    """Makes lines for one shell.

    :param chance: where all choice comes from.
    """

    def __init__(self, shell: str, chance: Random, found: dict[str, list[str]]) -> None:
        self.shell = shell
        self.chance = chance
        self.found = {
            name: [_GUARD.sub("", each, 1) if _GUARD.match(each) else each for each in alternatives if self._has(each)]
            for name, alternatives in found.items()
        }
        self.depth: dict[str, int] = {}

    def _has(self, alternative: str) -> bool:
        guard = _GUARD.match(alternative)
        return guard is None or self.shell in guard[1].split()

    def line(self) -> Line:
        """The next line: of one kind, now and then two or three together."""
        kind = self.chance.choice(BASH_KINDS if self.shell == "bash" else KINDS)
        parts = [self._made(kind, {})]
        while self.chance.random() < 0.15:
            parts.append(self._made(kind, {}))
        text = self.chance.choice(("; ", "; ", "\n", " && ", " || ")).join(parts)
        if self.chance.random() < 0.3:
            text += self.chance.choice(("; echo $?", "\necho $?", '; echo "status $?"'))
        return Line(self.shell, kind, text)

    def _made(self, name: str, parts: dict[str, str]) -> str:
        alternatives = self.found[name]
        self.depth[name] = self.depth.get(name, 0) + 1
        if self.depth[name] > DEPTH:
            alternatives = [each for each in alternatives if "«" not in each] or alternatives
        made = self._filled(self.chance.choice(alternatives), name.partition(".")[0], parts)
        self.depth[name] -= 1
        return made

    def _filled(self, text: str, owner: str, parts: dict[str, str]) -> str:
        out, position = "", 0
        while (start := text.find("«", position)) >= 0:
            end, depth = start + 1, 1
            while depth:
                depth += {"«": 1, "»": -1}.get(text[end], 0)
                end += 1
            out += text[position:start] + self._hole(text[start + 1 : end - 1], owner, parts)
            position = end
        return out + text[position:]

    def _hole(self, hole: str, owner: str, parts: dict[str, str]) -> str:
        many = _MANY.fullmatch(hole)
        if many:
            count = self.chance.randint(int(many[2]), int(many[3]))
            return many[4].join(self._hole(many[1], owner, parts) for _ in range(count))
        if re.fullmatch(r"\.[a-z]+", hole):
            if hole not in parts:
                parts[hole] = self._made(owner + hole, parts)
            return parts[hole]
        if re.fullmatch(r"\+[a-z-]+", hole):
            return self._made(hole[1:], parts)
        if hole in self.found:
            return self._made(hole, {})
        choices = [each for each in _choices(hole) if self._has(each)]
        return self._filled(_GUARD.sub("", self.chance.choice(choices or [""]), 1), owner, parts)


def _choices(hole: str) -> list[str]:
    """The parts between the bars that are in no hole themselves."""
    found, depth, start = [], 0, 0
    for place, character in enumerate(hole):
        depth += {"«": 1, "»": -1}.get(character, 0)
        if character == "¦" and not depth:
            found.append(hole[start:place])
            start = place + 1
    return [*found, hole[start:]]


def lines(seed: int, count: int) -> list[Line]:
    """So many lines, the same for the same seed."""
    chance = Random(seed)
    found = productions()
    grammars = {shell: Grammar(shell, chance, found) for shell in sorted(set(SHELLS))}
    return [grammars[chance.choice(SHELLS)].line() for _ in range(count)]
