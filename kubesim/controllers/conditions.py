"""Writing conditions: one entry a type, and a transition time that moves only when the status changes."""

from __future__ import annotations

from kubesim.api.objects import Wire


def with_condition(conditions: list[Wire], new: Wire, now: str) -> list[Wire]:
    """The list with ``new`` in the place of the condition of its type, or at the end.

    :param now: becomes the transition time, unless the status is as it was.
    """
    result: list[Wire] = []
    placed = False
    for known in conditions:
        if known.get("type") != new["type"]:
            result.append(known)
            continue
        same = known.get("status") == new["status"]
        result.append({**new, "lastTransitionTime": known.get("lastTransitionTime") if same else now})
        placed = True
    if not placed:
        result.append({**new, "lastTransitionTime": now})
    return result
