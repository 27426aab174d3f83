"""Domain names as text: labels, zones, and the names of addresses under ``in-addr.arpa``.

Names are absolute (``web.default.svc.cluster.local.``). Comparisons ignore case. Nothing here fails on a strange name;
:func:`problem` says what is wrong with one, in the words of the C library's and BIND's resolvers.
"""

from __future__ import annotations

import ipaddress


def absolute(name: str) -> str:
    """The name with its final dot; the empty name is the root."""
    return name if name.endswith(".") else f"{name}."


def labels(name: str) -> list[str]:
    """The labels from left to right; the root has none."""
    stripped = name.rstrip(".")
    return stripped.split(".") if stripped else []


def same(one: str, other: str) -> bool:
    """Whether two names are equal, case and a final dot aside."""
    return one.rstrip(".").lower() == other.rstrip(".").lower()


def is_within(name: str, zone: str) -> bool:
    """Whether a name is the zone or lies below it."""
    name, zone = absolute(name).lower(), absolute(zone).lower()
    return zone == "." or name == zone or name.endswith(f".{zone}")


def longest_zone(name: str, zones: tuple[str, ...]) -> str:
    """The most specific of the zones that holds the name, or the empty string."""
    return max((zone for zone in zones if is_within(name, zone)), key=len, default="")


def below(name: str, zone: str) -> str:
    """What stands before the zone in a name that lies in it, without the dot between them."""
    name, zone = absolute(name), absolute(zone)
    return name[: len(name) - len(zone)].rstrip(".")


def under(first: str, zone: str) -> str:
    """The name of these labels in a zone: ``ns.dns`` in the root is ``ns.dns.``."""
    return f"{first}." if zone == "." else f"{first}.{zone}"


def reverse_name(address: str) -> str:
    """``175.113.43.10.in-addr.arpa.`` of ``10.43.113.175``; IPv6 gives a name under ``ip6.arpa``.

    :raises ValueError: if it is no address.
    """
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return f"{(mapped or parsed).reverse_pointer}."


def address_of_reverse(name: str) -> str | None:
    """The address that a complete reverse name stands for, or None."""
    if not is_reverse(name):
        return None
    import dns.exception  # dnspython is slow to load
    import dns.name
    import dns.reversename

    try:
        return str(ipaddress.ip_address(dns.reversename.to_address(dns.name.from_text(name))))
    except (dns.exception.DNSException, ValueError):
        return None


def is_reverse(name: str) -> bool:
    """Whether a name lies under ``in-addr.arpa`` or ``ip6.arpa``."""
    return is_within(name, "in-addr.arpa.") or is_within(name, "ip6.arpa.")


def is_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def problem(name: str) -> str | None:
    """Why a name cannot be asked (``empty label``, ``label too long``, ``name too long``), or None where it can."""
    if name in ("", "."):
        return None
    parts = name.removesuffix(".").split(".")
    if any(not part for part in parts):
        return "empty label"
    encoded = [part.encode() for part in parts]
    if any(len(part) > 63 for part in encoded):
        return "label too long"
    if sum(len(part) + 1 for part in encoded) + 1 > 255:
        return "name too long"
    return None
