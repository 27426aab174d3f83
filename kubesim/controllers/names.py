"""Names that controllers make up: random suffixes and the hash of a Pod template.

Upstream leaves out vowels and the characters that look alike, so that no name spells a word by accident.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from kubesim.api.objects import Wire

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""``k8s.io/apimachinery/pkg/util/rand``: 27 characters."""

FNV_OFFSET, FNV_PRIME = 2166136261, 16777619


def fnv_128a(data: bytes) -> int:
    """The FNV-1a hash of 128 bits."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in data:
        value = ((value ^ byte) * 0x1000000000000000000013B) & ((1 << 128) - 1)
    return value


def safe_encode(text: str) -> str:
    """A string of digits in the safe alphabet: what upstream's ``SafeEncodeString`` does to a hash."""
    return "".join(ALPHABET[ord(character) % len(ALPHABET)] for character in text)


def template_hash(template: Wire, collisions: int | None = None) -> str:
    """The ``pod-template-hash`` of a Pod template: FNV-1a of its canonical form, in the safe alphabet.

    Upstream hashes Go's printed form of the struct; the shape of the result is the same, its value is not.
    """
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    if collisions is not None:
        text += f"#{collisions}"
    value = FNV_OFFSET
    for byte in text.encode():
        value = ((value ^ byte) * FNV_PRIME) & 0xFFFFFFFF
    return safe_encode(str(value))


class RandomSuffix:
    """Five random characters of the safe alphabet."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def draw(self, length: int = 5) -> str:
        """A new suffix."""
        return "".join(self._chance.choice(ALPHABET) for _ in range(length))

    def unused(self, prefix: str, taken: Callable[[str], bool]) -> str:
        """``prefix`` and a suffix that nobody has yet."""
        while True:
            name = prefix + self.draw()
            if not taken(name):
                return name
