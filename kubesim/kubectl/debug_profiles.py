"""The profiles of ``kubectl debug``: what a container for debugging may do, and what a copied Pod leaves behind.

Upstream: ``k8s.io/kubectl/pkg/cmd/debug/profiles.go``.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Any

from kubesim.api.objects import Wire

PROFILES = ("legacy", "general", "baseline", "restricted", "netadmin", "sysadmin")
_PROBES = ("liveness", "readiness", "startup")


class Style(enum.Enum):
    """What is debugged: a Pod as it runs, a copy of it, or a node."""

    EPHEMERAL = enum.auto()
    COPY = enum.auto()
    NODE = enum.auto()


def apply_profile(profile: str, pod: Wire, container: Wire, style: Style, keep: Collection[str]) -> None:
    """Change a Pod and its new container as a profile says.

    :param keep: what a copy keeps, of ``labels``, ``annotations``, ``liveness``, ``readiness``, ``startup`` and
        ``init-containers``.
    """
    spec = pod["spec"]
    if profile in ("baseline", "restricted") or (profile == "general" and style is Style.NODE):
        container.pop("securityContext", None)
    if profile == "restricted":
        _security(container).update(
            {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        )
    if profile == "general" and style is not Style.NODE:
        _add_capabilities(container, "SYS_PTRACE")
    if profile == "netadmin":
        _add_capabilities(container, "NET_ADMIN", "NET_RAW")
    if profile == "sysadmin":
        _security(container)["privileged"] = True
    if style is Style.NODE:
        if profile in ("legacy", "general", "sysadmin"):
            spec.setdefault("volumes", []).append({"name": "host-root", "hostPath": {"path": "/"}})
            container.setdefault("volumeMounts", []).append({"mountPath": "/host", "name": "host-root"})
        if profile not in ("baseline", "restricted"):
            spec |= {"hostIPC": True, "hostNetwork": True, "hostPID": True}
    elif style is Style.COPY and profile == "legacy":
        pod["metadata"].pop("labels", None)
    elif style is Style.COPY:
        _leave_behind(pod, keep)
        spec.setdefault("shareProcessNamespace", True)


def _security(container: Wire) -> dict[str, Any]:
    security: dict[str, Any] = container.setdefault("securityContext", {})
    return security


def _add_capabilities(container: Wire, *names: str) -> None:
    capabilities = _security(container).setdefault("capabilities", {})
    capabilities["add"] = [*(capabilities.get("add") or ()), *names]


def _leave_behind(pod: Wire, keep: Collection[str]) -> None:
    for part in ("labels", "annotations"):
        if part not in keep:
            pod["metadata"].pop(part, None)
    for container in pod["spec"]["containers"]:
        for probe in _PROBES:
            if probe not in keep:
                container.pop(f"{probe}Probe", None)
    if "init-containers" not in keep:
        pod["spec"].pop("initContainers", None)
