"""Ingresses and IngressClasses: which host and path lead to which Service, and who carries that out.

Upstream: ``pkg/apis/networking/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.addresses import legacy_ip_address, parse_sloppily
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, not_supported, required, too_long
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import validate_immutable, validate_metadata, validate_metadata_update

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_SCOPES = ("Cluster", "Namespace")
_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_SUFFIXES = ("/..", "/.")
_CONTROLLER_LIMIT = 250
_NO_ADDRESS = "must be a DNS name, not an IP address"


def validate_ingress(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of an Ingress that is created, or changed from ``before``."""
    metadata, spec, errors = wire.get("metadata", {}), wire.get("spec", {}), list[FieldError]()
    if before is not None:
        errors += validate_metadata_update(metadata, before.get("metadata", {}))
    errors += validate_metadata(metadata, names.dns1123_subdomain)
    rules, backend = spec.get("rules") or [], spec.get("defaultBackend")
    if not rules and backend is None:
        errors.append(invalid_value("spec", None, "either `defaultBackend` or `rules` must be specified"))
    if backend is not None:
        errors += _backend(backend, "spec.defaultBackend")
    for index, rule in enumerate(rules):
        errors += _rule(rule, f"spec.rules[{index}]")
    for index, tls in enumerate(spec.get("tls") or []):
        errors += _tls(tls, f"spec.tls[{index}]")
    chosen = spec.get("ingressClassName")
    if chosen is not None:
        errors += invalid_values("spec.ingressClassName", chosen, names.dns1123_subdomain(chosen))
    annotated = (metadata.get("annotations") or {}).get(_CLASS_ANNOTATION)
    if before is None and annotated is not None and chosen is not None and annotated != chosen:
        problem = "must match `ingressClassName` when both are specified"
        errors.append(invalid_value(f"annotations.{_CLASS_ANNOTATION}", annotated, problem))
    return errors


def validate_ingress_status(wire: Wire, before: Wire) -> list[FieldError]:
    """The problems of the addresses that a controller says it serves an Ingress at."""
    errors = []
    known = [each.get("ip", "") for each in _ingress_points(before)]
    for index, point in enumerate(_ingress_points(wire)):
        path, host = f"status.loadBalancer.ingress[{index}]", point.get("hostname")
        if point.get("ip"):
            errors += invalid_values(f"{path}.ip", point["ip"], legacy_ip_address(point["ip"], known))
        if host:
            errors += invalid_values(f"{path}.hostname", host, names.dns1123_subdomain(host))
            if parse_sloppily(host) is not None:
                errors.append(invalid_value(f"{path}.hostname", host, _NO_ADDRESS))
    return errors


