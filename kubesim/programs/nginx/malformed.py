"""Requests that are none: bytes typed by hand, and what nginx finds wrong with them."""

from __future__ import annotations

import re

from kubesim.network.service import HttpRequest

STATUSES = (400, 505)
"""What nginx answers to them; it closes the connection then."""
_LINE = re.compile(r"(\S+) (\S+)(?: HTTP/(\d\.\d))?")
_HOST = re.compile(r"[\w.:\[\]-]*")
"""What may stand in a Host header."""


def read(text: str) -> HttpRequest | None:
    """The request in bytes that no client made; one that is none has only its line. None where more must come.

    A request of HTTP/0.9 has a method and a path, and nothing else.
    """
    lines = text.replace("\r\n", "\n").lstrip("\n").split("\n")
    match = _LINE.fullmatch(lines[0])
    if match is None:
        return HttpRequest("", "", line=lines[0])
    if match[3] is None:
        return HttpRequest(match[1], match[2], version="0.9", line=lines[0])
    head, blank, body = "\n".join(lines[1:]).partition("\n\n")
    if not blank and lines[1:] != ["", ""]:
        return None
    headers = [line.partition(":") for line in head.split("\n") if line]
    named = tuple((name if colon else "", value.strip()) for name, colon, value in headers)
    return HttpRequest(match[1], match[2], named, body, match[3])


def flaw(request: HttpRequest) -> int:
    """The status of a request that nginx refuses before it looks where it leads; 0 for one that it takes."""
    if not re.fullmatch(r"[A-Z_-]+", request.method):
        return 400
    if not re.match(r"/|https?://|\*$", request.target) or re.search(r"%(?![0-9A-Fa-f]{2})", request.target):
        return 400
    if request.version[0] not in "01":
        return 505
    hosts = [value for name, value in request.headers if name.lower() == "host"]
    if len(hosts) > 1 or not all(_HOST.fullmatch(each) for each in hosts):
        return 400
    if request.version == "1.1" and not any(hosts):
        return 400
    lengths = [value for name, value in request.headers if name.lower() == "content-length"]
    if any(name == "" for name, _ in request.headers) or not all(each.isdecimal() for each in lengths):
        return 400
    return 0
