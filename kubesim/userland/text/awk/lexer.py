"""From a program's text to its tokens, read one ahead."""

from __future__ import annotations

import re

from kubesim.userland.files_text import Complaint

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\\\n|\#[^\n]*)|(?P<newline>\n)|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)"
    r"|(?P<string>\"(?:\\.|[^\"\\])*\")|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|!=|<=|>=|&&|\|\||!~|>>|[-+*/%^!<>~?:,;{}()\[\]$=|])"
)


class TokenReader:
    """The tokens of a program, read one ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        self.position = 0
        self._scan()

    def _scan(self) -> None:
        place = 0
        while place < len(self.text):
            last = next((t for t in reversed(self.tokens) if t[0] != "newline"), ("operator", "("))
            regex_may_start = (last[0] == "operator" and last[1] not in (")", "]", "$")) or last == ("name", "print")
            if self.text[place] == "/" and regex_may_start:
                end = place + 1
                while end < len(self.text) and self.text[end] != "/":
                    end += 2 if self.text[end] == "\\" else 1
                self.tokens.append(("regex", self.text[place + 1 : end].replace("\\/", "/")))
                place = end + 1
                continue
            match = _TOKEN.match(self.text, place)
            if not match:
                raise Complaint(f"awk: line 1: syntax error at or near {self.text[place]}\n", 2)
            if match.lastgroup != "blank" and match.lastgroup is not None:
                self.tokens.append((match.lastgroup, match[0]))
            place = match.end()
        self.tokens.append(("end", ""))

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """A token ahead, left in place."""
        place = min(self.position + ahead, len(self.tokens) - 1)
        return self.tokens[place]

    def at(self, *texts: str) -> bool:
        """Whether the next token is one of these."""
        kind, text = self.peek()
        return kind in ("operator", "name") and text in texts

    def take(self, text: str = "") -> str:
        """The next token, taken."""
        kind, found = self.peek()
        if text and found != text:
            raise self.problem(text)
        self.position += 1
        del kind
        return found

    def problem(self, expected: str = "") -> Complaint:
        """The syntax error of the next token."""
        kind, found = self.peek()
        line = self.text.count("\n") + 2
        if kind == "end":
            missing = f"missing {expected} " if expected in ("}", ")") else "syntax error at or "
            return Complaint(f"awk: line {line}: {missing}near end of file\n", 2)
        return Complaint(
            f"awk: line {line - 1}: syntax error at or near {found if kind != 'newline' else 'end of line'}\n", 2
        )

    def skip(self) -> None:
        """Take newlines and semicolons."""
        while self.peek()[0] == "newline" or self.at(";"):
            self.position += 1

    def newlines(self) -> None:
        """Take newlines."""
        while self.peek()[0] == "newline":
            self.position += 1
