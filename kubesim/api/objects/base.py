"""What every view shares: the wire form, and reading it as a struct with Go's zero values."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Wire = dict[str, Any]
"""The JSON form of an object: nested dicts, lists, strings, numbers, booleans and None."""


IntOrString = int | str


class View(msgspec.Struct, kw_only=True, omit_defaults=True, repr_omit_defaults=True):
    """The base of all views: keyword-only fields, and fields at their zero value are left out when encoded."""


V = TypeVar("V", bound=View)


def copy_of(wire: Wire) -> Wire:
    """A copy of a wire form that shares nothing with it: to change, and then to store."""
    return {key: _copy(value) for key, value in wire.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


def view(wire: Wire, as_type: type[V]) -> V:
    """Read a wire form as a typed view.

    :param wire: the canonical form of one object, or of a part of one: what decoding leaves, without nulls.
    :param as_type: the view, such as :class:`Service`.
    :raises msgspec.ValidationError: if a field has the wrong JSON type (strict decoding refuses such objects earlier).
    """
    return msgspec.convert(wire, as_type)
