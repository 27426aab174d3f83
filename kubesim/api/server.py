"""The API server: every verb, for every kind.

A write passes the same stations for every kind::

    decode ─► defaults ─► admission ─► allocate ─► prepare ─► validate ─► store ─► watchers
                                        └──────── undone where a later station refuses ────┘

Any refusal is an :class:`~kubesim.api.errors.ApiError` and leaves no trace. Upstream:
``k8s.io/apiserver/pkg/registry/generic/registry/store.go`` and ``.../registry/rest``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from types import MappingProxyType


from kubesim.api import lookup
from kubesim.api.admission import admit_create, admit_delete
from kubesim.api.allocators import AddressAllocator, PortAllocator
from kubesim.api.decoding import FieldValidation, decode
from kubesim.api.defaults import apply_defaults
from kubesim.api.deletion import Propagation, mark_for_deletion, propagation_finalizers, removable
from kubesim.api.errors import ApiError, already_exists, bad_request, conflict, not_found, refusal
from kubesim.api.fields import invalid, invalid_value
from kubesim.api.metadata import clear_system_fields, generate_name, keep_system_fields, new_uid
from kubesim.api.objects import Wire, copy_of
from kubesim.api.patch import PatchKind, apply_patch
from kubesim.api.printers import table_for
from kubesim.api.resources import ResourceType
from kubesim.api.selectors import parse_field_selector, parse_label_selector
from kubesim.api.store import Store
from kubesim.api.strategies import Strategy, strategies
from kubesim.api.tables import Table
from kubesim.api.validation import validate
from kubesim.api.warnings import warnings_for
from kubesim.simulation import Simulation

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How a cluster's API server was started.

    :param service_cidr: the range of cluster addresses; several, separated by commas, for a dual-stack cluster.
    :param node_port_range: the first and the last node port.
    :param address_pins: ``namespace/name`` → the cluster address a Service of that name gets when it is first created.
    """

    service_cidr: str = "10.43.0.0/16"
    node_port_range: tuple[int, int] = (30000, 32767)
    address_pins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Response:
    """What a request that succeeded left: the object, and what the server warns of."""

    object: Wire
    warnings: tuple[str, ...] = ()


