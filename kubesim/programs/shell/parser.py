"""From tokens to commands: the POSIX grammar with bash's additions, one complete command at a time."""

from __future__ import annotations

import re

from kubesim.programs.shell.dialect import Dialect, ShellSyntaxError
from kubesim.programs.shell.lexer import Lexer, Token
from kubesim.programs.shell.tree import (
    AndOr,
    ArithmeticCommand,
    Assignment,
    Body,
    Case,
    Command,
    CommandList,
    Compound,
    Conditional,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Literal,
    Pipeline,
    Redirect,
    Simple,
    Subshell,
    While,
    Word,
)

_REDIRECTIONS = frozenset({"<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"})
_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "in"}
)
_CLOSERS = frozenset({"then", "else", "elif", "fi", "do", "done", "esac", "}"})
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?(\+?)=")


class Parser:
    """Reads commands from a text; :meth:`next` gives one line's list at a time: a script runs as far as it can."""

    def __init__(self, text: str, dialect: Dialect, first_line: int = 1) -> None:
        self.lexer = Lexer(text, dialect, first_line)
        self.dialect = dialect
        self.ahead: list[Token] = []

    # --- tokens ---------------------------------------------------------------------------------------------------

    def peek(self) -> Token:
        """The next token, left in place."""
        if not self.ahead:
            self.ahead.append(self.lexer.token())
        return self.ahead[0]

    def take(self) -> Token:
        """The next token, taken."""
        token = self.peek()
        self.ahead.pop(0)
        return token

    def keyword(self) -> str:
        """The next token as a reserved word or operator; empty for an ordinary word."""
        token = self.peek()
        if token.kind == "operator":
            return token.text
        if token.kind == "word" and token.word is not None:
            bare = token.word.bare
            if bare in _KEYWORDS or (self.dialect.is_bash and bare in ("[[", "function", "time")) or bare == "time":
                return bare or ""
        return ""

    def unexpected(self, expecting: str = "") -> ShellSyntaxError:
        """The syntax error of the next token."""
        token = self.peek()
        if token.kind == "end":
            line = self.lexer.end_line() if self.dialect.is_bash else token.line
            return ShellSyntaxError(line, "", expecting, source="")
        plain = token.kind == "word" and not self.keyword()
        return ShellSyntaxError(token.line, token.text, expecting, "", plain, self.lexer.source_line(token.line))

    def expect(self, word: str) -> None:
        """Take a reserved word or an operator that must come now."""
        if self.keyword() != word:
            raise self.unexpected(word)
        self.take()

    def skip_newlines(self) -> None:
        """Take empty lines."""
        while self.peek().kind == "newline":
            self.take()

    # --- lists ----------------------------------------------------------------------------------------------------

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

    # --- commands -------------------------------------------------------------------------------------------------

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
            or (token.kind == "operator" and token.text not in _REDIRECTIONS)
            or token.kind in ("end", "newline")
        ):
            raise self.unexpected()
        if body is None:
            return self.simple()
        redirects = []
        while self.at_redirection():
            redirects.append(self.redirection())
        return Compound(body, tuple(redirects), token.line)

    def subshell(self) -> Subshell:
        """``( … )``."""
        self.take()
        body = self.command_list()
        self.expect(")")
        return Subshell(body)

    def double_parenthesis(self, start: int) -> str | None:
        """The text of ``(( … ))``, or None where these are two subshells."""
        end = self.lexer._closing(start + 2, "(", ")", 1)
        if end is None or not self.lexer.text.startswith("))", end):
            return None
        self.ahead.clear()
        self.lexer.position = end + 2
        return self.lexer.text[start + 2 : end]

    def if_command(self) -> If:
        """``if … fi``."""
        self.take()
        branches = []
        condition = self.command_list()
        self.expect("then")
        branches.append((condition, self.command_list_until("fi")))
        otherwise = None
        while self.keyword() == "elif":
            self.take()
            condition = self.command_list()
            self.expect("then")
            branches.append((condition, self.command_list_until("fi")))
        if self.keyword() == "else":
            self.take()
            otherwise = self.command_list_until("fi")
        self.expect("fi")
        return If(tuple(branches), otherwise)

    def command_list_until(self, closer: str) -> CommandList:
        """The commands of a body; the text may not end here."""
        self.skip_newlines()
        if self.peek().kind == "end":
            raise self.unexpected(closer)
        return self.command_list()

    def do_group(self) -> CommandList:
        """``do … done``."""
        self.skip_newlines()
        self.expect("do")
        body = self.command_list_until("done")
        self.expect("done")
        return body

    def for_command(self) -> For | ForArithmetic:
        """``for``, over words or with arithmetic."""
        self.take()
        token = self.peek()
        if self.dialect.is_bash and token.text == "(" and self.lexer.text.startswith("((", token.start):
            text = self.double_parenthesis(token.start)
            if text is None or text.count(";") != 2:
                raise self.unexpected()
            start, condition, step = text.split(";")
            if self.keyword() == ";":
                self.take()
            return ForArithmetic(start, condition, step, self.do_group())
        name = self.take()
        if name.kind != "word" or not re.fullmatch(r"[A-Za-z_]\w*", name.text):
            self.ahead.insert(0, name)
            raise self.unexpected()
        self.skip_newlines()
        words: list[Word] | None = None
        if self.keyword() == "in":
            self.take()
            words = []
            while self.peek().kind == "word":
                word = self.take().word
                if word is not None:
                    words.append(word)
            if self.keyword() != ";" and self.peek().kind != "newline":
                raise self.unexpected()
            self.take()
        elif self.keyword() == ";":
            self.take()
        return For(name.text, None if words is None else tuple(words), self.do_group())

    def case_command(self) -> Case:
        """``case … esac``."""
        self.take()
        subject = self.take().word
        if subject is None:
            raise self.unexpected()
        self.skip_newlines()
        self.expect("in")
        self.skip_newlines()
        branches = []
        while self.keyword() != "esac":
            if self.peek().kind == "end":
                raise self.unexpected("esac" if not self.dialect.is_bash else "")
            if self.keyword() == "(":
                self.take()
            patterns = []
            while True:
                pattern = self.take()
                if pattern.word is None:
                    self.ahead.insert(0, pattern)
                    raise self.unexpected()
                patterns.append(pattern.word)
                if self.keyword() != "|":
                    break
                self.take()
            self.expect(")")
            self.skip_newlines()
            body = CommandList(())
            if self.keyword() not in (";;", ";&", ";;&", "esac"):
                body = self.command_list()
            ending = ";;"
            if self.keyword() in (";;", ";&", ";;&"):
                ending = self.take().text
            branches.append((tuple(patterns), body, ending))
            self.skip_newlines()
        self.take()
        return Case(subject, tuple(branches))

    def conditional(self) -> Conditional:
        """``[[ … ]]``."""
        self.take()
        words: list[Word] = []
        while True:
            token = self.take()
            if token.kind == "end":
                self.ahead.insert(0, token)
                raise self.unexpected()
            if token.word is not None and token.word.bare == "]]":
                return Conditional(tuple(words))
            if token.word is not None:
                words.append(token.word)
                if token.word.bare == "=~":
                    self.lexer._skip_blanks()
                    words.append(self.lexer.word(stop=" \t\n"))
            elif token.kind == "operator":
                words.append(Word((Literal(token.text),), token.text))

    def simple(self) -> Command:
        """A simple command, or the definition of a function."""
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        first = self.peek()
        while True:
            token = self.peek()
            if self.at_redirection():
                redirects.append(self.redirection())
                continue
            if token.kind != "word" or token.word is None:
                break
            assignment = None if words else self.assignment(token.word)
            if assignment is not None:
                assignments.append(assignment)
                continue
            if (
                words
                and words[0].bare in ("declare", "local", "export", "readonly", "typeset")
                and self.dialect.is_bash
            ):
                array = self.assignment(token.word)
                if array is not None:
                    if isinstance(array.value, tuple):
                        assignments.append(array)
                    else:
                        words.append(token.word)
                    continue
            self.take()
            words.append(token.word)
        if words and not redirects and not assignments and len(words) == 1 and self.keyword() == "(":
            return self.function(words[0], first)
        if not words and not assignments and not redirects:
            raise self.unexpected()
        source = self.lexer.text[first.start : self.peek().start].strip()
        return Simple(tuple(assignments), tuple(words), tuple(redirects), first.line, source)

    def function(self, name: Word, first: Token) -> Command:
        """``name() …``."""
        self.take()
        if self.keyword() != ")":
            if self.dialect.name == "dash":
                raise ShellSyntaxError(first.line, "(", source=self.lexer.source_line(first.line))
            raise self.unexpected(")" if not self.dialect.is_bash else "")
        self.take()
        self.skip_newlines()
        return Compound(Function(name.source, self.command()), (), first.line)

    def assignment(self, word: Word) -> Assignment | None:
        """The word as an assignment (taking it), or None."""
        match = _ASSIGNMENT.match(word.source)
        if not match or (match[2] and not self.dialect.is_bash) or (match[3] and self.dialect.name == "dash"):
            return None
        token = self.take()
        value = Lexer(word.source[match.end() :], self.dialect, token.line).word(stop="")
        index = Lexer(match[2][1:-1], self.dialect).word(stop="") if match[2] else None
        following = self.peek()
        adjacent = following.kind == "operator" and following.text == "(" and following.start == token.end
        if adjacent and match.end() == len(word.source):
            if not self.dialect.is_bash:
                raise self.unexpected()
            self.take()
            items: list[Word] = []
            while self.keyword() != ")":
                self.skip_newlines()
                if self.keyword() == ")":
                    break
                item = self.take()
                if item.word is None:
                    self.ahead.insert(0, item)
                    raise self.unexpected()
                items.append(item.word)
            self.take()
            return Assignment(match[1], tuple(items), bool(match[3]))
        return Assignment(match[1], value, bool(match[3]), index)

    def at_redirection(self) -> bool:
        """Whether a redirection comes next."""
        token = self.peek()
        return token.kind == "number" or (token.kind == "operator" and token.text in _REDIRECTIONS)

    def redirection(self) -> Redirect:
        """One redirection."""
        number = self.take().text if self.peek().kind == "number" else ""
        operator = self.take()
        if operator.text == "<<<" and not self.dialect.is_bash:
            self.ahead.insert(0, operator)
            raise self.unexpected()
        target = self.peek()
        if target.kind != "word" or target.word is None:
            if target.kind == "end" and self.dialect.is_bash:  # the line's own end is what bash meets
                raise ShellSyntaxError(target.line, "newline", source=self.lexer.source_line(target.line))
            raise self.unexpected()
        default = 0 if operator.text.startswith("<") else 1
        redirect = Redirect(int(number) if number else default, operator.text, target.word, operator.line)
        if operator.text in ("<<", "<<-"):
            quoted = any(isinstance(part, Literal) and part.quoted for part in target.word.parts)
            delimiter = "".join(part.text if isinstance(part, Literal) else "" for part in target.word.parts)
            self.lexer.documents.waiting.append(
                (redirect, delimiter or target.word.source, operator.text == "<<-", quoted)
            )
        self.take()
        return redirect
