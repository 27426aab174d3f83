"""Shell patterns beside ``fnmatch``, which has them all but backslashes; file names beside a plain search."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.userland.filesystem import FileSystem
from kubesim.userland.shell import patterns

PIECES = st.sampled_from(["a", "b", ".", "-", "*", "?", "[ab]", "[!a]", "[a-c]", "[]a]", "[!]]", "]"])
PATTERNS = st.lists(PIECES, max_size=6).map("".join)
TEXTS = st.text("abc.-]", max_size=6)


@given(PATTERNS, TEXTS)
def test_patterns_match_as_fnmatch_does(pattern, text):
    assert patterns.matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


@given(st.text("ab*?[]\\!^-{}()|.+$\n", max_size=8))
def test_an_escaped_text_matches_itself_alone(text):
    escaped = patterns.escape(text)
    assert not patterns.is_pattern(escaped)
    assert patterns.unescape(escaped) == text
    assert patterns.matches(escaped, text)
    assert not patterns.matches(escaped, text + "x")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("[[:digit:]]*", "7x", True),
        ("[![:digit:]]", "7", False),
        ("[^a]", "b", True),
        ("[z-a]", "b", False),
        ("[ab", "[ab", True),
        (r"\*", "*", True),
        (r"\*", "x", False),
    ],
)
def test_brackets(pattern, text, matches):
    assert patterns.matches(pattern, text) == matches


NAMES = st.sampled_from(["a", "b", "ab", ".h", "c1"])
FILES = st.sets(st.one_of(NAMES, st.tuples(NAMES, NAMES).map("/".join)), max_size=8)
COMPONENTS = st.sampled_from(["*", "a*", "?", "[ab]", "a", ".*", "nosuch"])


@given(FILES, st.lists(COMPONENTS, min_size=1, max_size=2).map("/".join))
def test_file_names_are_those_whose_components_match(names, pattern):
    files = FileSystem()
    for name in sorted(names):
        directory, _, last = name.rpartition("/")
        if directory and not files.is_file(f"/{directory}"):
            files.make_directory(f"/{directory}", parents=True)
            files.write(f"/{directory}/{last}", "")
        elif not directory and not files.exists(f"/{name}"):
            files.write(f"/{name}", "")
    every = [path[1:] for path in files.walk("/") if path != "/"]

    def fits(name: str, component: str) -> bool:
        return fnmatch.fnmatchcase(name, component) and (not name.startswith(".") or component.startswith("."))

    wanted = pattern.split("/")
    expected = [
        path for path in every if len(parts := path.split("/")) == len(wanted) and all(map(fits, parts, wanted))
    ]
    assert patterns.glob(files, "/", pattern) == sorted(expected)
