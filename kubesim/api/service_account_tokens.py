"""Tokens of service accounts, as the API server gives them out: a JSON web token that says whose it is, and until when.

Its form and its claims are the real ones; nobody holds a key here, so its signature is a number by chance. Upstream:
``k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage`` (``token.go``) and ``pkg/serviceaccount/claims.go``.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from random import Random

from kubesim.api import go_json
from kubesim.api.errors import ApiError
from kubesim.api.metadata import new_uid
from kubesim.api.objects import Wire

SHORTEST = 600
"""Seconds that a token lasts at least."""
LONGEST = 1 << 32
DEFAULT = 3600
AUDIENCES = ("https://kubernetes.default.svc.cluster.local", "k3s")
"""For whom a token is that says nothing else: the issuer of k3s, and k3s itself."""


def token_request(account: Wire, spec: Wire, bound: Wire | None, now: datetime, random: Random) -> Wire:
    """The answer to a request for a token.

    :param account: the service account.
    :param spec: of the ``TokenRequest``.
    :param bound: the object that the token is bound to.
    :raises ApiError: 422 for a life that is too short or too long, 409 for an object with another UID.
    """
    metadata = account["metadata"]
    seconds = int(spec.get("expirationSeconds") or DEFAULT)
    if not SHORTEST <= seconds <= LONGEST:
        limit = "less than 10 minutes" if seconds < SHORTEST else "larger than 2^32 seconds"
        problem = f"spec.expirationSeconds: Invalid value: {seconds}: may not specify a duration {limit}"
        raise ApiError(422, "Invalid", f'TokenRequest.authentication.k8s.io "" is invalid: {problem}')
    audiences = list(spec.get("audiences") or AUDIENCES)
    issued = int(now.timestamp())
    private: Wire = {
        "namespace": metadata["namespace"],
        "serviceaccount": {"name": metadata["name"], "uid": metadata["uid"]},
    }
    reference = spec.get("boundObjectRef")
    if reference and bound is not None:
        uid = bound["metadata"]["uid"]
        if reference.get("uid") not in (None, "", uid):
            raise ApiError(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {reference["kind"].lower()}s "{reference["name"]}": the UID in the '
                f"bound object reference ({reference['uid']}) does not match the UID in record. The object might have "
                "been deleted and then recreated",
            )
        private[reference["kind"].lower()] = {"name": reference["name"], "uid": uid}
    claims: Wire = {
        "aud": audiences,
        "exp": issued + seconds,
        "iat": issued,
        "iss": AUDIENCES[0],
        "jti": new_uid(random),
        "kubernetes.io": private,
        "nbf": issued,
        "sub": f"system:serviceaccount:{metadata['namespace']}:{metadata['name']}",
    }
    header = {"alg": "RS256", "kid": _encoded(random.randbytes(32))}
    parts = [_encoded(go_json.dumps(each, None).encode()) for each in (header, claims)]
    text = ".".join((*parts, _encoded(random.randbytes(256))))
    expires = (now.replace(microsecond=0) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {
            "creationTimestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "name": metadata["name"],
            "namespace": metadata["namespace"],
        },
        "spec": {"audiences": audiences, "boundObjectRef": reference or None, "expirationSeconds": seconds},
        "status": {"expirationTimestamp": expires, "token": text},
    }


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
