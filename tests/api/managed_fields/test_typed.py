"""Comparing, merging, pruning and checking objects by their schema.

The expected values follow from the marks that the API's types have upstream (``+listType``, ``+listMapKey``,
``+structType``, ``+mapType``) and from the rules of ``structured-merge-diff/v6/typed``.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.managed_fields import typed
from kubesim.api.managed_fields.field_set import FieldSet, path_text

AT = {
    "ConfigMap": typed.root("ConfigMap", "v1"),
    "Deployment": typed.root("Deployment", "apps/v1"),
    "Endpoints": typed.root("Endpoints", "v1"),
    "Pod": typed.root("Pod", "v1"),
    "Service": typed.root("Service", "v1"),
}


def texts(fields: FieldSet) -> list[str]:
    return [path_text(path) for path in fields]


def spec(**given: Any) -> dict[str, Any]:
    return {"spec": given}


HTTP = {"port": 80, "name": "http"}

# kind, before, after; removed, modified, added
CHANGES: list[tuple[str, Any, Any, list[str], list[str], list[str]]] = [
    ("ConfigMap", {}, {}, [], [], []),
    ("ConfigMap", {}, {"data": {"a": "1"}}, [], [], [".data", ".data.a"]),
    ("ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2", "b": "1"}}, [], [".data.a"], [".data.b"]),
    ("ConfigMap", {"data": {"a": "1"}}, {}, [".data", ".data.a"], [], []),
    ("ConfigMap", {"data": {"a": "1"}}, {"data": None}, [".data.a"], [], []),  # a null is there, and has nothing below
    # a struct that Go always writes is there already; a list's item is a field of its own
    ("Service", {}, spec(ports=[HTTP]), [], [], [
        ".spec.ports", '.spec.ports[port=80,protocol="TCP"]',
        '.spec.ports[port=80,protocol="TCP"].name', '.spec.ports[port=80,protocol="TCP"].port',
    ]),
    ("Service", spec(ports=[HTTP]), spec(ports=[{**HTTP, "protocol": "TCP"}]), [], [],
     ['.spec.ports[port=80,protocol="TCP"].protocol']),
    ("Service", spec(ports=[HTTP]), spec(ports=[{"port": 80, "protocol": "UDP"}]),
     ['.spec.ports[port=80,protocol="TCP"]', '.spec.ports[port=80,protocol="TCP"].name',
      '.spec.ports[port=80,protocol="TCP"].port'],
     [],
     ['.spec.ports[port=80,protocol="UDP"]', '.spec.ports[port=80,protocol="UDP"].port',
      '.spec.ports[port=80,protocol="UDP"].protocol']),
    # +mapType=atomic, +structType=atomic, +listType=atomic: one owner for all of it
    ("Service", spec(selector={"a": "1"}), spec(selector={"a": "1", "b": "2"}), [], [".spec.selector"], []),
    ("Deployment", {}, spec(selector={"matchLabels": {"a": "b"}}), [], [], [".spec.selector"]),
    ("Endpoints", {"subsets": [{}]}, {"subsets": [{"ports": []}]}, [], [".subsets"], []),
    ("Pod", spec(tolerations=[]), spec(tolerations=[{"key": "a"}]), [], [".spec.tolerations"], []),
    # a set of scalars
    ("Pod", {"metadata": {"finalizers": ["a"]}}, {"metadata": {"finalizers": ["b"]}},
     ['.metadata.finalizers[="a"]'], [], ['.metadata.finalizers[="b"]']),
    # what there is twice is one field; neither is compared with anything
    ("Pod", spec(containers=[{"name": "a"}]), spec(containers=[{"name": "a"}, {"name": "a", "image": "x"}]),
     ['.spec.containers[name="a"]', '.spec.containers[name="a"].name'], [], ['.spec.containers[name="a"]']),
    ("Pod", spec(containers=[{"name": "a"}]), spec(containers=[{"name": "a", "resources": {}}]), [], [], []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "before", "after", "removed", "modified", "added"), CHANGES)
def test_compare(kind: str, before: Any, after: Any, removed: list[str], modified: list[str], added: list[str]) -> None:
    changes = typed.compare(AT[kind], before, after)
    assert sorted(texts(changes.removed)) == sorted(removed)
    assert sorted(texts(changes.modified)) == sorted(modified)
    assert sorted(texts(changes.added)) == sorted(added)


@pytest.mark.parametrize(
    ("kind", "given", "fields"),
    [
        ("ConfigMap", {"data": {"a": "1"}}, [".data.a"]),
        ("ConfigMap", {"data": {}}, [".data"]),
        ("ConfigMap", {"data": None}, [".data"]),
        ("Service", spec(selector={"a": "b"}), [".spec.selector"]),
        ("Service", spec(ports=[]), []),
        ("Service", spec(ports=[{"port": 1}]),
         ['.spec.ports[port=1,protocol="TCP"]', '.spec.ports[port=1,protocol="TCP"].port']),
        ("Pod", {"metadata": {"finalizers": ["a"]}}, ['.metadata.finalizers[="a"]']),
        ("Pod", spec(tolerations=[{"key": "a"}]), [".spec.tolerations"]),
    ],
)  # fmt: skip
def test_the_fields_of_a_configuration(kind: str, given: Any, fields: list[str]) -> None:
    assert sorted(texts(typed.fields_of(AT[kind], given))) == sorted(fields)


def names(*each: str) -> Any:
    return spec(containers=[{"name": name} for name in each])


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        (names("a", "b"), names("c"), names("a", "b", "c")),
        (names("a", "b", "c"), names("c", "a"), names("b", "c", "a")),  # shared ones stand as they were applied
        (names("a", "b"), names("b", "a"), names("b", "a")),
        (names("a", "x", "b"), names("a", "b"), names("a", "x", "b")),
        (names("a"), {}, names("a")),
        ({}, names("a"), names("a")),
    ],
)
def test_merged_lists_keep_an_order_that_suits_both(live: Any, applied: Any, merged: Any) -> None:
    assert typed.merge(AT["Pod"], live, applied) == merged


@pytest.mark.parametrize(
    ("kind", "live", "applied", "merged"),
    [
        ("Service", spec(selector={"a": "1"}, type="ClusterIP"), spec(selector={"b": "2"}),
         spec(selector={"b": "2"}, type="ClusterIP")),
        ("ConfigMap", {"data": {"a": "1"}}, {"data": {"b": "2"}}, {"data": {"a": "1", "b": "2"}}),
        ("Pod", spec(tolerations=[{"key": "a"}]), spec(tolerations=[{"key": "b"}]), spec(tolerations=[{"key": "b"}])),
        ("Service", spec(ports=[{"port": 80, "protocol": "TCP", "nodePort": 3}]),
         spec(ports=[{"port": 80, "targetPort": 8}]),
         spec(ports=[{"port": 80, "protocol": "TCP", "nodePort": 3, "targetPort": 8}])),
    ],
)  # fmt: skip
def test_merge(kind: str, live: Any, applied: Any, merged: Any) -> None:
    assert typed.merge(AT[kind], live, applied) == merged


def test_what_has_nothing_left_becomes_null() -> None:
    removed = FieldSet.of(("f:data", "f:a"))
    assert typed.remove(AT["ConfigMap"], {"data": {"a": "1"}}, removed) == {"data": None}
    assert typed.remove(AT["ConfigMap"], {"data": {"a": "1", "b": "2"}}, removed) == {"data": {"b": "2"}}


# the words of structured-merge-diff/v6/typed (helpers.go, validate.go); the first and the third were recorded
@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("Service", spec(selectr={"a": "b"}), ".spec.selectr: field not declared in schema"),
        ("Pod", spec(containers=[{"name": "a", "imag": "x"}]),
         '.spec.containers[name="a"].imag: field not declared in schema'),
        ("Service", spec(ports=[{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "UDP"}]),
         '.spec.ports: duplicate entries for key [port=53,protocol="UDP"]'),
        ("Deployment", spec(replicas="3"), ".spec.replicas: expected numeric (int or float), got string"),
        ("ConfigMap", {"data": {"a": 1}}, '.data.a: expected string, got &value.valueUnstructured{Value:1}'),
        ("Service", spec(ports=[{"name": "x"}]), None),  # the protocol has a default: that is key enough
        ("Pod", spec(containers=[{"image": "x"}]),
         '.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] '
         "(and doesn't have default values for any key fields)"),
        ("Pod", spec(containers={}), ".spec.containers: expected list, got &{map[]}"),
        ("Pod", spec(containers=None, tolerations=[{"key": "a"}], overhead={"cpu": 1}), None),
        ("Deployment", spec(replicas="3", paused="x"),
         "errors:\n  .spec.paused: expected boolean, got &{x}\n"
         "  .spec.replicas: expected numeric (int or float), got string"),
    ],
)  # fmt: skip
def test_what_a_configuration_must_be(kind: str, given: Any, words: str | None) -> None:
    if words is None:
        typed.check(AT[kind], given)
        return
    with pytest.raises(typed.SchemaError) as refused:
        typed.check(AT[kind], given)
    assert str(refused.value) == words
