"""The Pods that fit nowhere, grouped by what they ask of a node.

Pods that ask for the same fit the same nodes. When room comes, one of each group is tried; only when it is placed is
the next one's turn. Two thousand waiting replicas of a Deployment therefore cost one attempt, not two thousand.
"""

from __future__ import annotations

import msgspec

from kubesim.api.objects import Pod
from kubesim.api.store import Key
from kubesim.controllers.scheduler.usage import Footprint

Signature = tuple[object, ...]
"""Everything of a Pod that decides which nodes can run it (upstream: the scheduler framework's Pod signature)."""


def signature(pod: Pod, taken: Footprint) -> Signature:
    """The signature of a Pod whose footprint is known."""
    spec = pod.spec
    constraints = msgspec.json.encode([spec.nodeSelector, spec.affinity, spec.tolerations], order="sorted")
    return taken.cpu, taken.memory, taken.ports, constraints


class WaitingPods:
    """The groups of waiting Pods, each with what its Pods were last told."""

    def __init__(self) -> None:
        self._groups: dict[Signature, dict[Key, None]] = {}
        self._told: dict[Signature, str] = {}
        self._signatures: dict[Key, Signature] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._signatures

    def add(self, key: Key, signature: Signature, message: str) -> list[Key]:
        """Let a Pod wait that was refused.

        :returns: those of its group that were told something else and must hear of the change.
        """
        if self._signatures.get(key) != signature:
            self.drop(key)
        group = self._groups.setdefault(signature, {})
        stale = [other for other in group if other != key] if self._told.get(signature) != message else []
        group[key] = None
        self._signatures[key] = signature
        self._told[signature] = message
        return stale

    def drop(self, key: Key) -> Key | None:
        """Take a Pod out.

        :returns: whose turn it is now, where it was the first of its group and others wait.
        """
        signature = self._signatures.pop(key, None)
        if signature is None:
            return None
        group = self._groups[signature]
        was_first = next(iter(group)) == key
        del group[key]
        if not group:
            del self._groups[signature], self._told[signature]
            return None
        return next(iter(group)) if was_first else None

    def firsts(self) -> list[Key]:
        """The first Pod of each group."""
        return [next(iter(group)) for group in self._groups.values()]
