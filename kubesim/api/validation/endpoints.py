"""The addresses behind a Service: Endpoints, all in one object, and EndpointSlices of up to a thousand endpoints each.

Upstream: ``ValidateEndpoints`` in ``pkg/apis/core/validation``, and ``pkg/apis/discovery/validation``.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubesim.api import names
from kubesim.api.addresses import legacy_ip_address, parse_sloppily, special_address
from kubesim.api.errors import FieldError
from kubesim.api.fields import INTERNAL, duplicate, invalid_value, invalid_values, required, too_many
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import (
    validate_choice,
    validate_enumeration,
    validate_immutable,
    validate_labels,
    validate_metadata,
    validate_metadata_update,
)

PROTOCOLS = ("SCTP", "TCP", "UDP")


def validate_endpoints(new: Wire, old: Wire | None = None) -> list[FieldError]:
    """The problems of an Endpoints object; subsets that an update leaves alone are not judged again."""
    wire, before = new, old or {}
    errors = []
    if old is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    subsets, old_subsets = wire.get("subsets", []), before.get("subsets", [])
    if old is not None and subsets == old_subsets:
        return errors
    unchanged = [
        address.get("ip", "")
        for subset in old_subsets
        for address in (*subset.get("addresses", []), *subset.get("notReadyAddresses", []))
    ]
    for index, subset in enumerate(subsets):
        errors += _subset(subset, unchanged, f"subsets[{index}]")
    return errors


def _subset(subset: Wire, unchanged: list[str], path: str) -> list[FieldError]:
    errors = []
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        errors.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
    for kind in ("addresses", "notReadyAddresses"):
        for index, address in enumerate(subset.get(kind, [])):
            errors += _address(address, unchanged, f"{path}.{kind}[{index}]")
    ports = subset.get("ports", [])
    for index, port in enumerate(ports):
        errors += _port(port, len(ports) > 1, f"{path}.ports[{index}]")
    return errors


def _address(address: Wire, unchanged: list[str], path: str) -> list[FieldError]:
    ip, hostname, node = address.get("ip", ""), address.get("hostname", ""), address.get("nodeName")
    errors = invalid_values(f"{path}.ip", ip, legacy_ip_address(ip, unchanged))
    if hostname:
        errors += invalid_values(f"{path}.hostname", hostname, names.dns1123_label(hostname))
    if node is not None:
        errors += invalid_values(f"{path}.nodeName", node, names.dns1123_subdomain(node))
    return errors + invalid_values(f"{path}.ip", ip, special_address(ip))


def _port(port: Wire, name_required: bool, path: str) -> list[FieldError]:
    name, number, application = port.get("name", ""), port.get("port", 0), port.get("appProtocol")
    errors = []
    if name:
        errors += invalid_values(f"{path}.name", name, names.dns1123_label(name))
    elif name_required:
        errors.append(required(f"{path}.name"))
    errors += invalid_values(f"{path}.port", number, names.port_number(number))
    errors += validate_enumeration(port.get("protocol", ""), f"{path}.protocol", PROTOCOLS)
    if application is not None:
        errors += invalid_values(f"{path}.appProtocol", application, names.qualified_name(application))
    return errors


_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_LIMITS: Mapping[str, int] = {"endpoints": 1000, "addresses": 100, "ports": 20000, "topology": 16, "hints": 8}
_ZONE = "topology.kubernetes.io/zone"


def validate_endpoint_slice(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of an EndpointSlice; addresses that an update leaves alone keep their old spelling."""
    errors = validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    address_type = wire.get("addressType", "")
    errors += validate_enumeration(address_type, "addressType", _ADDRESS_TYPES)
    unchanged = [
        address for endpoint in (before or {}).get("endpoints") or () for address in endpoint.get("addresses") or ()
    ]
    errors += _slice_ports(wire.get("ports") or [])
    endpoints = wire.get("endpoints") or []
    if before is not None and endpoints == (before.get("endpoints") or []):
        pass  # what was stored is not judged again
    elif len(endpoints) > _LIMITS["endpoints"]:
        errors.append(too_many("endpoints", len(endpoints), _LIMITS["endpoints"]))
    else:
        for index, endpoint in enumerate(endpoints):
            errors += _endpoint(endpoint, address_type, unchanged, f"endpoints[{index}]")
    if before is not None:
        errors += validate_immutable(address_type, before.get("addressType", ""), "addressType")
    return errors


