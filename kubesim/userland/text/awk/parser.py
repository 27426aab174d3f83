"""From tokens to what a program does: expressions, statements, rules and functions; each becomes a closure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from kubesim.turn import Interrupted
from kubesim.userland.command_line import Complaint
from kubesim.userland.text.awk.arrays import Array
from kubesim.userland.text.awk.formats import formatted
from kubesim.userland.text.awk.functions import (
    FUNCTIONS,
    RegexLiteral,
    assignment,
    increment,
    operation,
)
from kubesim.userland.text.awk.lexer import Token, tokens
from kubesim.userland.text.awk.places import ArrayReference, Element, Field, Global, Local, Place
from kubesim.userland.text.awk.running import (
    DEPTH,
    Awk,
    Exit,
    Expression,
    LoopJump,
    Next,
    Return,
    Statement,
    compiled,
)
from kubesim.userland.text.awk.values import UNSET, InputText, Value, integer_of, number_of, text_of, truth

_BINARY = (("+", "-"), ("*", "/", "%"))
_COMPARING = ("<", "<=", "==", "!=", ">", ">=")
_ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "^=")


class Rule(NamedTuple):
    """A pattern with its action.

    :param kind: ``BEGIN``, ``END`` or ``rule``.
    :param first: the pattern; with ``last`` the range from one to the other.
    """

    kind: str
    first: Expression | None
    last: Expression | None
    action: Statement


@dataclass(slots=True)
class Definition:
    """A function of the program.

    :param arrays: the parameters that it uses as arrays.
    :param passed: parameters that it hands on: (own number, function, that one's number).
    """

    name: str
    parameters: list[str]
    line: int
    body: Statement | None = None
    arrays: set[int] = field(default_factory=set)
    passed: list[tuple[int, str, int]] = field(default_factory=list)


class _Grouping:
    """``(a, b)``: several expressions in one pair of parentheses, as ``print`` takes them."""

    def __init__(self, items: list[Expression]) -> None:
        self.items = items

    def __call__(self, awk: Awk) -> Value:
        """Its values as a subscript."""
        separator = awk.text("SUBSEP")
        return separator.join(text_of(each(awk), awk.form) for each in self.items)


class Parser:
    """Reads a program, its tokens one ahead.

    :raises Complaint: where it cannot be read.
    """

    def __init__(self, text: str, busybox: bool) -> None:
        self.busybox = busybox
        self.tokens = tokens(text, busybox)
        self.position = 0
        self.depth = 0
        self.open = 0
        """Parentheses that are open."""
        self.greater = True
        """Whether ``>`` compares; after ``print`` it redirects."""
        self.membership = True
        """Whether ``in`` is an operator here."""
        self.function: Definition | None = None
        self.inside = ""
        """``BEGIN`` or ``END``, while one is read."""
        self.definitions: dict[str, Definition] = {}
        self.calls: list[tuple[str, int]] = []

    # --- tokens ---------------------------------------------------------------------------------------------------

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
        self._deeper()
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

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH:
            raise self.refuse("program is nested too deeply")

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
            self._deeper()
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
        if isinstance(value, _Grouping):
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
        owner = self._variable(name.text, array=True)
        if not self.at("["):

            def clear(awk: Awk) -> None:
                owner.array(awk).clear()

            return clear
        key = self._subscript()

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
            variable = self._variable(name.text)
            return _each(variable, self._variable(array.text, array=True), self.body())
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
            items.append(self.expression())
            while self.at(","):
                self.take()
                self.newlines()
                items.append(self.expression())
            self.greater = True
            if len(items) == 1 and isinstance(items[0], _Grouping):
                items = items[0].items
        if kind == "printf" and not items:
            raise self.problem()
        where = self.take().text if self.at(">", ">>", "|") else ""
        target: Expression | None = None
        if where:
            self.greater = False
            target = self._joined()
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

    # --- expressions, the weakest first ---------------------------------------------------------------------------

    def expression(self) -> Expression:
        """A whole expression."""
        self._deeper()
        made = self._ternary()
        if self.at(*_ASSIGNING):
            if not isinstance(made, Place):
                raise self.problem()
            operator = self.take().text
            self.newlines()
            made = assignment(made, operator, self.expression())
        self.depth -= 1
        return made

    def _ternary(self) -> Expression:
        condition = self._or()
        if not self.at("?"):
            return condition
        self.take()
        self.newlines()
        first = self.expression()
        self.newlines()
        self.take(":")
        self.newlines()
        second = self.expression()
        return lambda awk: first(awk) if truth(condition(awk)) else second(awk)

    def _or(self) -> Expression:
        left = self._and()
        while self.at("||"):
            self.take()
            self.newlines()
            left = operation("||", left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._in()
        while self.at("&&"):
            self.take()
            self.newlines()
            left = operation("&&", left, self._in())
        return left

    def _in(self) -> Expression:
        left = self._matching()
        while self.membership and self.at("in"):
            self.take()
            name = self.take()
            if name.kind != "name":
                self.position -= 1
                raise self.problem()
            left = _member(left, self._variable(name.text, array=True))
        return left

    def _matching(self) -> Expression:
        left = self._comparison()
        while self.at("~", "!~"):
            operator = self.take().text
            left = operation(operator, left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left = self._joined()
        while True:
            if self.at("|") and self.peek(1).text == "getline":
                self.position += 2
                left = _getline_command(left, self._getline_target())
            elif self.at(*_COMPARING) and (self.greater or not self.at(">")):
                operator = self.take().text
                left = operation(operator, left, self._joined())
            else:
                return left

    def _joined(self) -> Expression:
        left = self._binary(0)
        while self._operand_follows():
            left = operation(" ", left, self._binary(0))
        return left

    def _operand_follows(self) -> bool:
        token = self.peek()
        if token.kind in ("number", "string", "name", "call", "regex"):
            return True
        return (
            token.kind == "operator" and token.text in ("$", "(", "-", "+", "!", "++", "--") and not self.at("-", "+")
        )

    def _binary(self, level: int) -> Expression:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while self.at(*_BINARY[level]):
            operator = self.take().text
            left = operation(operator, left, self._binary(level + 1))
        return left

    def _unary(self) -> Expression:
        if self.at("!"):
            self.take()
            self._deeper()
            inner = self._unary()
            self.depth -= 1
            return lambda awk: float(not truth(inner(awk)))
        if self.at("-", "+"):
            sign = -1.0 if self.take().text == "-" else 1.0
            self._deeper()
            operand = self._unary()
            self.depth -= 1
            return lambda awk: sign * number_of(operand(awk)) + 0.0
        return self._power()

    def _power(self) -> Expression:
        base = self._postfix()
        if self.at("^"):
            self.take()
            return operation("^", base, self._unary())
        return base

    def _postfix(self) -> Expression:
        if self.at("++", "--"):
            step = 1.0 if self.take().text == "++" else -1.0
            place = self._postfix()
            if not isinstance(place, Place):
                raise self.problem()
            return increment(place, step, before=True)
        operand = self._primary()
        if self.at("++", "--") and isinstance(operand, Place):
            return increment(operand, 1.0 if self.take().text == "++" else -1.0, before=False)
        return operand

    def _primary(self) -> Expression:
        token = self.take()
        if token.kind == "number":
            number = float(token.text)
            return lambda awk: number
        if token.kind == "string":
            text = token.text
            return lambda awk: text
        if token.kind == "regex":
            return RegexLiteral(compiled(token.text, self.busybox))
        if token.kind == "call":
            return self._call(token)
        if token.kind == "name":
            return self._named(token)
        if token.text == "$" and token.kind == "operator":
            return Field(
                self._postfix() if self.at("++", "--") else self._unary() if self.at("-", "+") else self._primary()
            )
        if token.text == "(" and token.kind == "operator":
            return self._group()
        if token.text == "getline" and token.kind == "keyword":
            return self._getline()
        self.position -= 1
        raise self.problem()

    def _group(self) -> Expression:
        greater, membership = self.greater, self.membership
        self.greater = self.membership = True
        self._deeper()
        items = [self.expression()]
        while self.at(","):
            self.take()
            self.newlines()
            items.append(self.expression())
        self.take(")")
        self.depth -= 1
        self.greater, self.membership = greater, membership
        if len(items) > 1:
            return _Grouping(items)
        inner = items[0]
        return lambda awk: inner(awk)

    def _named(self, token: Token) -> Expression:
        if token.text == "length":
            return lambda awk: float(len(awk.record))
        if token.text in FUNCTIONS:
            raise self.problem()
        if self.at("["):
            owner = self._variable(token.text, array=True)
            return Element(owner, self._subscript())
        return self._variable(token.text)

    def _variable(self, name: str, *, array: bool = False) -> Global | Local:
        if self.function is not None and name in self.function.parameters:
            slot = self.function.parameters.index(name)
            if array:
                self.function.arrays.add(slot)
            return Local(name, slot)
        return Global(name)

    def _subscript(self) -> Expression:
        self.take("[")
        greater, membership = self.greater, self.membership
        self.greater = self.membership = True
        items = [self.expression()]
        while self.at(","):
            self.take()
            self.newlines()
            items.append(self.expression())
        self.take("]")
        self.greater, self.membership = greater, membership
        return items[0] if len(items) == 1 else _Grouping(items)

    def _arguments(self) -> list[Expression]:
        self.take("(")
        greater, membership = self.greater, self.membership
        self.greater = self.membership = True
        self._deeper()
        items: list[Expression] = []
        self.newlines()
        while not self.at(")"):
            items.append(self.expression())
            self.newlines()
            if self.at(","):
                self.take()
                self.newlines()
            elif not self.at(")"):
                raise self.problem(")")
        self.take(")")
        self.depth -= 1
        self.greater, self.membership = greater, membership
        return items

    def _call(self, token: Token) -> Expression:
        name = token.text
        arguments = self._arguments()
        if name in FUNCTIONS:
            least, most, function = FUNCTIONS[name]
            if len(arguments) < least or len(arguments) > most:
                few = len(arguments) < least
                words = f"{'not enough' if few else 'too many'} arguments in call to {name}: {len(arguments)}"
                raise self.refuse(
                    f"{words} (need {least if few else most})", "Too few arguments" if few else "Unexpected token"
                )
            if name == "split":
                target = arguments[1]
                if not isinstance(target, ArrayReference):
                    raise self.problem()
                if isinstance(target, Local) and self.function is not None:
                    self.function.arrays.add(target.slot)
            return lambda awk: function(awk, arguments)
        self.calls.append((name, token.line))
        for number, argument in enumerate(arguments):
            if isinstance(argument, Local) and self.function is not None:
                self.function.passed.append((argument.slot, name, number))
        return _call(self.definitions, name, arguments)

    # --- getline --------------------------------------------------------------------------------------------------

    def _getline_target(self) -> Place | None:
        if self.at("$") or self.peek().kind == "name":
            found = self._primary()
            if isinstance(found, Place):
                return found
        return None

    def _getline(self) -> Expression:
        target = self._getline_target()
        if self.at("<"):
            self.take()
            return _getline_file(self._primary(), target)

        def run(awk: Awk) -> Value:
            record = awk.next_record()
            if record is None:
                return 0.0
            _got(awk, target, record)
            return 1.0

        return run


def _got(awk: Awk, target: Place | None, record: str) -> None:
    if target is None:
        awk.set_record(record)
    else:
        target.assign(awk, InputText(record))


def _getline_file(name: Expression, target: Place | None) -> Expression:
    """``getline < file``."""

    def run(awk: Awk) -> Value:
        awk.tick()
        try:
            record = awk.read_file(text_of(name(awk), awk.form))
        except OSError:
            return -1.0
        if record is None:
            return 0.0
        _got(awk, target, record)
        return 1.0

    return run


def _getline_command(command: Expression, target: Place | None) -> Expression:
    """``command | getline``."""

    def run(awk: Awk) -> Value:
        awk.tick()
        record = awk.read_command(text_of(command(awk), awk.form))
        if record is None:
            return 0.0
        if not awk.world.busybox:
            awk.variables["NR"] = number_of(awk.value("NR")) + 1
        _got(awk, target, record)
        return 1.0

    return run


def _member(key: Expression, owner: Global | Local) -> Expression:
    """``key in name``."""
    return lambda awk: float(owner.array(awk).has(key(awk), awk.form))


def _call(definitions: dict[str, Definition], name: str, arguments: list[Expression]) -> Expression:
    """A call of a function of the program: arrays by reference, all else by value."""

    def run(awk: Awk) -> Value:
        definition = definitions[name]
        frame: list[Value | Array] = []
        for number, argument in enumerate(arguments):
            if isinstance(argument, ArrayReference) and (number in definition.arrays or argument.is_array(awk)):
                frame.append(argument.array(awk))
            else:
                frame.append(argument(awk))
        size = len(definition.parameters)
        frame = [*frame, *[UNSET] * (size - len(frame))]
        awk.tick()
        awk.depth += 1
        if awk.depth > 4 * DEPTH:
            raise Interrupted
        outer, awk.frame = awk.frame, frame
        try:
            assert definition.body is not None
            definition.body(awk)
            return UNSET
        except Return as giving:
            return giving.value
        finally:
            awk.frame = outer
            awk.depth -= 1

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
