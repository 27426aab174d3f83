"""How Go writes a typed object: the fields of its structs in their order, and those that have no ``omitempty``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole object)

from __future__ import annotations

import json
from typing import Any

import pytest

from kubesim.api.schema.order import in_struct_order, with_zero_values


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        (
            {"status": {}, "spec": {}, "metadata": {}, "kind": "Pod", "apiVersion": "v1"},
            '{"kind":"Pod","apiVersion":"v1","metadata":{},"spec":{},"status":{}}',
        ),
        (  # maps are sorted; what no struct has comes last
            {"kind": "Pod", "apiVersion": "v1", "x": 1, "metadata": {"b": 1, "a": 2, "labels": {"b": "", "a": ""}, "name": "n"}},
            '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"n","labels":{"a":"","b":""},"a":2,"b":1},"x":1}',
        ),
        (
            {"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"ports": [{"containerPort": 1, "name": "p"}], "image": "i", "name": "c"}], "volumes": []}},
            '{"kind":"Pod","apiVersion":"v1","spec":{"volumes":[],"containers":[{"name":"c","image":"i","ports":[{"name":"p","containerPort":1}]}]}}',
        ),
        (  # of a kind that is not served
            {"spec": {"b": [{"d": 1, "c": 2}], "a": {"f": 1, "e": 2}}, "status": {}, "metadata": {"labels": {}, "name": "n"}, "apiVersion": "example.com/v1", "kind": "Widget"},
            '{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"n","labels":{}},"spec":{"a":{"e":2,"f":1},"b":[{"c":2,"d":1}]},"status":{}}',
        ),
        (
            {"kind": "Widget", "apiVersion": "example.com/v1", "spec": {"template": {"spec": {"containers": [{"image": "i", "name": "c"}]}, "metadata": {}}}},
            '{"kind":"Widget","apiVersion":"example.com/v1","spec":{"template":{"metadata":{},"spec":{"containers":[{"name":"c","image":"i"}]}}}}',
        ),
        ({"zeta": 1, "alpha": [2]}, '{"alpha":[2],"zeta":1}'),
    ],
)  # fmt: skip
def test_fields_stand_in_the_order_of_their_struct(given: dict[str, Any], ordered: str) -> None:
    assert json.dumps(in_struct_order(given), separators=(",", ":")) == ordered


CONTAINER = {"name": "c", "image": "i"}


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        # what ``kubectl create … --dry-run=client -o yaml`` prints of what nobody said
        (
            {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "n"}, "spec": {"containers": [CONTAINER]}},
            {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "n"}, "spec": {"containers": [{**CONTAINER, "resources": {}}]}, "status": {}},
        ),
        (
            {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {}, "spec": {"selector": {}, "template": {"spec": {"containers": [CONTAINER]}}}},
            {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {}, "spec": {"selector": {}, "strategy": {}, "template": {"metadata": {}, "spec": {"containers": [{**CONTAINER, "resources": {}}]}}}, "status": {}},
        ),
        (
            {"kind": "Service", "apiVersion": "v1", "metadata": {}, "spec": {"ports": [{"port": 80, "targetPort": 80}]}},
            {"kind": "Service", "apiVersion": "v1", "metadata": {}, "spec": {"ports": [{"port": 80, "targetPort": 80}]}, "status": {"loadBalancer": {}}},
        ),
        (
            {"kind": "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {}},
            {"kind": "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {}, "roleRef": {"apiGroup": "", "kind": "", "name": ""}},
        ),
        ({"kind": "Widget", "apiVersion": "example.com/v1", "spec": {}}, {"kind": "Widget", "apiVersion": "example.com/v1", "spec": {}}),
    ],
)  # fmt: skip
def test_fields_that_are_always_written(given: dict[str, Any], filled: dict[str, Any]) -> None:
    before = json.dumps(given)
    assert with_zero_values(given) == filled
    assert json.dumps(given) == before
