"""Sorting as Go's ``sort.Sort`` does: not stable, and the same every time.

``--sort-by`` on a field that many objects share (or lack) shows them in an order that only the algorithm explains. It
is pattern-defeating quicksort: insertion sort up to twelve elements, else a pivot of medians, with a few swaps of a
fixed pseudo-random sequence where a partition comes out lopsided, and heap sort where that happens too often.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_SMALL = 12
_NINTHER = 50
_MOST_STEPS = 5
_SHORTEST_SHIFTING = 50
_MOST_SWAPS = 12
_MASK = (1 << 64) - 1


def go_sort(values: list[T], less: Callable[[T, T], bool]) -> list[T]:
    """A sorted copy, in the order in which Go would leave it; ``less`` need not be consistent."""
    work = _Work(list(values), less)
    work.sort(0, len(values), len(values).bit_length())
    return work.values


class _Work(Generic[T]):
    def __init__(self, values: list[T], less: Callable[[T, T], bool]) -> None:
        self.values = values
        self._less = less
        self._swaps = 0

    def less(self, i: int, j: int) -> bool:
        return self._less(self.values[i], self.values[j])

    def swap(self, i: int, j: int) -> None:
        self.values[i], self.values[j] = self.values[j], self.values[i]

    def sort(self, a: int, b: int, limit: int) -> None:
        balanced = partitioned = True
        while True:
            length = b - a
            if length <= _SMALL:
                self._insertion(a, b)
                return
            if limit == 0:
                self._heap(a, b)
                return
            if not balanced:
                self._break_patterns(a, b)
                limit -= 1
            pivot, hint = self._choose_pivot(a, b)
            if hint == "decreasing":
                self._reverse(a, b)
                pivot = (b - 1) - (pivot - a)
                hint = "increasing"
            if balanced and partitioned and hint == "increasing" and self._partial_insertion(a, b):
                return
            if a > 0 and not self.less(a - 1, pivot):
                a = self._partition_equal(a, b, pivot)
                continue
            middle, partitioned = self._partition(a, b, pivot)
            left, right = middle - a, b - middle
            balanced = min(left, right) >= length // 8
            if left < right:
                self.sort(a, middle, limit)
                a = middle + 1
            else:
                self.sort(middle + 1, b, limit)
                b = middle

    def _insertion(self, a: int, b: int) -> None:
        for i in range(a + 1, b):
            j = i
            while j > a and self.less(j, j - 1):
                self.swap(j, j - 1)
                j -= 1

    def _heap(self, a: int, b: int) -> None:
        length = b - a
        for i in range((length - 1) // 2, -1, -1):
            self._sift(i, length, a)
        for i in range(length - 1, -1, -1):
            self.swap(a, a + i)
            self._sift(0, i, a)

    def _sift(self, root: int, length: int, first: int) -> None:
        while (child := 2 * root + 1) < length:
            if child + 1 < length and self.less(first + child, first + child + 1):
                child += 1
            if not self.less(first + root, first + child):
                return
            self.swap(first + root, first + child)
            root = child

    def _partition(self, a: int, b: int, pivot: int) -> tuple[int, bool]:
        self.swap(a, pivot)
        i, j = self._close_in(a, a + 1, b - 1)
        partitioned = i > j
        while i <= j:
            self.swap(i, j)
            i, j = self._close_in(a, i + 1, j - 1)
        self.swap(j, a)
        return j, partitioned

    def _close_in(self, a: int, i: int, j: int) -> tuple[int, int]:
        while i <= j and self.less(i, a):
            i += 1
        while i <= j and not self.less(j, a):
            j -= 1
        return i, j

    def _partition_equal(self, a: int, b: int, pivot: int) -> int:
        self.swap(a, pivot)
        i, j = a + 1, b - 1
        while True:
            while i <= j and not self.less(a, i):
                i += 1
            while i <= j and self.less(a, j):
                j -= 1
            if i > j:
                return i
            self.swap(i, j)
            i, j = i + 1, j - 1

    def _partial_insertion(self, a: int, b: int) -> bool:
        i = a + 1
        for _ in range(_MOST_STEPS):
            while i < b and not self.less(i, i - 1):
                i += 1
            if i == b:
                return True
            if b - a < _SHORTEST_SHIFTING:
                return False
            self.swap(i, i - 1)
            if i - a >= 2:
                for j in range(i - 1, 0, -1):
                    if not self.less(j, j - 1):
                        break
                    self.swap(j, j - 1)
            if b - i >= 2:
                for j in range(i + 1, b):
                    if not self.less(j, j - 1):
                        break
                    self.swap(j, j - 1)
        return False

    def _break_patterns(self, a: int, b: int) -> None:
        length = b - a
        if length < 8:
            return
        state = length
        modulus = 1 << length.bit_length()
        index = a + (length // 4) * 2 - 1
        for i in range(3):
            # xorshift, seeded with the length
            state ^= (state << 13) & _MASK
            state ^= state >> 7
            state ^= (state << 17) & _MASK
            other = state & (modulus - 1)
            if other >= length:
                other -= length
            self.swap(index + i, a + other)

    def _choose_pivot(self, a: int, b: int) -> tuple[int, str]:
        length = b - a
        self._swaps = 0
        i, j, k = a + length // 4, a + length // 4 * 2, a + length // 4 * 3
        if length >= 8:
            if length >= _NINTHER:
                i, j, k = (self._median(each - 1, each, each + 1) for each in (i, j, k))
            j = self._median(i, j, k)
        if self._swaps == 0:
            return j, "increasing"
        return j, "decreasing" if self._swaps == _MOST_SWAPS else "unknown"

    def _median(self, a: int, b: int, c: int) -> int:
        a, b = self._in_order(a, b)
        b, c = self._in_order(b, c)
        a, b = self._in_order(a, b)
        return b

    def _in_order(self, a: int, b: int) -> tuple[int, int]:
        if self.less(b, a):
            self._swaps += 1
            return b, a
        return a, b

    def _reverse(self, a: int, b: int) -> None:
        self.values[a:b] = reversed(self.values[a:b])
