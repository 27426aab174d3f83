"""The paths of the API: which resource a path is of, and what of it."""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.api.discovery import DISCOVERED
from kubesim.api.errors import unknown_resource
from kubesim.api.resources import ResourceType


@dataclass(frozen=True, slots=True)
class Address:
    """What a path names.

    :param namespace: None for all of them, and for what is in none.
    :param name: empty for the whole collection.
    """

    resource: ResourceType
    namespace: str | None = None
    name: str = ""
    subresource: str = ""


_BY_PLACE = {(each.group, each.version, each.plural): each for each in DISCOVERED}
VERSIONS = frozenset((each.group, each.version) for each in DISCOVERED)
"""Every group and version that has a path."""


def address_of(segments: list[str]) -> Address | None:
    """What a path names, given in its segments; None where no API has such a path.

    :raises ApiError: 404 where the group and version are known, and there is no such resource in them.
    """
    match segments:
        case ["api", version, *rest]:
            group = ""
        case ["apis", group, version, *rest]:
            pass
        case _:
            return None
    if (group, version) not in VERSIONS:
        return None
    namespace: str | None = None
    match rest:
        case ["namespaces", namespace, plural, *rest] if not (
            not group and plural in ("status", "finalize") and not rest
        ):
            pass
        case [plural, *rest]:
            pass
        case _:
            return None
    resource = _BY_PLACE.get((group, version, plural))
    if resource is None or len(rest) > 2 or (namespace is not None and not resource.namespaced):
        raise unknown_resource()
    name = rest[0] if rest else ""
    if name and resource.namespaced and namespace is None:
        raise unknown_resource()
    return Address(resource, namespace, name, rest[1] if len(rest) > 1 else "")
