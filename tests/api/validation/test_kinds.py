"""Each kind's rules, one broken field at a time. Expected: upstream's messages."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.validation import validate
from tests.api.validation.objects import changed, valid, verdict

KINDS = [
    "ConfigMap", "DaemonSet", "Deployment", "Endpoints", "EndpointSlice", "Namespace", "Node", "Pod", "ReplicaSet",
    "Secret", "Service", "ServiceAccount", "StatefulSet",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_valid_object_has_no_problems(kind: str) -> None:
    assert validate(kind, valid(kind)) == []
    assert validate(kind, valid(kind), valid(kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_identity_never_changes(kind: str) -> None:
    renamed = changed(valid(kind), "metadata/name", "other")
    if kind != "EndpointSlice":  # upstream leaves that to the store
        assert 'metadata.name: Invalid value: "other": field is immutable' in verdict(kind, renamed, valid(kind))


LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
BROKEN: list[tuple[str, str, Any, list[str]]] = [
    ("Service", "metadata/name", "A", [f'metadata.name: Invalid value: "A": {LABEL}']),
    ("Service", "metadata/namespace", ..., ["metadata.namespace: Required value"]),
    ("Service", "spec/ports", [], ["spec.ports: Required value"]),
    ("Service", "spec/ports/0/port", 0, ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"]),
    ("Service", "spec/sessionAffinityConfig", {}, ["spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is None"]),
    ("Service", "spec/loadBalancerClass", "a/b", ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"]),
    ("Service", "spec/internalTrafficPolicy", ..., ["spec.internalTrafficPolicy: Required value"]),
    ("Service", "spec/clusterIPs", ["10.43.0.9", "10.43.0.10"], ['spec.clusterIPs: Invalid value: ["10.43.0.9","10.43.0.10"]: may specify no more than one IP for each IP family']),
    ("Service", "spec/clusterIPs", ["10.43.0.9", "fd00::1", "fd00::2"], ['spec.clusterIPs: Invalid value: ["10.43.0.9","fd00::1","fd00::2"]: may only hold up to 2 values']),
    ("Service", "spec/clusterIPs", ["10.43.0.9", "10.43.0.8", "10.43.0.7"], ['spec.clusterIPs: Invalid value: ["10.43.0.9","10.43.0.8","10.43.0.7"]: may only hold up to 2 values', 'spec.clusterIPs: Invalid value: ["10.43.0.9","10.43.0.8","10.43.0.7"]: may specify no more than one IP for each IP family']),
    ("ConfigMap", "data", {"a/b": ""}, ["data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"]),
    ("ConfigMap", "binaryData", {"key": ""}, ['data[key]: Invalid value: "key": duplicate of key present in binaryData']),
    ("Secret", "type", "kubernetes.io/tls", ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
    ("Secret", "type", "kubernetes.io/basic-auth", ["data[username]: Required value", "data[password]: Required value"]),
    ("Endpoints", "subsets/0/addresses", [], ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"]),
    ("Endpoints", "subsets/0/addresses/0/ip", "127.0.0.1", ['subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)']),
    ("EndpointSlice", "addressType", "IPv6", ['endpoints[0].addresses: Invalid value: "10.42.0.3": must be an IPv6 address']),
    ("EndpointSlice", "endpoints/0/addresses", [], ["endpoints[0].addresses: Required value: must contain at least 1 address"]),
    ("EndpointSlice", "ports/0/protocol", "X", ['ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"']),
    ("Namespace", "metadata/name", "A", [f'metadata.name: Invalid value: "A": {LABEL}']),
    ("Node", "spec/taints", [{"key": "a", "effect": "Now"}], ['metadata.taints[0].effect: Unsupported value: "Now": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"']),
    ("Node", "spec/podCIDRs", ["10.42.0.1/24"], ['spec.podCIDRs[0]: Invalid value: "10.42.0.1/24": must not have bits set beyond the prefix length']),
    ("Node", "status/capacity", {"cpu": "-1"}, ['status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0']),
    ("Deployment", "spec/selector", {}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
    ("Deployment", "spec/selector", {"matchExpressions": [{"key": "app", "operator": "Near"}]}, ['spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator', 'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Near"}]}: invalid label selector']),
    ("Deployment", "spec/strategy", {"type": "Recreate", "rollingUpdate": {}}, ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
    ("Deployment", "spec/strategy/rollingUpdate/maxUnavailable", "110%", ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "110%": must not be greater than 100%']),
    ("Deployment", "spec/progressDeadlineSeconds", 0, ["spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds"]),
    ("Deployment", "spec/template/spec/restartPolicy", "Never", ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
    ("Deployment", "spec/template/spec/activeDeadlineSeconds", 5, ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"]),
    ("DaemonSet", "spec/updateStrategy", {"type": "X"}, ['spec.updateStrategy: Unsupported value: {"Type":"X","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"']),
    ("StatefulSet", "spec/podManagementPolicy", "X", ["spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'"]),
    ("StatefulSet", "spec/template/metadata/labels/app", "b", ['spec.template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match template `labels`']),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "messages"), BROKEN)
def test_broken(kind: str, path: str, value: Any, messages: list[str]) -> None:
    assert verdict(kind, changed(valid(kind), path, value)) == messages


METADATA: list[tuple[str, Any, str]] = [
    ("metadata/finalizers", ["orphan", "foregroundDeletion"], "finalizer orphan and foregroundDeletion cannot be both set"),
    ("metadata/generation", -1, "metadata.generation: Invalid value: -1: must be greater than or equal to 0"),
    ("metadata/ownerReferences", [{"apiVersion": "v1", "kind": "Node"}], "metadata.ownerReferences.name: Invalid value: \"\": must not be empty"),
    ("metadata/annotations", {"a": "b" * (1 << 18)}, "metadata.annotations: Too long: may not be more than 262144 bytes"),
    ("metadata/generateName", "AB-", 'metadata.generateName: Invalid value: "AB-"'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "part"), METADATA)
def test_metadata(path: str, value: Any, part: str) -> None:
    assert any(part in message for message in verdict("ConfigMap", changed(valid("ConfigMap"), path, value)))


def test_a_dying_object_gets_no_new_finalizers() -> None:
    old = changed(valid("ConfigMap"), "metadata/deletionTimestamp", "2026-11-22T21:27:19Z")
    new = changed(old, "metadata/finalizers", ["example.com/mine"])
    problem = "no new finalizers can be added if the object is being deleted, found new finalizers"
    assert verdict("ConfigMap", new, old) == [
        f'metadata.finalizers: Forbidden: {problem} []string{{"example.com/mine"}}'
    ]


CHANGES: list[tuple[str, str, Any, str]] = [
    ("Service", "spec/clusterIPs", [], "spec.clusterIPs[0]: Invalid value: []: primary clusterIP can not be unset"),
    ("Deployment", "spec/selector", {"matchLabels": {"app": "web", "a": "b"}}, 'spec.selector: Invalid value: {"matchLabels":{"a":"b","app":"web"}}: field is immutable'),
    ("Secret", "type", "example.com/x", 'type: Invalid value: "example.com/x": field is immutable'),
    ("Node", "spec/podCIDRs", ["10.42.1.0/24"], 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'),
    ("EndpointSlice", "addressType", "FQDN", 'addressType: Invalid value: "FQDN": field is immutable'),
    ("StatefulSet", "spec/serviceName", "other", "spec: Forbidden: updates to statefulset spec for fields other than"),
    ("ConfigMap", "metadata/resourceVersion", "", 'metadata.resourceVersion: Invalid value: "": must be specified for an update'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "part"), CHANGES)
def test_forbidden_changes(kind: str, path: str, value: Any, part: str) -> None:
    assert any(message.startswith(part) for message in verdict(kind, changed(valid(kind), path, value), valid(kind)))


def test_immutable_config_maps_stay() -> None:
    old = changed(valid("ConfigMap"), "immutable", True)
    frozen = "Forbidden: field is immutable when `immutable` is set"
    assert verdict("ConfigMap", changed(old, "data/key", "other"), old) == [f"data: {frozen}"]
    assert verdict("ConfigMap", changed(old, "immutable", ...), old) == [f"immutable: {frozen}"]
