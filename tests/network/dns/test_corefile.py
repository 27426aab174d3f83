import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.network.dns.corefile import ServerKey, parse
from kubesim.network.dns.corefile_words import CorefileError, seconds_of
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
    ],
)
def test_keys(key: str, expected: ServerKey) -> None:
    assert parse(f"{key} {{\n errors\n}}")[0].keys == [expected]


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
        (
            "import nothing.here",
            "C:1 - Error during parsing: File to import not found: nothing.here",
        ),
    ],
)
def test_errors_have_the_words_of_the_parser(text: str, message: str) -> None:
    with pytest.raises(CorefileError) as caught:
        parse(text, "C", known=frozenset(PLUGINS))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("1m30s", 90), ("250ms", 0.25), ("1h", 3600), ("30", None), ("s", None)]
)
def test_durations(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from('{}.:#"\\$% \n\tabc153import()/*,'), max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, known=frozenset(PLUGINS))
    except CorefileError as error:
        assert str(error)
