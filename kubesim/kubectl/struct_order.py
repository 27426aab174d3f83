"""The order of fields in which Go writes a typed object as JSON: that of its struct.

``kubectl run -o json`` prints a Go struct, whose fields come in the order of their declaration; what is read back from
the server without a type (``get``) prints with sorted keys. Upstream: ``k8s.io/api``, the files ``types.go``.
"""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import Wire

_TOP = ("kind", "apiVersion", "metadata", "spec", "immutable", "data", "stringData", "type", "status")
_METADATA = (
    "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences",
        "finalizers",
)  # fmt: skip
_STRUCTS: dict[str, tuple[str, ...]] = {
    "metadata": _METADATA,
    "spec.ports": ("name", "protocol", "appProtocol", "port", "targetPort", "nodePort"),
    "Service.spec": (
        "ports", "selector", "clusterIP", "clusterIPs", "type", "externalIPs", "sessionAffinity",
        "loadBalancerIP",
        "loadBalancerSourceRanges", "externalName", "externalTrafficPolicy", "healthCheckNodePort",
        "publishNotReadyAddresses", "sessionAffinityConfig", "ipFamilies", "ipFamilyPolicy",
        "allocateLoadBalancerNodePorts", "loadBalancerClass", "internalTrafficPolicy", "trafficDistribution",
    ),
    "Service.status": ("loadBalancer", "conditions"),
    "Deployment.spec": (
        "replicas", "selector", "template", "strategy", "minReadySeconds", "revisionHistoryLimit", "paused",
        "progressDeadlineSeconds",
    ),
    "PodSpec": (
        "volumes", "initContainers", "containers", "ephemeralContainers", "restartPolicy",
        "terminationGracePeriodSeconds", "activeDeadlineSeconds", "dnsPolicy", "nodeSelector",
        "serviceAccountName",
        "serviceAccount", "automountServiceAccountToken", "nodeName", "hostNetwork", "hostPID", "hostIPC",
        "shareProcessNamespace", "securityContext", "imagePullSecrets", "hostname", "subdomain", "affinity",
        "schedulerName", "tolerations", "hostAliases", "priorityClassName", "priority", "dnsConfig",
        "readinessGates",
        "runtimeClassName", "enableServiceLinks", "preemptionPolicy", "overhead", "topologySpreadConstraints",
        "setHostnameAsFQDN", "os", "hostUsers", "schedulingGates", "resourceClaims", "resources",
    ),
    "containers": (
        "name", "image", "command", "args", "workingDir", "ports", "envFrom", "env", "resources",
        "resizePolicy",
        "restartPolicy", "volumeMounts", "volumeDevices", "livenessProbe", "readinessProbe", "startupProbe",
        "lifecycle",
        "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "securityContext", "stdin",
        "stdinOnce", "tty",
    ),
    "containers.ports": ("name", "hostPort", "containerPort", "protocol", "hostIP"),
    "env": ("name", "value", "valueFrom"),
    "volumeMounts": ("name", "readOnly", "recursiveReadOnly", "mountPath", "subPath", "mountPropagation",
        "subPathExpr"),
    "volumes": ("name", "hostPath", "emptyDir", "secret", "configMap", "projected"),
    "projected": ("sources", "defaultMode"),
    "sources": ("secret", "downwardAPI", "configMap", "serviceAccountToken"),
    "serviceAccountToken": ("audience", "expirationSeconds", "path"),
    "configMap": ("name", "items", "optional", "defaultMode"),
    "items": ("key", "path", "fieldRef", "resourceFieldRef", "mode"),
    "fieldRef": ("apiVersion", "fieldPath"),
    "tolerations": ("key", "operator", "value", "effect", "tolerationSeconds"),
    "conditions": (
        "type", "observedGeneration", "status", "lastProbeTime", "lastHeartbeatTime", "lastUpdateTime",
        "lastTransitionTime", "reason", "message",
    ),
    "Pod.status": (
        "observedGeneration", "phase", "conditions", "message", "reason", "hostIP", "hostIPs", "podIP",
        "podIPs",
        "startTime", "containerStatuses", "qosClass",
    ),
}  # fmt: skip


def in_struct_order(wire: Wire) -> Wire:
    """The object with its keys in the order of Go's structs; unknown ones follow, sorted."""
    kind = wire.get("kind", "")
    ordered = _ordered(wire, _TOP)
    for field in ("metadata", "spec", "status"):
        if isinstance(ordered.get(field), dict):
            ordered[field] = _below(ordered[field], field, kind)
    return ordered


def _below(wire: Wire, field: str, kind: str) -> Wire:
    names: tuple[str, ...]
    if field == "metadata":
        names = _METADATA
    elif field == "spec" and (kind == "Pod" or "containers" in wire):
        names = _STRUCTS["PodSpec"]
    else:
        names = _STRUCTS.get(f"{kind}.{field}", ())
    return {name: _inside(value, name, kind) for name, value in _ordered(wire, names).items()}


def _inside(value: Any, field: str, kind: str) -> Any:
    if isinstance(value, list):
        return [_inside(item, field, kind) for item in value]
    if not isinstance(value, dict):
        return value
    if field in ("template", "spec", "metadata"):
        return {
            name: _below(item, name, "Pod") if isinstance(item, dict) else item
            for name, item in _ordered(value, ("metadata", "spec")).items()
        }
    if field == "ports":
        names = _STRUCTS["containers.ports" if "containerPort" in value else "spec.ports"]
    else:
        names = _STRUCTS.get(field, ())
    return {name: _inside(item, name, kind) for name, item in _ordered(value, names).items()}


def _ordered(wire: Wire, names: tuple[str, ...]) -> Wire:
    place = {name: index for index, name in enumerate(names)}
    keys = sorted(wire, key=lambda key: (place.get(key, len(names)), key))
    return {key: wire[key] for key in keys}
