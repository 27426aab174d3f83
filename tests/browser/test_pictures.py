"""Pictures in saved pages: they have words, fit the cell, and their text is large, legible and covered by nothing."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from kubesim.data_directory import NOTEBOOKS
from kubesim.views.stage import FONT_SIZE, MARGIN, WIDTH
from tests.browser.conftest import Reader, sync_api

CHAPTERS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
PICTURE = re.compile(r'<img src="data:image/svg\+xml;base64,([^"]+)"')
LEAST = {1280: 12.0, 800: 11.0}
"""Window's width → the smallest text, both in pixels."""

PROBLEMS = """([least, contrast]) => {
    const problems = [];
    const inside = (one, other, slack) => one.left >= other.left - slack && one.right <= other.right + slack
        && one.top >= other.top - slack && one.bottom <= other.bottom + slack;
    const meet = (one, other) => one.left < other.right - 0.5 && other.left < one.right - 0.5
        && one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5;
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3)
            .map(each => each / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
        const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    for (const svg of document.querySelectorAll('svg')) {
        const name = svg.getAttribute('aria-label').split('\\n')[0];
        const whole = svg.getBoundingClientRect();
        const scale = whole.width / svg.viewBox.baseVal.width;
        const say = (text, what) => problems.push(`${name}: ${text.textContent.trim()}: ${what}`);
        const nodes = [...svg.querySelectorAll('g.node, g.cluster')].map(group => ({
            group, texts: [...group.querySelectorAll('text')],
            shape: group.querySelector('path, polygon, ellipse'),
        }));
        const paths = [...svg.querySelectorAll('g.edge path')].map(path => {
            const at = path.getScreenCTM(), points = [], length = path.getTotalLength();
            for (let way = 0; way <= length; way += 1) {
                const point = path.getPointAtLength(way).matrixTransform(at);
                points.push([point.x, point.y]);
            }
            return points;
        });
        const texts = nodes.flatMap(node =>
            node.texts.map(text => ({node, text, box: text.getBoundingClientRect()})));
        for (const {node, text, box} of texts) {
            if (parseFloat(getComputedStyle(text).fontSize) * scale < least) say(text, 'too small');
            if (!inside(box, whole, 0.5)) say(text, 'cut off');
            const shape = node.shape && node.shape.getBoundingClientRect();
            const badge = /^(arrow|legend \\d|failure)/.test(node.group.querySelector('title')?.textContent ?? '');
            if (shape && !badge && (box.left < shape.left + 1 || box.right > shape.right - 1))
                say(text, 'touches its box');
            const ground = node.shape && getComputedStyle(node.shape).fill;
            const behind = ground && ground !== 'none' ? ground : 'rgb(255,255,255)';
            if (ratio(getComputedStyle(text).fill, behind) < contrast) say(text, `on ${behind} is faint`);
            for (const other of texts)
                if (other.node !== node && meet(box, other.box)) say(text, `covers ${other.text.textContent}`);
            if (!badge) for (const points of paths)
                if (points.some(([x, y]) => x > box.left && x < box.right && y > box.top + 2 && y < box.bottom - 2))
                    say(text, 'has an arrow across');
        }
    }
    return problems;
}"""


def pictures(chapter: str) -> list[str]:
    """The SVG of each picture that is saved in a chapter."""
    notebook = json.loads((NOTEBOOKS / chapter).read_text(encoding="utf-8"))
    outputs: list[Any] = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    pages = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    return [base64.b64decode(found).decode() for page in pages for found in PICTURE.findall(page)]


@pytest.fixture(scope="module")
def blank(browser: sync_api.Browser) -> Any:
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("width", [None, 348], ids=["as large as it is made", "in the narrowest cell"])
def test_no_text_is_small_faint_cut_off_or_covered(blank: Any, width: int | None) -> None:
    drawn = list(dict.fromkeys(svg for chapter in CHAPTERS for svg in pictures(chapter)))
    style = f"width:{width}px" if width else "width:max-content"
    boxes = "".join(f'<div style="{style}">{svg}</div>' for svg in drawn)
    blank.set_content(f"<!doctype html><body>{boxes}</body>")
    assert blank.locator("svg").count() == len(drawn) >= 30
    assert blank.evaluate(PROBLEMS, [LEAST[800] if width else LEAST[1280], 4.5]) == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_picture_fits_its_cell_is_legible_and_has_its_words(reader: Reader, chapter: str) -> None:
    if not pictures(chapter):
        pytest.skip("a chapter without pictures")
    page = reader.opens(chapter, 1280)
    for width, least in LEAST.items():
        page.set_viewport_size({"width": width, "height": 1000})
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
        assert seen >= 1
