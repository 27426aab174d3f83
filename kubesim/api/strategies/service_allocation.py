"""Allocating what a Service needs: cluster addresses, node ports, a health check's node port.

All of it happens before validation and is undone if the request is refused after all. Upstream:
``pkg/registry/core/service/storage/alloc.go``.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from kubesim.api.allocators import AllocationError, DryRunPorts, PortAllocator
from kubesim.api.cluster_addresses import ClusterAddresses
from kubesim.api.errors import ApiError, refusal
from kubesim.api.fields import invalid_value
from kubesim.api.objects import Wire
from kubesim.api.strategies.base import Transaction
from kubesim.api.strategies.service_families import HEADLESS, keeps_preferred_families, refuse, settle_families

Ports = PortAllocator | DryRunPorts


def uses_node_ports(spec: Wire) -> bool:
    """Whether a Service of this type has node ports."""
    return spec["type"] in ("NodePort", "LoadBalancer")


def needs_health_check_port(spec: Wire) -> bool:
    """Whether load balancers must be told which nodes have endpoints."""
    return spec["type"] == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def node_ports(spec: Wire) -> list[int]:
    """The node ports of a Service."""
    return [port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort")]


def internal_error(message: str) -> ApiError:
    """A refusal that is nobody's fault (500)."""
    return refusal(500, "InternalError", f"Internal error occurred: {message}", causes=[{"message": message}])


