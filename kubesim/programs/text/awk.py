"""``awk``: the part of the language that one-liners use.

Patterns (expressions, ranges, BEGIN, END), ``print`` and ``printf``, fields and variables, arithmetic, comparison,
matching, arrays, ``if``/``while``/``for``, and the common functions. A parser builds closures: each takes the running
:class:`Awk` and gives a value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kubesim.programs.files_text import Complaint, finished, guarded, inputs, lines_of, split_options
from kubesim.programs.filesystem import FileError, absolute
from kubesim.programs.process import Completed, Invocation
from kubesim.programs.shell.printing import printf_text
from kubesim.programs.text.regular import RegexProblem, compile_posix

Value = str | float
Expression = Callable[["Awk"], Value]
Statement = Callable[["Awk"], None]

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\\\n|\#[^\n]*)|(?P<newline>\n)|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)"
    r"|(?P<string>\"(?:\\.|[^\"\\])*\")|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|!=|<=|>=|&&|\|\||!~|>>|[-+*/%^!<>~?:,;{}()\[\]$=|])"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/"}
_LIMIT = 200_000


class _Next(Exception):  # noqa: N818
    """``next``."""


class _Exit(Exception):  # noqa: N818
    """``exit``."""


class _Loop(Exception):  # noqa: N818
    def __init__(self, again: bool) -> None:
        super().__init__(again)
        self.again = again


@dataclass(slots=True)
class Awk:
    """A running program: its record, variables and output."""

    variables: dict[str, Value] = field(
        default_factory=lambda: {"FS": " ", "OFS": " ", "ORS": "\n", "NR": 0.0, "SUBSEP": "\x1c"}
    )
    arrays: dict[str, dict[str, Value]] = field(default_factory=dict)
    record: str = ""
    fields: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    status: int = 0
    steps: int = 0

    def set_record(self, text: str) -> None:
        """Take a line apart."""
        self.record = text
        separator = str(self.variables["FS"])
        if separator == " ":
            self.fields = text.split()
        elif not text:
            self.fields = []
        elif len(separator) == 1 and separator != "\\":
            self.fields = text.split(separator)
        else:
            self.fields = re.split(compile_posix(separator, extended=True), text)

    def field_value(self, number: int) -> str:
        """``$number``."""
        if number == 0:
            return self.record
        return self.fields[number - 1] if 0 < number <= len(self.fields) else ""

    def set_field(self, number: int, text: str) -> None:
        """Assign ``$number``."""
        if number == 0:
            self.set_record(text)
            return
        while len(self.fields) < number:
            self.fields.append("")
        self.fields[number - 1] = text
        self.record = str(self.variables["OFS"]).join(self.fields)

    def tick(self) -> None:
        """Stop a program that never ends."""
        self.steps += 1
        if self.steps > _LIMIT:
            raise _Exit


def number_of(value: Value) -> float:
    """A value as a number: the number at its beginning."""
    if isinstance(value, float):
        return value
    match = re.match(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)", value)
    return float(match[0]) if match else 0.0


def text_of(value: Value) -> str:
    """A value as text: whole numbers without a point."""
    if isinstance(value, str):
        return value
    if value == int(value) if math.isfinite(value) else False:
        return str(int(value))
    return f"{value:.6g}"


def _truth(value: Value) -> bool:
    return value != 0 if isinstance(value, float) else value != ""


def _looks_numeric(value: Value) -> bool:
    return isinstance(value, float) or re.fullmatch(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)\s*", value) is not None


class Parser:
    """Reads a program."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        self.position = 0
        self.depth_error = ""
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
        kind, found = self.peek()
        if text and found != text:
            raise self.problem(text)
        self.position += 1
        del kind
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
            action: Statement = _print_record
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
            return _while(condition, self.body())
        if self.at("for"):
            return self._for()
        if self.at("print", "printf"):
            return self._print(self.take())
        if self.at("next"):
            self.take()
            return _raise(_Next)
        if self.at("break", "continue"):
            again = self.take() == "continue"

            def jump(awk: Awk) -> None:
                raise _Loop(again)

            return jump
        if self.at("exit"):
            self.take()
            status = None if self.at(";", "}") or self.peek()[0] in ("newline", "end") else self.expression()

            def leave(awk: Awk) -> None:
                if status is not None:
                    awk.status = int(number_of(status(awk)))
                raise _Exit

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
            if _truth(condition(awk)):
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
                    except _Loop as loop:
                        if not loop.again:
                            return

            return each
        start = None if self.at(";") else self.statement()
        self.take(";")
        condition: Expression = (lambda awk: 1.0) if self.at(";") else self.expression()
        self.take(";")
        step = None if self.at(")") else self.statement()
        self.take(")")
        loop_body = _while(condition, self.body(), step)

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
                awk.out.append(_formatted([text_of(value) for value in values]))

        return run

    no_greater = False

    # --- expressions ----------------------------------------------------------------------------------------------

    def expression(self) -> Expression:
        """One expression."""
        return self._ternary()

    def _ternary(self) -> Expression:
        condition = self._binary(0)
        if self.at("=", "+=", "-=", "*=", "/=", "%=", "^="):
            operator = self.take()
            target = getattr(condition, "assign", None)
            if target is None:
                raise self.problem()
            value = self._ternary()
            return _assignment(condition, target, operator, value)
        if self.at("?"):
            self.take()
            first = self._ternary()
            self.take(":")
            second = self._ternary()
            return lambda awk: first(awk) if _truth(condition(awk)) else second(awk)
        return condition

    _LEVELS = (("||",), ("&&",), ("in",), ("~", "!~"), ("<", "<=", "==", "!=", ">", ">="))

    def _binary(self, level: int) -> Expression:
        if level == len(self._LEVELS):
            return self._concatenation()
        left = self._binary(level + 1)
        while self.at(*self._LEVELS[level]) and not (self.no_greater and self.at(">")):
            operator = self.take()
            self.newlines() if operator in ("||", "&&") else None
            if operator == "in":
                name = self.take()
                left = _member(left, name)
            else:
                left = _operation(operator, left, self._binary(level + 1))
        return left

    def _concatenation(self) -> Expression:
        left = self._sum()
        while True:
            kind, text = self.peek()
            starts = kind in ("number", "string", "regex") or (kind == "name" and text not in ("in", "else"))
            if not starts and not (kind == "operator" and text in ("$", "(", "!", "-") and text not in ("!", "-")):
                return left
            left = _operation(" ", left, self._sum())

    def _sum(self) -> Expression:
        left = self._product()
        while self.at("+", "-"):
            left = _operation(self.take(), left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._unary()
        while self.at("*", "/", "%"):
            left = _operation(self.take(), left, self._unary())
        return left

    def _unary(self) -> Expression:
        if self.at("!"):
            self.take()
            inner = self._unary()
            return lambda awk: float(not _truth(inner(awk)))
        if self.at("-", "+"):
            sign = -1.0 if self.take() == "-" else 1.0
            operand = self._unary()
            return lambda awk: sign * number_of(operand(awk))
        left = self._postfix()
        if self.at("^"):
            self.take()
            return _operation("^", left, self._unary())
        return left

    def _postfix(self) -> Expression:
        if self.at("++", "--"):
            step = 1.0 if self.take() == "++" else -1.0
            return _step(self._postfix(), step, before=True)
        expression = self._primary()
        if self.at("++", "--") and hasattr(expression, "assign"):
            return _step(expression, 1.0 if self.take() == "++" else -1.0, before=False)
        return expression

    def _primary(self) -> Expression:
        kind, text = self.peek()
        if kind == "number":
            self.take()
            value = float(text)
            return lambda awk: value
        if kind == "string":
            self.take()
            literal = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], "\\" + m[1]), text[1:-1], flags=re.DOTALL)
            return lambda awk: literal
        if kind == "regex":
            self.take()
            regex = _compiled(text)

            def matcher(awk: Awk) -> Value:
                return float(regex.search(awk.record) is not None)

            matcher.regex = regex  # type: ignore[attr-defined]
            return matcher
        if self.at("("):
            self.take()
            saved, self.no_greater = self.no_greater, False
            inner = self.expression()
            self.no_greater = saved
            self.take(")")
            return lambda awk: inner(awk)
        if self.at("$"):
            self.take()
            return _field(self._postfix() if self.at("++", "--") else self._primary())
        if kind == "name":
            self.take()
            if self.at("(") and text in FUNCTIONS:
                return self._call(text)
            if text == "length":
                return lambda awk: float(len(awk.record))
            if self.at("["):
                return _element(text, self._subscript())
            return _variable(text)
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


