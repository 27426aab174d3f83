"""Every exercise fails as handed out, passes with each of its solutions, and with none of its cheats."""

from pathlib import Path

import pytest

from kubesim.cluster.diagnosis.finding import Verdict
from kubesim.exercises.exercise import PLACEHOLDER, Exercise
from kubesim.exercises.files import names, read
from kubesim.exercises.progress import solved


def cases(what: str) -> list[tuple[str, int]]:
    return [(name, number) for name in names() for number, _ in enumerate(getattr(read(name).file, what))]


def type_in(exercise: Exercise, text: str) -> None:
    for done in exercise.terminal.steps(text):
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", names())
def test_fails_as_handed_out(name: str) -> None:
    exercise = Exercise(name)
    tried = [exercise.try_probe(probe) for probe in exercise.file.probes]
    assert not all(finding.passed for finding in tried)
    asked = exercise.file.diagnosis
    if asked is not None:
        said = exercise.cluster.diagnose(asked.source, exercise.filled_in(asked.url) or "")
        assert asked.says in (
            "delivered" if said.verdict is Verdict.DELIVERED else "",
            *(each.id for each in said.causes),
        )
        assert all(finding.mend is not None for finding in said.causes)


@pytest.mark.parametrize("name", names())
def test_what_must_stay_is_there_at_the_start(name: str) -> None:
    exercise = Exercise(name)
    first = len(exercise.file.probes)
    kept = exercise.findings()[first : first + len(exercise.file.keep)]
    assert all("still there" in finding.observed for finding in kept)


@pytest.mark.parametrize(("name", "number"), cases("solutions"))
def test_passes_with_each_solution(name: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exercise = Exercise(name)
    type_in(exercise, exercise.file.solutions[number])
    checked = exercise.check()
    assert checked.solved, str(checked)
    assert f"Solved. {exercise.file.why}" in str(checked) and "<b>Solved.</b>" in checked._repr_html_()
    assert solved() == [name]


@pytest.mark.parametrize(("name", "number"), cases("cheats"))
def test_no_cheat_passes(name: str, number: int) -> None:
    exercise = Exercise(name)
    type_in(exercise, exercise.file.cheats[number])
    assert not exercise.solved


@pytest.mark.parametrize("name", names())
def test_has_three_hints_and_gives_nothing_away(name: str) -> None:
    exercise = Exercise(name)
    assert len(exercise.file.hints) == 3
    given = [str(exercise.hint()) for _ in range(4)]
    assert given[0].startswith("Hint 1 of 3") and given[3].startswith("Hint 3 of 3")
    assert "kubectl set" not in exercise.file.story and "kubectl patch" not in exercise.file.story


def test_an_unknown_exercise_names_the_known_ones() -> None:
    with pytest.raises(FileNotFoundError, match="00-no-answer"):
        Exercise("nonsense")


@pytest.mark.parametrize("name", names())
def test_says_nothing_in_raw_templates_and_why_with_the_objects_names(name: str) -> None:
    exercise = Exercise(name)
    shown = f"{exercise!r}{exercise._repr_markdown_()}{exercise.check()!r}"
    assert not PLACEHOLDER.search(shown)
    assert all(tool in shown for tool in ("lab.check()", "lab.hint()", "lab.reset()", "lab.solution()"))
    assert exercise.file.why.count(". ") + exercise.file.why.count("? ") >= 1 and "`" in exercise.file.why
