"""The learner's own file of what is solved, and the board made of it."""

from pathlib import Path

import pytest

from kubesim.data_directory import DATA
from kubesim.exercises.progress import FILE, board, hints, learner, note_hints, note_learner, note_solved, solved


def test_what_is_solved_is_remembered_once(tmp_path: Path) -> None:
    assert solved(tmp_path) == []
    for name in ("02-refused", "00-no-answer", "02-refused"):
        note_solved(name, tmp_path)
    assert solved(tmp_path) == ["02-refused", "00-no-answer"]
    rows = board(tmp_path).set_index("exercise")["solved"]
    assert rows["Refused at the door"] == "✓" and rows["One letter"] == ""
    assert len(rows) == len(list((DATA / "exercises").glob("*.yaml")))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"solved": 3}', '{"solved": [1, null]}'])
def test_a_file_that_cannot_be_read_holds_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert solved(tmp_path) == [] and hints(tmp_path) == {} and learner(tmp_path) == ""
    note_solved("00-one-letter", tmp_path)
    assert solved(tmp_path) == ["00-one-letter"]


def test_hints_count_once_and_stand_beside_what_is_solved(tmp_path: Path) -> None:
    for count in (1, 2, 1):
        note_hints("01-refused-at-once", count, tmp_path)
    note_solved("01-refused-at-once", tmp_path)
    note_learner("Mina", tmp_path)
    assert hints(tmp_path) == {"01-refused-at-once": 2}
    assert solved(tmp_path) == ["01-refused-at-once"] and learner(tmp_path) == "Mina"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    note_solved("00-one-letter", tmp_path / "missing")
    assert solved(tmp_path / "missing") == []
