"""Manifests of every kind, valid ones and ones broken anywhere, drawn from a stream of chance."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from kubesim.api.objects import Wire

_CONTAINER = {
    "name": "c",
    "image": "nginx",
    "ports": [{"name": "http", "containerPort": 80}],
    "env": [{"name": "A", "value": "1"}],
    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "1"}},
    "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5},
}
_TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [_CONTAINER]}}
_SELECTOR = {"matchLabels": {"app": "a"}}
_PORT = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}


def _of(api_version: str, kind: str, **fields: Any) -> Wire:
    metadata = {"name": "a", "labels": {"app": "a"}, "annotations": {"note": "x"}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


VALID: tuple[Wire, ...] = (
    _of("v1", "Service", spec={"ports": [_PORT], "selector": {"app": "a"}}),
    _of("v1", "Service", spec={"type": "NodePort", "ports": [{**_PORT, "nodePort": 30080}], "selector": {"app": "a"}}),
    _of(
        "v1",
        "Service",
        spec={
            "type": "LoadBalancer",
            "externalTrafficPolicy": "Local",
            "loadBalancerSourceRanges": ["10.0.0.0/8"],
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10}},
            "ports": [_PORT, {"name": "dns", "port": 53, "protocol": "UDP"}],
        },
    ),
    _of("v1", "Service", spec={"type": "ExternalName", "externalName": "google.com"}),
    _of("v1", "Service", spec={"clusterIP": "None", "ports": [_PORT], "publishNotReadyAddresses": True}),
    _of("v1", "Service", spec={"ports": [_PORT], "externalIPs": ["172.31.0.99"], "clusterIP": "10.43.0.77"}),
    _of("v1", "Pod", spec=copy.deepcopy(_TEMPLATE["spec"])),
    _of("v1", "Pod", spec={"containers": [_CONTAINER], "initContainers": [{"name": "i", "image": "busybox"}]}),
    _of("v1", "Pod", spec={"containers": [_CONTAINER], "nodeName": "worker", "hostNetwork": True}),
    _of("apps/v1", "Deployment", spec={"replicas": 2, "selector": _SELECTOR, "template": _TEMPLATE}),
    _of(
        "apps/v1",
        "Deployment",
        spec={
            "selector": _SELECTOR,
            "template": _TEMPLATE,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        },
    ),
    _of("apps/v1", "ReplicaSet", spec={"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE}),
    _of("apps/v1", "DaemonSet", spec={"selector": _SELECTOR, "template": _TEMPLATE}),
    _of("apps/v1", "StatefulSet", spec={"serviceName": "a", "selector": _SELECTOR, "template": _TEMPLATE}),
    _of("v1", "ConfigMap", data={"key": "value\n"}, binaryData={"b": "AAEC"}),
    _of("v1", "Secret", type="Opaque", data={"key": "dmFsdWU="}, stringData={"k": "v"}),
    _of("v1", "ServiceAccount"),
    _of("v1", "Namespace"),
    _of("v1", "Node", spec={"podCIDR": "10.42.9.0/24"}),
    _of(
        "v1",
        "Endpoints",
        subsets=[{"addresses": [{"ip": "10.42.0.3"}], "ports": [{"name": "http", "port": 80}]}],
    ),
    _of(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        addressType="IPv4",
        endpoints=[{"addresses": ["10.42.0.3"], "conditions": {"ready": True}, "nodeName": "worker"}],
        ports=[{"name": "http", "port": 80, "protocol": "TCP"}],
    ),
)
ODD: tuple[Any, ...] = (
    None, "", "a", "A B", "-a", "x" * 300, "é\n", "\x00", "None", "TCP", "SCTP", "10.43.0.10", "10.42.0.3", "fd00::1",
    "010.0.0.1", "25%", "999999%", "1Gi", "Local", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Never",
    "nosuch:v1", "true", "2026-01-01T00:00:00Z", 0, -1, 1, 80, 30080, 65536, 1 << 31, 1 << 63, -(1 << 64), 1.5, 1e300,
    True, False, [], [None], [""], [[]], {}, {"": None}, {"a": None}, {"a": {"a": []}}, [{}], [{"name": "a"}],
    {"$patch": "delete"}, {"matchLabels": {"app": "b"}},
)  # fmt: skip
KEYS = ("", "a", "name", "namespace", "kind", "spec", "status", "finalizers", "generateName", "uid", "é", "$patch")


def valid(chance: Random) -> Wire:
    """A manifest that the API server takes into an empty namespace."""
    return copy.deepcopy(chance.choice(VALID))


def broken(chance: Random, edits: int = 3) -> Any:
    """A manifest with up to some edits anywhere in it; it may still be valid."""
    wire: Any = valid(chance)
    for _ in range(chance.randint(1, edits)):
        wire = _edited(wire, chance)
    return wire


def any_manifest(chance: Random) -> Any:
    """A valid manifest as often as a broken one."""
    return valid(chance) if chance.random() < 0.4 else broken(chance)


def _edited(wire: Any, chance: Random) -> Any:
    places = list(_places(wire))
    if not places:
        return copy.deepcopy(chance.choice(ODD))
    holder, key = chance.choice(places)
    what = chance.randrange(6)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder[chance.choice(KEYS)] = holder.pop(key)
    elif what == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif what == 3:
        other_holder, other = chance.choice(list(_places(valid(chance))))
        holder[key] = copy.deepcopy(other_holder[other])
    elif what == 4 and isinstance(holder, dict):
        holder[chance.choice(KEYS)] = copy.deepcopy(chance.choice(ODD))
    else:
        holder[key] = copy.deepcopy(chance.choice(ODD))
    return wire


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _places(inner)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield value, position
            yield from _places(inner)
