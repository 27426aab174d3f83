"""Field errors: how problems and bad values are printed, as ``field.Error`` prints them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api import fields
from kubesim.api.errors import FieldError


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (fields.required("spec.ports"), "spec.ports: Required value"),
        (fields.required("a", "why"), "a: Required value: why"),
        (fields.invalid_value("p", 0, "must be more"), "p: Invalid value: 0: must be more"),
        (fields.invalid_value("p", "x", "no"), 'p: Invalid value: "x": no'),
        (fields.invalid_value("p", True, "no"), "p: Invalid value: true: no"),
        (fields.invalid_value("p", None, "no"), "p: Invalid value: null: no"),
        (fields.invalid_value("p", ["a", "b"], "no"), 'p: Invalid value: ["a","b"]: no'),
        (fields.invalid_value("p", {"B": 1, "A": None}, "no"), 'p: Invalid value: {"B":1,"A":null}: no'),
        (fields.not_supported("t", "X", ("A", "B")), 't: Unsupported value: "X": supported values: "A", "B"'),
        (fields.forbidden("f", "may not"), "f: Forbidden: may not"),
        (fields.duplicate("n", "a"), 'n: Duplicate value: "a"'),
        (fields.missing("n", "a"), 'n: Not found: "a"'),
        (fields.too_long("n", 64), "n: Too long: may not be more than 64 bytes"),
        (fields.too_many("n", 9, 8), "n: Too many: 9: must have at most 8 items"),
        (FieldError(fields.INTERNAL, "n", "x", "why"), "n: Internal error: why"),
    ],
)
def test_messages(error: FieldError, message: str) -> None:
    assert fields.message_of(error) == message


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ('a"b', '"a\\"b"'),
        ("a\nb", '"a\\nb"'),
        ("café", '"café"'),
        ("\x00", '"\\x00"'),
        ("\u200b", '"\\u200b"'),
        ({"a": "<b>&"}, '{"a":"\\u003cb\\u003e\\u0026"}'),
        (1.5, "1.5"),
    ],
)
def test_values_print_as_go_prints_them(value: Any, printed: str) -> None:
    assert fields.go_value(value) == printed


def test_one_problem_stands_alone() -> None:
    error = fields.invalid("Service", "", "bad", [fields.required("spec.ports")])
    assert (error.code, error.reason) == (422, "Invalid")
    assert error.message == 'Service "bad" is invalid: spec.ports: Required value'
    assert error.details == {
        "causes": [{"field": "spec.ports", "message": "Required value", "reason": "FieldValueRequired"}],
        "kind": "Service",
        "name": "bad",
    }


def test_several_problems_stand_in_brackets_each_once() -> None:
    problems = [fields.required("a"), fields.required("b"), fields.required("a")]
    error = fields.invalid("Deployment", "apps", "d", problems)
    assert error.message == 'Deployment.apps "d" is invalid: [a: Required value, b: Required value]'
    assert error.details["group"] == "apps"
    assert len(error.details["causes"]) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_any_json_value_can_be_printed(value: Any) -> None:
    assert isinstance(fields.go_value(value), str)
