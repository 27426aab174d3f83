"""Services: ports, types, cluster IPs, traffic policies.

The order of the rules is upstream's, for it is the order of the messages. An update runs the rules for changes first
and then every rule for new objects. Upstream: ``ValidateService`` in ``pkg/apis/core/validation/validation.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubesim.api import names
from kubesim.api.addresses import legacy_cidr, legacy_ip_address, parse_sloppily, special_address
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, forbidden, invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import IntOrString, LoadBalancerStatus, Service, ServicePort, SessionAffinityConfig, Wire, view
from kubesim.api.validation.cluster_ips import is_headless, validate_cluster_ip_changes, validate_cluster_ips
from kubesim.api.validation.endpoints import PROTOCOLS
from kubesim.api.validation.metadata import (
    validate_choice,
    validate_enumeration,
    validate_labels,
    validate_metadata,
    validate_metadata_update,
)

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_TRAFFIC_POLICIES = ("Cluster", "Local")
_TRAFFIC_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
_TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"
_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_LONGEST_AFFINITY = 86400


def validate_service(wire: Wire, old_wire: Wire | None = None) -> list[FieldError]:
    """The problems of a Service with its defaults applied."""
    service = view(wire, Service)
    before = view(old_wire, Service) if old_wire is not None else None
    errors = []
    if before is not None and old_wire is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), old_wire.get("metadata", {}))
        errors += validate_cluster_ip_changes(before, service)
        errors += _load_balancer_class(before, service)
        errors += _health_check_change(before, service)
    return errors + _everything(wire, service, before)


def _everything(wire: Wire, service: Service, before: Service | None) -> list[FieldError]:
    spec = service.spec
    errors = validate_metadata(wire.get("metadata", {}), names.dns1123_label)
    errors += _topology_annotations(service.metadata.annotations or {})
    errors += _type(service)
    port_names: set[str] = set()
    for index, port in enumerate(spec.ports or []):
        errors += _port(port, len(spec.ports or []) > 1, port_names, f"spec.ports[{index}]")
    errors += validate_labels(spec.selector, "spec.selector")
    errors += _session_affinity(service)
    errors += validate_cluster_ips(service, before)
    unchanged = (before.spec.externalIPs or []) if before else []
    for index, address in enumerate(spec.externalIPs or []):
        path = f"spec.externalIPs[{index}]"
        problems = legacy_ip_address(address, unchanged) or special_address(address)
        errors += invalid_values(path, address, problems)
    errors += validate_enumeration(spec.type, "spec.type", _TYPES)
    errors += _node_ports(service)
    errors += _duplicate_ports(spec.ports or [])
    errors += _source_ranges(service, before)
    if spec.allocateLoadBalancerNodePorts is not None and spec.type != "LoadBalancer":
        errors.append(forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_LOAD_BALANCER))
    if spec.allocateLoadBalancerNodePorts is None and spec.type == "LoadBalancer":
        errors.append(required("allocateLoadBalancerNodePorts"))
    errors += _load_balancer_class(None, service)
    errors += validate_external_traffic_policy(service)
    errors += _internal_traffic_policy(service)
    return errors + validate_choice(spec.trafficDistribution, "spec.trafficDistribution", _TRAFFIC_DISTRIBUTIONS)


_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"


def _topology_annotations(annotations: dict[str, str]) -> list[FieldError]:
    hints, mode = annotations.get(_TOPOLOGY_HINTS), annotations.get(_TOPOLOGY_MODE)
    if hints is None or mode is None or hints == mode:
        return []
    problem = f"must match annotations[{_TOPOLOGY_HINTS}] when both are specified"
    return [invalid_value(f"metadata.annotations[{_TOPOLOGY_MODE}]", mode, problem)]


def _type(service: Service) -> list[FieldError]:
    """What the type demands or rules out."""
    spec = service.spec
    errors = []
    if not spec.ports and not is_headless(service) and spec.type != "ExternalName":
        errors.append(required("spec.ports"))
    if spec.type in ("LoadBalancer", "NodePort") and is_headless(service):
        problem = f"may not be set to 'None' for {spec.type} services"
        errors.append(invalid_value("spec.clusterIPs[0]", "None", problem))
    if spec.type == "ExternalName":
        for field in ("clusterIPs", "ipFamilies"):
            if getattr(spec, field):
                errors.append(forbidden(f"spec.{field}", "may not be set for ExternalName services"))
        if spec.ipFamilyPolicy is not None:
            errors.append(forbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services"))
        target = spec.externalName.removesuffix(".")
        if not target:
            errors.append(required("spec.externalName"))
        else:
            errors += invalid_values("spec.externalName", target, names.dns1123_subdomain(target))
    return errors


def _port(port: ServicePort, name_required: bool, port_names: set[str], path: str) -> list[FieldError]:
    errors = []
    if port.name:
        errors += invalid_values(f"{path}.name", port.name, names.dns1123_label(port.name))
        if port.name in port_names:
            errors.append(duplicate(f"{path}.name", port.name))
        port_names.add(port.name)
    elif name_required:
        errors.append(required(f"{path}.name"))
    errors += invalid_values(f"{path}.port", port.port, names.port_number(port.port))
    errors += validate_enumeration(port.protocol, f"{path}.protocol", PROTOCOLS)
    errors += validate_port_number_or_name(port.targetPort, f"{path}.targetPort")
    if port.appProtocol is not None:
        errors += invalid_values(f"{path}.appProtocol", port.appProtocol, names.qualified_name(port.appProtocol))
    return errors


def validate_port_number_or_name(value: IntOrString, path: str) -> list[FieldError]:
    """A port given by number or by the name of a container's port."""
    problems = names.port_name(value) if isinstance(value, str) else names.port_number(value)
    return invalid_values(path, value, problems)