def _compiled(text: str) -> re.Pattern[str]:
    try:
        return re.compile(compile_posix(text, extended=True))
    except RegexProblem as problem:
        raise Complaint(f"awk: regular expression compile failed ({problem})\n{text}\n", 2) from problem


def _regex(awk: Awk, expression: Expression) -> re.Pattern[str]:
    found = getattr(expression, "regex", None)
    return found if isinstance(found, re.Pattern) else _compiled(text_of(expression(awk)))


def _print_record(awk: Awk) -> None:
    awk.out.append(awk.record + str(awk.variables["ORS"]))


def _raise(kind: type[Exception]) -> Statement:
    def run(awk: Awk) -> None:
        raise kind

    return run


def _while(condition: Expression, body: Statement, step: Statement | None = None) -> Statement:
    def run(awk: Awk) -> None:
        while _truth(condition(awk)):
            awk.tick()
            try:
                body(awk)
            except _Loop as loop:
                if not loop.again:
                    return
            if step is not None:
                step(awk)

    return run


def _variable(name: str) -> Expression:
    def read(awk: Awk) -> Value:
        return float(len(awk.fields)) if name == "NF" else awk.variables.get(name, "")

    def assign(awk: Awk, value: Value) -> None:
        if name == "NF":
            awk.fields = (awk.fields + [""] * int(number_of(value)))[: int(number_of(value))]
            awk.record = str(awk.variables["OFS"]).join(awk.fields)
        awk.variables[name] = value

    read.assign = assign  # type: ignore[attr-defined]
    return read


