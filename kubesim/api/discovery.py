"""What the server says it serves: all types of a default Kubernetes 1.36, as ``kubectl api-resources`` lists them.

Most of them this server only knows by name: they can be asked for, and there are none of them. The types whose objects
it really keeps are :data:`~kubesim.api.resources.RESOURCE_TYPES`.
"""

from __future__ import annotations

from kubesim.api.resources import RESOURCE_TYPES, ResourceType

_AUTHORIZATION = "authorization.k8s.io"


def _type(
    kind: str,
    plural: str,
    group: str = "",
    *short: str,
    cluster: bool = False,
    version: str = "v1",
    categories: tuple[str, ...] = (),
) -> ResourceType:
    return ResourceType(kind, plural, kind.lower(), group, version, not cluster, short, categories)


KNOWN_BY_NAME: tuple[ResourceType, ...] = (
    _type("Binding", "bindings"),
    _type("ComponentStatus", "componentstatuses", "", "cs", cluster=True),
    _type("SelfSubjectReview", "selfsubjectreviews", "authentication.k8s.io", cluster=True),
    _type("TokenReview", "tokenreviews", "authentication.k8s.io", cluster=True),
    _type("LocalSubjectAccessReview", "localsubjectaccessreviews", _AUTHORIZATION),
    _type("SelfSubjectAccessReview", "selfsubjectaccessreviews", _AUTHORIZATION, cluster=True),
    _type("SelfSubjectRulesReview", "selfsubjectrulesreviews", _AUTHORIZATION, cluster=True),
    _type("SubjectAccessReview", "subjectaccessreviews", _AUTHORIZATION, cluster=True),
    _type("Event", "events", "events.k8s.io", "ev"),
)
"""The types of which this server keeps no objects."""

DISCOVERED: tuple[ResourceType, ...] = tuple(
    sorted((*RESOURCE_TYPES, *KNOWN_BY_NAME), key=lambda resource: (resource.group, resource.plural))
)
"""Every type, by group and name."""

FURTHER_VERSIONS = frozenset(("autoscaling/v1",))
"""Versions that are served beside those that are preferred, under which the types are listed."""

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_REVIEWS = ("create",)


def verbs(resource: ResourceType) -> tuple[str, ...]:
    """What can be done with objects of a type: reviews are only created, component statuses only read."""
    if resource.kind.endswith("Review") or resource.kind == "Binding":
        return _REVIEWS
    if resource.kind == "ComponentStatus":
        return ("get", "list")
    if resource.kind == "Namespace":
        return tuple(verb for verb in ALL_VERBS if verb != "deletecollection")
    return ALL_VERBS
