"""Reviews: objects that are only created, and come back with the answer to a question about rights and identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesim.api.objects import Wire
from kubesim.kubectl.identity import AUTHENTICATED, MASTERS, User

_EVERYTHING = ["*"]
_OPEN_PATHS = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
]


def reviewed(wire: Wire, user: User) -> Wire | None:
    """A review with its status; None for an object that is no review."""
    answer = _STATUS.get(wire["kind"])
    if answer is None:
        return None
    spec = wire.get("spec")
    return {
        **wire,
        "metadata": wire.get("metadata") or {},
        "status": answer(spec if isinstance(spec, dict) else {}, user),
    }


def _identity(_: Wire, user: User) -> Wire:
    known: Wire = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        known["uid"] = user.uid
    if user.extra:
        known["extra"] = {key: list(values) for key, values in user.extra.items()}
    return {"userInfo": known}


def _own_access(spec: Wire, user: User) -> Wire:
    return _allowed(spec, user)


def _access(spec: Wire, _: User) -> Wire:
    groups = spec.get("groups")
    given = tuple(str(each) for each in groups) if isinstance(groups, list) else ()
    return _allowed(spec, User(str(spec.get("user", "")), given))


def _allowed(spec: Wire, user: User) -> Wire:
    path = spec.get("nonResourceAttributes")
    open_path = isinstance(path, Mapping) and path.get("verb") == "get" and path.get("path") in _OPEN_PATHS
    return {"allowed": user.is_administrator or (open_path and AUTHENTICATED in user.groups)}


def _rules(_: Wire, user: User) -> Wire:
    resources: list[Any] = []
    paths: list[Any] = [{"verbs": ["get"], "nonResourceURLs": _OPEN_PATHS}]
    if MASTERS in user.groups:
        resources = [{"verbs": _EVERYTHING, "apiGroups": _EVERYTHING, "resources": _EVERYTHING}]
        paths = [{"verbs": _EVERYTHING, "nonResourceURLs": _EVERYTHING}, *paths]
    return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}


_STATUS = {
    "LocalSubjectAccessReview": _access,
    "SelfSubjectAccessReview": _own_access,
    "SelfSubjectReview": _identity,
    "SelfSubjectRulesReview": _rules,
    "SubjectAccessReview": _access,
}
