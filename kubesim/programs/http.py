"""HTTP as clients and servers here share it: dates, headers, and what else than a response may come back.

A server answers an :class:`~kubesim.network.service.HttpRequest` with an ``HttpResponse``, with :class:`Broken` where
it closes the connection early, or with plain text where it does not speak HTTP. Before a TLS request comes a
:class:`ClientHello`; a server that speaks TLS answers it with its :class:`Certificate`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from kubesim.network.addresses import is_ipv4
from kubesim.network.service import HttpRequest, HttpResponse

REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A connection that ended before the answer was whole.

    :param reset: by a RST rather than a FIN.
    :param response: what had come until then: its headers promise more than its body holds.
    :param stalls: the connection stays open and silent instead.
    """

    reset: bool = False
    response: HttpResponse | None = None
    stalls: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class GrpcHealthCheck:
    """``grpc.health.v1.Health/Check``; a server that speaks gRPC answers it with a status such as ``SERVING``.

    :param service: which of its services; empty for the server.
    """

    service: str


@dataclass(frozen=True, slots=True)
class ClientHello:
    """The start of TLS: the client names the server that it wants."""

    server_name: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a TLS server shows.

    :param names: DNS names and addresses it is for; ``*.`` covers one label.
    :param issuer: who signed it; equal to the subject where it signed itself.
    :param trusted: whether the client's own list of authorities has the issuer.
    :param protocols: what it agrees to speak, best first.
    """

    subject: str
    names: tuple[str, ...]
    issuer: str
    trusted: bool = False
    protocols: tuple[str, ...] = ("http/1.1",)
    begins: str = "Jul  1 00:00:00 2026 GMT"
    ends: str = "Jul  1 00:00:00 2036 GMT"

    def covers(self, name: str) -> bool:
        """Whether the certificate is for this name."""
        return self.matching(name) is not None

    def matching(self, name: str) -> str | None:
        """Which of its names covers this one, or None."""
        parent = name.split(".", 1)[-1]
        return next((each for each in self.names if each == name or each == f"*.{parent}"), None)

    def problem(self, trusted: bool, now: datetime) -> str:
        """Why OpenSSL refuses it, in its words; empty where it does not.

        :param trusted: whether the client knows its issuer.
        """
        if not trusted:
            return _SELF_SIGNED if self.issuer == self.subject else _UNKNOWN_ISSUER
        if now > _date(self.ends):
            return "certificate has expired"
        return "certificate is not yet valid" if now < _date(self.begins) else ""

    def signed_by(self, text: str) -> bool:
        """Whether a text in PEM holds its issuer's certificate."""
        found = re.findall(r"-----BEGIN CERTIFICATE-----\n(.*?)-----END", text, re.DOTALL)
        try:
            return any(self.issuer.encode() in base64.b64decode(each, validate=False) for each in found)
        except ValueError:
            return False

    @staticmethod
    def verification(problem: str) -> int:
        """OpenSSL's number for a problem; 0 for none."""
        return _VERIFICATIONS.get(problem, 0)

    @property
    def der_length(self) -> int:
        """Its bytes on the wire: an RSA key of 2048 bits, its names, and the extensions that OpenSSL writes."""
        alternatives = sum(2 + (4 if is_ipv4(name) else len(name)) for name in self.names)
        extensions = (
            31 + 33 + (17 if self.issuer == self.subject else 0) + 7 + _header(2 + alternatives) + 2 + alternatives
        )
        wrapped = _header(extensions) + extensions
        body = 5 + 22 + 15 + 32 + 294 + sum(13 + len(each) for each in (self.subject, self.issuer))
        signed = body + _header(wrapped) + wrapped
        whole = _header(signed) + signed + 15 + 261
        return _header(whole) + whole


_SELF_SIGNED, _UNKNOWN_ISSUER = "self-signed certificate", "unable to get local issuer certificate"
_VERIFICATIONS = {
    _SELF_SIGNED: 18,
    _UNKNOWN_ISSUER: 20,
    "certificate has expired": 10,
    "certificate is not yet valid": 9,
}


def _header(length: int) -> int:
    """The bytes of the tag and the length in front of so many bytes of DER."""
    return 2 if length < 128 else 3 if length < 256 else 4


def _date(text: str) -> datetime:
    return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)


def http_date(moment: datetime) -> str:
    """``Sun, 22 Nov 2026 23:37:39 GMT``."""
    return format_datetime(moment, usegmt=True)


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The value of a header, whatever its case; the last where it is repeated."""
    found = [value for key, value in headers if key.lower() == name.lower()]
    return found[-1] if found else None


def request_text(request: HttpRequest) -> str:
    """The request as bytes on the wire show it."""
    lines = [f"{request.method} {request.target} HTTP/{request.version}"]
    lines += [f"{name}: {value}" if value else f"{name}:" for name, value in request.headers]
    return "\r\n".join(lines) + "\r\n\r\n" + request.body


def request_in(text: str) -> HttpRequest | None:
    """The HTTP request that a text is, typed by hand or sent by a program; None where it is none."""
    match = re.match(r"([A-Z]+) (\S+) HTTP/(1\.[01])\r?\n((?:[^\r\n]+\r?\n)*)\r?\n(.*)", text, re.DOTALL)
    if match is None:
        return None
    headers = [line.partition(":") for line in match[4].splitlines()]
    pairs = tuple((key.strip() if colon else "", value.strip()) for key, colon, value in headers)
    return HttpRequest(match[1], match[2], pairs, match[5], match[3])


def head_text(response: HttpResponse) -> str:
    """Status line and headers of a response, with the empty line that ends them."""
    reason = f" {response.reason}" if response.reason else " "
    lines = [f"HTTP/1.1 {response.status}{reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    return "\r\n".join(lines) + "\r\n\r\n"


def byte_length(text: str) -> int:
    """How many bytes a text has as UTF-8."""
    return len(text.encode("utf-8", "surrogateescape"))


def plain_response(
    status: int, body: str, content_type: str = "text/plain; charset=utf-8", *more: tuple[str, str]
) -> HttpResponse:
    """A small response with its length."""
    headers = (("Content-Type", content_type), ("Content-Length", str(byte_length(body))), *more)
    return HttpResponse(status, REASONS.get(status, ""), headers, body)
