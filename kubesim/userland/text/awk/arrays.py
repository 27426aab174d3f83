"""awk's arrays, in the order in which each implementation's ``for (key in array)`` walks them.

The language leaves the order open; the real ones show that of their hash tables, which follows from the keys alone.
Here a dict holds the values and the tables hold keys, most recently met first.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator

from kubesim.turn import Interrupted
from kubesim.userland.bounds import WORDS
from kubesim.userland.text.awk.values import UNSET, InputText, Value, text_of


class Array(ABC):
    """One array; a subscript that is a whole number may be kept apart from its text."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}

    def __len__(self) -> int:
        return len(self.values)

    def has(self, key: Value, form: str) -> bool:
        """Whether there is an element; asking makes none."""
        name = text_of(key, form)
        if name not in self.values:
            return False
        self._met(key, name, new=False)
        return True

    def get(self, key: Value, form: str) -> Value:
        """An element's value; asking makes it exist."""
        name = text_of(key, form)
        new = name not in self.values
        if new:
            if len(self.values) >= WORDS:
                raise Interrupted
            self.values[name] = UNSET
        self._met(key, name, new=new)
        return self.values[name]

    def put(self, key: Value, form: str, value: Value) -> None:
        """Give an element a value."""
        self.get(key, form)
        self.values[text_of(key, form)] = value

    def remove(self, key: Value, form: str) -> None:
        """Forget an element."""
        name = text_of(key, form)
        if name in self.values:
            del self.values[name]
            self._forgotten(name)

    def clear(self) -> None:
        """Forget every element."""
        self.values.clear()
        self._cleared()

    def fill(self, parts: list[str]) -> None:
        """Become the elements 1, 2… of a split text."""
        self.clear()
        for number, part in enumerate(parts, 1):
            self.values[str(number)] = InputText(part)
            self._filled(number)

    @abstractmethod
    def keys(self) -> Iterator[str]:
        """The keys in the order of a loop."""

    @abstractmethod
    def _met(self, key: Value, name: str, *, new: bool) -> None:
        """An element was looked up."""

    @abstractmethod
    def _forgotten(self, name: str) -> None:
        """An element was removed."""

    @abstractmethod
    def _cleared(self) -> None:
        """All were removed."""

    @abstractmethod
    def _filled(self, number: int) -> None:
        """An element of a split text was added."""


class MawkArray(Array):
    """mawk's: one table by text and one by whole number; the first is made when a text is first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._cleared()

    def _cleared(self) -> None:
        self.mask = 63
        self.by_number: dict[int, list[int]] = {}
        self.by_text: dict[int, list[str]] | None = None

    def _filled(self, number: int) -> None:
        self.by_number.setdefault(number & self.mask, []).insert(0, number)

    def _forgotten(self, name: str) -> None:
        if self.by_text is not None:
            self.by_text[_fnv(name) & self.mask].remove(name)
        if _is_whole(name) and int(name) in self.by_number.get(int(name) & self.mask, ()):
            self.by_number[int(name) & self.mask].remove(int(name))
        if not self.values:
            self._cleared()

    def _met(self, key: Value, name: str, *, new: bool) -> None:
        if new and len(self.values) > (self.mask + 1) * 12:
            self._double()
        if isinstance(key, float) and _is_whole(name):
            self._met_number(int(name), name, new=new)
        else:
            self._met_text(name)

    def _met_number(self, number: int, name: str, *, new: bool) -> None:
        found = self.by_number.setdefault(number & self.mask, [])
        if number in found:
            found.remove(number)
        elif self.by_text is not None:
            self._met_text(name)
        found.insert(0, number)

    def _met_text(self, name: str) -> None:
        table = self._texts()
        found = table.setdefault(_fnv(name) & self.mask, [])
        if name in found:
            found.remove(name)
        found.insert(0, name)

    def _texts(self) -> dict[int, list[str]]:
        if self.by_text is None:
            self.by_text = {}
            for bucket in range(self.mask + 1):
                for number in self.by_number.get(bucket, ()):
                    self.by_text.setdefault(_fnv(str(number)) & self.mask, []).insert(0, str(number))
        return self.by_text

    def _double(self) -> None:
        self.mask = self.mask * 2 + 1
        numbers = [number for bucket in sorted(self.by_number) for number in self.by_number[bucket]]
        self.by_number = {}
        for number in numbers:
            self.by_number.setdefault(number & self.mask, []).append(number)
        if self.by_text is not None:
            names = [name for bucket in sorted(self.by_text) for name in self.by_text[bucket]]
            self.by_text = {}
            for name in names:
                self.by_text.setdefault(_fnv(name) & self.mask, []).append(name)

    def keys(self) -> Iterator[str]:
        """By bucket, the most recently met first."""
        table = self._texts()
        return iter([name for bucket in sorted(table) for name in table[bucket]])


class BusyboxArray(Array):
    """busybox': one table by text, which grows by primes."""

    _PRIMES = (31, 251, 1021, 4093, 16381, 65521, 262139)

    def __init__(self) -> None:
        super().__init__()
        self._cleared()

    def _cleared(self) -> None:
        self.size = self._PRIMES[0]
        self.table: dict[int, list[str]] = {}

    def _met(self, key: Value, name: str, *, new: bool) -> None:
        if not new:
            return
        if len(self.values) > self.size * 8:
            names = [each for bucket in sorted(self.table) for each in self.table[bucket]]
            self.size = next((prime for prime in self._PRIMES if prime > self.size), self.size)
            self.table = {}
            for each in names:
                self._insert(each)
        self._insert(name)

    def _insert(self, name: str) -> None:
        number = 0
        for byte in name.encode("utf-8", "surrogateescape"):
            number = (byte + number * 63) & 0xFFFFFFFF
        self.table.setdefault(number % self.size, []).insert(0, name)

    def _filled(self, number: int) -> None:
        self._insert(str(number))

    def _forgotten(self, name: str) -> None:
        for names in self.table.values():
            if name in names:
                names.remove(name)

    def keys(self) -> Iterator[str]:
        """By bucket, the last inserted first."""
        return iter([name for bucket in sorted(self.table) for name in self.table[bucket]])


def _is_whole(name: str) -> bool:
    return re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", name) is not None and name != "-0"


def _fnv(name: str) -> int:
    """mawk's hash of a key (FNV-1a of 32 bits)."""
    number = 2166136261
    for byte in name.encode("utf-8", "surrogateescape"):
        number = ((number ^ byte) * 16777619) & 0xFFFFFFFF
    return number
