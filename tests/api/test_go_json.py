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
