"""A moment that is held stays what it was, whatever follows; where nobody holds one, nothing is noted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.store import Store
from kubesim.cluster.moments import Moment, MomentKeeper

STEPS = st.lists(st.tuples(st.sampled_from(["put", "delete", "hold", "drop"]), st.sampled_from("abc")), max_size=40)


@given(STEPS)
def test_every_moment_that_is_held_stays_what_it_was(steps: list[tuple[str, str]]) -> None:
    store = Store()
    keeper = MomentKeeper(store, ["Pod"])
    held: list[tuple[Moment, object]] = []
    for number, (what, name) in enumerate(steps):
        if what == "put":
            store.commit({"kind": "Pod", "metadata": {"name": name, "namespace": "d"}, "spec": {"step": number}})
        elif what == "delete":
            store.delete("Pod", name, "d")
        elif what == "hold":
            held.append((keeper.now(), store.list("Pod")))
        elif held:
            held.pop(0)
        for moment, seen in held:
            assert moment.list("Pod") == seen


def test_without_a_moment_nothing_is_noted() -> None:
    store = Store()
    keeper = MomentKeeper(store, ["Pod"])
    moment = keeper.now()
    store.commit({"kind": "Pod", "metadata": {"name": "a", "namespace": "d"}})
    assert moment.list("Pod") == [] and len(keeper._notes) == 1
    del moment
    store.commit({"kind": "Pod", "metadata": {"name": "b", "namespace": "d"}})
    assert len(keeper._notes) == 1
    assert len(keeper.now().list("Pod")) == 2 and not keeper._notes
