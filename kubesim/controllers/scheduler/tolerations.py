"""Taints keep Pods away from a node; a toleration lets one in. Pure, upstream's ``component-helpers/scheduling``."""

from __future__ import annotations

from collections.abc import Iterable

from kubesim.api.objects import Taint, Toleration


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether one toleration covers one taint: an empty effect covers all, an empty key with Exists everything."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator in ("", "Equal"):
        return bool(toleration.key) and toleration.value == taint.value
    return toleration.operator == "Exists"


def untolerated(taints: Iterable[Taint], tolerations: Iterable[Toleration], effects: tuple[str, ...]) -> Taint | None:
    """The first taint with one of the effects that nothing tolerates."""
    allowed = list(tolerations)
    for taint in taints:
        if taint.effect in effects and not any(tolerates(toleration, taint) for toleration in allowed):
            return taint
    return None
