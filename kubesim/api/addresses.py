"""IP addresses and CIDR blocks as the API accepts them.

Two readings matter. Old fields were always read *sloppily*, leading zeros and all (``010.0.0.1`` is 10.0.0.1); since
1.36 such a value may stay in an object but not enter one. New fields are *strict* and demand the canonical spelling.
Checks return upstream's words, as in :mod:`kubesim.api.names`. Upstream: ``apimachinery/pkg/util/validation/ip.go``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from kubesim.api.go_format import quote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NOT_A_BLOCK = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_canonical_ipv4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII).fullmatch
_DOTTED = re.compile(r"[0-9]+(\.[0-9]+){3}", re.ASCII)


def is_canonical_ipv4(text: str) -> bool:
    """Whether a text is an IPv4 address as it is always written: four numbers up to 255, no leading zeros."""
    return _canonical_ipv4(text) is not None


def parse_sloppily(text: str) -> Address | None:
    """The address, leading zeros allowed; None where it is none. An IPv4 address inside IPv6 reads as IPv4."""
    head, colon, tail = text.rpartition(":")
    if _DOTTED.fullmatch(tail):
        text = f"{head}{colon}" + ".".join(octet.lstrip("0") or "0" for octet in tail.split("."))
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def plain_address(text: str) -> str:
    """An address as Go prints what it read sloppily: no leading zeros, the shortest form; other texts as they are.

    Old objects may hold other spellings; what endpoints and rules say of them is this.
    """
    if _canonical_ipv4(text):
        return text
    address = parse_sloppily(text)
    return text if address is None else str(address)


def _has_leading_zeros(text: str) -> bool:
    octets = text.rpartition(":")[2].split(".")
    return len(octets) == 4 and any(len(octet) > 1 and octet.startswith("0") for octet in octets)


def _is_mapped(text: str) -> bool:
    return ":" in text and isinstance(parse_sloppily(text), ipaddress.IPv4Address)


def legacy_ip_address(value: str, unchanged: Sequence[str] = (), strict: bool = True) -> list[str]:
    """Problems of an address in a field from before strict reading.

    :param unchanged: values that the object already had: those may stay as they are.
    :param strict: False reads as servers before 1.36 did.
    """
    if _canonical_ipv4(value) or value in unchanged:
        return []
    if parse_sloppily(value) is None:
        return [_NOT_AN_ADDRESS]
    if not strict:
        return []
    if _has_leading_zeros(value):
        return ["must not have leading 0s"]
    return ["must not be an IPv4-mapped IPv6 address"] if _is_mapped(value) else []


def ip_address(value: str) -> list[str]:
    """Problems of an address in a newer field: only the canonical spelling will do."""
    if problems := legacy_ip_address(value):
        return problems
    canonical = str(parse_sloppily(value))
    return [] if value == canonical else [f"must be in canonical form ({quote(canonical)})"]


def parse_block_sloppily(text: str) -> tuple[Address, Network] | None:
    """The address and the network of a CIDR value, leading zeros allowed; None where it is none."""
    address_text, slash, prefix = text.partition("/")
    address = parse_sloppily(address_text)
    if not slash or address is None or re.fullmatch("[0-9]{1,9}", prefix) is None:
        return None
    length = int(prefix)
    if _is_mapped(address_text):
        length -= 96
    if not 0 <= length <= address.max_prefixlen:
        return None
    return address, ipaddress.ip_network(f"{address}/{length}", strict=False)


def legacy_cidr(value: str, unchanged: Sequence[str] = (), strict: bool = True) -> list[str]:
    """Problems of a CIDR value in a field from before strict reading; parameters as for addresses."""
    if value in unchanged:
        return []
    parsed = parse_block_sloppily(value)
    if parsed is None:
        return [_NOT_A_BLOCK]
    if not strict:
        return []
    problems = []
    address_text, _, prefix = value.partition("/")
    if _has_leading_zeros(address_text) or (len(prefix) > 1 and prefix.startswith("0")):
        problems.append("must not have leading 0s in IP or prefix length")
    elif _is_mapped(address_text):
        problems.append("must not have an IPv4-mapped IPv6 address")
    address, network = parsed
    if address != network.network_address:
        problems.append("must not have bits set beyond the prefix length")
    return problems


def address_warnings(path: str, value: str) -> list[str]:
    """What the server says about an address that is understood but oddly spelt."""
    address = None if _canonical_ipv4(value) else parse_sloppily(value)
    if address is None:
        return []
    canonical = str(address)
    if _has_leading_zeros(value) or _is_mapped(value):
        return [f"{path}: non-standard IP address {quote(value)} is invalid: use {quote(canonical)}"]
    if address.version == 6 and canonical != value:
        words = f"should be in RFC 5952 canonical format ({quote(canonical)})"
        return [f"{path}: IPv6 address {quote(value)} {words}"]
    return []


def cidr_warnings(path: str, value: str) -> list[str]:
    """What the server says about a CIDR value that is understood but oddly spelt."""
    parsed = parse_block_sloppily(value)
    if parsed is None:
        return []
    address, network = parsed
    warnings = []
    if address != network.network_address:
        single = quote(f"{address}/{address.max_prefixlen}")
        words = f"is ambiguous in this context (should be {quote(str(network))} or {single}?)"
        warnings.append(f"{path}: CIDR value {quote(value)} {words}")
    address_text, _, prefix = value.partition("/")
    if _has_leading_zeros(address_text) or _is_mapped(address_text) or (len(prefix) > 1 and prefix[0] == "0"):
        words = f"is invalid: use {quote(str(network))}"
        warnings.append(f"{path}: non-standard CIDR value {quote(value)} {words}")
    if not warnings and address.version == 6 and str(network) != value:
        words = f"should be in RFC 5952 canonical format ({quote(str(network))})"
        warnings.append(f"{path}: IPv6 CIDR value {quote(value)} {words}")
    return warnings


def special_address(value: str) -> list[str]:
    """Problems of an address to send traffic to: not unspecified, loopback, link-local or local multicast."""
    address = parse_sloppily(value)
    if address is None:
        return ["must be a valid IP address"]
    if address.is_unspecified:
        return [f"may not be unspecified ({value})"]
    if address.is_loopback:
        return ["may not be in the loopback range (127.0.0.0/8, ::1/128)"]
    if address.is_link_local:
        return ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"]
    local_multicast = any(address in network for network in _LINK_LOCAL_MULTICAST if network.version == address.version)
    return ["may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"] if local_multicast else []


# Go's IsLinkLocalMulticast: 224.0.0.0/24 and ff02::/16 whatever the flags (it looks at the low four bits of byte two).
_LINK_LOCAL_MULTICAST = (
    ipaddress.ip_network("224.0.0.0/24"),
    *(ipaddress.ip_network(f"ff{flags:x}2::/16") for flags in range(16)),
)
