"""Since when endpoints are out of date: the ``last-change-trigger-time`` that slices and Endpoints carry.

It is the moment of the oldest change that a sync picks up: the Service's creation for a new one, else the earliest of
the transitions of Pods' readiness since the sync before. Upstream: ``endpointslice/util/trigger_time_tracker.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import Service, Wire
from kubesim.api.store import Key
from kubesim.controllers.endpoints.pods import EndpointPod

ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time"


class TriggerTimes:
    """Remembers what the last sync of each Service saw: when it and its Pods, by name, had changed."""

    def __init__(self) -> None:
        self._seen: dict[Key, tuple[str, dict[str, str]]] = {}

    def trigger(self, service: Service, pods: Sequence[EndpointPod]) -> str:
        """The trigger time of this sync; empty where nothing newer has happened. RFC 3339 text compares as time."""
        key = (service.metadata.namespace, service.metadata.name)
        created = service.metadata.creationTimestamp or ""
        moments = {pod.name: pod.ready_since for pod in pods if pod.ready_since}
        before, self._seen[key] = self._seen.get(key), (created, moments)
        if before is None:
            return created
        known_created, known = before
        changed = [moment for name, moment in moments.items() if moment > known.get(name, "")]
        if created > known_created:
            changed.append(created)
        return min(changed, default="")

    def forget(self, key: Key) -> None:
        """The Service is gone."""
        self._seen.pop(key, None)


def stamped(wire: Wire, moment: str) -> Wire:
    """The object with the annotation for this moment, or without it where the moment is empty."""
    metadata = wire["metadata"]
    known = metadata.get("annotations") or {}
    if known.get(ANNOTATION, "") == moment:
        return wire
    annotations = {**known, ANNOTATION: moment}
    if not moment:
        del annotations[ANNOTATION]
    metadata = {**metadata, "annotations": annotations}
    if not annotations:
        del metadata["annotations"]
    return {**wire, "metadata": metadata}
