"""From tokens to commands: the POSIX grammar with bash's additions, one complete command at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from kubesim.userland.shell.conditions import COMPARING, UNARY
from kubesim.userland.shell.dialect import Dialect, ShellSyntaxError
from kubesim.userland.shell.lexer import HereDocument, Lexer, Token, closing_bracket
from kubesim.userland.shell.tree import (
    AndOr,
    ArithmeticCommand,
    Assignment,
    Body,
    Case,
    Command,
    CommandList,
    Compound,
    Condition,
    Conditional,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Joined,
    Literal,
    Negation,
    Pipeline,
    Primary,
    Redirect,
    Select,
    Simple,
    Subshell,
    While,
    Word,
)

_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "in"}
)
_BASH_KEYWORDS = frozenset({"[[", "function", "select", "time"})
_COMPOUND = frozenset({"{", "(", "if", "while", "until", "for", "case", "[[", "select", "(("})
_CASE_ENDINGS = frozenset({";;", ";&", ";;&"})
_CLOSERS = frozenset({"then", "else", "elif", "fi", "do", "done", "esac", "}"})
_ENDS = _CLOSERS | _CASE_ENDINGS | {")"}
_REDIRECTIONS = frozenset({"<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"})
NESTING = 60
"""Compound commands and conditions inside one another."""
DECLARING = frozenset({"declare", "local", "export", "readonly", "typeset"})
"""Commands whose arguments may be assignments, arrays among them."""
_SURROGATES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Half characters that no terminal can send; those in between stand for bytes that are no UTF-8."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?(\+?)=")


class Parser:
    """Reads commands from a text, tokens one ahead; :meth:`next` gives one line's list at a time, so that a script runs
    as far as it can."""

    def __init__(
        self,
        text: str,
        dialect: Dialect,
        first_line: int = 1,
        aliases: Callable[[], Mapping[str, str]] = dict,
        depth: int = 0,
    ) -> None:
        readable = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
        self.lexer = Lexer(readable, dialect, first_line, self._end_of_substitution)
        self.dialect = dialect
        self.ahead: list[Token] = []
        self.aliases = aliases
        self.depth = depth
        self.expanding: dict[str, int] = {}
        """Aliases that were put into the text, each with the place behind it."""

    def _end_of_substitution(self, text: str, start: int, line: int) -> int:
        """Where the commands of ``$(…)`` end, which are parsed for that.

        :raises ShellSyntaxError: where they cannot be parsed.
        """
        if self.depth > NESTING:
            raise ShellSyntaxError(line, "(", source=self.lexer.source_line(line))
        inner = Parser(text, self.dialect, line, self.aliases, self.depth + 1)
        inner.lexer.position = start
        inner._skip_newlines()
        if inner._keyword() != ")":
            if inner._peek().kind != "end":
                inner._command_list()
            inner._skip_newlines()
        token = inner._peek()
        if token.kind == "end":
            if self.dialect.is_bash:
                raise ShellSyntaxError(inner.lexer.end_line(), quote=")")
            raise inner._unexpected(")")
        if inner._keyword() != ")":
            raise inner._unexpected("" if self.dialect.is_bash else ")")
        return token.start

    def next(self) -> CommandList | None:
        """The next complete command: everything up to the end of its line; None at the end of the text.

        :raises ShellSyntaxError: where the text cannot be parsed.
        """
        self._skip_newlines()
        if self._peek().kind == "end":
            return None
        parsed = self._command_list(top=True)
        if self._peek().kind not in ("newline", "end"):
            raise self._unexpected()
        if self._peek().kind == "newline":
            self._take()
        else:
            self.lexer.token()
        return parsed

    def _command_list(self, closer: str = "", *, top: bool = False) -> CommandList:
        """Commands up to a closing word, or at the top up to the end of the line.

        :param closer: the word that dash and ash expect where the text ends before the first command.
        """
        items: list[tuple[AndOr, bool, str]] = []
        if not top:
            self._skip_newlines()
        while True:
            token = self._peek()
            if token.kind == "end" or (token.kind == "newline" and top):
                break
            if self._keyword() in _ENDS:
                break
            start = token.start
            and_or = self._and_or()
            after = self._peek()
            source = self.lexer.text[start : after.start].strip()
            background = False
            if after.kind == "operator" and after.text in (";", "&"):
                background = after.text == "&"
                self._take()
            elif after.kind == "newline" and not top:
                pass
            else:
                items.append((and_or, False, source))
                if after.kind == "newline" or after.kind == "end":
                    break
                if self._keyword() in _ENDS:
                    break
                raise self._unexpected()
            items.append((and_or, background, source))
            if not top:
                self._skip_newlines()
        if not items:
            raise self._unexpected(closer if self._peek().kind == "end" else "")
        return CommandList(tuple(items))

    def _and_or(self) -> AndOr:
        """Pipelines joined by ``&&`` and ``||``."""
        first = self._pipeline()
        rest: list[tuple[str, Pipeline]] = []
        while self._keyword() in ("&&", "||"):
            operator = self._take().text
            self._skip_newlines()
            rest.append((operator, self._pipeline()))
        return AndOr(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        """Commands joined by pipes."""
        negated = timed = False
        while self._keyword() in ("!", "time"):
            if self._take().text == "!":
                negated = not negated
            else:
                timed = True
            if self.dialect.is_bash and (self._peek().kind in ("newline", "end") or self._keyword() == ";"):
                return Pipeline((Compound(Group(CommandList(())), (), self._peek().line),), negated, timed, (False,))
            if timed and self._bare() in ("-p", "--"):
                self._take()
        commands = [self._command()]
        merges: list[bool] = []
        while self._keyword() in ("|", "|&"):
            merges.append(self._take().text == "|&")
            self._skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated, timed, (*merges, False))

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _peek(self) -> Token:
        """The next token, left in place."""
        if not self.ahead:
            self.ahead.append(self.lexer.token())
        return self.ahead[0]

    def _take(self) -> Token:
        """The next token, taken."""
        token = self._peek()
        self.ahead.pop(0)
        return token

    def _keyword(self) -> str:
        """The next token as a reserved word or operator; empty for an ordinary word."""
        token = self._peek()
        if token.kind == "operator":
            return token.text
        if token.kind == "word" and token.word is not None:
            bare = token.word.bare
            if bare in _KEYWORDS or (self.dialect.is_bash and bare in _BASH_KEYWORDS):
                return bare or ""
            if bare == "function" and self.dialect.name == "ash":
                return bare
        return ""

    def _unexpected(self, expecting: str = "") -> ShellSyntaxError:
        """The syntax error of the next token."""
        token = self._peek()
        if token.kind == "end":
            line = self.lexer.end_line() if self.dialect.is_bash else token.line
            return ShellSyntaxError(line, "", expecting, source="")
        if token.kind == "newline" and not self.dialect.is_bash:  # they have read it, and are in the next line
            return ShellSyntaxError(token.line + 1, token.text, expecting)
        plain = token.kind == "word" and not self._keyword()
        return ShellSyntaxError(token.line, token.text, expecting, "", plain, self.lexer.source_line(token.line))

    def _ended_line(self) -> ShellSyntaxError | None:
        """bash's error where the text ends inside a line: it meets the newline that it puts there."""
        token = self._peek()
        if token.kind != "end" or not self.dialect.is_bash:
            return None
        return ShellSyntaxError(token.line, "newline", source=self.lexer.source_line(token.line))

    def _expect(self, word: str) -> None:
        """Take a reserved word or an operator that must come now."""
        if self._keyword() != word:
            raise self._unexpected(word)
        self._take()

    def _skip_newlines(self) -> None:
        """Take empty lines."""
        while self._peek().kind == "newline":
            self._take()

    # --- commands ---------------------------------------------------------------------------------------------------

    def _command(self) -> Command:
        """One command, simple or compound."""
        self._expand_alias()
        token = self._peek()
        keyword = self._keyword()
        body: Body | None = None
        self.depth += 1
        if self.depth > NESTING:
            raise self._unexpected()
        if keyword == "(":
            if self.dialect.is_bash and self.lexer.text.startswith("((", token.start):
                arithmetic = self._double_parenthesis(token.start)
                if arithmetic is not None:
                    body = ArithmeticCommand(arithmetic)
            body = body or self._subshell()
        elif keyword == "{":
            self._take()
            body = Group(self._command_list("}"))
            self._expect("}")
        elif keyword == "if":
            body = self._if_command()
        elif keyword in ("while", "until"):
            self._take()
            condition = self._command_list("do")
            body = While(condition, self._do_group(), keyword == "until")
        elif keyword == "for":
            body = self._for_command()
        elif keyword == "case":
            body = self._case_command()
        elif keyword == "[[":
            body = self._conditional()
        elif keyword == "function":
            self._take()
            if self._peek().word is None:
                raise self._ended_line() or self._unexpected("word")
            name = self._take()
            if self._keyword() == "(":
                self._take()
                self._expect(")")
            self._skip_newlines()
            body = Function(name.text, self._function_body())
        elif keyword == "select":
            chosen = self._for_command()
            if not isinstance(chosen, For):
                raise self._unexpected()
            body = Select(chosen.name, chosen.words, chosen.body)
        elif (
            keyword in _CLOSERS
            or keyword == "in"
            or (token.kind == "operator" and token.text not in _REDIRECTIONS)
            or token.kind in ("end", "newline")
        ):
            raise self._unexpected()
        if body is None:
            command = self._simple()
            self.depth -= 1
            return command
        redirects = []
        while self._at_redirection():
            redirects.append(self._redirection())
        self.depth -= 1
        return Compound(body, tuple(redirects), token.line)

    def _expand_alias(self) -> None:
        """Put an alias's text in the place of a command's first word, again and again; never one inside itself."""
        while True:
            token = self._peek()
            bare = token.word.bare if token.word is not None else None
            aliases = self.aliases()
            self.expanding = {name: end for name, end in self.expanding.items() if end > token.start}
            if bare is None or bare not in aliases or bare in self.expanding or bare != token.text:
                return
            value = aliases[bare]
            text = self.lexer.text
            self.expanding = {name: end + len(value) - len(bare) for name, end in self.expanding.items()}
            self.expanding[bare] = token.start + len(value)
            self.lexer.text = text[: token.start] + value + text[token.end :]
            self.lexer.position = token.start
            self.ahead.clear()

    def _simple(self) -> Command:
        """A simple command, or the definition of a function."""
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        first = self._peek()
        while True:
            token = self._peek()
            if self._at_redirection():
                redirects.append(self._redirection())
                continue
            if token.kind != "word" or token.word is None:
                break
            assignment = None if words else self._assignment(token.word)
            if assignment is not None:
                assignments.append(assignment)
                continue
            if words and words[0].bare in DECLARING and self.dialect.is_bash:
                array = self._assignment(token.word)
                if array is not None:
                    if isinstance(array.value, tuple):
                        assignments.append(replace(array, argument=True))
                    else:
                        words.append(token.word)
                    continue
            self._take()
            words.append(token.word)
        if words and not redirects and not assignments and len(words) == 1 and self._keyword() == "(":
            return self._function(words[0], first)
        if not words and not assignments and not redirects:
            raise self._unexpected()
        source = self.lexer.text[first.start : self._peek().start].strip()
        return Simple(tuple(assignments), tuple(words), tuple(redirects), first.line, source)

    def _function(self, name: Word, first: Token) -> Command:
        """``name() …``."""
        self._take()
        if self._keyword() != ")":
            if self.dialect.is_bash and self._peek().kind == "end":
                raise ShellSyntaxError(first.line, "newline", source=self.lexer.source_line(first.line))
            raise self._unexpected(")" if not self.dialect.is_bash else "")
        self._take()
        if name.bare is None or (not self.dialect.is_bash and not re.fullmatch(r"[A-Za-z_]\w*", name.source)):
            if self.dialect.is_bash:
                raise ShellSyntaxError(first.line, "(", source=self.lexer.source_line(first.line))
            raise ShellSyntaxError(first.line, "", trouble="Bad function name")
        self._skip_newlines()
        return Compound(Function(name.source, self._function_body()), (), first.line)

    def _function_body(self) -> Command:
        """What a function runs: a compound command in bash, any command in dash and ash."""
        if self.dialect.is_bash and self._keyword() not in _COMPOUND:
            raise self._unexpected()
        return self._command()

    def _assignment(self, word: Word) -> Assignment | None:
        """The word as an assignment (taking it), or None."""
        match = _ASSIGNMENT.match(word.source)
        if not match or (match[2] and not self.dialect.is_bash) or (match[3] and not self.dialect.is_bash):
            return None
        token = self._take()
        value = self._part(word.source[match.end() :], token.line)
        index = self._part(match[2][1:-1], token.line) if match[2] else None
        following = self._peek()
        adjacent = following.kind == "operator" and following.text == "(" and following.start == token.end
        if adjacent and match.end() == len(word.source):
            if not self.dialect.is_bash:
                raise self._unexpected()
            self._take()
            items: list[Word] = []
            while self._keyword() != ")":
                self._skip_newlines()
                if self._keyword() == ")":
                    break
                item = self._take()
                if item.kind == "end":
                    raise ShellSyntaxError(item.line, quote=")", status=1)
                if item.word is None:
                    self.ahead.insert(0, item)
                    raise self._unexpected().with_status(1)
                items.append(item.word)
            self._take()
            return Assignment(match[1], tuple(items), bool(match[3]))
        return Assignment(match[1], value, bool(match[3]), index)

    def _part(self, text: str, line: int) -> Word:
        """A part of a word as a word of its own."""
        return Lexer(text, self.dialect, line, self.lexer.ends).word(stop="")

    def _at_redirection(self) -> bool:
        """Whether a redirection comes next."""
        token = self._peek()
        if token.kind == "word" and self.dialect.is_bash and re.fullmatch(r"\{[A-Za-z_]\w*\}", token.text):
            return self.lexer.text[token.end : token.end + 1] in ("<", ">")
        return token.kind == "number" or (token.kind == "operator" and token.text in _REDIRECTIONS)

    def _redirection(self) -> Redirect:
        """One redirection."""
        number = self._take().text if self._peek().kind == "number" else ""
        variable = self._take().text[1:-1] if self._peek().kind == "word" else ""
        operator = self._take()
        if operator.text == "<<<" and not self.dialect.is_bash:
            self.ahead.insert(0, operator)
            raise self._unexpected()
        target = self._peek()
        if target.kind != "word" or target.word is None:
            raise self._ended_line() or self._unexpected()
        default = 0 if operator.text.startswith("<") else 1
        redirect = Redirect(
            int(number[:9]) if number else default, operator.text, target.word, operator.line, None, variable
        )
        if operator.text in ("<<", "<<-"):
            quoted = any(isinstance(part, Literal) and part.quoted for part in target.word.parts)
            delimiter = "".join(part.text if isinstance(part, Literal) else "" for part in target.word.parts)
            self.lexer.documents.append(
                HereDocument(redirect, delimiter or target.word.source, operator.text == "<<-", quoted)
            )
        self._take()
        return redirect

    def _subshell(self) -> Subshell:
        """``( … )``."""
        self._take()
        body = self._command_list(")")
        self._expect(")")
        return Subshell(body)

    def _double_parenthesis(self, start: int) -> str | None:
        """The text of ``(( … ))``, or None where these are two subshells."""
        end = closing_bracket(self.lexer.text, start + 2, "(", ")")
        if end is None:
            raise self.lexer.error(quote=")")
        if not self.lexer.text.startswith("))", end):
            return None
        self.ahead.clear()
        self.lexer.position = end + 2
        return self.lexer.text[start + 2 : end]

    def _if_command(self) -> If:
        """``if … fi``."""
        self._take()
        branches = []
        while True:
            condition = self._command_list("then")
            self._expect("then")
            branches.append((condition, self._command_list_until("fi")))
            if self._keyword() != "elif":
                break
            self._take()
        otherwise = None
        if self._keyword() == "else":
            self._take()
            otherwise = self._command_list_until("fi")
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def _command_list_until(self, closer: str) -> CommandList:
        """The commands of a body; the text may not end here."""
        self._skip_newlines()
        if self._peek().kind == "end":
            raise self._unexpected(closer)
        return self._command_list()

    def _do_group(self) -> CommandList:
        """``do … done``."""
        self._skip_newlines()
        self._expect("do")
        body = self._command_list_until("done")
        self._expect("done")
        return body

    def _for_command(self) -> For | ForArithmetic:
        """``for``, over words or with arithmetic."""
        self._take()
        token = self._peek()
        if self.dialect.is_bash and token.text == "(" and self.lexer.text.startswith("((", token.start):
            text = self._double_parenthesis(token.start)
            if text is None or text.count(";") != 2:
                shown = f"(({text or ''}))"
                raise ShellSyntaxError(token.line, "", trouble="arithmetic expression required", source=shown)
            start, condition, step = text.split(";")
            if self._keyword() == ";":
                self._take()
            self._skip_newlines()
            if self._keyword() == "{":
                self._take()
                inner = self._command_list()
                self._expect("}")
                return ForArithmetic(start, condition, step, inner)
            return ForArithmetic(start, condition, step, self._do_group())
        name = self._take()
        if name.kind != "word" or not re.fullmatch(r"[A-Za-z_]\w*", name.text):
            self.ahead.insert(0, name)
            if not self.dialect.is_bash:
                line = name.line + (name.kind == "newline")
                raise ShellSyntaxError(line, "", trouble="Bad for loop variable")
            if name.kind != "word":
                raise self._ended_line() or self._unexpected()
            self._take()  # bash finds it when it runs the loop
        self._skip_newlines()
        words: list[Word] | None = None
        if self._keyword() == "in":
            self._take()
            words = []
            while self._peek().kind == "word":
                word = self._take().word
                if word is not None:
                    words.append(word)
            if self._keyword() != ";" and self._peek().kind != "newline":
                raise self._unexpected()
            self._take()
        elif self._keyword() == ";":
            self._take()
        return For(name.text, None if words is None else tuple(words), self._do_group())

    def _case_command(self) -> Case:
        """``case … esac``."""
        self._take()
        if self._peek().word is None:
            raise self._ended_line() or self._unexpected("word")
        subject = self._take().word
        assert subject is not None
        self._skip_newlines()
        self._expect("in")
        self._skip_newlines()
        branches = []
        while self._keyword() != "esac":
            if self._peek().kind == "end":
                raise self._unexpected("" if self.dialect.is_bash else ")")
            if self._keyword() == "(":
                self._take()
            patterns = []
            while True:
                pattern = self._take()
                if pattern.word is None:
                    self.ahead.insert(0, pattern)
                    raise self._unexpected()
                patterns.append(pattern.word)
                if self._keyword() != "|":
                    break
                self._take()
            if ended := self._ended_line():
                raise ended
            self._expect(")")
            self._skip_newlines()
            body = CommandList(())
            if self._keyword() not in (*_CASE_ENDINGS, "esac"):
                body = self._command_list(";;")
            ending = ";;"
            if self._keyword() in _CASE_ENDINGS:
                ending = self._take().text
            elif self._keyword() != "esac":
                raise self._unexpected("" if self.dialect.is_bash else ";;")
            branches.append((tuple(patterns), body, ending))
            self._skip_newlines()
        self._take()
        return Case(subject, tuple(branches))

    def _conditional(self) -> Conditional:
        """``[[ … ]]``."""
        self._take()
        start = self._peek().start
        condition = self._either()
        end = self._peek().start
        if self._bare() != "]]":
            raise self._malformed("")
        self._take()
        return Conditional(condition, self.lexer.text[start:end].strip())

    def _bare(self) -> str | None:
        token = self._peek()
        return token.word.bare if token.word is not None else None

    def _either(self) -> Condition:
        left = self._both()
        while self._keyword() == "||":
            self._take()
            self._skip_newlines()
            left = Joined("||", left, self._both())
        return left

    def _both(self) -> Condition:
        left = self._primary()
        while self._keyword() == "&&":
            self._take()
            self._skip_newlines()
            left = Joined("&&", left, self._primary())
        return left

    def _malformed(self, before: str, near: str = "") -> ShellSyntaxError:
        """A condition that cannot be read; bash tells twice."""
        token = self._peek()
        source = self.lexer.source_line(token.line)
        return ShellSyntaxError(token.line, near or token.text or "newline", source=source, before=before)

    def _operand(self, kind: str = "", near: str = "") -> Word:
        word = self._peek().word
        if word is None or word.bare == "]]":
            shown = self._peek().text or "newline"
            told = f"unexpected argument `{shown}' to conditional {kind} operator" if kind else ""
            if word is not None and kind:
                self._take()
                near = self._peek().text if self._peek().kind == "operator" else "]]"
            raise self._malformed(told, near)
        self._take()
        return word

    def _primary(self) -> Condition:
        self._skip_newlines()
        if self._keyword() == "(":
            self._take()
            inner = self._nested(self._either)
            self._expect(")")
            self._skip_newlines()
            return inner
        if self._bare() == "]]":
            self._take()
            near = ";" if self._keyword() == ";" else "]]"
            raise self._malformed("", near)
        if self._bare() == "!":
            self._take()
            return Negation(self._nested(self._primary))
        first = self._operand()
        following = self._peek()
        if first.bare in UNARY and first.bare != "-o":
            return Primary(first.bare or "", (self._operand("unary"),))
        operator = following.text if following.kind == "operator" and following.text in "<>" else self._bare()
        if operator == "=~":
            self._take()
            self.ahead.clear()
            self.lexer.position = following.end
            self.lexer.skip_blanks()
            return Primary("=~", (first, self.lexer.regular_expression()))
        if operator in COMPARING:
            self._take()
            return Primary(operator or "", (first, self._operand("binary", operator or "")))
        if following.word is not None and following.word.bare != "]]":
            raise self._malformed("conditional binary operator expected")
        if following.kind not in ("operator", "word") or following.text not in ("&&", "||", ")", "]]"):
            shown = following.text or "newline"
            near = "" if following.kind == "operator" else first.source
            raise self._malformed(f"unexpected token `{shown}', conditional binary operator expected", near)
        return Primary("-n", (first,))

    def _nested(self, read: Callable[[], Condition]) -> Condition:
        self.depth += 1
        if self.depth > NESTING:
            raise self._unexpected()
        found = read()
        self.depth -= 1
        return found
