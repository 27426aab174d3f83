from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api import go_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (1e-6, "0.000001"),
        (1e20, "100000000000000000000"),
        (1.5, "1.5"),
        (100000000.0, "100000000"),
        (-0.0, "-0"),
        (1.5e21, "1.5e+21"),
        (1.25e-7, "1.25e-7"),
        (1e100, "1e+100"),
        (1.5e-10, "1.5e-10"),
        (123456789012345680000.0, "123456789012345680000"),
        (-2.5e22, "-2.5e+22"),
    ],
)
def test_floats_are_written_as_go_writes_them(value: float, text: str) -> None:
    assert go_json.format_float(value) == text


def test_html_is_escaped_and_other_scripts_are_not() -> None:
    assert go_json.dumps({"a": "<서비스>&\u2028"}, None) == '{"a":"\\u003c서비스\\u003e\\u0026\\u2028"}'


def test_empty_collections_stay_on_their_line() -> None:
    assert go_json.dumps({"b": [], "a": {"c": {}}}) == '{\n    "a": {\n        "c": {}\n    },\n    "b": []\n}'


def test_a_struct_keeps_the_order_of_its_fields() -> None:
    assert (
        go_json.dumps({"kind": "Pod", "apiVersion": "v1"}, None, sort_keys=False) == '{"kind":"Pod","apiVersion":"v1"}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_does_not_have_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="json: unsupported value"):
        go_json.dumps([value])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(-1e15, 1e15) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_what_is_written_reads_back(value: Any) -> None:
    assert json.loads(go_json.dumps(value)) == value
    assert json.loads(go_json.dumps(value, None)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_reads_back(value: float) -> None:
    assert float(go_json.format_float(value)) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unexpected EOF"),
        ("  ", "unexpected EOF"),
        ('{"a":', "unexpected EOF"),
        ('{"a": "b', "unexpected EOF"),
        ("[1, 2", "unexpected EOF"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a": 1 "b": 2}', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ('[{"[": 1} 2]', "invalid character '2' after array element"),
        ('{"a": [1] 2}', "invalid character '2' after object key:value pair"),
        ("{} x", "invalid character 'x' after top-level value"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ("-Infinity", "invalid character 'I' in numeric literal"),
        ("1e999", "json: cannot unmarshal number 1e999 into Go value of type float64"),
        ("[" * (go_json.DEPTH + 1) + "]" * (go_json.DEPTH + 1), "invalid character '[' exceeded max depth"),
    ],
)
def test_what_cannot_be_read_is_told_in_gos_words(text: str, problem: str) -> None:
    with pytest.raises(go_json.JsonError) as raised:
        go_json.loads(text)
    assert str(raised.value) == problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (' {"a": [1, 2.5, null, true]} ', {"a": [1, 2.5, None, True]}),
        ("[" * go_json.DEPTH + "]" * go_json.DEPTH, None),
        (
            '["' + "[" * (go_json.DEPTH + 1) + '"]',
            ["[" * (go_json.DEPTH + 1)],
        ),  # brackets inside a text count for nothing
        ("9223372036854775807", 9223372036854775807),
        ("9999999999999999999999", 1e22),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\ud83d"', "\ufffd"),
        (r'["a\ude00b"]', ["a\ufffdb"]),
    ],
)
def test_what_is_read(text: str, value: Any) -> None:
    found = go_json.loads(text)
    assert value is None or (found == value and type(found) is type(value))


def test_where_a_value_ends_comes_second() -> None:
    assert go_json.decode_at('  {"a": 1}  x', 2) == ({"a": 1}, 10)


class Word(str):
    """A text of a kind of its own."""


class Number(int):
    """A number of a kind of its own."""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ([Word("x"), Number(3), True, None, 1.5], ["x", 3, True, None, 1.5]),
        ({"a": 2**63 - 1}, {"a": 2**63 - 1}),
        ({"a": -(2**63)}, {"a": -(2**63)}),
        ({"a": 10**25}, {"a": 1e25}),
        ({"é\ud83d": "\ude00é"}, {"é\ufffd": "\ufffdé"}),
    ],
)
def test_python_values_become_those_of_json(given: Any, expected: Any) -> None:
    found = go_json.value_of(given)
    assert found == expected and json.dumps(found) == json.dumps(expected)
    assert found is not given


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({1: 2}, "the keys of an object must be texts, got 1"),
        ([object], "an object must hold texts, numbers, lists and the like, got type"),
        ([float("nan")], "json: unsupported value: NaN"),
        ([float("-inf")], "json: unsupported value: -Inf"),
        ([10**301], "a whole number must fit into a float, got one of more than 300 digits"),
    ],
)
def test_what_json_has_no_value_for(given: Any, problem: str) -> None:
    with pytest.raises(go_json.JsonError) as raised:
        go_json.value_of(given)
    assert str(raised.value) == problem


def test_what_contains_itself_is_too_deep() -> None:
    for endless in ([], {}):
        _ = endless.append(endless) if isinstance(endless, list) else endless.update(a=endless)
        with pytest.raises(go_json.JsonError, match="exceeded max depth"):
            go_json.value_of(endless)
