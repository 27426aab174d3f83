"""Metadata: what every object's name, labels, annotations, owners and finalizers must meet.

Upstream: ``apimachinery/pkg/api/validation/objectmeta.go`` and ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, not_supported, required, too_long
from kubesim.api.go_format import quote
from kubesim.api.names import Check, byte_length, dns1123_label, label_value, qualified_name, without_trailing_dash
from kubesim.api.objects import Wire

IMMUTABLE = "field is immutable"
_ANNOTATIONS_LIMIT = 256 * 1024
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})


def validate_metadata(
    metadata: Wire, name_check: Check, namespaced: bool = True, path: str = "metadata"
) -> list[FieldError]:
    """The rules for a new object's metadata.

    :param name_check: the kind's rule for names, such as ``names.dns1123_subdomain``.
    """
    errors = []
    name, prefix, namespace = metadata.get("name"), metadata.get("generateName"), metadata.get("namespace")
    if prefix:
        errors += invalid_values(f"{path}.generateName", prefix, name_check(without_trailing_dash(prefix)))
    if not name:
        errors.append(required(f"{path}.name", "name or generateName is required"))
    elif problems := name_check(name):
        errors += invalid_values(f"{path}.name", name, problems)
    if not namespaced:
        if namespace:
            errors.append(forbidden(f"{path}.namespace", "not allowed on this type"))
    elif not namespace:
        errors.append(required(f"{path}.namespace"))
    elif problems := _dns1123_label(namespace):
        errors += invalid_values(f"{path}.namespace", namespace, problems)
    errors += validate_non_negative(metadata.get("generation", 0), f"{path}.generation")
    errors += validate_labels(metadata.get("labels"), f"{path}.labels")
    errors += validate_annotations(metadata.get("annotations"), f"{path}.annotations")
    if "ownerReferences" in metadata:
        errors += validate_owner_references(metadata["ownerReferences"], f"{path}.ownerReferences")
    finalizers = metadata.get("finalizers")
    if not finalizers:
        return errors
    for finalizer in finalizers:
        errors += invalid_values(f"{path}.finalizers", finalizer, qualified_name(finalizer))
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        problem = "finalizer orphan and foregroundDeletion cannot be both set"
        errors.append(invalid_value(f"{path}.finalizers", finalizers, problem))
    return errors + validate_kube_finalizers(finalizers, f"{path}.finalizers")


def validate_kube_finalizers(finalizers: list[str], path: str, indexed: bool = True) -> list[FieldError]:
    """Finalizers without a domain must be one of Kubernetes' own."""
    problem = "name is neither a standard finalizer name nor is it fully qualified"
    return [
        invalid_value(f"{path}[{index}]" if indexed else path, finalizer, problem)
        for index, finalizer in enumerate(finalizers)
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS
    ]


def validate_metadata_update(metadata: Wire, old: Wire, path: str = "metadata") -> list[FieldError]:
    """The rules for a change of metadata: identity never changes, and a dying object gets no new finalizers."""
    errors = []
    finalizers = metadata.get("finalizers", [])
    if old.get("deletionTimestamp") is not None:
        extra = sorted(set(finalizers) - set(old.get("finalizers", [])))
        if extra:
            listed = "[]string{" + ", ".join(map(quote, extra)) + "}"
            problem = "no new finalizers can be added if the object is being deleted, found new finalizers "
            errors.append(forbidden(f"{path}.finalizers", problem + listed))
    if not metadata.get("resourceVersion"):
        errors.append(invalid_value(f"{path}.resourceVersion", "", "must be specified for an update"))
    generation = metadata.get("generation", 0)
    if generation < old.get("generation", 0):
        errors.append(invalid_value(f"{path}.generation", generation, "must not be decremented"))
    for key in ("name", "namespace", "uid"):
        errors += validate_immutable(metadata.get(key, ""), old.get(key, ""), f"{path}.{key}")
    for key in ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        errors += validate_immutable(metadata.get(key), old.get(key), f"{path}.{key}")
    errors += validate_labels(metadata.get("labels"), f"{path}.labels")
    errors += validate_annotations(metadata.get("annotations"), f"{path}.annotations")
    errors += validate_owner_references(metadata.get("ownerReferences", []), f"{path}.ownerReferences")
    return errors + validate_kube_finalizers(finalizers, f"{path}.finalizers")