def _endpoint(endpoint: Wire, address_type: str, unchanged: list[str], path: str) -> list[FieldError]:
    addresses = endpoint.get("addresses") or []
    errors = []
    if not addresses:
        errors.append(required(f"{path}.addresses", "must contain at least 1 address"))
    elif len(addresses) > _LIMITS["addresses"]:
        errors.append(too_many(f"{path}.addresses", len(addresses), _LIMITS["addresses"]))
    for index, address in enumerate(addresses):
        here = f"{path}.addresses[{index}]"
        if address_type == "FQDN":
            errors += _domain_name(address, here)
        elif address_type in ("IPv4", "IPv6"):
            errors += _slice_address(address, address_type, unchanged, here, f"{path}.addresses")
    node, hostname = endpoint.get("nodeName"), endpoint.get("hostname")
    if node is not None:
        errors += invalid_values(f"{path}.nodeName", node, names.dns1123_subdomain(node))
    topology = endpoint.get("deprecatedTopology", {})
    topology_path = f"{path}.deprecatedTopology"
    if len(topology) > _LIMITS["topology"]:
        errors.append(too_many(topology_path, len(topology), _LIMITS["topology"]))
    errors += validate_labels(topology, topology_path)
    if _ZONE in topology:
        problem = "reserved key was not removed in conversion"
        errors.append(FieldError(INTERNAL, f"{topology_path}[{_ZONE}]", problem, problem))
    if hostname is not None:
        errors += invalid_values(f"{path}.hostname", hostname, names.dns1123_label(hostname))
    hints = endpoint.get("hints", {})
    errors += _hints(hints.get("forZones", []), names.label_value, f"{path}.hints.forZones")
    return errors + _hints(hints.get("forNodes", []), names.dns1123_subdomain, f"{path}.hints.forNodes")


def _slice_address(address: str, family: str, unchanged: list[str], path: str, list_path: str) -> list[FieldError]:
    if problems := legacy_ip_address(address, unchanged):
        return invalid_values(path, address, problems)
    errors = []
    parsed = parse_sloppily(address)
    if parsed is not None and f"IPv{parsed.version}" != family:
        errors.append(invalid_value(list_path, address, f"must be an {family} address"))
    return errors + invalid_values(path, address, special_address(address))


def _domain_name(address: str, path: str) -> list[FieldError]:
    if not address:
        return [required(path)]
    name = address.removesuffix(".")
    if problems := names.dns1123_subdomain(name):
        return [invalid_value(path, name, ",".join(problems))]
    labels = name.split(".")
    if len(labels) < 2:
        return [invalid_value(path, name, "should be a domain with at least two segments separated by dots")]
    for label in labels:
        if problems := names.dns1123_label(label):
            return [invalid_value(path, label, ",".join(problems))]
    return []


def _hints(hints: list[Wire], check: names.Check, path: str) -> list[FieldError]:
    if len(hints) > _LIMITS["hints"]:
        return [too_many(path, len(hints), _LIMITS["hints"])]
    errors = []
    seen: set[str] = set()
    for index, hint in enumerate(hints):
        name, here = hint.get("name", ""), f"{path}[{index}].name"
        if name in seen:
            errors.append(duplicate(here, name))
        seen.add(name)
        errors += invalid_values(here, name, check(name))
    return errors


def _slice_ports(ports: list[Wire]) -> list[FieldError]:
    if len(ports) > _LIMITS["ports"]:
        return [too_many("ports", len(ports), _LIMITS["ports"])]
    errors = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        path, name = f"ports[{index}]", port.get("name", "")
        if name:
            errors += invalid_values(f"{path}.name", name, names.dns1123_label(name))
        if name in seen:
            errors.append(duplicate(f"{path}.name", name))
        seen.add(name)
        protocol, application = port.get("protocol"), port.get("appProtocol")
        errors += [required(f"{path}.protocol")] if protocol is None else []
        errors += validate_choice(protocol, f"{path}.protocol", PROTOCOLS)
        if application is not None:
            errors += invalid_values(f"{path}.appProtocol", application, names.qualified_name(application))
    return errors
