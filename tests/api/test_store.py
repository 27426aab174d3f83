from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.objects import Service, Wire
from kubesim.api.selectors import parse_label_selector
from kubesim.api.store import Store


def wire(name: str, namespace: str = "default", kind: str = "Service", **metadata: Any) -> Wire:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, **metadata}}


def names(objects: list[Wire]) -> list[str]:
    return [each["metadata"]["name"] for each in objects]


def test_every_write_has_the_next_version() -> None:
    store = Store()
    assert store.put(wire("a"))["metadata"]["resourceVersion"] == "1"
    assert store.put(wire("b"))["metadata"]["resourceVersion"] == "2"
    store.delete("Service", "a", "default")
    assert store.resource_version == "3"


def test_objects_are_listed_by_namespace_and_name() -> None:
    store = Store()
    for name, namespace in (("b", "x"), ("a", "x"), ("c", "default")):
        store.put(wire(name, namespace))
    assert names(store.list("Service")) == ["c", "a", "b"]
    assert names(store.list("Service", "x")) == ["a", "b"]
    assert store.list("Pod") == []


def test_labels_are_found_by_value_and_by_selector() -> None:
    store = Store()
    store.put(wire("a", labels={"app": "web", "tier": "front"}))
    store.put(wire("b", labels={"app": "web"}))
    store.put(wire("c", namespace="x", labels={"app": "web"}))
    assert names(store.list("Service", "default", {"app": "web"})) == ["a", "b"]
    assert names(store.list("Service", None, {"app": "web", "tier": "front"})) == ["a"]
    assert names(store.list("Service", "default", parse_label_selector("!tier"))) == ["b"]
    store.put(wire("a", labels={"app": "db"}))
    assert names(store.list("Service", None, {"app": "web"})) == ["b", "c"]


def test_owners_and_nodes_are_indexed() -> None:
    store = Store()
    store.put(wire("rs", kind="ReplicaSet", ownerReferences=[{"uid": "u1"}]))
    store.put({**wire("p", kind="Pod"), "spec": {"nodeName": "worker"}})
    assert names(store.owned_by("ReplicaSet", "u1")) == ["rs"]
    assert names(store.on_node("worker")) == ["p"]
    store.put({**wire("p", kind="Pod"), "spec": {"nodeName": "master"}})
    assert store.on_node("worker") == []


def test_watchers_hear_changes_in_order_even_when_one_writes() -> None:
    store = Store()
    heard: list[tuple[str, str]] = []

    def writer(event: str, old: Wire | None, new: Wire | None) -> None:
        if event == "ADDED" and new is not None and new["metadata"]["name"] == "a":
            store.put(wire("b"))

    store.watch(writer)
    stop = store.watch(lambda event, old, new: heard.append((event, (new or old or {})["metadata"]["name"])))
    store.put(wire("a"))
    store.put(wire("a", labels={"x": "y"}))
    store.delete("Service", "a", "default")
    stop()
    store.put(wire("c"))
    assert heard == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_a_watch_can_be_of_some_kinds() -> None:
    store = Store()
    heard: list[str] = []
    store.watch(lambda event, old, new: heard.append((new or {})["kind"]), kinds=["Pod"])
    store.put(wire("a"))
    store.put(wire("a", kind="Pod"))
    assert heard == ["Pod"]


def test_a_view_is_decoded_once_a_version() -> None:
    store = Store()
    store.put(wire("a"))
    first = store.view(Service, "a", "default")
    assert store.views(Service) == [first]
    assert store.view(Service, "a", "default") is first
    store.put(wire("a", labels={"x": "y"}))
    assert store.view(Service, "a", "default") is not first
    assert store.view(Service, "b", "default") is None


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from("abcd"), st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"])),
        max_size=40,
    )
)
def test_indexes_agree_with_a_scan(steps: list[tuple[bool, str, str, str]]) -> None:
    store = Store()
    for put, name, namespace, label in steps:
        if put:
            store.put(wire(name, namespace, labels={"l": label}))
        else:
            store.delete("Service", name, namespace)
    everything = store.list("Service")
    for namespace in ("x", "y"):
        here = [each for each in everything if each["metadata"]["namespace"] == namespace]
        assert store.list("Service", namespace) == here
        for label in ("1", "2"):
            labelled = [each for each in here if each["metadata"]["labels"]["l"] == label]
            assert store.list("Service", namespace, {"l": label}) == labelled
