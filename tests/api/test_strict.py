"""The strict mode names what a controller wrote that the API server would not have stored."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.registry import Registry
from kubesim.api.store import Store
from kubesim.api.strict import demand_canonical, differences
from kubesim.simulation import Simulation
from tests.api.examples import SERVICE
from tests.api.validation.objects import changed, valid

STORED = changed(valid("Service"), "status", {"loadBalancer": {}})


@pytest.mark.parametrize(
    ("wanted", "given", "expected"),
    [
        ({"a": 1, "b": [1, {"c": "x"}]}, {"b": [1, {"c": "x"}], "a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b must be 1, is 2"]),
        ({"a": {}}, {"a": {"b": "x"}}, ["a.b must be absent, is 'x'"]),
        ({"a": {"b": "x"}}, {"a": {}}, ["a.b must be 'x', is absent"]),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}, ["a[1].b must be 2, is 3"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a must be [1], is [1, 2]"]),
        ({"a": {}}, {"a": []}, ["a must be {}, is []"]),
        ({"a": 1}, {"a": True}, ["a must be 1, is True"]),  # equal to Python, not to Go
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, ["a must be 1, is 2", "b must be 1, is 2"]),
    ],
)
def test_differences_are_named_by_path(wanted: Any, given: Any, expected: list[str]) -> None:
    assert list(differences(wanted, given)) == expected


def test_what_the_server_would_store_passes() -> None:
    demand_canonical(SERVICE, STORED, None)
    demand_canonical(SERVICE, STORED, STORED)


WHY = "a controller must write"


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (
            changed(STORED, "spec/ports/0/protocol", ...),
            f"{WHY} what the API server would store, got Service default/web: "
            "spec.ports[0].protocol must be 'TCP', is absent",
        ),
        (
            changed(STORED, "spec/nosuch", 1),
            f'{WHY} what can be decoded, got Service default/web: Service in version "v1" cannot be handled as a '
            'Service: strict decoding error: unknown field "spec.nosuch"',
        ),
    ],
)
def test_what_it_would_not_store_is_named(wire: Wire, message: str) -> None:
    for demanded in (True, False):
        with pytest.raises(AssertionError) as caught:
            demand_canonical(SERVICE, wire, None, valid=demanded)
        assert str(caught.value) == message


def test_validity_is_demanded_where_it_is_asked_for() -> None:
    broken = changed(STORED, "spec/ports/0/port", 0)
    broken = changed(broken, "spec/ports/0/targetPort", 80)
    demand_canonical(SERVICE, broken, None, valid=False)
    with pytest.raises(
        AssertionError, match=r"^a controller must write what is valid, got Service default/web: .*port"
    ):
        demand_canonical(SERVICE, broken, None)


@pytest.mark.parametrize("strict", [True, False])
def test_only_a_strict_registry_looks_at_trusted_writes(strict: bool) -> None:
    store = Store()
    registry = Registry(Simulation(), store, {}, strict=strict)
    old = store.commit(STORED)
    half = changed(STORED, "spec/ports/0/protocol", ...)
    writes = (
        lambda: registry.create(SERVICE, changed(half, "metadata/name", "new"), trusted=True),
        lambda: registry.update(SERVICE, changed(half, "metadata/resourceVersion", ""), old, trusted=True),
        lambda: registry.update_status(SERVICE, old, {"nosuch": 1}),
        lambda: registry.accept(SERVICE, half),
    )
    for write in writes:
        if strict:
            before = store.snapshot()
            with pytest.raises(AssertionError, match=WHY):
                write()
            assert store.snapshot() == before
        else:
            write()
