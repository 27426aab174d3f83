"""Kinds that are kept without a controller of their own: decoded, defaulted, judged and listed as by Kubernetes 1.36."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.discovery import DISCOVERED, FURTHER_VERSIONS
from kubesim.api.errors import ApiError
from kubesim.api.printers import table_for
from kubesim.api.resources import BY_KIND, RESOURCE_TYPES
from kubesim.api.schema import decode, struct_of
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.simulation import Simulation

NETWORKING = "networking.k8s.io/v1"
RBAC = "rbac.authorization.k8s.io/v1"


def server() -> ApiServer:
    api = ApiServer(Simulation(0), Store(), strict=True)
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return api


def wire(kind: str, version: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, **rest}


@pytest.mark.parametrize("resource", RESOURCE_TYPES, ids=lambda each: each.kind)
def test_every_kind_has_a_struct_and_a_table(resource: Any) -> None:
    assert struct_of(resource.kind, resource.api_version) is not None
    api = server()
    row = {"metadata": {"name": "x", "creationTimestamp": api.simulation.timestamp()}}
    kept = decode({**row, "kind": resource.kind}, resource.kind, resource.api_version).object
    table = table_for(resource, [kept], api.simulation.datetime, True)
    assert len(table.rows[0].cells) == len(table.columns)


def test_there_are_the_22_versions_of_a_default_cluster() -> None:
    assert len({each.api_version for each in DISCOVERED} | FURTHER_VERSIONS) == 22


@pytest.mark.parametrize(
    ("given", "path", "expected"),
    [
        (wire("NetworkPolicy", NETWORKING, spec={"podSelector": {}}), ("spec", "policyTypes"), ["Ingress"]),
        (wire("NetworkPolicy", NETWORKING, spec={"podSelector": None}), ("spec", "podSelector"), {}),
        (
            wire("NetworkPolicy", NETWORKING, spec={"podSelector": {}, "egress": [{}]}),
            ("spec", "policyTypes"),
            ["Ingress", "Egress"],
        ),
        (
            wire("RoleBinding", RBAC, roleRef={"kind": "Role", "name": "r"}, subjects=[{"kind": "User", "name": "u"}]),
            ("roleRef", "apiGroup"),
            "rbac.authorization.k8s.io",
        ),
        (wire("StorageClass", "storage.k8s.io/v1", provisioner="a/b"), ("volumeBindingMode",), "Immediate"),
        (wire("PriorityClass", "scheduling.k8s.io/v1", value=1), ("preemptionPolicy",), "PreemptLowerPriority"),
        (
            wire("Ingress", NETWORKING, spec={"defaultBackend": {"service": {"name": "a", "port": {"number": 1}}}}),
            ("status",),
            {"loadBalancer": {}},
        ),
        (
            wire("Ingress", NETWORKING, spec={"defaultBackend": {"service": {"name": "a", "port": {"number": 1}}}}),
            ("metadata", "generation"),
            1,
        ),
    ],
)
def test_what_is_filled_in(given: dict[str, Any], path: tuple[str, ...], expected: Any) -> None:
    found: Any = server().create(given).object
    for name in path:
        found = found[name]
    assert found == expected


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            wire("Ingress", NETWORKING),
            "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified",
        ),
        (
            wire("NetworkPolicy", NETWORKING, spec={"podSelector": {}, "ingress": [{"from": [{}]}]}),
            "spec.ingress[0].from[0]: Required value: must specify a peer",
        ),
        (
            wire(
                "NetworkPolicy",
                NETWORKING,
                spec={
                    "podSelector": {},
                    "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/9"]}}]}],
                },
            ),
            'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/9": must be a strict subset of `cidr`',
        ),
        (
            wire("IngressClass", NETWORKING, spec={"controller": "nginx"}),
            'spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
        ),
        (
            wire("Role", RBAC, rules=[{"verbs": ["get"], "apiGroups": [""]}]),
            "rules[0].resources: Required value: resource rules must supply at least one resource",
        ),
        (
            wire("PriorityClass", "scheduling.k8s.io/v1", value=2000000000),
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
        ),
        (
            wire("ServiceCIDR", NETWORKING, spec={"cidrs": ["10.1.0.1/16"]}),
            'spec.cidrs[0]: Invalid value: "10.1.0.1/16": must not have bits set beyond the prefix length',
        ),
    ],
)
def test_what_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ApiError, match="is invalid") as refused:
        server().create(given)
    assert refused.value.message.endswith(problem)


def test_an_unknown_field_is_refused_in_any_kind() -> None:
    with pytest.raises(ApiError, match=r"unknown field \"spec\.podSelectors\""):
        server().create(wire("NetworkPolicy", NETWORKING, spec={"podSelectors": {}}))


def test_an_ingress_without_a_class_gets_the_youngest_default() -> None:
    api, annotations = server(), {"ingressclass.kubernetes.io/is-default-class": "true"}
    for name in ("b", "a"):
        metadata = {"name": name, "annotations": annotations}
        api.create(
            {"apiVersion": NETWORKING, "kind": "IngressClass", "metadata": metadata, "spec": {"controller": "k8s.io/x"}}
        )
    backend = {"service": {"name": "a", "port": {"number": 1}}}
    made = api.create(wire("Ingress", NETWORKING, spec={"defaultBackend": backend})).object
    assert made["spec"]["ingressClassName"] == "a"


def test_a_deleted_object_is_gone() -> None:
    api = server()
    api.create(wire("Role", RBAC))
    api.delete(BY_KIND["Role"], "x")
    assert api.find(BY_KIND["Role"], "x") is None
