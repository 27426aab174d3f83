"""How recorders thin out Events. Expected: client-go's defaults, as a real 1.36.2 showed them."""

from __future__ import annotations

import pytest

from kubesim.controllers.event_correlation import BURST, COMBINED, Correlator, Source
from tests.controllers.control_plane import ControlPlane

SOURCE = ("uid", "component", "")


def test_the_tenth_different_message_within_ten_minutes_is_combined() -> None:
    correlator = Correlator()

    def combined(reason: str, message: str, now: float) -> bool:
        return correlator.weigh(SOURCE, "Normal", reason, message, now).combined

    assert [combined("Made", f"pod {number}", number) for number in range(12)] == [False] * 9 + [True] * 3
    assert not combined("Made", "pod 0", 12)  # one that is known is told apart
    assert not combined("Gone", "pod 0", 12)
    assert not combined("Made", "pod 99", 12 + 601)


def test_of_one_object_so_many_things_are_said_at_once_and_then_one_every_five_minutes() -> None:
    correlator = Correlator()

    def admitted(now: float, source: Source = SOURCE) -> bool:
        return correlator.weigh(source, "Normal", "Made", "again", now).admitted

    assert [admitted(0.0) for _ in range(BURST + 2)] == [True] * BURST + [False] * 2
    assert not admitted(299.0)
    assert admitted(301.0) and not admitted(302.0)
    assert admitted(0.0, ("another", "component", ""))


@pytest.mark.parametrize(("times", "messages"), [(3, 3), (9, 9), (20, 10)])
def test_the_combined_event_counts_on_and_says_what_was_last(times: int, messages: int) -> None:
    plane = ControlPlane()
    about = plane.pod("a")
    for number in range(times):
        plane.events.record(about, "Normal", "Made", f"pod {number}", component="c")
    events = plane.store.list("Event")
    assert len(events) == messages
    combined = [event for event in events if event["message"].startswith(COMBINED)]
    if times > 9:
        assert [(event["message"], event["count"]) for event in combined] == [(f"{COMBINED}pod {times - 1}", times - 9)]


def test_what_was_held_back_is_counted_when_it_may_be_said_again() -> None:
    plane = ControlPlane()
    about = plane.pod("a")
    for _ in range(BURST + 5):
        plane.events.record(about, "Normal", "Made", "again", component="c")
    assert [event["count"] for event in plane.store.list("Event")] == [BURST]
    plane.simulation.advance(600)
    plane.events.record(about, "Normal", "Made", "again", component="c")
    assert [event["count"] for event in plane.store.list("Event")] == [BURST + 6]
