"""The picture of a path: numbered arrows on a stage on which nothing moves, and no label that covers anything."""

from __future__ import annotations

from itertools import combinations

import pytest

from kubesim import Cluster, Terminal
from kubesim.notebook.explorer import SOURCES, TYPES, Choice, Explorer
from kubesim.views.journey import Journey
from kubesim.views.stage import FONT_SIZE, WIDTH, Box
from kubesim.views.words import Way, circled
from tests.views.drawing import Drawing, crosses, within

STATES = [
    *(Choice(type=type, source=source) for type in TYPES for source in SOURCES),
    *(Choice(type=type, replicas=replicas) for type in TYPES[:3] for replicas in (0, 1, 4, 3)),
    Choice(ready=False),
    Choice(selector_right=False),
    Choice(type="NodePort", source="laptop", ready=False),
]
"""States of the ServiceExplorer, in an order in which Pods come and go."""


@pytest.fixture(scope="module")
def journeys() -> dict[Choice, Journey]:
    explorer = Explorer()
    return {choice: explorer.show(choice).journey for choice in STATES}


@pytest.fixture(scope="module")
def drawings(journeys: dict[Choice, Journey]) -> list[Drawing]:
    return [
        Drawing(journey.diagram(upto=upto, way=way))
        for number, journey in enumerate(journeys.values())
        for way in Way
        for upto in ((None, 0, 1) if number < 8 else (None,))
    ]


def test_nothing_moves_in_any_state_of_the_explorer_and_the_player(drawings: list[Drawing]) -> None:
    places: dict[str, Box] = {}
    for drawing in drawings:
        for machine, box in drawing.machines().items():
            assert places.setdefault(machine, box) == box, f"{machine} moved"
    assert len(places) >= 10


def test_every_picture_is_as_wide_as_the_others_and_its_text_as_large(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert {drawing.boxes[name].right <= WIDTH + 0.01 for name in drawing.boxes} == {True}
        assert drawing.font_sizes() == {FONT_SIZE}


def test_no_number_or_cross_covers_a_box_or_another(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for (one, box), (other, another) in combinations(drawing.boxes.items(), 2):
            assert not box.overlaps(another), f"{one} covers {other}"


def test_nothing_covers_the_border_of_a_node(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for name, box in drawing.boxes.items():
            for frame in drawing.nodes:
                assert not box.overlaps(frame) or within(box, frame), f"{name} covers a border"


def test_no_arrow_passes_through_a_box_or_a_label(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for line in drawing.lines:
            for name, box in drawing.boxes.items():
                if name not in (line.tail, line.head):
                    assert not crosses(line.segment, box), f"{line.tail} → {line.head} crosses {name}"


def test_labels_fit_into_their_boxes(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for name, box in drawing.boxes.items():
            if not drawing.labels[name].startswith("<"):
                assert drawing.text_width(name) <= box.width, f"{drawing.labels[name]!r} in {name}"


def test_words_table_and_picture_have_one_numbering(journeys: dict[Choice, Journey]) -> None:
    for journey in journeys.values():
        if journey.trace is None:
            continue
        drawing = Drawing(journey.diagram())
        arrows = sorted(name for name in drawing.boxes if name.startswith("arrow "))
        marks = [circled(number) for number in range(1, len(arrows) + 1)]
        assert [mark for mark in marks if f"  {mark} " not in str(journey)] == []
        table = journey.table()
        there = table[table["way"] == "there"]
        assert [mark for mark in dict.fromkeys(there.index) if mark not in "●✗"] == marks
        back = Drawing(journey.diagram(way="back"))
        numbers = sorted(int(name.split()[1]) for name in back.boxes if name.startswith("arrow "))
        assert numbers == list(range(len(arrows) + 1, len(arrows) + 1 + len(numbers)))


def test_the_shares_are_of_one_kind_and_add_up(journeys: dict[Choice, Journey]) -> None:
    drawing = Drawing(journeys[Choice(replicas=4)].diagram())
    shares = [label.split(", ")[-1] for label in drawing.labels.values() if label.endswith(" %")]
    assert shares == ["25 %"] * 4
    assert "%: the share of new connections that end there\\l" in drawing.labels.values()


def test_an_unknown_way_is_named(journeys: dict[Choice, Journey]) -> None:
    with pytest.raises(ValueError, match="'sideways'"):
        next(iter(journeys.values())).diagram(way="sideways")


def test_pictures_of_a_cluster_share_one_stage() -> None:
    cluster = Cluster()
    terminal = Terminal(cluster, on="master")
    terminal.run("kubectl create deployment web --image nginx --replicas 9; kubectl expose deployment web --port 80")
    cluster.settle()
    whole = Drawing(cluster.diagram())
    path = Drawing(cluster.connect("laptop", "http://172.31.0.10:80").diagram())
    shared = set(whole.machines()) & set(path.machines())
    assert len(shared) >= 9
    assert {machine for machine in shared if whole.boxes[machine] != path.boxes[machine]} == set()
    assert any("… and " in label for label in whole.labels.values())
