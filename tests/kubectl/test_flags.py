"""The table-driven flag parser, with pflag's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.kubectl.flags import COMMANDS, GROUPS, Flag, FlagError, flags_of, parse
from kubesim.kubectl.registry import RUNS

TABLE = (
    *GROUPS["output"],
    *GROUPS["files"],
    *GROUPS["selector"],
    *GROUPS["all-namespaces"],
    *GROUPS["dry-run"],
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


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("--raw", Flag("raw", help="h")),
        ("-o --output string=plaintext", Flag("output", short="o", default="plaintext", help="h")),
        ("--dry-run[=unchanged] string=none", Flag("dry-run", default="none", bare="unchanged", help="h")),
        ("-r --replicas int=-1 !", Flag("replicas", "int", "r", "-1", help="h", required=True)),
        ("--image !", Flag("image", help="h", required=True)),
    ],
)
def test_flags_as_the_table_writes_them(written: str, flag: Flag) -> None:
    assert flags_of({written: "h"}) == (flag,)


@pytest.mark.parametrize("written", ["raw", "-oo --output", "--a b c", "--a=b !!"])
def test_a_flag_that_is_written_wrongly(written: str) -> None:
    with pytest.raises(AssertionError, match="must be written as"):
        flags_of({written: "h"})


def test_each_command_of_the_table_does_something() -> None:
    """It runs, refuses, or has sub-commands; and no function is left without a command."""
    commands = {words: entry for words, entry in COMMANDS.items() if words != "flags"}
    above = {words.rpartition(" ")[0] for words in commands}
    for words, entry in commands.items():
        assert ("refusal" in entry) + (words in RUNS) == 1 or words in above, words
    assert set(RUNS) <= set(commands)
