"""Values in a Corefile: zones and durations."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence


def zones_of(zone: str) -> list[str]:
    """A zone as it is served: absolute, lower case; an address range gives its reverse zone."""
    if "/" in zone:
        try:
            network = ipaddress.ip_network(zone, strict=False)
        except ValueError:
            return [f"{zone.lower().rstrip('.')}."]
        if network.version == 4:
            octets = str(network.network_address).split(".")[: max(1, network.prefixlen // 8)]
            return [f"{'.'.join(reversed(octets))}.in-addr.arpa."]
    lowered = zone.lower()
    return [lowered if lowered.endswith(".") else f"{lowered}."]


def normalised_zones(words: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """The zones that a plugin names, or its server block's."""
    return tuple(one for word in words for one in zones_of(word)) or tuple(default)


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds_of(text: str) -> float | None:
    """A Go duration (``30s``, ``1m30s``) in seconds, or None where it is none."""
    if not re.fullmatch(r"(\d+(\.\d+)?(h|ms|m|s))+", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)(h|ms|m|s)", text))
