"""Admission: what the cluster adds to an object, or has against it, before its kind's own rules are asked.

Everything lives in a Namespace that exists and is not going away. A Pod gets a service account with its token
mounted, a priority, and five minutes of tolerance for a node that fails. Upstream: ``plugin/pkg/admission``.
"""

from __future__ import annotations

from random import Random

from kubesim.api.errors import ApiError, not_found, qualified, refusal
from kubesim.api.metadata import random_suffix
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.store import Store

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOLERATION_SECONDS = 300
_SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def admit_create(wire: Wire, resource: ResourceType, store: Store, random: Random) -> None:
    """Complete a new object in place.

    :raises ApiError: 403 or 404 if the cluster does not admit it.
    """
    if resource.namespaced:
        _require_namespace(wire, resource, store)
    if resource.kind == "Pod":
        _service_account(wire, store, random)
        _tolerations(wire["spec"])
        _priority(wire)


def admit_delete(resource: ResourceType, name: str) -> None:
    """Refuse to delete the Namespaces that a cluster cannot be without.

    :raises ApiError: 403.
    """
    if resource.kind == "Namespace" and name in ("default", "kube-system", "kube-public"):
        raise forbidden(resource, name, "this namespace may not be deleted")


def forbidden(resource: ResourceType, name: str, why: str) -> ApiError:
    """``pods "x" is forbidden: …`` (403)."""
    subject = f'{qualified(resource.plural, resource.group)} "{name}"'
    details = {"group": resource.group, "kind": resource.plural, "name": name}
    return refusal(403, "Forbidden", f"{subject} is forbidden: {why}", **details)


def _require_namespace(wire: Wire, resource: ResourceType, store: Store) -> None:
    name = wire["metadata"]["namespace"]
    namespace = store.get("Namespace", name)
    if namespace is None:
        raise not_found("namespaces", name)
    if namespace["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {name} because it is being terminated"
        error = forbidden(resource, wire["metadata"].get("name", ""), why)
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {name} is being terminated",
            "field": "metadata.namespace",
        }
        error.details["causes"] = [cause]
        raise error


def _service_account(wire: Wire, store: Store, random: Random) -> None:
    spec, namespace = wire["spec"], wire["metadata"]["namespace"]
    name = spec.get("serviceAccountName") or "default"
    account = store.get("ServiceAccount", name, namespace)
    if account is None and name != "default":  # a namespace's own account is about to be there
        resource = ResourceType("Pod", "pods", "pod")
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(resource, wire["metadata"].get("name", ""), why)
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    mount = spec.get("automountServiceAccountToken")
    if mount is None:
        mount = (account or {}).get("automountServiceAccountToken", True)
    if mount is not False:
        _mount_token(spec, random)
    if account is not None and account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = account["imagePullSecrets"]


def _mount_token(spec: Wire, random: Random) -> None:
    """Mount the token into every container that has nothing at its path."""
    containers = (spec.get("initContainers") or []) + (spec.get("containers") or [])
    lacking = [
        container
        for container in containers
        if all(mount.get("mountPath") != TOKEN_PATH for mount in container.get("volumeMounts") or [])
    ]
    if not lacking:
        return
    name = f"kube-api-access-{random_suffix(random)}"
    for container in lacking:
        mounts = container.setdefault("volumeMounts", [])
        mounts.append({"mountPath": TOKEN_PATH, "name": name, "readOnly": True})
    spec.setdefault("volumes", []).append({"name": name, "projected": _token_projection()})


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


def _tolerations(spec: Wire) -> None:
    """Stay five minutes on a node that is not ready or not reachable, unless the Pod says otherwise."""
    tolerations = spec.get("tolerations") or []
    for condition in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{condition}"
        if not any(t.get("key", "") in (key, "") and t.get("effect", "") in ("NoExecute", "") for t in tolerations):
            tolerations.append(
                {
                    "effect": "NoExecute",
                    "key": key,
                    "operator": "Exists",
                    "tolerationSeconds": _TOLERATION_SECONDS,
                }
            )
    spec["tolerations"] = tolerations


def _priority(wire: Wire) -> None:
    spec = wire["spec"]
    name = spec.get("priorityClassName", "")
    resource = ResourceType("Pod", "pods", "pod")
    if name and name not in _SYSTEM_PRIORITIES:
        pod = wire["metadata"].get("name", "")
        raise forbidden(resource, pod, f"no PriorityClass with name {name} was found")
    priority = _SYSTEM_PRIORITIES.get(name, 0)
    if spec.get("priority") not in (None, priority):
        why = (
            "the integer value of priority must not be provided in pod spec; "
            "priority admission controller computed "
            f"{priority} from the given PriorityClass name"
        )
        raise forbidden(resource, wire["metadata"].get("name", ""), why)
    spec["priority"] = priority
    spec["preemptionPolicy"] = spec.get("preemptionPolicy") or "PreemptLowerPriority"
