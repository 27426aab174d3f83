"""Pods, and the Pod templates of workloads.

Upstream: ``ValidatePodCreate``, ``ValidatePodSpec``, ``ValidatePodTemplateSpec`` in ``pkg/apis/core/validation``. Rules
for Windows are left out: the simulated nodes run Linux.
"""

from __future__ import annotations

import re

from kubesim.api import names
from kubesim.api.addresses import legacy_ip_address
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, forbidden, invalid_value, invalid_values, not_supported, required, too_long
from kubesim.api.objects import Wire
from kubesim.api.validation.container import (
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
    validate_padding,
)
from kubesim.api.validation.metadata import (
    validate_annotations,
    validate_enumeration,
    validate_labels,
    validate_metadata,
)
from kubesim.api.validation.resources import validate_resources
from kubesim.api.validation.scheduling import validate_affinity, validate_tolerations, validate_topology_spread
from kubesim.api.validation.security import validate_pod_security, validate_profile_annotations, validate_profiles_agree
from kubesim.api.validation.volumes import validate_volumes

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_LARGEST_SECONDS = (1 << 31) - 1


def validate_new_pod(wire: Wire) -> list[FieldError]:
    """The problems of a Pod that is created."""
    spec = wire.get("spec", {})
    errors = validate_whole_pod(wire)
    if spec.get("ephemeralContainers"):
        errors.append(forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        errors.append(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
    return errors + validate_profiles_agree(wire.get("metadata", {}).get("annotations", {}), spec, "spec")


def validate_whole_pod(wire: Wire) -> list[FieldError]:
    """Metadata and spec of a Pod (without nulls), whether new or changed."""
    metadata, spec = wire.get("metadata", {}), wire.get("spec", {})
    errors = validate_metadata(metadata, names.dns1123_subdomain)
    errors += validate_pod_annotations(metadata.get("annotations", {}), spec, "metadata.annotations")
    errors += validate_pod_spec(spec, "spec", is_pod=True)
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(kind, [])):
            errors += validate_padding(container, f"spec.{kind}[{index}]")
    return errors


def validate_pod_annotations(annotations: dict[str, str], spec: Wire, path: str) -> list[FieldError]:
    """Annotations that the Pod's own machinery reads."""
    errors = []
    cost = annotations.get(_DELETION_COST)
    if cost is not None and not _is_deletion_cost(cost):
        errors.append(invalid_value(f"{path}[{_DELETION_COST}]", cost, "must be a 32bit integer"))
    return errors + validate_profile_annotations(annotations, spec, path)


def _is_deletion_cost(text: str) -> bool:
    """A number as one writes it: without a plus sign, without leading zeros."""
    if re.fullmatch("-[0-9]{1,18}|0|[1-9][0-9]{0,17}", text, re.ASCII) is None:
        return False
    return -(1 << 31) <= int(text) < 1 << 31


def validate_pod_template(template: Wire, path: str) -> list[FieldError]:
    """The Pod that a workload would create."""
    metadata = template.get("metadata", {})
    errors = validate_labels(metadata.get("labels"), f"{path}.labels")
    errors += validate_annotations(metadata.get("annotations"), f"{path}.annotations")
    annotations, spec = metadata.get("annotations", {}), template.get("spec", {})
    errors += validate_pod_annotations(annotations, spec, f"{path}.annotations")
    errors += validate_pod_spec(spec, f"{path}.spec", is_pod=False)
    errors += validate_profiles_agree(annotations, spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        problem = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", problem))
    return errors


def validate_pod_spec(spec: Wire, path: str, is_pod: bool) -> list[FieldError]:
    """A Pod's spec, or a template's."""
    grace_period = spec.get("terminationGracePeriodSeconds")
    errors = [required(f"{path}.terminationGracePeriodSeconds")] if grace_period is None else []
    volumes, problems = validate_volumes(spec.get("volumes", []), f"{path}.volumes")
    errors += problems
    main, early = spec.get("containers", []), spec.get("initContainers", [])
    errors += validate_containers(main, volumes, grace_period, f"{path}.containers")
    errors += validate_init_containers(early, main, volumes, grace_period, f"{path}.initContainers")
    ephemeral = spec.get("ephemeralContainers", [])
    errors += validate_ephemeral_containers(ephemeral, [*main, *early], volumes, f"{path}.ephemeralContainers")
    errors += _host_network(spec, path, is_pod)
    errors += validate_restart_policy(spec.get("restartPolicy", ""), f"{path}.restartPolicy")
    errors += validate_dns_policy(spec.get("dnsPolicy", ""), f"{path}.dnsPolicy")
    errors += validate_labels(spec.get("nodeSelector"), f"{path}.nodeSelector")
    errors += validate_pod_security(spec, f"{path}.securityContext")
    errors += validate_affinity(spec.get("affinity", {}), f"{path}.affinity")
    errors += validate_dns_config(spec.get("dnsConfig"), spec.get("dnsPolicy", ""), f"{path}.dnsConfig")
    for index, gate in enumerate(spec.get("readinessGates", [])):
        condition = gate.get("conditionType", "")
        where = f"{path}.readinessGates[{index}].conditionType"
        errors += invalid_values(where, condition, names.qualified_name(condition))
    errors += _scheduling_gates(spec.get("schedulingGates", []), f"{path}.schedulingGates")
    errors += validate_topology_spread(spec.get("topologySpreadConstraints", []), f"{path}.topologySpreadConstraints")
    if spec.get("hostUsers") is False:
        shared = {"hostNetwork": "hostNetwork", "hostPID": "HostPID", "hostIPC": "HostIPC"}
        problem = "when `pod.Spec.HostUsers` is false"
        errors += [forbidden(f"{path}.{shown}", problem) for field, shown in shared.items() if spec.get(field)]
    return errors + _names_and_limits(spec, path)


def _scheduling_gates(gates: list[Wire], path: str) -> list[FieldError]:
    errors = []
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get("name", "")
        errors += invalid_values(f"{path}[{index}]", name, names.qualified_name(name))
        if name in seen:
            errors.append(duplicate(f"{path}[{index}]", name))
        seen.add(name)
    return errors


def _names_and_limits(spec: Wire, path: str) -> list[FieldError]:
    """Names of other objects, the deadline, the host name: the second half of upstream's list."""
    errors = []
    for field in ("serviceAccountName", "nodeName"):
        if spec.get(field):
            errors += invalid_values(f"{path}.{field}", spec[field], names.dns1123_subdomain(spec[field]))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None:
        problems = names.in_range(deadline, 1, _LARGEST_SECONDS)
        errors += invalid_values(f"{path}.activeDeadlineSeconds", deadline, problems)
    errors += validate_host_name(spec, path)
    if spec.get("subdomain"):
        errors += invalid_values(f"{path}.subdomain", spec["subdomain"], names.dns1123_label(spec["subdomain"]))
    errors += validate_tolerations(spec.get("tolerations", []), f"{path}.tolerations")
    for index, alias in enumerate(spec.get("hostAliases", [])):
        here, address = f"{path}.hostAliases[{index}]", alias.get("ip", "")
        errors += invalid_values(f"{here}.ip", address, legacy_ip_address(address))
        for position, name in enumerate(alias.get("hostnames", [])):
            errors += invalid_values(f"{here}.hostnames[{position}]", name, names.dns1123_subdomain(name))
    for field in ("priorityClassName", "runtimeClassName"):
        if spec.get(field):
            errors += invalid_values(f"{path}.{field}", spec[field], names.dns1123_subdomain(spec[field]))
    preemption = spec.get("preemptionPolicy")
    if preemption is not None:
        allowed = ("PreemptLowerPriority", "Never")
        errors += validate_enumeration(preemption, f"{path}.preemptionPolicy", allowed)
    if spec.get("overhead"):
        errors += validate_resources({"limits": spec["overhead"]}, f"{path}.overhead")
    system = spec.get("os")
    if system is not None and not system.get("name"):
        errors.append(required(f"{path}.os.name", "cannot be empty"))
    elif system is not None and system["name"] not in ("linux", "windows"):
        errors.append(not_supported(f"{path}.os", system["name"], ("linux", "windows")))
    return errors


def validate_restart_policy(policy: str, path: str) -> list[FieldError]:
    """What happens to containers that end; upstream lists the values unsorted."""
    return validate_enumeration(policy, path, _RESTART_POLICIES)


def validate_dns_policy(policy: str, path: str) -> list[FieldError]:
    """Which resolver a Pod asks; upstream lists the values unsorted."""
    return validate_enumeration(policy, path, _DNS_POLICIES)


def validate_host_name(spec: Wire, path: str) -> list[FieldError]:
    """The name that the Pod gives itself."""
    errors = []
    name, override = spec.get("hostname", ""), spec.get("hostnameOverride")
    if name:
        errors += invalid_values(f"{path}.hostname", name, names.dns1123_label(name))
    if override is None:
        return errors
    here = f"{path}.hostnameOverride"
    if spec.get("setHostnameAsFQDN"):
        errors.append(forbidden(here, "may not be specified when setHostnameAsFQDN is true"))
    if spec.get("hostNetwork"):
        errors.append(forbidden(here, "may not be specified when hostNetwork is true"))
    if names.byte_length(override) > 64:
        errors.append(too_long(here, 64))
    return errors + invalid_values(here, override, names.dns1123_subdomain(override))


def validate_dns_config(
    config: Wire | None, policy: str, path: str, strict: bool = True, underscores: bool = True
) -> list[FieldError]:
    """What a Pod adds to its ``resolv.conf``.

    :param strict: whether addresses with leading zeros are refused, as 1.36 does.
    :param underscores: whether search domains may have underscores, as 1.36 allows.
    """
    if policy == "None":
        if config is None:
            return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not config.get("nameservers"):
            problem = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [required(f"{path}.nameservers", problem)]
    config = config or {}
    errors = []
    servers, searches = config.get("nameservers", []), config.get("searches", [])
    if len(servers) > 3:
        errors.append(invalid_value(f"{path}.nameservers", servers, "must not have more than 3 nameservers"))
    for index, server in enumerate(servers):
        errors += invalid_values(f"{path}.nameservers[{index}]", server, legacy_ip_address(server, strict=strict))
    if len(searches) > 32:
        errors.append(invalid_value(f"{path}.searches", searches, "must not have more than 32 search paths"))
    if names.byte_length(" ".join(searches)) > 2048:
        problem = "must not have more than 2048 characters (including spaces) in the search list"
        errors.append(invalid_value(f"{path}.searches", searches, problem))
    check = names.search_domain if underscores else names.dns1123_subdomain
    for index, search in enumerate(searches):
        domain = search.removesuffix(".")
        if search != "." or not underscores:
            errors += invalid_values(f"{path}.searches[{index}]", domain, check(domain))
    for index, option in enumerate(config.get("options", [])):
        if not option.get("name"):
            errors.append(required(f"{path}.options[{index}]", "must not be empty"))
    return errors


def _host_network(spec: Wire, path: str, is_pod: bool) -> list[FieldError]:
    """On the host's network a port is the host's port; a template may leave that to the default."""
    if not spec.get("hostNetwork"):
        return []
    errors = []
    for index, container in enumerate(spec.get("containers", [])):
        for position, port in enumerate(container.get("ports", [])):
            host_port = port.get("hostPort", 0)
            if (is_pod or host_port) and host_port != port.get("containerPort", 0):
                problem = "must match `containerPort` when `hostNetwork` is true"
                where = f"{path}.containers[{index}].ports[{position}].hostPort"
                errors.append(invalid_value(where, host_port, problem))
    return errors
