from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire, copy_of
from kubesim.api.patch import apply_patch, merge
from tests.api.examples import POD, SERVICE

OLD: Wire = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "finalizers": ["a", "b"]},
    "spec": {"ports": [{"port": 80, "name": "http"}, {"port": 443, "name": "https"}], "selector": {"app": "w"}},
}


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        # RFC 7386, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a"], ["c"], ["c"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches(target: Any, patch: Any, expected: Any) -> None:
    assert merge(target, patch) == expected


@pytest.mark.parametrize(
    ("spec", "ports"),
    [
        ({"ports": [{"port": 80, "targetPort": 8080}]}, [(80, "http"), (443, "https")]),
        ({"ports": [{"port": 8080, "name": "new"}]}, [(8080, "new"), (80, "http"), (443, "https")]),
        ({"ports": [{"port": 80, "$patch": "delete"}]}, [(443, "https")]),
        ({"ports": [{"port": 1, "name": "only"}, {"$patch": "replace"}]}, [(1, "only")]),
        ({"$setElementOrder/ports": [{"port": 443}, {"port": 80}]}, [(443, "https"), (80, "http")]),
        (
            {"$setElementOrder/ports": [{"port": 443}, {"port": 1}, {"port": 80}], "ports": [{"port": 1, "name": "x"}]},
            [(443, "https"), (1, "x"), (80, "http")],
        ),
        ({"ports": None}, []),
    ],
)
def test_ports_merge_by_their_number(spec: Wire, ports: list[tuple[int, str]]) -> None:
    patched, _ = apply_patch(OLD, {"spec": spec}, "strategic", SERVICE)
    assert [(port["port"], port["name"]) for port in patched["spec"].get("ports", [])] == ports


def test_scalars_of_a_list_merge_and_go_by_name() -> None:
    for metadata, expected in (
        ({"finalizers": ["c"]}, {"a", "b", "c"}),
        ({"$deleteFromPrimitiveList/finalizers": ["a"]}, {"b"}),
    ):
        patched, _ = apply_patch(OLD, {"metadata": metadata}, "strategic", SERVICE)
        assert set(patched["metadata"]["finalizers"]) == expected


def test_only_the_retained_keys_stay() -> None:
    volume = {"name": "v", "emptyDir": {}}
    old = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"volumes": [volume]}}
    change = {"name": "v", "hostPath": {"path": "/x"}, "$retainKeys": ["name", "hostPath"]}
    patched, _ = apply_patch(old, {"spec": {"volumes": [change]}}, "strategic", POD)
    assert patched["spec"]["volumes"] == [{"name": "v", "hostPath": {"path": "/x"}}]


def test_a_map_can_be_replaced() -> None:
    patched, _ = apply_patch(OLD, {"spec": {"selector": {"$patch": "replace", "x": "y"}}}, "strategic", SERVICE)
    assert patched["spec"]["selector"] == {"x": "y"}


def test_an_item_needs_its_merge_key() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: port"):
        apply_patch(OLD, {"spec": {"ports": [{"name": "x"}]}}, "strategic", SERVICE)


def test_json_patches() -> None:
    operations = [
        {"op": "replace", "path": "/spec/ports/0/port", "value": 81},
        {"op": "remove", "path": "/spec/ports/1"},
    ]
    patched, _ = apply_patch(OLD, operations, "json", SERVICE)
    assert patched["spec"]["ports"] == [{"port": 81, "name": "http"}]


@pytest.mark.parametrize(
    ("operations", "code", "message"),
    [
        (
            [{"op": "remove", "path": "/spec/nosuch"}],
            422,
            "the server rejected our request due to an error in our request",
        ),
        ([{"op": "test", "path": "/kind", "value": "Pod"}], 422, "the server rejected our request"),
        ([{"op": "bogus", "path": "/kind"}], 422, "the server rejected our request"),
        ({"a": 1}, 400, "error decoding patch: json: cannot unmarshal object into Go value of type"),
    ],
)
def test_json_patches_that_do_not_fit(operations: Any, code: int, message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        apply_patch(OLD, operations, "json", SERVICE)
    assert caught.value.code == code


def test_a_patch_is_decoded_like_any_body() -> None:
    with pytest.raises(ApiError, match=r"cannot unmarshal string into Go struct field ServicePort.spec.ports.port"):
        apply_patch(OLD, {"spec": {"ports": [{"port": "x"}]}}, "merge", SERVICE)
    assert apply_patch(OLD, {"spec": {"nosuch": 1}}, "strategic", SERVICE)[1] == ('unknown field "spec.nosuch"',)
    with pytest.raises(ApiError, match=r'strict decoding error: unknown field "spec.nosuch"'):
        apply_patch(OLD, {"spec": {"nosuch": 1}}, "strategic", SERVICE, "Strict")


def test_the_old_object_stays_as_it_is() -> None:
    before = copy_of(OLD)
    apply_patch(OLD, {"spec": {"ports": [{"port": 80, "name": "x"}], "selector": {"a": "b"}}}, "strategic", SERVICE)
    apply_patch(OLD, [{"op": "replace", "path": "/spec/ports/0/port", "value": 81}], "json", SERVICE)
    assert before == OLD


def test_values_are_shown_as_go_shows_maps() -> None:
    assert sprint({"b": [1, "x", None], "a": True}) == "map[a:true b:[1 x <nil>]]"
