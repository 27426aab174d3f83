"""Widgets with a kernel: nothing moves but arrows, controls have names and states, the keyboard is enough."""

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
    page.get_by_role("button", name="play").click()
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
    page.get_by_role("button", name="two", exact=True).click()
    page.locator("text=control-plane").first.wait_for(timeout=20_000)
    assert page.get_by_role("status").first.inner_text() == "Right. (1 of 1 predictions right so far)"
