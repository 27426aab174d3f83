"""A whole program, from tokens to closures: rules, functions and statements."""

from __future__ import annotations

from typing import NamedTuple

from kubesim.userland.command_line import Complaint
from kubesim.userland.text.awk.expressions import Definition, ExpressionParser, Grouping
from kubesim.userland.text.awk.formats import formatted
from kubesim.userland.text.awk.functions import FUNCTIONS
from kubesim.userland.text.awk.places import Global, Local, Place
from kubesim.userland.text.awk.running import Awk, Exit, Expression, LoopJump, Next, Return, Statement
from kubesim.userland.text.awk.values import UNSET, InputText, integer_of, text_of, truth


class Rule(NamedTuple):
    """A pattern with its action.

    :param kind: ``BEGIN``, ``END`` or ``rule``.
    :param first: the pattern; with ``last`` the range from one to the other.
    """

    kind: str
    first: Expression | None
    last: Expression | None
    action: Statement


class Parser(ExpressionParser):
    """Reads a program.

    :raises Complaint: where it cannot be read.
    """

    def __init__(self, text: str, busybox: bool) -> None:
        super().__init__(text, busybox)
        self.inside = ""
        """``BEGIN`` or ``END``, while one is read."""

    # --- the program ----------------------------------------------------------------------------------------------

    def program(self) -> list[Rule]:
        """All rules; functions are kept in :attr:`definitions`."""
        rules: list[Rule] = []
        self.ends()
        while self.peek().kind != "end":
            if self.at("function"):
                self._define()
            else:
                rules.append(self._rule())
            self.ends()
        for name, line in self.calls:
            if name not in self.definitions:
                if self.busybox:
                    raise Complaint("awk: cmd. line:1: Call to undefined function\n", 1)
                raise Complaint(f"awk: line {max(line, self.peek().line) + 1}: function {name} never defined\n", 2)
        changed = True
        while changed:
            changed = False
            for each in self.definitions.values():
                for own, name, theirs in each.passed:
                    if theirs in self.definitions[name].arrays and own not in each.arrays:
                        each.arrays.add(own)
                        changed = True
        return rules

    def _rule(self) -> Rule:
        kind, first, last = "rule", None, None
        if self.at("BEGIN", "END"):
            kind = self.inside = self.take().text
            if not self.at("{"):
                raise self.problem()
        elif not self.at("{"):
            if self.at("}"):
                raise self.problem("rule")
            first = self.expression()
            if self.at(","):
                self.take()
                self.newlines()
                last = self.expression()
        action = self.block() if self.at("{") else _print_record
        self.inside = ""
        if self.peek().kind not in ("newline", "end") and not self.at(";", "{") and action is _print_record:
            raise self.problem()
        return Rule(kind, first, last, action)

    def _define(self) -> None:
        self.take()
        name = self.take()
        if name.kind not in ("name", "call") or name.text in FUNCTIONS:
            self.position -= 1
            raise self.problem()
        self.take("(")
        parameters: list[str] = []
        while not self.at(")"):
            parameter = self.take()
            if parameter.kind != "name":
                self.position -= 1
                raise self.problem()
            parameters.append(parameter.text)
            if self.at(","):
                self.take()
                self.newlines()
            elif not self.at(")"):
                raise self.problem(")")
        self.take(")")
        self.newlines()
        self.function = self.definitions[name.text] = Definition(name.text, parameters, name.line)
        self.function.body = self.block()
        self.function = None

    # --- statements -----------------------------------------------------------------------------------------------

    def block(self) -> Statement:
        """``{ … }``."""
        self.take("{")
        self.deeper()
        statements: list[Statement] = []
        self.ends()
        while not self.at("}"):
            if self.peek().kind == "end":
                raise self.problem("}")
            statements.append(self.statement())
            self.ends()
        self.take("}")
        self.depth -= 1

        def run(awk: Awk) -> None:
            for statement in statements:
                statement(awk)

        return run

    def statement(self) -> Statement:
        """One statement with what ends it."""
        if self.at("{"):
            return self.block()
        if self.at(";"):
            self.take()
            return lambda awk: None
        token = self.peek()
        compound = {"if": self._if, "while": self._while, "for": self._for, "do": self._do}.get(token.text)
        if token.kind == "keyword" and compound is not None:
            self.take()
            self.deeper()
            made = compound()
            self.depth -= 1
            return made
        made = self.simple()
        self._end()
        return made

    def _end(self) -> None:
        if self.at(";") or self.peek().kind == "newline":
            self.take()
            return
        if not self.at("}") and self.peek().kind != "end":
            raise self.problem()

    def simple(self) -> Statement:
        """A statement that is no compound one."""
        token = self.peek()
        if token.kind == "keyword":
            if token.text in ("print", "printf"):
                return self._print()
            if token.text in ("next", "nextfile", "exit", "return", "break", "continue", "delete"):
                self.take()
                return self._leaving(token.text)
        value = self.expression()
        if isinstance(value, Grouping):
            raise self.problem()

        def run(awk: Awk) -> None:
            value(awk)

        return run

    def _leaving(self, word: str) -> Statement:
        """``next``, ``exit``, ``return``, ``break``, ``continue``, ``delete``."""
        if word == "delete":
            return self._delete()
        if word in ("break", "continue"):
            again = word == "continue"

            def jump(awk: Awk) -> None:
                raise LoopJump(again)

            return jump
        if word in ("next", "nextfile"):
            if self.inside and not self.busybox:
                raise self.refuse("improper use of next")

            def on(awk: Awk) -> None:
                if word == "nextfile":
                    awk.current = None
                raise Next

            return on
        value: Expression | None = None
        if not self.at(";", "}") and self.peek().kind not in ("newline", "end"):
            value = self.expression()
        if word == "return":
            if self.function is None:
                raise self.refuse("return outside function body")

            def give(awk: Awk) -> None:
                raise Return(UNSET if value is None else value(awk))

            return give

        def leave(awk: Awk) -> None:
            if value is not None:
                awk.status = integer_of(value(awk)) & 255
            raise Exit

        return leave

    def _delete(self) -> Statement:
        name = self.take()
        if name.kind != "name":
            self.position -= 1
            raise self.problem()
        owner = self.variable(name.text, array=True)
        if not self.at("["):

            def clear(awk: Awk) -> None:
                owner.array(awk).clear()

            return clear
        key = self.subscript()

        def remove(awk: Awk) -> None:
            owner.array(awk).remove(key(awk), awk.form)

        return remove

    def _condition(self) -> Expression:
        self.take("(")
        condition = self.expression()
        self.take(")")
        self.newlines()
        return condition

    def body(self) -> Statement:
        """The statement that a loop or a branch carries out."""
        self.newlines()
        return self.statement()

    def _if(self) -> Statement:
        condition = self._condition()
        then = self.body()
        here = self.position
        self.ends()
        otherwise: Statement | None = None
        if self.at("else"):
            self.take()
            otherwise = self.body()
        else:
            self.position = here

        def run(awk: Awk) -> None:
            if truth(condition(awk)):
                then(awk)
            elif otherwise is not None:
                otherwise(awk)

        return run

    def _while(self) -> Statement:
        condition = self._condition()
        return _loop(condition, self.body())

    def _do(self) -> Statement:
        body = self.body()
        self.ends()
        self.take("while")
        self.take("(")
        condition = self.expression()
        self.take(")")
        return _loop(condition, body, first=True)

    def _for(self) -> Statement:
        self.take("(")
        name, word, array = self.peek(), self.peek(1), self.peek(2)
        if name.kind == "name" and word.text == "in" and array.kind == "name" and self.peek(3).text == ")":
            self.position += 4
            variable = self.variable(name.text)
            return _each(variable, self.variable(array.text, array=True), self.body())
        start = None if self.at(";") else self.simple()
        self.take(";")
        self.newlines()
        condition: Expression = (lambda awk: 1.0) if self.at(";") else self.expression()
        self.take(";")
        self.newlines()
        step = None if self.at(")") else self.simple()
        self.take(")")
        loop = _loop(condition, self.body(), step)

        def run(awk: Awk) -> None:
            if start is not None:
                start(awk)
            loop(awk)

        return run

    def _print(self) -> Statement:
        kind = self.take().text
        items: list[Expression] = []
        if not self.at(";", "}", ">", ">>", "|") and self.peek().kind not in ("newline", "end"):
            self.greater = False
            items = self.listed()
            self.greater = True
            if len(items) == 1 and isinstance(items[0], Grouping):
                items = items[0].items
        if kind == "printf" and not items:
            raise self.problem()
        where = self.take().text if self.at(">", ">>", "|") else ""
        target: Expression | None = None
        if where:
            self.greater = False
            target = self.joined()
            self.greater = True

        def text(awk: Awk) -> str:
            values = [item(awk) for item in items]
            if kind == "printf":
                return formatted(awk, values)
            if not values:
                return awk.record + awk.text("ORS")
            form = awk.text("OFMT")
            return awk.text("OFS").join(text_of(value, form) for value in values) + awk.text("ORS")

        def run(awk: Awk) -> None:
            made = text(awk)
            if target is None:
                awk.print(made)
                return
            name = text_of(target(awk), awk.form)
            if where == "|":
                awk.write_pipe(name, made)
            else:
                awk.write_file(name, made, append=where == ">>")

        return run


def _print_record(awk: Awk) -> None:
    """What a rule without an action does."""
    awk.print(awk.record + awk.text("ORS"))


def _loop(condition: Expression, body: Statement, step: Statement | None = None, *, first: bool = False) -> Statement:
    """``while``, with a step ``for``, and where the body comes ``first`` ``do``."""

    def run(awk: Awk) -> None:
        if first and not _round(awk, body):
            return
        while truth(condition(awk)):
            if not _round(awk, body):
                return
            if step is not None:
                step(awk)

    return run


def _round(awk: Awk, body: Statement) -> bool:
    """One round of a loop; whether another may come."""
    awk.tick()
    try:
        body(awk)
    except LoopJump as leaving:
        return leaving.again
    return True


def _each(variable: Place, owner: Global | Local, body: Statement) -> Statement:
    """``for (key in array)``."""

    def run(awk: Awk) -> None:
        for key in list(owner.array(awk).keys()):
            variable.assign(awk, InputText(key))
            if not _round(awk, body):
                return

    return run
