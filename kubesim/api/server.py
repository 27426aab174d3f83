"""The API server: every verb, for every kind.

A write is understood here and carried out by the :class:`~kubesim.api.registry.Registry`::

    decode ─► patch ─► defaults ─► admission ─► registry

Any refusal is an :class:`~kubesim.api.errors.ApiError` and leaves no trace. Upstream:
``k8s.io/apiserver/pkg/endpoints/handlers``.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from kubesim.api.admission import admit_create, admit_delete, admit_update
from kubesim.api.allocators import AddressAllocator, PortAllocator
from kubesim.api.cluster_addresses import ClusterAddresses
from kubesim.api.decoding import FieldValidation, decode
from kubesim.api.defaults import fill_in_defaults
from kubesim.api.deletion import Propagation
from kubesim.api.errors import ApiError, bad_request, conflict, not_found, unknown_resource
from kubesim.api.eviction import DISRUPTION_TARGET, budget_for, taken_from
from kubesim.api.field_selectors import parse_field_selector, selectable, selectable_fields
from kubesim.api.fields import invalid, not_supported, required
from kubesim.api.managed_fields.history import Author, Given, Signature, Write
from kubesim.api.managed_fields.managers import encode, owners_asked_for
from kubesim.api.managed_fields.server_side import applied
from kubesim.api.metadata import clear_system_fields
from kubesim.api.objects import Wire
from kubesim.api.patch import PatchKind, apply_patch
from kubesim.api.registry import Registry, Response
from kubesim.api.resources import BY_KIND, ResourceType, resource_type
from kubesim.api.selectors import parse_label_selector
from kubesim.api.store import Store
from kubesim.api.strategies import strategies
from kubesim.api.tables import Table
from kubesim.api.templates import TemplateCache
from kubesim.doors import Gate, door
from kubesim.simulation import Simulation

SOMEBODY = "kubesim"
"""The field manager of a write that does not say whose it is: the name of the program."""

__all__ = ["ApiServer", "ApiSettings", "FieldValidation", "PatchKind", "Propagation", "Response"]


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


class ApiServer:
    """The API of one cluster: the people's door.

    :param strict: prove of each write of the controllers' door that it is what this door would have made of it.
    """

    caller = "server"

    def __init__(
        self, simulation: Simulation, store: Store, settings: ApiSettings | None = None, *, strict: bool = False
    ) -> None:
        self.simulation = simulation
        self.store = store
        self.settings = settings or ApiSettings()
        random = simulation.random("service/addresses")
        allocators = [
            AddressAllocator(cidr.strip(), random, self.settings.address_pins)
            for cidr in self.settings.service_cidr.split(",")
        ]
        self.addresses = ClusterAddresses(simulation, store, allocators, random)
        self.node_ports = PortAllocator(self.settings.node_port_range, simulation.random("service/node-ports"))
        self.templates = TemplateCache()
        kinds = strategies(simulation, store, self.addresses, self.node_ports)
        self.registry = Registry(simulation, store, kinds, strict=strict)
        self.addresses.kept_by(self.registry)

    @property
    def gate(self) -> Gate:
        """The gate that the writing verbs lead through."""
        return self.simulation.gate

    # --- reading -----------------------------------------------------------------------------------------------

    def resource_type(self, name_as_typed: str) -> ResourceType:
        """The resource a person means: ``svc``, ``services``, ``Deployment.apps``…

        :raises ApiError: 404 if there is none.
        """
        found = resource_type(name_as_typed)
        if found is None:
            raise ApiError(404, "NotFound", f'the server doesn\'t have a resource type "{name_as_typed}"')
        return found

    def get(self, resource: ResourceType, name: str, namespace: str = "default") -> Wire:
        """One object.

        :raises ApiError: 404.
        """
        found = self.find(resource, name, namespace)
        if found is None:
            raise not_found(resource.plural, name, resource.group)
        return found

    def find(self, resource: ResourceType, name: str, namespace: str = "default") -> Wire | None:
        """One object, or None.

        :raises ApiError: 404 for a resource that is not served.
        """
        if not resource.version:
            raise unknown_resource()
        return self.store.get(resource.kind, name, namespace if resource.namespaced else "")

    def list(
        self,
        resource: ResourceType,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> builtins.list[Wire]:
        """The objects of a kind, ordered by namespace and name.

        :param namespace: only this one; None for all.
        :raises ApiError: 400 for a selector that cannot be understood.
        """
        try:
            selector = parse_label_selector(label_selector) if label_selector else None
        except ValueError as error:
            raise bad_request(str(error)) from None
        found = self.store.list(resource.kind, namespace if resource.namespaced else None, selector)
        if not field_selector:
            return found
        try:
            fields = parse_field_selector(field_selector)
        except ValueError as error:
            raise bad_request(str(error)) from None
        for requirement in fields.requirements:
            if requirement.field not in selectable(resource):
                version = f"/{resource.version}" if not resource.group else resource.api_version
                raise bad_request(
                    f'Unable to find "{version}, Resource={resource.plural}" that match label selector '
                    f'"{label_selector}", field selector "{field_selector}": '
                    f"field label not supported: {requirement.field}"
                )
        return [wire for wire in found if fields.matches(selectable_fields(wire))]

    def table(self, resource: ResourceType, objects: builtins.list[Wire], wide: bool = False) -> Table:
        """The objects as the table that ``kubectl get`` prints."""
        from kubesim.api.printers import table_for  # only when somebody looks

        return table_for(resource, objects, self.simulation.datetime, wide)

    def with_managed_fields(self, wire: Wire, draft: Write | None = None) -> Wire:
        """An object with ``metadata.managedFields``, which are worked out only here: what is stored has none.

        :param wire: a stored object, or one that a write answered.
        :param draft: the write that a dry run would have been.
        """
        history = self.registry.history
        entries = encode(history.of(wire) if draft is None else history.owners(draft))
        return {**wire, "metadata": {**wire["metadata"], "managedFields": entries}} if entries else wire

    # --- writing -----------------------------------------------------------------------------------------------

    @door
    def create(
        self,
        wire: Wire,
        namespace: str = "default",
        dry_run: bool = False,
        field_validation: FieldValidation = "Strict",
        field_manager: str = SOMEBODY,
    ) -> Response:
        """Create an object.

        :param namespace: the namespace of the request's address; the object may name the same one or none.
        :param field_manager: whose the fields are.
        """
        request = decode(wire, field_validation)
        with _warned(request.warnings):
            return self._create(request.resource, request.object, namespace, dry_run, request.warnings, field_manager)

    def _create(
        self,
        resource: ResourceType,
        new: Wire,
        namespace: str,
        dry_run: bool,
        warnings: tuple[str, ...],
        field_manager: str = "",
        signature: Signature | None = None,
    ) -> Response:
        """Store a new object.

        :param signature: who makes it, where that is known already.
        """
        metadata = new["metadata"]
        _settle_namespace(resource, metadata, namespace)
        clear_system_fields(metadata)
        is_pod = resource.kind == "Pod"
        if not is_pod:  # a Pod's come with its template
            fill_in_defaults(new)
        if signature is None:
            signature = Signature(Author(field_manager), Given.shared(new) if is_pod else Given.packed(new))
        template = admit_create(new, resource, self.store, self.registry.random(resource, dry_run), self.templates)
        response = self.registry.create(resource, new, dry_run, template, signature=signature)
        return _answer(response, warnings)

    @door
    def replace(
        self,
        wire: Wire,
        namespace: str = "default",
        dry_run: bool = False,
        field_validation: FieldValidation = "Strict",
        subresource: str = "",
        field_manager: str = SOMEBODY,
    ) -> Response:
        """Replace an object; where the kind allows it, create one that is not there.

        :param subresource: ``status`` to replace only the status, ``finalize`` for a Namespace's finalizers.
        :param field_manager: whose the fields are that change.
        """
        request = decode(wire, field_validation)
        resource, new = request.resource, request.object
        with _warned(request.warnings):
            _settle_namespace(resource, new["metadata"], namespace)
            name = new["metadata"].get("name", "")
            old = self.store.get(resource.kind, name, new["metadata"].get("namespace", ""))
            if old is None:
                if subresource or not self.registry.strategy(resource).create_on_update:
                    raise not_found(resource.plural, name, resource.group)
                return self._create(resource, new, namespace, dry_run, request.warnings, field_manager)
            self.registry.demand_same_object(resource, new, old)
            claimed = (wire.get("metadata") or {}).get("managedFields")
            author = Author(field_manager, subresource)
            return self._update(resource, new, old, dry_run, request.warnings, author, claimed)

    @door
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
        field_manager: str = SOMEBODY,
    ) -> Response:
        """Change an object by a patch.

        :param patch: a dict (strategic merge, merge) or a list of operations (JSON patch).
        :param subresource: ``status`` to change only the status, ``scale`` for the replicas.
        :param field_manager: whose the fields are that change.
        """
        old = self.get(resource, name, namespace)
        base = self.with_managed_fields(old) if kind == "json" and "managedFields" in str(patch) else old
        patched, warnings = apply_patch(base, patch, kind, resource, field_validation, self.with_managed_fields)
        with _warned(warnings):
            request = decode(patched, "Ignore", resource)
            metadata = request.object["metadata"]
            _demand_name(metadata, name)
            _settle_namespace(resource, metadata, namespace)
            claimed, author = patched["metadata"].get("managedFields"), Author(field_manager, subresource)
            return self._update(resource, request.object, old, dry_run, warnings, author, claimed)

    @door
    def apply(
        self,
        resource: ResourceType,
        name: str,
        configuration: Wire,
        namespace: str = "default",
        field_manager: str = "",
        force: bool = False,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Response:
        """Server-side apply: make an object have what a configuration says, and nothing of what it said before.

        :param configuration: all that the manager wants of the object, and nothing that it does not.
        :param force: take fields that others own.
        :raises ApiError: 409 where others own what would change, 500 for what does not fit the schema.
        """
        old = self.find(resource, name, namespace)
        time = self.simulation.timestamp()
        history = self.registry.history
        managed = {} if old is None else history.of(old)
        ignored = self.registry.strategy(resource).left_alone(subresource)
        merged, owned = applied(
            resource, old, managed, configuration, field_manager, subresource, time, ignored, force=force
        )
        request = decode(merged, "Ignore", resource)
        new, signature = request.object, Signature(owned=owned)
        new["metadata"].setdefault("name", name)
        _demand_name(new["metadata"], name)
        if old is None:
            return self._create(resource, new, namespace, dry_run, (), signature=signature)
        _settle_namespace(resource, new["metadata"], namespace)
        fill_in_defaults(new)
        return self._change(resource, new, old, dry_run, (), subresource, signature)

    def _update(
        self,
        resource: ResourceType,
        new: Wire,
        old: Wire,
        dry_run: bool,
        warnings: tuple[str, ...],
        author: Author,
        claimed: object = None,
    ) -> Response:
        """Store a changed object.

        :param claimed: the ``managedFields`` of the request, if it has any.
        """
        fill_in_defaults(new)
        new["metadata"].pop("managedFields", None)
        signature = Signature(author, Given.packed(new))
        if claimed is not None and not author.subresource:
            history = self.registry.history
            before = Write(old, owned=owners_asked_for(claimed, history.of(old)))
            draft = history.draft(new, before, signature, self.simulation.timestamp())
            signature = Signature(owned=history.owners(draft))
        return self._change(resource, new, old, dry_run, warnings, author.subresource, signature)

    def _change(
        self,
        resource: ResourceType,
        new: Wire,
        old: Wire,
        dry_run: bool,
        warnings: tuple[str, ...],
        subresource: str,
        signature: Signature,
    ) -> Response:
        part = "" if subresource == "scale" else subresource  # which changes a field of the object itself
        if not part:
            admit_update(new, old)
        response = self.registry.update(resource, new, old, dry_run, part, signature=signature)
        return _answer(response, warnings)

    # --- deleting ----------------------------------------------------------------------------------------------

    @door
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
        return self.registry.delete(resource, old, grace_period_seconds, propagation, dry_run)

    @door
    def evict(
        self, name: str, namespace: str = "default", grace_period_seconds: int | None = None, dry_run: bool = False
    ) -> Response:
        """Delete a Pod, as its disruption budget allows.

        :raises ApiError: 404 where it is not there, 429 where the budget allows no more.
        """
        pods, budgets = BY_KIND["Pod"], BY_KIND["PodDisruptionBudget"]
        pod = self.get(pods, name, namespace)
        budget = budget_for(pod, self.store.list(budgets.kind, namespace))
        now = self.simulation.timestamp()
        if budget is not None:
            status = taken_from(budget, pod, now)
            if not dry_run:
                self.registry.update_status(budgets, budget, status)
        if not dry_run and not pod["metadata"].get("deletionTimestamp"):
            known = pod.get("status") or {}
            others = [each for each in known.get("conditions") or () if each["type"] != DISRUPTION_TARGET["type"]]
            target = {**DISRUPTION_TARGET, "lastProbeTime": None, "lastTransitionTime": now}
            self.registry.update_status(pods, pod, {**known, "conditions": [*others, target]})
        return self.delete(pods, name, namespace, grace_period_seconds, dry_run=dry_run)

    @door
    def bind(self, binding: Wire, name: str, namespace: str = "default", dry_run: bool = False) -> None:
        """Give a Pod the node that a ``Binding`` names, as a scheduler does.

        :raises ApiError: 404 where there is no such Pod, 409 where it has a node or goes, 422 for another target.
        """
        pods, target = BY_KIND["Pod"], binding.get("target")
        target = target if isinstance(target, dict) else {}
        kind, node = str(target.get("kind") or ""), str(target.get("name") or "")
        problems = [not_supported("target.kind", kind, ("Node", "<empty>"))] if kind not in ("", "Node") else []
        if not node:
            problems.append(required("target.name"))
        if problems:
            raise invalid("Binding", "", name, problems)
        pod = self.get(pods, name, namespace)
        taken = pod["spec"].get("nodeName")
        if pod["metadata"].get("deletionTimestamp"):
            raise conflict("pods/binding", name, f"pod {name} is being deleted, cannot be assigned to a host")
        if taken:
            raise conflict("pods/binding", name, f'pod {name} is already assigned to node "{taken}"')
        if dry_run:
            return
        known, now = pod.get("status") or {}, self.simulation.timestamp()
        scheduled = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": now,
        }
        others = [each for each in known.get("conditions") or () if each["type"] != scheduled["type"]]
        status = {**known, "conditions": [*others, scheduled]}
        self.registry.accept(pods, {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status})


def _settle_namespace(resource: ResourceType, metadata: Wire, namespace: str) -> None:
    """Fill in the namespace of the request's address; the object may name no other."""
    if not resource.namespaced:
        metadata.pop("namespace", None)
    elif metadata.setdefault("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def _answer(response: Response, warnings: tuple[str, ...]) -> Response:
    """The registry's response, with what decoding warned of before its warnings."""
    return response._replace(warnings=warnings + response.warnings) if warnings else response


def _demand_name(metadata: Wire, name: str) -> None:
    given = metadata.get("name", "")
    if given != name:
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")


class _warned:  # noqa: N801 - it is read as a word of a with statement
    """Have a refusal carry what decoding warned of."""

    __slots__ = ("_warnings",)

    def __init__(self, warnings: tuple[str, ...]) -> None:
        self._warnings = warnings

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, problem: BaseException | None, where: object) -> None:
        if isinstance(problem, ApiError):
            problem.warnings = self._warnings + problem.warnings
