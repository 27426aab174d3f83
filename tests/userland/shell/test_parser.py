import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.userland.shell.dialect import ASH, BASH, DASH, ShellSyntaxError
from kubesim.userland.shell.parser import Parser


@pytest.mark.parametrize(
    "text", ["echo 'a", "if true; then", "(a", "a | | b", "fi", "echo $(", "for i in 1 2; echo; done"]
)
def test_what_does_not_parse_says_so(text):
    with pytest.raises(ShellSyntaxError):
        parser = Parser(text, BASH)
        while parser.next():
            pass


@given(st.text("abc $(){}'\"`|&;<>\n#*?[]!=\\if then fi do done", max_size=30), st.sampled_from([BASH, DASH, ASH]))
def test_any_text_parses_or_is_refused(text, dialect):
    parser = Parser(text, dialect)
    try:
        while parser.next():
            pass
    except ShellSyntaxError as error:
        assert dialect.syntax_error("sh", error, from_option=True).endswith("\n")
