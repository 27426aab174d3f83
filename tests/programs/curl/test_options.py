"""curl's command line; messages as curl 8 words them."""

import pytest

from kubesim.programs.curl.options import UsageError, parse


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (["-sSf", "u"], {"silent", "show-error", "fail"}),
        (["--silent", "--location", "u"], {"silent", "location"}),
        (["-kI", "u"], {"insecure", "head"}),
    ],
)
def test_flags(words: list[str], flags: set[str]) -> None:
    assert flags <= parse(words).flags


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["-XPOST", "u"], "request", "POST"),
        (["-X", "POST", "u"], "request", "POST"),
        (["--request", "PUT", "u"], "request", "PUT"),
        (["-sm", "5", "u"], "max-time", "5"),
        (["-m5", "u"], "max-time", "5"),
        (["-w", "%{http_code}", "u"], "write-out", "%{http_code}"),
        (["--connect-timeout", "2.5", "u"], "connect-timeout", "2.5"),
    ],
)
def test_values(words: list[str], name: str, value: str) -> None:
    assert parse(words).values[name] == value


def test_what_may_be_repeated_is_kept_in_order() -> None:
    options = parse(["-H", "A: 1", "-H", "B: 2", "-d", "x=1", "--data-raw", "@y", "u", "-o", "f", "v", "-O"])
    assert options.headers == ["A: 1", "B: 2"]
    assert options.data == [("data", "x=1"), ("data-raw", "@y")]
    assert options.urls == ["u", "v"]
    assert options.outputs == ["f", None]


def test_after_two_dashes_everything_is_a_url() -> None:
    assert parse(["--", "-s"]).urls == ["-s"]


@pytest.mark.parametrize(
    ("words", "message", "status"),
    [
        (["--nosuch", "u"], "option --nosuch: is unknown", 2),
        (["-m"], "option -m: requires parameter", 2),
        (["-m", "x", "u"], "option -m: expected a proper numerical parameter", 2),
        ([""], "option : blank argument where content is expected", 2),
    ],
)
def test_what_is_refused(words: list[str], message: str, status: int) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert (caught.value.message, caught.value.status) == (message, status)
