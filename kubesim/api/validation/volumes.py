"""Volumes and where containers mount them. The simulation carries volumes; here they are only checked.

Upstream: ``ValidateVolumes``, ``ValidateVolumeMounts`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, forbidden, invalid_value, invalid_values, missing, required
from kubesim.api.objects import Wire
from kubesim.api.validation.environment import validate_resource_reference, validate_volume_field_reference
from kubesim.api.validation.metadata import validate_choice

# In the order in which upstream looks at them: the first one counts, the others are too many.
_SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
    "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc",
    "flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
    "storageos", "projected", "scaleIO", "csi", "ephemeral", "image",
)  # fmt: skip
_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_MODE = "must be a number between 0 and 0777 (octal), both inclusive"


def validate_volumes(volumes: list[Wire], path: str) -> tuple[dict[str, Wire], list[FieldError]]:
    """The volumes that may be mounted, by name, and the problems of the others."""
    usable: dict[str, Wire] = {}
    errors = []
    for index, volume in enumerate(volumes):
        here, name = f"{path}[{index}]", volume.get("name", "")
        problems = _source(volume, here)
        if not name:
            problems.append(required(f"{here}.name"))
        else:
            problems += invalid_values(f"{here}.name", name, names.dns1123_label(name))
        if name in usable:
            problems.append(duplicate(f"{here}.name", name))
        if not problems:
            usable[name] = volume
        errors += problems
    return usable, errors


def _source(volume: Wire, path: str) -> list[FieldError]:
    given = [name for name in _SOURCES if name in volume]
    if not given:
        return [required(path, "must specify a volume type")]
    first = given[0]
    check = _CHECKS.get(first)
    errors = check(volume[first], f"{path}.{first}") if check else []
    return errors + [forbidden(f"{path}.{name}", "may not specify more than 1 volume type") for name in given[1:]]


def _host_path(source: Wire, path: str) -> list[FieldError]:
    where, kind = source.get("path", ""), source.get("type")
    if not where:
        return [required(f"{path}.path")]
    errors = _no_backsteps(where, f"{path}.path")
    return errors + validate_choice(kind, f"{path}.type", _HOST_PATH_TYPES)


def _no_backsteps(where: str, path: str) -> list[FieldError]:
    return [invalid_value(path, where, "must not contain '..'")] if ".." in where.split("/") else []


def validate_local_path(where: str, path: str) -> list[FieldError]:
    """A path that stays below the directory it starts from."""
    errors = [invalid_value(path, where, "must be a relative path")] if where.startswith("/") else []
    return errors + _no_backsteps(where, path)


def _file_name(where: str, path: str) -> list[FieldError]:
    errors = validate_local_path(where, path)
    # '..' as a step is reported above; a name that only starts with it is reserved for atomic updates
    if where.startswith("..") and not where.startswith("../"):
        errors.append(invalid_value(path, where, "must not start with '..'"))
    return errors


def _mode(source: Wire, field: str, path: str) -> list[FieldError]:
    mode = source.get(field)
    return [invalid_value(f"{path}.{field}", mode, _MODE)] if mode is not None and not 0 <= mode <= 0o777 else []


def _keyed(name_field: str) -> Callable[[Wire, str], list[FieldError]]:
    def check(source: Wire, path: str) -> list[FieldError]:
        errors = [] if source.get(name_field) else [required(f"{path}.{name_field}")]
        return errors + _mode(source, "defaultMode", path) + _items(source, path)

    return check


def _items(source: Wire, path: str) -> list[FieldError]:
    errors = []
    for index, item in enumerate(source.get("items", [])):
        here = f"{path}.items[{index}]"
        if not item.get("key"):
            errors.append(required(f"{here}.key"))
        if not item.get("path"):
            errors.append(required(f"{here}.path"))
        errors += _file_name(item.get("path", ""), f"{here}.path")
        errors += _mode(item, "mode", here)
    return errors


def _claim(source: Wire, path: str) -> list[FieldError]:
    return [] if source.get("claimName") else [required(f"{path}.claimName")]


def _nfs(source: Wire, path: str) -> list[FieldError]:
    errors = [] if source.get("server") else [required(f"{path}.server")]
    if not source.get("path"):
        errors.append(required(f"{path}.path"))
    if not source.get("path", "").startswith("/"):
        errors.append(invalid_value(f"{path}.path", source.get("path", ""), "must be an absolute path"))
    return errors


def _downward(source: Wire, path: str) -> list[FieldError]:
    errors = _mode(source, "defaultMode", path)
    for item in source.get("items", []):
        # upstream leaves the index out of these paths
        errors += _downward_file(item, path)
    return errors


def _downward_file(item: Wire, path: str) -> list[FieldError]:
    where = item.get("path", "")
    errors = [] if where else [required(f"{path}.path")]
    errors += _file_name(where, f"{path}.path")
    if "fieldRef" in item:
        errors += validate_volume_field_reference(item["fieldRef"], f"{path}.fieldRef")
        if "resourceFieldRef" in item:
            problem = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.append(invalid_value(path, "resource", problem))
    elif "resourceFieldRef" in item:
        errors += validate_resource_reference(item["resourceFieldRef"], f"{path}.resourceFieldRef", volume=True)
    else:
        errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    return errors + _mode(item, "mode", path)


def _projected(source: Wire, path: str) -> list[FieldError]:
    errors = _mode(source, "defaultMode", path)
    taken: set[str] = set()
    for index, projection in enumerate(source.get("sources", [])):
        here = f"{path}.sources[{index}]"
        given = [name for name in ("secret", "configMap", "downwardAPI", "serviceAccountToken") if name in projection]
        for kind in given:
            errors += _projection(kind, projection[kind], taken, f"{here}.{kind}")
        errors += [forbidden(f"{here}.{kind}", "may not specify more than 1 volume type") for kind in given[1:]]
    return errors


def _projection(kind: str, source: Wire, taken: set[str], path: str) -> list[FieldError]:
    errors = []
    if kind == "serviceAccountToken":
        seconds = source.get("expirationSeconds", 0)
        if seconds < 600:
            errors.append(invalid_value(f"{path}.expirationSeconds", seconds, "may not be less than 10 minutes"))
        if seconds > 1 << 32:
            errors.append(invalid_value(f"{path}.expirationSeconds", seconds, "may not be larger than 2^32 seconds"))
        where = source.get("path", "")
        errors += _file_name(where, f"{path}.path") if where else [required(f"{path}.path")]
        files = [where]
    elif kind == "downwardAPI":
        for item in source.get("items", []):
            errors += _downward_file(item, path)
        files = [item.get("path", "") for item in source.get("items", [])]
    else:
        errors += [] if source.get("name") else [required(f"{path}.name")]
        errors += _items(source, path)
        files = [item.get("path", "") for item in source.get("items", [])]
    for file in files:
        if file and file in taken:
            errors.append(invalid_value(path, source.get("name", file), "conflicting duplicate paths"))
        taken.add(file)
    return errors


_CHECKS: dict[str, Callable[[Wire, str], list[FieldError]]] = {
    "hostPath": _host_path,
    "secret": _keyed("secretName"),
    "configMap": _keyed("name"),
    "persistentVolumeClaim": _claim,
    "nfs": _nfs,
    "downwardAPI": _downward,
    "projected": _projected,
}


def validate_volume_mounts(container: Wire, volumes: dict[str, Wire], path: str) -> list[FieldError]:
    """The problems of a container's mounts: every volume must exist, every mount point be used once."""
    errors = []
    points: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts", [])):
        here = f"{path}[{index}]"
        name, point, sub = mount.get("name", ""), mount.get("mountPath", ""), mount.get("subPath", "")
        if not name:
            errors.append(required(f"{here}.name"))
        if name not in volumes:
            errors.append(missing(f"{here}.name", name))
        if not point:
            errors.append(required(f"{here}.mountPath"))
        if point in points:
            errors.append(invalid_value(f"{here}.mountPath", point, "must be unique"))
        points.add(point)
        if sub:
            errors += validate_local_path(sub, f"{path}.subPath")
        expression = mount.get("subPathExpr", "")
        if expression:
            if sub:
                problem = "subPathExpr and subPath are mutually exclusive"
                errors.append(invalid_value(f"{here}.subPathExpr", expression, problem))
            errors += validate_local_path(expression, f"{path}.subPathExpr")
        errors += validate_choice(mount.get("mountPropagation"), f"{path}.mountPropagation", _PROPAGATIONS)
    return errors
