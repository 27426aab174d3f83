"""Widgets with a kernel: nothing moves but arrows, the keyboard is enough, controls have names, in either theme."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Reader

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")

BOXES = """() => {
    const picture = document.querySelector('.jp-OutputArea-output svg');
    const corner = picture.getBoundingClientRect();
    return Object.fromEntries([...picture.querySelectorAll('g.node')]
        .map(node => [node.querySelector('title').textContent, node.getBoundingClientRect()])
        .filter(([name]) => /^(pod|node|laptop|load-balancer)/.test(name))
        .map(([name, box]) => [name, [box.left - corner.left, box.top - corner.top].map(Math.round)]));
}"""


@pytest.fixture
def explorer(reader: Reader) -> Any:
    page = reader.runs("from kubesim.notebook import ServiceExplorer\nServiceExplorer()")
    page.wait_for_selector(".jp-OutputArea-output svg", timeout=90_000)
    return page


def press(page: Any, name: str) -> None:
    before = page.evaluate("() => document.querySelector('.jp-OutputArea-output svg').outerHTML")
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_function(
        "before => document.querySelector('.jp-OutputArea-output svg').outerHTML !== before", arg=before, timeout=20_000
    )


def test_nothing_moves_when_the_type_or_the_client_changes(explorer: Any) -> None:
    places: dict[str, list[int]] = {}
    for name in ("NodePort", "laptop", "LoadBalancer", "client Pod", "ClusterIP", "back", "there", "node worker"):
        press(explorer, name)
        for machine, place in explorer.evaluate(BOXES).items():
            before = places.setdefault(machine, place)
            assert place == pytest.approx(before, abs=1), f"{machine} moved"  # a pixel may be rounded the other way
    assert {"laptop", "load-balancer", "node/master", "node/worker", "pod/default/client"} <= set(places)


def test_buttons_have_names_and_a_pressed_state_and_the_outcome_is_told(explorer: Any) -> None:
    for name in TYPES:
        assert explorer.get_by_role("button", name=name, exact=True).count() == 1
    assert explorer.get_by_role("button", name="ClusterIP", exact=True, pressed=True).count() == 1
    press(explorer, "NodePort")
    assert explorer.get_by_role("button", name="NodePort", exact=True, pressed=True).count() == 1
    assert explorer.get_by_role("button", name="ClusterIP", exact=True, pressed=False).count() == 1
    assert ":30080 : delivered to web-" in explorer.get_by_role("status").first.inner_text()
    assert explorer.get_by_role("img", name="client → http://").count() == 1


def test_every_control_is_reached_and_worked_by_the_keyboard(explorer: Any) -> None:
    """Tab from the first button on: each group, each box, and the folded table; Space works what has the focus."""
    focus = """() => { const it = document.activeElement;
        const label = it.closest('label, .widget-checkbox') ?? it;
        return [it.closest('[role=group]')?.getAttribute('aria-label') ?? '', label.textContent.trim()]; }"""
    explorer.get_by_role("button", name="ClusterIP", exact=True).focus()
    passed: list[list[str]] = []
    while (here := explorer.evaluate(focus)) not in passed and len(passed) < 40:
        passed.append(here)
        if here in (["replicas", "0"], ["", "selector matches"], ["way", "back"]):
            explorer.keyboard.press("Space")
        explorer.keyboard.press("Tab")
    reached = ["/".join(each) for each in passed]
    wanted = ["type/NodePort", "asked by/laptop", "replicas/4", "/Pods are ready", "/selector matches", "way/back"]
    assert [each for each in wanted if each not in reached] == []
    assert "/every step of the path" in reached
    for name in ("0", "back"):
        explorer.get_by_role("button", name=name, exact=True, pressed=True).wait_for(timeout=20_000)
    assert not explorer.get_by_role("checkbox", name="selector matches").is_checked()
    assert ": rejected" in explorer.get_by_role("status").first.inner_text()


CONTRAST = """() => {
    const light = ([r, g, b]) => [r, g, b].map(each => each / 255)
        .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const ground = it => {
        for (; it; it = it.parentElement) {
            const found = parts(getComputedStyle(it).backgroundColor);
            if (found.length < 4 || found[3] === 1) return found;
        }
        return [255, 255, 255];
    };
    const area = document.querySelector('.jp-OutputArea-output');
    const words = 'button, label, th, td, p, code, pre, summary, .kubesim-outcome, .kubesim-choices > span';
    return [...area.querySelectorAll(words)]
        .filter(it => it.textContent.trim() && it.getBoundingClientRect().width && !it.disabled)
        .map(it => [light(parts(getComputedStyle(it).color)), light(ground(it)), it.textContent.trim().slice(0, 30)])
        .map(([one, other, text]) => [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), text])
        .filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize(("theme", "is_light"), [("JupyterLab Dark", "false"), ("JupyterLab Light", "true")])
