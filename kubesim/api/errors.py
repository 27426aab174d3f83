"""What the API server answers when it refuses: a Kubernetes ``Status``.

::

    ApiError            any refusal; carries the Status object and its HTTP code
    FieldError          one problem with one field; several of them make an Invalid Status

The words are upstream's: ``k8s.io/apimachinery/pkg/api/errors`` and ``.../util/validation/field``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubesim.api.objects import Wire


class ApiError(Exception):
    """A request the API server refused.

    :param code: the HTTP status code, such as 404.
    :param reason: the machine-readable reason, such as ``NotFound``.
    :param message: upstream's sentence, without the client's ``Error from server (NotFound):`` in front.
    :param details: the ``details`` of the Status: name, group, kind, causes.

    What the server had warned of when it refused is in ``warnings``, as in the answer to a request that succeeds.
    """

    def __init__(self, code: int, reason: str, message: str, details: Wire | None = None) -> None:
        super().__init__(message)
        self.warnings: tuple[str, ...] = ()
        self.code = code
        self.reason = reason
        self.message = message
        self.details: Wire = details or {}

    @property
    def status(self) -> Wire:
        """The Status object, in wire form."""
        status: Wire = {
            "apiVersion": "v1",
            "code": self.code,
            "kind": "Status",
            "message": self.message,
            "metadata": {},
            "reason": self.reason,
            "status": "Failure",
        }
        if self.details:
            status["details"] = self.details
        return status


@dataclass(frozen=True, slots=True)
class FieldError:
    """One problem with one field, as ``field.Error`` upstream.

    :param type: upstream's constant: ``FieldValueRequired``, ``FieldValueInvalid``, ``FieldValueNotSupported``…
    :param field: the path, such as ``spec.ports[0].nodePort``.
    :param bad_value: the value given; what is printed of it depends on the type.
    :param detail: upstream's explanation.
    """

    type: str
    field: str
    bad_value: Any = ""
    detail: str = ""


def refusal(code: int, reason: str, message: str, **details: Any) -> ApiError:
    """An :class:`ApiError` whose details are given by keyword; empty ones are left out."""
    return ApiError(code, reason, message, {key: value for key, value in details.items() if value})


def unknown_resource() -> ApiError:
    """A path of the API at which nothing is served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def not_found(plural: str, name: str, group: str = "") -> ApiError:
    """``pods "x" not found`` (404)."""
    message = f'{qualified(plural, group)} "{name}" not found'
    return refusal(404, "NotFound", message, group=group, kind=plural, name=name)


def already_exists(plural: str, name: str, group: str = "") -> ApiError:
    """``pods "x" already exists`` (409)."""
    message = f'{qualified(plural, group)} "{name}" already exists'
    return refusal(409, "AlreadyExists", message, group=group, kind=plural, name=name)


def bad_request(message: str) -> ApiError:
    """A request that cannot be understood (400)."""
    return refusal(400, "BadRequest", message)


def conflict(plural: str, name: str, why: str, group: str = "") -> ApiError:
    """``Operation cannot be fulfilled on pods "x": …`` (409)."""
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return refusal(409, "Conflict", message, group=group, kind=plural, name=name)


def forbidden(plural: str, name: str, why: str, group: str = "") -> ApiError:
    """``pods "x" is forbidden: …`` (403)."""
    details = {"group": group, "kind": plural, "name": name}
    return refusal(403, "Forbidden", f'{qualified(plural, group)} "{name}" is forbidden: {why}', **details)


def qualified(plural: str, group: str) -> str:
    """``deployments.apps``, or just ``pods`` in the core group."""
    return f"{plural}.{group}" if group else plural
