"""Shell text parses or is refused; what was written reads back: words through quoting, commands through the parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.userland.printing import quoted
from kubesim.userland.shell.dialect import ASH, BASH, DASH, ShellSyntaxError
from kubesim.userland.shell.lexer import Lexer
from kubesim.userland.shell.parser import Parser
from kubesim.userland.shell.tree import (
    AndOr,
    Case,
    Command,
    CommandList,
    Compound,
    For,
    Function,
    Group,
    If,
    Literal,
    Pipeline,
    Simple,
    Subshell,
    While,
    Word,
)

DIALECTS = st.sampled_from([BASH, DASH, ASH])


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


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), DIALECTS)
def test_a_quoted_word_is_one_literal(text, dialect):
    token = Lexer(quoted(text, dialect.name), dialect).token()
    assert token.word is not None
    assert "".join(part.text for part in token.word.parts if isinstance(part, Literal)) == text
    assert all(isinstance(part, Literal) for part in token.word.parts)


def word(text: str) -> Word:
    return Word((Literal(text),), text)


def listed(items: list[tuple[AndOr, bool]]) -> CommandList:
    return CommandList(tuple((and_or, background, "") for and_or, background in items))


WORDS = st.sampled_from(["a", "b1", "-x", "/etc/hosts", "k=v"]).map(word)
NAMES = st.sampled_from(["echo", "web", "x"]).map(word)
SIMPLE = st.builds(lambda name, rest: Simple((), (name, *rest), (), 1), NAMES, st.lists(WORDS, max_size=3))


def lists(commands: st.SearchStrategy[Command]) -> st.SearchStrategy[CommandList]:
    pipelines = st.builds(
        lambda each, negated: Pipeline(tuple(each), negated), st.lists(commands, min_size=1, max_size=2), st.booleans()
    )
    rest = st.lists(st.tuples(st.sampled_from(["&&", "||"]), pipelines), max_size=1)
    and_or = st.builds(lambda first, more: AndOr(first, tuple(more)), pipelines, rest)
    return st.lists(st.tuples(and_or, st.booleans()), min_size=1, max_size=2).map(listed)


def compounds(commands: st.SearchStrategy[Command]) -> st.SearchStrategy[Command]:
    body = lists(commands)
    cases = st.lists(st.tuples(body, body), min_size=1, max_size=2)
    branch = st.tuples(st.lists(WORDS, min_size=1, max_size=2).map(tuple), body, st.just(";;"))
    bodies = st.one_of(
        st.builds(Group, body),
        st.builds(Subshell, body),
        st.builds(lambda first, other: If(tuple(first), other), cases, st.none() | body),
        st.builds(While, body, body, st.booleans()),
        st.builds(For, st.just("i"), st.none() | st.lists(WORDS, max_size=2).map(tuple), body),
        st.builds(lambda subject, branches: Case(subject, tuple(branches)), WORDS, st.lists(branch, max_size=2)),
        st.builds(lambda inner: Function("f", Compound(Group(inner), (), 1)), body),
    )
    return bodies.map(lambda each: Compound(each, (), 1))


LISTS = lists(st.recursive(SIMPLE, compounds, max_leaves=6))


def shown(commands: CommandList) -> str:
    """The text of a list."""
    return " ".join(shown_and_or(each) + (" &" if background else " ;") for each, background, _ in commands.items)


def shown_and_or(commands: AndOr) -> str:
    return shown_pipeline(commands.first) + "".join(f" {mark} {shown_pipeline(each)}" for mark, each in commands.rest)


def shown_pipeline(pipeline: Pipeline) -> str:
    return ("! " if pipeline.negated else "") + " | ".join(map(shown_command, pipeline.commands))


def shown_command(command: Command) -> str:
    if isinstance(command, Simple):
        return " ".join(each.source for each in command.words)
    match command.body:
        case Group(body):
            return f"{{ {shown(body)} }}"
        case Subshell(body):
            return f"( {shown(body)} )"
        case If(branches, otherwise):
            parts = [f"if {shown(when)} then {shown(then)}" for when, then in branches]
            return " el".join(parts) + (f" else {shown(otherwise)}" if otherwise else "") + " fi"
        case While(condition, body, until):
            return f"{'until' if until else 'while'} {shown(condition)} do {shown(body)} done"
        case For(name, words, body):
            chosen = "" if words is None else " in" + "".join(f" {each.source}" for each in words)
            return f"for {name}{chosen} ; do {shown(body)} done"
        case Case(subject, cases):
            branches_shown = [
                f"({' | '.join(each.source for each in patterns)}) {shown(body)} {end}" for patterns, body, end in cases
            ]
            return f"case {subject.source} in {' '.join(branches_shown)} esac"
        case Function(name, body):
            return f"{name}() {shown_command(body)}"
    raise AssertionError(command)


@given(LISTS, DIALECTS)
def test_commands_read_back_as_they_were_written(commands, dialect):
    text = shown(commands)
    parser = Parser(text, dialect)
    parsed = parser.next()
    assert parsed is not None
    assert shown(parsed) == text
    assert parser.next() is None
