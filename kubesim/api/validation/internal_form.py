"""The API server's internal form of a Pod: what a message shows when it prints a whole struct.

Inside the server objects are Go structs without JSON names, so a printed struct has every field, in the order of the
declaration and under its Go name: ``{"Type":"Bogus","RollingUpdate":null}``. They are declared as their versioned twins
are (:mod:`kubesim.api.schema`); the tables below hold what differs (``types.go`` in ``pkg/apis/core`` and ``apps``).
"""

from __future__ import annotations

from typing import Any

from kubesim.api import quantities, schema
from kubesim.api.objects import Wire
from kubesim.api.schema.tree import struct_named

_GO_NAMES = {
    "apiGroup": "APIGroup", "apiVersion": "APIVersion", "awsElasticBlockStore": "AWSElasticBlockStore",
    "cephfs": "CephFS", "csi": "CSI",
    "dnsConfig": "DNSConfig", "dnsPolicy": "DNSPolicy", "fc": "FC", "fsGroup": "FSGroup",
    "fsGroupChangePolicy": "FSGroupChangePolicy", "gcePersistentDisk": "GCEPersistentDisk",
    "gmsaCredentialSpec": "GMSACredentialSpec", "gmsaCredentialSpecName": "GMSACredentialSpecName", "grpc": "GRPC",
    "httpGet": "HTTPGet", "httpHeaders": "HTTPHeaders", "ip": "IP", "iscsi": "ISCSI", "nfs": "NFS", "os": "OS",
    "rbd": "RBD", "seLinuxChangePolicy": "SELinuxChangePolicy", "seLinuxOptions": "SELinuxOptions",
    "storageos": "StorageOS", "tcpSocket": "TCPSocket", "tty": "TTY",
}  # fmt: skip
"""The names in Go that are not the name in JSON with a capital."""
_HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
"""What is shared with the host belongs to the security context, before its own fields."""
_ELSEWHERE = {
    "PodSpec": (
        ("setHostnameAsFQDN", "affinity"),
        ("preemptionPolicy", "dnsConfig"),
        ("overhead", "enableServiceLinks"),
    ),
    "PodSecurityContext": (("fsGroupChangePolicy", "sysctls"),),
    "Volume": (("quobyte", "flexVolume"),),
}
"""The fields that are declared elsewhere, each with the field that follows it."""
_VALUES = frozenset({
    "ServiceAccountTokenProjection.expirationSeconds", "RollingUpdateStatefulSetStrategy.partition",
    "RollingUpdateDeployment.maxUnavailable", "RollingUpdateDeployment.maxSurge",
    "RollingUpdateDaemonSet.maxUnavailable", "RollingUpdateDaemonSet.maxSurge",
})  # fmt: skip
"""Pointers outside that are values inside."""
_SOURCES = frozenset({
    "configMap", "downwardAPI", "emptyDir", "hostPath", "image", "nfs", "persistentVolumeClaim", "projected", "secret",
    "serviceAccountToken",
})  # fmt: skip
"""The volumes' sources that are shown in internal form; others are shown as they were written."""
_ZEROS: dict[str, Any] = {"string": "", "integer": 0, "boolean": False, "int-or-string": 0}


def internal_form(wire: Wire, struct: str) -> Wire:
    """The JSON of the Go struct that a wire form (without nulls) decodes to; keys in the order of the declaration.

    :param struct: the name of the versioned struct, such as ``NodeSelectorTerm``.
    """
    return _form(wire, struct_named(struct))


def _form(wire: Wire, struct: schema.Struct) -> Wire:
    fields = struct.fields
    if struct.name == "PodSpec":
        fields = {name: each for name, each in fields.items() if name not in ("serviceAccount", *_HOST_FIELDS)}
    elif struct.name == "PodSecurityContext":
        fields = {name: struct_named("PodSpec").fields[name] for name in _HOST_FIELDS} | fields
    names = list(fields)
    for field, successor in _ELSEWHERE.get(struct.name, ()):
        names.remove(field)
        names.insert(names.index(successor), field)
    return {_GO_NAMES.get(name) or name[0].upper() + name[1:]: _value(wire.get(name), fields[name]) for name in names}


def _value(given: Any, field: schema.SchemaField) -> Any:
    kind = field.type
    if given is None:
        if kind.struct is not None:
            return _form({}, kind.struct) if field.value or field.required else None
        is_value = not field.pointer or f"{field.owner.name}.{field.name}" in _VALUES
        zero = quantities.ZERO if kind.is_quantity else _ZEROS.get(kind.shape)
        return zero if is_value else None
    if kind.shape == "map":
        return dict(sorted(given.items()))
    if kind.item is not None and kind.item.struct is not None:
        return [_form(each, kind.item.struct) for each in given]
    written = field.owner.name in ("Volume", "VolumeProjection") and field.name not in _SOURCES
    if kind.struct is None or written or kind.struct.name == "LabelSelector":
        return given
    return _form(given, kind.struct)


def internal_pod_spec(spec: Wire) -> Wire:
    """A Pod's spec in internal form, where what is shared with the host belongs to the security context."""
    shared = {field: spec[field] for field in _HOST_FIELDS if field in spec}
    moved = dict(spec)
    if shared:
        moved["securityContext"] = {**spec.get("securityContext", {}), **shared}
    if "serviceAccountName" not in spec and "serviceAccount" in spec:
        moved["serviceAccountName"] = spec["serviceAccount"]
    return internal_form(moved, "PodSpec")


_METADATA_SHOWN = ("name", "generateName", "namespace", "labels", "annotations", "ownerReferences", "finalizers")


def internal_template(template: Wire) -> Wire:
    """A Pod's template in internal form: its metadata are embedded, and keep their names in JSON."""
    metadata = template.get("metadata", {})
    shown = {name: metadata[name] for name in _METADATA_SHOWN if name in metadata}
    for name in ("labels", "annotations"):
        if name in shown:
            shown[name] = dict(sorted(shown[name].items()))
    return shown | {"Spec": internal_pod_spec(template.get("spec", {}))}
