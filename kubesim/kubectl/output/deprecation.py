"""Warnings about types that should not be read any more, as the server sends them with every answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.mapper import expand_categories, resource_type

if TYPE_CHECKING:
    from kubesim.kubectl.call import Call
    from kubesim.kubectl.manifests import Info

DEPRECATED = {"Endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"}
"""The warning of each deprecated kind."""


def warn_of(call: Call, found: Sequence[Info], words: Sequence[str]) -> None:
    """Warn once of each deprecated type that was asked for or found."""
    kinds = {info.type.kind for info in found}
    for word in words[:1] if not any("/" in word for word in words) else [w.partition("/")[0] for w in words]:
        for part in expand_categories([part for part in word.split(",") if part]):
            try:
                kinds.add(resource_type(part).kind)
            except KubectlError:
                continue
    call.warn(*(DEPRECATED[kind] for kind in sorted(kinds) if kind in DEPRECATED))
