from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.objects import Service, Wire
from kubesim.api.selectors import parse_label_selector
from kubesim.api.store import STATUS, Change, Store


def wire(name: str, namespace: str = "default", kind: str = "Service", **metadata: Any) -> Wire:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, **metadata}}


def names(objects: list[Wire]) -> list[str]:
    return [each["metadata"]["name"] for each in objects]


def test_every_write_has_the_next_version() -> None:
    store = Store()
    assert store.commit(wire("a"))["metadata"]["resourceVersion"] == "1"
    assert store.commit(wire("b"))["metadata"]["resourceVersion"] == "2"
    store.delete("Service", "a", "default")
    assert store.resource_version == "3"


def test_objects_are_listed_by_namespace_and_name() -> None:
    store = Store()
    for name, namespace in (("b", "x"), ("a", "x"), ("c", "default")):
        store.commit(wire(name, namespace))
    assert names(store.list("Service")) == ["c", "a", "b"]
    assert names(store.list("Service", "x")) == ["a", "b"]
    assert store.list("Pod") == []


def test_labels_are_found_by_value_and_by_selector() -> None:
    store = Store()
    store.commit(wire("a", labels={"app": "web", "tier": "front"}))
    store.commit(wire("b", labels={"app": "web"}))
    store.commit(wire("c", namespace="x", labels={"app": "web"}))
    assert names(store.list("Service", "default", {"app": "web"})) == ["a", "b"]
    assert names(store.list("Service", None, {"app": "web", "tier": "front"})) == ["a"]
    assert names(store.list("Service", "default", parse_label_selector("!tier"))) == ["b"]
    store.commit(wire("a", labels={"app": "db"}))
    assert names(store.list("Service", None, {"app": "web"})) == ["b", "c"]


def test_owners_and_nodes_are_indexed() -> None:
    store = Store()
    store.commit(wire("rs", kind="ReplicaSet", ownerReferences=[{"uid": "u1"}]))
    store.commit({**wire("p", kind="Pod"), "spec": {"nodeName": "worker"}})
    assert names(store.owned_by("ReplicaSet", "u1")) == ["rs"]
    assert names(store.on_node("worker")) == ["p"]
    store.commit({**wire("p", kind="Pod"), "spec": {"nodeName": "master"}})
    assert store.on_node("worker") == []


def test_watchers_hear_changes_in_order_even_when_one_writes() -> None:
    store = Store()
    heard: list[tuple[str, str]] = []

    def writer(change: Change) -> None:
        if change.type == "ADDED" and change.key[1] == "a":
            store.commit(wire("b"))

    store.watch(writer)
    stop = store.watch(lambda change: heard.append((change.type, change.key[1])))
    store.commit(wire("a"))
    store.commit(wire("a", labels={"x": "y"}))
    store.delete("Service", "a", "default")
    stop()
    store.commit(wire("c"))
    assert heard == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_a_watch_can_be_of_some_kinds() -> None:
    store = Store()
    heard: list[str] = []
    store.watch(lambda change: heard.append(change.kind), kinds=["Pod"])
    store.commit(wire("a"))
    store.commit(wire("a", kind="Pod"))
    assert heard == ["Pod"]


def test_a_view_is_decoded_once_a_version() -> None:
    store = Store()
    store.commit(wire("a"))
    first = store.view(Service, "a", "default")
    assert store.views(Service) == [first]
    assert store.view(Service, "a", "default") is first
    store.commit(wire("a", labels={"x": "y"}))
    assert store.view(Service, "a", "default") is not first
    assert store.view(Service, "b", "default") is None


def test_a_watch_that_ends_during_a_telling_still_hears_of_that_change() -> None:
    store = Store()
    heard: list[str] = []
    store.watch(lambda change: stop())
    stop = store.watch(lambda change: heard.append(change.type))
    store.commit(wire("a"))
    store.commit(wire("b"))
    assert heard == ["ADDED"]


