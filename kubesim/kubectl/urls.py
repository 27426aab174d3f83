"""URLs as Go's ``net/url`` reads them, and its words for those that it refuses."""

from __future__ import annotations

import ipaddress
import re

from kubesim.network.addresses import is_ipv4

_HOST = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]*")
"""What may stand in a host; a percent sign begins an escape."""


def url_problem(url: str) -> str:
    """Why a URL with a scheme cannot be read, in Go's words; "" where it can."""
    for character in url:
        if character < " " or character == "\x7f":
            return "net/url: invalid control character in URL"
    scheme, _, rest = url.partition("://")
    if not scheme:
        return "missing protocol scheme"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*", scheme, re.ASCII):
        return "first path segment in URL cannot contain colon"
    authority, path = re.fullmatch(r"([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    user, at, place = authority.rpartition("@")
    if at and not re.fullmatch(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*", user, re.ASCII):
        return "net/url: invalid userinfo"
    return _host_problem(place) or _escape_problem(path, r"[0-9A-Fa-f]{2}")


def _host_problem(place: str) -> str:
    if place.startswith("["):
        end = place.rfind("]")
        if end < 0:
            return "missing ']' in host"
        if not re.fullmatch(r"(:[0-9]*)?", place[end + 1 :], re.ASCII):
            return f"invalid port {_quoted(place[end + 1 :])} after host"
        literal = place[1:end].partition("%25")[0]
        if "[" in literal or is_ipv4(literal):
            return "invalid IP-literal"
        if not _is_ipv6(literal):
            return f"invalid host: ParseAddr({_quoted(literal)}): unable to parse IP"
    elif "[" in place:
        return "invalid IP-literal"
    elif ":" in place:
        port = place[place.index(":") :] if place.count(":") > 1 else place[place.rindex(":") :]
        if not re.fullmatch(r":[0-9]*", port, re.ASCII):
            return f"invalid port {_quoted(port)} after host"
    bad = _HOST.match(place)
    if bad is not None and bad.end() < len(place):
        return f"invalid character {_quoted(place[bad.end()])} in host name"
    return _escape_problem(place, r"25|[89A-Fa-f][0-9A-Fa-f]")


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return "%" in text  # an escape that is none has words of its own
    return True


def _escape_problem(text: str, digits: str) -> str:
    for found in re.finditer("%.{0,2}", text, re.DOTALL):
        if not re.fullmatch(digits, found[0][1:], re.ASCII):
            return f"invalid URL escape {_quoted(found[0])}"
    return ""


def _quoted(text: str) -> str:
    return f'"{text}"'


def split_host(place: str) -> tuple[str, str]:
    """Host and port of ``HOST:PORT`` or ``[ADDRESS]:PORT``; the port is "" where there is none."""
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        return host, port.removeprefix(":")
    host, colon, port = place.rpartition(":")
    return (host, port) if colon else (place, "")
