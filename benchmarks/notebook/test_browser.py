"""How long a reader waits from a click to the new picture, in a real browser: 150 ms is the goal for the median."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest

from tests.browser.conftest import Reader, browser, lab, reader

__all__ = ["browser", "lab", "reader"]

CLICK = """name => new Promise(resolve => {
    const area = document.querySelector('.jp-OutputArea-output');
    const picture = () => area.querySelector('svg').outerHTML;
    const before = picture();
    const watch = new MutationObserver(() => {
        if (!area.querySelector('svg') || picture() === before) return;
        watch.disconnect();
        requestAnimationFrame(() => resolve());
    });
    watch.observe(area, {childList: true, subtree: true});
    [...area.querySelectorAll('button')].find(button => button.textContent === name).click();
})"""


@pytest.mark.parametrize(
    "names", [("NodePort", "ClusterIP"), ("laptop", "client Pod"), ("back", "there")], ids=lambda names: names[0]
)
def test_click_to_new_picture(benchmark: Any, reader: Reader, names: tuple[str, str]) -> None:
    page = reader.runs("from kubesim.notebook import ServiceExplorer\nServiceExplorer()", "latency.ipynb")
    page.wait_for_selector(".jp-OutputArea-output svg", timeout=90_000)
    page.wait_for_timeout(1000)
    turns = cycle(names)
    benchmark.pedantic(lambda: page.evaluate(CLICK, next(turns)), rounds=30, warmup_rounds=4)
