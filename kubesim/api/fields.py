"""Problems with fields, and the sentence the API server makes of them.

A validator returns a list of :class:`~kubesim.api.errors.FieldError`: where (a path), what kind of problem, the value
given, and why. Kinds print differently: *Required* and *Forbidden* leave the value out, the others show it the way Go
does: strings quoted, numbers bare, everything else as JSON. :func:`invalid` collects a list into the one *Invalid*
(422) refusal that a client receives. Upstream: ``k8s.io/apimachinery/pkg/util/validation/field/errors.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kubesim.api import go_json
from kubesim.api.errors import ApiError, FieldError
from kubesim.api.go_format import quote
from kubesim.api.objects import Wire

REQUIRED = "FieldValueRequired"
INVALID = "FieldValueInvalid"
NOT_SUPPORTED = "FieldValueNotSupported"
FORBIDDEN = "FieldValueForbidden"
DUPLICATE = "FieldValueDuplicate"
NOT_FOUND = "FieldValueNotFound"
TOO_LONG = "FieldValueTooLong"
TOO_MANY = "FieldValueTooMany"
TYPE_INVALID = "FieldValueTypeInvalid"
INTERNAL = "InternalError"

_TITLES = {
    REQUIRED: "Required value",
    INVALID: "Invalid value",
    NOT_SUPPORTED: "Unsupported value",
    FORBIDDEN: "Forbidden",
    DUPLICATE: "Duplicate value",
    NOT_FOUND: "Not found",
    TOO_LONG: "Too long",
    TOO_MANY: "Too many",
    TYPE_INVALID: "Invalid value",
    INTERNAL: "Internal error",
}
_WITHOUT_VALUE = frozenset({REQUIRED, FORBIDDEN, TOO_LONG, INTERNAL})


def go_value(value: Any) -> str:
    """A bad value as it is printed inside a message."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return go_json.dumps(value, None, sort_keys=False)


def body_of(error: FieldError) -> str:
    """The message without the field's path: what a Status keeps as the cause's message."""
    text = _TITLES.get(error.type, error.type)
    if error.type not in _WITHOUT_VALUE:
        text += f": {go_value(error.bad_value)}"
    return f"{text}: {error.detail}" if error.detail else text


def message_of(error: FieldError) -> str:
    """The whole message, such as ``spec.ports: Required value``."""
    return f"{error.field}: {body_of(error)}"


def invalid(kind: str, group: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """The refusal (422) for an object with the given problems; the sentence names each different problem once."""
    messages = list(dict.fromkeys(message_of(error) for error in errors))
    qualified = f"{kind}.{group}" if group else kind
    sentence = f"{qualified} {quote(name)} is invalid"
    if messages:
        sentence += ": " + (messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]")
    causes = [{"field": error.field, "message": body_of(error), "reason": error.type} for error in errors]
    details: Wire = {"causes": causes, "group": group, "kind": kind, "name": name}
    return ApiError(422, "Invalid", sentence, {key: value for key, value in details.items() if value})


# Constructors, one for each kind of problem.


def required(field: str, detail: str = "") -> FieldError:
    """A value that must be given was not."""
    return FieldError(REQUIRED, field, "", detail)


def invalid_value(field: str, value: Any, detail: str) -> FieldError:
    """A value that may not be used here, and why."""
    return FieldError(INVALID, field, value, detail)


def invalid_values(field: str, value: Any, details: Iterable[str]) -> list[FieldError]:
    """The same value with several problems: one error each."""
    return [invalid_value(field, value, detail) for detail in details]


def not_supported(field: str, value: Any, allowed: Iterable[str]) -> FieldError:
    """A value outside an enumeration; the allowed values are printed in the order given."""
    detail = "supported values: " + ", ".join(map(quote, allowed))
    return FieldError(NOT_SUPPORTED, field, value, detail)


def forbidden(field: str, detail: str) -> FieldError:
    """A field that may not be set here."""
    return FieldError(FORBIDDEN, field, "", detail)


def duplicate(field: str, value: Any) -> FieldError:
    """A value that must be unique and is not."""
    return FieldError(DUPLICATE, field, value)


def missing(field: str, value: Any) -> FieldError:
    """A reference to something that is not there (``Not found``)."""
    return FieldError(NOT_FOUND, field, value)


def too_long(field: str, limit: int) -> FieldError:
    """More bytes than allowed; a negative limit means that upstream states none."""
    return FieldError(TOO_LONG, field, "", f"may not be more than {limit} bytes")


def too_many(field: str, count: int, limit: int) -> FieldError:
    """More items than allowed."""
    noun = "item" if limit == 1 else "items"
    return FieldError(TOO_MANY, field, count, f"must have at most {limit} {noun}")
