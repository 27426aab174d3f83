"""The grammar of rules and statements."""

from __future__ import annotations

from kubesim.userland.files_text import Complaint
from kubesim.userland.text.awk.expression_parser import ExpressionParser
from kubesim.userland.text.awk.functions import formatted
from kubesim.userland.text.awk.runtime import Awk, Exit, Expression, LoopJump, Next, Statement
from kubesim.userland.text.awk.statements import jump, loop, print_record
from kubesim.userland.text.awk.values import number_of, text_of, truth


class Parser(ExpressionParser):
    """Reads a program."""

    def program(self) -> list[tuple[str, Expression | None, Expression | None, Statement]]:
        """The rules."""
        rules: list[tuple[str, Expression | None, Expression | None, Statement]] = []
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
            action: Statement = print_record
            if self.at("{"):
                action = self.block()
            elif kind != "rule":
                raise self.problem("{")
            rules.append((kind, first, second, action))
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
            self.take()
            self.take("(")
            condition = self.expression()
            self.take(")")
            return loop(condition, self.body())
        if self.at("for"):
            return self._for()
        if self.at("print", "printf"):
            return self._print(self.take())
        if self.at("next"):
            self.take()
            return jump(Next)
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

    def _if(self) -> Statement:
        self.take()
        self.take("(")
        condition = self.expression()
        self.take(")")
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
        loop_body = loop(condition, self.body(), step)

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
