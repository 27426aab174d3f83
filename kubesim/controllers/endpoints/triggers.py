"""Since when endpoints are out of date: the ``last-change-trigger-time`` that slices carry.

It is the moment of the oldest change that a sync picks up: the Service's creation for a new one, else the earliest of
the transitions of Pods' readiness since the sync before. Upstream: ``endpointslice/util/trigger_time_tracker.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kubesim.api.objects import Pod, Service, Wire

ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time"


@dataclass(slots=True)
class _Seen:
    service: str = ""
    pods: dict[str, str] = field(default_factory=dict)


class TriggerTimes:
    """Remembers what the last sync of each Service saw."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}

    def trigger(self, service: Service, pods: Sequence[Pod]) -> str:
        """The trigger time of this sync; empty where nothing newer has happened. RFC 3339 text compares as time."""
        key = (service.metadata.namespace, service.metadata.name)
        before = self._seen.get(key)
        known = before or _Seen()
        changed: list[str] = []
        moments: dict[str, str] = {}
        for pod in pods:
            moment = next((c.lastTransitionTime or "" for c in pod.status.conditions or [] if c.type == "Ready"), "")
            if moment:
                moments[pod.metadata.name] = moment
                if moment > known.pods.get(pod.metadata.name, ""):
                    changed.append(moment)
        created = service.metadata.creationTimestamp or ""
        if created > known.service:
            changed.append(created)
        self._seen[key] = _Seen(created, moments)
        if before is None:
            return created
        return min(changed, default="")

    def forget(self, key: tuple[str, str]) -> None:
        """The Service is gone."""
        self._seen.pop(key, None)


def stamped(wire: Wire, moment: str) -> Wire:
    """The object with the annotation for this moment, or without it where the moment is empty."""
    annotations = dict(wire["metadata"].get("annotations") or {})
    annotations.pop(ANNOTATION, None)
    if moment:
        annotations[ANNOTATION] = moment
    metadata = {key: value for key, value in wire["metadata"].items() if key != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    return {**wire, "metadata": metadata}
