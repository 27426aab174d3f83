from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api import go_yaml
from kubesim.api.go_yaml import YamlError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("off", False),
        ("y", True),
        ("0755", 493),
        ("0o755", 493),
        ("0b11", 3),
        ("1_000", 1000),
        ("1e3", 1000),
        ("80.5", 80.5),
        ("12:30:45", "12:30:45"),
        ("2024-01-02", "2024-01-02"),
        ("0o9", "0o9"),
        ("_1", "_1"),
        ("~", None),
        ("", None),
        ('"80"', "80"),
        ("!!str 80", "80"),
        ("1e999", "1e999"),
    ],
)
def test_plain_scalars_mean_what_go_yaml_takes_them_for(text: str, value: Any) -> None:
    loaded = go_yaml.load(f"a: {text}")["a"]
    assert loaded == value
    assert type(loaded) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b\nc\nd: e\n", "yaml: line 3: could not find expected ':'"),
        ("a:\n  b: c: d\n", "yaml: line 2: mapping values are not allowed in this context"),
        (
            "a:\n  b: {{ .Values.c }}\n",
            'yaml: invalid map key: map[interface {}]interface {}{".Values.c":interface {}(nil)}',
        ),
        ("a: *b", "yaml: unknown anchor 'b' referenced"),
        ("a: &b\n  c: *b\n", "yaml: anchor 'b' value contains itself"),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("\x00", "yaml: control characters are not allowed"),
    ],
)
def test_bad_yaml_is_refused_in_go_yamls_words(text: str, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        go_yaml.load(text)
    assert str(caught.value) == message


def test_documents_before_a_bad_one_are_kept() -> None:
    with pytest.raises(YamlError) as caught:
        go_yaml.load_all("a: 1\n---\nb: 2\n---\n- c\nd: 3\n")
    assert caught.value.documents == ({"a": 1}, {"b": 2})


def test_lines_are_counted_within_a_document() -> None:
    with pytest.raises(YamlError, match="yaml: line 2: mapping values"):
        go_yaml.load_all("a: 1\nb: 2\n---\nx:\n  y: z: 1\n")


def test_a_separator_is_followed_by_nothing_but_a_comment() -> None:
    assert go_yaml.load_all("--- # first\na: 1\n---\n\n--- \nb: 2\n") == [{"a": 1}, {"b": 2}]
    with pytest.raises(YamlError, match="invalid Yaml document separator: -"):
        go_yaml.load_all("a: 1\n----\n")


def test_a_manifest_that_begins_with_a_brace_is_json() -> None:
    assert go_yaml.load_all('{"a": 1}\n{"b": 2}') == [{"a": 1}, {"b": 2}]
    with pytest.raises(YamlError, match="unexpected EOF"):
        go_yaml.load_all('{"a": 1,')


def test_a_later_key_wins_and_a_merge_gives_way() -> None:
    assert go_yaml.load("a: 1\na: 2") == {"a": 2}
    assert go_yaml.load("base: &x {a: 1, b: 1}\nmore: {<<: *x, b: 2}")["more"] == {"a": 1, "b": 2}


def test_a_small_text_does_not_become_a_large_value() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match="excessive aliasing"):
        go_yaml.load("\n".join(lines))


def test_keys_are_written_in_natural_order() -> None:
    keys = ["a10", "a2", "a1", "A3", "a-b", "a.b/c", "01", "10", "2"]
    assert sorted(keys, key=go_yaml.natural_key) == ["01", "2", "10", "A3", "a-b", "a.b/c", "a1", "a2", "a10"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc.-/ 1:é\n", max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc1.é", max_size=6), json_values, max_size=4))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    assert go_yaml.load(go_yaml.dump(value)) == value


@given(st.text())
def test_any_text_is_a_value_or_a_yaml_error(text: str) -> None:
    try:
        go_yaml.load_all(text)
    except YamlError as error:
        assert str(error)
