"""Who a request is made as: the administrator of the kubeconfig, or whom ``--as`` names.

Upstream: ``k8s.io/apiserver/pkg/endpoints/filters/impersonation`` says which groups somebody impersonated is in.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kubesim.cluster.boot import certificate
from kubesim.cluster.configuration import ClusterConfiguration
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import Values
from kubesim.kubectl.kubeconfig import SOMEBODY

MASTERS = "system:masters"
AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
ANONYMOUS = "system:anonymous"
CREDENTIAL = "authentication.kubernetes.io/credential-id"

_SERVICE_ACCOUNT = re.compile(r"system:serviceaccount:([^:]+):[^:]+")


@dataclass(frozen=True, slots=True)
class User:
    """A user as the API server sees one."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_administrator(self) -> bool:
        """Whether nothing is forbidden; to everybody else everything is, since no roles are kept."""
        return MASTERS in self.groups


def administrator(cluster: ClusterConfiguration) -> User:
    """The user of a node's own kubeconfig, known by a client certificate."""
    body = "".join(certificate(cluster, SOMEBODY).splitlines()[1:-1])
    fingerprint = hashlib.sha256(base64.b64decode(body)).hexdigest()
    return User("system:admin", (MASTERS, AUTHENTICATED), extra={CREDENTIAL: (f"X509SHA256={fingerprint}",)})


def user_of(flags: Values, cluster: ClusterConfiguration, known_as: str) -> User:
    """The user that the flags ask for.

    :param known_as: what the kubeconfig calls its user.
    :raises KubectlError: where something is said of somebody who is not named.
    """
    name, groups = flags.text("as"), flags.texts("as-group")
    uid, extra = flags.text("as-uid"), flags.texts("as-user-extra")
    if not name:
        if groups or uid or extra:
            raise KubectlError(f"requesting uid, groups or user-extra for {known_as} without impersonating a user")
        return administrator(cluster)
    said: dict[str, tuple[str, ...]] = {}
    for pair in extra:
        key, _, value = pair.partition("=")
        said[key] = (*said.get(key, ()), value)
    return impersonated(name, groups, uid, said)


def impersonated(
    name: str, groups: tuple[str, ...] = (), uid: str = "", extra: Mapping[str, tuple[str, ...]] | None = None
) -> User:
    """Somebody whom the administrator acts for, in the groups that the server puts them in."""
    return User(name, _groups(name, groups), uid, extra or {})


def _groups(name: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """The groups of somebody impersonated: those asked for, and the one of all who are known, or unknown."""
    account = _SERVICE_ACCOUNT.fullmatch(name)
    if account and not given:
        given = ("system:serviceaccounts", f"system:serviceaccounts:{account[1]}")
    if {AUTHENTICATED, UNAUTHENTICATED} & set(given):
        return given
    return (*given, UNAUTHENTICATED if name == ANONYMOUS else AUTHENTICATED)
