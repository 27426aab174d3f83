"""From characters to tokens: operators, and words with their quoting taken apart.

A shell's lexer cannot be separated from quoting: ``"$(echo ")")"`` nests. Words are read recursively; a substitution's
text is kept as text and parsed when it runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubesim.userland.printing import ansi_unescape
from kubesim.userland.shell.dialect import Dialect, ShellSyntaxError
from kubesim.userland.shell.tree import (
    Arithmetic,
    CommandSubstitution,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Redirect,
    Word,
)

_OPERATORS = (
    ";;&", "<<<", "<<-", "&>>", "&&", "||", ";;", ";&", "|&", "<<", ">>", "<&", ">&", "<>", ">|", "&>", ";", "&", "|",
    "<", ">", "(", ")",
)  # fmt: skip


_PARAMETER_OPERATORS = (
    ":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,", "-", "=", "?", "+", "#", "%", "/", "^", ",",
)  # fmt: skip
_BASH_ONLY = frozenset({";;&", ";&", "|&", "&>>", "&>"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    :param kind: ``word``, ``operator``, ``number`` (a descriptor before a redirection), ``newline`` or ``end``.
    """

    kind: str
    text: str
    line: int
    word: Word | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class HereDocument:
    """A here-document whose body comes on the following lines.

    :param strips: whether tabs at the beginning of lines go (``<<-``).
    :param quoted: whether nothing in it is expanded.
    """

    redirect: Redirect
    delimiter: str
    strips: bool
    quoted: bool


