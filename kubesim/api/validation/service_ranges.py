"""ServiceCIDRs, the ranges of cluster addresses, and IPAddresses, the addresses of them that are taken.

Upstream: ``pkg/apis/networking/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.addresses import ip_address, legacy_cidr, parse_block_sloppily
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, invalid_values, required
from kubesim.api.objects import Wire
from kubesim.api.validation.internal_form import internal_form
from kubesim.api.validation.metadata import IMMUTABLE, validate_metadata, validate_metadata_update


def validate_service_cidr(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a ServiceCIDR: a range for each family, to which only a second family may be added."""
    blocks, path = wire.get("spec", {}).get("cidrs") or [], "spec.cidrs"
    if before is None:
        errors = validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain, namespaced=False)
        return errors + _blocks(blocks, path)
    errors = validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    old = before.get("spec", {}).get("cidrs") or []
    if len(old) == len(blocks):
        changed = [index for index, block in enumerate(blocks) if block != old[index]]
        return errors + [invalid_value(f"{path}[{index}]", blocks[index], IMMUTABLE) for index in changed]
    if (len(old), len(blocks)) != (1, 2):
        return [*errors, invalid_value(path, blocks, IMMUTABLE)]
    if blocks[0] != old[0]:
        errors.append(invalid_value(f"{path}[0]", blocks[0], IMMUTABLE))
    return errors + _blocks(blocks, path)


def _blocks(blocks: list[str], path: str) -> list[FieldError]:
    if not blocks:
        return [required(path, "at least one CIDR required")]
    if len(blocks) > 2:
        return [invalid_value(path, {"CIDRs": blocks}, "may only hold up to 2 values")]
    errors = []
    for index, block in enumerate(blocks):
        errors += invalid_values(f"{path}[{index}]", block, legacy_cidr(block))
    parsed = [each[1].version for block in blocks if (each := parse_block_sloppily(block)) is not None]
    if len(parsed) == 2 and parsed[0] == parsed[1]:
        problem = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        errors.append(invalid_value(path, blocks, problem))
    return errors


def validate_ip_address(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of an IPAddress: it is called as the address it stands for, and belongs to one object for good."""
    parent = wire.get("spec", {}).get("parentRef")
    if before is not None:
        errors = validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
        if parent != before.get("spec", {}).get("parentRef"):
            shown = internal_form(parent or {}, "ParentReference") if parent is not None else None
            errors.append(invalid_value("spec.parentRef", shown, IMMUTABLE))
        return errors
    errors = validate_metadata(wire.get("metadata", {}), ip_address, namespaced=False)
    if parent is None:
        return [*errors, required("spec.parentRef")]
    group, namespace = parent.get("group", ""), parent.get("namespace", "")
    if group:
        errors += invalid_values("spec.parentRef.group", group, names.dns1123_subdomain(group))
    for field in ("resource", "name"):
        given, path = parent.get(field, ""), f"spec.parentRef.{field}"
        errors += invalid_values(path, given, names.path_segment(given)) if given else [required(path)]
    if namespace:
        errors += invalid_values("spec.parentRef.namespace", namespace, names.path_segment(namespace))
    return errors
