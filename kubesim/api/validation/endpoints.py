"""Endpoints: the older list of a Service's addresses, all in one object.

Upstream: ``ValidateEndpoints`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.addresses import legacy_ip_address, special_address
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_values, required
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import (
    validate_enumeration,
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
