"""The grammar of expressions, by strength of their operators."""

from __future__ import annotations

import re

from kubesim.userland.text.awk.expressions import RegexLiteral, assignment, compiled, increment, member, operation
from kubesim.userland.text.awk.functions import FUNCTIONS
from kubesim.userland.text.awk.lexer import TokenReader
from kubesim.userland.text.awk.places import Element, Field, Place, Variable
from kubesim.userland.text.awk.runtime import Expression
from kubesim.userland.text.awk.values import ESCAPES, number_of, text_of, truth


class ExpressionParser(TokenReader):
    """Reads expressions; each becomes something that is called with the running program."""

    no_greater = False

    def expression(self) -> Expression:
        """One expression."""
        return self._ternary()

    def _ternary(self) -> Expression:
        condition = self._binary(0)
        if self.at("=", "+=", "-=", "*=", "/=", "%=", "^="):
            operator = self.take()
            if not isinstance(condition, Place):
                raise self.problem()
            return assignment(condition, operator, self._ternary())
        if self.at("?"):
            self.take()
            first = self._ternary()
            self.take(":")
            second = self._ternary()
            return lambda awk: first(awk) if truth(condition(awk)) else second(awk)
        return condition

    _LEVELS = (("||",), ("&&",), ("in",), ("~", "!~"), ("<", "<=", "==", "!=", ">", ">="))

    def _binary(self, level: int) -> Expression:
        if level == len(self._LEVELS):
            return self._concatenation()
        left = self._binary(level + 1)
        while self.at(*self._LEVELS[level]) and not (self.no_greater and self.at(">")):
            operator = self.take()
            if operator in ("||", "&&"):
                self.newlines()
            if operator == "in":
                name = self.take()
                left = member(left, name)
            else:
                left = operation(operator, left, self._binary(level + 1))
        return left

    def _concatenation(self) -> Expression:
        left = self._sum()
        while True:
            kind, text = self.peek()
            starts = kind in ("number", "string", "regex") or (kind == "name" and text not in ("in", "else"))
            if not starts and not (kind == "operator" and text in ("$", "(")):
                return left
            left = operation(" ", left, self._sum())

    def _sum(self) -> Expression:
        left = self._product()
        while self.at("+", "-"):
            left = operation(self.take(), left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._unary()
        while self.at("*", "/", "%"):
            left = operation(self.take(), left, self._unary())
        return left

    def _unary(self) -> Expression:
        if self.at("!"):
            self.take()
            inner = self._unary()
            return lambda awk: float(not truth(inner(awk)))
        if self.at("-", "+"):
            sign = -1.0 if self.take() == "-" else 1.0
            operand = self._unary()
            return lambda awk: sign * number_of(operand(awk))
        left = self._postfix()
        if self.at("^"):
            self.take()
            return operation("^", left, self._unary())
        return left

    def _postfix(self) -> Expression:
        if self.at("++", "--"):
            step = 1.0 if self.take() == "++" else -1.0
            place = self._postfix()
            if not isinstance(place, Place):
                raise self.problem()
            return increment(place, step, before=True)
        expression = self._primary()
        if self.at("++", "--") and isinstance(expression, Place):
            return increment(expression, 1.0 if self.take() == "++" else -1.0, before=False)
        return expression

    def _primary(self) -> Expression:
        kind, text = self.peek()
        if kind == "number":
            self.take()
            value = float(text)
            return lambda awk: value
        if kind == "string":
            self.take()
            literal = re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], "\\" + m[1]), text[1:-1], flags=re.DOTALL)
            return lambda awk: literal
        if kind == "regex":
            self.take()
            return RegexLiteral(compiled(text))
        if self.at("("):
            self.take()
            saved, self.no_greater = self.no_greater, False
            inner = self.expression()
            self.no_greater = saved
            self.take(")")
            return lambda awk: inner(awk)
        if self.at("$"):
            self.take()
            return Field(self._postfix() if self.at("++", "--") else self._primary())
        if kind == "name":
            self.take()
            if self.at("(") and text in FUNCTIONS:
                return self._call(text)
            if text == "length":
                return lambda awk: float(len(awk.record))
            if self.at("["):
                return Element(text, self._subscript())
            return Variable(text)
        raise self.problem(")")

    def _subscript(self) -> Expression:
        self.take("[")
        parts = [self.expression()]
        while self.at(","):
            self.take()
            parts.append(self.expression())
        self.take("]")
        return lambda awk: str(awk.variables["SUBSEP"]).join(text_of(part(awk)) for part in parts)

    def _call(self, name: str) -> Expression:
        self.take("(")
        arguments: list[Expression] = []
        while not self.at(")"):
            if self.peek()[0] == "end":
                raise self.problem(")")
            arguments.append(self.expression())
            if self.at(","):
                self.take()
        self.take(")")
        function = FUNCTIONS[name]
        return lambda awk: function(awk, arguments)
