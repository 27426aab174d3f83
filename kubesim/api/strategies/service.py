"""The strategy of a Service: a union of types, whose fields come and go as the type changes.

A client that resubmits its manifest does not know the address and node ports that the system chose; they are patched
in before anyone looks. A client that changes the type need not clear the fields the new type cannot have, as long as
it did not also change them. Upstream: ``pkg/registry/core/service/{strategy.go,storage/storage.go}``.
"""

from __future__ import annotations

from kubesim.api.defaults import externally_accessible
from kubesim.api.errors import FieldError
from kubesim.api.objects import Service, Wire, view
from kubesim.api.store import Store
from kubesim.api.strategies.base import NOTHING, Strategy, Transaction
from kubesim.api.strategies.service_allocation import (
    ServiceAllocation,
    needs_health_check_port,
    node_ports,
    uses_node_ports,
)
from kubesim.api.validation.service import validate_load_balancer_status


class ServiceStrategy(Strategy):
    """A Service."""

    create_on_update = True

    def __init__(self, allocation: ServiceAllocation, store: Store) -> None:
        self._allocation = allocation
        self._store = store

    def prepare_create(self, new: Wire) -> None:
        """Begin without a load balancer."""
        new["status"] = {"loadBalancer": {}}

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Keep the status, and drop what the new type cannot have."""
        new["status"] = {**(old.get("status") or {"loadBalancer": {}})}
        if new["spec"] is not old["spec"]:
            drop_type_dependent_fields(new, old)

    def validate_status(self, new: Wire, old: Wire) -> list[FieldError]:
        """Only a load balancer has ingress points."""
        service, before = view(new, Service), view(old, Service)
        return validate_load_balancer_status(service.status.loadBalancer, service, before.status.loadBalancer)

    def canonicalize(self, new: Wire) -> None:
        """An ExternalName has no traffic to be kept inside; upstream hides the policy whenever it reads one."""
        if new["spec"]["type"] == "ExternalName":
            new["spec"].pop("internalTrafficPolicy", None)

    def begin_create(self, new: Wire, dry_run: bool) -> Transaction:
        """Allocate addresses and node ports."""
        spec = new["spec"]
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        return self._allocation.create(new, dry_run)

    def begin_update(self, new: Wire, old: Wire, dry_run: bool) -> Transaction:
        """Keep what was allocated, and allocate or release what the change asks for."""
        if new["spec"] is old["spec"]:
            return NOTHING
        patch_allocated_values(new["spec"], old["spec"])
        normalize_cluster_addresses(new["spec"], old["spec"])
        return self._allocation.update(new, old, dry_run)

    def after_delete(self, old: Wire) -> None:
        """Release addresses and ports; the Endpoints of the same name go too."""
        self._allocation.release(old)
        metadata = old["metadata"]
        self._store.delete("Endpoints", metadata["name"], metadata["namespace"])


def patch_allocated_values(new: Wire, old: Wire) -> None:
    """Give a spec that leaves them out the values that were allocated for it."""
    if "ExternalName" not in (new["type"], old["type"]):
        for name in ("clusterIP", "clusterIPs"):
            if not new.get(name) and old.get(name):
                new[name] = old[name]
    if uses_node_ports(old) and uses_node_ports(new):
        kept = set(node_ports(old)) & set(node_ports(new))
        by_name = {port.get("name", ""): port.get("nodePort", 0) for port in old.get("ports") or []}
        for port in new.get("ports") or []:
            known = by_name.get(port.get("name", ""), 0)
            if not port.get("nodePort") and known and known not in kept:
                port["nodePort"] = known
    both_checked = needs_health_check_port(old) and needs_health_check_port(new)
    if both_checked and not new.get("healthCheckNodePort") and old.get("healthCheckNodePort"):
        new["healthCheckNodePort"] = old["healthCheckNodePort"]


def normalize_cluster_addresses(new: Wire, old: Wire) -> None:
    """Let ``clusterIPs`` follow ``clusterIP`` where a client changed only that."""
    before, after = old.get("clusterIP", ""), new.get("clusterIP", "")
    if old.get("clusterIPs") and not new.get("clusterIPs") and before == after:
        new["clusterIPs"] = old["clusterIPs"]
    same_list = (old.get("clusterIPs") or []) == (new.get("clusterIPs") or [])
    if before == after or not same_list:
        return
    if before and not after:
        new.pop("clusterIPs", None)
    else:
        new["clusterIPs"] = [after]


def drop_type_dependent_fields(wire: Wire, before: Wire) -> None:
    """Drop fields that the new type cannot have, unless the client changed them in the same request."""
    new, old = wire["spec"], before["spec"]

    def same(*names: str) -> bool:
        return all((new.get(name) or None) == (old.get(name) or None) for name in names)

    if old["type"] != "ExternalName" and new["type"] == "ExternalName":
        if same("clusterIP", "clusterIPs"):
            new.pop("clusterIP", None)
            new.pop("clusterIPs", None)
        for name in ("ipFamilies", "ipFamilyPolicy"):
            if same(name):
                new.pop(name, None)
    if uses_node_ports(old) and not uses_node_ports(new) and set(node_ports(old)) >= set(node_ports(new)):
        new_ports = new.get("ports") or []
        for port in new_ports:
            port.pop("nodePort", None)
    if needs_health_check_port(old) and not needs_health_check_port(new) and same("healthCheckNodePort"):
        new.pop("healthCheckNodePort", None)
    if old["type"] == "LoadBalancer" and new["type"] != "LoadBalancer":
        allocate = "allocateLoadBalancerNodePorts"
        if new.get(allocate) is not None and new.get(allocate) == old.get(allocate):
            del new[allocate]
        if new.get("loadBalancerClass") == old.get("loadBalancerClass"):
            new.pop("loadBalancerClass", None)
    if externally_accessible(old) and not externally_accessible(new) and same("externalTrafficPolicy"):
        new.pop("externalTrafficPolicy", None)
    if new["type"] != "LoadBalancer":
        wire["status"]["loadBalancer"] = {}
