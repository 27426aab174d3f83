"""How controllers read and write: the store for reading, the API server for every write.

Reading from the store is what upstream's informers do; writing through the API server gives controllers' objects the
same validation, defaults, uids and resource versions as a person's. An update that changes nothing is not sent.
"""

from __future__ import annotations

import copy

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import RESOURCE_TYPES, ResourceType
from kubesim.api.server import ApiServer
from kubesim.api.store import Store

TYPES: dict[str, ResourceType] = {resource.kind: resource for resource in RESOURCE_TYPES}
"""The resource type of each kind."""


class Client:
    """A controller's access to the cluster's objects."""

    def __init__(self, api: ApiServer, store: Store) -> None:
        self.api = api
        self.store = store

    def get(self, kind: str, namespace: str, name: str) -> Wire | None:
        """The stored object (never to be mutated), or None."""
        return self.store.get(kind, name, namespace)

    def create(self, wire: Wire) -> Wire:
        """Create an object; raises ApiError where the server refuses."""
        namespace = wire["metadata"].get("namespace") or "default"
        return self.api.create(wire, namespace=namespace, field_validation="Ignore").object

    def update(self, wire: Wire) -> Wire:
        """Replace an object by a changed copy of it."""
        metadata = wire["metadata"]
        stored = self.get(wire["kind"], metadata.get("namespace", ""), metadata["name"])
        if stored == wire:
            return wire
        namespace = metadata.get("namespace") or "default"
        return self.api.replace(wire, namespace=namespace, field_validation="Ignore").object

    def update_status(self, wire: Wire, status: Wire) -> None:
        """Write an object's status, unless it already reads so."""
        if (wire.get("status") or {}) == status:
            return
        metadata = wire["metadata"]
        self.api.update_status(TYPES[wire["kind"]], metadata["name"], metadata.get("namespace", ""), status)

    def update_annotations(self, wire: Wire, annotations: dict[str, str]) -> None:
        """Write annotations through the status subresource, as controllers do: the generation stays."""
        metadata = {**wire["metadata"], "annotations": annotations}
        namespace = metadata.get("namespace") or "default"
        self.api.replace(
            {**wire, "metadata": metadata}, namespace=namespace, field_validation="Ignore", subresource="status"
        )

    def bind(self, wire: Wire) -> None:
        """Store a Pod that has been given a node: what the ``pods/binding`` subresource does."""
        self.store.commit(wire)

    def delete(self, wire: Wire, grace_period_seconds: int | None = None) -> None:
        """Delete an object; one that is gone already is no error."""
        metadata = wire["metadata"]
        try:
            self.api.delete(
                TYPES[wire["kind"]],
                metadata["name"],
                metadata.get("namespace", ""),
                grace_period_seconds=grace_period_seconds,
                propagation="Background",
            )
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    def set_finalizers(self, wire: Wire, finalizers: list[str]) -> Wire:
        """Write an object's list of finalizers; removing the last of a deleted object lets it go."""
        changed = copy.deepcopy(wire)
        if finalizers:
            changed["metadata"]["finalizers"] = finalizers
        else:
            changed["metadata"].pop("finalizers", None)
        return self.update(changed)
