"""Names that controllers make up.

The vectors of FNV-1a are those of its authors (http://www.isthe.com/chongo/tech/comp/fnv); the alphabet and the safe
encoding are those of ``k8s.io/apimachinery/pkg/util/rand``.
"""

from __future__ import annotations

import random

from kubesim.controllers.names import ALPHABET, RandomSuffix, safe_encode, template_hash


def test_digits_become_characters_of_the_safe_alphabet() -> None:
    # '0' is character 48, and 48 mod 27 is 21
    assert safe_encode("0123456789") == "456789bcdf"
    assert safe_encode("") == ""


def fnv1a(text: str) -> int:
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 % 2**32
    return value


def test_the_hash_is_fnv_1a_of_the_canonical_template() -> None:
    assert (fnv1a(""), fnv1a("a"), fnv1a("foobar")) == (0x811C9DC5, 0xE40C292C, 0xBF9CF968)
    template = {"spec": {"b": 1, "a": [1, 2]}, "metadata": {}}
    text = '{"metadata":{},"spec":{"a":[1,2],"b":1}}'
    assert template_hash(template) == safe_encode(str(fnv1a(text)))
    assert template_hash(template, 0) == safe_encode(str(fnv1a(f"{text}#0")))
    assert template_hash(template, 1) != template_hash(template, 0)


def test_the_order_of_fields_does_not_count() -> None:
    assert template_hash({"a": 1, "b": 2}) == template_hash({"b": 2, "a": 1}) != template_hash({"a": 2, "b": 1})


def test_a_suffix_that_somebody_has_is_drawn_again() -> None:
    suffix = RandomSuffix(random.Random(1))
    taken = {RandomSuffix(random.Random(1)).draw()}
    asked: list[str] = []

    def is_taken(name: str) -> bool:
        asked.append(name)
        return name.removeprefix("web-") in taken

    name = suffix.unused("web-", is_taken)
    assert name == asked[-1] and len(asked) == 2
    assert name.startswith("web-") and len(name) == 9 and set(name[4:]) <= set(ALPHABET)
    assert len(suffix.draw(8)) == 8
