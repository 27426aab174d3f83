"""The strict mode: what a controller writes also passes the stations of the people's door, and must come out equal.

The controllers' door decodes, defaults and validates nothing. That is sound as long as a controller's objects already
are what those stations would make of them; in strict mode (the test suite's) every write of that door proves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubesim.api.decoding import decode
from kubesim.api.defaults import fill_in_defaults
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.store import key_of
from kubesim.api.validation import validate


def demand_canonical(resource: ResourceType, new: Wire, old: Wire | None, *, valid: bool = True) -> None:
    """Send an object through decoding, defaults and validation.

    :param old: the version before; None for a new object.
    :param valid: whether it must pass validation, too.
    :raises AssertionError: naming the object and the first difference, or what is invalid.
    """
    subject = f"{resource.kind} {'/'.join(key_of(new))}"
    try:
        complete = decode(new, "Strict", resource).object
        fill_in_defaults(complete)
    except ApiError as error:
        raise AssertionError(f"a controller must write what can be decoded, got {subject}: {error.message}") from error
    for difference in differences(complete, new):
        raise AssertionError(f"a controller must write what the API server would store, got {subject}: {difference}")
    for problem in validate(resource.kind, new, old) if valid else ():
        raise AssertionError(f"a controller must write what is valid, got {subject}: {problem}")


_ABSENT = object()


def differences(wanted: Any, given: Any, path: str = "") -> Iterator[str]:
    """Where two wire forms differ, as ``spec.ports[0].protocol must be 'TCP', is absent``."""
    if isinstance(wanted, dict) and isinstance(given, dict):
        for name in sorted(wanted.keys() | given.keys()):
            yield from differences(wanted.get(name, _ABSENT), given.get(name, _ABSENT), f"{path}.{name}".lstrip("."))
    elif isinstance(wanted, list) and isinstance(given, list) and len(wanted) == len(given):
        for index, (one, other) in enumerate(zip(wanted, given, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif wanted != given or type(wanted) is not type(given):
        must = "be absent" if wanted is _ABSENT else f"be {wanted!r}"
        yield f"{path} must {must}, is {'absent' if given is _ABSENT else repr(given)}"