def _ingress_points(wire: Wire) -> list[Wire]:
    return ((wire.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def _host(host: str, path: str) -> list[FieldError]:
    check = names.wildcard_dns1123_subdomain if "*" in host else names.dns1123_subdomain
    return invalid_values(path, host, check(host))


def _tls(tls: Wire, path: str) -> list[FieldError]:
    errors = []
    for index, host in enumerate(tls.get("hosts") or []):
        errors += _host(host, f"{path}.hosts[{index}]")
    secret = tls.get("secretName", "")
    return errors + (invalid_values(f"{path}.secretName", secret, names.dns1123_subdomain(secret)) if secret else [])


def _rule(rule: Wire, path: str) -> list[FieldError]:
    errors, host = [], rule.get("host", "")
    if host:
        if parse_sloppily(host) is not None:
            errors.append(invalid_value(f"{path}.host", host, _NO_ADDRESS))
        errors += _host(host, f"{path}.host")
    if rule.get("http") is None:
        return errors
    paths = rule["http"].get("paths") or []
    if not paths:
        errors.append(required(f"{path}.http.paths"))
    for index, each in enumerate(paths):
        errors += _path(each, f"{path}.http.paths[{index}]")
    return errors


def _path(wire: Wire, path: str) -> list[FieldError]:
    kind, text, errors = wire.get("pathType"), wire.get("path", ""), list[FieldError]()
    if kind is None:
        return [required(f"{path}.pathType", "pathType must be specified")]
    if kind not in _PATH_TYPES:
        errors.append(not_supported(f"{path}.pathType", kind, _PATH_TYPES))
    elif not text.startswith("/") and (text or kind != "ImplementationSpecific"):
        errors.append(invalid_value(f"{path}.path", text, "must be an absolute path"))
    if kind in ("Exact", "Prefix"):
        problems = [f"must not contain '{each}'" for each in _SEQUENCES if each in text]
        problems += [f"cannot end with '{each}'" for each in _SUFFIXES if text.endswith(each)]
        errors += invalid_values(f"{path}.path", text, problems)
    return errors + _backend(wire.get("backend", {}), f"{path}.backend")


def _backend(backend: Wire, path: str) -> list[FieldError]:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        return [invalid_value(path, "", "cannot set both resource and service backends")]
    if resource is not None:
        return _reference(resource, f"{path}.resource")
    if service is None:
        return [invalid_value(path, "", "resource or service backend is required")]
    name, port, errors = service.get("name", ""), service.get("port") or {}, list[FieldError]()
    if not name:
        errors.append(required(f"{path}.service.name"))
    else:
        errors += invalid_values(f"{path}.service.name", name, names.dns1123_label(name))
    port_name, number = port.get("name", ""), port.get("number", 0)
    if port_name and number:
        errors.append(invalid_value(path, "", "cannot set both port name & port number"))
    elif port_name:
        errors += invalid_values(f"{path}.service.port.name", port_name, names.port_name(port_name))
    elif number:
        errors += invalid_values(f"{path}.service.port.number", number, names.port_number(number))
    else:
        errors.append(required(path, "port name or number is required"))
    return errors


def _reference(reference: Wire, path: str) -> list[FieldError]:
    errors, group = [], reference.get("apiGroup")
    if group is not None:
        errors += invalid_values(f"{path}.apiGroup", group, names.dns1123_subdomain(group))
    for field in ("kind", "name"):
        given = reference.get(field, "")
        if not given:
            errors.append(required(f"{path}.{field}"))
        else:
            errors += invalid_values(f"{path}.{field}", given, names.path_segment(given))
    return errors


def validate_ingress_class(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of an IngressClass: its controller never changes."""
    spec, errors = wire.get("spec", {}), list[FieldError]()
    controller = spec.get("controller", "")
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
        errors += validate_immutable(controller, before.get("spec", {}).get("controller", ""), "spec.controller")
    errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain, namespaced=False)
    if not controller:
        errors.append(required("spec.controller"))
    else:
        if names.byte_length(controller) > _CONTROLLER_LIMIT:
            errors.append(too_long("spec.controller", _CONTROLLER_LIMIT))
        errors += validate_domain_prefixed_path(controller, "spec.controller")
    parameters = spec.get("parameters")
    return errors + (_parameters(parameters, "spec.parameters") if parameters is not None else [])


def _parameters(parameters: Wire, path: str) -> list[FieldError]:
    errors = _reference(parameters, path)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        errors.append(required(f"{path}.scope"))
    elif scope not in _SCOPES:
        errors.append(not_supported(f"{path}.scope", scope, _SCOPES))
    elif scope == "Cluster" and namespace is not None:
        errors.append(forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'"))
    elif scope == "Namespace" and namespace is None:
        errors.append(required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'"))
    elif scope == "Namespace":
        errors += invalid_values(f"{path}.namespace", namespace, names.dns1123_label(str(namespace)))
    return errors


def validate_domain_prefixed_path(value: str, path: str) -> list[FieldError]:
    """A domain, a slash and a path, such as ``k8s.io/ingress-nginx``."""
    domain, slash, rest = value.partition("/")
    if not slash or not domain or not rest:
        return [invalid_value(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    if problems := names.dns1123_subdomain(domain):
        return invalid_values(path, domain, problems)
    return invalid_values(path, rest, names.url_path(rest))
