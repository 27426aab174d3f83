"""Files that volumes bring into a container: ConfigMaps, as files named by their keys. Pure.

Other kinds of volumes are accepted and mounted empty.
"""

from __future__ import annotations

from kubesim.api.objects import Container, Pod, Wire
from kubesim.api.store import Store


def mounted_files(pod: Pod, container: Container, store: Store) -> dict[str, str]:
    """The files by their path in the container."""
    volumes = {volume.get("name"): volume for volume in pod.spec.volumes or []}
    files: dict[str, str] = {}
    for mount in container.volumeMounts or []:
        volume = volumes.get(mount.name)
        content = config_files(volume.get("configMap") if volume else None, pod.metadata.namespace, store)
        for name, text in content.items():
            if not mount.subPath:
                files[f"{mount.mountPath.rstrip('/')}/{name}"] = text
            elif mount.subPath == name:
                files[mount.mountPath] = text
    return files


def config_files(source: Wire | None, namespace: str, store: Store) -> dict[str, str]:
    """The files of a ``configMap`` volume by relative path: all keys, or the chosen ``items``."""
    if not source:
        return {}
    found = store.get("ConfigMap", source.get("name", ""), namespace)
    data: dict[str, str] = (found or {}).get("data") or {}
    items = source.get("items")
    if not items:
        return dict(data)
    return {item["path"]: data[item["key"]] for item in items if item["key"] in data}
