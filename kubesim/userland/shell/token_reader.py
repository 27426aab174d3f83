"""What every part of the shell's grammar needs: the next token, and what may not come next."""

from __future__ import annotations

from abc import ABC, abstractmethod

from kubesim.userland.shell.dialect import Dialect, ShellSyntaxError
from kubesim.userland.shell.lexer import Lexer, Token
from kubesim.userland.shell.tree import Command, CommandList

_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "in"}
)


class TokenReader(ABC):
    """Reads tokens one ahead. The grammar is recursive: what reads a whole command or list is :class:`.Parser`."""

    def __init__(self, text: str, dialect: Dialect, first_line: int = 1) -> None:
        self.lexer = Lexer(text, dialect, first_line)
        self.dialect = dialect
        self.ahead: list[Token] = []

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

    @abstractmethod
    def command(self) -> Command:
        """One command, simple or compound."""

    @abstractmethod
    def command_list(self, *, top: bool = False) -> CommandList:
        """Commands up to a closing word, or at the top up to the end of the line."""
