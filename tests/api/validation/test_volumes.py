"""Volumes and mounts, one rule a row. Expected: what upstream's ``ValidateVolumes`` and ``ValidateVolumeMounts`` say."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.validation.volumes import validate_local_path, validate_volume_mounts, validate_volumes
from tests.api.validation.objects import messages

MODE = "must be a number between 0 and 0777 (octal), both inclusive"
BACK = "must not contain '..'"
ITEM = {"key": "a", "path": "b"}
LABELS = {"apiVersion": "v1", "fieldPath": "metadata.labels"}
MEMORY = {"containerName": "c", "resource": "limits.memory"}
TOKEN = {"serviceAccountToken": {"path": "t", "expirationSeconds": 600}}

SOURCES: list[tuple[Any, list[str]]] = [
    ({}, ["v[0]: Required value: must specify a volume type"]),
    ({"emptyDir": {}}, []),
    ({"emptyDir": {}, "hostPath": {}}, ["v[0].hostPath: Forbidden: may not specify more than 1 volume type"]),
    ({"image": {}, "csi": {}, "nfs": {"server": "s", "path": "/"}}, ["v[0].csi: Forbidden: may not specify more than 1 volume type", "v[0].image: Forbidden: may not specify more than 1 volume type"]),
    # hostPath
    ({"hostPath": {"path": "/a"}}, []),
    ({"hostPath": {"type": "Bad"}}, ["v[0].hostPath.path: Required value"]),
    ({"hostPath": {"path": "/a/..b"}}, []),
    ({"hostPath": {"path": "..", "type": ""}}, [f'v[0].hostPath.path: Invalid value: "..": {BACK}']),
    ({"hostPath": {"path": "/a", "type": "FileOrCreate"}}, []),
    ({"hostPath": {"path": "/a", "type": "file"}}, ['v[0].hostPath.type: Unsupported value: "file": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"']),
    # secret, configMap
    ({"secret": {"secretName": "s", "defaultMode": 0}}, []),
    ({"secret": {"name": "s"}}, ["v[0].secret.secretName: Required value"]),
    ({"secret": {"secretName": "s", "defaultMode": -1}}, [f"v[0].secret.defaultMode: Invalid value: -1: {MODE}"]),
    ({"configMap": {"name": "c", "defaultMode": 0o777, "items": [{**ITEM, "mode": 0o777}]}}, []),
    ({"configMap": {"name": "c", "defaultMode": 0o1000}}, [f"v[0].configMap.defaultMode: Invalid value: 512: {MODE}"]),
    ({"configMap": {"name": "c", "items": [ITEM, {"mode": 512}]}}, ["v[0].configMap.items[1].key: Required value", "v[0].configMap.items[1].path: Required value", f"v[0].configMap.items[1].mode: Invalid value: 512: {MODE}"]),
    ({"configMap": {"name": "c", "items": [{"key": "a", "path": "/b"}]}}, ['v[0].configMap.items[0].path: Invalid value: "/b": must be a relative path']),
    ({"configMap": {"name": "c", "items": [{"key": "a", "path": "b/../c"}]}}, [f'v[0].configMap.items[0].path: Invalid value: "b/../c": {BACK}']),
    ({"configMap": {"name": "c", "items": [{"key": "a", "path": "../c"}]}}, [f'v[0].configMap.items[0].path: Invalid value: "../c": {BACK}']),
    ({"configMap": {"name": "c", "items": [{"key": "a", "path": "..c"}]}}, ["v[0].configMap.items[0].path: Invalid value: \"..c\": must not start with '..'"]),
    ({"configMap": {"name": "c", "items": [{"key": "a", "path": "b/..c"}]}}, []),
    # claims, NFS
    ({"persistentVolumeClaim": {"claimName": "c"}}, []),
    ({"persistentVolumeClaim": {}}, ["v[0].persistentVolumeClaim.claimName: Required value"]),
    ({"nfs": {"server": "s", "path": "/x"}}, []),
    ({"nfs": {"path": "x"}}, ["v[0].nfs.server: Required value", 'v[0].nfs.path: Invalid value: "x": must be an absolute path']),
    ({"nfs": {"server": "s"}}, ["v[0].nfs.path: Required value", 'v[0].nfs.path: Invalid value: "": must be an absolute path']),
    # downwardAPI: upstream leaves the index of an item out of its path
    ({"downwardAPI": {"items": [{"path": "a", "fieldRef": LABELS}, {"path": "b", "resourceFieldRef": MEMORY}]}}, []),
    ({"downwardAPI": {"defaultMode": 512, "items": [{"path": "a", "fieldRef": LABELS, "mode": -1}]}}, [f"v[0].downwardAPI.defaultMode: Invalid value: 512: {MODE}", f"v[0].downwardAPI.mode: Invalid value: -1: {MODE}"]),
    ({"downwardAPI": {"items": [{}]}}, ["v[0].downwardAPI.path: Required value", "v[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"]),
    ({"downwardAPI": {"items": [{"path": "/a", "fieldRef": LABELS, "resourceFieldRef": MEMORY}]}}, ['v[0].downwardAPI.path: Invalid value: "/a": must be a relative path', 'v[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously']),
    ({"downwardAPI": {"items": [{"path": "a", "fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}]}}, ['v[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"']),
    ({"downwardAPI": {"items": [{"path": "a", "resourceFieldRef": {"resource": "limits.memory"}}]}}, ["v[0].downwardAPI.resourceFieldRef.containerName: Required value"]),
    # projected
    ({"projected": {"defaultMode": 0o644, "sources": [TOKEN, {"secret": {"name": "s", "items": [ITEM]}}, {"configMap": {"name": "c"}}, {"downwardAPI": {"items": [{"path": "d", "fieldRef": LABELS}]}}]}}, []),
    ({"projected": {"defaultMode": 512}}, [f"v[0].projected.defaultMode: Invalid value: 512: {MODE}"]),
    ({"projected": {"sources": [TOKEN, {"secret": {}, "configMap": {"name": "c"}}]}}, ["v[0].projected.sources[1].secret.name: Required value", "v[0].projected.sources[1].configMap: Forbidden: may not specify more than 1 volume type"]),
    ({"projected": {"sources": [{"configMap": {"items": [{"key": "a", "path": "/b"}]}}]}}, ["v[0].projected.sources[0].configMap.name: Required value", 'v[0].projected.sources[0].configMap.items[0].path: Invalid value: "/b": must be a relative path']),
    ({"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 599}}]}}, ["v[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 599: may not be less than 10 minutes", "v[0].projected.sources[0].serviceAccountToken.path: Required value"]),
    ({"projected": {"sources": [{"serviceAccountToken": {"path": "/t", "expirationSeconds": 1 << 32}}]}}, ['v[0].projected.sources[0].serviceAccountToken.path: Invalid value: "/t": must be a relative path']),
    ({"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": (1 << 32) + 1}}]}}, ["v[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 4294967297: may not be larger than 2^32 seconds"]),
    ({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, ["v[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 0: may not be less than 10 minutes"]),
    ({"projected": {"sources": [{"downwardAPI": {"items": [{"path": "d"}]}}]}}, ["v[0].projected.sources[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"]),
    ({"projected": {"sources": [{"secret": {"name": "s", "items": [{"key": "k", "path": "t"}]}}, TOKEN]}}, ['v[0].projected.sources[1].serviceAccountToken: Invalid value: "t": conflicting duplicate paths']),
    ({"projected": {"sources": [TOKEN, {"secret": {"name": "s", "items": [{"key": "k", "path": "t"}]}}]}}, ['v[0].projected.sources[1].secret: Invalid value: "s": conflicting duplicate paths']),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), SOURCES)
def test_a_volume_has_one_source_in_order(source: Any, expected: list[str]) -> None:
    usable, errors = validate_volumes([{"name": "v", **source}], "v")
    assert messages(errors) == expected
    assert list(usable) == ([] if expected else ["v"])


def test_names_of_volumes() -> None:
    volumes = [{"name": name, "emptyDir": {}} for name in ("a", "", "a", "A_", "b")]
    usable, errors = validate_volumes(volumes, "v")
    first, second, third = messages(errors)
    assert (first, second) == ("v[1].name: Required value", 'v[2].name: Duplicate value: "a"')
    assert third.startswith('v[3].name: Invalid value: "A_": a lowercase RFC 1123 label must consist of')
    assert usable == {"a": volumes[0], "b": volumes[4]}
    assert messages(validate_volumes([{"emptyDir": {}}], "v")[1]) == ["v[0].name: Required value"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("a/b", []),
        ("", []),
        ("/a", ['p: Invalid value: "/a": must be a relative path']),
        ("/..", ['p: Invalid value: "/..": must be a relative path', f'p: Invalid value: "/..": {BACK}']),
    ],
)
def test_paths_below_a_directory(where: str, expected: list[str]) -> None:
    assert messages(validate_local_path(where, "p")) == expected


ANYWHERE = {"name": "a", "mountPath": "/a"}
MOUNTS: list[tuple[Any, list[str]]] = [
    ([], []),
    ([ANYWHERE, {"name": "a", "mountPath": "/b", "subPath": "x", "mountPropagation": "None"}], []),
    ([{}], ["m[0].name: Required value", 'm[0].name: Not found: ""', "m[0].mountPath: Required value"]),
    ([ANYWHERE, {"name": "b", "mountPath": "/b"}], ['m[1].name: Not found: "b"']),
    ([ANYWHERE, ANYWHERE], ['m[1].mountPath: Invalid value: "/a": must be unique']),
    # upstream leaves the index out of these three paths
    ([{**ANYWHERE, "subPath": "../x"}], [f'm.subPath: Invalid value: "../x": {BACK}']),
    ([{**ANYWHERE, "subPathExpr": "/x"}], ['m.subPathExpr: Invalid value: "/x": must be a relative path']),
    ([{**ANYWHERE, "mountPropagation": "Both"}], ['m.mountPropagation: Unsupported value: "Both": supported values: "Bidirectional", "HostToContainer", "None"']),
    ([{**ANYWHERE, "subPath": "x", "subPathExpr": "y"}], ['m[0].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive']),
]  # fmt: skip


@pytest.mark.parametrize(("mounts", "expected"), MOUNTS)
def test_mounts(mounts: Any, expected: list[str]) -> None:
    assert messages(validate_volume_mounts({"volumeMounts": mounts}, {"a": {}}, "m")) == expected


def test_a_container_may_mount_nothing() -> None:
    assert messages(validate_volume_mounts({}, {}, "m")) == []
