"""Label and field selectors. Expected: the grammar in upstream's ``labels.Parse`` and recorded messages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.field_selectors import parse_field_selector, split_terms
from kubesim.api.fields import message_of
from kubesim.api.objects import LabelSelector, LabelSelectorRequirement
from kubesim.api.selectors import (
    EVERYTHING,
    NOTHING,
    Requirement,
    Selector,
    parse_label_map,
    parse_label_selector,
    requirement_errors,
    selector_from_labels,
    selector_of,
)


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ("", {}, True),
        ("app=web", {"app": "web"}, True),
        ("app==web", {"app": "api"}, False),
        ("app!=web", {}, True),
        ("app in (web,api)", {"app": "api"}, True),
        ("app notin (web)", {"app": "web"}, False),
        ("app notin (web)", {}, True),
        ("app", {"app": ""}, True),
        ("!app", {"app": ""}, False),
        ("n>2", {"n": "10"}, True),
        ("n<2", {"n": "x"}, False),
        ("app=", {"app": ""}, True),
        ("app in ()", {"app": ""}, True),
        (" app = web , tier ", {"app": "web", "tier": "x"}, True),
        ("in in (in)", {"in": "in"}, True),
    ],
)
def test_matching(text: str, labels: dict[str, str], matches: bool) -> None:
    assert parse_label_selector(text).matches(labels) is matches


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
    ],
)
def test_what_cannot_be_parsed(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        parse_label_selector(text)


def test_a_bad_key_prints_go_s_empty_path() -> None:
    with pytest.raises(ValueError, match='<nil>: Invalid value: "-a": name part must consist of'):
        parse_label_selector("-a=b")


def test_selectors_of_objects() -> None:
    assert selector_of(None) == NOTHING
    assert selector_of(LabelSelector()) == EVERYTHING
    expressions = [LabelSelectorRequirement(key="tier", operator="In", values=["b", "a"])]
    selector = selector_of(LabelSelector(matchLabels={"app": "web"}, matchExpressions=expressions))
    assert str(selector) == "app=web,tier in (a,b)"
    assert selector.matches({"app": "web", "tier": "a"})
    assert not NOTHING.matches({})
    assert selector_from_labels({"b": "2", "a": "1"}).matches({"a": "1", "b": "2", "c": "3"})
    with pytest.raises(ValueError, match='"Near" is not a valid label selector operator'):
        selector_of(LabelSelector(matchExpressions=[LabelSelectorRequirement(key="a", operator="Near")]))


def test_label_maps() -> None:
    assert parse_label_map("a=1, b = 2") == {"a": "1", "b": "2"}
    with pytest.raises(ValueError, match=r"invalid selector: \[a\]"):
        parse_label_map("a")


def test_field_selectors() -> None:
    selector = parse_field_selector("status.phase!=Running,metadata.name=a\\=b")
    assert str(selector) == "metadata.name=a\\=b,status.phase!=Running"
    assert selector.matches({"metadata.name": "a=b"})
    assert not selector.matches({"metadata.name": "a=b", "status.phase": "Running"})
    with pytest.raises(ValueError, match="can't understand 'x'"):
        parse_field_selector("x")
    with pytest.raises(ValueError, match=r"invalid escape sequence: \\b"):
        parse_field_selector("a=\\b")


KEYS = st.from_regex(r"\A([a-z]{1,5}\.io/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?\Z").filter(
    lambda key: key not in ("in", "notin")
)
VALUES = st.from_regex(r"\A([A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?)?\Z")
LABELS = st.dictionaries(KEYS, VALUES, max_size=4)
REQUIREMENTS = st.one_of(
    st.builds(Requirement, KEYS, st.sampled_from(["=", "==", "!="]), st.tuples(VALUES)),
    st.builds(
        Requirement,
        KEYS,
        st.sampled_from(["in", "notin"]),
        st.sets(VALUES, min_size=1, max_size=3).map(lambda values: tuple(sorted(values))),
    ),
    st.builds(Requirement, KEYS, st.sampled_from(["exists", "!"])),
    st.builds(Requirement, KEYS, st.sampled_from(["gt", "lt"]), st.tuples(st.integers(0, 99).map(str))),
)


@given(st.lists(REQUIREMENTS, max_size=4), LABELS)
def test_a_printed_selector_parses_to_itself(requirements: list[Requirement], labels: dict[str, str]) -> None:
    selector = Selector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))
    parsed = parse_label_selector(str(selector))
    assert str(parsed) == str(selector)
    assert parsed.matches(labels) == selector.matches(labels)


@given(st.text(alphabet="abin ot=!<>(),-/.\0"))
def test_any_text_parses_or_is_refused_with_words(text: str) -> None:
    for parse in (parse_label_selector, parse_field_selector, parse_label_map):
        try:
            parse(text)
        except ValueError as error:
            assert str(error)


@given(st.text(alphabet="ab,\\="))
def test_split_terms_loses_nothing(text: str) -> None:
    assert ",".join(split_terms(text)) == text


INTEGER = "for 'Gt', 'Lt' operators, the value must be an integer"


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("in", ["a"], []),
        ("in", [], ["values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"]),
        ("notin", None, ["values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty"]),
        ("=", ["a", "b"], ['values: Invalid value: ["a","b"]: exact-match compatibility requires one single value']),
        ("!=", [], ["values: Invalid value: []: exact-match compatibility requires one single value"]),
        ("exists", [], []),
        ("!", ["a"], ['values: Invalid value: ["a"]: values set must be empty for exists and does not exist']),
        ("gt", ["5"], []),
        ("lt", ["5"], []),
        ("gt", ["x"], [f'values[0]: Invalid value: "x": {INTEGER}']),
        (
            "lt",
            ["1", "x"],
            [
                "values: Invalid value: [\"1\",\"x\"]: for 'Gt', 'Lt' operators, exactly one value is required",
                f'values[1]: Invalid value: "x": {INTEGER}',
            ],
        ),
    ],
)
def test_what_an_operator_demands_of_its_values(operator: str, values: list[str] | None, expected: list[str]) -> None:
    assert [message_of(error) for error in requirement_errors("k", operator, values)] == expected
