"""What the API server makes of a Pod's spec, and thinks of it: worked out once for each spec that it sees.

A cluster's Pods are made from few templates. Everything that a Pod's spec goes through between decoding and the store
is a pure function of the spec, of the Pod's annotations and of its service account::

    spec ─► defaults ─► service account, token, tolerations, priority ─► validation, warnings

So :class:`TemplateCache` remembers the outcome by the bytes of these. Only the name of the token's volume differs from
Pod to Pod. Upstream: ``plugin/pkg/admission/{serviceaccount,defaulttolerationseconds,priority}``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from kubesim.api.defaults import pod_defaults
from kubesim.api.errors import FieldError
from kubesim.api.names import dns1123_subdomain
from kubesim.api.objects import Wire
from kubesim.api.pod_warnings import pod_warnings
from kubesim.api.validation.metadata import validate_metadata
from kubesim.api.validation.pod import validate_new_pod
from kubesim.api.warnings import pod_name_warning

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a Pod's token is mounted."""

_SOME_TOKEN = "kube-api-access-00000"
"""Stands for the name of the token's volume, which is made up for each Pod."""

_TOLERATION_SECONDS = 300
SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Differs for every object, and no rule for Pods reads it."""


class Account(NamedTuple):
    """What a Pod takes over from its service account.

    :param mounts_token: whether the account leaves that to its Pods, or says yes; False where it says no.
    :param pull_secrets: the names of the Secrets with which images are pulled.
    """

    name: str
    mounts_token: bool = True
    pull_secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, wire: Wire | None) -> Account:
        """Read a ServiceAccount; a Namespace's own may not be there yet."""
        if wire is None:
            return cls(name)
        secrets = tuple([secret.get("name", "") for secret in wire.get("imagePullSecrets") or ()])
        return cls(name, wire.get("automountServiceAccountToken") is not False, secrets)


class Priority(NamedTuple):
    """What a Pod's class says of its turn.

    :param name: of the class; empty where there is none.
    :param policy: whether a Pod may push out others, as ``preemptionPolicy`` says it.
    """

    name: str = ""
    value: int = 0
    policy: str = "PreemptLowerPriority"

    @classmethod
    def of(cls, wire: Wire) -> Priority:
        """Read a PriorityClass."""
        return cls(wire["metadata"]["name"], int(wire["value"]), wire.get("preemptionPolicy") or cls().policy)


NO_PRIORITY = Priority()


@dataclass(frozen=True, slots=True)
class Template:
    """A Pod's spec as the API server completes it, and what it thinks of it.

    :param spec: with defaults and all that admission adds; shared by the Pods made from it, and never changed.
    :param mounts_token: whether a token is mounted, so that :meth:`spec_with` has a name to fill in.
    :param valid: whether validation has nothing against it.
    :param warnings: what the server warns of, the Pod's name apart.
    """

    spec: Wire
    mounts_token: bool
    valid: bool
    warnings: tuple[str, ...]

    def spec_with(self, token_volume: str) -> Wire:
        """The spec of one Pod, whose token's volume has this name; all else is shared."""
        if not self.mounts_token:
            return self.spec
        spec = {**self.spec, "volumes": _renamed(self.spec["volumes"], token_volume)}
        for kind in ("initContainers", "containers"):
            if kind in spec:
                spec[kind] = [_with_token(container, token_volume) for container in spec[kind]]
        return spec

    def problems(self, pod: Wire) -> list[FieldError]:
        """The problems of a new Pod made from this."""
        return validate_metadata(pod["metadata"], dns1123_subdomain) if self.valid else validate_new_pod(pod)

    def warnings_for(self, pod: Wire) -> tuple[str, ...]:
        """What the server warns of when a Pod is created from this."""
        return (*pod_name_warning(pod), *self.warnings)


