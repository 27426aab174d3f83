"""The EndpointSlice controller: keeps each selecting Service's slices in step with its Pods.

Services without a selector are left alone: their slices are somebody's own. ExternalName Services have none.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from kubesim.api.objects import Node, Pod, Service, Wire, view
from kubesim.controllers.client import Client
from kubesim.controllers.endpoints.hints import reconcile_hints
from kubesim.controllers.endpoints.labels import CONTROLLER, MANAGED_BY, SERVICE_NAME
from kubesim.controllers.endpoints.planning import plan_slices
from kubesim.controllers.endpoints.selection import ServiceSelectors
from kubesim.controllers.endpoints.triggers import TriggerTimes, stamped
from kubesim.controllers.manager import Change, key_of


class EndpointSliceController:
    """Reconciles one Service's slices at a time."""

    name = "endpointslice-controller"
    kinds = ("Service", "Pod", "EndpointSlice", "Node")

    def __init__(self, client: Client) -> None:
        self._client = client
        self._selectors = ServiceSelectors()
        self._triggers = TriggerTimes()

    def keys(self, change: Change) -> Iterable[Hashable]:
        """A Service itself, the Services of a Pod, and the Service of a slice that somebody changed or deleted."""
        if change.kind == "Service":
            self._selectors.note(change)
            return (key_of(change.object),)
        if change.kind == "Pod":
            return self._selectors.concerned(change)
        if change.kind == "Node":
            return self._of_node(change)
        labels = change.object["metadata"].get("labels") or {}
        if labels.get(MANAGED_BY) == CONTROLLER and SERVICE_NAME in labels and change.type != "ADDED":
            return ((change.object["metadata"].get("namespace", ""), labels[SERVICE_NAME]),)
        return ()

    def _of_node(self, change: Change) -> list[Hashable]:
        """A node that came or went, or changed its zone, concerns the Services of its Pods."""
        old, new = change.old, change.new
        if old is not None and new is not None and old["metadata"].get("labels") == new["metadata"].get("labels"):
            return []
        found: dict[Hashable, None] = {}
        for pod in self._client.store.on_node(change.object["metadata"]["name"]):
            for key in self._selectors.concerned(Change("ADDED", None, pod)):
                found[key] = None
        return list(found)

    def reconcile(self, key: Hashable) -> None:
        """Bring one Service's slices up to date."""
        assert isinstance(key, tuple)
        namespace, name = key
        wire = self._client.get("Service", namespace, name)
        if wire is None:
            self._triggers.forget(key)
            return
        spec = wire["spec"]
        if spec.get("type") == "ExternalName" or not spec.get("selector"):
            return
        if wire["metadata"].get("deletionTimestamp"):
            return
        service = view(wire, Service)
        pods = self._client.store.views(Pod, namespace, spec["selector"])
        mine = {SERVICE_NAME: name, MANAGED_BY: CONTROLLER}
        existing = self._client.store.list("EndpointSlice", namespace, mine)
        nodes = {}
        for node_name in dict.fromkeys(pod.spec.nodeName for pod in pods if pod.spec.nodeName):
            node = self._client.store.view(Node, node_name)
            if node is not None:
                nodes[node_name] = node
        plan = plan_slices(service, pods, existing, nodes)
        create, update, _ = reconcile_hints(service.spec.trafficDistribution, plan.create, plan.update, plan.unchanged)
        trigger = self._triggers.trigger(service, pods)
        for piece in create:
            self._client.create(_tidy(stamped(piece, trigger)))
        for piece in update:
            self._client.update(_tidy(stamped(piece, trigger)))
        for piece in plan.delete:
            self._client.delete(piece)


def _tidy(piece: Wire) -> Wire:
    """Empty lists are null in a slice that the controller writes, as Go encodes them."""
    return {**piece, "endpoints": piece.get("endpoints") or None, "ports": piece.get("ports") or None}
