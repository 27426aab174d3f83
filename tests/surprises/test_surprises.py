"""Every surprise of the table is met in the simulator, and the page says what the table says."""

from __future__ import annotations

import pytest

from tests.surprises.meeting import complaint, meet, open_terminal
from tests.surprises.page import PAGE, page
from tests.surprises.table import CHAPTERS, Chapter


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_what_one_would_not_guess_happens(chapter: Chapter) -> None:
    terminal = open_terminal(chapter)
    met = {row.guess: complaint(row, meet(terminal, row)) for row in chapter.rows}
    assert {guess: problem for guess, problem in met.items() if problem} == {}


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.surprises.page"
