"""Expressions, from tokens to closures: operators by their strength, places, calls and ``getline``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kubesim.turn import Interrupted
from kubesim.userland.text.awk.arrays import Array
from kubesim.userland.text.awk.cursor import Cursor
from kubesim.userland.text.awk.functions import FUNCTIONS, RegexLiteral, assignment, increment, operation
from kubesim.userland.text.awk.lexer import Token
from kubesim.userland.text.awk.places import ArrayReference, Element, Field, Global, Local, Place
from kubesim.userland.text.awk.running import DEPTH, Awk, Expression, Return, Statement, compiled
from kubesim.userland.text.awk.values import UNSET, InputText, Value, number_of, text_of, truth

_BINARY = (("+", "-"), ("*", "/", "%"))
_COMPARING = ("<", "<=", "==", "!=", ">", ">=")
_ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "^=")


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


class Grouping:
    """``(a, b)``: several expressions in one pair of parentheses, as ``print`` takes them."""

    def __init__(self, items: list[Expression]) -> None:
        self.items = items

    def __call__(self, awk: Awk) -> Value:
        """Its values as a subscript."""
        separator = awk.text("SUBSEP")
        return separator.join(text_of(each(awk), awk.form) for each in self.items)


class ExpressionParser(Cursor):
    """Reads expressions.

    :raises Complaint: where one cannot be read.
    """

    def __init__(self, text: str, busybox: bool) -> None:
        super().__init__(text, busybox)
        self.greater = True
        """Whether ``>`` compares; after ``print`` it redirects."""
        self.membership = True
        """Whether ``in`` is an operator here."""
        self.function: Definition | None = None
        """The function whose body is read."""
        self.definitions: dict[str, Definition] = {}
        """The functions of the program; a call may stand before its function."""
        self.calls: list[tuple[str, int]] = []
        """Which functions are called, and on which lines."""

    # --- operators, the weakest first -----------------------------------------------------------------------------

    def expression(self) -> Expression:
        """A whole expression."""
        self.deeper()
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
            left = _member(left, self.variable(name.text, array=True))
        return left

    def _matching(self) -> Expression:
        left = self._comparison()
        while self.at("~", "!~"):
            operator = self.take().text
            left = operation(operator, left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left = self.joined()
        while True:
            if self.at("|") and self.peek(1).text == "getline":
                self.position += 2
                left = _getline_command(left, self._getline_target())
            elif self.at(*_COMPARING) and (self.greater or not self.at(">")):
                operator = self.take().text
                left = operation(operator, left, self.joined())
            else:
                return left

    def joined(self) -> Expression:
        """A concatenation, or what is stronger: what may stand on either side of a comparison."""
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
            self.deeper()
            inner = self._unary()
            self.depth -= 1
            return lambda awk: float(not truth(inner(awk)))
        if self.at("-", "+"):
            sign = -1.0 if self.take().text == "-" else 1.0
            self.deeper()
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

    @contextmanager
    def _enclosed(self) -> Iterator[None]:
        """Be within parentheses or brackets, where ``>`` compares and ``in`` is an operator whatever is around them."""
        around = self.greater, self.membership
        self.greater = self.membership = True
        yield
        self.greater, self.membership = around

    def listed(self) -> list[Expression]:
        """Expressions with commas between them."""
        items = [self.expression()]
        while self.at(","):
            self.take()
            self.newlines()
            items.append(self.expression())
        return items

    def _group(self) -> Expression:
        with self._enclosed():
            self.deeper()
            items = self.listed()
            self.take(")")
            self.depth -= 1
        if len(items) > 1:
            return Grouping(items)
        inner = items[0]
        return lambda awk: inner(awk)

    def _named(self, token: Token) -> Expression:
        if token.text == "length":
            return lambda awk: float(len(awk.record))
        if token.text in FUNCTIONS:
            raise self.problem()
        if self.at("["):
            owner = self.variable(token.text, array=True)
            return Element(owner, self.subscript())
        return self.variable(token.text)

    def variable(self, name: str, *, array: bool = False) -> Global | Local:
        """A variable of the program, or a parameter of the function that is being read.

        :param array: it is used as an array here.
        """
        if self.function is not None and name in self.function.parameters:
            slot = self.function.parameters.index(name)
            if array:
                self.function.arrays.add(slot)
            return Local(name, slot)
        return Global(name)

    def subscript(self) -> Expression:
        """``[…]``, whose several expressions are one key."""
        self.take("[")
        with self._enclosed():
            items = self.listed()
            self.take("]")
        return items[0] if len(items) == 1 else Grouping(items)

    def _arguments(self) -> list[Expression]:
        self.take("(")
        items: list[Expression] = []
        with self._enclosed():
            self.deeper()
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