def _field(number: Expression) -> Expression:
    def read(awk: Awk) -> Value:
        return awk.field_value(int(number_of(number(awk))))

    def assign(awk: Awk, value: Value) -> None:
        awk.set_field(int(number_of(number(awk))), text_of(value))

    read.assign = assign  # type: ignore[attr-defined]
    return read


def _element(name: str, subscript: Expression) -> Expression:
    def read(awk: Awk) -> Value:
        return awk.arrays.setdefault(name, {}).setdefault(text_of(subscript(awk)), "")

    def assign(awk: Awk, value: Value) -> None:
        awk.arrays.setdefault(name, {})[text_of(subscript(awk))] = value

    read.assign = assign  # type: ignore[attr-defined]
    return read


def _member(key: Expression, name: str) -> Expression:
    return lambda awk: float(text_of(key(awk)) in awk.arrays.get(name, {}))


def _assignment(read: Expression, assign: Callable[[Awk, Value], None], operator: str, value: Expression) -> Expression:
    def run(awk: Awk) -> Value:
        new = value(awk)
        if operator != "=":
            new = _computed(operator[0], read(awk), new)
        assign(awk, new)
        return new

    return run


def _step(expression: Expression, step: float, *, before: bool) -> Expression:
    def run(awk: Awk) -> Value:
        old = number_of(expression(awk))
        expression.assign(awk, old + step)  # type: ignore[attr-defined]
        return old + step if before else old

    return run


def _computed(operator: str, left: Value, right: Value) -> Value:
    a, b = number_of(left), number_of(right)
    if operator in "/%" and b == 0:
        raise Complaint("awk: division by zero\n", 2)
    try:
        return (
            {"+": a + b, "-": a - b, "*": a * b}.get(operator)
            if operator in "+-*"
            # type: ignore[return-value]
            else (a / b if operator == "/" else math.fmod(a, b) if operator == "%" else float(a**b))
        )
    except OverflowError:
        return math.inf