def test_a_widget_is_legible_in_either_theme(reader: Reader, theme: str, is_light: str) -> None:
    reader.prefers(theme)
    page = reader.runs("from kubesim.notebook import ServiceExplorer\nServiceExplorer()", "theme.ipynb")
    page.wait_for_selector(".jp-OutputArea-output svg", timeout=90_000)
    assert page.evaluate("document.body.dataset.jpThemeLight") == is_light
    assert page.evaluate(CONTRAST) == []
    picture = page.locator(".jp-OutputArea-output svg").first
    assert picture.evaluate("svg => getComputedStyle(svg).backgroundColor") == "rgb(255, 255, 255)"


def test_in_black_and_white_nothing_is_lost(explorer: Any) -> None:
    """What colour tells is told by something else as well: the pressed button, a way not taken, a failure."""
    look = "it => { const s = getComputedStyle(it); return [s.fontWeight, s.borderTopWidth]; }"
    pressed, other = (explorer.get_by_role("button", name=name, exact=True) for name in ("ClusterIP", "NodePort"))
    assert pressed.evaluate(look) != other.evaluate(look)
    marks = """() => [...document.querySelectorAll('.jp-OutputArea-output svg g.edge path')]
        .map(path => [path.getAttribute('stroke'), !!path.getAttribute('stroke-dasharray')])"""
    lines = dict(explorer.evaluate(marks))
    assert sorted(lines.values()) == [False, True]
    explorer.get_by_role("checkbox", name="selector matches").uncheck()
    explorer.locator(".jp-OutputArea-output svg text", has_text="✗").first.wait_for(timeout=20_000)


def test_the_arrow_keys_choose(explorer: Any) -> None:
    explorer.get_by_role("button", name="ClusterIP", exact=True).focus()
    explorer.keyboard.press("ArrowRight")
    pressed = explorer.get_by_role("button", name="NodePort", exact=True, pressed=True)
    pressed.wait_for(timeout=20_000)
    assert pressed.evaluate("button => button === document.activeElement")


def test_the_player_steps_and_plays_by_its_buttons(reader: Reader) -> None:
    page = reader.runs(
        "from kubesim import Cluster\nfrom kubesim.notebook import PathPlayer\n"
        "PathPlayer(Cluster().connect('laptop', 'http://172.31.0.10:81'))",
        "player.ipynb",
    )
    page.wait_for_selector(".jp-OutputArea-output svg", timeout=90_000)
    assert page.get_by_role("button", name="step back").is_disabled()
    page.get_by_role("button", name="step on").click()
    page.wait_for_selector(".jp-OutputArea-output svg .packet-1", state="attached", timeout=20_000)
    assert "① laptop: Opens a TCP connection" in page.locator(".jp-OutputArea-output pre").first.inner_text()
    page.get_by_role("slider", name="arrow").focus()
    page.keyboard.press("End")
    page.wait_for_selector(".jp-OutputArea-output svg .packet-1", state="attached", timeout=20_000)
    page.get_by_role("slider", name="arrow").press("Home")
    page.get_by_role("button", name="play").press("Enter")
    page.get_by_role("button", name="pause", pressed=True).wait_for(timeout=5_000)


def test_a_prediction_is_answered_when_one_has_chosen(reader: Reader) -> None:
    page = reader.runs("%load_ext kubesim", "prediction.ipynb")
    page.wait_for_selector("text=/\\| Idle/", timeout=90_000)
    page.keyboard.type(
        "%%predict How many nodes?\n( ) one :: not worker\n( ) two :: worker\n%%terminal\nkubectl get nodes"
    )
    page.keyboard.press("Shift+Enter")
    page.get_by_role("button", name="two", exact=True).wait_for(timeout=60_000)
    assert page.locator("text=control-plane").count() == 0
    page.get_by_role("button", name="two", exact=True).focus()
    page.keyboard.press("Space")
    page.locator("text=control-plane").first.wait_for(timeout=20_000)
    assert page.get_by_role("status").first.inner_text() == "Right. (1 of 1 predictions right so far)"
