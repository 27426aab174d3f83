"""Warnings, one oddity at a time. Expected: upstream's messages."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.warnings import warnings_for
from tests.api.validation.objects import changed, valid

TWICE = [{"containerPort": 80, "protocol": "TCP"}] * 2
ODD: list[tuple[str, str, Any, list[str]]] = [
    ("Service", "spec/externalName", "a.b", ['spec.externalName is ignored when spec.type is not "ExternalName"']),
    ("Service", "spec/trafficDistribution", "PreferClose", ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']),
    ("Service", "spec/loadBalancerSourceRanges", ["10.0.0.1/8"], ['spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)']),
    ("Pod", "metadata/name", "a.b", ["metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"]),
    ("Pod", "spec/containers/0/ports", TWICE, ["spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"]),
    ("Pod", "spec/containers/0/ports", [{"containerPort": 80, "hostIP": "10.0.0.1"}], ["spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol: HostIP:10.0.0.1}"]),
    ("Pod", "spec/containers/0/env", [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}], ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply']),
    ("Pod", "spec/containers/0/env", [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}], []),
    ("Pod", "spec/containers/0/resources", {"limits": {"memory": "0.5"}}, ['spec.containers[0].resources.limits[memory]: fractional byte value "500m" is invalid, must be an integer']),
    ("Pod", "spec/containers/0/resources", {"limits": {"memory": "1e300"}}, []),
    ("Pod", "spec/hostAliases", [{"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}], ['spec.hostAliases[1].ip: duplicate ip "10.0.0.1"']),
    ("Pod", "spec/nodeSelector", {"beta.kubernetes.io/os": "linux"}, ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead']),
    ("Pod", "spec/terminationGracePeriodSeconds", -1, ["spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"]),
    ("Deployment", "metadata/name", "a.b", ["metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"]),
    ("Deployment", "spec/template/spec/containers/0/ports", TWICE, ["spec.template.spec.containers[0].ports[1]: duplicate port definition with spec.template.spec.containers[0].ports[0]"]),
    ("EndpointSlice", "endpoints/0/addresses", ["10.0.0.1", "fd00:0::1"], ['endpoints[0].addresses[1]: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")']),
    ("Endpoints", "subsets/0/notReadyAddresses", [{"ip": "10.0.0.1"}, {"ip": "fd00:0::1"}], ['subsets[0].notReadyAddresses[1].ip: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")']),
    ("Endpoints", "subsets/0/addresses/0/ip", "fd00:0::1", ['subsets[0].addresses[0].ip: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")']),
    ("Service", "metadata/annotations", {"service.kubernetes.io/topology-aware-hints": "auto"}, ["annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead"]),
    ("Service", "spec/externalIPs", ["192.0.2.1", "fd00:0::1"], ['spec.externalIPs[1]: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")', "spec.externalIPs is deprecated and may no longer be implemented in some clusters"]),
    ("Service", "spec/clusterIPs", ["10.43.0.9", "fd00:0::1"], ['spec.clusterIPs[1]: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")']),
    ("Service", "spec/loadBalancerIP", "fd00:0::1", ['spec.loadBalancerIP: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")']),
    ("Service", "spec", {"type": "ClusterIP", "clusterIP": "None", "sessionAffinity": "ClientIP", "externalIPs": ["192.0.2.1"], "loadBalancerIP": "192.0.2.2"}, ["spec.loadBalancerIP is ignored for headless services", "spec.externalIPs is ignored for headless services", "spec.SessionAffinity is ignored for headless services"]),
    ("Service", "spec", {"type": "ExternalName", "externalName": "a.example", "externalIPs": ["192.0.2.1"]}, ['spec.externalIPs is ignored when spec.type is "ExternalName"']),
    ("EndpointSlice", "addressType", "FQDN", ["addressType: FQDN endpoints are deprecated"]),
    ("Endpoints", "subsets/0/addresses/0/ip", "010.0.0.1", ['subsets[0].addresses[0].ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"']),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "warnings"), ODD)
def test_odd(kind: str, path: str, value: Any, warnings: list[str]) -> None:
    assert warnings_for(kind, changed(valid(kind), path, value)) == warnings


@pytest.mark.parametrize("kind", ["Service", "Pod", "Deployment", "ReplicaSet", "Endpoints", "EndpointSlice", "Node"])
def test_an_ordinary_object_gives_no_warning(kind: str) -> None:
    assert warnings_for(kind, valid(kind)) == []


def test_a_deployment_warns_again_only_when_its_spec_changed() -> None:
    odd = changed(valid("Deployment"), "spec/template/spec/containers/0/ports", TWICE)
    assert warnings_for("Deployment", odd, odd) == []
    newer = changed(odd, "metadata/generation", 2)
    assert len(warnings_for("Deployment", newer, odd)) == 1
