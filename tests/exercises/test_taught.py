"""An exercise needs what its chapter and those before have taught, and is not solved by what its own chapter shows."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest

from kubesim.data_directory import NOTEBOOKS
from kubesim.exercises.files import names, read

VERBS_OF_TWO_WORDS = ("create", "rollout", "set")
Words = tuple[str, ...]


@cache
def typed(chapter: str) -> tuple[Words, ...]:
    """Every command that the cells of a chapter show, its exercises left out."""
    (path,) = NOTEBOOKS.glob(f"{chapter}-*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    shown = []
    for source in (each for each in sources if "%%terminal lab" not in each):
        if "%%terminal" in source:
            shown += list(commands(source.split("%%terminal", 1)[1].partition("\n")[2]))
        for quoted in re.findall(r'"""(kubectl .*?)"""|"(kubectl [^"]*)"', source):
            shown += list(commands("".join(quoted)))
    return tuple(shown)


def commands(text: str) -> Iterator[Words]:
    """The simple commands of some lines, each as its words."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word in ("|", ";", "||", "&&"):
                if words:
                    yield tuple(words)
                words = []
            else:
                words.append(word)


def skill(command: Words) -> Words:
    """What somebody must know to type a command: the program, and of kubectl the verb."""
    if command[0] != "kubectl":
        return command[:1]
    return command[:3] if command[1] in VERBS_OF_TWO_WORDS else command[:2]


def repeats(command: Words, shown: Words) -> bool:
    """Whether a command is one that was shown, but for one name."""
    return len(command) == len(shown) and sum(one != other for one, other in zip(command, shown, strict=True)) <= 1


@pytest.mark.parametrize("name", names())
def test_a_solution_needs_only_what_was_taught(name: str) -> None:
    before = sorted(path.stem[:2] for path in NOTEBOOKS.glob("*.ipynb") if path.stem[:2] <= name[:2])
    taught = {skill(command) for chapter in before for command in typed(chapter)}
    needed = {skill(command) for command in commands(read(name).file.solutions[0])}
    assert needed <= taught


@pytest.mark.parametrize("name", names())
def test_no_solution_repeats_a_command_of_its_own_chapter(name: str) -> None:
    for solution in read(name).file.solutions:
        asked = [command for command in commands(solution) if skill(command) != ("kubectl", "rollout", "status")]
        copied = [command for command in asked if any(repeats(command, shown) for shown in typed(name[:2]))]
        assert copied != asked, "the chapter shows the whole solution"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kubectl get pod | grep x; echo $?", [("kubectl", "get", "pod"), ("grep", "x"), ("echo", "$?")]),
        ("kubectl patch svc a -p '{\"b\":1}'", [("kubectl", "patch", "svc", "a", "-p", '{"b":1}')]),
        ("# a remark\n", []),
    ],
)
def test_lines_are_taken_apart(text: str, words: list[Words]) -> None:
    assert list(commands(text)) == words
