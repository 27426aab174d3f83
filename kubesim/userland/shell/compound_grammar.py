"""The grammar of compound commands: ``if``, ``for``, ``case``, ``[[ ]]``, subshells."""

from __future__ import annotations

import re

from kubesim.userland.shell.brackets import closing_bracket
from kubesim.userland.shell.simple_grammar import SimpleCommandReader
from kubesim.userland.shell.tree import (
    Case,
    CommandList,
    Conditional,
    For,
    ForArithmetic,
    If,
    Literal,
    Subshell,
    Word,
)


class CompoundCommandReader(SimpleCommandReader):
    """Reads compound commands."""

    def subshell(self) -> Subshell:
        """``( … )``."""
        self.take()
        body = self.command_list()
        self.expect(")")
        return Subshell(body)

    def double_parenthesis(self, start: int) -> str | None:
        """The text of ``(( … ))``, or None where these are two subshells."""
        end = closing_bracket(self.lexer.text, start + 2, "(", ")")
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
                    self.lexer.skip_blanks()
                    words.append(self.lexer.word(stop=" \t\n"))
            elif token.kind == "operator":
                words.append(Word((Literal(token.text),), token.text))
