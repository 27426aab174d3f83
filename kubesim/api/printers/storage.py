"""PersistentVolumes and the claims to them: how large, for whom, and bound to what."""

from __future__ import annotations

from collections.abc import Iterable

from kubesim.api.objects import Wire
from kubesim.api.printers.columns import AGE, NAME, Printer, as_it_is, column, wide
from kubesim.api.printers.workloads import part

_SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_UNSET = "<unset>"


def access_modes(modes: Iterable[str] | None) -> str:
    """Access modes in short, each once, in one order: ``RWO,RWX``."""
    given = set(modes or ())
    return ",".join(short for mode, short in _SHORT_MODES.items() if mode in given)


def _phase(wire: Wire) -> str:
    if wire["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return part(wire, "status", "phase") or ""


def _claim(wire: Wire) -> str:
    reference = part(wire, "spec", "claimRef")
    return f"{reference.get('namespace', '')}/{reference.get('name', '')}" if reference else ""


def _bound(wire: Wire, *path: str) -> object:
    """What a bound claim's status says; nothing of one that is not bound."""
    return part(wire, "status", *path) if part(wire, "spec", "volumeName") else None


def _attributes(wire: Wire) -> str:
    return part(wire, "spec", "volumeAttributesClassName") or _UNSET


PERSISTENT_VOLUME = Printer(
    as_it_is,
    (
        NAME,
        column("Capacity", lambda wire: part(wire, "spec", "capacity", "storage") or "0"),
        column("Access Modes", lambda wire: access_modes(part(wire, "spec", "accessModes"))),
        column("Reclaim Policy", lambda wire: part(wire, "spec", "persistentVolumeReclaimPolicy") or ""),
        column("Status", _phase),
        column("Claim", _claim),
        column("StorageClass", lambda wire: part(wire, "spec", "storageClassName") or ""),
        column("VolumeAttributesClass", _attributes),
        column("Reason", lambda wire: part(wire, "status", "reason") or ""),
        AGE,
        wide("VolumeMode", lambda wire: part(wire, "spec", "volumeMode") or _UNSET),
    ),
)
PERSISTENT_VOLUME_CLAIM = Printer(
    as_it_is,
    (
        NAME,
        column("Status", _phase),
        column("Volume", lambda wire: part(wire, "spec", "volumeName") or ""),
        column("Capacity", lambda wire: _bound(wire, "capacity", "storage") or ""),
        column("Access Modes", lambda wire: access_modes(_bound(wire, "accessModes"))),  # type: ignore[arg-type]
        column("StorageClass", lambda wire: part(wire, "spec", "storageClassName") or ""),
        column("VolumeAttributesClass", _attributes),
        AGE,
        wide("VolumeMode", lambda wire: part(wire, "spec", "volumeMode") or _UNSET),
    ),
)
