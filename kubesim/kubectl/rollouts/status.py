"""How far a rollout is, in a line; and whether it is over.

Upstream: ``polymorphichelpers/rollout_status.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError

REVISION = "deployment.kubernetes.io/revision"
"""The annotation of a Deployment, and of its ReplicaSets, that counts templates."""

Progress = tuple[str, bool]
"""What is said, newline included, and whether the rollout is over."""


def _deployment(deployment: Wire, revision: int) -> Progress:
    metadata, spec = deployment.get("metadata") or {}, deployment.get("spec") or {}
    status, name = deployment.get("status") or {}, (deployment.get("metadata") or {}).get("name", "")
    if revision > 0:
        current = int((metadata.get("annotations") or {}).get(REVISION, 0))
        if current != revision:
            raise KubectlError(f"desired revision ({revision}) is different from the running revision ({current})")
    if _unobserved(deployment):
        return "Waiting for deployment spec update to be observed...\n", False
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            raise KubectlError(f'deployment "{name}" exceeded its progress deadline')
    wanted = spec.get("replicas")
    total, updated = status.get("replicas", 0), status.get("updatedReplicas", 0)
    available = status.get("availableReplicas", 0)
    if wanted is not None and updated < wanted:
        text = f"{updated} out of {wanted} new replicas have been updated"
    elif total > updated:
        text = f"{total - updated} old replicas are pending termination"
    elif available < updated:
        text = f"{available} of {updated} updated replicas are available"
    else:
        return f'deployment "{name}" successfully rolled out\n', True
    return f'Waiting for deployment "{name}" rollout to finish: {text}...\n', False


def _daemon_set(daemon_set: Wire, revision: int) -> Progress:
    _demand_rolling_update(daemon_set)
    status, name = daemon_set.get("status") or {}, daemon_set["metadata"]["name"]
    if _unobserved(daemon_set):
        return "Waiting for daemon set spec update to be observed...\n", False
    wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    available = status.get("numberAvailable", 0)
    if updated < wanted:
        text = f"{updated} out of {wanted} new pods have been updated"
    elif available < wanted:
        text = f"{available} of {wanted} updated pods are available"
    else:
        return f'daemon set "{name}" successfully rolled out\n', True
    return f'Waiting for daemon set "{name}" rollout to finish: {text}...\n', False


def _stateful_set(stateful_set: Wire, revision: int) -> Progress:
    _demand_rolling_update(stateful_set)
    spec, status = stateful_set["spec"], stateful_set.get("status") or {}
    if not status.get("observedGeneration") or _unobserved(stateful_set):
        return "Waiting for statefulset spec update to be observed...\n", False
    wanted, ready, updated = spec.get("replicas"), status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if wanted is not None and ready < wanted:
        return f"Waiting for {wanted - ready} pods to be ready...\n", False
    rolling = (spec.get("updateStrategy") or {}).get("rollingUpdate")
    if rolling is not None:
        partition = rolling.get("partition")
        if wanted is not None and partition is not None and updated < wanted - partition:
            text = f"{updated} out of {wanted - partition} new pods have been updated"
            return f"Waiting for partitioned roll out to finish: {text}...\n", False
        return f"partitioned roll out complete: {updated} new pods have been updated...\n", True
    new = status.get("updateRevision", "")
    if new != status.get("currentRevision", ""):
        return f"waiting for statefulset rolling update to complete {updated} pods at revision {new}...\n", False
    return f"statefulset rolling update complete {status.get('currentReplicas', 0)} pods at revision {new}...\n", True


def _unobserved(wire: Wire) -> bool:
    observed = (wire.get("status") or {}).get("observedGeneration", 0)
    return bool((wire.get("metadata") or {}).get("generation", 0) > observed)


def _demand_rolling_update(wire: Wire) -> None:
    if (wire["spec"].get("updateStrategy") or {}).get("type") != "RollingUpdate":
        raise KubectlError("rollout status is only available for RollingUpdate strategy type")


STATUS_VIEWERS: Mapping[str, Callable[[Wire, int], Progress]] = MappingProxyType(
    {"DaemonSet": _daemon_set, "Deployment": _deployment, "StatefulSet": _stateful_set}
)
"""By kind: what is said of an object. The number is the revision that is wanted, 0 for any."""
