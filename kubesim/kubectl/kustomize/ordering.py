"""The order in which resources are printed and applied: what others need first, webhooks last.

Upstream: ``sigs.k8s.io/kustomize/api/internal/builtins.SortOrderTransformer``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.resource import Id, Resource

FIRST = (
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
)
LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def in_order(resources: Sequence[Resource], options: Mapping[str, Any] | None) -> list[Resource]:
    """The resources, sorted by kind unless ``sortOptions`` keep them as they came.

    :raises KubectlError: where the options are none.
    """
    options = options or {"order": "legacy"}
    order, legacy = options.get("order"), options.get("legacySortOptions")
    if order not in ("fifo", "legacy"):
        raise KubectlError("the field 'sortOptions.order' must be one of [fifo, legacy]")
    if order == "fifo":
        if legacy is not None:
            raise KubectlError(
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'"
            )
        return list(resources)
    first = FIRST if legacy is None else legacy.get("orderFirst") or ()
    last = LAST if legacy is None else legacy.get("orderLast") or ()

    def key(resource: Resource) -> tuple[tuple[int, str], str]:
        id = resource.id
        return kind_rank(id, first, last), f"{id.kind_words}|{id.namespace or '~X'}|{id.name or '~N'}"

    return sorted(resources, key=key)


def kind_rank(id: Id, first: Sequence[str] = FIRST, last: Sequence[str] = LAST) -> tuple[int, str]:
    """By what kinds are sorted: those that come first, all others by group, version and kind, those that come last."""
    place = 0
    if id.kind in first:
        place = first.index(id.kind) - len(first)
    elif id.kind in last:
        place = last.index(id.kind) + 1
    return place, f"{id.group or '~G'}_{id.version or '~V'}_{id.kind or '~K'}"
