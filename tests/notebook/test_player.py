"""The PathPlayer: the picture stands still, the packet moves, and its addresses change where they are rewritten."""

import re

import pytest

from kubesim.notebook.explorer import Choice, Explorer
from kubesim.notebook.player import PathPlayer, with_packet
from kubesim.views.path_diagram import plan


@pytest.fixture(scope="module")
def player() -> PathPlayer:
    """A request from a laptop to a node port: two arrows there, two back."""
    return PathPlayer(Explorer().show(Choice(type="NodePort", source="laptop")).journey)


def place(player: PathPlayer, step: int) -> str:
    player.step.value = step
    found = re.search(r"\.packet-\d+\{transform:(translate\([^)]*\))", player.picture.value)
    assert found is not None
    return found[1]


def test_each_step_moves_the_packet_and_nothing_else(player: PathPlayer) -> None:
    assert player.step.last == 4
    places = [place(player, step) for step in range(5)]
    assert len(set(places[:3])) == 3
    boxes = []
    for step in range(5):
        player.step.value = step
        boxes.append(
            sorted(
                re.findall(r"<title>(?:pod|node|laptop)[^<]*</title>\n<path[^>]* d=\"([^\"]*)\"", player.picture.value)
            )
        )
    assert len(boxes[0]) >= 4
    # On the way back the numbers and the legend differ, so the whole is lower; the boxes' mutual places do not.
    assert boxes[0] == boxes[1] == boxes[2]


def test_the_header_changes_where_the_addresses_are_rewritten(player: PathPlayer) -> None:
    player.step.value = 0
    assert "not sent yet" in player.header.value and "was" not in player.header.value
    player.step.value = 1
    assert "on arrow ①" in player.header.value and "was" not in player.header.value
    player.step.value = 2
    assert re.search(r"source <b>10\.42\.\d+\.1:\d+</b> \(was 172\.31\.0\.50:\d+\)", player.header.value)
    assert re.search(r"destination <b>10\.42\.\d+\.\d+:80</b> \(was 172\.31\.0\.10:30080\)", player.header.value)


def test_the_caption_says_what_happened_so_far(player: PathPlayer) -> None:
    player.step.value = 0
    assert player.caption() == "the packet has not left yet"
    player.step.value = 1
    assert player.caption().startswith("  ① laptop: Opens a TCP connection")
    player.step.value = 2
    assert "② node master: DNAT" in player.caption() and "●" not in player.caption()
    player.step.value = 3
    assert player.caption().startswith("  ③ web-") and "①" not in player.caption()
    player.step.value = 4
    assert player.caption().endswith("laptop: The answer is back where the packet was sent.")


def test_the_packet_stands_still_where_less_motion_is_asked_for(player: PathPlayer) -> None:
    player.step.value = 1
    style = re.search(r"<style>(.*?)</style>", player.picture.value)
    assert style is not None
    outside_of_the_query = re.sub(r"@media \(prefers-reduced-motion:no-preference\)\{.*\}\}$", "", style[1])
    assert "animation:" not in outside_of_the_query and "animation:" in style[1]


def test_both_ways_are_in_the_static_twin(player: PathPlayer) -> None:
    assert player.static_html().count("<img ") == 2


def test_a_request_without_a_packet_can_be_shown() -> None:
    journey = Explorer().show(Choice(type="ExternalName", source="laptop")).journey
    shown = PathPlayer(journey)
    assert shown.header.value == "<p>no packet was sent</p>"
    assert "packet-0" in shown.picture.value
    assert with_packet("<pre>words</pre>", plan(journey), 0, "laptop") == "<pre>words</pre>"


def test_a_player_needs_a_path() -> None:
    with pytest.raises(TypeError, match="a PathPlayer shows"):
        PathPlayer(3)  # type: ignore[arg-type]
