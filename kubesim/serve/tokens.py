"""Tokens of service accounts that were given out, and reviews of them (``TokenReview``).

Nobody here holds a key, so a token is known by having been given out, and counts until it expires or its account goes.
Upstream: ``k8s.io/kubernetes/pkg/serviceaccount`` (``jwt.go``, ``claims.go``).
"""

from __future__ import annotations

from typing import NamedTuple

from kubesim.api.objects import Wire
from kubesim.cluster import Cluster

_INVALID = "[invalid bearer token, Token has been invalidated]"
MOST = 10_000
"""Tokens that are remembered; the oldest is forgotten first."""


class _Issued(NamedTuple):
    namespace: str
    name: str
    uid: str
    audiences: tuple[str, ...]
    expires: str


class Tokens:
    """What was given out by one server."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._issued: dict[str, _Issued] = {}

    def note(self, request: Wire) -> None:
        """Remember the token of an answered ``TokenRequest``."""
        metadata, status = request["metadata"], request["status"]
        account = self._cluster.store.get("ServiceAccount", metadata["name"], metadata["namespace"])
        if account is None:
            return
        if len(self._issued) >= MOST:
            del self._issued[next(iter(self._issued))]
        place = (metadata["namespace"], metadata["name"], account["metadata"]["uid"])
        audiences = tuple(str(each) for each in request["spec"]["audiences"])
        self._issued[status["token"]] = _Issued(*place, audiences, status["expirationTimestamp"])

    def reviewed(self, review: Wire) -> Wire:
        """A ``TokenReview`` with its answer: whose token it is, if it is one."""
        spec = review.get("spec")
        spec = spec if isinstance(spec, dict) else {}
        status: Wire = {"user": {}, "error": _INVALID}
        issued = self._issued.get(str(spec.get("token", "")))
        asked = [str(each) for each in spec.get("audiences") or ()] if issued is not None else []
        shared = [each for each in asked if issued is not None and each in issued.audiences]
        if issued is not None and self._counts(issued) and (shared or not asked):
            groups = ["system:serviceaccounts", f"system:serviceaccounts:{issued.namespace}", "system:authenticated"]
            name = f"system:serviceaccount:{issued.namespace}:{issued.name}"
            user: Wire = {"username": name, "uid": issued.uid, "groups": groups}
            status = {"authenticated": True, "user": user, "audiences": shared or list(issued.audiences)}
        return {**review, "metadata": review.get("metadata") or {}, "status": status}

    def _counts(self, issued: _Issued) -> bool:
        account = self._cluster.store.get("ServiceAccount", issued.name, issued.namespace)
        lives = account is not None and account["metadata"]["uid"] == issued.uid
        return lives and self._cluster.simulation.timestamp() < issued.expires
