"""The grammar of simple commands: assignments, words, redirections."""

from __future__ import annotations

import re

from kubesim.userland.shell.dialect import ShellSyntaxError
from kubesim.userland.shell.lexer import Lexer, Token
from kubesim.userland.shell.token_reader import TokenReader
from kubesim.userland.shell.tree import (
    Assignment,
    Command,
    Compound,
    Function,
    Literal,
    Redirect,
    Simple,
    Word,
)

REDIRECTIONS = frozenset({"<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"})


_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?(\+?)=")


class SimpleCommandReader(TokenReader):
    """Reads simple commands."""

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
        return token.kind == "number" or (token.kind == "operator" and token.text in REDIRECTIONS)

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
