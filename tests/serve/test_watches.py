"""What a watch is told, and what is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.resources import BY_KIND
from kubesim.api.store import Store
from kubesim.serve import watches
from kubesim.serve.watches import Choice, History

MAPS = BY_KIND["ConfigMap"]


def config_map(name: str, namespace: str = "default", **labels: str) -> dict[str, Any]:
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
    }


@pytest.fixture
def store() -> Store:
    return Store()


def history_of(store: Store) -> History:
    return History(store, lambda: None)


@pytest.mark.parametrize(
    ("namespace", "labels", "fields", "told"),
    [
        (None, "", "", ["ADDED a", "MODIFIED a", "ADDED b", "DELETED a"]),
        ("other", "", "", ["ADDED b"]),
        (None, "tier=front", "", ["ADDED a", "DELETED a"]),
        (None, "tier!=front", "", ["ADDED a", "DELETED a", "ADDED b"]),
        (None, "", "metadata.name=b", ["ADDED b"]),
    ],
)
def test_an_object_that_comes_to_be_chosen_is_added_and_one_that_no_longer_is_deleted(
    store: Store, namespace: str | None, labels: str, fields: str, told: list[str]
) -> None:
    history = history_of(store)
    store.commit(config_map("a"))
    store.commit(config_map("a", tier="front"))
    store.commit(config_map("b", "other"))
    store.delete("ConfigMap", "a", "default")
    choice = Choice(MAPS, namespace, labels, fields)
    changes = history.since(history.place_after(0) or 0) or []
    assert [f"{event} {wire['metadata']['name']}" for event, wire in choice.events(changes)] == told


def test_a_deletion_has_the_version_of_the_deletion(store: Store) -> None:
    history = history_of(store)
    store.commit(config_map("a"))
    store.delete("ConfigMap", "a", "default")
    *_, (event, wire) = Choice(MAPS, None, "", "").events(history.since(0) or [])
    assert (event, wire["metadata"]["resourceVersion"], store.resource_version) == ("DELETED", "2", "2")


def test_what_is_too_long_ago_is_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "REMEMBERED", 2)
    history = history_of(store)
    for name in "abcd":
        store.commit(config_map(name))
    assert [history.place_after(version) for version in range(5)] == [None, None, 2, 3, 4]
    assert history.since(1) is None
    assert [noted.version for noted in history.since(2) or []] == [3, 4]


def test_a_field_that_none_may_ask_for_is_refused() -> None:
    with pytest.raises(ApiError, match=r"field label not supported: spec\.nosuch"):
        Choice(MAPS, None, "", "spec.nosuch=1")
