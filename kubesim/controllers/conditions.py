"""Conditions: one entry a type in an object's status, with the moment at which its status last changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime

from kubesim.api.objects import Wire


class SharedConditions:
    """Conditions that are written once for all objects which go the same way at the same moment.

    What is stored is never changed, so a thousand Pods that become ready together may hold one list.
    """

    def __init__(self) -> None:
        self._now = ""
        self._written: dict[tuple[int, Hashable], tuple[Sequence[Wire], list[Wire]]] = {}

    def of(
        self, stored: Sequence[Wire], way: Hashable, now: str, write: Callable[[Sequence[Wire]], list[Wire]]
    ) -> list[Wire]:
        """The conditions that follow the stored ones.

        :param way: what they depend on besides the stored ones and the moment.
        :param write: writes them.
        """
        if now != self._now:
            self._now, self._written = now, {}
        known = self._written.get((id(stored), way))
        if known is None:  # an entry keeps the stored list, so that no other one has its id
            known = self._written[id(stored), way] = stored, write(stored)
        return known[1]


def moment(timestamp: str) -> datetime:
    """Read an RFC 3339 timestamp of an object."""
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00"))


def condition(wire: Wire, type: str) -> Wire | None:
    """An object's condition of a type, or None."""
    for entry in (wire.get("status") or {}).get("conditions") or ():
        if entry.get("type") == type:
            return entry  # type: ignore[no-any-return]
    return None


def is_true(wire: Wire, type: str) -> bool:
    """Whether an object's condition of a type is True."""
    found = condition(wire, type)
    return found is not None and found.get("status") == "True"


def with_condition(conditions: Sequence[Wire], new: Wire, now: str) -> list[Wire]:
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


def with_progress(conditions: list[Wire], new: Wire, now: str) -> list[Wire]:
    """The same for a Deployment: nothing changes while status and reason stay; a changed one moves to the end."""
    known = next((entry for entry in conditions if entry["type"] == new["type"]), None)
    if known is not None and (known["status"], known["reason"]) == (new["status"], new["reason"]):
        return conditions
    same = known is not None and known["status"] == new["status"]
    since = known["lastTransitionTime"] if known is not None and same else now
    others = [entry for entry in conditions if entry["type"] != new["type"]]
    return [*others, {**new, "lastTransitionTime": since, "lastUpdateTime": now}]
