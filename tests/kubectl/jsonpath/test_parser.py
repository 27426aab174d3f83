from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.kubectl.jsonpath import JsonPath, JsonPathError, relaxed_expression
from kubesim.kubectl.jsonpath.parser import parse, unquote

ALPHABET = "{}[]().$@*?:,'\"\\-+=!<> ab0_\n&é"
TEMPLATES = st.text(ALPHABET, max_size=40) | st.text(max_size=20)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a0"]), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.a", "unclosed action"),
        ("{[0}", "unterminated array"),
        ("{[?(@.a)}", "unclosed array expect ]"),
        ("{[?(@.a]}", "unterminated filter"),
        ("{[x]}", "invalid array index x"),
        ("{[-]}", "array index - is not a number"),
        ("{&}", "unrecognized character in action: U+0026 '&'"),
        ("{'a}", "unterminated quoted string"),
        ("{....a}", "invalid multiple recursive descent"),
        ("{1.2.3}", "cannot parse number 1.2.3"),
        (r"{'\q'}", r"unquote string '\q' error invalid syntax"),
    ],
)
def test_errors_are_upstreams(template: str, message: str) -> None:
    with pytest.raises(JsonPathError) as caught:
        parse(template)
    assert str(caught.value) == message


@given(TEMPLATES)
def test_the_parser_raises_nothing_but_its_own_error(template: str) -> None:
    with contextlib.suppress(JsonPathError):
        parse(template)


@given(TEMPLATES, DOCUMENTS, st.booleans())
def test_evaluation_raises_nothing_but_its_own_error(template: str, document: object, allow: bool) -> None:
    try:
        path = JsonPath(template, allow_missing_keys=allow)
        assert isinstance(path.render(document), str)
        path.render(document, as_json=True)
    except JsonPathError:
        pass


@pytest.mark.parametrize("depth", [50, 5000])
def test_deep_nesting_ends_in_an_answer(depth: int) -> None:
    for template in ("{" + "[?(" * depth + ")]" * depth + "}", "{" + "[" * depth + "]" * depth + "}"):
        with contextlib.suppress(JsonPathError):
            parse(template)


@pytest.mark.parametrize("text", ["a.b", ".a.b", "{a.b}", "{.a.b}"])
def test_relaxed_expressions(text: str) -> None:
    assert relaxed_expression(text) == "{.a.b}"


def test_relaxed_expressions_refuse_other_braces() -> None:
    with pytest.raises(JsonPathError, match="unexpected path string"):
        relaxed_expression("{a}{b}")


@pytest.mark.parametrize(
    ("literal", "text"),
    [(r"'\n'", "\n"), (r'"\u00e9"', "é"), (r'"\xc3\xa9"', "é"), (r"'\''", "'"), (r'"\101"', "A"), ("'a\"b'", 'a"b')],
)
def test_unquote(literal: str, text: str) -> None:
    assert unquote(literal) == text
