"""A chapter saved as a page teaches without a kernel: predictions are folded, pictures and widgets are there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubesim.data_directory import NOTEBOOKS
from tests.browser.conftest import sync_api

nbconvert = pytest.importorskip("nbconvert")

CHAPTERS = sorted(NOTEBOOKS.glob("*.ipynb"))
WIDGETS = ("PathPlayer(", "ServiceExplorer(", "ProxyModeComparison(")


@pytest.fixture(scope="module")
def page(browser: sync_api.Browser) -> Any:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    yield page
    page.close()


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_converted_chapter_asks_shows_and_folds(page: Any, path: Any) -> None:
    html, _ = nbconvert.HTMLExporter(template_name="basic").from_filename(str(path))
    page.set_content(f"<!doctype html><html><body>{html}</body></html>")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    asked = sum(source.startswith("%%predict") for source in sources)
    folded = page.locator("details", has=page.locator("summary:text-is('the answer')"))
    assert page.locator("p:has(> b:text-is('Predict:'))").count() == folded.count() == asked
    for number in range(asked):
        answer = folded.nth(number)
        assert answer.get_attribute("open") is None
        assert not answer.locator(":not(summary)").first.is_visible()
    folded.first.locator("summary").click()
    assert folded.first.locator("p").first.is_visible()
    images = page.locator("img")
    for number in range(images.count()):
        image = images.nth(number)
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert len((image.get_attribute("alt") or "").splitlines()) > 1
    drawn = [source.split("\n")[-1] for source in sources if not source.startswith("%%")]
    assert images.count() >= sum(line.startswith(WIDGETS) for line in drawn)
    assert page.locator("text=UsageError").count() == page.locator("text=Traceback").count() == 0
