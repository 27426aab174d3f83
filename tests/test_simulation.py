"""Time, order and chance."""

import gc
import weakref
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.simulation import EPOCH, Simulation


def test_actions_run_at_their_time_and_in_the_order_they_were_planned() -> None:
    simulation, seen = Simulation(), []
    for delay, name in [(2, "c"), (1, "a"), (1, "b")]:
        simulation.after(delay, lambda name=name: seen.append((simulation.now, name)))
    simulation.advance(1)
    assert seen == [(1, "a"), (1, "b")]
    simulation.advance(1)
    assert seen[2:] == [(2, "c")]


def test_what_falls_due_together_runs_in_the_order_in_which_it_was_planned() -> None:
    simulation, seen = Simulation(), []

    def first() -> None:
        simulation.after(1, lambda: seen.append("planned at 1"))
        simulation.after(0, lambda: seen.append("at once"))
        seen.append("first")

    simulation.after(2, lambda: seen.append("planned at 0"))
    simulation.after(1, first)
    simulation.after(1, lambda: seen.append("second"))
    assert simulation.following == 1
    simulation.step()
    assert (seen, simulation.now, simulation.following) == (["first"], 1, 1)
    simulation.advance(1)
    assert seen[1:] == ["second", "at once", "planned at 0", "planned at 1"]
    assert simulation.following == float("inf")


def test_what_is_planned_for_now_outside_of_any_action_runs_now() -> None:
    simulation, seen = Simulation(), []
    for expected in (0, 1.5):
        simulation.after(0, lambda: seen.append(simulation.now))
        simulation.advance(0)
        assert seen[-1] == simulation.now == expected
        simulation.advance(1.5)


def test_time_passes_where_nothing_is_planned() -> None:
    simulation = Simulation(start=datetime(2026, 1, 1, tzinfo=UTC))
    simulation.advance(90.5)
    assert simulation.now == 90.5
    assert simulation.timestamp() == "2026-01-01T00:01:30Z"
    assert Simulation().datetime == EPOCH


def test_settling_waits_for_progress_and_not_for_what_never_ends() -> None:
    simulation, seen = Simulation(), []

    def probe() -> None:
        seen.append(simulation.now)
        simulation.after(10, probe, progress=False)

    simulation.after(10, probe, progress=False)
    simulation.after(25, lambda: seen.append("started"))
    assert simulation.settle()
    assert simulation.now == 25
    assert seen == [10, 20, "started"]
    assert simulation.settle()
    assert simulation.now == 25


def test_settling_gives_up_at_its_limit() -> None:
    simulation = Simulation()
    simulation.after(500, lambda: None)
    assert not simulation.settle(limit=120)
    assert simulation.now <= 120


def test_a_cancelled_action_does_not_run_and_is_not_waited_for() -> None:
    simulation, seen = Simulation(), []
    planned = simulation.after(5, lambda: seen.append("never"))
    planned.cancel()
    planned.cancel()
    assert simulation.settle() and simulation.now == 0
    simulation.advance(10)
    assert seen == []


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="got -1"):
        Simulation().advance(-1)


def test_an_exception_in_an_action_reaches_the_caller() -> None:
    simulation = Simulation()
    simulation.after(1, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        simulation.advance(2)


@given(st.integers(), st.text(max_size=20), st.text(max_size=20))
def test_streams_are_the_same_for_a_seed_and_do_not_disturb_each_other(seed: int, name: str, other: str) -> None:
    alone, disturbed = Simulation(seed), Simulation(seed)
    if name != other:
        disturbed.random(other).random()
    drawn = [alone.random(name).random() for _ in range(3)]
    assert drawn == [disturbed.random(name).random() for _ in range(3)]


def test_work_runs_without_collecting_and_leaves_the_collector_as_it_was() -> None:
    simulation, seen = Simulation(), []
    simulation.after(1, lambda: seen.append(gc.isenabled()))
    simulation.advance(2)
    assert (seen, gc.isenabled()) == ([False], True)
    simulation.after(1, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        simulation.settle()
    assert gc.isenabled()
    gc.disable()
    try:
        simulation.advance(1)
        assert not gc.isenabled(), "whoever switched it off meant it"
    finally:
        gc.enable()


def test_what_a_burst_of_work_leaves_is_not_searched_for_cycles_at_its_end() -> None:
    simulation, left = Simulation(), []
    gc.collect()
    simulation.after(1, lambda: left.extend([number] for number in range(1000)))
    simulation.advance(2)
    assert len(left) == 1000
    assert not {id(item) for item in left} & {id(item) for item in gc.get_objects(generation=0)}


class _Cycle:
    itself: object


def test_cycles_are_found_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubesim.simulation.LEAST_EVENTS", 10)
    simulation = Simulation()
    lost: list[weakref.ref[_Cycle]] = []

    def lose() -> None:
        cycle = _Cycle()
        cycle.itself = cycle
        lost.append(weakref.ref(cycle))

    simulation.after(1, lose)
    simulation.advance(2)
    for _ in range(10):
        simulation.after(1, lambda: None)
        simulation.advance(2)
    assert [reference() for reference in lost] == [None]