def _session_affinity(service: Service) -> list[FieldError]:
    spec = service.spec
    errors = validate_enumeration(spec.sessionAffinity, "spec.sessionAffinity", ("ClientIP", "None"))
    if spec.sessionAffinity == "ClientIP":
        errors += validate_client_ip_config(spec.sessionAffinityConfig, "spec.sessionAffinityConfig")
    elif spec.sessionAffinity == "None" and spec.sessionAffinityConfig is not None:
        errors.append(forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None"))
    return errors


def validate_client_ip_config(config: SessionAffinityConfig | None, path: str) -> list[FieldError]:
    """The time-out of ClientIP affinity, in seconds; it must be there."""
    reason = "when session affinity type is ClientIP"
    if config is None:
        return [required(path, reason)]
    if config.clientIP is None:
        return [required(f"{path}.clientIP", reason)]
    seconds, path = config.clientIP.timeoutSeconds, f"{path}.clientIP.timeoutSeconds"
    if seconds is None:
        return [required(path, reason)]
    if 0 < seconds <= _LONGEST_AFFINITY:
        return []
    return [invalid_value(path, seconds, f"must be greater than 0 and less than {_LONGEST_AFFINITY}")]


def _node_ports(service: Service) -> list[FieldError]:
    errors = []
    ports = service.spec.ports or []
    if service.spec.type == "ClusterIP":
        for index, port in enumerate(ports):
            if port.nodePort:
                problem = "may not be used when `type` is 'ClusterIP'"
                errors.append(forbidden(f"spec.ports[{index}].nodePort", problem))
    taken: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        if not port.nodePort:
            continue
        if (port.protocol, port.nodePort) in taken:
            errors.append(duplicate(f"spec.ports[{index}].nodePort", port.nodePort))
        taken.add((port.protocol, port.nodePort))
    return errors


def _duplicate_ports(ports: Sequence[ServicePort]) -> list[FieldError]:
    """Two ports of the same number and protocol; the message shows upstream's internal struct, Go names and all."""
    errors = []
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        if (port.protocol, port.port) in seen:
            key: dict[str, Any] = {"Name": "", "Protocol": port.protocol, "AppProtocol": None, "Port": port.port}
            key |= {"TargetPort": 0, "NodePort": 0}
            errors.append(duplicate(f"spec.ports[{index}]", key))
        seen.add((port.protocol, port.port))
    return errors


def _source_ranges(service: Service, before: Service | None) -> list[FieldError]:
    spec = service.spec
    annotation = (service.metadata.annotations or {}).get(_SOURCE_RANGES)
    old_annotation = ((before.metadata.annotations or {}) if before else {}).get(_SOURCE_RANGES)
    errors = []
    if spec.loadBalancerSourceRanges:
        path = "spec.LoadBalancerSourceRanges"
        if spec.type != "LoadBalancer":
            errors.append(forbidden(path, _ONLY_LOAD_BALANCER))
        unchanged = [text.strip() for text in (before.spec.loadBalancerSourceRanges or [])] if before else []
        for index, text in enumerate(spec.loadBalancerSourceRanges):
            block = text.strip()  # once an annotation, hence the blanks
            errors += invalid_values(f"{path}[{index}]", block, legacy_cidr(block, unchanged))
    elif annotation is not None:
        path = f"metadata.annotations[{_SOURCE_RANGES}]"
        if spec.type != "LoadBalancer":
            errors.append(forbidden(path, _ONLY_LOAD_BALANCER))
        if annotation.strip() and annotation != old_annotation:
            for text in annotation.strip().split(","):
                errors += invalid_values(path, text.strip(), legacy_cidr(text.strip()))
    return errors


def _load_balancer_class(before: Service | None, service: Service) -> list[FieldError]:
    errors = []
    path, given = "spec.loadBalancerClass", service.spec.loadBalancerClass
    is_load_balancer = service.spec.type == "LoadBalancer"
    was_load_balancer = before is not None and before.spec.type == "LoadBalancer"
    if before is not None and was_load_balancer and is_load_balancer and before.spec.loadBalancerClass != given:
        errors.append(invalid_value(path, given, "may not change once set"))
    if given is not None and is_load_balancer:
        errors += invalid_values(path, given, names.qualified_name(given))
    elif given is not None:
        errors.append(forbidden(path, _ONLY_LOAD_BALANCER))
    return errors


def is_externally_accessible(service: Service) -> bool:
    """Whether traffic from outside may be meant for the Service: an external traffic policy makes sense."""
    spec = service.spec
    return spec.type in ("LoadBalancer", "NodePort") or (spec.type == "ClusterIP" and bool(spec.externalIPs))


def needs_health_check(service: Service) -> bool:
    """Whether the Service has a health check node port."""
    return service.spec.type == "LoadBalancer" and service.spec.externalTrafficPolicy == "Local"


def validate_external_traffic_policy(service: Service) -> list[FieldError]:
    """Who may set the external traffic policy and the health check node port, and to what."""
    spec = service.spec
    errors = []
    path = "spec.externalTrafficPolicy"
    if is_externally_accessible(service):
        errors += validate_enumeration(spec.externalTrafficPolicy, path, _TRAFFIC_POLICIES)
    elif spec.externalTrafficPolicy:
        problem = "may only be set for externally-accessible services"
        errors.append(invalid_value(path, spec.externalTrafficPolicy, problem))
    path, port = "spec.healthCheckNodePort", spec.healthCheckNodePort
    if not needs_health_check(service):
        if port != 0:
            problem = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            errors.append(invalid_value(path, port, problem))
    elif port == 0:
        errors.append(required(path))
    else:
        errors += invalid_values(path, port, names.port_number(port))
    return errors


def _health_check_change(before: Service, service: Service) -> list[FieldError]:
    if not needs_health_check(before) or not needs_health_check(service):
        return []
    if before.spec.healthCheckNodePort == service.spec.healthCheckNodePort:
        return []
    return [forbidden("spec.healthCheckNodePort", "field is immutable")]


def _internal_traffic_policy(service: Service) -> list[FieldError]:
    policy, path = service.spec.internalTrafficPolicy, "spec.internalTrafficPolicy"
    if policy is None:
        return [required(path)] if service.spec.type in ("ClusterIP", "LoadBalancer", "NodePort") else []
    return validate_choice(policy, path, _TRAFFIC_POLICIES)


def validate_load_balancer_status(
    status: LoadBalancerStatus,
    service: Service,
    old: LoadBalancerStatus | None = None,
    path: str = "status.loadBalancer",
) -> list[FieldError]:
    """The addresses that a load balancer's controller writes into the status."""
    path = f"{path}.ingress"
    ingress_points = status.ingress or []
    if service.spec.type != "LoadBalancer" and ingress_points:
        return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")]
    errors = []
    unchanged = [ingress.ip for ingress in (old.ingress or [])] if old else []
    for index, ingress in enumerate(ingress_points):
        here = f"{path}[{index}]"
        if ingress.ip:
            errors += invalid_values(f"{here}.ip", ingress.ip, legacy_ip_address(ingress.ip, unchanged))
        if ingress.ipMode is None:
            if ingress.ip:
                errors.append(required(f"{here}.ipMode", "must be specified when `ip` is set"))
        elif not ingress.ip:
            errors.append(forbidden(f"{here}.ipMode", "may not be specified when `ip` is not set"))
        elif ingress.ipMode not in ("Proxy", "VIP"):
            errors.append(not_supported(f"{here}.ipMode", ingress.ipMode, ("Proxy", "VIP")))
        if ingress.hostname:
            errors += invalid_values(f"{here}.hostname", ingress.hostname, names.dns1123_subdomain(ingress.hostname))
            if parse_sloppily(ingress.hostname) is not None:
                problem = "must be a DNS name, not an IP address"
                errors.append(invalid_value(f"{here}.hostname", ingress.hostname, problem))
    return errors
