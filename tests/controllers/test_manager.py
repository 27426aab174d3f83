"""The laws of the loop that drives the controllers: who is woken, in which order, and when a refusal is tried again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Change, Store, key_of
from kubesim.controllers.manager import Manager, Parts, changed_parts
from kubesim.simulation import Simulation


class Recorder:
    """A controller that notes when it is asked to reconcile what.

    :param act: what each reconcile does, with the key.
    """

    name = "recorder"

    def __init__(
        self,
        simulation: Simulation,
        kinds: Sequence[str | Parts] = ("Pod",),
        act: Callable[[Hashable], object] = lambda key: None,
    ) -> None:
        self.kinds = kinds
        self.seen: list[tuple[float, Hashable]] = []
        self._simulation, self._act = simulation, act

    def keys(self, change: Change) -> Iterable[Hashable]:
        return (key_of(change.object),)

    def reconcile(self, key: Hashable) -> None:
        self.seen.append((self._simulation.now, key))
        self._act(key)

    @property
    def times(self) -> list[float]:
        return [round(moment, 6) for moment, _ in self.seen]


class Loop:
    """A simulation, its store and its manager, with one controller."""

    def __init__(
        self, kinds: Sequence[str | Parts] = ("Pod",), act: Callable[[Hashable], object] = lambda key: None
    ) -> None:
        self.simulation, self.store = Simulation(), Store()
        self.manager = Manager(self.simulation, self.store)
        self.controller = Recorder(self.simulation, kinds, act)
        self.manager.add(self.controller)

    def later(self, delay: float) -> None:
        self.manager.enqueue_after(self.controller, "key", delay, progress=False)


def pod(name: str, **parts: object) -> Wire:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "default"}, **parts}


def refuse(key: Hashable) -> None:
    raise ApiError(500, "InternalError", "no")


@pytest.mark.parametrize(
    ("delays", "fired"),
    [
        ([5, 3], [3]),  # the earlier of two timers wins, whichever was planned first
        ([3, 5], [3]),
        ([3, 3], [3]),
        ([7, 5, 3, 9], [3]),
    ],
)
def test_the_earlier_of_two_timers_for_a_key_wins(delays: list[float], fired: list[float]) -> None:
    loop = Loop()
    for delay in delays:
        loop.later(delay)
    loop.simulation.advance(20)
    assert loop.controller.times == fired


def test_a_timer_that_fired_makes_room_for_the_next() -> None:
    loop = Loop()
    loop.later(1)
    loop.simulation.advance(2)
    loop.later(3)
    loop.simulation.advance(4)
    assert loop.controller.times == [1, 5]


def test_a_refused_reconcile_is_retried_with_a_wait_that_doubles() -> None:
    loop = Loop(act=refuse)
    loop.manager.enqueue(loop.controller, "key")
    loop.simulation.advance(0.2)
    assert loop.controller.times == [0, 0.005, 0.015, 0.035, 0.075, 0.155]


def test_the_wait_between_retries_has_a_longest() -> None:
    loop = Loop(act=refuse)
    loop.manager.enqueue(loop.controller, "key")
    loop.simulation.advance(10_000)
    waits = [
        round(later - earlier, 6)
        for earlier, later in zip(loop.controller.times, loop.controller.times[1:], strict=False)
    ]
    assert max(waits) == 1000
    assert waits[-2:] == [1000, 1000]


def test_a_success_forgets_the_failures_before_it() -> None:
    failing = [True, True, False, True]

    def sometimes(key: Hashable) -> None:
        if failing and failing.pop(0):
            refuse(key)

    loop = Loop(act=sometimes)
    loop.manager.enqueue(loop.controller, "key")
    loop.simulation.advance(1)
    assert loop.controller.times == [0, 0.005, 0.015]
    loop.manager.enqueue(loop.controller, "key")
    loop.simulation.advance(1)
    assert loop.controller.times[3:] == [1, 1.005], "the first wait again, not the third"


def test_another_error_than_a_refusal_reaches_the_caller_and_the_loop_goes_on() -> None:
    def broken(key: Hashable) -> None:
        if key == "bad":
            raise RuntimeError

    loop = Loop(act=broken)
    for key in ("bad", "good"):
        loop.manager.enqueue(loop.controller, key)
    with pytest.raises(RuntimeError):
        loop.simulation.settle()
    loop.manager.run()
    assert [key for _, key in loop.controller.seen] == ["bad", "good"]


def test_many_changes_of_one_object_at_one_instant_are_one_reconcile() -> None:
    loop = Loop()
    for number in range(5):
        loop.store.commit(pod("a", spec={"number": number}))
    assert loop.controller.seen == [], "never inside the request that made the change"
    loop.simulation.settle()
    assert loop.controller.seen == [(0, ("default", "a"))]


def test_keys_are_reconciled_in_the_order_in_which_they_were_named() -> None:
    loop = Loop()
    for name in "cab":
        loop.store.commit(pod(name))
    loop.simulation.settle()
    assert [key for _, key in loop.controller.seen] == [("default", name) for name in "cab"]


def test_a_controller_first_sees_what_is_there_already() -> None:
    simulation, store = Simulation(), Store()
    store.commit(pod("a"))
    manager, controller = Manager(simulation, store), Recorder(simulation)
    manager.add(controller)
    simulation.settle()
    assert controller.seen == [(0, ("default", "a"))]


OLD: Wire = {
    "kind": "Pod",
    "metadata": {"name": "a", "labels": {"app": "web"}, "resourceVersion": "1"},
    "spec": {"nodeName": "worker"},
    "status": {"phase": "Running"},
}


def changed(**metadata: object) -> Wire:
    return {**OLD, "metadata": {**OLD["metadata"], **metadata}}


PARTS = [
    (changed(), set()),
    (changed(resourceVersion="2"), set()),
    ({**changed(), "status": {"phase": "Failed"}}, {"status"}),
    ({**changed(labels={}), "spec": {}}, {"labels", "spec"}),
    (changed(deletionTimestamp="2026-07-01T09:00:00Z"), {"deletionTimestamp"}),
    ({key: value for key, value in OLD.items() if key != "status"}, {"status"}),
    ({**OLD, "metadata": {"name": "a", "annotations": {}}}, {"labels", "annotations"}),
]


@pytest.mark.parametrize(("new", "parts"), PARTS)
def test_the_parts_of_a_change(new: Wire, parts: set[str]) -> None:
    named = ("annotations", "deletionTimestamp", "labels", "spec", "status")
    assert changed_parts(OLD, new, named) == parts


@pytest.mark.parametrize(("new", "parts"), PARTS)
def test_a_controller_sleeps_through_changes_of_parts_it_does_not_name(new: Wire, parts: set[str]) -> None:
    loop = Loop(kinds=(Parts.of("Pod", "spec", "labels"),))
    stored = loop.store.commit({**OLD, "metadata": {**OLD["metadata"]}})
    loop.simulation.settle()
    shared = {name: stored[name] if value is OLD.get(name) else value for name, value in new.items()}
    loop.store.commit(shared)
    loop.simulation.settle()
    assert len(loop.controller.seen) == 1 + bool(parts & {"spec", "labels"})
    loop.store.delete("Pod", "a")
    loop.simulation.settle()
    assert len(loop.controller.seen) == 2 + bool(parts & {"spec", "labels"}), "that it is gone, everyone hears"


@pytest.mark.parametrize("existing", [True, False])
def test_a_controller_that_waits_for_its_first_object_starts_with_it_once(existing: bool) -> None:
    simulation, store = Simulation(), Store()
    manager, made = Manager(simulation, store), []

    def make() -> Recorder:
        made.append(Recorder(simulation, ["Pod", "Node"]))
        return made[-1]

    if existing:
        store.commit(pod("a"))
    manager.add_with_first(make, "Pod", "ConfigMap")
    store.commit({"kind": "Node", "metadata": {"name": "n"}})
    simulation.advance(1)
    assert len(made) == existing
    store.commit(pod("a" if not existing else "b"))
    store.commit(pod("c"))
    simulation.advance(1)
    (controller,) = made
    # It sees what was there before it, too.
    assert {key for _, key in controller.seen} >= {("", "n"), ("default", "a"), ("default", "c")}
    assert len(controller.seen) == len(set(controller.seen))


def test_a_controller_that_waits_for_its_first_object_is_never_made_without_one() -> None:
    loop = Loop()
    loop.manager.add_with_first(lambda: pytest.fail("must not be made"), "ConfigMap")
    loop.store.commit(pod("a"))
    loop.simulation.advance(1)
    assert loop.controller.seen == [(0, ("default", "a"))]
