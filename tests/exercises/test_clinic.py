"""Every case of the clinic: told as it is, broken as handed out, mended by each solution and by no cheat."""

from pathlib import Path

import pytest

from kubesim.cluster.diagnosis.catalogue import RULES
from kubesim.exercises.exercise import PLACEHOLDER, Exercise, case
from kubesim.exercises.files import CLINIC, DRAWN, ExerciseFile, names, read

LEARNERS = ("", "Mina")
NAMES = names(CLINIC)


def file_of(name: str) -> ExerciseFile:
    return read(name, CLINIC).file


def solutions() -> list[tuple[str, int]]:
    """Each solution, and each learner's variant, at least once."""
    return [(name, number) for name in NAMES for number in range(max(len(LEARNERS), len(file_of(name).solutions)))]


def cheats() -> list[tuple[str, int]]:
    return [(name, number) for name in NAMES for number, _ in enumerate(file_of(name).cheats)]


def type_in(exercise: Exercise, text: str) -> None:
    for done in exercise.terminal.steps(text):
        assert done.returncode == 0, done.stderr


def hold_as_told(opened: Exercise) -> None:
    """The symptom is what the simulator shows, no probe comes out, all else stands, and ``diagnose`` says it so."""
    for seen in opened.file.symptom:
        told = opened.filled_in(seen.shows)
        assert opened.shown(seen) == (seen.shows if told is None else told)
    findings = opened.findings()
    first = len(opened.file.probes)
    assert [each for each in findings[:first] if each.passed] == []
    assert [each for each in findings[first : len(findings) - len(opened.file.gone)] if not each.passed] == []
    asked = opened.file.diagnosis
    if asked is not None:
        said = opened.cluster.diagnose(*opened.asked)
        assert asked.says in {str(said.verdict), *(each.id for each in said.findings)}, str(said)


@pytest.mark.parametrize(("name", "number"), solutions())
def test_is_as_told_and_each_solution_mends_it(name: str, number: int, tmp_path: Path) -> None:
    opened = case(name, LEARNERS[number % len(LEARNERS)], tmp_path)
    hold_as_told(opened)
    type_in(opened, opened.file.solutions[number % len(opened.file.solutions)])
    checked = opened.check()
    assert checked.solved, "\n".join(checked.lines())


@pytest.mark.parametrize(("name", "number"), cheats())
def test_no_cheat_passes(name: str, number: int) -> None:
    opened = case(name)
    type_in(opened, opened.file.cheats[number])
    assert not opened.solved


@pytest.mark.parametrize("name", NAMES)
def test_has_what_a_case_needs(name: str) -> None:
    file = file_of(name)
    assert file.level in (1, 2, 3) and len(file.hints) == 3 and file.symptom and file.cheats
    assert file.rests_on and "`" in file.why and file.draw
    assert file.diagnosis is None or file.diagnosis.says in {"delivered", *RULES}


@pytest.mark.parametrize("name", NAMES)
def test_gives_nothing_away(name: str) -> None:
    """No hint of the cure in what is told, no comment in the file, no finding's name in the case's."""
    file = file_of(name)
    told = f"{file.title} {file.story}"
    assert not any(word in told for word in ("kubectl set", "kubectl patch", "kubectl label"))
    assert not any(solution.strip() in hint for solution in file.solutions for hint in file.hints[:2])
    text = (CLINIC / f"{name}.yaml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.lstrip().startswith("#")] == []
    assert name[3:] not in RULES


@pytest.mark.parametrize("name", NAMES)
def test_two_learners_cannot_copy(name: str) -> None:
    mine, hers = (read(name, CLINIC, learner) for learner in LEARNERS)
    assert mine.seed != hers.seed and mine.file != hers.file
    assert read(name, CLINIC, LEARNERS[1]) == hers
    lots = {place for lot in mine.file.draw for place in lot.names}
    for variant in (mine, hers):
        texts = str([variant.file.story, variant.file.why, variant.file.hints, variant.file.solutions])
        assert lots.isdisjoint(DRAWN.findall(texts))


def test_a_case_shows_itself_whole_in_a_notebook_and_in_a_terminal(tmp_path: Path) -> None:
    opened = case(NAMES[0], folder=tmp_path)
    for shown in (str(opened), opened._repr_markdown_()):
        assert opened.file.story.strip() in shown and opened.file.symptom[0].types in shown
        assert not PLACEHOLDER.search(shown)
