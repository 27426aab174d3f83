"""Which selectors match an object's labels, without asking all of them.

Each selector is filed under one of its label values, the one that fewest others are filed under. An object's labels
then lead to a handful of candidates, however many selectors there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_Bucket = tuple[str, str, str]


class SelectorIndex(Generic[K]):
    """Selectors by key; a selector maps label names to the values they must have."""

    def __init__(self) -> None:
        self._buckets: dict[_Bucket, dict[K, Mapping[str, str]]] = {}
        self._filed: dict[K, _Bucket] = {}

    def put(self, key: K, namespace: str, selector: Mapping[str, str]) -> None:
        """File a selector, in place of the one that ``key`` had; an empty one matches nothing."""
        self.drop(key)
        if not selector:
            return
        places = [(namespace, label, value) for label, value in sorted(selector.items())]
        place = min(places, key=lambda bucket: len(self._buckets.get(bucket, ())))
        self._buckets.setdefault(place, {})[key] = dict(selector)
        self._filed[key] = place

    def drop(self, key: K) -> None:
        """Forget a selector; one that is not there is no error."""
        place = self._filed.pop(key, None)
        if place is None:
            return
        bucket = self._buckets[place]
        del bucket[key]
        if not bucket:
            del self._buckets[place]

    def matching(self, namespace: str, labels: Mapping[str, str]) -> list[K]:
        """The keys whose selectors the labels fulfil, in the order in which they were filed."""
        found: list[K] = []
        given = labels.items()
        for label, value in given:
            bucket = self._buckets.get((namespace, label, value))
            if bucket is not None:
                found += [key for key, selector in bucket.items() if selector.items() <= given]
        return found
