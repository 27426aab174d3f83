"""From characters to tokens: operators, and words with their quoting taken apart.

A shell's lexer cannot be separated from quoting: ``"$(echo ")")"`` nests. Words are read recursively; a substitution's
text is kept as text and parsed when it runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
_SUBJECT = re.compile(r"([A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[((?:[^\[\]]|\[[^\]]*\])*)\])?", re.ASCII)
"""A parameter's name, with a subscript."""


SubstitutionEnd = Callable[[str, int, int], int]
"""(text, where commands begin in it, the number of that line) → where the parenthesis stands that ends them."""


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
    """Reads tokens from a text.

    :param ends: where a command substitution's commands end, as a parser finds it; without one brackets are counted.
    """

    def __init__(self, text: str, dialect: Dialect, first_line: int = 1, ends: SubstitutionEnd | None = None) -> None:
        self.text = text
        self.ends = ends
        self.dialect = dialect
        self.position = 0
        self.line = first_line
        self.documents: list[HereDocument] = []
        self.warnings: list[str] = []

    def _inner(self, text: str) -> Lexer:
        """A lexer for a part of the text."""
        return Lexer(text, self.dialect, self.line, self.ends)

    def _substitution(self, start: int) -> int:
        """Where the commands end that begin at a place.

        :raises ShellSyntaxError: where they do not, or cannot be parsed.
        """
        if self.ends is not None:
            return self.ends(self.text, start, self.line)
        end = closing_bracket(self.text, start, "(", ")")
        if end is None:
            raise self.error(quote=")", line=self.end_line())
        return end

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
            if self.dialect.is_bash and "<" in stop and self.text.startswith(("<(", ">("), self.position):
                parts.append(self._process_substitution())
                continue
            if character == "[" and "<" in stop and (end := self._subscript_end(start)):
                parts.append(Literal(self.text[self.position : end]))
                self.position = end
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

    def _subscript_end(self, start: int) -> int:
        """Where the subscript of an assignment ends that has blanks (``name[a b]=``); 0 where there is none."""
        before = self.text[start : self.position]
        if not self.dialect.is_bash or not (before == "" or _NAME.fullmatch(before)):
            return 0
        end = closing_bracket(self.text, self.position + 1, "[", "]")
        if end is None or not self.text.startswith(("=", "+="), end + 1):
            return 0
        inner = self.text[self.position : end]
        return end + 1 if re.search(r"[ \t]", inner) and "\n" not in inner else 0

    def regular_expression(self) -> Word:
        """The word behind ``=~``: blanks and bars inside parentheses belong to it."""
        start = self.position
        parts: list[Part] = []
        depth = 0
        while self.position < len(self.text):
            character = self.text[self.position]
            if character in "()" or (depth and character in " \t|&;<>"):
                depth += {"(": 1, ")": -1}.get(character, 0)
                if depth < 0:
                    break
                parts.append(Literal(character))
                self.position += 1
                continue
            if character in " \t\n" or self.text.startswith(("&&", "||"), self.position):
                break
            if character in "|&;<>":
                parts.append(Literal(character))
                self.position += 1
                continue
            piece = self.word(stop=" \t\n()|&;<>")
            parts += piece.parts
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

    def expandable(self, escapable: str = "$`\\", *, quotes: bool = False) -> Word:
        """The whole text as a here-document's body: substitutions work, quotes do not.

        :param quotes: whether double quotes are taken away, as inside ``"${…}"``.
        """
        parts: list[Part] = [Literal("", True)]
        while self.position < len(self.text):
            if quotes and self.text[self.position] == '"':
                self.position += 1
                continue
            parts += self._double_part(self.text[self.position], escapable)
        return Word(_joined(parts), self.text)

    def _dollar(self, quoted: bool) -> Part:
        text, here = self.text, self.position
        if text[here] == "`":
            return self._backquotes(quoted)
        if text.startswith("$((", here):
            end = closing_bracket(self.text, here + 3, "(", ")")
            if end is None:
                line = self.line if self.dialect.is_bash else self.line + text.count("\n", here)
                raise self.error(quote=")", expecting="))", line=line)
            if text.startswith("))", end):
                inner = text[here + 3 : end]
                self.position = end + 2
                self.line += inner.count("\n")
                return Arithmetic(self._inner(inner).expandable('$`\\"'), quoted)
        if text.startswith("$(", here):
            line = self.line
            end = self._substitution(here + 2)
            inner = text[here + 2 : end]
            self.position = end + 1
            self.line += inner.count("\n")
            return CommandSubstitution(inner, line, quoted)
        if text.startswith("${", here):
            return self._braced(quoted)
        if text.startswith("$[", here) and self.dialect.is_bash:
            end = closing_bracket(self.text, here + 2, "[", "]")
            if end is not None:
                self.position = end + 1
                return Arithmetic(self._inner(text[here + 2 : end]).expandable('$`\\"'), quoted)
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
        reads = self.text[self.position] == ">"
        end = self._substitution(self.position + 2)
        inner = self.text[self.position + 2 : end]
        self.position = end + 1
        self.line += inner.count("\n")
        return ProcessSubstitution(inner, line, reads=reads)

    def _braced(self, quoted: bool) -> Part:
        end = closing_bracket(self.text, self.position + 2, "{", "}")
        if end is None:
            raise self.error(quote="}")
        inner = self.text[self.position + 2 : end]
        source = self.text[self.position : end + 1]
        self.position = end + 1
        self.line += inner.count("\n")
        return self._parameter(inner, source, quoted)

    def _parameter(self, inner: str, source: str, quoted: bool) -> Parameter:
        """The inside of ``${…}``: a name, and what is done with its value."""
        if inner.startswith("#") and len(inner) > 1:
            match = _SUBJECT.match(inner, 1)
            if match and match.end() == len(inner):
                return Parameter(match[1], quoted, "length", index=match[2] or "", source=source)
        indirect = inner.startswith("!") and len(inner) > 1 and self.dialect.is_bash
        match = _SUBJECT.match(inner, int(indirect))
        if not match:
            return Parameter("", quoted, "bad", source=source)
        name, index = match[1], match[2] or ""
        rest = inner[match.end() :]
        if indirect and rest in ("*", "@"):
            return Parameter(name, quoted, "prefix", source=source)
        if not rest:
            return Parameter(name, quoted, "indirect" if indirect else "", index=index, source=source)
        if indirect:
            return Parameter(name, quoted, "bad", source=source)

        def plain(text: str) -> Word:
            return self._inner(text).word(stop="")

        def word(text: str) -> Word:
            return self._inner(text).expandable('$`"\\}', quotes=True) if quoted else plain(text)

        for operator in _PARAMETER_OPERATORS:
            if rest.startswith(operator):
                body = rest[len(operator) :]
                first, second = None, None
                if operator.startswith("/"):
                    pattern, replacement = _at_slash(body)
                    first, second = plain(pattern), plain(replacement)
                elif operator[0] in "#%^,":
                    first = plain(body)
                else:
                    first = word(body)
                return Parameter(name, quoted, operator, first, second, index, source)
        if rest.startswith("@") and len(rest) == 2:
            return Parameter(name, quoted, "transform", plain(rest[1:]), None, index, source)
        if rest.startswith(":"):
            offset, _, length = _at_colon(rest[1:])
            second = self._inner(length).expandable() if length is not None else None
            if not offset.strip() and length is None:
                return Parameter(name, quoted, "bad", source=source)
            return Parameter(name, quoted, "substring", self._inner(offset).expandable(), second, index, source)
        return Parameter(name, quoted, "bad", source=source)

    def _read_documents(self) -> None:
        """Read the bodies of the here-documents that the finished line opened."""
        waiting, self.documents = self.documents, []
        for document in waiting:
            lines: list[str] = []
            first = self.line + (not self.text.endswith("\n", 0, self.position))
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
            if not ended and self.dialect.is_bash:
                last = first - 1 + len(lines)
                self.warnings.append(
                    f"line {last}: warning: here-document at line {first - 1} "
                    f"delimited by end-of-file (wanted `{document.delimiter}')"
                )
            body = "".join(lines)
            if not ended and not self.text.endswith("\n") and not self.dialect.is_bash:
                body = body.removesuffix("\n")
            literal = Word((Literal(body, True),), body)
            document.redirect.body = literal if document.quoted else self._inner(body).expandable()


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
    """What stands before and after the first slash that is not quoted; a pattern may begin with one."""
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 2
            continue
        if character in "'\"":
            quote = text.find(character, position + 1)
            position = len(text) if quote < 0 else quote + 1
            continue
        if text.startswith(("${", "$("), position):
            end = closing_bracket(text, position + 2, text[position + 1], ")" if text[position + 1] == "(" else "}")
            position = len(text) if end is None else end + 1
            continue
        if character == "/" and position > 0:
            return text[:position], text[position + 1 :]
        position += 1
    return text, ""


def _at_colon(text: str) -> tuple[str, str, str | None]:
    """An offset and a length: what stands before and after the first colon outside brackets and a ``?`` of its own."""
    depth = questions = 0
    for place, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "?" and not depth:
            questions += 1
        elif character == ":" and not depth:
            if not questions:
                return text[:place], ":", text[place + 1 :]
            questions -= 1
    return text, "", None


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