def _operation(operator: str, left: Expression, right: Expression) -> Expression:
    if operator == "||":
        return lambda awk: float(_truth(left(awk)) or _truth(right(awk)))
    if operator == "&&":
        return lambda awk: float(_truth(left(awk)) and _truth(right(awk)))
    if operator == " ":
        return lambda awk: text_of(left(awk)) + text_of(right(awk))
    if operator in ("~", "!~"):
        return lambda awk: float((_regex(awk, right).search(text_of(left(awk))) is not None) == (operator == "~"))
    if operator in ("<", "<=", "==", "!=", ">", ">="):

        def compare(awk: Awk) -> Value:
            a, b = left(awk), right(awk)
            numeric = _looks_numeric(a) and _looks_numeric(b)
            x: float | str = number_of(a) if numeric else text_of(a)
            y: float | str = number_of(b) if numeric else text_of(b)
            table = {"<": x < y, "<=": x <= y, "==": x == y, "!=": x != y, ">": x > y, ">=": x >= y}  # type: ignore[operator]
            return float(table[operator])

        return compare
    return lambda awk: _computed(operator, left(awk), right(awk))


def _formatted(values: list[str]) -> str:
    if not values:
        return ""
    converted = [
        str(int(number_of(v))) if re.fullmatch(r"-?\d+\.\d+", v) and "%d" in values[0] else v for v in values[1:]
    ]
    needed = len(re.findall(r"%(?!%)[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]", values[0].replace("%%", "")))
    return printf_text(values[0], (converted + [""] * needed)[:needed])[0]


def _argument(awk: Awk, arguments: list[Expression], number: int, default: Value = "") -> Value:
    return arguments[number](awk) if number < len(arguments) else default


def _length(awk: Awk, arguments: list[Expression]) -> Value:
    return float(len(text_of(_argument(awk, arguments, 0, awk.record))))


def _substr(awk: Awk, arguments: list[Expression]) -> Value:
    text = text_of(_argument(awk, arguments, 0))
    start = round(number_of(_argument(awk, arguments, 1, 1.0)))
    size = number_of(_argument(awk, arguments, 2, float(len(text) + abs(start) + 1)))
    return text[max(0, start - 1) : max(0, start - 1 + round(size))]


def _split(awk: Awk, arguments: list[Expression]) -> Value:
    text = text_of(_argument(awk, arguments, 0))
    name = getattr(arguments[1], "__closure__", None)
    del name
    separator = text_of(_argument(awk, arguments, 2, awk.variables["FS"]))
    parts = (
        text.split() if separator == " " else (re.split(compile_posix(separator, extended=True), text) if text else [])
    )
    target = _array_name(arguments[1])
    awk.arrays[target] = {str(number): part for number, part in enumerate(parts, 1)}
    return float(len(parts))


def _array_name(expression: Expression) -> str:
    cells = dict(zip(expression.__code__.co_freevars, expression.__closure__ or (), strict=False))
    return str(cells["name"].cell_contents) if "name" in cells else ""


def _substitute(awk: Awk, arguments: list[Expression], count: int) -> Value:
    regex = _regex(awk, arguments[0])
    template = text_of(_argument(awk, arguments, 1))
    target = arguments[2] if len(arguments) > 2 else _field(lambda awk: 0.0)

    def filled(match: re.Match[str]) -> str:
        return re.sub(r"\\&|&", lambda m: "&" if m[0] == "\\&" else match[0], template)

    changed, done = regex.subn(filled, text_of(target(awk)), count=count)
    if done:
        target.assign(awk, changed)  # type: ignore[attr-defined]
    return float(done)


def _match(awk: Awk, arguments: list[Expression]) -> Value:
    found = _regex(awk, arguments[1]).search(text_of(arguments[0](awk)))
    awk.variables["RSTART"] = float(found.start() + 1) if found else 0.0
    awk.variables["RLENGTH"] = float(len(found[0])) if found else -1.0
    return awk.variables["RSTART"]


