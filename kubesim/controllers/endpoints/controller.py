"""The endpoints controller: keeps each selecting Service's EndpointSlices and Endpoints in step with its Pods.

Upstream these are two controllers that ask the same of the same Pods; here one reconcile yields both. Services without
a selector are left alone: their slices are somebody's own. ExternalName Services have none.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.objects import Service, Wire
from kubesim.api.store import Change, Key
from kubesim.controllers.client import Client
from kubesim.controllers.endpoints.hints import (
    ZONE_LABEL,
    Hinted,
    cpu_shares,
    distribution_hints,
    hints_enabled,
    is_overloaded,
    zone_hints,
)
from kubesim.controllers.endpoints.legacy import endpoints_object
from kubesim.controllers.endpoints.pods import EndpointPod, PodsByService
from kubesim.controllers.endpoints.slices import CONTROLLER, MANAGED_BY, SERVICE_NAME, Plan, plan_slices
from kubesim.controllers.endpoints.triggers import TriggerTimes, stamped
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder

SOURCE = "endpoint-slice-controller"
"""Who says the events about hints."""


class EndpointsController:
    """Reconciles one Service's endpoints at a time."""

    name = "endpoints-controller"
    kinds = ("Service", "Pod", "EndpointSlice", "Endpoints", "Node")

    def __init__(self, client: Client, events: EventRecorder) -> None:
        self._client = client
        self._events = events
        self._index = PodsByService()
        self._triggers = TriggerTimes()
        self._zones: dict[str, str] = {}
        self._shares: dict[str, float] | None = None
        """The zones' shares of CPU; None until somebody asks after a node has changed."""
        self._hinted: dict[Key, dict[str, int]] = {}
        """For Services with hints by CPU shares: how many endpoints take each zone's traffic."""
        self._writing: Key | None = None

    # --- what a change concerns ------------------------------------------------------------------------------------

    def keys(self, change: Change) -> Iterable[Hashable]:
        """A Service itself, those of a Pod, that of a slice that somebody changed, or of what somebody deleted."""
        if change.kind == "Pod":
            return self._index.note_pod(change)
        if change.kind == "Service":
            selector, store = change.object["spec"].get("selector") or {}, self._client.store
            self._index.note_service(change, lambda: store.list("Pod", change.key[0], selector))
            return (change.key,)
        if change.kind == "Node":
            return self._of_node(change)
        if change.kind == "Endpoints":
            return () if change.new is not None else (change.key,)
        if change.old is None:
            return ()
        labels = change.object["metadata"].get("labels") or {}
        key = change.key[0], labels.get(SERVICE_NAME)
        foreign = labels.get(MANAGED_BY) == CONTROLLER and key[1] and key != self._writing
        return (key,) if foreign else ()

    def _of_node(self, change: Change) -> Iterable[Hashable]:
        """A node that came, went or changed its zone concerns its Pods' Services; its CPUs, those with such hints."""
        name, before = change.object["metadata"]["name"], self._shares
        self._shares = None
        concerned: dict[Hashable, None] = {}
        if before is not None and self._hinted:
            shares = self._cpu_shares()
            if shares != before:
                concerned = dict.fromkeys(key for key, zones in self._hinted.items() if is_overloaded(zones, shares))
        zone = None
        if change.new is not None:
            zone = (change.new["metadata"].get("labels") or {}).get(ZONE_LABEL, "")
        if zone == self._zones.get(name):
            return concerned
        if zone is None:
            del self._zones[name]
        else:
            self._zones[name] = zone
        for pod in self._client.store.on_node(name):
            concerned |= dict.fromkeys(self._index.services_of(EndpointPod.of(pod)))
        return concerned

    # --- the reconcile ---------------------------------------------------------------------------------------------

    def reconcile(self, key: Hashable) -> None:
        """Bring one Service's slices and Endpoints up to date; the Endpoints of a deleted Service go with it."""
        assert isinstance(key, tuple)
        namespace, name = key
        service = self._client.store.view(Service, name, namespace)
        current = self._client.get("Endpoints", namespace, name)
        if service is None:
            self._triggers.forget(key)
            self._hinted.pop(key, None)
            if current is not None:
                self._client.delete(current)
            return
        if service.spec.type == "ExternalName" or not service.spec.selector:
            return
        pods = self._index.pods_of(key)
        trigger = self._triggers.trigger(service, pods)
        if service.metadata.deletionTimestamp is None:
            self._writing = key
            try:
                self._write_slices(key, service, pods, trigger)
            finally:
                self._writing = None
        self._write_endpoints(service, pods, current, trigger)

    def _write_slices(self, key: Key, service: Service, pods: Sequence[EndpointPod], trigger: str) -> None:
        slices = self._client.store.list("EndpointSlice", key[0], {SERVICE_NAME: key[1]})
        existing = [piece for piece in slices if piece["metadata"]["labels"].get(MANAGED_BY) == CONTROLLER]
        plan = plan_slices(service, pods, existing, self._zones)
        hinted = self._with_hints(key, service, plan)
        for piece in hinted.create:
            self._client.create(_tidy(stamped(piece, trigger)))
        for piece in hinted.update:
            self._client.update(_tidy(stamped(piece, trigger)))
        for piece in plan.delete:
            self._client.delete(piece)

    def _write_endpoints(
        self, service: Service, pods: Sequence[EndpointPod], current: Wire | None, trigger: str
    ) -> None:
        wanted = endpoints_object(service, pods, current)
        if wanted is None:
            return
        wanted = stamped(wanted, trigger)
        if current is None:
            self._client.create({**wanted, "metadata": {**wanted["metadata"], "namespace": service.metadata.namespace}})
        else:
            self._client.update(wanted)

    # --- hints -----------------------------------------------------------------------------------------------------

    def _with_hints(self, key: Key, service: Service, plan: Plan) -> Hinted:
        """The Service's slices with hints; that it has them now, or has them no more, is an event."""
        slices = plan.create, plan.update, plan.unchanged
        if not hints_enabled(service.metadata.annotations or {}):
            if self._hinted.pop(key, None):
                self._say_hints(key, WARNING, "Topology Aware Hints has been disabled")
            return distribution_hints(service.spec.trafficDistribution, *slices)
        hinted = zone_hints(self._cpu_shares(), *slices)
        if hinted.problem:
            self._hinted.pop(key, None)
            self._say_hints(key, WARNING, hinted.problem)
        else:
            if key not in self._hinted:
                self._say_hints(key, NORMAL, "Topology Aware Hints has been enabled")
            self._hinted[key] = hinted.zones
        return hinted

    def _say_hints(self, key: Key, type: str, message: str) -> None:
        wire = self._client.get("Service", *key)
        if wire is not None:
            reason = "TopologyAwareHintsEnabled" if type == NORMAL else "TopologyAwareHintsDisabled"
            self._events.record(wire, type, reason, f"{message}, addressType: IPv4", component=SOURCE)

    def _cpu_shares(self) -> dict[str, float]:
        if self._shares is None:
            self._shares = cpu_shares(self._client.store.list("Node"))
        return self._shares


def _tidy(piece: Wire) -> Wire:
    """Empty lists are null in a slice that the controller writes, as Go encodes them."""
    return {**piece, "endpoints": piece.get("endpoints") or None, "ports": piece.get("ports") or None}
