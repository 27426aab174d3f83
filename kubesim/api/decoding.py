"""Reading a request's body: which kind it is, and whether a strict decoder takes it.

The refusals are those of the API server's codec: ``Service in version "v1" cannot be handled as a Service: …``.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from kubesim.api import schema
from kubesim.api.errors import ApiError, bad_request, unknown_resource
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND, ResourceType, kind_type

FieldValidation = Literal["Strict", "Warn", "Ignore"]


class Request(NamedTuple):
    """A body that was understood: the kind, the object without unknown fields, and what to warn of."""

    resource: ResourceType
    object: Wire
    warnings: tuple[str, ...] = ()


def decode(wire: Wire, field_validation: FieldValidation = "Strict", expected: ResourceType | None = None) -> Request:
    """Understand the body of a request.

    :param expected: the resource whose address the request went to, if the caller knows.
    :raises ApiError: 400 for a body that cannot be decoded, 404 for a kind that is not served.
    """
    resource = _resource_of(wire, expected)
    try:
        decoded = schema.decode(wire, resource.kind, resource.api_version)
    except schema.DecodingError as error:
        raise _unhandled(resource, str(error)) from None
    unknown = decoded.problems if decoded.unknown else []
    if unknown and field_validation == "Strict":
        raise _unhandled(resource, f"strict decoding error: {', '.join(unknown)}")
    return Request(resource, decoded.object, tuple(unknown) if field_validation == "Warn" else ())


def _resource_of(wire: Wire, expected: ResourceType | None) -> ResourceType:
    version, kind = wire.get("apiVersion"), wire.get("kind")
    found = BY_KIND.get(kind) if isinstance(kind, str) else None
    if found is not None and found.api_version != version:
        found = None
    if found is not None and (expected is None or found is expected):
        return found
    expected = expected or kind_type(version, str(kind).lower())
    if expected is None:
        raise unknown_resource()
    if found is not None:
        raise bad_request(
            f"{kind} in version {_quoted(version)} cannot be handled as a {expected.kind}: converting "
            f"({_go_type(found)}) to ({_go_type(expected)}): unknown conversion"
        )
    kind, version = kind or "", version or ""
    problem = f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/api/legacyscheme/scheme.go:30"'
    raise bad_request(f"{kind} in version {_quoted(version)} cannot be handled as a {expected.kind}: {problem}")


def _unhandled(resource: ResourceType, problem: str) -> ApiError:
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {problem}'
    )


def _quoted(version: object) -> str:
    return f'"{version}"'.replace("apps/", "").replace("discovery.k8s.io/", "")


def _go_type(resource: ResourceType) -> str:
    return f"{resource.version}.{resource.kind}"
