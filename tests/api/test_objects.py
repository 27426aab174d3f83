"""Each view against the table of structs: it has fields of Go's, of their JSON types, with their zero values."""

from __future__ import annotations

import types
import typing
from typing import Any

import msgspec
import pytest

from kubesim.api import objects
from kubesim.api.objects import Container, Copies, Object, View, copy_of
from kubesim.api.schema.tree import FieldType, SchemaField, Struct, struct_named

STRUCTS = {
    "EndpointPort": ["discovery.EndpointPort"],
    "EndpointsPort": ["EndpointPort"],
    "Condition": ["Condition", "PodCondition", "NodeCondition", "DeploymentCondition", "ReplicaSetCondition"],
}
"""The structs that a view stands for where its name does not say."""

VIEWS = [
    each
    for each in vars(objects).values()
    if isinstance(each, type) and issubclass(each, View) and each not in (View, Object)
]
LENIENT = {
    ("Condition", "observedGeneration"): "not every kind's conditions have one",
    ("Container", "resources"): "a value in Go; carried as it was written",
    ("Endpoint", "addresses"): "never absent: validation demands one",
    ("EphemeralContainer", "resources"): "a value in Go; carried as it was written",
    ("NodeStatus", "nodeInfo"): "a value in Go; carried as it was written",
}
"""Fields whose absence is told differently than in Go, with the reason."""

SCALARS = {"string": str, "integer": int, "boolean": bool, "time": str}


def structs_of(view: type[View]) -> list[Struct]:
    return [struct_named(name) for name in STRUCTS.get(view.__name__, [view.__name__])]


def named(struct: Struct) -> str:
    """The view that stands for a struct."""
    qualified = next((view for view, structs in STRUCTS.items() if struct.qualified in structs), struct.qualified)
    return qualified.rpartition(".")[2]


def matches(hint: Any, kind: FieldType) -> bool:
    """Whether a view's type is a table's; what the simulation carries without reading it stays a wire form."""
    match kind.shape:
        case "list":
            assert kind.item is not None
            return typing.get_origin(hint) is list and matches(typing.get_args(hint)[0], kind.item)
        case "map":
            assert kind.item is not None
            key, item = typing.get_args(hint)
            return typing.get_origin(hint) is dict and key is str and (item is Any or matches(item, kind.item))
        case "struct":
            assert kind.struct is not None
            return hint == objects.Wire or getattr(hint, "__name__", "") == named(kind.struct)
        case "int-or-string":
            return hint == int | str
    return hint is SCALARS[kind.shape]


def without_none(hint: Any) -> tuple[Any, bool]:
    """A hint without ``None``, and whether it had it."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is not types.UnionType or type(None) not in arguments:
        return hint, False
    rest = [each for each in arguments if each is not type(None)]
    return (rest[0] if len(rest) == 1 else typing.Union[tuple(rest)]), True  # noqa: UP007


def may_be_none(field: SchemaField) -> bool:
    """Whether Go tells an absent value from a zero: pointers, lists, maps, times."""
    kind = field.type.shape
    if kind == "struct":
        return not field.value and not field.required
    return field.pointer or kind in ("list", "map", "time")


CASES = [
    (view, name, attribute)
    for view in VIEWS
    for name, attribute in zip(view.__struct_encode_fields__, view.__struct_fields__, strict=True)
]


@pytest.mark.parametrize(
    ("view", "name", "attribute"), CASES, ids=[f"{view.__name__}.{name}" for view, name, _ in CASES]
)
def test_a_field_is_as_the_table_of_structs_says(view: type[View], name: str, attribute: str) -> None:
    known = [struct.fields[name] for struct in structs_of(view) if name in struct.fields]
    assert known, f"no struct has the field {name}"
    hint, optional = without_none(typing.get_type_hints(view)[attribute])
    for field in known:
        assert matches(hint, field.type)
        if (view.__name__, name) not in LENIENT:
            assert optional == may_be_none(field)


def test_a_view_has_gos_zeros() -> None:
    assert msgspec.convert({}, Container) == Container()
    assert (Container().name, Container().tty, Container().ports) == ("", False, None)


@pytest.mark.parametrize(
    "wire",
    [
        {"spec": {"ports": [{"port": 80, "share": 0.5, "open": True, "name": None}]}},
        {"data": {"half": "\ud800", "whole": "\U0001f600"}},
        {"spec": {"large": 10**30, "negative": -(10**30)}},
    ],
    ids=["what JSON has", "half of a surrogate pair", "more than 64 bits"],
)
def test_a_copy_is_equal_and_shares_nothing(wire: dict) -> None:
    copied = copy_of(wire)
    assert copied == wire
    (part,) = copied.values()
    part["new"] = 1
    assert copied != wire


def test_copies_are_made_once_and_are_the_takers_own() -> None:
    stored = [{"spec": {"replicas": number}} for number in range(3)]
    copies = Copies(stored)
    assert (len(copies), list(copies), copies[1:], copies[-1]) == (3, stored, stored[1:], stored[2])
    copies[0]["spec"]["replicas"] = 7
    assert copies[0]["spec"] == {"replicas": 7}, "a copy that was taken stays the taker's"
    assert copies[-3] is copies[0]
    assert stored[0]["spec"] == {"replicas": 0}
    with pytest.raises(IndexError):
        copies[3]
