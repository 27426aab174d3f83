"""Shell arithmetic beside Python's, on 64-bit integers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.userland.shell.arithmetic import ArithmeticFailure, Evaluator

NUMBERS = st.integers(0, 2**62).map(str)
EXPRESSIONS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "&", "|", "^", "<", ">=", "==", "!="]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda text: f"(-{text})"),
        inner.map(lambda text: f"(~ {text})"),
    ),
    max_leaves=8,
)


def wrapped(number: int) -> int:
    """A number as 64 bits hold it."""
    return (number + 2**63) % 2**64 - 2**63


@given(EXPRESSIONS)
def test_whole_numbers_are_pythons_within_64_bits(text):
    value = eval(text)
    if any(mark in text for mark in "<>=!"):  # a comparison looks at numbers that have been wrapped already
        assert -(2**63) <= Evaluator(text, {}).evaluate() < 2**63
    else:
        assert Evaluator(text, {}).evaluate() == wrapped(value)


@pytest.mark.parametrize(
    ("text", "value", "after"),
    [
        ("", 0, {}),
        ("7 / 2, -7 / 2", -3, {}),
        ("-7 % 3", -1, {}),
        ("2 ** 3 ** 2", 512, {}),
        ("1 + 2 * 3 << 1", 14, {}),
        ("x = 3, x += 4", 7, {"x": "7"}),
        ("x++ + ++x", 2, {"x": "2"}),
        ("y ? 1 : 2", 2, {}),
        ("0x1f + 010 + 2#101", 44, {}),
        ("9223372036854775807 + 1", -(2**63), {}),
        ("unset && 1", 0, {}),
    ],
)
def test_operators_are_cs(text, value, after):
    variables: dict[str, str] = {}
    assert Evaluator(text, variables).evaluate() == value
    assert variables == after


@pytest.mark.parametrize(
    ("text", "reason", "token"),
    [
        ("1 / 0", "division by 0", "0"),
        ("1 +", "syntax error: operand expected", "+"),
        ("1 2", "syntax error in expression", "2"),
        ("(1", "missing `)'", "1"),
        ("08", "value too great for base", "08"),
    ],
)
def test_a_failure_names_its_token(text, reason, token):
    with pytest.raises(ArithmeticFailure) as caught:
        Evaluator(text, {}).evaluate()
    assert (caught.value.reason, caught.value.token) == (reason, token)
