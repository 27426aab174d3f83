"""Where objects are created, changed and deleted, whichever door the request came through.

The stations that a write passes here are the same for every kind::

    metadata ─► allocate ─► prepare ─► validate ─► Store.commit ─► watchers
                   └──── undone where a later station refuses ────┘

A *trusted* write (a controller's) passes the same stations but for validation and warnings. What differs between kinds
is asked of their :class:`~kubesim.api.strategies.Strategy`. Upstream:
``k8s.io/apiserver/pkg/registry/generic/registry/store.go`` and ``.../registry/rest``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import NamedTuple

from kubesim.api.defaults import fill_in_defaults
from kubesim.api.deletion import Propagation, mark_for_deletion, propagation_finalizers, removable
from kubesim.api.errors import ApiError, FieldError, already_exists, bad_request, conflict
from kubesim.api.fields import invalid, invalid_value, required
from kubesim.api.limit_ranges import demand_within_limits
from kubesim.api.managed_fields.field_set import FieldSet
from kubesim.api.managed_fields.history import UNSIGNED, Author, History, Signature, Write
from kubesim.api.managed_fields.managers import same_owners
from kubesim.api.metadata import generate_name, keep_system_fields, new_uid
from kubesim.api.objects import Wire
from kubesim.api.quota import KIND as QUOTA
from kubesim.api.quota import charges
from kubesim.api.resources import BY_KIND, ResourceType
from kubesim.api.store import STATUS, Store
from kubesim.api.strategies import NOTHING, Strategy
from kubesim.api.strict import demand_canonical
from kubesim.api.templates import Template
from kubesim.api.validation import validate
from kubesim.api.warnings import warnings_for
from kubesim.simulation import Simulation

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"

EPHEMERAL = "ephemeralcontainers"
"""The subresource by which a Pod that runs gets containers for debugging."""


_GROWING = frozenset({"PersistentVolumeClaim", "Service"})
"""The kinds of which an update may take more of a quota."""
_BY_ADMISSION = Signature(Author("kube-apiserver", "status"))


class Response(NamedTuple):
    """What a request that succeeded left: the object, and what the server warns of.

    :param draft: the write that a dry run would have been.
    """

    object: Wire
    warnings: tuple[str, ...] = ()
    draft: Write | None = None


class Registry:
    """The storage behind the API: it takes objects that are decoded, defaulted and admitted.

    :param strict: prove of each trusted write that it is what the stations it left out would have made of it.
    """

    def __init__(
        self, simulation: Simulation, store: Store, strategies: Mapping[str, Strategy], *, strict: bool = False
    ) -> None:
        self._simulation = simulation
        self._store = store
        self._strategies = strategies
        self._default_strategy = Strategy()
        self._strict = strict
        self.history = History(fill_in_defaults, self._left_alone)

    def _left_alone(self, kind: str, subresource: str) -> FieldSet:
        return self._strategies.get(kind, self._default_strategy).left_alone(subresource)

    def strategy(self, resource: ResourceType) -> Strategy:
        """The strategy of a kind."""
        return self._strategies.get(resource.kind, self._default_strategy)

    def random(self, resource: ResourceType, dry_run: bool) -> Random:
        """Chance for names; a dry run draws from its own stream, so that it shifts nothing."""
        return self._simulation.random("names/dry-run" if dry_run else f"names/{resource.kind}")

    def create(
        self,
        resource: ResourceType,
        new: Wire,
        dry_run: bool = False,
        template: Template | None = None,
        *,
        trusted: bool = False,
        signature: Signature = UNSIGNED,
    ) -> Response:
        """Store a new object, which this call takes over (of a trusted one: its outer dict and its metadata).

        :param template: what is known of a Pod's spec.
        :param signature: who makes it.
        :raises ApiError: 409 if its name is taken, 422 if it is invalid.
        """
        metadata = new["metadata"]
        namespace = metadata.get("namespace", "")
        metadata["uid"] = new_uid(self._simulation.random("uids/dry-run" if dry_run else "uids"))
        metadata["creationTimestamp"] = self._simulation.timestamp()
        if metadata.get("generateName") and not metadata.get("name"):
            metadata["name"] = self._unused_name(resource, metadata, self.random(resource, dry_run))
        strategy = self.strategy(resource)
        transaction = strategy.begin_create(new, dry_run)
        warnings: tuple[str, ...] = ()
        try:
            strategy.prepare_create(new)
            self._inspect(resource, new, None, trusted, template)
            strategy.canonicalize(new)
            if not trusted:
                warnings = tuple(warnings_for(resource.kind, new)) if template is None else template.warnings_for(new)
            demand_within_limits(resource, new, self._store)
            charged = charges(resource, new, None, self._store)
            self._refuse_taken_name(resource, metadata["name"], namespace)
        except ApiError as error:
            transaction.revert()
            error.warnings = warnings
            raise
        if dry_run:
            transaction.revert()
            return Response(new, warnings, self.history.draft(new, None, signature, metadata["creationTimestamp"]))
        transaction.commit()
        self._charge(charged)
        self.history.note(new, signature, metadata["creationTimestamp"])
        return Response(self._store.commit(new), warnings)

    def update(
        self,
        resource: ResourceType,
        new: Wire,
        old: Wire,
        dry_run: bool = False,
        subresource: str = "",
        *,
        trusted: bool = False,
        signature: Signature = UNSIGNED,
    ) -> Response:
        """Replace a stored object by a new version, which this call takes over (as :meth:`create` does).

        :param subresource: ``status`` to change only that, ``finalize`` for a Namespace's finalizers,
            ``ephemeralcontainers`` for those of a Pod.
        :param signature: who changes it.
        :raises ApiError: 409 if it was changed since the version that ``new`` names, 422 if it is invalid.
        """
        strategy = self.strategy(resource)
        self._check_version(resource, new, old, strategy)
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        keep_system_fields(new["metadata"], old["metadata"])
        transaction = NOTHING
        if subresource == "status":
            strategy.prepare_status_update(new, old)
        elif subresource == "finalize":
            new = {**old, "metadata": {**old["metadata"]}, "spec": new.get("spec") or {}}
        elif subresource == EPHEMERAL:
            added = (new.get("spec") or {}).get("ephemeralContainers") or []
            new = {**old, "metadata": {**old["metadata"]}, "spec": {**old["spec"], "ephemeralContainers": added}}
        else:
            transaction = strategy.begin_update(new, old, dry_run)
        try:
            if subresource in ("", EPHEMERAL):
                strategy.prepare_update(new, old)
            if subresource == EPHEMERAL and not trusted:
                self._refuse(resource, new, strategy.validate_ephemeral_containers(new, old))
            if subresource == "status" and not trusted:
                self._refuse(resource, new, strategy.validate_status(new, old))
            if subresource == "finalize" and not trusted:
                self._refuse(resource, new, strategy.validate_finalizers(new, old))
            judged = subresource in ("finalize", EPHEMERAL)
            if not judged and not (subresource == "status" and _differs_in_status_only(new, old)):
                self._inspect(resource, new, old, trusted)
            elif trusted and self._strict:
                demand_canonical(resource, new, old, valid=False)
            strategy.canonicalize(new)
            charged = [] if subresource or resource.kind not in _GROWING else charges(resource, new, old, self._store)
        except ApiError:
            transaction.revert()
            raise
        warnings = () if subresource or trusted else tuple(warnings_for(resource.kind, new, old))
        if dry_run:
            transaction.revert()
            draft = self.history.draft(new, self.history.last(old), signature, self._simulation.timestamp())
            return Response(new, warnings, draft)
        transaction.commit()
        self._charge(charged)
        return Response(self._replace(resource, new, old, signature), warnings)

    def update_status(self, resource: ResourceType, old: Wire, status: Wire, signature: Signature = UNSIGNED) -> Wire:
        """Give an object another status: what :meth:`update` does for a trusted status, in a few steps.

        :param signature: who does so.
        :returns: the object as stored.
        """
        new = {**old, "metadata": {**old["metadata"]}, "status": status}
        self.strategy(resource).prepare_status_update(new, old)
        if self._strict:
            demand_canonical(resource, new, old, valid=False)
        if old["metadata"].get("deletionTimestamp") and removable(new):
            return self._remove(resource, new)
        if new["status"] == old.get("status"):
            return old
        self.history.note(new, signature, self._simulation.timestamp())
        return self._store.commit(new, parts=STATUS)

    def delete(
        self,
        resource: ResourceType,
        old: Wire,
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
        dry_run: bool = False,
    ) -> Response:
        """Delete a stored object, or mark it as being deleted where something holds it."""
        grace = self.strategy(resource).grace_period(old, grace_period_seconds)
        new = {**old, "metadata": {**old["metadata"]}}
        propagation_finalizers(new["metadata"], propagation)
        moment = self._simulation.datetime + timedelta(seconds=grace or 0)
        waits = mark_for_deletion(new, grace, moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        if dry_run:
            return Response(new)
        if not waits:
            return Response(self._remove(resource, new))
        if new == old:
            return Response(old)
        self.history.note(new, UNSIGNED, self._simulation.timestamp())
        return Response(self._store.commit(new))

    def _charge(self, charged: Sequence[tuple[Wire, dict[str, str]]]) -> None:
        """Have quotas say what is used once a write is done."""
        for quota, used in charged:
            status = {**(quota.get("status") or {}), "used": used}
            self.update_status(BY_KIND[QUOTA], quota, status, _BY_ADMISSION)

    def _replace(self, resource: ResourceType, new: Wire, old: Wire, signature: Signature) -> Wire:
        """Store a new version, unless nothing changed; one that nothing holds any longer goes, if it is to go."""
        if old["metadata"].get("deletionTimestamp") and removable(new):
            return self._remove(resource, new)
        if new == old and not self._changes_owners(old, signature):
            return old
        self.history.note(new, signature, self._simulation.timestamp())
        return self._store.commit(new)

    def _changes_owners(self, old: Wire, signature: Signature) -> bool:
        """Whether a write that leaves an object as it is leaves its fields to others."""
        if signature.owned is None and signature.given is None:
            return False
        draft = self.history.draft(old, self.history.last(old), signature, "")
        return not same_owners(self.history.of(old), self.history.owners(draft))

    def _remove(self, resource: ResourceType, last: Wire) -> Wire:
        metadata = last["metadata"]
        self._store.delete(resource.kind, metadata["name"], metadata.get("namespace", ""))
        self.history.forget(last)
        self.strategy(resource).after_delete(last)
        return last

    def discard(self, resource: ResourceType, last: Wire) -> None:
        """Remove an object, whatever holds it."""
        self._remove(resource, last)

    def demand_same_object(self, resource: ResourceType, new: Wire, old: Wire) -> None:
        """Refuse to replace an object by a version of another object of that name.

        :raises ApiError: 409.
        """
        uid, known = new["metadata"].get("uid"), old["metadata"]["uid"]
        if uid and uid != known:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {known}"
            raise conflict(resource.plural, old["metadata"]["name"], why, resource.group)

    def _check_version(self, resource: ResourceType, new: Wire, old: Wire, strategy: Strategy) -> None:
        name, version = old["metadata"]["name"], new["metadata"].get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            if not version.isdigit():
                raise bad_request(f'invalid resource version "{version}": strconv.ParseUint: invalid syntax')
            raise conflict(resource.plural, name, MODIFIED, resource.group)
        if not version and not strategy.unconditional_update:
            problem = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(resource.kind, resource.group, name, [problem])

    def accept(
        self,
        resource: ResourceType,
        new: Wire,
        version: int | None = None,
        parts: frozenset[str] | None = None,
        signature: Signature = UNSIGNED,
    ) -> None:
        """Store an object as it is: a Pod that was bound, an Event that was put off; its metadata are copied.

        :param version: the resource version that was reserved for it.
        :param parts: in what it differs from the version before, if that is known.
        :param signature: who writes it.
        """
        if self._strict:
            demand_canonical(resource, new, None)
        stored = {**new, "metadata": {**new["metadata"]}}
        self.history.note(stored, signature, self._simulation.timestamp())
        self._store.commit(stored, version, parts)

    def _inspect(
        self, resource: ResourceType, new: Wire, old: Wire | None, trusted: bool, template: Template | None = None
    ) -> None:
        """Refuse what is invalid; a trusted object is not looked at, and in strict mode must be in order."""
        if trusted and (template is None or template.valid):
            if self._strict:
                demand_canonical(resource, new, old)
            return
        name = new["metadata"].get("name", "")
        problems = validate(resource.kind, new, old) if template is None else template.problems(new)
        if not problems and not name:
            problems = [required("metadata.name", "name or generateName is required")]
        self._refuse(resource, new, problems)

    def _refuse(self, resource: ResourceType, new: Wire, problems: Sequence[FieldError]) -> None:
        if problems:
            raise invalid(resource.kind, resource.group, new["metadata"].get("name", ""), problems)

    def _refuse_taken_name(self, resource: ResourceType, name: str, namespace: str) -> None:
        there = self._store.get(resource.kind, name, namespace)
        if there is None:
            return
        error = already_exists(resource.plural, name, resource.group)
        if there["metadata"].get("deletionTimestamp"):
            raise ApiError(error.code, error.reason, f"object is being deleted: {error.message}", error.details)
        raise error

    def _unused_name(self, resource: ResourceType, metadata: Wire, random: Random) -> str:
        while True:
            name = generate_name(metadata["generateName"], random)
            if self._store.get(resource.kind, name, metadata.get("namespace", "")) is None:
                return name


def _differs_in_status_only(new: Wire, old: Wire) -> bool:
    """Whether all but the status is what was found valid when it was stored; a Node's own rules look at its status."""
    if new["kind"] == "Node":
        return False
    return all(new[part] is old.get(part) or new[part] == old.get(part) for part in new if part != "status")
