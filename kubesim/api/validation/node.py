"""Nodes: names, taints, capacity, the Pods' address blocks.

Upstream: ``ValidateNode``, ``ValidateNodeUpdate`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.addresses import legacy_cidr, parse_block_sloppily
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, forbidden, invalid_value, invalid_values
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import validate_metadata, validate_metadata_update
from kubesim.api.validation.resources import validate_quantity
from kubesim.api.validation.scheduling import validate_taints


def validate_node(wire: Wire, old: Wire | None = None) -> list[FieldError]:
    """The problems of a Node that is registered, or changed from ``old``."""
    if old is not None:
        return _changes(wire, old)
    spec = wire.get("spec", {})
    errors = validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain, namespaced=False)
    errors += validate_taints(spec.get("taints", []), "metadata.taints")
    errors += _capacity(wire.get("status", {}))
    blocks = spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else [])
    for index, block in enumerate(blocks):
        errors += invalid_values(f"spec.podCIDRs[{index}]", block, legacy_cidr(block))
    parsed = [parse_block_sloppily(block) for block in blocks]
    if len(blocks) > 1:
        versions = sorted(block[0].version for block in parsed if block is not None)
        if versions != [4, 6]:
            problem = "may specify no more than one CIDR for each IP family"
            errors.append(invalid_value("spec.podCIDRs", blocks, problem))
        for index, block in enumerate(blocks):
            if block in blocks[:index]:
                errors.append(duplicate(f"spec.podCIDRs[{index}]", block))
    return errors


def _capacity(status: Wire) -> list[FieldError]:
    errors = []
    for field in ("capacity", "allocatable"):
        for name, amount in sorted(status.get(field, {}).items()):
            errors += validate_quantity(name, amount, f"status.{field}.{name}")
    return errors


def _changes(wire: Wire, before: Wire) -> list[FieldError]:
    spec, old_spec = wire.get("spec", {}), before.get("spec", {})
    errors = validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    errors += _capacity(wire.get("status", {}))
    addresses = wire.get("status", {}).get("addresses", [])
    for index, address in enumerate(addresses):
        if address in addresses[:index]:
            shown = {"Type": address.get("type", ""), "Address": address.get("address", "")}
            errors.append(duplicate(f"status.addresses[{index}]", shown))
    old_blocks = old_spec.get("podCIDRs", [])
    if old_blocks and old_blocks != spec.get("podCIDRs", []):
        problem = 'node updates may not change podCIDR except from "" to valid'
        errors.append(forbidden("spec.podCIDRs", problem))
    old_provider = old_spec.get("providerID", "")
    if old_provider and old_provider != spec.get("providerID", ""):
        problem = 'node updates may not change providerID except from "" to valid'
        errors.append(forbidden("spec.providerID", problem))
    return errors + validate_taints(spec.get("taints", []), "metadata.taints")
