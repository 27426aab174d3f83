"""The body of a request as an object: JSON, YAML or Kubernetes' protobuf."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from kubesim.api import go_json, go_yaml
from kubesim.api.decoding import decode
from kubesim.api.errors import ApiError, bad_request
from kubesim.api.objects import Wire
from kubesim.api.patch import PatchKind
from kubesim.api.resources import ResourceType, kind_type
from kubesim.api.schema.decoder import json_kind
from kubesim.serve import protobuf
from kubesim.serve.messages import JSON, PROTOBUF, YAML, Request

LARGEST = 3 * 2**20
"""Bytes that a body may have."""
_PATCHES: dict[str, PatchKind | Literal["apply"]] = {
    "application/apply-patch+yaml": "apply",
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
}
_TYPE_META = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'


def object_of(request: Request, resource: ResourceType) -> Wire:
    """The object that a request sends, of the kind of its address where it names none.

    :raises ApiError: 400 or 415 for a body that is none, 413 for one that is too large.
    """
    wire = _decoded(request, resource.kind)
    version, kind = wire.setdefault("apiVersion", resource.api_version), wire.setdefault("kind", resource.kind)
    if kind_type(version, kind) is not resource:
        decode(wire, "Ignore", resource)  # which says what is wrong
    return wire


def options_of(request: Request) -> Wire:
    """The ``DeleteOptions`` of a request: its body, else its parameters.

    :raises ApiError: 400 or 415 for a body that is none.
    """
    options = _decoded(request, "DeleteOptions") if request.body.strip() else {}
    if request.text("propagationPolicy"):
        options.setdefault("propagationPolicy", request.text("propagationPolicy"))
    grace = request.text("gracePeriodSeconds")
    if grace:
        try:
            options.setdefault("gracePeriodSeconds", int(grace))
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{grace}": invalid syntax') from None
    if request.query.get("dryRun"):
        options.setdefault("dryRun", list(request.query["dryRun"]))
    return options


def patch_of(request: Request) -> tuple[Any, PatchKind | Literal["apply"]]:
    """A patch, and its kind; ``apply`` for the configuration of a server-side apply.

    :raises ApiError: 415 for another content type, 400 for a body that is no JSON.
    """
    media = _media(request)
    kind = _PATCHES.get(media)
    if kind is None:
        if media not in ("", JSON, YAML):
            raise _unknown_format(_PATCHES)
        raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type")
    _demand_small(request)
    if kind == "apply":
        return _configuration(request), kind
    try:
        return go_json.loads(request.body.decode("utf-8", "replace")), kind
    except go_json.JsonError as error:
        raise bad_request(f"error decoding patch: {error}" if kind == "json" else str(error)) from None


def _configuration(request: Request) -> Wire:
    """The configuration of a server-side apply, in YAML, of which JSON is a part."""
    text = go_json.clean(request.body.decode("utf-8", "replace"))
    try:
        given = go_yaml.load(text)
    except ValueError as error:
        raise bad_request(f"error decoding YAML: {error}") from None
    if not isinstance(given, dict):
        what = f"json: cannot unmarshal {json_kind(given)} into Go value of type map[string]interface {{}}"
        raise bad_request(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {what}")
    return given


def review_of(request: Request, resource: ResourceType) -> Wire:
    """The object of a kind of which none is kept: a review, an eviction, a binding."""
    return {"apiVersion": resource.api_version, "kind": resource.kind} | _decoded(request, resource.kind)


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip()


def _demand_small(request: Request) -> None:
    if len(request.body) > LARGEST:
        raise ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {LARGEST}")


def _unknown_format(known: Iterable[str]) -> ApiError:
    words = f"the body of the request was in an unknown format - accepted media types include: {', '.join(known)}"
    return ApiError(415, "UnsupportedMediaType", words)


def _decoded(request: Request, kind: str) -> Wire:
    _demand_small(request)
    media = _media(request)
    if media == PROTOBUF:
        try:
            body = protobuf.decode(request.body)
        except protobuf.ProtobufError as error:
            raise bad_request(f"the object provided is unrecognized (must be of type {kind}): {error}") from None
        if not body.known:
            named = f"{body.wire['apiVersion']}, Kind={body.wire['kind']}"
            raise bad_request(f"the protobuf of {named} cannot be read here; send it as JSON")
        return body.wire
    if media not in ("", JSON, YAML, "application/x-www-form-urlencoded"):
        raise _unknown_format((JSON, YAML, PROTOBUF))
    text = request.body.decode("utf-8", "replace")
    must = f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind"
    try:
        wire = go_yaml.load(go_json.clean(text)) if media == YAML else go_json.loads(text)
    except go_json.JsonError as error:
        if not text.strip():
            raise bad_request(f"{must}; json parse error: unexpected end of JSON input (<empty>)") from None
        raise bad_request(f"{must}; json parse error: {error} ({_shortly(request.body)})") from None
    except ValueError as error:
        raise bad_request(f"{must}; yaml parse error: {error}") from None
    if not isinstance(wire, dict):
        what = f"json: cannot unmarshal {json_kind(wire)} into Go value of type {_TYPE_META}"
        raise bad_request(f"{must}; json parse error: {what} ({request.body[:1024].hex()})")
    return wire


def _shortly(body: bytes) -> str:
    """What a refusal shows of a body: text where it is text."""
    text = body.decode("utf-8", "replace")
    return text if text.isprintable() and text.startswith("{") else json.dumps(text)[1:-1]
