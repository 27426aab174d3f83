"""No validator breaks, whatever the object, as long as its fields have the right JSON types."""

from __future__ import annotations

import types
import typing
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from lightkube.models import apps_v1, core_v1, discovery_v1

from kubesim.api.fields import message_of
from kubesim.api.objects import Wire
from kubesim.api.validation import validate
from kubesim.api.warnings import warnings_for
from tests.chances import CHANCES

KINDS: dict[str, type] = {
    "ConfigMap": core_v1.ConfigMap,
    "DaemonSet": apps_v1.DaemonSet,
    "Deployment": apps_v1.Deployment,
    "Endpoints": core_v1.Endpoints,
    "EndpointSlice": discovery_v1.EndpointSlice,
    "Namespace": core_v1.Namespace,
    "Node": core_v1.Node,
    "Pod": core_v1.Pod,
    "ReplicaSet": apps_v1.ReplicaSet,
    "Secret": core_v1.Secret,
    "Service": core_v1.Service,
    "ServiceAccount": core_v1.ServiceAccount,
    "StatefulSet": apps_v1.StatefulSet,
}
STRINGS = [
    "", "a", "web", "None", "TCP", "UDP", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Local", "Always",
    "In", "Exists", "25%", "10.0.0.1", "010.0.0.1", "fd00::1", "10.0.0.0/8", "-a", "a b", "a/b/c", "é\n", "x" * 300,
    "RollingUpdate", "9" * 5000 + "%", "\ud800", "IPv4", "IPv6", "ClientIP", "metadata.labels['a']", "Localhost",
]  # fmt: skip
NUMBERS = [-1, 0, 1, 80, 30000, 65535, 65536, 1 << 31, -(1 << 31)]
QUANTITIES = ["1", "500m", "1Gi", "-1", "0.5", "1e3"]
_QUANTITY_MAPS = {"limits", "requests", "capacity", "allocatable", "overhead"}


def some(hint: Any, chance: Random, depth: int, name: str = "") -> Any:
    """A value of a type; deep ones are cut short by leaving optional fields out."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return some(chance.choice(arguments), chance, depth, name)
    if hint is type(None):
        return None
    if origin is list:
        return [some(arguments[0], chance, depth - 1) for _ in range(chance.randrange(4) if depth > 0 else 0)]
    if hint is dict or origin is dict:
        values = QUANTITIES if name in _QUANTITY_MAPS else STRINGS
        return {chance.choice(STRINGS): chance.choice(values) for _ in range(chance.randrange(3))}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return wire(hint, chance, depth - 1)
    if hint is bool:
        return chance.random() < 0.5
    if hint in (int, float):
        return chance.choice(NUMBERS)
    return chance.choice(STRINGS)


def wire(model: type, chance: Random, depth: int = 12) -> Wire:
    """An object with some of its fields, none of them null."""
    hints = typing.get_type_hints(model)
    share = 0.7 if depth > 4 else 0.3 if depth > 0 else 0.0
    made = {name: some(hint, chance, depth, name) for name, hint in hints.items() if chance.random() < share}
    return {name: value for name, value in made.items() if value is not None}


def printable(value: Any) -> bool:
    return all(isinstance(text, str) for text in value)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(chance=CHANCES)
def test_any_object_is_judged(kind: str, chance: Random) -> None:
    new, old = wire(KINDS[kind], chance), wire(KINDS[kind], chance)
    assert printable(map(message_of, validate(kind, new)))
    assert printable(map(message_of, validate(kind, new, old)))
    assert printable(map(message_of, validate(kind, new, new)))
    assert printable(warnings_for(kind, new) + warnings_for(kind, new, old))


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_object_is_judged(kind: str) -> None:
    assert "metadata.name: Required value: name or generateName is required" in map(message_of, validate(kind, {}))


def test_a_kind_without_rules_has_no_problems() -> None:
    assert validate("Event", {"spec": 1}) == []
