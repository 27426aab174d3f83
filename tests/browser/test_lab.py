"""What a learner does first: opens a chapter, runs all of it, again, and types."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Reader

NOTEBOOK = "05-nodeport.ipynb"
ERROR, STDERR, STDOUT = (f"[data-mime-type='application/vnd.jupyter.{kind}']" for kind in ("error", "stderr", "stdout"))
NOTHING_RUNS = (
    "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(prompt => prompt.textContent.includes('*'))"
)
SCROLLS = """it => [it, ...it.querySelectorAll('*')].some(
    part => part.scrollWidth > part.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(part).overflowX))"""
PATIENCE = 120_000
"""Milliseconds that a machine may need that is busy."""


@pytest.fixture
def page(reader: Reader) -> Any:
    """A chapter, its kernel ready."""
    page = reader.opens(NOTEBOOK)
    page.set_default_timeout(PATIENCE)
    page.wait_for_selector("text=/\\| Idle/")
    return page


def new_cell(page: Any, text: str) -> Any:
    """A cell at the end of the chapter with this text typed into it."""
    page.keyboard.press("Escape")
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.type(text)
    return page.locator(".jp-Notebook .jp-Cell").nth(1)


def run_cell(page: Any, text: str) -> Any:
    cell = new_cell(page, text)
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1000)
    page.wait_for_function(NOTHING_RUNS)
    return cell


def test_the_first_minutes_of_a_learner(page: Any) -> None:
    said = run_cell(page, "%%terminal\nkubectl get pods").locator(STDERR).inner_text()
    assert said.strip() == "UsageError: Run the set-up cell first (%load_ext kubesim), then the cells up to this one."
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.press("d")
    for _ in range(2):
        page.click(".lm-MenuBar-itemLabel:text-is('Run')")
        page.click("text=Run All Cells")
        page.wait_for_timeout(1500)
        page.wait_for_function(NOTHING_RUNS)
        assert page.locator(ERROR).count() == page.locator(STDERR).count() == 0
    new_cell(page, "%%terminal\nkubectl get po")
    page.keyboard.press("Tab")
    page.wait_for_selector(".jp-Completer-item")
    offered = page.locator(".jp-Completer-item .jp-Completer-match").all_inner_texts()
    assert "pods" in offered and not any(each.startswith("%") for each in offered)
    page.keyboard.press("Escape")
    new_cell(page, "%%terminal\nkubectl expose pod")
    page.keyboard.press("Shift+Tab")
    assert page.locator(".jp-Tooltip").inner_text().startswith("Take a replication controller, service")
    page.keyboard.press("Escape")
    cell = run_cell(page, "%%terminal\nkubectl get pods -A -o wide --show-labels | head -2")
    output = cell.locator(STDOUT)
    assert output.inner_text().strip().count("\n") == 1
    assert output.evaluate(SCROLLS)  # long lines scroll, they do not break
    cell = run_cell(page, "%%terminal\nkubectl run late --image=nginx; kubectl get pod late -w; history | tail -1")
    rows = [line.split() for line in cell.locator(STDOUT).inner_text().splitlines() if line.startswith("late")]
    states = [row[2] for row in rows]
    assert states[-1] == "Running" and len(states) > 1  # what happened while time passed; then it is over
    cell = run_cell(page, "%%terminal\nkubectl edit pod late")
    opened = page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".cm-content").inner_text()
    assert opened.startswith("%%terminal") and "kind: Pod" in opened


def test_from_the_first_page_to_a_solved_exercise(reader: Reader) -> None:
    """Only what the pages say: run all of 00, mend its first exercise in the cell that is made for it, check."""
    page = reader.opens("00-start-here.ipynb")
    page.set_default_timeout(PATIENCE)
    page.wait_for_selector("text=/\\| Idle/")
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click("text=Run All Cells")
    page.wait_for_timeout(1500)
    page.wait_for_function(NOTHING_RUNS)
    assert page.locator(ERROR).count() == page.locator(STDERR).count() == 0
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 1e6")
    heading = page.locator(".jp-MarkdownCell:has(h2:text-is('Exercise 2'))")
    for _ in range(40):  # upwards from the end: only cells in sight are in the page
        if heading.count():
            break
        page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollBy(0, -400)")
        page.wait_for_timeout(200)
    heading.first.click()
    selected = page.locator(".jp-Cell.jp-mod-selected")
    for key, wanted in (("ArrowUp", 'exercise("00-no-answer")'), ("ArrowDown", "# your commands here")):
        for _ in range(40):
            if wanted in selected.inner_text():
                break
            page.keyboard.press(key)
            page.wait_for_timeout(50)
        if key == "ArrowUp":  # the whole page was run: the last exercise is the one that is open
            page.keyboard.press("Shift+Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("%%terminal lab\nkubectl run greeter --image nginx --labels app=greeter")
    page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(1000)
    assert selected.inner_text().count("lab.check()") == 1
    page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(1000)
    page.wait_for_function(NOTHING_RUNS)
    page.get_by_role("status").filter(has_text="Solved.").wait_for()
    assert page.locator(ERROR).count() == page.locator(STDERR).count() == 0
