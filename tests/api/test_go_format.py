from __future__ import annotations

import pytest

from kubesim.api.go_format import format_float, go_syntax, quote, sprint, type_name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<nil>"), (True, "true"), (3, "3"), ("a b", "a b"), ([1, "x", None], "[1 x <nil>]"),
        ({"b": 1, "a": [True]}, "map[a:[true] b:1]"), (1.5, "1.5"),
    ],
)  # fmt: skip
def test_sprint(value: object, text: str) -> None:
    assert sprint(value) == text


# fmt.Println of each, as Go prints it.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (1.0, "1"), (8080.0, "8080"), (100000.0, "100000"),
        (1000000.0, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (0.0001, "0.0001"), (0.00001, "1e-05"), (1e21, "1e+21"), (19.95, "19.95"),
        (-2.5, "-2.5"),
        (1.5e300, "1.5e+300"),
        (float("inf"), "+Inf"), (float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_format_float(value: float, text: str) -> None:
    assert format_float(value) == text


def test_go_syntax() -> None:
    value = {"b": [1, None], "a": {"c": 'x"\n'}}
    assert go_syntax(value) == (
        'map[string]interface {}{"a":map[string]interface {}{"c":"x\\"\\n"}, "b":[]interface {}{1, interface {}(nil)}}'
    )


@pytest.mark.parametrize(("text", "quoted"), [("é", '"é"'), ("\x01", '"\\x01"'), ("\u200b", '"\\u200b"')])
def test_quote(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@pytest.mark.parametrize(
    ("value", "name"), [(True, "bool"), (1, "int64"), ({}, "map[string]interface {}"), ([], "[]interface {}")]
)
def test_type_name(value: object, name: str) -> None:
    assert type_name(value) == name
