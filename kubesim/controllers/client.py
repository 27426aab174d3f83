"""The controllers' door: how controllers read and write.

They read from the store, as upstream's informers do. They write objects that are canonical already: what decoding,
defaults and validation would make of them is what they are. So this door leaves those stations out and copies nothing
deep; all else is the people's: uids, versions, generations, conflicts, Namespaces that are going, deletion. An update
that changes nothing is not sent.

A caller passes wire forms without nulls, and *shares* what did not change: a new outer dict, the old parts. In strict
mode (see :mod:`kubesim.api.strict`) what is passed is put to the proof.
"""

from __future__ import annotations

from kubesim.api.admission import admit_create
from kubesim.api.errors import ApiError, not_found
from kubesim.api.managed_fields.history import Author, Given, Signature
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.server import ApiServer
from kubesim.api.store import Store

_BOUND = frozenset({"spec", "status"})
"""In what a Pod that was given a node differs from the Pod before."""


class Client:
    """A controller's access to the cluster's objects.

    :param manager: who writes, in ``managedFields``: the name of the program.
    """

    def __init__(self, api: ApiServer, store: Store, manager: str = "kube-controller-manager") -> None:
        self.api = api
        self.store = store
        self.manager = manager
        self._registry = api.registry
        whole, status = Author(manager), Author(manager, "status")
        self._whole, self._status = (Signature(author, joined=True) for author in (whole, status))

    def of(self, manager: str) -> Client:
        """The door as another program uses it."""
        return Client(self.api, self.store, manager)

    def get(self, kind: str, namespace: str, name: str) -> Wire | None:
        """The stored object (never to be mutated), or None."""
        return self.store.get(kind, name, namespace)

    def create(self, wire: Wire) -> Wire:
        """Create an object; raises ApiError where the server refuses.

        A Pod is made from its template; what only Pods have is filled in.
        """
        resource = BY_KIND[wire["kind"]]
        new = {**wire, "metadata": {**wire["metadata"]}}
        if resource.namespaced and not new["metadata"].get("namespace"):
            new["metadata"]["namespace"] = "default"
        signature = Signature(self._whole.author, Given(wire))
        random = self._registry.random(resource, dry_run=False)
        template = admit_create(new, resource, self.store, random, self.api.templates)
        return self._registry.create(resource, new, template=template, trusted=True, signature=signature).object

    def update(self, wire: Wire) -> Wire:
        """Replace an object by a changed version; Endpoints and EndpointSlices that are gone are created again."""
        resource, old = BY_KIND[wire["kind"]], self._stored(wire)
        if old == wire:
            return wire
        if old is None:
            if self._registry.strategy(resource).create_on_update:
                return self.create(wire)
            raise _gone(wire)
        self._registry.demand_same_object(resource, wire, old)
        return self._write(wire, old)

    def update_status(self, wire: Wire, status: Wire) -> None:
        """Write an object's status, unless it already reads so."""
        if (wire.get("status") or {}) == status:
            return
        old = self._stored(wire)
        if old is None:
            raise _gone(wire)
        self.put_status(old, status)

    def put_status(self, stored: Wire, status: Wire) -> None:
        """Write the status of an object that has just been read from the store."""
        self._registry.update_status(BY_KIND[stored["kind"]], stored, status, self._status)

    def update_annotations(self, wire: Wire, annotations: dict[str, str]) -> None:
        """Write annotations through the status subresource, as controllers do: the generation stays."""
        old = self._stored(wire)
        if old is None:
            raise _gone(wire)
        self._registry.demand_same_object(BY_KIND[wire["kind"]], wire, old)
        self._write({**wire, "metadata": {**wire["metadata"], "annotations": annotations}}, old, "status")

    def bind(self, wire: Wire) -> None:
        """Store a Pod that has been given a node: what the ``pods/binding`` subresource does."""
        self._registry.accept(BY_KIND["Pod"], wire, parts=_BOUND)

    def deliver(self, wire: Wire, version: int) -> None:
        """Store an object whose writing was put off, at the version that was reserved for it."""
        self._registry.accept(BY_KIND[wire["kind"]], wire, version, signature=self._whole)

    def delete(self, wire: Wire, grace_period_seconds: int | None = None) -> None:
        """Delete an object; one that is gone already is no error."""
        metadata = wire["metadata"]
        try:
            self.api.delete(
                BY_KIND[wire["kind"]],
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
        metadata = {name: value for name, value in wire["metadata"].items() if name != "finalizers"}
        if finalizers:
            metadata["finalizers"] = finalizers
        return self.update({**wire, "metadata": metadata})

    def _stored(self, wire: Wire) -> Wire | None:
        metadata = wire["metadata"]
        return self.store.get(wire["kind"], metadata["name"], metadata.get("namespace", ""))

    def _write(self, wire: Wire, old: Wire, subresource: str = "") -> Wire:
        new, resource = {**wire, "metadata": {**wire["metadata"]}}, BY_KIND[wire["kind"]]
        signature = self._status if subresource == "status" else self._whole
        return self._registry.update(
            resource, new, old, subresource=subresource, trusted=True, signature=signature
        ).object


def _gone(wire: Wire) -> ApiError:
    resource = BY_KIND[wire["kind"]]
    return not_found(resource.plural, wire["metadata"]["name"], resource.group)
