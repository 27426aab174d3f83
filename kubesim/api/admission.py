"""Admission: what the cluster adds to an object, or has against it, before its kind's own rules are asked.

Everything lives in a Namespace that exists and is not going away. A Pod gets a service account with its token
mounted, a priority, and five minutes of tolerance for a node that fails: see :mod:`kubesim.api.templates`. The last
two are looked after when it is changed as well. Upstream: ``plugin/pkg/admission``.
"""

from __future__ import annotations

from random import Random

from kubesim.api.errors import forbidden, not_found
from kubesim.api.limit_ranges import with_default_resources
from kubesim.api.metadata import random_suffix
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.store import Store
from kubesim.api.templates import (
    SYSTEM_PRIORITIES,
    Account,
    Priority,
    Template,
    TemplateCache,
    account_name,
    add_tolerations,
)

LIMIT_RANGER = "kubernetes.io/limit-ranger"
"""The annotation that says what a LimitRange added to a Pod."""
PRIORITY_CLASS = "PriorityClass"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


def admit_create(
    wire: Wire, resource: ResourceType, store: Store, random: Random, templates: TemplateCache
) -> Template | None:
    """Complete a new object in place: a Pod without defaults, any other kind with them.

    :returns: what is known of the Pod's spec; None for any other kind.
    :raises ApiError: 403 or 404 if the cluster does not admit it.
    """
    if resource.namespaced:
        _require_namespace(wire, resource, store)
    if resource.kind == "Pod":
        return _admit_pod(wire, resource, store, random, templates)
    if resource.kind == "Ingress":
        _default_ingress_class(wire, store)
    return None


def _default_ingress_class(wire: Wire, store: Store) -> None:
    """Give an Ingress that names no class the default one: of several, the youngest."""
    spec, annotations = wire.setdefault("spec", {}), wire["metadata"].get("annotations") or {}
    if spec.get("ingressClassName") is not None or "kubernetes.io/ingress.class" in annotations:
        return
    defaults = [
        each["metadata"]
        for each in store.list("IngressClass")
        if (each["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    ]
    if defaults:
        latest = max(each["creationTimestamp"] for each in defaults)
        spec["ingressClassName"] = min(each["name"] for each in defaults if each["creationTimestamp"] == latest)


def _priority(spec: Wire, store: Store) -> Priority:
    """The priority of a new Pod: that of its class, else of the class for all, else 0.

    :raises ValueError: where there is no such class.
    """
    name = spec.get("priorityClassName", "")
    if name:
        found = store.get(PRIORITY_CLASS, name)
        if found is not None:
            return Priority.of(found)
        if name in SYSTEM_PRIORITIES:
            return Priority(name, SYSTEM_PRIORITIES[name])
        raise ValueError(f"no PriorityClass with name {name} was found")
    for_all = [each for each in store.list(PRIORITY_CLASS) if each.get("globalDefault")]
    return Priority.of(min(for_all, key=lambda each: int(each["value"]))) if for_all else Priority()


def admit_update(new: Wire, old: Wire) -> None:
    """Complete a changed Pod in place: what admission had added to it and the change leaves out is there again."""
    if new["kind"] != "Pod":
        return
    spec, before = new["spec"], old["spec"]
    for field in ("priority", "preemptionPolicy"):
        if spec.get(field) is None and before.get(field) is not None:
            spec[field] = before[field]
    add_tolerations(spec)


def admit_delete(resource: ResourceType, name: str) -> None:
    """Refuse to delete the Namespaces that a cluster cannot be without.

    :raises ApiError: 403.
    """
    if resource.kind == "Namespace" and name in ("default", "kube-system", "kube-public"):
        raise forbidden(resource.plural, name, "this namespace may not be deleted", resource.group)


def takes_new_objects(store: Store, namespace: str) -> bool:
    """Whether a Namespace is there and is not going away."""
    found = store.get("Namespace", namespace)
    return found is not None and not found["metadata"].get("deletionTimestamp")


def _require_namespace(wire: Wire, resource: ResourceType, store: Store) -> None:
    name = wire["metadata"]["namespace"]
    if takes_new_objects(store, name):
        return
    if store.get("Namespace", name) is None:
        raise not_found("namespaces", name)
    why = f"unable to create new content in namespace {name} because it is being terminated"
    error = forbidden(resource.plural, wire["metadata"].get("name", ""), why, resource.group)
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {name} is being terminated",
        "field": "metadata.namespace",
    }
    error.details["causes"] = [cause]
    raise error


def _admit_pod(pod: Wire, resource: ResourceType, store: Store, random: Random, templates: TemplateCache) -> Template:
    spec, metadata = pod.get("spec") or {}, pod["metadata"]
    name, namespace = account_name(spec), metadata["namespace"]
    account = store.get("ServiceAccount", name, namespace)
    if account is None and name != "default":  # a namespace's own account is about to be there
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(resource.plural, metadata.get("name", ""), why, resource.group)
    try:
        priority = _priority(spec, store)
        spec, said = with_default_resources(spec, store, namespace)
        if said:
            metadata["annotations"] = {**(metadata.get("annotations") or {}), LIMIT_RANGER: said}
        template = templates.template(spec, metadata.get("annotations") or {}, Account.of(name, account), priority)
    except ValueError as error:
        raise forbidden(resource.plural, metadata.get("name", ""), str(error), resource.group) from None
    volume = f"kube-api-access-{random_suffix(random)}" if template.mounts_token else ""
    pod["spec"] = template.spec_with(volume)
    return template
