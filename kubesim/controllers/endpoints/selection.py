"""Which Services a Pod's change concerns: what both endpoint controllers ask first."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.controllers.index import SelectorIndex
from kubesim.controllers.manager import Change, Key, key_of


class ServiceSelectors:
    """The selectors of all Services, kept up to date from the watch."""

    def __init__(self) -> None:
        self._index: SelectorIndex[Key] = SelectorIndex()

    def note(self, change: Change) -> None:
        """A Service was added, changed or deleted."""
        key = key_of(change.object)
        if change.new is None:
            self._index.drop(key)
        else:
            self._index.put(key, key[0], change.new["spec"].get("selector") or {})

    def concerned(self, change: Change) -> list[Key]:
        """The Services whose endpoints a Pod's change may alter."""
        old, new = change.old, change.new
        if old is not None and new is not None and _endpoint_facts(old) == _endpoint_facts(new):
            return []
        found: dict[Key, None] = {}
        for pod in (old, new):
            if pod is not None:
                metadata = pod["metadata"]
                for key in self._index.matching(metadata.get("namespace", ""), metadata.get("labels") or {}):
                    found[key] = None
        return list(found)


def _endpoint_facts(pod: Wire) -> tuple[object, ...]:
    """What of a Pod its endpoints are made of (upstream: ``podEndpointsChanged``)."""
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    ready = next((c.get("status") for c in status.get("conditions") or [] if c.get("type") == "Ready"), None)
    return (
        metadata.get("uid"),
        metadata.get("labels"),
        metadata.get("deletionTimestamp"),
        spec.get("nodeName"),
        spec.get("hostname"),
        spec.get("subdomain"),
        status.get("podIP"),
        status.get("phase"),
        ready,
    )
