"""The expected values are read off the library that the API server uses (``gopkg.in/evanphx/json-patch.v4``, 4.13)."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.api.json_patch import JsonPatchError, NoJsonPatchError, apply_json_patch, strange_members


def one(op: str, path: str, *value: Any, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **({"value": value[0]} if value else {}), **more}


FITTING = [
    # name, document, operation, outcome
    ("add a member", {"a": 1}, one("add", "/b", 2), {"a": 1, "b": 2}),
    ("add over a member", {"a": 1}, one("add", "/a", 2), {"a": 2}),
    ("add without a value", {}, one("add", "/a"), {"a": None}),
    ("add at the front", {"l": [1, 2]}, one("add", "/l/0", 0), {"l": [0, 1, 2]}),
    ("add at the end", {"l": [1]}, one("add", "/l/1", 2), {"l": [1, 2]}),
    ("append", {"l": [1]}, one("add", "/l/-", 2), {"l": [1, 2]}),
    ("add at -1 is the last place of the longer list", {"l": [1, 2]}, one("add", "/l/-1", 3), {"l": [1, 2, 3]}),
    ("add at -3 is the first", {"l": [1, 2]}, one("add", "/l/-3", 0), {"l": [0, 1, 2]}),
    ("replace a member", {"a": 1}, one("replace", "/a", 2), {"a": 2}),
    ("replace what is not there", {}, one("replace", "/a", 1), {"a": 1}),
    ("replace the last", {"l": [1, 2]}, one("replace", "/l/-1", 9), {"l": [1, 9]}),
    ("an index with zeros", {"l": [1, 2]}, one("replace", "/l/01", 9), {"l": [1, 9]}),
    ("an index with a sign", {"l": [1, 2]}, one("replace", "/l/+1", 9), {"l": [1, 9]}),
    ("replace everything", {"a": 1}, one("replace", "", {"b": 2}), {"b": 2}),
    ("remove a member", {"a": 1, "b": 2}, one("remove", "/a"), {"b": 2}),
    ("remove the last", {"l": [1, 2]}, one("remove", "/l/-1"), {"l": [1]}),
    ("a slash in a name", {"a/b": {"c~d": 1}}, one("replace", "/a~1b/c~0d", 2), {"a/b": {"c~d": 2}}),
    ("before the first slash", {"a": 1}, one("replace", "x/a", 2), {"a": 2}),
    ("a member without a name", {"": {"": 1}}, one("replace", "//", 2), {"": {"": 2}}),
    ("test", {"a": {"b": [1, "x"], "c": None}}, one("test", "/a", {"c": None, "b": [1, "x"]}), ...),
    ("test what is not there against null", {}, one("test", "/a", None), ...),
    ("test what is not there against nothing", {}, one("test", "/a"), ...),
    ("test everything", {"a": 1}, one("test", "", {"a": 1}), ...),
    ("move", {"a": {"b": 1}}, one("move", "/c", **{"from": "/a/b"}), {"a": {}, "c": 1}),
    ("move in a list", {"l": [1, 2, 3]}, one("move", "/l/0", **{"from": "/l/-1"}), {"l": [3, 1, 2]}),
    ("copy", {"a": [1]}, one("copy", "/b", **{"from": "/a"}), {"a": [1], "b": [1]}),
    ("copy what is not there", {}, one("copy", "/b", **{"from": "/a"}), {"b": None}),
]


@pytest.mark.parametrize(
    ("document", "operation", "outcome"), [row[1:] for row in FITTING], ids=[r[0] for r in FITTING]
)
def test_an_operation_that_fits(document: Any, operation: dict[str, Any], outcome: Any) -> None:
    before = copy.deepcopy(document)
    assert apply_json_patch(document, [operation]) == (before if outcome is ... else outcome)
    assert document == before


REFUSED = [
    ({"a": 1}, one("add", "/b/c", 1), 'add operation does not apply: doc is missing path: "/b/c": missing value'),
    ({"a": 1}, one("add", "/a/c", 1), 'add operation does not apply: doc is missing path: "/a/c": missing value'),
    ({"a": None}, one("add", "/a/c", 1), 'add operation does not apply: doc is missing path: "/a/c": missing value'),
    ({"a": 1}, one("add", "", {}), 'add operation does not apply: doc is missing path: "": missing value'),
    (
        {"l": [1]},
        one("add", "/l/3", 1),
        "error in add for path: '/l/3': Unable to access invalid index: 3: invalid index referenced",
    ),
    (
        {"l": [1]},
        one("add", "/l/x", 1),
        "error in add for path: '/l/x': value was not a proper array index: 'x': "
        'strconv.Atoi: parsing "x": invalid syntax',
    ),
    (
        {"l": [1]},
        one("remove", "/l/-2"),
        "error in remove for path: '/l/-2': Unable to access invalid index: -2: invalid index referenced",
    ),
    (
        {"l": [1]},
        one("remove", "/l/-"),
        "error in remove for path: '/l/-': strconv.Atoi: parsing \"-\": invalid syntax",
    ),
    ({}, one("remove", "/a"), "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value"),
    (
        {"l": [1]},
        one("replace", "/l/1", 1),
        "replace operation does not apply: doc is missing key: /l/1: missing value",
    ),
    ({}, one("replace", "/a/b", 1), "replace operation does not apply: doc is missing path: /a/b: missing value"),
    ({"a": 1}, one("replace", "", 1), "replace operation value must be object or array"),
    ({"a": 1}, one("test", "/a", 1.0), "testing value /a failed: test failed"),
    ({"a": 1}, one("test", "/a", True), "testing value /a failed: test failed"),
    ({"a": {"b": 1}}, one("test", "/a", {"b": 1, "c": 2}), "testing value /a failed: test failed"),
    ({"a": 1}, one("test", "/a"), "testing value /a failed: test failed"),
    ({}, one("test", "/a/b", None), "test operation does not apply: is missing path: /a/b: missing value"),
    ({}, one("move", "/b"), "move operation failed to decode from: operation, missing from field: missing value"),
    (
        {},
        one("move", "/b", **{"from": "/a"}),
        "error in move for path: 'a': Unable to remove nonexistent key: a: missing value",
    ),
    ({}, {"op": "add", "value": 1}, "add operation failed to decode path: missing value"),
    ({}, one("bogus", "/a"), "Unexpected kind: bogus"),
    ({}, {"path": "/a"}, "Unexpected kind: unknown"),
    ({}, None, "Unexpected kind: unknown"),
]


@pytest.mark.parametrize(("document", "operation", "problem"), REFUSED)
def test_an_operation_that_does_not_fit(document: Any, operation: Any, problem: str) -> None:
    with pytest.raises(JsonPatchError) as caught:
        apply_json_patch(document, [operation])
    assert str(caught.value) == problem


def test_operations_follow_one_another_and_share_nothing() -> None:
    value = {"x": [1]}
    operations = [one("add", "/a", value), one("copy", "/b", **{"from": "/a"}), one("add", "/b/x/-", 2)]
    assert apply_json_patch({}, operations) == {"a": {"x": [1]}, "b": {"x": [1, 2]}}
    assert value == {"x": [1]}


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ({}, "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        ([1], "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        ([{"op": 1}], "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
        ([{"path": []}], "json: cannot unmarshal array into Go struct field jsonPatchOp.path of type string"),
    ],
)
def test_what_is_no_patch(patch: Any, problem: str) -> None:
    with pytest.raises(NoJsonPatchError) as caught:
        strange_members(patch)
    assert str(caught.value) == problem


def test_members_that_nobody_knows() -> None:
    assert strange_members([one("add", "/a", 1), {"op": "add", "path": "/a", "valu": 1}, None]) == [
        'json patch unknown field "[1].valu"'
    ]


STEPS = st.sampled_from(["", "a", "b", "0", "1", "-1", "-", "01", "x~1y"])
PATHS = st.lists(STEPS, max_size=3).map(lambda steps: "/".join(["", *steps]))
VALUES = st.recursive(
    st.none() | st.integers(0, 2) | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": PATHS},
    optional={"from": PATHS, "value": VALUES},
)


@settings(max_examples=150, derandomize=True)
@given(st.dictionaries(st.sampled_from("ab"), VALUES), st.lists(OPERATIONS, max_size=4))
def test_any_patch_fits_or_is_refused_and_changes_nothing_given(document: Any, patch: list[Any]) -> None:
    given_document, given_patch = copy.deepcopy(document), copy.deepcopy(patch)
    with contextlib.suppress(JsonPatchError):
        apply_json_patch(document, patch)
    assert (document, patch) == (given_document, given_patch)
