"""Warnings about Pods and Pod templates: ports declared twice, variables hidden, fields that no longer work.

Upstream: ``warningsForPodSpecAndMeta`` in ``pkg/api/pod/warnings.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubesim.api import quantities
from kubesim.api.go_format import quote
from kubesim.api.objects import Wire

_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}
_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": (
        'non-functional in v1.16+; use the "priorityClassName" field instead'
    ),
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_BYTES = ("memory", "ephemeral-storage")
_KINDS = ("initContainers", "containers", "ephemeralContainers")
_NO_SELECTOR = "a null labelSelector results in matching no pod"


def pod_warnings(pod: Wire, prefix: str) -> list[str]:
    """The warnings for a Pod, or for a template.

    :param prefix: what comes before ``spec`` in paths: nothing, or ``spec.template.``.
    """
    spec, annotations = pod.get("spec", {}), pod.get("metadata", {}).get("annotations", {})
    path = f"{prefix}spec"
    warnings = [
        f"{path}.nodeSelector[{key}]: {_NODE_LABELS[key]}"
        for key in spec.get("nodeSelector", {})
        if key in _NODE_LABELS
    ]
    for index, constraint in enumerate(spec.get("topologySpreadConstraints", [])):
        here, key = f"{path}.topologySpreadConstraints[{index}]", constraint.get("topologyKey", "")
        if key in _NODE_LABELS:
            warnings.append(f"{here}.topologyKey: {key} is {_NODE_LABELS[key]}")
        if "labelSelector" not in constraint:
            warnings.append(f"{here}.labelSelector: {_NO_SELECTOR}")
    warnings += [
        f"{prefix}metadata.annotations[{key}]: {words}" for key, words in _ANNOTATIONS.items() if key in annotations
    ]
    for index, volume in enumerate(spec.get("volumes", [])):
        warnings += [f"{path}.volumes[{index}].{kind}: {words}" for kind, words in _VOLUMES.items() if kind in volume]
    warnings += _repeated(spec.get("hostAliases", []), "ip", f"{path}.hostAliases")
    secrets = spec.get("imagePullSecrets", [])
    warnings += _repeated(secrets, "name", f"{path}.imagePullSecrets")
    warnings += [
        f'{path}.imagePullSecrets[{index}].name: invalid empty name ""'
        for index, secret in enumerate(secrets)
        if not secret.get("name")
    ]
    warnings += _fractions(spec.get("overhead", {}), f"{path}.overhead")
    for container, here in _containers(spec, path):
        for field in ("limits", "requests"):
            warnings += _fractions(container.get("resources", {}).get(field, {}), f"{here}.resources.{field}")
        warnings += _hidden_variables(container.get("env", []), f"{here}.env")
    warnings += _ports(spec, path)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        problem = "must be >= 0; negative values are invalid and will be treated as 1"
        warnings.append(f"{path}.terminationGracePeriodSeconds: {problem}")
    return warnings + list(_affinity(spec.get("affinity", {}), f"{path}.affinity"))


def _containers(spec: Wire, path: str) -> Iterator[tuple[Wire, str]]:
    for kind in _KINDS:
        for index, container in enumerate(spec.get(kind, [])):
            yield container, f"{path}.{kind}[{index}]"


def _repeated(items: Iterable[Wire], key: str, path: str) -> list[str]:
    warnings = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        value = item.get(key, "")
        if value in seen:
            warnings.append(f"{path}[{index}].{key}: duplicate {key} {quote(value)}")
        seen.add(value)
    return warnings


def _fractions(amounts: Wire, path: str) -> list[str]:
    """Half a byte cannot be had."""
    warnings = []
    for name in _BYTES:
        amount = quantities.parse(str(amounts.get(name, 0)))
        if amount != amount.to_integral_value():
            shown = quote(quantities.canonical(str(amounts[name])))
            warnings.append(f"{path}[{name}]: fractional byte value {shown} is invalid, must be an integer")
    return warnings


def _hidden_variables(variables: list[Wire], path: str) -> list[str]:
    """A variable defined again, unless the new value builds on the old one."""
    warnings = []
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        name, value = variable.get("name", ""), variable.get("value", "")
        reference = f"$({name})"
        builds_on_it = reference in value and value != reference and "valueFrom" not in variable
        if name in seen and not builds_on_it:
            words = f"hides previous definition of {quote(name)}, which may be dropped when using apply"
            warnings.append(f"{path}[{index}]: {words}")
        seen.add(name)
    return warnings


def _ports(spec: Wire, path: str) -> list[str]:
    """Ports of the same number and protocol, in one container or in several."""
    warnings = []
    seen: dict[str, list[tuple[str, str, int]]] = {}
    for container, here in _containers(spec, path):
        for index, port in enumerate(container.get("ports", [])):
            where = f"{here}.ports[{index}]"
            address, host_port = port.get("hostIP", ""), port.get("hostPort", 0)
            number, protocol = port.get("containerPort", 0), port.get("protocol", "")
            if address and not host_port:
                shown = (
                    f"{{Name:{port.get('name', '')} HostPort:{host_port} ContainerPort:{number} "
                    f"Protocol:{protocol} HostIP:{address}}}"
                )
                warnings.append(f"{where}: hostIP set without hostPort: {shown}")
            others = seen.setdefault(f"{number}/{protocol}", [])
            for other, other_address, other_port in others:
                if (address, host_port) == (other_address, other_port):
                    warnings.append(f"{where}: duplicate port definition with {other}")
                elif not host_port or not other_port:
                    warnings.append(f"{where}: overlapping port definition with {other}")
                elif host_port == other_port and (not address) != (not other_address):
                    warnings.append(f"{where}: dangerously ambiguous port definition with {other}")
            others.append((where, address, host_port))
    return warnings


def _affinity(affinity: Wire, path: str) -> Iterator[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind, {})
        for index, term in enumerate(terms.get("requiredDuringSchedulingIgnoredDuringExecution", [])):
            if "labelSelector" not in term:
                where = f"{path}.{kind}.requiredDuringSchedulingIgnoredDuringExecution[{index}].labelSelector"
                yield f"{where}: {_NO_SELECTOR}"
        for index, term in enumerate(terms.get("preferredDuringSchedulingIgnoredDuringExecution", [])):
            if "labelSelector" not in term.get("podAffinityTerm", {}):
                where = f"{path}.{kind}.preferredDuringSchedulingIgnoredDuringExecution[{index}]"
                yield f"{where}.podAffinityTerm.labelSelector: {_NO_SELECTOR}"
