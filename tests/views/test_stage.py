"""Where things stand: rows that Pods keep, boxes that never overlap, and what is folded."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.views.scene import NodePlace, Place, Scene, Seating
from kubesim.views.stage import MOST_NODES, ROWS, WIDTH, Stage


def node(name: str, pods: int, system: int = 0) -> NodePlace:
    own = [Place(f"pod/default/{name}-{row}", f"{name}-{row}", "10.42.0.1", row=row) for row in range(pods)]
    own += [Place(f"pod/kube-system/{name}-{number}", f"dns-{number}", row=-1) for number in range(system)]
    return NodePlace(Place(f"node/{name}", name, "172.31.0.1"), tuple(own))


def test_a_pod_keeps_its_row_and_a_newcomer_gets_the_first_free_one() -> None:
    seating = Seating()
    assert seating.seat(["a", "b", "c"]) == {"a": 0, "b": 1, "c": 2}
    assert seating.seat(["a", "c"]) == {"a": 0, "c": 2}
    assert seating.seat(["a", "c", "d"]) == {"a": 0, "c": 2, "d": 1}
    assert seating.seat(["d", "b"]) == {"d": 1, "b": 0}, "whose row is taken is a newcomer"


@given(st.lists(st.sets(st.sampled_from("abcdefgh")), max_size=8))
def test_no_two_pods_of_a_picture_share_a_row(pictures: list[set[str]]) -> None:
    seating = Seating()
    for picture in pictures:
        rows = seating.seat(sorted(picture))
        assert set(rows) == picture
        assert len(set(rows.values())) == len(rows)


@pytest.mark.parametrize("pods", [0, 1, ROWS, ROWS + 1, 40])
@pytest.mark.parametrize("nodes", [1, 2, 3, 7])
def test_boxes_do_not_overlap_and_stand_on_the_stage(nodes: int, pods: int) -> None:
    scene = Scene(
        tuple(node(f"n{number}", pods, system=2) for number in range(nodes)),
        (Place("laptop", "laptop", "172.31.0.50"),),
    )
    stage = Stage(scene, ["laptop", "internet/router", "internet/example.com", "pod/kube-system/n0-1"])
    for one, other in combinations(stage.boxes.values(), 2):
        assert not one.overlaps(other)
    for box in stage.boxes.values():
        assert box.left >= 0 and box.right <= WIDTH and box.top >= 0 and box.bottom <= stage.height


def test_a_place_does_not_depend_on_the_others() -> None:
    few, many = (Stage(Scene((node("a", pods), node("b", pods)))) for pods in (1, 30))
    for machine, box in few.boxes.items():
        assert many.boxes[machine] == box


def test_of_many_pods_the_packet_s_own_are_shown_first_and_then_the_candidates() -> None:
    scene = Scene((node("a", 20, system=1),))
    path = ["pod/default/a-17", "pod/kube-system/a-0"]
    stage = Stage(scene, path, [f"pod/default/a-{number}" for number in range(20)])
    assert set(path) < set(stage.boxes)
    shown = [machine for machine in stage.boxes if machine.startswith("pod/")]
    assert len(shown) == ROWS
    assert stage.boxes["pod/default/a-0"].y < stage.boxes["pod/default/a-17"].y, "guests take the lowest rows"


def test_the_system_s_pods_are_shown_only_where_they_play() -> None:
    scene = Scene((node("a", 1, system=1),))
    assert "pod/kube-system/a-0" not in Stage(scene).boxes
    assert "pod/kube-system/a-0" in Stage(scene, ["pod/kube-system/a-0"]).boxes


def test_of_many_nodes_those_that_play_are_drawn() -> None:
    scene = Scene(tuple(node(f"n{number}", 1) for number in range(9)))
    stage = Stage(scene, ["pod/default/n7-0", "node/n8"])
    drawn = [node.place.title for node, _ in stage.nodes]
    assert len(drawn) == MOST_NODES and {"n7", "n8"} < set(drawn) and drawn == sorted(drawn)