FUNCTIONS: dict[str, Callable[[Awk, list[Expression]], Value]] = {
    "length": _length,
    "substr": _substr,
    "split": _split,
    "sub": lambda awk, arguments: _substitute(awk, arguments, 1),
    "gsub": lambda awk, arguments: _substitute(awk, arguments, 0),
    "match": _match,
    "index": lambda awk, a: float(text_of(a[0](awk)).find(text_of(a[1](awk))) + 1),
    "toupper": lambda awk, a: text_of(_argument(awk, a, 0)).upper(),
    "tolower": lambda awk, a: text_of(_argument(awk, a, 0)).lower(),
    "int": lambda awk, a: float(int(number_of(_argument(awk, a, 0)))),
    "sqrt": lambda awk, a: math.sqrt(abs(number_of(_argument(awk, a, 0)))),
    "sprintf": lambda awk, a: _formatted([text_of(each(awk)) for each in a]),
}
"""The functions of the language that are simulated."""


@guarded
def awk(invocation: Invocation) -> Completed:
    """Scan lines with a program."""
    words = list(invocation.argv[1:])
    settings: list[str] = []
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if word.startswith("-v") and not rest:
            settings.append(word[2:] or (words.pop(0) if words else ""))
        else:
            rest.append(word)
            if not word.startswith("-"):
                rest += words
                break
            if word in ("-F", "-f") and words:
                rest.append(words.pop(0))
    separator = None
    program_text = None
    while rest and rest[0].startswith("-") and rest[0] != "-":
        options, operands = split_options(replace(invocation, argv=("awk", *rest)), "", "Ff")
        separator = options.get("F")
        if "f" in options:
            try:
                program_text = invocation.machine.files.read(absolute(options["f"], invocation.directory))
            except FileError as error:
                raise Complaint(f"awk: cannot open {options['f']} ({error.reason})\n", 2) from error
        rest = operands
        break
    if program_text is None:
        if not rest:
            raise Complaint("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]\n", 2)
        program_text = rest.pop(0)
    rules = Parser(program_text).program()
    running = Awk()
    if separator is not None:
        running.variables["FS"] = {"t": "\t", "\\t": "\t"}.get(separator, separator)
    for setting in settings:
        name, _, value = setting.partition("=")
        running.variables[name] = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), value)
    problems: list[str] = []
    try:
        _run(running, rules, invocation, [name for name in rest if not re.match(r"[A-Za-z_]\w*=", name)], problems)
    except _Exit:
        pass
    except (_Next, _Loop):
        pass
    return finished("".join(running.out), problems, running.status, failing=2)


def _run(
    running: Awk,
    rules: list[tuple[str, Expression | None, Expression | None, Statement]],
    invocation: Invocation,
    names: list[str],
    problems: list[str],
) -> None:
    try:
        for kind, _, _, action in rules:
            if kind == "BEGIN":
                action(running)
        if all(kind == "BEGIN" for kind, _, _, _ in rules):
            return
        ranges: set[int] = set()

        def wording(name: str, reason: str) -> str:
            return f'awk: cannot open "{name}" ({reason})'

        for name, text in inputs(invocation, names, problems, wording):
            running.variables["FILENAME"] = "" if name == "-" else name
            for number, line in enumerate(lines_of(text), 1):
                running.variables["NR"] = number_of(running.variables["NR"]) + 1
                running.variables["FNR"] = float(number)
                running.set_record(line)
                _one_record(running, rules, ranges)
    except _Exit:
        pass
    for kind, _, _, action in rules:
        if kind == "END":
            action(running)


def _one_record(
    running: Awk, rules: list[tuple[str, Expression | None, Expression | None, Statement]], ranges: set[int]
) -> None:
    try:
        for place, (kind, first, second, action) in enumerate(rules):
            if kind != "rule":
                continue
            if second is not None and first is not None:
                if place not in ranges and not _truth(first(running)):
                    continue
                ranges.add(place)
                if _truth(second(running)):
                    ranges.discard(place)
            elif first is not None and not _truth(first(running)):
                continue
            action(running)
    except _Next:
        pass
