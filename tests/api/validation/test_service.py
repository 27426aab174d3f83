"""Services: what their types, ports and policies allow. Expected: upstream's messages (``ValidateService``)."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.defaults import apply_defaults
from kubesim.api.fields import message_of
from kubesim.api.objects import Service, Wire, view
from kubesim.api.validation import validate
from kubesim.api.validation.service import validate_load_balancer_status

LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
PORT = "must be between 1 and 65535, inclusive"
ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'"
A, B = {"name": "a", "port": 80}, {"name": "b", "port": 81}


def service(spec: dict[str, Any], annotations: dict[str, str] | None = None) -> Wire:
    """A Service with its defaults; a field that is None is taken away again."""
    whole = {
        "clusterIP": "10.43.0.9",
        "clusterIPs": ["10.43.0.9"],
        "ports": [{"port": 80}],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
    }
    metadata = {"name": "web", "namespace": "default", "resourceVersion": "1", "annotations": annotations or {}}
    given = {key: value for key, value in {**whole, **spec}.items() if value is not None}
    made = apply_defaults({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": given})
    made["spec"] = {key: value for key, value in made["spec"].items() if key not in spec or spec[key] is not None}
    return made


def verdict(wire: Wire, old: Wire | None = None) -> list[str]:
    return [message_of(error) for error in validate("Service", wire, old)]


LOCAL = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30000}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        # types
        ({"type": "Other", "internalTrafficPolicy": "Cluster"}, ['spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"']),
        ({"ports": None}, ["spec.ports: Required value"]),
        ({"ports": None, "clusterIP": "None", "clusterIPs": ["None"]}, []),
        ({"type": "NodePort", "clusterIP": "None", "clusterIPs": ["None"]}, ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services']),
        ({"type": "LoadBalancer", "clusterIP": "None", "clusterIPs": ["None"]}, ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services']),
        ({"type": "ExternalName", "externalName": "a.example", "clusterIP": None, "clusterIPs": None, "ipFamilies": None, "ipFamilyPolicy": None, "ports": None}, []),
        ({"type": "ExternalName", "externalName": "a.example.", "clusterIP": None, "clusterIPs": None, "ipFamilies": None, "ipFamilyPolicy": None}, []),
        ({"type": "ExternalName", "clusterIP": None, "clusterIPs": None, "ipFamilies": None, "ipFamilyPolicy": None}, ["spec.externalName: Required value"]),
        ({"type": "ExternalName", "externalName": "a.example", "clusterIP": None, "clusterIPs": None, "ipFamilyPolicy": "SingleStack"}, ["spec.ipFamilies: Forbidden: may not be set for ExternalName services", "spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services"]),
        # ports
        ({"ports": [A, {"port": 81}]}, ["spec.ports[1].name: Required value"]),
        ({"ports": [A, {**B, "name": "a"}]}, ['spec.ports[1].name: Duplicate value: "a"']),
        ({"ports": [{"name": "A", "port": 80}]}, [f'spec.ports[0].name: Invalid value: "A": {LABEL}']),
        ({"ports": [{"port": 0}]}, [f"spec.ports[0].port: Invalid value: 0: {PORT}", f"spec.ports[0].targetPort: Invalid value: 0: {PORT}"]),
        ({"ports": [{"port": 65536, "targetPort": 80}]}, [f"spec.ports[0].port: Invalid value: 65536: {PORT}"]),
        ({"ports": [{"port": 65535}]}, []),
        ({"ports": [{"port": 80, "targetPort": 65536}]}, [f"spec.ports[0].targetPort: Invalid value: 65536: {PORT}"]),
        ({"ports": [{"port": 80, "targetPort": "web"}]}, []),
        ({"ports": [{"port": 80, "protocol": "ICMP"}]}, ['spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"']),
        ({"ports": [{"port": 80, "appProtocol": "kubernetes.io/h2c"}]}, []),
        ({"ports": [A, {**A, "name": "b"}]}, ['spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}']),
        ({"ports": [A, {**A, "name": "b", "protocol": "UDP"}]}, []),
        ({"ports": [{"port": 80, "nodePort": 30080}]}, ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]),
        ({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}, []),
        ({"type": "NodePort", "ports": [{**A, "nodePort": 30080}, {**B, "nodePort": 30080}]}, ["spec.ports[1].nodePort: Duplicate value: 30080"]),
        ({"type": "NodePort", "ports": [{**A, "nodePort": 30080}, {**B, "nodePort": 30080, "protocol": "UDP"}]}, []),
        # session affinity
        ({"sessionAffinity": "Cookie"}, ['spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"']),
        ({"sessionAffinity": "ClientIP"}, []),
        ({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86400}}}, []),
        ({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}}, ["spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400"]),
        ({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}}, ["spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400"]),
        ({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 1}}}, []),
        # addresses outside
        ({"externalIPs": ["192.0.2.1"]}, []),
        ({"externalIPs": ["192.0.2.1", "192.0.2.300"]}, ['spec.externalIPs[1]: Invalid value: "192.0.2.300": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
        ({"externalIPs": ["127.0.0.1"]}, ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)']),
        # policies
        ({"internalTrafficPolicy": "Local"}, []),
        ({"internalTrafficPolicy": "Other"}, ['spec.internalTrafficPolicy: Unsupported value: "Other": supported values: "Cluster", "Local"']),
        ({"internalTrafficPolicy": None}, ["spec.internalTrafficPolicy: Required value"]),
        ({"externalTrafficPolicy": "Local"}, ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services']),
        ({"externalTrafficPolicy": "Local", "externalIPs": ["192.0.2.1"]}, []),
        ({"type": "NodePort", "externalTrafficPolicy": "Other"}, ['spec.externalTrafficPolicy: Unsupported value: "Other": supported values: "Cluster", "Local"']),
        ({"trafficDistribution": "PreferSameNode"}, []),
        ({"trafficDistribution": "Best"}, ['spec.trafficDistribution: Unsupported value: "Best": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"']),
        (LOCAL, []),
        ({**LOCAL, "healthCheckNodePort": 0}, ["spec.healthCheckNodePort: Required value"]),
        ({**LOCAL, "healthCheckNodePort": 65536}, [f"spec.healthCheckNodePort: Invalid value: 65536: {PORT}"]),
        ({**LOCAL, "externalTrafficPolicy": "Cluster"}, ["spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"]),
        # load balancers
        ({"allocateLoadBalancerNodePorts": True}, [f"spec.allocateLoadBalancerNodePorts: Forbidden: {ONLY_BALANCED}"]),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": None}, ["allocateLoadBalancerNodePorts: Required value"]),
        ({"loadBalancerClass": "example.com/own"}, [f"spec.loadBalancerClass: Forbidden: {ONLY_BALANCED}"]),
        ({"type": "LoadBalancer", "loadBalancerClass": "example.com/own"}, []),
        ({"loadBalancerSourceRanges": ["192.0.2.0/24"]}, [f"spec.LoadBalancerSourceRanges: Forbidden: {ONLY_BALANCED}"]),
        ({"type": "LoadBalancer", "loadBalancerSourceRanges": [" 192.0.2.0/24 ", "x"]}, ['spec.LoadBalancerSourceRanges[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']),
    ],
)  # fmt: skip
def test_a_new_service(spec: dict[str, Any], expected: list[str]) -> None:
    assert verdict(service(spec)) == expected


def test_names_with_a_prefix_are_looked_at_whole() -> None:
    (problem,) = verdict(service({"type": "LoadBalancer", "loadBalancerClass": "-own"}))
    assert problem.startswith('spec.loadBalancerClass: Invalid value: "-own": name part must consist of')
    (problem,) = verdict(service({"ports": [{"port": 80, "appProtocol": "a b"}]}))
    assert problem.startswith('spec.ports[0].appProtocol: Invalid value: "a b": name part must consist of')


HINTS, MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"


@pytest.mark.parametrize(
    ("annotations", "spec", "expected"),
    [
        ({HINTS: "Auto", MODE: "Auto"}, {}, []),
        ({MODE: "Auto"}, {}, []),
        ({HINTS: "Auto", MODE: "Disabled"}, {}, [f'metadata.annotations[{MODE}]: Invalid value: "Disabled": must match annotations[{HINTS}] when both are specified']),
        ({RANGES: "192.0.2.0/24, 198.51.100.0/24"}, {"type": "LoadBalancer"}, []),
        ({RANGES: "192.0.2.0/24,y"}, {"type": "LoadBalancer"}, [f'metadata.annotations[{RANGES}]: Invalid value: "y": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']),
        ({RANGES: "192.0.2.0/24"}, {}, [f"metadata.annotations[{RANGES}]: Forbidden: {ONLY_BALANCED}"]),
        ({RANGES: "  "}, {"type": "LoadBalancer"}, []),
        ({RANGES: "y"}, {"type": "LoadBalancer", "loadBalancerSourceRanges": ["192.0.2.0/24"]}, []),
    ],
)  # fmt: skip
def test_annotations(annotations: dict[str, str], spec: dict[str, Any], expected: list[str]) -> None:
    assert verdict(service(spec, annotations)) == expected


CLASSY = {"type": "LoadBalancer", "loadBalancerClass": "example.com/a"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"ports": [{"port": 81}]}, []),
        (CLASSY, CLASSY, []),
        (CLASSY, {**CLASSY, "loadBalancerClass": "example.com/b"}, ['spec.loadBalancerClass: Invalid value: "example.com/b": may not change once set']),
        (CLASSY, {**CLASSY, "loadBalancerClass": None}, ["spec.loadBalancerClass: Invalid value: null: may not change once set"]),
        ({}, CLASSY, []),
        (LOCAL, {**LOCAL, "healthCheckNodePort": 30001}, ["spec.healthCheckNodePort: Forbidden: field is immutable"]),
        (LOCAL, {**LOCAL, "healthCheckNodePort": 0, "externalTrafficPolicy": "Cluster"}, []),
        # what was there already may stay as it is
        ({"externalIPs": ["010.0.0.1"]}, {"externalIPs": ["010.0.0.1"]}, []),
        ({}, {"externalIPs": ["010.0.0.1"]}, ['spec.externalIPs[0]: Invalid value: "010.0.0.1": must not have leading 0s']),
    ],
)  # fmt: skip
def test_a_changed_service(old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    assert verdict(service(new), service(old)) == expected


@pytest.mark.parametrize(
    ("type", "ingress", "expected"),
    [
        ("LoadBalancer", [{"ip": "192.0.2.1", "ipMode": "VIP"}, {"hostname": "a.example"}], []),
        ("LoadBalancer", [{"ip": "192.0.2.1", "ipMode": "Proxy"}], []),
        ("ClusterIP", [{"ip": "192.0.2.1", "ipMode": "VIP"}], ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"]),
        ("ClusterIP", [], []),
        ("LoadBalancer", [{"ip": "x", "ipMode": "VIP"}], ['status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
        ("LoadBalancer", [{"ip": "192.0.2.1"}], ["status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set"]),
        ("LoadBalancer", [{"hostname": "a", "ipMode": "VIP"}], ["status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set"]),
        ("LoadBalancer", [{"ip": "192.0.2.1", "ipMode": "Other"}], ['status.loadBalancer.ingress[0].ipMode: Unsupported value: "Other": supported values: "Proxy", "VIP"']),
        ("LoadBalancer", [{"hostname": "192.0.2.1"}], ['status.loadBalancer.ingress[0].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address']),
    ],
)  # fmt: skip
def test_what_a_load_balancers_controller_writes(type: str, ingress: list[Wire], expected: list[str]) -> None:
    wire = service({"type": type})
    wire["status"] = {"loadBalancer": {"ingress": ingress}}
    written = view(wire, Service)
    assert [message_of(one) for one in validate_load_balancer_status(written.status.loadBalancer, written)] == expected


TWO: dict[str, Any] = {
    "clusterIPs": ["10.43.0.9", "fd00::9"],
    "ipFamilies": ["IPv4", "IPv6"],
    "ipFamilyPolicy": "PreferDualStack",
}
ONE: dict[str, Any] = {"clusterIPs": ["10.43.0.9"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
RELEASE = "must be set to 'SingleStack' when releasing the secondary"
ONCE = "may not change once set"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (TWO, ONE, []),
        (ONE, TWO, []),
        (TWO, {**ONE, "ipFamilyPolicy": "PreferDualStack"}, [f'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": {RELEASE} clusterIP', f'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": {RELEASE} ipFamily']),
        (ONE, {**ONE, "clusterIP": "10.43.0.8", "clusterIPs": ["10.43.0.8"]}, [f'spec.clusterIPs[0]: Invalid value: ["10.43.0.8"]: {ONCE}']),
        (TWO, {**TWO, "clusterIPs": ["10.43.0.9", "fd00::8"]}, [f'spec.clusterIPs[1]: Invalid value: ["10.43.0.9","fd00::8"]: {ONCE}']),
        ({**ONE, "type": "ExternalName", "externalName": "a.example"}, {**ONE, "clusterIP": "10.43.0.8", "clusterIPs": ["10.43.0.8"]}, []),
    ],
)  # fmt: skip
def test_a_second_address_may_come_and_go(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    assert verdict(service(after), service(before)) == expected