class Lexer:
    """Reads tokens from a text."""

    def __init__(self, text: str, dialect: Dialect, first_line: int = 1) -> None:
        self.text = text
        self.dialect = dialect
        self.position = 0
        self.line = first_line
        self.documents: list[HereDocument] = []
        self.warnings: list[str] = []

    def source_line(self, line: int) -> str:
        """The text of a line, for complaints."""
        lines = self.text.split("\n")
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def end_line(self) -> int:
        """The number of the line after the last: where an unexpected end is reported."""
        return self.text.rstrip("\n").count("\n") + 2

    def error(self, token: str = "", expecting: str = "", quote: str = "", line: int = 0) -> ShellSyntaxError:
        """A syntax error at this place."""
        where = line or self.line
        return ShellSyntaxError(where, token, expecting, quote, source=self.source_line(where))

    def token(self) -> Token:
        """The next token."""
        self.skip_blanks()
        start, line = self.position, self.line
        if self.position >= len(self.text):
            self._read_documents()
            return Token("end", "", line, start=start, end=start)
        if self.text[self.position] == "\n":
            self.position += 1
            self.line += 1
            self._read_documents()
            return Token("newline", "newline", line, start=start, end=self.position)
        match = re.compile(r"\d+(?=[<>])").match(self.text, self.position)
        if match:
            self.position = match.end()
            return Token("number", match[0], line, start=start, end=self.position)
        substitution = self.dialect.is_bash and self.text.startswith(("<(", ">("), self.position)
        if not substitution:
            for operator in _OPERATORS:
                if self.text.startswith(operator, self.position) and not (
                    self.dialect.name == "dash" and operator in _BASH_ONLY
                ):
                    self.position += len(operator)
                    return Token("operator", operator, line, start=start, end=self.position)
        word = self.word()
        return Token("word", word.source, line, word, start, self.position)

    def skip_blanks(self) -> None:
        """Take blanks, continued lines and a comment."""
        while self.position < len(self.text):
            if self.text[self.position] in " \t":
                self.position += 1
            elif self.text.startswith("\\\n", self.position):
                self.position += 2
                self.line += 1
            elif self.text[self.position] == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
            else:
                return

    def word(self, stop: str = " \t\n;&|<>()") -> Word:
        """A word, up to an unquoted character of ``stop``."""
        start = self.position
        parts: list[Part] = []
        while self.position < len(self.text):
            character = self.text[self.position]
            if self.position == start and self.text.startswith(("<(", ">("), start) and "<" in stop:
                parts.append(self._process_substitution())
                continue
            if character in stop:
                break
            if character == "\\":
                if self.text.startswith("\\\n", self.position):
                    self.position += 2
                    self.line += 1
                    continue
                parts.append(Literal(self.text[self.position + 1 : self.position + 2] or "\\", True))
                self.position += 2
            elif character == "'":
                parts.append(Literal(self._single(), True))
            elif character == '"':
                parts += self._double()
            elif character in "$`":
                parts.append(self._dollar(False))
            else:
                parts.append(Literal(character))
                self.position += 1
        return Word(_joined(parts), self.text[start : self.position])

    def _single(self) -> str:
        line = self.line
        end = self.text.find("'", self.position + 1)
        if end < 0:
            raise self.error(quote="'", line=line)
        found = self.text[self.position + 1 : end]
        self.line += found.count("\n")
        self.position = end + 1
        return found

    def _double(self) -> list[Part]:
        line = self.line
        self.position += 1
        parts: list[Part] = [Literal("", True)]
        while True:
            if self.position >= len(self.text):
                raise self.error(quote='"', line=line)
            character = self.text[self.position]
            if character == '"':
                self.position += 1
                return parts
            parts += self._double_part(character, '$`"\\')

    def _double_part(self, character: str, escapable: str) -> list[Part]:
        """One part of text in double quotes or of a here-document."""
        if character == "\\":
            following = self.text[self.position + 1 : self.position + 2]
            self.position += 2
            if following == "\n":
                self.line += 1
                return []
            return [Literal(following if following and following in escapable else "\\" + following, True)]
        if character in "$`":
            return [self._dollar(True)]
        if character == "\n":
            self.line += 1
        self.position += 1
        return [Literal(character, True)]

    def expandable(self, escapable: str = "$`\\") -> Word:
        """The whole text as a here-document's body: substitutions work, quotes do not."""
        parts: list[Part] = [Literal("", True)]
        while self.position < len(self.text):
            parts += self._double_part(self.text[self.position], escapable)
        return Word(_joined(parts), self.text)

    def _dollar(self, quoted: bool) -> Part:
        text, here = self.text, self.position
        if text[here] == "`":
            return self._backquotes(quoted)
        if text.startswith("$((", here):
            end = closing_bracket(self.text, here + 3, "(", ")")
            if end is not None and text.startswith("))", end):
                inner = text[here + 3 : end]
                self.position = end + 2
                self.line += inner.count("\n")
                return Arithmetic(Lexer(inner, self.dialect).expandable('$`\\"'), quoted)
        if text.startswith("$(", here):
            line = self.line
            end = closing_bracket(self.text, here + 2, "(", ")")
            if end is None:
                raise self.error(quote=")", line=self.end_line())
            inner = text[here + 2 : end]
            self.position = end + 1
            self.line += inner.count("\n")
            return CommandSubstitution(inner, line, quoted)
        if text.startswith("${", here):
            return self._braced(quoted)
        if self.dialect.name != "dash" and text.startswith("$'", here) and not quoted:
            return self._ansi()
        if text.startswith('$"', here) and not quoted and self.dialect.is_bash:
            self.position += 1
            parts = self._double()
            return (
                parts[0] if len(parts) == 1 else Literal("".join(p.text for p in parts if isinstance(p, Literal)), True)
            )
        match = _NAME.match(text, here + 1) or re.compile(r"[0-9@*#?$!-]").match(text, here + 1)
        if match:
            self.position = match.end()
            return Parameter(match[0], quoted, source="$" + match[0])
        self.position += 1
        return Literal("$", quoted)

    def _backquotes(self, quoted: bool) -> Part:
        line, end = self.line, self.position + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.error(quote="`", line=line)
        inner = self.text[self.position + 1 : end]
        self.position = end + 1
        self.line += inner.count("\n")
        return CommandSubstitution(re.sub(r"\\([$`\\])", r"\1", inner), line, quoted)

    def _ansi(self) -> Part:
        end = self.position + 2
        while end < len(self.text) and self.text[end] != "'":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.error(quote="'")
        inner = self.text[self.position + 2 : end]
        self.position = end + 1
        return Literal(ansi_unescape(inner), True)

    def _process_substitution(self) -> Part:
        line = self.line
        end = closing_bracket(self.text, self.position + 2, "(", ")")
        if end is None:
            raise self.error(quote=")", line=self.end_line())
        inner = self.text[self.position + 2 : end]
        self.position = end + 1
        self.line += inner.count("\n")
        return ProcessSubstitution(inner, line)

    def _braced(self, quoted: bool) -> Part:
        end = closing_bracket(self.text, self.position + 2, "{", "}")
        if end is None:
            raise self.error(quote="}", line=self.end_line() if not quoted else self.line)
        inner = self.text[self.position + 2 : end]
        source = self.text[self.position : end + 1]
        self.position = end + 1
        self.line += inner.count("\n")
        return self._parameter(inner, source, quoted)

    def _parameter(self, inner: str, source: str, quoted: bool) -> Parameter:
        """The inside of ``${…}``: a name, and what is done with its value."""
        if re.fullmatch(r"#(?:[A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[[^\]]*\])?", inner) and inner != "#":
            name, _, index = inner[1:].partition("[")
            return Parameter(name, quoted, "length", index=index.rstrip("]"), source=source)
        match = re.match(r"(!?)([A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[([^\]]*)\])?", inner)
        if not match:
            return Parameter("", quoted, "bad", source=source)
        indirect, name, index = match[1], match[2], match[3] or ""
        rest = inner[match.end() :]
        if not rest:
            return Parameter(name, quoted, "indirect" if indirect else "", index=index, source=source)

        def plain(text: str) -> Word:
            return Lexer(text, self.dialect).word(stop="")

        def word(text: str) -> Word:
            return Lexer(text, self.dialect).expandable('$`"\\}') if quoted else plain(text)

        for operator in _PARAMETER_OPERATORS:
            if rest.startswith(operator):
                body = rest[len(operator) :]
                first, second = word(body), None
                if operator.startswith("/"):
                    pattern, replacement = _at_slash(body)
                    first, second = plain(pattern), word(replacement)
                elif operator[0] in "#%^,":
                    first = plain(body)
                return Parameter(name, quoted, operator, first, second, index, source)
        if rest.startswith(":"):
            offset, _, length = rest[1:].partition(":")
            second = Lexer(length, self.dialect).expandable() if length else None
            return Parameter(name, quoted, "substring", Lexer(offset, self.dialect).expandable(), second, index, source)
        return Parameter(name, quoted, "bad", source=source)

    def _read_documents(self) -> None:
        """Read the bodies of the here-documents that the finished line opened."""
        waiting, self.documents = self.documents, []
        for document in waiting:
            lines: list[str] = []
            first = self.line
            ended = False
            while self.position < len(self.text):
                end = self.text.find("\n", self.position)
                line = self.text[self.position :] if end < 0 else self.text[self.position : end]
                self.position = len(self.text) if end < 0 else end + 1
                self.line += 1
                if document.strips:
                    line = line.lstrip("\t")
                if line == document.delimiter:
                    ended = True
                    break
                lines.append(line + "\n")
            if not ended:
                last = self.text.rstrip("\n").count("\n") + 1
                self.warnings.append(
                    f"line {last}: warning: here-document at line {first - 1} "
                    f"delimited by end-of-file (wanted `{document.delimiter}')"
                )
            body = "".join(lines)
            literal = Word((Literal(body, True),), body)
            document.redirect.body = literal if document.quoted else Lexer(body, self.dialect).expandable()


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Neighbouring literals of one kind made one; empty quoted ones are kept, because they make an empty word."""
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Literal) and isinstance(last, Literal) and part.quoted == last.quoted:
            joined[-1] = Literal(last.text + part.text, part.quoted)
        else:
            joined.append(part)
    return tuple(joined)


def _at_slash(text: str) -> tuple[str, str]:
    """What stands before and after the first slash that is not escaped; a pattern may begin with one."""
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        if text[position] == "/" and position > 0:
            return text[:position], text[position + 1 :]
        position += 1
    return text, ""


def closing_bracket(text: str, start: int, opening: str, closing: str) -> int | None:
    """Where the bracket that is open at ``start`` closes, quotes and comments aside; None where it does not."""
    position = start
    depth = 1
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 2
            continue
        if character == "'" and closing != "}":
            end = text.find("'", position + 1)
            if end < 0:
                return None
            position = end
        elif character == '"':
            position += 1
            while position < len(text) and text[position] != '"':
                if text.startswith("$(", position):
                    inner = closing_bracket(text, position + 2, "(", ")")
                    if inner is None:
                        return None
                    position = inner
                position += 2 if text[position] == "\\" else 1
            if position >= len(text):
                return None
        elif character == "`":
            end = text.find("`", position + 1)
            if end < 0:
                return None
            position = end
        elif character == "#" and closing == ")" and text[position - 1] in " \t\n;":
            end = text.find("\n", position)
            if end < 0:
                return None
            position = end
        elif character == opening:
            depth += 1
        elif character == closing:
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None
