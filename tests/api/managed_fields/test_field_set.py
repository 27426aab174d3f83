"""Sets of fields: the laws of sets, and ``fieldsV1`` in upstream's order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.api.managed_fields.field_set import FieldSet, Path, key_element, path_text, value_element

ELEMENTS = ("f:a", "f:b", 'k:{"name":"x"}', 'k:{"port":80,"protocol":"TCP"}', 'v:"x"', "v:1", "i:0")
PATHS = st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=3).map(tuple)
SETS = st.lists(PATHS, max_size=8).map(lambda paths: FieldSet.of(*paths))


def listed(fields: FieldSet) -> set[Path]:
    return set(fields)


@settings(max_examples=60, deadline=None)
@given(SETS, SETS)
def test_operations_are_those_of_sets(one: FieldSet, other: FieldSet) -> None:
    assert listed(one.union(other)) == listed(one) | listed(other)
    assert listed(one.intersection(other)) == listed(one) & listed(other)
    assert listed(one.difference(other)) == listed(one) - listed(other)
    assert one.union(other) == other.union(one)
    assert one.difference(other).union(one.intersection(other)) == one
    assert bool(one) is bool(listed(one))
    assert all(path in one for path in one)
    assert not any(path in one.difference(other) for path in other)


@settings(max_examples=60, deadline=None)
@given(SETS, SETS)
def test_without_takes_away_what_is_below_as_well(one: FieldSet, other: FieldSet) -> None:
    gone = listed(other)
    kept = {path for path in one if not any(path[:length] in gone for length in range(1, len(path) + 1))}
    assert listed(one.without(other)) == kept


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_fields_are_read_as_they_were_written(one: FieldSet) -> None:
    assert FieldSet.from_fields(one.to_fields()) == one


# sigs.k8s.io/structured-merge-diff/v6/fieldpath/serialize.go: "." first; names, then keys, then values, then places;
# numbers by size and before texts
FIELDS: list[tuple[list[Path], Any]] = [
    ([], {}),
    ([("f:spec",)], {"f:spec": {}}),
    ([("f:spec",), ("f:spec", "f:type")], {"f:spec": {".": {}, "f:type": {}}}),
    ([("f:spec", "f:type")], {"f:spec": {"f:type": {}}}),
    ([("f:b",), ("f:a", "f:x"), ("f:c",)], {"f:a": {"f:x": {}}, "f:b": {}, "f:c": {}}),
    ([("i:1",), ("v:1",), ('k:{"a":1}',), ("f:z",)], {"f:z": {}, 'k:{"a":1}': {}, "v:1": {}, "i:1": {}}),
    ([('k:{"port":443}',), ('k:{"port":80}',)], {'k:{"port":80}': {}, 'k:{"port":443}': {}}),
    ([('v:"9"',), ("v:10",), ("v:9",), ("v:true",)], {"v:9": {}, "v:10": {}, 'v:"9"': {}, "v:true": {}}),
]


@pytest.mark.parametrize(("paths", "fields"), FIELDS)
def test_fields_v1(paths: list[Path], fields: Any) -> None:
    written = FieldSet.of(*paths).to_fields()
    assert written == fields
    assert list(written) == list(fields)


@pytest.mark.parametrize("given", [None, [], {"x": {}}, {"f": {}}, {"k:{": {}}, {"i:x": {}}, {"f:a": [1]}])
def test_what_is_no_fields_v1(given: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        FieldSet.from_fields(given)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("f:spec", "f:replicas"), ".spec.replicas"),
        (("f:ports", key_element({"protocol": "TCP", "port": 80}), "f:name"), '.ports[port=80,protocol="TCP"].name'),
        (("f:finalizers", value_element("a/b")), '.finalizers[="a/b"]'),
        (("f:values", value_element(7)), ".values[=7]"),
        (("f:x", "i:2"), ".x[2]"),
        (("f:annotations", "f:a.b/c"), ".annotations.a.b/c"),
    ],
)  # fmt: skip
def test_paths_as_messages_print_them(path: Path, text: str) -> None:
    assert path_text(path) == text
