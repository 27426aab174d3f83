"""KYAML as kubectl 1.36.4 printed it."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.kubectl.output import kyaml


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", '"x"'),
        ("tab\there", '"tab\there"'),
        ("\x01", '"\\x01"'),
        ("x\n", '"\\\n   x\\n\\\n  "'),
        ("x\ny", '"\\\n   x\\n\\\n   y\\\n  "'),
        ("x\n\n y\n", '"\\\n   x\\n\\\n   \\n\\\n  \\ y\\n\\\n  "'),
        ("\n", '"\\\n   \\n\\\n  "'),
        ("a\r\nb", '"\\\n   a\\r\\n\\\n   b\\\n  "'),
        ([], "[]"),
        ([{}], "[{}]"),
        ([1, "a"], '[\n  1,\n  "a",\n]'),
        ([{"a": 1}, {"b": 2}], "[{\n  a: 1,\n}, {\n  b: 2,\n}]"),
    ],
)
def test_a_value(value: Any, text: str) -> None:
    assert kyaml.dump(value) == f"---\n{text}\n"


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("a", "a"),
        ("1a", "1a"),
        ("a.b", "a.b"),
        ("f", '"f"'),
        ("Yes", '"Yes"'),
        ("1", '"1"'),
        ("", '""'),
        ("a b", '"a b"'),
    ],
)
def test_a_key_that_could_be_misread_is_quoted(key: str, written: str) -> None:
    assert kyaml.dump({key: 1}) == f"---\n{{\n  {written}: 1,\n}}\n"


def test_keys_are_sorted_unless_the_order_is_that_of_a_struct() -> None:
    assert kyaml.dump({"b": 1, "a": {"d": 2, "c": 3}}).split() == [
        "---",
        "{",
        "a:",
        "{",
        "c:",
        "3,",
        "d:",
        "2,",
        "},",
        "b:",
        "1,",
        "}",
    ]
    assert kyaml.dump({"b": 1, "a": 2}, sort_keys=False).split() == ["---", "{", "b:", "1,", "a:", "2,", "}"]
