"""The table-driven flag parser, with pflag's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.kubectl.flags import (
    ALL_NAMESPACES_FLAG,
    DRY_RUN_FLAG,
    FILE_FLAGS,
    OUTPUT_FLAGS,
    SELECTOR_FLAG,
    Flag,
    FlagError,
    parse,
)

TABLE = (
    *OUTPUT_FLAGS,
    *FILE_FLAGS,
    SELECTOR_FLAG,
    ALL_NAMESPACES_FLAG,
    DRY_RUN_FLAG,
    Flag("replicas", "int", "r", default="1"),
    Flag("timeout", "duration", default="0s"),
    Flag("env", "array"),
    Flag("watch", "bool", "w"),
)


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        (["-o", "wide"], "output", ("wide",)),
        (["-owide"], "output", ("wide",)),
        (["-o=wide"], "output", ("wide",)),
        (["--output=wide"], "output", ("wide",)),
        (["--output", "wide"], "output", ("wide",)),
        (["-wo", "wide"], "output", ("wide",)),
        (["-f", "a,b", "-f", "c"], "filename", ("a", "b", "c")),
        (["--env", "A=1,2", "--env=B=2"], "env", ("A=1,2", "B=2")),
        (["--dry-run"], "dry-run", ("unchanged",)),
        (["--dry-run=client"], "dry-run", ("client",)),
        ([], "dry-run", ("none",)),
        (["-n", "a", "-n", "b"], "namespace", ("a", "b")),
    ],
)
def test_values(words: list[str], name: str, expected: tuple[str, ...]) -> None:
    assert parse(words, TABLE).values.texts(name) == expected


def test_arguments_and_dash() -> None:
    parsed = parse(["pod", "-w", "x", "--", "-o", "y"], TABLE)
    assert (parsed.arguments, parsed.dash) == (("pod", "x", "-o", "y"), 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nosuch"], "unknown flag: --nosuch"),
        (["-wz"], "unknown shorthand flag: 'z' in -z"),
        (["--output"], "flag needs an argument: --output"),
        (["-f"], "flag needs an argument: 'f' in -f"),
        (
            ["--replicas=x"],
            'invalid argument "x" for "-r, --replicas" flag: strconv.ParseInt: parsing "x": invalid syntax',
        ),
        (
            ["-w=maybe"],
            'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        (["--timeout=5"], 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'),
        (["--=x"], "bad flag syntax: --=x"),
    ],
)
def test_refusals(words: list[str], message: str) -> None:
    with pytest.raises(FlagError) as caught:
        parse(words, TABLE)
    assert str(caught.value) == message


@given(st.lists(st.text(min_size=1, max_size=8), max_size=6))
def test_every_command_line_is_read_or_refused(words: list[str]) -> None:
    try:
        parsed = parse(words, TABLE)
    except FlagError as error:
        assert str(error)
    else:
        assert len(parsed.arguments) <= len(words)
