"""Defaults of a Pod, and of the Pod in a workload's template."""

from __future__ import annotations

import re
from typing import Any

from kubesim.api.objects import Wire

_REFERENCE = re.compile(
    r"(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?P<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


def pod_defaults(wire: Wire) -> None:
    """Fill in a Pod."""
    spec = wire.setdefault("spec", {})
    pod_spec_defaults(spec)
    if spec["terminationGracePeriodSeconds"] < 0:  # of a Pod, not of a template
        spec["terminationGracePeriodSeconds"] = 1
    for container in (spec.get("containers") or []) + (spec.get("initContainers") or []):
        _requests_from_limits(container)
        if spec.get("hostNetwork"):
            for port in container.get("ports") or []:
                port["hostPort"] = port.get("hostPort") or port.get("containerPort", 0)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True


def pod_spec_defaults(spec: Wire) -> None:
    """Fill in the spec of a Pod or of a template."""
    spec["dnsPolicy"] = spec.get("dnsPolicy") or "ClusterFirst"
    spec["restartPolicy"] = spec.get("restartPolicy") or "Always"
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    spec["schedulerName"] = spec.get("schedulerName") or "default-scheduler"
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:  # the older name of the field is kept equal to the newer
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(name) or []:
            _container_defaults(container)
    for volume in spec.get("volumes") or []:
        _volume_defaults(volume)


def image_tag(image: str) -> str:
    """The tag of an image reference: ``latest`` where it has neither tag nor digest, empty where it is malformed."""
    match = _REFERENCE.fullmatch(image)
    if match is None:
        return ""
    return match["tag"] or ("" if match["digest"] else "latest")


def _container_defaults(container: Wire) -> None:
    if not container.get("imagePullPolicy"):
        always = image_tag(container.get("image") or "") == "latest"
        container["imagePullPolicy"] = "Always" if always else "IfNotPresent"
    container["terminationMessagePath"] = container.get("terminationMessagePath") or "/dev/termination-log"
    container["terminationMessagePolicy"] = container.get("terminationMessagePolicy") or "File"
    if container.get("resources") is None:
        container["resources"] = {}
    for port in container.get("ports") or []:
        port["protocol"] = port.get("protocol") or "TCP"
    for variable in container.get("env") or []:
        _field_reference_defaults((variable.get("valueFrom") or {}).get("fieldRef"))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            _probe_defaults(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict) and hook.get("httpGet") is not None:
            _http_defaults(hook["httpGet"])


_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def _probe_defaults(probe: Wire) -> None:
    for name, value in _PROBE_DEFAULTS.items():
        probe[name] = probe.get(name) or value
    if probe.get("httpGet") is not None:
        _http_defaults(probe["httpGet"])
    if probe.get("grpc") is not None and probe["grpc"].get("service") is None:
        probe["grpc"]["service"] = ""


def _http_defaults(action: Wire) -> None:
    action["path"] = action.get("path") or "/"
    action["scheme"] = action.get("scheme") or "HTTP"


def _field_reference_defaults(reference: Wire | None) -> None:
    if reference is not None:
        reference["apiVersion"] = reference.get("apiVersion") or "v1"


def _requests_from_limits(container: Wire) -> None:
    """A limit without a request is also the request."""
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    if limits:
        requests = resources.get("requests") or {}
        resources["requests"] = limits | requests


def _volume_defaults(volume: Wire) -> None:
    if not any(value is not None for name, value in volume.items() if name != "name"):
        volume["emptyDir"] = {}
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        if volume.get(name) is not None and volume[name].get("defaultMode") is None:
            volume[name]["defaultMode"] = 0o644
    if volume.get("hostPath") is not None and volume["hostPath"].get("type") is None:
        volume["hostPath"]["type"] = ""
    items: list[Any] = list((volume.get("downwardAPI") or {}).get("items") or [])
    for source in (volume.get("projected") or {}).get("sources") or []:
        items += (source.get("downwardAPI") or {}).get("items") or []
        token = source.get("serviceAccountToken")
        if token is not None and token.get("expirationSeconds") is None:
            token["expirationSeconds"] = 3600
    for item in items:
        _field_reference_defaults(item.get("fieldRef"))
