"""From tokens to nodes: a recursive descent over pipelines and blocks."""

from __future__ import annotations

from collections.abc import Iterator

from kubesim.api.go_format import quote
from kubesim.kubectl.jsonpath.parser import describe_character, unquote
from kubesim.kubectl.output.go_template import nodes
from kubesim.kubectl.output.go_template.functions import FUNCTIONS
from kubesim.kubectl.output.go_template.lexer import Piece, Token, pieces
from kubesim.kubectl.output.go_template.nodes import Command, Node, Operand, Pipeline, TemplateError, parse_error

DEEPEST = 80
"""How deep blocks and parentheses may nest."""

_BLOCKS = ("if", "range", "with")
_UNSERVED = ("define", "template", "block")
_WORDS = {"true": True, "false": False, "nil": None}


def parse(template: str) -> tuple[Node, ...]:
    """Parse a template.

    :raises TemplateError: in Go's words.
    """
    return _Parser(template).whole()


class _Parser:
    def __init__(self, template: str) -> None:
        self.template = template
        self.pieces: Iterator[Piece] = pieces(template)
        self.tokens: list[Token] = []
        self.scopes: list[str] = ["$"]
        self.ranges = 0
        self.depth = 0

    def whole(self) -> tuple[Node, ...]:
        whole, ending = self._nodes()
        if ending:
            raise self._error(f"unexpected {{{{{ending}}}}}")
        return whole

    def _error(self, message: str, position: int | None = None) -> TemplateError:
        where = position if position is not None else (self.tokens[0].position if self.tokens else len(self.template))
        return parse_error(self.template, where, message)

    def _nodes(self) -> tuple[tuple[Node, ...], str]:
        """Nodes up to ``end`` or ``else``, which is given back; "" at the end of the template."""
        found: list[Node] = []
        for piece in self.pieces:
            if not piece.tokens:
                found.append(nodes.Text(piece.text))
                continue
            self.tokens = list(piece.tokens)
            word = self.tokens[0].text if self.tokens[0].kind == "word" else ""
            if word in ("end", "else"):
                self._next()
                if word == "end":
                    self._close()
                return tuple(found), word
            found.append(self._action(word))
        return tuple(found), ""

    def _action(self, word: str) -> Node:
        if word in _BLOCKS:
            return self._block(self._next())
        if word in ("break", "continue"):
            if not self.ranges:
                raise self._error(f"{{{{{word}}}}} outside {{{{range}}}}")
            self._next()
            self._close()
            return nodes.Jump(word)
        if word in _UNSERVED:
            raise self._error(f"named templates are not served here: {{{{{word}}}}}")
        pipeline = self._pipeline("command")
        self._close()
        return nodes.Action(pipeline)

    def _block(self, keyword: Token) -> nodes.Branch:
        self._descend()
        depth = len(self.scopes)
        pipeline = self._pipeline(keyword.text)
        self._close()
        self.ranges += keyword.text == "range"
        body, ending = self._nodes()
        self.ranges -= keyword.text == "range"
        otherwise: tuple[Node, ...] = ()
        if ending == "else":
            if self.tokens[0].kind == "word" and self.tokens[0].text in ("if", "with"):
                otherwise = (self._block(self._next()),)
                ending = "end"
            else:
                self._close()
                otherwise, ending = self._nodes()
        if ending == "else":
            raise self._error("expected end; found {{else}}")
        if not ending:
            raise self._error("unexpected EOF", len(self.template))
        del self.scopes[depth:]
        self.depth -= 1
        return nodes.Branch(keyword.text, pipeline, body, otherwise, keyword.position)

    def _descend(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error("max expression depth exceeded")

    def _next(self) -> Token:
        return self.tokens.pop(0)

    def _close(self) -> None:
        if self.tokens[0].kind != "end":
            raise self._unexpected("command")
        self._next()

    def _unexpected(self, where: str) -> TemplateError:
        token = self.tokens[0]
        if token.kind == "unclosed":
            return self._error("unclosed action")
        if token.kind == "bad":
            if token.text in ('"', "`", "'"):
                kind = {"'": "character constant", '"': "quoted string", "`": "raw quoted string"}[token.text]
                return self._error(f"unterminated {kind}")
            return self._error(f"unexpected {describe_character(token.text)} in {where}")
        shown = f"<{token.text}>" if token.kind == "word" else quote(token.text)
        return self._error(f"unexpected {shown} in {where}")

    def _pipeline(self, context: str, closing: str = "end") -> Pipeline:
        variables, declares = self._declaration(context)
        commands: list[Command] = []
        while True:
            command = self._command(context)
            if not command:
                raise self._error(f"missing value for {context}")
            commands.append(command)
            if self.tokens[0].text == "|" and self.tokens[0].kind == "sign":
                self._next()
                continue
            token = self.tokens[0]
            if token.kind == closing or token.text == closing:
                break
            raise self._unexpected("command" if context == "command" else context)
        for command in commands[1:]:
            first = command[0]
            if isinstance(first, nodes.Literal) or (isinstance(first, nodes.Dot) and not first.fields):
                raise self._error(f"non executable command in pipeline stage {commands.index(command) + 1}")
        self.scopes += variables if declares else ()
        return Pipeline(tuple(commands), variables, declares)

    def _declaration(self, context: str) -> tuple[tuple[str, ...], bool]:
        names: list[str] = []
        kinds = [(token.kind, token.text) for token in self.tokens[:4]]
        if kinds and kinds[0][0] == "variable":
            if len(kinds) > 1 and kinds[1][1] in (":=", "="):
                names = [kinds[0][1]]
            elif context == "range" and len(kinds) == 4 and kinds[1][1] == "," and kinds[2][0] == "variable":
                names = [kinds[0][1], kinds[2][1]]
        if not names:
            return (), True
        sign = self.tokens[2 * len(names) - 1].text
        if sign not in (":=", "="):
            return (), True
        del self.tokens[: 2 * len(names)]
        for name in names:
            if sign == "=" and name not in self.scopes:
                raise self._error(f'undefined variable "{name}"')
        return tuple(names), sign == ":="

    def _command(self, context: str) -> Command:
        operands: list[Operand] = []
        while True:
            spaced = self.tokens[0].spaced
            operand = self._operand()
            if operand is None:
                return tuple(operands)
            if operands and not spaced:
                raise self._error(f"unexpected {operand.shown} in operand")
            operands.append(operand)

    def _operand(self) -> Operand | None:
        token = self.tokens[0]
        match token.kind:
            case "string" | "character" | "number":
                self._next()
                return nodes.Literal(self._literal(token), token.text, token.position)
            case "dot":
                self._next()
                return nodes.Dot((), token.position)
            case "field":
                fields, position = self._fields(first=True)
                return nodes.Dot(fields, position)
            case "variable":
                self._next()
                if token.text not in self.scopes:
                    raise self._error(f'undefined variable "{token.text}"', token.position)
                fields, position = self._fields()
                return nodes.Variable(token.text, fields, position if fields else token.position)
            case "word":
                return self._word(self._next())
            case "sign" if token.text == "(":
                self._next()
                self._descend()
                pipeline = self._pipeline("parenthesized pipeline", ")")
                self.depth -= 1
                closing = self._next()
                fields, position = self._fields()
                shown = self.template[token.position : closing.position + 1]
                return nodes.Chain(pipeline, fields, position if fields else token.position, shown)
            case "bad" | "unclosed":
                raise self._unexpected("command")
        return None

    def _word(self, token: Token) -> Operand:
        if token.text in _WORDS:
            return nodes.Literal(_WORDS[token.text], token.text, token.position)
        if token.text not in FUNCTIONS:
            raise self._error(f'function "{token.text}" not defined', token.position)
        return nodes.Function(token.text, token.position)

    def _fields(self, *, first: bool = False) -> tuple[tuple[str, ...], int]:
        """The ``.a.b`` that follows directly, and where its last part stands."""
        fields: list[str] = []
        position = self.tokens[0].position
        while self.tokens[0].kind == "field" and (first or not self.tokens[0].spaced):
            first = False
            token = self._next()
            position = token.position
            fields.append(token.text[1:])
        return tuple(fields), position

    def _literal(self, token: Token) -> str | int | float:
        if token.kind == "string" and token.text.startswith("`"):
            return token.text[1:-1]
        if token.kind in ("string", "character"):
            try:
                text = unquote(token.text)
            except ValueError:
                raise self._error(f"invalid syntax: {token.text}", token.position) from None
            return ord(text) if token.kind == "character" and len(text) == 1 else text
        try:
            return int(token.text, 0)
        except ValueError:
            return float(token.text)
