import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.network.dns.corefile import ServerKey, parse
from kubesim.network.dns.corefile_words import CorefileError, duration, tokens_of
from kubesim.network.dns.plugins import PLUGINS

K3S = """
.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    import /etc/coredns/custom/*.override
    forward . /etc/resolv.conf   # the node's
}
import /etc/coredns/custom/*.server
"""


def test_a_server_block_has_keys_and_directives() -> None:
    (block,) = parse(K3S)
    assert block.keys == [ServerKey(".", 53)]
    assert [line.name for line in block.directives] == ["errors", "kubernetes", "forward"]
    assert block.directives[1].arguments == ["cluster.local", "in-addr.arpa", "ip6.arpa"]
    assert [line.name for line in block.directives[1].block] == ["pods", "fallthrough"]
    assert block.directives[2].arguments == [".", "/etc/resolv.conf"]


def test_import_takes_in_lines_and_whole_servers() -> None:
    files = {
        "/etc/coredns/custom/*.override": [("a.override", "log\n")],
        "/etc/coredns/custom/*.server": [("b.server", "example.org {\n  errors\n}\n")],
    }
    first, second = parse(K3S, importer=files.__getitem__)
    assert "log" in [line.name for line in first.directives]
    assert second.keys == [ServerKey("example.org.", 53)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("example.org:1053", ServerKey("example.org.", 1053)),
        ("Example.ORG", ServerKey("example.org.")),
        ("dns://.:54", ServerKey(".", 54)),
        ("10.42.0.0/16", ServerKey("42.10.in-addr.arpa.")),
        ("10.42.7.9/8", ServerKey("10.in-addr.arpa.")),
        ("10.42.7.0/24", ServerKey("7.42.10.in-addr.arpa.")),
        ("a/b", ServerKey("a/b.")),
        (".:1", ServerKey(".", 1)),
        (".:65535", ServerKey(".", 65535)),
        (":54", ServerKey(".", 54)),
        ("dns://example.org", ServerKey("example.org.")),
        ("{$ZONE}", ServerKey("lab.test.")),
        ("{%ZONE%}:54", ServerKey("lab.test.", 54)),
    ],
)
def test_keys(key: str, expected: ServerKey) -> None:
    assert parse(f"{key} {{\n errors\n}}", environment={"ZONE": "lab.test"})[0].keys == [expected]


def test_a_block_may_have_several_keys_and_its_zones_are_told_once() -> None:
    (block,) = parse("a, b:54,\nc a:54 {\n errors\n}")
    assert [str(key) for key in block.keys] == ["a.:53", "b.:54", "c.:53", "a.:54"]
    assert block.zones == ("a.", "b.", "c.")


def test_a_file_without_braces_is_one_block() -> None:
    (block,) = parse("example.org\nerrors\nforward . 8.8.8.8\n")
    assert [line.name for line in block.directives] == ["errors", "forward"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", [("a", 1), ("b", 1)]),
        ("a\n\n b # c\n#d\ne", [("a", 1), ("b", 3), ("e", 5)]),
        ('"a b" c', [("a b", 1), ("c", 1)]),
        ('"a\nb"\nc', [("a\nb", 1), ("c", 3)]),
        (r'"say \"a\" \n" c', [(r'say "a" \n', 1), ("c", 1)]),
        ('"never closed', [("never closed", 1)]),
        ('a"b c', [('a"b', 1), ("c", 1)]),
        ("a#b", [("a#b", 1)]),
        ("", []),
        ("# only", []),
    ],
)
def test_words(text: str, words: list[tuple[str, int]]) -> None:
    assert [(token.text, token.line) for token in tokens_of(text, "C")] == words
    assert {token.file for token in tokens_of(text, "C")} <= {"C"}


def test_a_variable_that_is_not_set_is_nothing() -> None:
    (block,) = parse(". {\n forward . x{$NOTHING}y\n}")
    assert block.directives[0].arguments == [".", "xy"]


def test_imported_lines_have_their_own_place() -> None:
    with pytest.raises(CorefileError, match=r"^part:3 - Error during parsing: Unknown directive 'x'$"):
        parse(". {\n import part\n}", importer=lambda pattern: [("part", "errors\n\nx\n")], known=frozenset(PLUGINS))


def test_a_file_that_imports_itself_is_no_file() -> None:
    with pytest.raises(CorefileError, match=r"^part:2 - Error during parsing: maximum import depth exceeded$"):
        parse(". {\n import part\n}", importer=lambda pattern: [("part", "errors\nimport part\n")])


def test_the_first_word_of_an_imported_file_starts_a_line() -> None:
    (block,) = parse(". {\n import part\n log\n}", importer=lambda pattern: [("part", "errors stdout\n")])
    assert [(line.name, line.arguments) for line in block.directives] == [("errors", ["stdout"]), ("log", [])]


def test_snippets_and_variables() -> None:
    text = '(common) {\n  errors\n}\n. {\n  import common\n  forward . {$UPSTREAM}\n  template "a b"\n}\n'
    (block,) = parse(text, environment={"UPSTREAM": "8.8.8.8"})
    assert [line.name for line in block.directives] == ["errors", "forward", "template"]
    assert block.directives[1].arguments == [".", "8.8.8.8"]
    assert block.directives[2].arguments == ["a b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".:53 {\n    kubernets cluster.local\n}", "C:2 - Error during parsing: Unknown directive 'kubernets'"),
        (".:53 {\n    errors\n", "C:2 - Error during parsing: Unexpected EOF"),
        (". {\n errors\n}\n. {\n log\n}", "cannot serve dns://.:53 - it is already defined"),
        ("import nothing.here", "C:1 - Error during parsing: File to import not found: nothing.here"),
        (
            ". {\n import\n}",
            "C:2 - Error during parsing: Wrong argument count or unexpected line ending after 'import'",
        ),
        (". {\n import nothing.here\n}", "C:2 - Error during parsing: File to import not found: nothing.here"),
        ("}", "C:1 - Error during parsing: Unexpected '}' because no matching opening brace"),
        ("\n{\n}", "C:3 - Error during parsing: missing server address"),
        ("(a) {\n errors\n", "C:2 - Error during parsing: Unexpected EOF"),
        (". {\n log {\n class all\n", "C:3 - Error during parsing: Unexpected EOF"),
        ("https://. {\n}", "C:1 - Error during parsing: unsupported scheme: https"),
        (".:0 {\n}", "C:1 - Error during parsing: port '0' is not a number from 1 to 65535"),
        (".:65536 {\n}", "C:1 - Error during parsing: port '65536' is not a number from 1 to 65535"),
        (".:dns {\n}", "C:1 - Error during parsing: port 'dns' is not a number from 1 to 65535"),
        ("a b {\n}\nB. {\n}", "cannot serve dns://b.:53 - it is already defined"),
    ],
)
def test_errors_have_the_words_of_the_parser(text: str, message: str) -> None:
    with pytest.raises(CorefileError) as caught:
        parse(text, "C", known=frozenset(PLUGINS))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("1m30s", 90),
        ("250ms", 0.25),
        ("1h", 3600),
        ("0", 0),
        ("1.5s", 1.5),
        ("500us", 0.0005),
        ("-5s", -5),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("30", 'time: missing unit in duration "30"'),
        ("s", 'time: invalid duration "s"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
    ],
)
def test_what_is_no_duration(text: str, problem: str) -> None:
    with pytest.raises(CorefileError) as caught:
        duration(text)
    assert str(caught.value) == problem


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from('{}.:#"\\$% \n\tabc153import()/*,'), max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, known=frozenset(PLUGINS))
    except CorefileError as error:
        assert str(error)
