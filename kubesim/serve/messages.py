"""What a client asks of the API server and what it is answered, before it is HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from kubesim.api import go_yaml
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.schema import in_struct_order

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of HTTP.

    :param path: without the query, decoded.
    :param query: the values of each parameter, in order.
    :param headers: by name in lower case.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def text(self, name: str) -> str:
        """The first value of a parameter; empty where there is none."""
        return next(iter(self.query.get(name, ())), "")

    def on(self, name: str) -> bool:
        """Whether a parameter is given and says true."""
        return name in self.query and self.text(name).lower() not in ("0", "false")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of HTTP."""

    code: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """In which form a client takes an object.

    :param how: ``Table`` and ``PartialObjectMetadata`` stand for the object, and for a list of them.
    :param pretty: whether it is indented for a reader.
    """

    media: Literal["json", "yaml"] = "json"
    how: Literal["", "Table", "PartialObjectMetadata", "Discovery"] = ""
    pretty: bool = False


def form_of(request: Request) -> Form:
    """The first form that the client takes and this server has.

    Protobuf is answered by JSON, which every client of Kubernetes reads.

    :raises ApiError: 406.
    """
    agent = request.headers.get("user-agent", "")
    pretty = request.on("pretty") or (
        "pretty" not in request.query and agent.startswith(("curl", "Wget", "Mozilla/5.0"))
    )
    accept = request.headers.get("accept", "")
    for clause in accept.split(",") if accept else ("*/*",):
        media, *parts = (part.strip() for part in clause.split(";"))
        parameters = dict(part.split("=", 1) for part in parts if "=" in part)
        known = {"*/*": "json", "application/*": "json", JSON: "json", PROTOBUF: "json", YAML: "yaml"}.get(media)
        if known is None:
            continue
        how = parameters.get("as", "")
        if how == "APIGroupDiscoveryList" and parameters.get("v") == "v2":
            return Form("json", "Discovery", pretty)
        if how in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList") and parameters.get("v") == "v1":
            return Form("json", "Table" if how == "Table" else "PartialObjectMetadata", pretty)
        if not how:
            return Form("yaml" if known == "yaml" else "json", "", pretty)
    raise ApiError(406, "NotAcceptable", f"only the following media types are accepted: {JSON}, {YAML}, {PROTOBUF}")


_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)


def encoded(value: Any) -> bytes:
    """A JSON value as Go writes it, its keys in the order in which they stand."""
    text = msgspec.json.encode(value)
    for plain, escaped in _ESCAPES:
        if plain in text:
            text = text.replace(plain, escaped)
    return text


def answer(code: int, value: Any, form: Form | None = None, *, warnings: Sequence[str] = ()) -> Answer:
    """An object, a list or a Status as an answer."""
    form = form or Form()
    headers = (("Cache-Control", "no-cache, private"), *(("Warning", _warning(each)) for each in warnings))
    if form.media == "yaml":
        return Answer(code, go_yaml.dump(value).encode(), YAML, headers)
    text = encoded(value)
    if form.pretty:
        return Answer(code, msgspec.json.format(text, indent=2), JSON, headers)
    return Answer(code, text + b"\n", JSON, headers)


def _warning(text: str) -> str:
    """The value of a Warning header; what no header can hold is left out."""
    plain = re.sub(r"[^\x20-\x7e]", "", text)
    return '299 - "{}"'.format(plain.replace("\\", "\\\\").replace('"', '\\"'))


_STATUS = ("kind", "apiVersion", "metadata", "status", "message", "reason", "details", "code")


def status_of(error: ApiError) -> Wire:
    """The Status of a refusal, its fields in Go's order."""
    wire = error.status
    if not error.details and error.reason in ("NotFound", "MethodNotAllowed", "UnsupportedMediaType", "Invalid"):
        wire = {**wire, "details": {}}
    return {name: wire[name] for name in _STATUS if wire.get(name) not in (None, "")}


def ordered(wire: Wire) -> Wire:
    """An object as it goes out: kind and version first, the fields of each struct in Go's order."""
    return in_struct_order(wire)
