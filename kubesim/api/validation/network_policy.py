"""NetworkPolicies: which Pods they are about, and which peers and ports they let through.

Upstream: ``pkg/apis/networking/validation``.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubesim.api import names
from kubesim.api.addresses import legacy_cidr, parse_block_sloppily
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import validate_label_selector, validate_metadata, validate_metadata_update

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TYPES = ("Ingress", "Egress")
_DIRECTIONS = (("ingress", "from"), ("egress", "to"))


def validate_network_policy(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a NetworkPolicy that is created, or changed from ``before``."""
    spec, errors = wire.get("spec", {}), list[FieldError]()
    known: list[str] = []
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
        known = list(_blocks(before.get("spec", {})))
    else:
        errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    errors += validate_label_selector(spec.get("podSelector"), "spec.podSelector")
    for direction, side in _DIRECTIONS:
        for index, rule in enumerate(spec.get(direction) or []):
            path = f"spec.{direction}[{index}]"
            for position, port in enumerate(rule.get("ports") or []):
                errors += _port(port, f"{path}.ports[{position}]")
            for position, peer in enumerate(rule.get(side) or []):
                errors += _peer(peer, known, f"{path}.{side}[{position}]")
    types = spec.get("policyTypes") or []
    if len(types) > len(_TYPES):
        return [*errors, invalid_value("spec.policyTypes", types, "may not specify more than two policyTypes")]
    return errors + [
        not_supported(f"spec.policyTypes[{index}]", each, _TYPES)
        for index, each in enumerate(types)
        if each not in _TYPES
    ]


def _blocks(spec: Wire) -> Iterator[str]:
    """The blocks of addresses that a policy names already; these are not judged again."""
    for direction, side in _DIRECTIONS:
        for rule in spec.get(direction) or []:
            for peer in rule.get(side) or []:
                block = peer.get("ipBlock") or {}
                yield block.get("cidr", "")
                yield from block.get("except") or []


def _port(port: Wire, path: str) -> list[FieldError]:
    errors, number, end = [], port.get("port"), port.get("endPort")
    protocol = port.get("protocol")
    if protocol is not None and protocol not in _PROTOCOLS:
        errors.append(not_supported(f"{path}.protocol", protocol, _PROTOCOLS))
    if isinstance(number, int):
        errors += invalid_values(f"{path}.port", number, names.port_number(number))
        if end is not None:
            if end < number:
                errors.append(invalid_value(f"{path}.endPort", end, "must be greater than or equal to `port`"))
            errors += invalid_values(f"{path}.endPort", end, names.port_number(end))
        return errors
    if end is not None:
        why = "is not specified" if number is None else "is non-numeric"
        errors.append(invalid_value(f"{path}.endPort", end, f"may not be specified when `port` {why}"))
    return errors if number is None else errors + invalid_values(f"{path}.port", number, names.port_name(number))


def _peer(peer: Wire, known: list[str], path: str) -> list[FieldError]:
    errors = []
    for field in ("podSelector", "namespaceSelector"):
        errors += validate_label_selector(peer.get(field), f"{path}.{field}")
    block = peer.get("ipBlock")
    if block is not None:
        errors += _block(block, known, f"{path}.ipBlock")
    if not peer:
        errors.append(required(path, "must specify a peer"))
    elif block is not None and len(peer) > 1:
        errors.append(forbidden(path, "may not specify both ipBlock and another peer"))
    return errors


def _block(block: Wire, known: list[str], path: str) -> list[FieldError]:
    text = block.get("cidr", "")
    if not text:
        return [required(f"{path}.cidr")]
    errors = invalid_values(f"{path}.cidr", text, legacy_cidr(text, known))
    parsed = parse_block_sloppily(text)
    if parsed is None:
        return errors
    for index, each in enumerate(block.get("except") or []):
        here = f"{path}.except[{index}]"
        errors += invalid_values(here, each, legacy_cidr(each, known))
        inner = parse_block_sloppily(each)
        if inner is None:
            continue
        outside, inside = parsed[1], inner[1]
        if (
            inside.version != outside.version
            or inside.network_address not in outside
            or outside.prefixlen >= inside.prefixlen
        ):
            errors.append(invalid_value(here, each, "must be a strict subset of `cidr`"))
    return errors