def validate_immutable(new: Any, old: Any, path: str, message: str = IMMUTABLE) -> list[FieldError]:
    """A field that never changes; an absent one equals an empty one, as in Go's semantic equality."""
    return [] if (new or None) == (old or None) else [invalid_value(path, new, message)]


def validate_enumeration(value: str, path: str, allowed: Sequence[str]) -> list[FieldError]:
    """A value that must be given and be one of a few."""
    if not value:
        return [required(path)]
    return [] if value in allowed else [not_supported(path, value, allowed)]


def validate_choice(value: str | None, path: str, allowed: Sequence[str]) -> list[FieldError]:
    """A value that may be absent, and is one of a few where it is given."""
    return [] if value is None or value in allowed else [not_supported(path, value, allowed)]


def validate_values(operator: str, values: list[str], path: str) -> list[FieldError] | None:
    """What an operator says of how many values there are; None for one that is none of the four."""
    if operator in ("In", "NotIn"):
        problem = "must be specified when `operator` is 'In' or 'NotIn'"
        return [] if values else [required(path, problem)]
    if operator in ("Exists", "DoesNotExist"):
        problem = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        return [forbidden(path, problem)] if values else []
    return None


def validate_non_negative(value: int, path: str) -> list[FieldError]:
    """A number of at least zero."""
    return [invalid_value(path, value, "must be greater than or equal to 0")] if value < 0 else []


def validate_labels(labels: dict[str, str] | None, path: str) -> list[FieldError]:
    """Label keys and values; upstream's order of keys is random, here they are sorted."""
    errors: list[FieldError] = []
    if not labels or all(map(_is_fine_label, labels.items())):
        return errors
    for key, value in sorted(labels.items()):
        if problems := qualified_name(key):
            errors += invalid_values(path, key, problems)
        if problems := label_value(value):
            errors += invalid_values(path, value, problems)
    return errors


@lru_cache(4096)
def _is_fine_label(label: tuple[str, str]) -> bool:
    """Whether there is nothing to say of a label; a cluster's objects share most of theirs."""
    return not qualified_name(label[0]) and not label_value(label[1])


_dns1123_label = lru_cache(1024)(dns1123_label)
"""The check of a namespace's name, of which a cluster has few."""


def validate_annotations(annotations: dict[str, str] | None, path: str) -> list[FieldError]:
    """Annotation keys (their case does not matter), and the size of all of them together."""
    if not annotations:
        return []
    errors: list[FieldError] = []
    size = 0
    for key in sorted(annotations):
        if problems := _annotation_key(key):
            errors += invalid_values(path, key, problems)
        size += byte_length(key) + byte_length(annotations[key])
    return [*errors, too_long(path, _ANNOTATIONS_LIMIT)] if size > _ANNOTATIONS_LIMIT else errors


@lru_cache(1024)
def _annotation_key(key: str) -> list[str]:
    return qualified_name(key.lower())


def validate_owner_references(references: list[Wire], path: str) -> list[FieldError]:
    """Owners: complete references, and one controller at most."""
    errors = []
    controller = ""
    for reference in references:
        version = reference.get("apiVersion", "").rpartition("/")[2]
        if not version:
            errors.append(
                invalid_value(f"{path}.apiVersion", reference.get("apiVersion", ""), "version must not be empty")
            )
        for key in ("kind", "name", "uid"):
            if not reference.get(key):
                errors.append(invalid_value(f"{path}.{key}", "", "must not be empty"))
        if reference.get("controller"):
            this = f"{reference.get('kind', '')}/{reference.get('name', '')}"
            if controller:
                problem = (
                    "Only one reference can have Controller set to true. "
                    f'Found "true" in references for {controller} and {this}'
                )
                errors.append(invalid_value(path, references, problem))
            controller = controller or this
    return errors


def validate_label_selector(selector: Wire | None, path: str) -> list[FieldError]:
    """A Deployment's or ReplicaSet's selector."""
    if selector is None:
        return []
    errors = validate_labels(selector.get("matchLabels"), f"{path}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions", [])):
        here = f"{path}.matchExpressions[{index}]"
        operator, values = expression.get("operator", ""), expression.get("values", [])
        problems = validate_values(operator, values, f"{here}.values")
        if problems is None:
            problems = [invalid_value(f"{here}.operator", operator, "not a valid selector operator")]
        errors += problems
        key = expression.get("key", "")
        errors += invalid_values(f"{here}.key", key, qualified_name(key))
        for position, value in enumerate(values):
            errors += invalid_values(f"{here}.values[{position}]", value, label_value(value))
    return errors
