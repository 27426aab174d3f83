"""Valid objects to break, as they are after defaulting; and the messages of a verdict."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from kubesim.api.defaults import apply_defaults
from kubesim.api.errors import FieldError
from kubesim.api.fields import message_of
from kubesim.api.objects import Wire
from kubesim.api.validation import validate

_METADATA = {"name": "web", "namespace": "default", "resourceVersion": "1"}
_TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
_OBJECTS: dict[str, Wire] = {
    "Service": {
        "apiVersion": "v1",
        "spec": {"clusterIP": "10.43.0.9", "clusterIPs": ["10.43.0.9"], "ports": [{"port": 80}]},
    },
    "Pod": {"apiVersion": "v1", "spec": _TEMPLATE["spec"]},
    "Deployment": {
        "apiVersion": "apps/v1",
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": _TEMPLATE},
    },
    "ReplicaSet": {
        "apiVersion": "apps/v1",
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": _TEMPLATE},
    },
    "DaemonSet": {
        "apiVersion": "apps/v1",
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": _TEMPLATE},
    },
    "StatefulSet": {
        "apiVersion": "apps/v1",
        "spec": {"serviceName": "web", "selector": {"matchLabels": {"app": "web"}}, "template": _TEMPLATE},
    },
    "ReplicationController": {"apiVersion": "v1", "spec": {"selector": {"app": "web"}, "template": _TEMPLATE}},
    "ControllerRevision": {"apiVersion": "apps/v1", "data": {"spec": {}}, "revision": 1},
    "Job": {
        "apiVersion": "batch/v1",
        "spec": {
            "manualSelector": True,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {**_TEMPLATE, "spec": {**_TEMPLATE["spec"], "restartPolicy": "Never"}},
        },
    },
    "CronJob": {
        "apiVersion": "batch/v1",
        "spec": {
            "schedule": "* * * * *",
            "jobTemplate": {
                "spec": {"template": {**_TEMPLATE, "spec": {**_TEMPLATE["spec"], "restartPolicy": "Never"}}}
            },
        },
    },
    "PodDisruptionBudget": {
        "apiVersion": "policy/v1",
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    },
    "HorizontalPodAutoscaler": {
        "apiVersion": "autoscaling/v2",
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        },
    },
    "PersistentVolumeClaim": {
        "apiVersion": "v1",
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    },
    "PersistentVolume": {
        "apiVersion": "v1",
        "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/data"}},
    },
    "ConfigMap": {"apiVersion": "v1", "data": {"key": "value"}},
    "Secret": {"apiVersion": "v1", "type": "Opaque", "data": {"key": "dmFsdWU="}},
    "ServiceAccount": {"apiVersion": "v1"},
    "Endpoints": {
        "apiVersion": "v1",
        "subsets": [{"addresses": [{"ip": "10.42.0.3"}], "ports": [{"port": 80, "protocol": "TCP"}]}],
    },
    "EndpointSlice": {
        "apiVersion": "discovery.k8s.io/v1",
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.42.0.3"]}],
        "ports": [{"name": "", "port": 80, "protocol": "TCP"}],
    },
    "Namespace": {"apiVersion": "v1", "status": {"phase": "Active"}},
    "Node": {"apiVersion": "v1", "spec": {"podCIDRs": ["10.42.0.0/24"]}},
}


def valid(kind: str) -> Wire:
    """A valid object of a kind; the caller may change it."""
    metadata = dict(_METADATA)
    if kind in ("Namespace", "Node", "PersistentVolume"):
        del metadata["namespace"]
    return apply_defaults({"kind": kind, "metadata": metadata, **copy.deepcopy(_OBJECTS[kind])})


def changed(wire: Wire, path: str, value: Any) -> Wire:
    """A copy with one value set, or (for ``...``) removed; steps of the path are keys and indices."""
    result = copy.deepcopy(wire)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    target: Any = result
    for step in steps:
        target = target[step] if isinstance(step, int) else target.setdefault(step, {})
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return result


def messages(errors: Iterable[FieldError]) -> list[str]:
    """What is printed of problems, one by one."""
    return [message_of(error) for error in errors]


def verdict(kind: str, new: Wire, old: Wire | None = None) -> list[str]:
    """The messages for an object."""
    return messages(validate(kind, new, old))