class TemplateCache:
    """The templates that an API server has seen, the least recently used forgotten.

    :param size: how many it remembers.
    """

    def __init__(self, size: int = 1024) -> None:
        self._encode = msgspec.json.Encoder().encode
        self._remembered = functools.lru_cache(size)(_worked_out)

    def template(
        self, spec: Wire, annotations: Mapping[str, str], account: Account, priority: Priority = NO_PRIORITY
    ) -> Template:
        """What becomes of a decoded spec, which stays as it is.

        :param annotations: of the Pod; some ask for profiles, or are warned of.
        :raises ValueError: with admission's reason for not admitting it.
        """
        read = {key: value for key, value in annotations.items() if key != _LAST_APPLIED}
        return self._remembered(self._encode(spec), self._encode(read), account, priority)


def _worked_out(spec_bytes: bytes, annotation_bytes: bytes, account: Account, priority: Priority) -> Template:
    spec: Wire = msgspec.json.decode(spec_bytes)
    pod: Wire = {"metadata": {"name": "a", "namespace": "a", "annotations": msgspec.json.decode(annotation_bytes)}}
    pod["spec"] = spec
    pod_defaults(pod)
    mounts_token = _add_account(spec, account)
    add_tolerations(spec)
    _add_priority(spec, priority)
    warnings = tuple(pod_warnings(pod, ""))
    return Template(spec, mounts_token, not validate_new_pod(pod), warnings)


def _renamed(items: list[Wire], name: str) -> list[Wire]:
    """The token's volume, or its mount, is the last."""
    return [*items[:-1], {**items[-1], "name": name}]


def _with_token(container: Wire, name: str) -> Wire:
    mounts = container.get("volumeMounts")
    if not mounts or mounts[-1]["name"] != _SOME_TOKEN:
        return container
    return {**container, "volumeMounts": _renamed(mounts, name)}


def account_name(spec: Wire) -> str:
    """The service account that a Pod asks for; the older name of the field counts where the newer is missing."""
    return spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"


def _add_account(spec: Wire, account: Account) -> bool:
    """Name the service account, and mount its token; whether it was mounted."""
    spec["serviceAccountName"] = spec["serviceAccount"] = account.name
    mount = spec.get("automountServiceAccountToken")
    mounted = (account.mounts_token if mount is None else mount) and _mount_token(spec)
    if account.pull_secrets and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [{"name": name} for name in account.pull_secrets]
    return mounted


def _mount_token(spec: Wire) -> bool:
    """Mount the token into every container that has nothing at its path; whether there was one."""
    containers = (spec.get("initContainers") or []) + (spec.get("containers") or [])
    lacking = [
        container
        for container in containers
        if all(mount.get("mountPath") != TOKEN_PATH for mount in container.get("volumeMounts") or [])
    ]
    for container in lacking:
        mount = {"mountPath": TOKEN_PATH, "name": _SOME_TOKEN, "readOnly": True}
        container.setdefault("volumeMounts", []).append(mount)
    if lacking:
        spec.setdefault("volumes", []).append({"name": _SOME_TOKEN, "projected": _token_projection()})
    return bool(lacking)


def _token_projection() -> Wire:
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "defaultMode": 0o644,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
            {"downwardAPI": {"items": [{"fieldRef": field, "path": "namespace"}]}},
        ],
    }


def add_tolerations(spec: Wire) -> None:
    """Stay five minutes on a node that is not ready or not reachable, unless the Pod says otherwise."""
    tolerations = spec.setdefault("tolerations", [])
    for condition in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{condition}"
        if not any(t.get("key", "") in (key, "") and t.get("effect", "") in ("NoExecute", "") for t in tolerations):
            added = {"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": _TOLERATION_SECONDS}
            tolerations.append(added)


def _add_priority(spec: Wire, priority: Priority) -> None:
    if spec.get("priority") not in (None, priority.value):
        raise ValueError(
            f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; priority admission "
            f"controller computed {priority.value} from the given PriorityClass name"
        )
    if priority.name and spec.get("preemptionPolicy") not in (None, priority.policy):
        raise ValueError(
            f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; "
            f"priority admission controller computed {priority.policy} from the given PriorityClass name"
        )
    if priority.name:
        spec["priorityClassName"] = priority.name
    spec["priority"] = priority.value
    spec["preemptionPolicy"] = spec.get("preemptionPolicy") or priority.policy
