"""Kinds that nobody carries out here are judged as upstream judges them, one rule a row.

Expected: the words of ``pkg/apis/{networking,rbac,storage,scheduling,coordination,node,core}/validation``.
"""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.validation import validate
from kubesim.api.validation.ingress import validate_ingress_status
from tests.api.validation.objects import changed, messages

RBAC = "rbac.authorization.k8s.io"
SERVICE = {"service": {"name": "web", "port": {"number": 80}}}
PATH = {"path": "/", "pathType": "Prefix", "backend": SERVICE}
CLUSTER_KINDS = (
    "IngressClass", "ServiceCIDR", "IPAddress", "ClusterRole", "ClusterRoleBinding", "StorageClass", "PriorityClass",
    "RuntimeClass", "Namespace",
)  # fmt: skip
BODIES: dict[str, Wire] = {
    "Ingress": {"spec": {"rules": [{"http": {"paths": [PATH]}}]}},
    "IngressClass": {"spec": {"controller": "example.com/nginx"}},
    "NetworkPolicy": {"spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}},
    "ServiceCIDR": {"spec": {"cidrs": ["10.43.0.0/16"]}},
    "IPAddress": {"metadata": {"name": "10.43.0.9"}, "spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "web"}}},
    "Role": {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]},
    "ClusterRole": {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]},
    "RoleBinding": {"roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "apiGroup": RBAC, "name": "u"}]},
    "ClusterRoleBinding": {"roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "s"}]},
    "StorageClass": {"provisioner": "example.com/Disk", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "PriorityClass": {"value": 5, "preemptionPolicy": "Never"},
    "ResourceQuota": {"spec": {"hard": {"pods": "10"}}},
    "Lease": {"spec": {"leaseDurationSeconds": 1, "leaseTransitions": 0}},
    "RuntimeClass": {"handler": "runc"},
    "ConfigMap": {"data": {"key": "value"}},
    "Secret": {"type": "Opaque", "data": {"key": "dmFsdWU="}},
    "Namespace": {"spec": {"finalizers": ["kubernetes"]}},
}  # fmt: skip


def valid(kind: str) -> Wire:
    metadata = {"name": "web", "resourceVersion": "1"} | ({} if kind in CLUSTER_KINDS else {"namespace": "default"})
    body = BODIES[kind]
    return {"kind": kind, **body, "metadata": {**metadata, **body.get("metadata", {})}}


@pytest.mark.parametrize("kind", BODIES)
def test_a_valid_object_may_be_made_and_left_as_it_is(kind: str) -> None:
    assert messages(validate(kind, valid(kind), None)) == []
    assert messages(validate(kind, valid(kind), valid(kind))) == []


@pytest.mark.parametrize("kind", BODIES)
def test_names_and_versions_are_judged_in_every_kind(kind: str) -> None:
    nameless = changed(valid(kind), "metadata/name", "a/b")
    assert any(
        message.startswith('metadata.name: Invalid value: "a/b": ')
        for message in messages(validate(kind, nameless, None))
    )
    renamed = messages(validate(kind, changed(valid(kind), "metadata/name", "other"), valid(kind)))
    assert any(message.endswith("field is immutable") and message.startswith("metadata.name: ") for message in renamed)
    where = changed(valid(kind), "metadata/namespace", "default" if kind in CLUSTER_KINDS else ...)
    wanted = "Forbidden: not allowed on this type" if kind in CLUSTER_KINDS else "Required value"
    assert messages(validate(kind, where, None)) == [f"metadata.namespace: {wanted}"]


ABSOLUTE, NO_ADDRESS = "must be an absolute path", "must be a DNS name, not an IP address"
HERE = "spec.rules[0].http.paths[0]"
STRICT = "must be a strict subset of `cidr`"
FROM = "spec.ingress[0].from[0]"
PORT = "spec.ingress[0].ports[0]"
RANGE = "must be between 1 and 65535, inclusive"
EACH_FAMILY = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"


def backend(**given: Any) -> Wire:
    return {"defaultBackend": {"service": {"name": "web", **given}}}


NEW: list[tuple[str, str, Any, list[str]]] = [
    # Ingress
    ("Ingress", "spec", {"defaultBackend": SERVICE}, []),
    ("Ingress", "spec", {}, ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
    ("Ingress", "spec", {"defaultBackend": {}}, ['spec.defaultBackend: Invalid value: "": resource or service backend is required']),
    ("Ingress", "spec", {"defaultBackend": {**SERVICE, "resource": {"kind": "a", "name": "b"}}}, ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends']),
    ("Ingress", "spec", {"defaultBackend": {"resource": {"apiGroup": "a.example", "kind": "a", "name": "b"}}}, []),
    ("Ingress", "spec", {"defaultBackend": {"resource": {}}}, ["spec.defaultBackend.resource.kind: Required value", "spec.defaultBackend.resource.name: Required value"]),
    ("Ingress", "spec", {"defaultBackend": {"resource": {"kind": "a/b", "name": "."}}}, ["spec.defaultBackend.resource.kind: Invalid value: \"a/b\": may not contain '/'", "spec.defaultBackend.resource.name: Invalid value: \".\": may not be '.'"]),
    ("Ingress", "spec", backend(name="", port={"number": 1}), ["spec.defaultBackend.service.name: Required value"]),
    ("Ingress", "spec", backend(), ["spec.defaultBackend: Required value: port name or number is required"]),
    ("Ingress", "spec", backend(port={"name": "http"}), []),
    ("Ingress", "spec", backend(port={"name": "http", "number": 80}), ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number']),
    ("Ingress", "spec", backend(port={"number": 65536}), [f"spec.defaultBackend.service.port.number: Invalid value: 65536: {RANGE}"]),
    ("Ingress", "spec", backend(port={"name": "a--b"}), ["spec.defaultBackend.service.port.name: Invalid value: \"a--b\": must not contain consecutive hyphens"]),
    ("Ingress", "spec/rules/0/host", "a.example", []),
    ("Ingress", "spec/rules/0/host", "*.example", []),
    ("Ingress", "spec/rules/0/host", "10.0.0.1", [f'spec.rules[0].host: Invalid value: "10.0.0.1": {NO_ADDRESS}']),
    ("Ingress", "spec/rules/0", {"host": "a.example"}, []),
    ("Ingress", "spec/rules/0/http/paths", [], ["spec.rules[0].http.paths: Required value"]),
    ("Ingress", "spec/rules/0/http/paths/0/pathType", ..., [f"{HERE}.pathType: Required value: pathType must be specified"]),
    ("Ingress", "spec/rules/0/http/paths/0/pathType", "Odd", [f'{HERE}.pathType: Unsupported value: "Odd": supported values: "Exact", "ImplementationSpecific", "Prefix"']),
    ("Ingress", "spec/rules/0/http/paths/0/path", "a", [f'{HERE}.path: Invalid value: "a": {ABSOLUTE}']),
    ("Ingress", "spec/rules/0/http/paths/0/path", ..., [f'{HERE}.path: Invalid value: "": {ABSOLUTE}']),
    ("Ingress", "spec/rules/0/http/paths/0", {"pathType": "ImplementationSpecific", "backend": SERVICE}, []),
    ("Ingress", "spec/rules/0/http/paths/0", {"pathType": "ImplementationSpecific", "path": "a", "backend": SERVICE}, [f'{HERE}.path: Invalid value: "a": {ABSOLUTE}']),
    ("Ingress", "spec/rules/0/http/paths/0", {"pathType": "ImplementationSpecific", "path": "/a//b", "backend": SERVICE}, []),
    ("Ingress", "spec/rules/0/http/paths/0/path", "/a//b", [f"{HERE}.path: Invalid value: \"/a//b\": must not contain '//'"]),
    ("Ingress", "spec/rules/0/http/paths/0/path", "/a/./b", [f"{HERE}.path: Invalid value: \"/a/./b\": must not contain '/./'"]),
    ("Ingress", "spec/rules/0/http/paths/0/path", "/a%2fb", [f"{HERE}.path: Invalid value: \"/a%2fb\": must not contain '%2f'"]),
    ("Ingress", "spec/rules/0/http/paths/0/path", "/a/..", [f"{HERE}.path: Invalid value: \"/a/..\": cannot end with '/..'"]),
    ("Ingress", "spec/rules/0/http/paths/0/path", "/a/.", [f"{HERE}.path: Invalid value: \"/a/.\": cannot end with '/.'"]),
    ("Ingress", "spec/rules/0/http/paths/0/backend", {}, [f'{HERE}.backend: Invalid value: "": resource or service backend is required']),
    ("Ingress", "spec/tls", [{"hosts": ["a.example", "*.example"], "secretName": "s"}], []),
    ("Ingress", "metadata/annotations", {"kubernetes.io/ingress.class": "a"}, []),
    ("IngressClass", "spec/controller", "a.example/x/y", []),
    # NetworkPolicy
    ("NetworkPolicy", "spec/policyTypes", ["Ingress", "Egress"], []),
    ("NetworkPolicy", "spec/policyTypes", ["Odd"], ['spec.policyTypes[0]: Unsupported value: "Odd": supported values: "Ingress", "Egress"']),
    ("NetworkPolicy", "spec/policyTypes", ["Ingress", "Egress", "Odd"], ['spec.policyTypes: Invalid value: ["Ingress","Egress","Odd"]: may not specify more than two policyTypes']),
    ("NetworkPolicy", "spec/ingress/0/ports/0/protocol", "ICMP", [f'{PORT}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"']),
    ("NetworkPolicy", "spec/ingress/0/ports/0/port", 0, [f"{PORT}.port: Invalid value: 0: {RANGE}"]),
    ("NetworkPolicy", "spec/ingress/0/ports/0/port", "http", []),
    ("NetworkPolicy", "spec/ingress/0/ports/0", {"port": 80, "endPort": 80}, []),
    ("NetworkPolicy", "spec/ingress/0/ports/0", {"port": 80, "endPort": 79}, [f"{PORT}.endPort: Invalid value: 79: must be greater than or equal to `port`"]),
    ("NetworkPolicy", "spec/ingress/0/ports/0", {"port": 80, "endPort": 65536}, [f"{PORT}.endPort: Invalid value: 65536: {RANGE}"]),
    ("NetworkPolicy", "spec/ingress/0/ports/0", {"endPort": 80}, [f"{PORT}.endPort: Invalid value: 80: may not be specified when `port` is not specified"]),
    ("NetworkPolicy", "spec/ingress/0/ports/0", {"port": "http", "endPort": 80}, [f"{PORT}.endPort: Invalid value: 80: may not be specified when `port` is non-numeric"]),
    ("NetworkPolicy", "spec/ingress/0/from", [{}], [f"{FROM}: Required value: must specify a peer"]),
    ("NetworkPolicy", "spec/ingress/0/from", [{"podSelector": {}, "namespaceSelector": {}}], []),
    ("NetworkPolicy", "spec/ingress/0/from", [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}], [f"{FROM}: Forbidden: may not specify both ipBlock and another peer"]),
    ("NetworkPolicy", "spec/ingress/0/from", [{"ipBlock": {}}], [f"{FROM}.ipBlock.cidr: Required value"]),
    ("NetworkPolicy", "spec/ingress/0/from", [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}], []),
    ("NetworkPolicy", "spec/ingress/0/from", [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}], [f'{FROM}.ipBlock.except[0]: Invalid value: "10.0.0.0/8": {STRICT}']),
    ("NetworkPolicy", "spec/ingress/0/from", [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "11.0.0.0/16"]}}], [f'{FROM}.ipBlock.except[1]: Invalid value: "11.0.0.0/16": {STRICT}']),
    ("NetworkPolicy", "spec/ingress/0/from", [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["fd00::/16"]}}], [f'{FROM}.ipBlock.except[0]: Invalid value: "fd00::/16": {STRICT}']),
    ("NetworkPolicy", "spec/ingress/0/from", [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Odd"}]}}], [f'{FROM}.podSelector.matchExpressions[0].operator: Invalid value: "Odd": not a valid selector operator']),
    ("NetworkPolicy", "spec/egress/0/to", [{}], ["spec.egress[0].to[0]: Required value: must specify a peer"]),
    # ServiceCIDR, IPAddress
    ("ServiceCIDR", "spec/cidrs", ["10.43.0.0/16", "fd00::/112"], []),
    ("ServiceCIDR", "spec/cidrs", [], ["spec.cidrs: Required value: at least one CIDR required"]),
    ("ServiceCIDR", "spec/cidrs", ["10.43.0.0/16", "10.44.0.0/16"], [f'spec.cidrs: Invalid value: ["10.43.0.0/16","10.44.0.0/16"]: {EACH_FAMILY}']),
    ("ServiceCIDR", "spec/cidrs", ["a", "b", "c"], ['spec.cidrs: Invalid value: {"CIDRs":["a","b","c"]}: may only hold up to 2 values']),
    ("IPAddress", "spec", {}, ["spec.parentRef: Required value"]),
    ("IPAddress", "spec/parentRef", {}, ["spec.parentRef.resource: Required value", "spec.parentRef.name: Required value"]),
    ("IPAddress", "spec/parentRef/resource", "a/b", ["spec.parentRef.resource: Invalid value: \"a/b\": may not contain '/'"]),
    ("IPAddress", "spec/parentRef/namespace", "a/b", ["spec.parentRef.namespace: Invalid value: \"a/b\": may not contain '/'"]),
    ("IPAddress", "spec/parentRef/namespace", ..., []),
    # roles and bindings
    ("Role", "metadata/name", "system:a", []),
    ("Role", "rules/0/verbs", [], ["rules[0].verbs: Required value: verbs must contain at least one value"]),
    ("Role", "rules/0/apiGroups", [], ["rules[0].apiGroups: Required value: resource rules must supply at least one api group"]),
    ("Role", "rules/0/resourceNames", ["a"], []),
    ("Role", "rules/0", {"verbs": ["get"], "apiGroups": [""], "resources": ["a", "b"], "resourceNames": ["c"]}, ["rules[0].resourceNames: Required value: resource names cannot apply to multiple resources"]),
    ("Role", "rules/0", {"verbs": ["get"], "nonResourceURLs": ["/a"]}, ['rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs']),
    ("ClusterRole", "rules/0/resources", ["pods"], ['rules[0].nonResourceURLs: Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-resource URLs']),
    ("RoleBinding", "roleRef/kind", "ClusterRole", []),
    ("ClusterRoleBinding", "roleRef/kind", "Role", ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"']),
    ("RoleBinding", "roleRef/kind", "Odd", ['roleRef.kind: Unsupported value: "Odd": supported values: "Role", "ClusterRole"']),
    ("RoleBinding", "roleRef/apiGroup", "", [f'roleRef.apiGroup: Unsupported value: "": supported values: "{RBAC}"']),
    ("RoleBinding", "roleRef/name", "", ["roleRef.name: Required value"]),
    ("RoleBinding", "roleRef/name", "a%b", ["roleRef.name: Invalid value: \"a%b\": may not contain '%'"]),
    ("RoleBinding", "subjects", [{"kind": "Odd", "name": "a"}], ['subjects[0].kind: Unsupported value: "Odd": supported values: "ServiceAccount", "User", "Group"']),
    ("RoleBinding", "subjects", [{"kind": "Group", "name": "a"}], [f'subjects[0].apiGroup: Unsupported value: "": supported values: "{RBAC}"']),
    ("RoleBinding", "subjects", [{"kind": "User", "apiGroup": RBAC}], ["subjects[0].name: Required value", 'subjects[0].name: Invalid value: "": user name cannot be empty']),
    ("RoleBinding", "subjects", [{"kind": "ServiceAccount", "name": "a"}], []),
    ("RoleBinding", "subjects", [{"kind": "ServiceAccount", "name": "a", "apiGroup": RBAC}], [f'subjects[0].apiGroup: Unsupported value: "{RBAC}": supported values: ""']),
    ("ClusterRoleBinding", "subjects/0/namespace", ..., ["subjects[0].namespace: Required value"]),
    # classes, quotas, leases
    ("StorageClass", "provisioner", "", ["provisioner: Required value"]),
    ("StorageClass", "reclaimPolicy", "Odd", ['reclaimPolicy: Unsupported value: "Odd": supported values: "Delete", "Retain"']),
    ("StorageClass", "volumeBindingMode", "Odd", ['volumeBindingMode: Unsupported value: "Odd": supported values: "Immediate", "WaitForFirstConsumer"']),
    ("PriorityClass", "value", 1_000_000_000, []),
    ("PriorityClass", "value", 1_000_000_001, ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]),
    ("PriorityClass", "metadata/name", "system-x", ["metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class"]),
    ("PriorityClass", "preemptionPolicy", "Odd", ['preemptionPolicy: Unsupported value: "Odd": supported values: "Never", "PreemptLowerPriority"']),
    ("ResourceQuota", "spec/hard", {"pods": "0"}, []),
    ("ResourceQuota", "spec/hard", {"pods": "-1"}, ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']),
    ("ResourceQuota", "spec/scopes", ["BestEffort"], []),
    ("ResourceQuota", "spec/scopes", ["Odd"], ['spec.scopes: Invalid value: ["Odd"]: unsupported scope']),
    ("ResourceQuota", "spec/scopes", ["BestEffort", "NotBestEffort"], ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes']),
    ("ResourceQuota", "spec/scopes", ["Terminating", "NotTerminating"], ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes']),
    ("Lease", "spec/leaseDurationSeconds", 0, ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"]),
    ("Lease", "spec/leaseTransitions", -1, ["spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"]),
    # what holds or configures Pods
    ("ConfigMap", "binaryData", {"key": "dmFsdWU="}, ['data[key]: Invalid value: "key": duplicate of key present in binaryData']),
    ("ConfigMap", "data/key", "x" * ((1 << 20) - 1), []),
    ("ConfigMap", "data/key", "x" * (1 << 20), []),
    ("ConfigMap", "data/key", "x" * ((1 << 20) + 1), ["[]: Too long: may not be more than 1048576 bytes"]),
    ("Secret", "type", "kubernetes.io/tls", ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
    ("Secret", "type", "kubernetes.io/basic-auth", ["data[username]: Required value", "data[password]: Required value"]),
    ("Secret", "type", "kubernetes.io/ssh-auth", ["data[ssh-privatekey]: Required value"]),
    ("Secret", "type", "kubernetes.io/service-account-token", ["metadata.annotations[kubernetes.io/service-account.name]: Required value"]),
    ("Secret", "type", "kubernetes.io/dockercfg", ["data[.dockercfg]: Required value"]),
    ("Secret", "type", "kubernetes.io/dockerconfigjson", ["data[.dockerconfigjson]: Required value"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "expected"), NEW)
def test_a_new_object(kind: str, path: str, value: Any, expected: list[str]) -> None:
    assert messages(validate(kind, changed(valid(kind), path, value), None)) == expected


CLASS = "kubernetes.io/ingress.class"


def test_an_ingress_names_its_class_once() -> None:
    both = changed(changed(valid("Ingress"), "spec/ingressClassName", "a"), "metadata/annotations", {CLASS: "b"})
    problem = f'annotations.{CLASS}: Invalid value: "b": must match `ingressClassName` when both are specified'
    assert messages(validate("Ingress", both, None)) == [problem]
    assert messages(validate("Ingress", both, both)) == []  # what is stored already may stay
    assert messages(validate("Ingress", changed(both, "spec/ingressClassName", "b"), None)) == []


FIXED = "field is immutable"
CHANGED: list[tuple[str, str, Any, list[str]]] = [
    ("IngressClass", "spec/controller", "example.com/other", [f'spec.controller: Invalid value: "example.com/other": {FIXED}']),
    ("ServiceCIDR", "spec/cidrs", ["10.43.0.0/16", "fd00::/112"], []),
    ("ServiceCIDR", "spec/cidrs", ["10.44.0.0/16"], [f'spec.cidrs[0]: Invalid value: "10.44.0.0/16": {FIXED}']),
    ("ServiceCIDR", "spec/cidrs", ["10.44.0.0/16", "fd00::/112"], [f'spec.cidrs[0]: Invalid value: "10.44.0.0/16": {FIXED}']),
    ("ServiceCIDR", "spec/cidrs", [], [f"spec.cidrs: Invalid value: []: {FIXED}"]),
    ("IPAddress", "spec/parentRef/name", "other", [f'spec.parentRef: Invalid value: {{"Group":"","Resource":"services","Namespace":"default","Name":"other"}}: {FIXED}']),
    ("IPAddress", "spec/parentRef", ..., [f"spec.parentRef: Invalid value: null: {FIXED}"]),
    ("RoleBinding", "roleRef/name", "other", [f'roleRef: Invalid value: {{"APIGroup":"{RBAC}","Kind":"Role","Name":"other"}}: cannot change roleRef']),
    ("RoleBinding", "subjects", [], []),
    ("Role", "rules", [], []),
    ("StorageClass", "provisioner", "other", ["provisioner: Forbidden: updates to provisioner are forbidden."]),
    ("StorageClass", "parameters", {"a": "b"}, ["parameters: Forbidden: updates to parameters are forbidden."]),
    ("StorageClass", "reclaimPolicy", "Retain", ["reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden."]),
    ("StorageClass", "volumeBindingMode", "WaitForFirstConsumer", [f'volumeBindingMode: Invalid value: "WaitForFirstConsumer": {FIXED}']),
    ("StorageClass", "allowVolumeExpansion", True, []),
    ("PriorityClass", "value", 6, ["value: Forbidden: may not be changed in an update."]),
    ("PriorityClass", "preemptionPolicy", "PreemptLowerPriority", [f'preemptionPolicy: Invalid value: "PreemptLowerPriority": {FIXED}']),
    ("PriorityClass", "description", "a", []),
    ("ResourceQuota", "spec/scopes", ["BestEffort"], [f'spec.scopes: Invalid value: ["BestEffort"]: {FIXED}']),
    ("RuntimeClass", "handler", "other", [f'handler: Invalid value: "other": {FIXED}']),
    ("Secret", "type", "kubernetes.io/other", [f'type: Invalid value: "kubernetes.io/other": {FIXED}']),
    ("NetworkPolicy", "spec/podSelector", {"matchLabels": {"a": "b"}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "expected"), CHANGED)
def test_a_changed_object(kind: str, path: str, value: Any, expected: list[str]) -> None:
    assert messages(validate(kind, changed(valid(kind), path, value), valid(kind))) == expected


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ({"ip": "192.0.2.1"}, []),
        ({"hostname": "a.example"}, []),
        ({}, []),
        ({"ip": "x"}, ['status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
        ({"hostname": "192.0.2.1"}, [f'status.loadBalancer.ingress[0].hostname: Invalid value: "192.0.2.1": {NO_ADDRESS}']),
        ({"ip": "010.0.0.1"}, ['status.loadBalancer.ingress[0].ip: Invalid value: "010.0.0.1": must not have leading 0s']),
    ],
)  # fmt: skip
def test_where_an_ingress_is_served(point: Wire, expected: list[str]) -> None:
    new = changed(valid("Ingress"), "status/loadBalancer/ingress", [point])
    assert messages(validate_ingress_status(new, valid("Ingress"))) == expected
    assert messages(validate_ingress_status(new, new)) == ([] if "ip" in point else expected)  # what was there may stay