def test_a_watcher_that_fails_leaves_the_store_able_to_tell() -> None:
    store = Store()
    heard: list[str] = []
    stop = store.watch(lambda change: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.commit(wire("a"))
    stop()
    store.watch(lambda change: heard.append(change.type))
    store.commit(wire("a", labels={"x": "y"}))
    assert heard == ["MODIFIED"]


@pytest.mark.parametrize(
    ("look", "delivered"),
    [
        (lambda store: store.get("Event", "a", "default"), True),
        (lambda store: store.list("Event"), True),
        (lambda store: store.owned_by("Event", "u"), True),
        (lambda store: store.delete("Event", "a", "default"), True),
        (lambda store: store.kinds(), True),
        (lambda store: store.snapshot(), True),
        (lambda store: store.watch(print), True),
        (lambda store: store.watch(print, ["Event"]), True),
        (lambda store: store.watch(print, ["Pod"]), False),
        (lambda store: store.list("Pod"), False),
        (lambda store: store.commit(wire("b")), False),
        (lambda store: store.resource_version, False),
    ],
)
def test_objects_that_come_late_are_there_when_somebody_looks(look: Callable[[Store], object], delivered: bool) -> None:
    store, late = Store(), [wire("a", kind="Event")]
    version = store.reserve_version()
    store.commit(wire("a"))

    def deliver() -> None:
        while late:
            assert store.commit(late.pop(), version)["metadata"]["resourceVersion"] == "1"

    store.expect("Event", deliver)
    look(store)
    assert (not late) == delivered
    store.list("Event")
    assert int(store.resource_version) >= 2, "a late object does not turn the version back"


@dataclass
class Naive:
    """What the store must agree with: a dict, which the check scans."""

    objects: dict[tuple[str, str], Wire] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)


LABELS = st.dictionaries(st.sampled_from("lm"), st.sampled_from("12"))
WRITES = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from("xy"),
    st.none() | st.tuples(LABELS, st.lists(st.sampled_from("uv"), max_size=3), st.sampled_from(["", "n", "m"])),
)


@given(st.lists(WRITES, max_size=30), st.integers(1, 5))
def test_indexes_and_watchers_agree_with_a_scan(
    steps: list[tuple[str, str, tuple[dict[str, str], list[str], str] | None]], pause: int
) -> None:
    store, naive = Store(), Naive()
    heard: list[tuple[str, str]] = []
    store.watch(lambda change: heard.append((change.type, change.key[1])))
    for step, (name, namespace, content) in enumerate(steps):
        key = (namespace, name)
        if content is None:
            assert store.delete("Pod", name, namespace) == naive.objects.pop(key, None)
            continue
        labels, owners, node = content
        made = wire(name, namespace, "Pod", labels=labels, ownerReferences=[{"uid": uid} for uid in owners])
        naive.heard.append(("MODIFIED" if key in naive.objects else "ADDED", name))
        naive.objects[key] = store.commit({**made, "spec": {"nodeName": node}})
        if step % pause == 0:  # an index is put in order when it is read: reading between writes must change nothing
            check_indexes(store, naive)
    check_indexes(store, naive)
    assert [each for each in heard if each[0] != "DELETED"] == naive.heard


def check_indexes(store: Store, naive: Naive) -> None:
    everything = [naive.objects[key] for key in sorted(naive.objects)]
    assert store.list("Pod") == everything
    for namespace in "xy":
        here = [each for each in everything if each["metadata"]["namespace"] == namespace]
        assert store.list("Pod", namespace) == here
        for wanted in ({"l": "1"}, {"l": "2", "m": "1"}):
            labelled = [each for each in here if wanted.items() <= each["metadata"]["labels"].items()]
            assert store.list("Pod", namespace, wanted) == labelled
    labelled = [each for each in everything if each["metadata"]["labels"].get("l") == "1"]
    assert store.list("Pod", None, {"l": "1"}) == labelled
    for uid in "uv":
        owned = [each for each in everything if {"uid": uid} in each["metadata"]["ownerReferences"]]
        assert store.owned_by("Pod", uid) == owned
    for node in "nm":
        assert store.on_node(node) == [each for each in everything if each["spec"]["nodeName"] == node]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [(None, wire("a"), "ADDED"), (wire("a"), wire("a", x=1), "MODIFIED"), (wire("a"), None, "DELETED")],
)
def test_a_change_knows_what_it_is_about(old: Wire | None, new: Wire | None, kind: str) -> None:
    change = Change.of(old, new)
    assert (change.type, change.kind, change.key) == (kind, "Service", ("default", "a"))
    assert change.object is (old if new is None else new)


def test_a_change_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="a change must have an old or a new object, got neither"):
        Change.of(None, None)


def test_a_change_says_in_what_the_object_differs_where_the_writer_knows() -> None:
    store = Store()
    heard: list[Change] = []
    store.watch(heard.append)
    first = store.commit(wire("a", kind="Pod", labels={"x": "y"}))
    second = store.commit({**first, "metadata": {**first["metadata"]}, "status": {"phase": "Running"}}, parts=STATUS)
    assert [(change.old, change.new, change.parts) for change in heard] == [
        (None, first, None),
        (first, second, STATUS),
    ]
    assert store.list("Pod", "default", {"x": "y"}) == [second], "what is filed under a label is the new version"
