"""From a program's text to what it does: tokens, expressions, statements, rules; each becomes a closure."""

from __future__ import annotations

import re
from typing import NamedTuple

from kubesim.userland.command_line import Complaint
from kubesim.userland.text.awk.functions import (
    FUNCTIONS,
    RegexLiteral,
    assignment,
    compiled,
    formatted,
    increment,
    member,
    operation,
)
from kubesim.userland.text.awk.running import (
    ESCAPES,
    Awk,
    Element,
    Exit,
    Expression,
    Field,
    LoopJump,
    Next,
    Place,
    Statement,
    Variable,
    number_of,
    text_of,
    truth,
)

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\\\n|\#[^\n]*)|(?P<newline>\n)|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)"
    r"|(?P<string>\"(?:\\.|[^\"\\])*\")|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|!=|<=|>=|&&|\|\||!~|>>|[-+*/%^!<>~?:,;{}()\[\]$=|])"
)
_LEVELS = (
    ("||",), ("&&",), ("in",), ("~", "!~"), ("<", "<=", "==", "!=", ">", ">="), (" ",), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
"""Operators between two expressions, the weakest first; the blank one, which joins texts, is not written."""


class Rule(NamedTuple):
    """A pattern with its action.

    :param kind: ``BEGIN``, ``END`` or ``rule``.
    :param first: the pattern; with ``last`` the range from one to the other.
    """

    kind: str
    first: Expression | None
    last: Expression | None
    action: Statement


class Parser:
    """Reads a program, its tokens one ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        self.position = 0
        self.no_greater = False
        """Whether ``>`` redirects: after ``print``."""
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
        found = self.peek()[1]
        if text and found != text:
            raise self.problem(text)
        self.position += 1
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

    # --- expressions, by strength of their operators ----------------------------------------------------------------

    def expression(self) -> Expression:
        """One expression: an assignment, a choice, or operators."""
        condition = self._binary(0)
        if self.at("=", "+=", "-=", "*=", "/=", "%=", "^="):
            operator = self.take()
            if not isinstance(condition, Place):
                raise self.problem()
            return assignment(condition, operator, self.expression())
        if self.at("?"):
            self.take()
            first = self.expression()
            self.take(":")
            second = self.expression()
            return lambda awk: first(awk) if truth(condition(awk)) else second(awk)
        return condition

    def _binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._operator(level):
            if operator in ("||", "&&"):
                self.newlines()
            if operator == "in":
                left = member(left, self.take())
            else:
                left = operation(operator, left, self._binary(level + 1))
        return left

    def _operator(self, level: int) -> str:
        """The operator of a level that comes next, taken; empty where there is none."""
        if _LEVELS[level] != (" ",):
            return self.take() if self.at(*_LEVELS[level]) and not (self.no_greater and self.at(">")) else ""
        kind, text = self.peek()
        begins = kind in ("number", "string", "regex") or (kind == "name" and text not in ("in", "else"))
        return " " if begins or (kind == "operator" and text in ("$", "(")) else ""

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

    # --- rules and statements -------------------------------------------------------------------------------------

    def program(self) -> list[Rule]:
        """The rules."""
        rules: list[Rule] = []
        self.skip()
        while self.peek()[0] != "end":
            kind = "rule"
            first = second = None
            if self.at("BEGIN", "END"):
                kind = self.take()
            elif not self.at("{"):
                first = self.expression()
                if self.at(","):
                    self.take()
                    second = self.expression()
            action: Statement = _print_record
            if self.at("{"):
                action = self.block()
            elif kind != "rule":
                raise self.problem("{")
            rules.append(Rule(kind, first, second, action))
            self.skip()
        return rules

    def block(self) -> Statement:
        """``{ … }``."""
        self.take("{")
        statements: list[Statement] = []
        self.skip()
        while not self.at("}"):
            if self.peek()[0] == "end":
                raise self.problem("}")
            statements.append(self.statement())
            if not self.at("}") and not self.at(";") and self.peek()[0] not in ("newline", "end"):
                raise self.problem("}")
            self.skip()
        self.take("}")

        def run(awk: Awk) -> None:
            for statement in statements:
                statement(awk)

        return run

    def body(self) -> Statement:
        """A statement or block after a condition."""
        self.newlines()
        if self.at("{"):
            return self.block()
        if self.at(";"):
            return lambda awk: None
        return self.statement()

    def statement(self) -> Statement:
        """One statement."""
        if self.at("{"):
            return self.block()
        if self.at("if"):
            return self._if()
        if self.at("while"):
            return _loop(self._condition(), self.body())
        if self.at("for"):
            return self._for()
        if self.at("print", "printf"):
            return self._print(self.take())
        if self.at("next"):
            self.take()
            return _next
        if self.at("break", "continue"):
            again = self.take() == "continue"

            def leave_loop(awk: Awk) -> None:
                raise LoopJump(again)

            return leave_loop
        if self.at("exit"):
            self.take()
            status = None if self.at(";", "}") or self.peek()[0] in ("newline", "end") else self.expression()

            def leave(awk: Awk) -> None:
                if status is not None:
                    awk.status = int(number_of(status(awk)))
                raise Exit

            return leave
        if self.at("delete"):
            self.take()
            name = self.take()
            subscript: Expression | None = None
            if self.at("["):
                subscript = self._subscript()

            def delete(awk: Awk) -> None:
                if subscript is None:
                    awk.arrays.pop(name, None)
                else:
                    awk.arrays.get(name, {}).pop(text_of(subscript(awk)), None)

            return delete
        expression = self.expression()

        def evaluate(awk: Awk) -> None:
            expression(awk)

        return evaluate

    def _condition(self) -> Expression:
        """The keyword and the parenthesis behind it."""
        self.take()
        self.take("(")
        condition = self.expression()
        self.take(")")
        return condition

    def _if(self) -> Statement:
        condition = self._condition()
        then = self.body()
        mark = self.position
        self.skip()
        otherwise: Statement | None = None
        if self.at("else"):
            self.take()
            otherwise = self.body()
        else:
            self.position = mark

        def run(awk: Awk) -> None:
            if truth(condition(awk)):
                then(awk)
            elif otherwise is not None:
                otherwise(awk)

        return run

    def _for(self) -> Statement:
        self.take()
        self.take("(")
        if self.peek()[0] == "name" and self.peek(1)[1] == "in":
            name = self.take()
            self.take("in")
            array = self.take()
            self.take(")")
            body = self.body()

            def each(awk: Awk) -> None:
                for key in list(awk.arrays.get(array, {})):
                    awk.tick()
                    awk.variables[name] = key
                    try:
                        body(awk)
                    except LoopJump as leaving:
                        if not leaving.again:
                            return

            return each
        start = None if self.at(";") else self.statement()
        self.take(";")
        condition: Expression = (lambda awk: 1.0) if self.at(";") else self.expression()
        self.take(";")
        step = None if self.at(")") else self.statement()
        self.take(")")
        loop_body = _loop(condition, self.body(), step)

        def run(awk: Awk) -> None:
            if start is not None:
                start(awk)
            loop_body(awk)

        return run

    def _print(self, kind: str) -> Statement:
        arguments: list[Expression] = []
        if not self.at(";", "}", ">", ">>", "|") and self.peek()[0] not in ("newline", "end"):
            self.no_greater = True
            arguments.append(self.expression())
            while self.at(","):
                self.take()
                self.newlines()
                arguments.append(self.expression())
            self.no_greater = False
        if self.at(">", ">>", "|"):
            raise Complaint("awk: output redirection inside a program is not simulated\n", 2)

        def run(awk: Awk) -> None:
            values = [argument(awk) for argument in arguments]
            if kind == "print":
                joint = str(awk.variables["OFS"])
                text = joint.join(text_of(value) for value in values) if values else awk.record
                awk.out.append(text + str(awk.variables["ORS"]))
            else:
                awk.out.append(formatted([text_of(value) for value in values]))

        return run


def _print_record(awk: Awk) -> None:
    """``print``: what a rule without an action does."""
    awk.out.append(awk.made(awk.record + str(awk.variables["ORS"])))


def _next(awk: Awk) -> None:
    """``next``: on to the next record."""
    raise Next


def _loop(condition: Expression, body: Statement, step: Statement | None = None) -> Statement:
    """``while``, and with a step ``for``."""

    def run(awk: Awk) -> None:
        while truth(condition(awk)):
            awk.tick()
            try:
                body(awk)
            except LoopJump as leaving:
                if not leaving.again:
                    return
            if step is not None:
                step(awk)

    return run