class ApiServer:
    """The API of one cluster."""

    def __init__(self, simulation: Simulation, store: Store, settings: ApiSettings | None = None) -> None:
        self.simulation = simulation
        self.store = store
        self.settings = settings or ApiSettings()
        random = simulation.random("service/addresses")
        allocators = [
            AddressAllocator(cidr.strip(), random, self.settings.address_pins)
            for cidr in self.settings.service_cidr.split(",")
        ]
        self.addresses = {allocator.family: allocator for allocator in allocators}
        self.node_ports = PortAllocator(self.settings.node_port_range, simulation.random("service/node-ports"))
        self._strategies = strategies(simulation, store, self.addresses, self.node_ports)
        self._default_strategy = Strategy()

    # --- reading -----------------------------------------------------------------------------------------------

    def resource_type(self, name_as_typed: str) -> ResourceType:
        """The resource a person means: ``svc``, ``services``, ``Deployment.apps``…

        :raises ApiError: 404 if there is none.
        """
        found = lookup.resource_type(name_as_typed)
        if found is None:
            raise ApiError(404, "NotFound", f'the server doesn\'t have a resource type "{name_as_typed}"')
        return found

    def get(self, resource: ResourceType, name: str, namespace: str = "default") -> Wire:
        """One object.

        :raises ApiError: 404.
        """
        found = self.store.get(resource.kind, name, namespace if resource.namespaced else "")
        if found is None:
            raise not_found(resource.plural, name, resource.group)
        return found

    def list(
        self,
        resource: ResourceType,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> list[Wire]:
        """The objects of a kind, ordered by namespace and name.

        :param namespace: only this one; None for all.
        :raises ApiError: 400 for a selector that cannot be understood.
        """
        try:
            selector = parse_label_selector(label_selector) if label_selector else None
        except ValueError as error:
            raise bad_request(f"unable to parse requirement: {error}") from None
        found = self.store.list(resource.kind, namespace if resource.namespaced else None, selector)
        if not field_selector:
            return found
        try:
            fields = parse_field_selector(field_selector)
        except ValueError as error:
            raise bad_request(str(error)) from None
        for requirement in fields.requirements:
            if requirement.field not in lookup.selectable(resource):
                version = f"/{resource.version}" if not resource.group else resource.api_version
                raise bad_request(
                    f'Unable to find "{version}, Resource={resource.plural}" that match label selector '
                    f'"{label_selector}", field selector "{field_selector}": '
                    f"field label not supported: {requirement.field}"
                )
        return [wire for wire in found if fields.matches(lookup.selectable_fields(wire))]

    def table(self, resource: ResourceType, objects: list[Wire], wide: bool = False) -> Table:
        """The objects as the table that ``kubectl get`` prints."""
        return table_for(resource, objects, self.simulation.datetime, wide)

    # --- writing -----------------------------------------------------------------------------------------------

    def create(
        self,
        wire: Wire,
        namespace: str = "default",
        dry_run: bool = False,
        field_validation: FieldValidation = "Strict",
    ) -> Response:
        """Create an object.

        :param namespace: the namespace of the request's address; the object may name the same one or none.
        """
        request = decode(wire, field_validation)
        return self._create(request.resource, request.object, namespace, dry_run, request.warnings)

    def _create(
        self, resource: ResourceType, new: Wire, namespace: str, dry_run: bool, warnings: tuple[str, ...]
    ) -> Response:
        metadata = new["metadata"]
        self._settle_namespace(resource, metadata, namespace)
        if metadata.get("resourceVersion"):
            raise refusal(400, "BadRequest", "resourceVersion should not be set on objects to be created")
        clear_system_fields(metadata)
        new = apply_defaults(new)
        metadata = new["metadata"]
        random = self.simulation.random("names/dry-run" if dry_run else f"names/{resource.kind}")
        admit_create(new, resource, self.store, random)
        metadata["uid"] = new_uid(self.simulation.random("uids/dry-run" if dry_run else "uids"))
        metadata["creationTimestamp"] = self.simulation.timestamp()
        if metadata.get("generateName") and not metadata.get("name"):
            metadata["name"] = self._unused_name(resource, metadata, random)
        strategy = self._strategy(resource)
        transaction = strategy.begin_create(new, dry_run)
        try:
            strategy.prepare_create(new)
            self._validate(resource, new, None)
            if self.store.get(resource.kind, metadata["name"], metadata.get("namespace", "")) is not None:
                raise already_exists(resource.plural, metadata["name"], resource.group)
        except ApiError:
            transaction.revert()
            raise
        warnings += tuple(warnings_for(resource.kind, new))
        if dry_run:
            transaction.revert()
            return Response(new, warnings)
        transaction.commit()
        return Response(self.store.put(new), warnings)

    def replace(
        self,
        wire: Wire,
        namespace: str = "default",
        dry_run: bool = False,
        field_validation: FieldValidation = "Strict",
        subresource: str = "",
    ) -> Response:
        """Replace an object; where the kind allows it, create one that is not there.

        :param subresource: ``status`` to replace only the status, ``finalize`` for a Namespace's finalizers.
        """
        request = decode(wire, field_validation)
        resource, new = request.resource, request.object
        self._settle_namespace(resource, new["metadata"], namespace)
        name = new["metadata"].get("name", "")
        old = self.store.get(resource.kind, name, new["metadata"].get("namespace", ""))
        if old is None:
            if subresource or not self._strategy(resource).create_on_update:
                raise not_found(resource.plural, name, resource.group)
            return self._create(resource, new, namespace, dry_run, request.warnings)
        uid = new["metadata"].get("uid")
        if uid and uid != old["metadata"]["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['metadata']['uid']}"
            raise conflict(resource.plural, name, why, resource.group)
        return self._update(resource, new, old, dry_run, request.warnings, subresource)

    def patch(
        self,
        resource: ResourceType,
        name: str,
        namespace: str = "default",
        patch: object = None,
        kind: PatchKind = "strategic",
        subresource: str = "",
        dry_run: bool = False,
        field_validation: FieldValidation = "Warn",
    ) -> Response:
        """Change an object by a patch.

        :param patch: a dict (strategic merge, merge) or a list of operations (JSON patch).
        """
        old = self.get(resource, name, namespace)
        patched, warnings = apply_patch(old, patch, kind, resource, field_validation)
        request = decode(patched, "Ignore", resource)
        metadata = request.object["metadata"]
        if metadata.get("name") != name:
            given = metadata.get("name", "")
            raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")
        self._settle_namespace(resource, metadata, namespace)
        return self._update(resource, request.object, old, dry_run, warnings, subresource)

    def update_status(self, resource: ResourceType, name: str, namespace: str, status: Wire) -> Response:
        """Replace an object's status, as controllers do."""
        old = self.get(resource, name, namespace)
        return self.replace({**old, "status": status}, namespace, subresource="status", field_validation="Ignore")

    def _update(
        self,
        resource: ResourceType,
        new: Wire,
        old: Wire,
        dry_run: bool,
        warnings: tuple[str, ...],
        subresource: str,
    ) -> Response:
        metadata, name = new["metadata"], old["metadata"]["name"]
        version = metadata.get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            if not version.isdigit():
                detail = f"{version} is not a valid resource version"
                raise bad_request(f'resourceVersion: Invalid value: "{version}": {detail}')
            raise conflict(resource.plural, name, MODIFIED, resource.group)
        strategy = self._strategy(resource)
        if not version and not strategy.unconditional_update:
            problem = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(resource.kind, resource.group, name, [problem])
        metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
        new = apply_defaults(new)
        keep_system_fields(new["metadata"], old["metadata"])
        transaction = None
        if subresource == "status":
            strategy.prepare_status_update(new, old)
        elif subresource == "finalize":
            new = {**copy_of(old), "spec": new.get("spec") or {}}
        else:
            transaction = strategy.begin_update(new, old, dry_run)
        try:
            if not subresource:
                strategy.prepare_update(new, old)
            if subresource != "finalize":
                self._validate(resource, new, old)
        except ApiError:
            if transaction is not None:
                transaction.revert()
            raise
        warnings += tuple(warnings_for(resource.kind, new, old))
        if dry_run:
            if transaction is not None:
                transaction.revert()
            return Response(new, warnings)
        if transaction is not None:
            transaction.commit()
        if new == old:
            return Response(old, warnings)
        if old["metadata"].get("deletionTimestamp") and removable(new):
            return Response(self._remove(resource, new), warnings)
        return Response(self.store.put(new), warnings)

    # --- deleting ----------------------------------------------------------------------------------------------

    def delete(
        self,
        resource: ResourceType,
        name: str,
        namespace: str = "default",
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
        dry_run: bool = False,
    ) -> Response:
        """Delete an object: at once, or once its grace period is over and its finalizers are gone.

        :param grace_period_seconds: for Pods; None for what the Pod wants, 0 for at once.
        :param propagation: what becomes of dependents; None for Background.
        """
        admit_delete(resource, name)
        old = self.get(resource, name, namespace)
        grace = self._strategy(resource).grace_period(old, grace_period_seconds)
        new = copy_of(old)
        propagation_finalizers(new["metadata"], propagation)
        waits = mark_for_deletion(new, grace, self._moment(grace or 0))
        if dry_run:
            return Response(new)
        if not waits:
            return Response(self._remove(resource, new))
        return Response(old if new == old else self.store.put(new))

    def finish_deletion(self, resource: ResourceType, name: str, namespace: str = "default") -> Response:
        """End a grace period: the kubelet says that the Pod's containers have stopped."""
        return self.delete(resource, name, namespace, grace_period_seconds=0)

    def _remove(self, resource: ResourceType, last: Wire) -> Wire:
        metadata = last["metadata"]
        self.store.delete(resource.kind, metadata["name"], metadata.get("namespace", ""))
        self._strategy(resource).after_delete(last)
        return last

    # --- parts -------------------------------------------------------------------------------------------------

    def _strategy(self, resource: ResourceType) -> Strategy:
        return self._strategies.get(resource.kind, self._default_strategy)

    def _moment(self, seconds: float) -> str:
        return (self.simulation.datetime + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _validate(self, resource: ResourceType, new: Wire, old: Wire | None) -> None:
        problems = validate(resource.kind, new, old)
        if problems:
            raise invalid(resource.kind, resource.group, new["metadata"].get("name", ""), problems)

    def _settle_namespace(self, resource: ResourceType, metadata: Wire, namespace: str) -> None:
        if not resource.namespaced:
            metadata.pop("namespace", None)
            return
        given = metadata.setdefault("namespace", namespace)
        if given != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")

    def _unused_name(self, resource: ResourceType, metadata: Wire, random: Random) -> str:
        while True:
            name = generate_name(metadata["generateName"], random)
            if self.store.get(resource.kind, name, metadata.get("namespace", "")) is None:
                return name
