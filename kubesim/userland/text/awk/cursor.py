"""The tokens of a program, one after another, and what is said of one that does not fit."""

from __future__ import annotations

from kubesim.userland.command_line import Complaint
from kubesim.userland.text.awk.lexer import Token, tokens
from kubesim.userland.text.awk.running import DEPTH


class Cursor:
    """Where the reading of a program is.

    :raises Complaint: where the program is no sequence of tokens.
    """

    def __init__(self, text: str, busybox: bool) -> None:
        self.busybox = busybox
        self.tokens = tokens(text, busybox)
        self.position = 0
        self.depth = 0
        """How deep in blocks and expressions it is."""
        self.open = 0
        """Parentheses that are open."""

    def peek(self, ahead: int = 0) -> Token:
        """A token ahead, left in place."""
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def at(self, *texts: str) -> bool:
        """Whether the next token is one of these operators or keywords."""
        token = self.peek()
        return token.kind in ("operator", "keyword") and token.text in texts

    def take(self, text: str = "") -> Token:
        """The next token, taken."""
        token = self.peek()
        if text and not self.at(text):
            raise self.problem(text)
        if token.kind == "operator" and token.text in "()":
            self.open += 1 if token.text == "(" else -1
        self.position += 1
        return token

    def problem(self, expected: str = "") -> Complaint:
        """The syntax error of the next token."""
        token = self.peek()
        if self.busybox:
            return Complaint("awk: cmd. line:1: Unexpected token\n", 1)
        if token.kind == "end":
            if expected == "}":
                return Complaint(f"awk: line {token.line + 1}: missing }} near end of file\n", 2)
            return Complaint(f"awk: line {token.line}: syntax error at or near end of line\n", 2)
        if expected == ")" and (token.text in ("}", ";") or token.kind == "newline"):
            near = "end of line" if token.kind == "newline" else token.text
            return Complaint(f"awk: line {token.line}: missing ) near {near}\n", 2)
        if token.text == ")" and token.kind == "operator" and not self.open:
            return Complaint(f"awk: line {token.line}: extra ')'\n", 2)
        if token.text == "}" and token.kind == "operator" and not self.depth and expected == "rule":
            extra = f"awk: line {token.line}: extra '}}'\n"
            return Complaint(f"{extra}awk: line {token.line}: syntax error at or near end of line\n", 2)
        near = "end of line" if token.kind == "newline" else token.text
        return Complaint(f"awk: line {token.line}: syntax error at or near {near}\n", 2)

    def refuse(self, mawk: str, busybox: str = "Unexpected token") -> Complaint:
        """A problem that is none of syntax."""
        if self.busybox:
            return Complaint(f"awk: cmd. line:1: {busybox}\n", 1)
        return Complaint(f"awk: line {self.peek().line}: {mawk}\n", 2)

    def newlines(self) -> None:
        """Take empty lines."""
        while self.peek().kind == "newline":
            self.position += 1

    def ends(self) -> None:
        """Take newlines and semicolons."""
        while self.peek().kind == "newline" or self.at(";"):
            self.position += 1

    def deeper(self) -> None:
        """Go into one more block or expression.

        :raises Complaint: where they are too many.
        """
        self.depth += 1
        if self.depth > DEPTH:
            raise self.refuse("program is nested too deeply")
