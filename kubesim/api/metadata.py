"""The metadata that the server writes: names it makes up, uids, timestamps."""

from __future__ import annotations

from random import Random

from kubesim.api.objects import Wire

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels and no digits that look like them: no suffix spells a word."""

_DRAWN = [*SUFFIX_ALPHABET, *[""] * (32 - len(SUFFIX_ALPHABET))]
"""What each number of five bits stands for; one that is too large stands for nothing and is drawn again."""

SUFFIX_LENGTH = 5
LONGEST_NAME = 63
"""A generated name is a DNS label; a longer base is cut."""


def random_suffix(random: Random) -> str:
    """Five characters, as upstream's ``rand.String(5)``."""
    draw = random.getrandbits
    suffix = "".join([_DRAWN[draw(5)] for _ in range(SUFFIX_LENGTH)])
    while len(suffix) < SUFFIX_LENGTH:
        suffix += _DRAWN[draw(5)]
    return suffix


def generate_name(base: str, random: Random) -> str:
    """A name for ``metadata.generateName``."""
    return base[: LONGEST_NAME - SUFFIX_LENGTH] + random_suffix(random)


def new_uid(random: Random) -> str:
    """A random uid (a UUID of version 4)."""
    return uid_of(random.getrandbits(128))


def uid_of(bits: int) -> str:
    """128 random bits as a UUID of version 4: four of them say the version, two the variant (RFC 9562, 5.4)."""
    digits = f"{bits & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")
"""Metadata that only the server sets."""

_CLEARED = frozenset({*SYSTEM_FIELDS, "resourceVersion", "generation", "managedFields"})

_KEPT = ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_NEVER_KEPT = frozenset({"selfLink", "managedFields"})


def clear_system_fields(metadata: Wire) -> None:
    """Forget what a client may not set on creation."""
    for name in _CLEARED & metadata.keys():
        del metadata[name]


def keep_system_fields(metadata: Wire, old: Wire) -> None:
    """Put back what a client may not change."""
    for name in _KEPT:
        if name in old:
            metadata[name] = old[name]
        elif name in metadata:
            del metadata[name]
    for name in _NEVER_KEPT & metadata.keys():
        del metadata[name]
    if "uid" not in metadata and "uid" in old:
        metadata["uid"] = old["uid"]
    if "generateName" not in old:
        metadata.pop("generateName", None)
    elif "generateName" not in metadata:
        metadata["generateName"] = old["generateName"]
