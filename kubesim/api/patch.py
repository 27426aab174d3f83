"""The three kinds of patch.

A *merge* patch (RFC 7386) replaces lists whole; a *JSON* patch (RFC 6902, nearly) is a list of operations: see
:mod:`kubesim.api.json_patch`; a *strategic merge* patch knows the types: see :mod:`kubesim.api.strategic_merge`. What a
patch leaves is decoded like any other body.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from kubesim.api import go_json, schema
from kubesim.api.decoding import FieldValidation
from kubesim.api.errors import ApiError, bad_request
from kubesim.api.fields import invalid, invalid_value
from kubesim.api.go_format import sprint
from kubesim.api.json_patch import (
    MOST_OPERATIONS,
    JsonPatchError,
    NoJsonPatchError,
    apply_json_patch,
    strange_members,
)
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.schema import in_struct_order
from kubesim.api.schema.decoder import json_kind
from kubesim.api.strategic_merge import merge_strategically

PatchKind = Literal["strategic", "merge", "json"]

_REJECTED = "the server rejected our request due to an error in our request"


def _as_it_is(wire: Wire) -> Wire:
    return wire


def apply_patch(
    old: Wire,
    patch: Any,
    kind: PatchKind,
    resource: ResourceType,
    field_validation: FieldValidation = "Warn",
    complete: Callable[[Wire], Wire] = _as_it_is,
) -> tuple[Wire, tuple[str, ...]]:
    """The object after a patch, and what to warn of; the old object stays as it is.

    :param complete: gives an object the fields that are worked out only when they are shown, for a refusal.
    :raises ApiError: if the patch is malformed, cannot be applied, or leaves something that cannot be decoded.
    """
    strange: list[str] = []
    if kind == "json":
        patched, strange = apply_operations(old, patch)
    elif not isinstance(patch, dict):
        raise bad_request(f"json: cannot unmarshal {json_kind(patch)} into Go value of type map[string]interface {{}}")
    elif kind == "merge":
        patched = merge(old, patch)
    else:
        patched = merge_strategically(old, patch, resource)

    def refusal(problem: str) -> ApiError:
        match kind:
            case "strategic":
                shown = sprint(patch)
            case "merge":
                shown = go_json.dumps(_merged_text(in_struct_order(complete(old)), patch), None, sort_keys=False)
            case _:
                shown = go_json.dumps(patched, None)
        return invalid("", "", "", [invalid_value("patch", shown, problem)])

    try:
        decoded = schema.decode(patched, resource.kind, resource.api_version)
    except schema.DecodingError as error:
        raise refusal(str(error)) from None
    unknown = strange + decoded.problems
    if unknown and field_validation == "Strict":
        raise refusal(f"strict decoding error: {', '.join(unknown)}")
    return patched, tuple(unknown) if field_validation == "Warn" else ()


def _merged_text(old: Any, patch: Any) -> Any:
    """The merged object as upstream's library writes it: sorted where the patch reaches, else in the structs' order."""
    if not isinstance(patch, dict):
        return patch
    before = old if isinstance(old, dict) else {}
    kept = before.keys() | {name for name, value in patch.items() if value is not None}
    names = sorted(kept - {name for name, value in patch.items() if value is None})
    return {name: _merged_text(before.get(name), patch[name]) if name in patch else before[name] for name in names}


def merge(target: Any, patch: Any) -> Any:
    """Apply a merge patch: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def apply_operations(old: Wire, operations: Any) -> tuple[Wire, list[str]]:
    """Apply a JSON patch.

    :returns: the object, and what a strict decoder says of the operations.
    :raises ApiError: 400 if it is none, 413 if it is too long, 422 if it does not fit.
    """
    try:
        strange = strange_members(operations)
    except NoJsonPatchError as error:
        raise bad_request(f"error decoding patch: {error}") from None
    if len(operations) > MOST_OPERATIONS:
        most = f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(operations)}"
        raise ApiError(413, "RequestEntityTooLarge", f"Request entity is too large: {most}")
    try:
        patched = apply_json_patch(old, operations)
    except JsonPatchError as error:
        raise ApiError(422, "Invalid", _REJECTED) from error
    if not isinstance(patched, dict):
        raise ApiError(422, "Invalid", _REJECTED)
    return patched, strange
