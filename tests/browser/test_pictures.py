"""Pictures in saved pages: they have words, fit the cell, and their text is large enough."""

from __future__ import annotations

import pytest

from kubesim.views.stage import FONT_SIZE, MARGIN, WIDTH
from tests.browser.conftest import Reader

CHAPTERS = ["02-a-first-service.ipynb", "06-loadbalancer.ipynb"]


@pytest.mark.parametrize(("width", "least"), [(1280, 12.0), (800, 11.0)])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_picture_fits_its_cell_is_legible_and_has_its_words(
    reader: Reader, chapter: str, width: int, least: float
) -> None:
    page = reader.opens(chapter, width)
    seen = 0
    for image in reader.pictures(page):
        box = image.bounding_box()
        area = image.evaluate("image => image.closest('.jp-OutputArea-output').getBoundingClientRect().toJSON()")
        assert box is not None
        assert area["left"] <= box["x"] and box["x"] + box["width"] <= area["right"] + 1, "cut off"
        assert FONT_SIZE * box["width"] / (WIDTH + 2 * MARGIN) >= least
        words = image.get_attribute("alt") or ""
        assert len(words.splitlines()) > 1
        assert page.get_by_role("img", name=words.splitlines()[0]).count() >= 1, "in the accessibility tree"
        seen += 1
    assert seen >= 2
