"""From tokens to commands: the POSIX grammar with bash's additions, one complete command at a time."""

from __future__ import annotations

from kubesim.userland.shell.compound_grammar import CompoundCommandReader
from kubesim.userland.shell.simple_grammar import REDIRECTIONS
from kubesim.userland.shell.tree import (
    AndOr,
    ArithmeticCommand,
    Body,
    Command,
    CommandList,
    Compound,
    Function,
    Group,
    Pipeline,
    While,
)

_CLOSERS = frozenset({"then", "else", "elif", "fi", "do", "done", "esac", "}"})


class Parser(CompoundCommandReader):
    """Reads commands from a text; :meth:`next` gives one line's list at a time: a script runs as far as it can."""

    def next(self) -> CommandList | None:
        """The next complete command: everything up to the end of its line; None at the end of the text.

        :raises ShellSyntaxError: where the text cannot be parsed.
        """
        self.skip_newlines()
        if self.peek().kind == "end":
            return None
        parsed = self.command_list(top=True)
        if self.peek().kind not in ("newline", "end"):
            raise self.unexpected()
        if self.peek().kind == "newline":
            self.take()
        else:
            self.lexer.token()
        return parsed

    def command_list(self, *, top: bool = False) -> CommandList:
        """Commands up to a closing word, or at the top up to the end of the line."""
        items: list[tuple[AndOr, bool, str]] = []
        if not top:
            self.skip_newlines()
        while True:
            token = self.peek()
            if token.kind == "end" or (token.kind == "newline" and top):
                break
            if self.keyword() in _CLOSERS or self.keyword() in (")", ";;", ";&", ";;&"):
                break
            start = token.start
            and_or = self.and_or()
            after = self.peek()
            source = self.lexer.text[start : after.start].strip()
            background = False
            if after.kind == "operator" and after.text in (";", "&"):
                background = after.text == "&"
                self.take()
            elif after.kind == "newline" and not top:
                pass
            else:
                items.append((and_or, False, source))
                if after.kind == "newline" or after.kind == "end":
                    break
                if self.keyword() in _CLOSERS or self.keyword() in (")", ";;", ";&", ";;&"):
                    break
                raise self.unexpected()
            items.append((and_or, background, source))
            if not top:
                self.skip_newlines()
        if not items:
            raise self.unexpected()
        return CommandList(tuple(items))

    def and_or(self) -> AndOr:
        """Pipelines joined by ``&&`` and ``||``."""
        first = self.pipeline()
        rest: list[tuple[str, Pipeline]] = []
        while self.keyword() in ("&&", "||"):
            operator = self.take().text
            self.skip_newlines()
            rest.append((operator, self.pipeline()))
        return AndOr(first, tuple(rest))

    def pipeline(self) -> Pipeline:
        """Commands joined by pipes."""
        negated = timed = False
        while self.keyword() in ("!", "time"):
            if self.take().text == "!":
                negated = not negated
            else:
                timed = True
        commands = [self.command()]
        merges: list[bool] = []
        while self.keyword() in ("|", "|&"):
            merges.append(self.take().text == "|&")
            self.skip_newlines()
            commands.append(self.command())
        return Pipeline(tuple(commands), negated, timed, (*merges, False))

    def command(self) -> Command:
        """One command, simple or compound."""
        token = self.peek()
        keyword = self.keyword()
        body: Body | None = None
        if keyword == "(":
            if self.dialect.is_bash and self.lexer.text.startswith("((", token.start):
                arithmetic = self.double_parenthesis(token.start)
                if arithmetic is not None:
                    body = ArithmeticCommand(arithmetic)
            body = body or self.subshell()
        elif keyword == "{":
            self.take()
            body = Group(self.command_list())
            self.expect("}")
        elif keyword == "if":
            body = self.if_command()
        elif keyword in ("while", "until"):
            self.take()
            condition = self.command_list()
            body = While(condition, self.do_group(), keyword == "until")
        elif keyword == "for":
            body = self.for_command()
        elif keyword == "case":
            body = self.case_command()
        elif keyword == "[[":
            body = self.conditional()
        elif keyword == "function":
            self.take()
            name = self.take()
            if self.keyword() == "(":
                self.take()
                self.expect(")")
            self.skip_newlines()
            body = Function(name.text, self.command())
        elif (
            keyword in _CLOSERS
            or (token.kind == "operator" and token.text not in REDIRECTIONS)
            or token.kind in ("end", "newline")
        ):
            raise self.unexpected()
        if body is None:
            return self.simple()
        redirects = []
        while self.at_redirection():
            redirects.append(self.redirection())
        return Compound(body, tuple(redirects), token.line)
