"""The two stages of a deletion.

A deleted object that still has finalizers, or a Pod whose containers need time to stop, is only *marked*: it gets a
deletionTimestamp and stays readable. It goes when its last finalizer is removed and its grace period is over.
Upstream: ``rest.BeforeDelete`` and ``deletionFinalizersForGarbageCollection``.
"""

from __future__ import annotations

from typing import Literal

from kubesim.api.objects import Wire

Propagation = Literal["Background", "Foreground", "Orphan"]

_PROPAGATION_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


def propagation_finalizers(metadata: Wire, propagation: Propagation | None) -> None:
    """Note for the garbage collector, as a finalizer, what is to become of the dependents."""
    kept = [name for name in metadata.get("finalizers") or [] if name not in _PROPAGATION_FINALIZERS.values()]
    if propagation is None:
        return
    if propagation in _PROPAGATION_FINALIZERS:
        kept.append(_PROPAGATION_FINALIZERS[propagation])
    if kept:
        metadata["finalizers"] = kept
    else:
        metadata.pop("finalizers", None)


def held(wire: Wire) -> bool:
    """Whether a finalizer keeps an object: one of its metadata, or of a Namespace's spec."""
    in_spec = wire["kind"] == "Namespace" and (wire.get("spec") or {}).get("finalizers")
    return bool(wire["metadata"].get("finalizers") or in_spec)


def removable(wire: Wire) -> bool:
    """Whether nothing keeps an object that is being deleted."""
    return not held(wire) and not wire["metadata"].get("deletionGracePeriodSeconds")


def mark_for_deletion(wire: Wire, grace_seconds: int | None, moment: str) -> bool:
    """Mark an object as being deleted.

    :param grace_seconds: the grace period; None for a kind that has none.
    :param moment: when the grace period will be over.
    :returns: whether the object stays for now.
    """
    metadata = wire["metadata"]
    waits = bool(grace_seconds) or held(wire)
    if not waits:
        return False
    already = metadata.get("deletionTimestamp")
    if not already:
        if metadata.get("generation"):
            metadata["generation"] += 1
        metadata["deletionTimestamp"] = moment
        metadata["deletionGracePeriodSeconds"] = grace_seconds or 0
        if wire["kind"] == "Namespace":
            wire["status"] = {**wire["status"], "phase": "Terminating"}
            metadata.pop("deletionGracePeriodSeconds")
    elif grace_seconds is not None and grace_seconds < metadata.get("deletionGracePeriodSeconds", 0):
        metadata["deletionTimestamp"] = moment  # a second request may shorten the wait, never lengthen it
        metadata["deletionGracePeriodSeconds"] = grace_seconds
    return True