class ServiceAllocation:
    """The allocators behind Services.

    :param dry_run_random: chooses in dry runs, so that they do not shift later choices.
    """

    def __init__(self, addresses: ClusterAddresses, ports: PortAllocator, dry_run_random: Random) -> None:
        self._addresses = addresses
        self._ports = ports
        self._dry_run_random = dry_run_random

    def create(self, new: Wire, dry_run: bool) -> Transaction:
        """Allocate for a new Service."""
        transaction, ports = Transaction(), self._node_ports(dry_run)
        try:
            settle_families(new, None, self._addresses.families)
            self._allocate_addresses(new, transaction, dry_run)
            if uses_node_ports(new["spec"]):
                self._allocate_node_ports(new, transaction, ports)
            if needs_health_check_port(new["spec"]):
                self._allocate_health_check_port(new["spec"], transaction, ports)
        except ApiError:
            transaction.revert()
            raise
        return transaction

    def update(self, new: Wire, old: Wire, dry_run: bool) -> Transaction:
        """Allocate and release for a changed Service."""
        transaction, ports = Transaction(), self._node_ports(dry_run)
        try:
            settle_families(new, old, self._addresses.families)
            self._update_addresses(new, old, transaction, dry_run)
            self._update_node_ports(new, old["spec"], transaction, ports)
            needed, needs = needs_health_check_port(old["spec"]), needs_health_check_port(new["spec"])
            if needs and not needed:
                self._allocate_health_check_port(new["spec"], transaction, ports)
            elif needed and not needs:
                transaction.on_commit.append(self._releasing_port(old["spec"].get("healthCheckNodePort", 0)))
        except ApiError:
            transaction.revert()
            raise
        return transaction

    def release(self, old: Wire) -> None:
        """Give back everything a deleted Service had."""
        spec = old["spec"]
        if spec["type"] != "ExternalName":
            for address in spec.get("clusterIPs") or []:
                if address != HEADLESS:
                    self._addresses.give_back(address, *_service(old))
        for port in node_ports(spec):
            self._ports.release(port)
        if needs_health_check_port(spec) and spec.get("healthCheckNodePort"):
            self._ports.release(spec["healthCheckNodePort"])

    # --- addresses ---------------------------------------------------------------------------------------------

    def _allocate_addresses(self, new: Wire, transaction: Transaction, dry_run: bool) -> None:
        spec = new["spec"]
        given = list(spec.get("clusterIPs") or [])
        if spec["type"] == "ExternalName" or given[:1] == [HEADLESS]:
            return
        families = spec.get("ipFamilies") or []
        given += [""] * (len(families) - len(given))
        spec["clusterIPs"] = given
        for index, family in enumerate(families):
            given[index] = self._allocate_address(new, family, given[index], transaction, dry_run)
            if index == 0:
                spec["clusterIP"] = given[0]

    def _allocate_address(self, new: Wire, family: str, wanted: str, transaction: Transaction, dry_run: bool) -> str:
        namespace, name = _service(new)
        try:
            if wanted:
                self._addresses.take(wanted)
                address = wanted
            else:
                random = self._dry_run_random if dry_run else None
                address = self._addresses.choose(family, f"{namespace}/{name}", random, keep_pin=dry_run)
        except AllocationError as error:
            detail = f"failed to allocate IP{f' {wanted}' if wanted else ''}: {error}"
            refuse(new, [invalid_value("spec.clusterIPs", new["spec"]["clusterIPs"], detail)])
        transaction.on_revert.append(lambda: self._addresses.release(address))
        transaction.on_commit.append(lambda: self._addresses.record(address, namespace, name))
        if not name:  # the IPAddress object that stands for the address names its Service
            problem = f'IPAddress.networking.k8s.io "{address}" is invalid: spec.parentRef.name: Required value'
            detail = f"failed to allocate IP{f' {wanted}' if wanted else ''}: {problem}"
            refuse(new, [invalid_value("spec.clusterIPs", new["spec"]["clusterIPs"], detail)])
        return address

    def _update_addresses(self, new: Wire, old: Wire, transaction: Transaction, dry_run: bool) -> None:
        spec, before = new["spec"], old["spec"]
        if keeps_preferred_families(spec, before):
            return
        was_external, is_external = before["type"] == "ExternalName", spec["type"] == "ExternalName"
        if was_external and not is_external:
            self._allocate_addresses(new, transaction, dry_run)
            return
        old_addresses = before.get("clusterIPs") or []
        if old_addresses[:1] == [HEADLESS]:
            return
        if is_external and not was_external:
            for address in old_addresses:
                transaction.on_commit.append(self._giving_back(address, old))
            return
        families, old_families = spec.get("ipFamilies") or [], before.get("ipFamilies") or []
        if len(old_families) == 1 and len(families) == 2:
            addresses = list(spec.get("clusterIPs") or [])
            addresses += [""] * (2 - len(addresses))
            spec["clusterIPs"] = addresses
            addresses[1] = self._allocate_address(new, families[1], addresses[1], transaction, dry_run)
        elif len(old_families) == 2 and len(families) == 1:
            transaction.on_commit.append(self._giving_back(old_addresses[1], old))

    def _giving_back(self, address: str, old: Wire) -> Callable[[], None]:
        return lambda: self._addresses.give_back(address, *_service(old))

    # --- node ports --------------------------------------------------------------------------------------------

    def _node_ports(self, dry_run: bool) -> Ports:
        """The allocator of a request."""
        return DryRunPorts(self._ports) if dry_run else self._ports

    def _take_port(self, port: int, transaction: Transaction, ports: Ports) -> None:
        ports.allocate(port)
        transaction.on_revert.append(lambda: ports.release(port))

    def _choose_port(self, transaction: Transaction, ports: Ports) -> int:
        port = ports.allocate_next()
        transaction.on_revert.append(lambda: ports.release(port))
        return port

    def _releasing_port(self, port: int) -> Callable[[], None]:
        return lambda: self._ports.release(port)

    def _choose_node_port(self, transaction: Transaction, ports: Ports) -> int:
        try:
            return self._choose_port(transaction, ports)
        except AllocationError as error:
            raise internal_error(f"failed to allocate a nodePort: {error}") from None

    def _take_node_port(self, new: Wire, index: int, port: int, transaction: Transaction, ports: Ports) -> None:
        try:
            self._take_port(port, transaction, ports)
        except AllocationError as error:
            refuse(new, [invalid_value(f"spec.ports[{index}].nodePort", port, str(error))])

    def _allocate_node_ports(self, new: Wire, transaction: Transaction, ports: Ports) -> None:
        """One node port for each port number: TCP and UDP of the same number share it."""
        spec = new["spec"]
        entries = spec.get("ports") or []
        chosen: dict[int, int] = {}
        for index, port in enumerate(entries):
            wanted = port.get("nodePort", 0)
            if not wanted and not _allocates_node_ports(spec):
                continue
            number = port.get("port", 0)
            if not chosen.get(number):
                requested = next(
                    (p["nodePort"] for p in entries if p.get("port", 0) == number and p.get("nodePort")), 0
                )
                if requested:
                    self._take_node_port(new, index, requested, transaction, ports)
                chosen[number] = requested or self._choose_node_port(transaction, ports)
                port["nodePort"] = chosen[number]
            elif wanted != chosen[number]:
                if wanted:
                    self._take_node_port(new, index, wanted, transaction, ports)
                else:
                    port["nodePort"] = chosen[number]

    def _update_node_ports(self, new: Wire, before: Wire, transaction: Transaction, ports: Ports) -> None:
        spec = new["spec"]
        old_ports = node_ports(before) if uses_node_ports(before) else []
        if not uses_node_ports(spec):
            for number in old_ports:
                transaction.on_commit.append(self._releasing_port(number))
            return
        taken: set[int] = set()
        seen: set[tuple[str, int]] = set()
        for index, port in enumerate(spec.get("ports") or []):
            wanted = port.get("nodePort", 0)
            if not wanted and not _allocates_node_ports(spec):
                continue
            if wanted and wanted not in old_ports and wanted not in taken:
                self._take_node_port(new, index, wanted, transaction, ports)
                taken.add(wanted)
            elif not wanted:
                wanted = port["nodePort"] = self._choose_node_port(transaction, ports)
            key = (port.get("protocol", ""), wanted)
            if key in seen:
                raise internal_error(f"duplicate nodePort: {{{key[0]} {key[1]}}}")
            seen.add(key)
        kept = set(node_ports(spec))
        for number in old_ports:
            if number not in kept:
                transaction.on_commit.append(self._releasing_port(number))

    def _allocate_health_check_port(self, spec: Wire, transaction: Transaction, ports: Ports) -> None:
        wanted = spec.get("healthCheckNodePort", 0)
        try:
            if wanted:
                self._take_port(wanted, transaction, ports)
            else:
                spec["healthCheckNodePort"] = self._choose_port(transaction, ports)
        except AllocationError as error:
            if wanted:
                message = f"failed to allocate requested HealthCheck NodePort {wanted}: {error}"
            else:
                message = f"failed to allocate a HealthCheck NodePort 0: {error}"
            raise internal_error(message) from None


def _allocates_node_ports(spec: Wire) -> bool:
    return spec["type"] == "NodePort" or bool(spec.get("allocateLoadBalancerNodePorts", True))


def _service(wire: Wire) -> tuple[str, str]:
    """The (namespace, name) of a Service; the name is empty where none was given."""
    return wire["metadata"].get("namespace", ""), wire["metadata"].get("name", "")
