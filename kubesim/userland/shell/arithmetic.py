"""Shell arithmetic: ``$((…))``, ``((…))`` and ``let``; C's operators on 64-bit integers."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping

from kubesim.userland.shell.dialect import BASH, Dialect

_SPACE = re.compile(r"[ \t\n]*")
_NUMBER = re.compile(r"\d[\w@#]*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_OPERATOR = re.compile(r"<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%<>=!~&^|?:(),]")
_ASSIGNING = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="})
_BINARY: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "||": (1, lambda a, b: int(bool(a) or bool(b))),
    "&&": (2, lambda a, b: int(bool(a) and bool(b))),
    "|": (3, lambda a, b: a | b),
    "^": (4, lambda a, b: a ^ b),
    "&": (5, lambda a, b: a & b),
    "==": (6, lambda a, b: int(a == b)),
    "!=": (6, lambda a, b: int(a != b)),
    "<": (7, lambda a, b: int(a < b)),
    ">": (7, lambda a, b: int(a > b)),
    "<=": (7, lambda a, b: int(a <= b)),
    ">=": (7, lambda a, b: int(a >= b)),
    "<<": (8, lambda a, b: a << (b & 63)),
    ">>": (8, lambda a, b: a >> (b & 63)),
    "+": (9, lambda a, b: a + b),
    "-": (9, lambda a, b: a - b),
    "*": (10, lambda a, b: a * b),
    "/": (10, lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)),
    "%": (10, lambda a, b: abs(a) % abs(b) * (1 if a >= 0 else -1)),
    "**": (11, lambda a, b: pow(a, b, 2**64)),
}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_"
NESTING = 60
"""Parentheses, signs and variables that hold expressions, inside one another."""


class ArithmeticFailure(Exception):  # noqa: N818
    """An expression that cannot be evaluated.

    :param reason: ``division by 0``, ``syntax error: operand expected``…
    :param token: what was left from the place of the error; None where nothing more is said than the reason.
    :param whole: the expression, which may be that of a variable.
    """

    def __init__(self, reason: str, token: str | None, whole: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.token = token
        self.whole = whole


def wrapped(value: int) -> int:
    """A number as 64 bits hold it."""
    return (value + 2**63) % 2**64 - 2**63


class Evaluator:
    """Evaluates one expression.

    :param variables: read and assigned; an unset one is missing. A name may have a subscript (``a[1]``).
    :param dialect: whose operators there are; dash has neither ``++`` nor ``**`` nor a comma.
    """

    def __init__(self, text: str, variables: MutableMapping[str, str], dialect: Dialect = BASH, depth: int = 0) -> None:
        self.text = text
        self.variables = variables
        self.dialect = dialect
        self.depth = depth
        self.position = 0
        self.start = self.last = 0
        self.kind = self.value = ""
        self.skips = 0
        """How deep it is in what is read without being carried out."""
        self._advance()

    def evaluate(self) -> int:
        """The value of the whole expression; an empty one is 0.

        :raises ArithmeticFailure: where it cannot be evaluated.
        """
        if self.kind == "end":
            return 0
        result = self._comma()
        if self.kind != "end":
            if self.value in _ASSIGNING and self.kind == "operator":
                raise self._failure("attempted assignment to non-variable")
            if self.kind == "bad":
                raise self._failure("syntax error: invalid arithmetic operator")
            raise self._failure("syntax error in expression")
        return result

    # --- tokens ---------------------------------------------------------------------------------------------------

    def _failure(self, reason: str) -> ArithmeticFailure:
        start = self.last if self.kind == "end" else self.start
        return ArithmeticFailure(reason, self.text[start:], self.text)

    def _advance(self) -> None:
        operand = self.kind == "number" or self.value == ")"
        self.last = self.start
        space = _SPACE.match(self.text, self.position)
        self.start = self.position = space.end() if space else self.position
        if self.start >= len(self.text):
            self.kind, self.value = "end", ""
            return
        for kind, pattern in (("number", _NUMBER), ("name", _NAME), ("operator", _OPERATOR)):
            match = pattern.match(self.text, self.start)
            if match:
                self.kind, self.value = kind, match[0]
                if kind == "operator" and (not self._has(match[0]) or (operand and self._is_two_signs(match))):
                    self.value = match[0][0]
                self.position = self.start + len(self.value)
                if kind == "name" and self.dialect.is_bash and self.text.startswith("[", self.position):
                    self._subscript()
                return
        self.kind, self.value = "bad", self.text[self.start]

    def _has(self, operator: str) -> bool:
        return self.dialect.name != "dash" or operator not in ("++", "--", "**")

    def _is_two_signs(self, match: re.Match[str]) -> bool:
        """Whether ``++`` or ``--`` behind an operand is an operator and a sign: no name follows it."""
        return match[0] in ("++", "--") and not re.match(r"\s*[A-Za-z_]", self.text[match.end() :])

    def _subscript(self) -> None:
        depth = 0
        for place in range(self.position, len(self.text)):
            depth += {"[": 1, "]": -1}.get(self.text[place], 0)
            if depth == 0:
                self.value = self.text[self.start : place + 1]
                self.position = place + 1
                return
        raise ArithmeticFailure("bad array subscript", self.text[self.start :], self.text)

    def _take(self, operator: str) -> bool:
        if self.kind == "operator" and self.value == operator:
            self._advance()
            return True
        return False

    # --- the grammar, the weakest first ---------------------------------------------------------------------------

    def _comma(self) -> int:
        result = self._assignment()
        while self.dialect.name != "dash" and self._take(","):
            result = self._assignment()
        return result

    def _assignment(self) -> int:
        if self.kind == "name":
            name, here = self.value, (self.position, self.start, self.last, self.kind, self.value)
            self._advance()
            if self.kind == "operator" and self.value in _ASSIGNING:
                operator = self.value[:-1]
                before = self._read(name) if operator else 0
                self._advance()
                start = self.start
                value = self._assignment()
                if operator:
                    value = self._apply(operator, before, value, start)
                return self._store(name, value)
            self.position, self.start, self.last, self.kind, self.value = here
        value = self._ternary()
        if self.dialect.is_bash and self.kind == "operator" and self.value in _ASSIGNING:
            raise self._failure("attempted assignment to non-variable")
        return value

    def _ternary(self) -> int:
        condition = self._binary(1)
        if not self._take("?"):
            return condition
        self.skips += not condition
        first = self._assignment()
        self.skips -= not condition
        if not self._take(":"):
            if self.kind == "end":
                self.start = self.last
                self.kind = "bad"
            raise self._failure("`:' expected for conditional expression")
        self.skips += bool(condition)
        second = self._ternary()
        self.skips -= bool(condition)
        return first if condition else second

    def _binary(self, level: int) -> int:
        left = self._unary()
        while self.kind == "operator" and self.value in _BINARY and _BINARY[self.value][0] >= level:
            operator = self.value
            power = _BINARY[operator][0]
            self._advance()
            here = self.start
            skipped = (operator == "&&" and not left) or (operator == "||" and bool(left))
            self.skips += skipped
            right = self._binary(power if operator == "**" else power + 1)
            self.skips -= skipped
            left = self._apply(operator, left, right, here)
        return left

    def _apply(self, operator: str, left: int, right: int, start: int) -> int:
        if self.skips:
            return 0
        if operator in ("/", "%") and right == 0:
            raise ArithmeticFailure("division by 0", self.text[start:], self.text)
        if operator == "**" and right < 0:
            raise ArithmeticFailure("exponent less than 0", self.text[self.last :], self.text)
        return wrapped(_BINARY[operator][1](left, right))

    def _deeper(self, step: int) -> None:
        self.depth += step
        if self.depth > NESTING:
            raise ArithmeticFailure("expression recursion level exceeded", self.text[self.start :], self.text)

    def _unary(self) -> int:
        if self.kind == "operator" and self.value in ("++", "--"):
            step = 1 if self.value == "++" else -1
            self._advance()
            if self.kind == "name":
                name = self.value
                self._advance()
                return self._store(name, wrapped(self._read(name) + step))
            self._deeper(1)
            result = self._unary()  # two signs
            self._deeper(-1)
            return result
        for operator, apply in _SIGNS.items():
            if self._take(operator):
                self._deeper(1)
                result = wrapped(apply(self._unary()))
                self._deeper(-1)
                return result
        return self._primary()

    def _primary(self) -> int:
        if self._take("("):
            self._deeper(1)
            value = self._comma()
            self._deeper(-1)
            if not self._take(")"):
                if self.kind == "operator" and self.value in _ASSIGNING and self.dialect.is_bash:
                    raise self._failure("attempted assignment to non-variable")
                raise self._failure("missing `)'")
            return value
        if self.kind == "number":
            text = self.value
            value = self._number(text)
            self._advance()
            return value
        if self.kind == "name":
            name = self.value
            value = self._read(name)
            self._advance()
            if self.kind == "operator" and self.value in _ASSIGNING and self.dialect.is_bash:
                return 0  # what is about to be assigned to is not read
            if self.kind == "operator" and self.value in ("++", "--"):
                self._store(name, wrapped(value + (1 if self.value == "++" else -1)))
                self._advance()
            return value
        raise self._failure("syntax error: operand expected")

    # --- numbers and variables ------------------------------------------------------------------------------------

    def _number(self, text: str) -> int:
        base, digits = 10, text
        if text[:2] in ("0x", "0X"):
            base, digits = 16, text[2:]
        elif "#" in text and self.dialect.is_bash:
            before, _, digits = text.partition("#")
            base = int(before) if before.isdecimal() and 1 < int(before[:6]) < 65 else 0
            if not base:
                raise ArithmeticFailure("invalid arithmetic base", self.text[self.start :], self.text)
        elif text.startswith("0"):
            base = 8
        value = 0
        for digit in digits.lower() if base <= 36 else digits:
            number = _DIGITS.find(digit)
            if not 0 <= number < base:
                raise ArithmeticFailure("value too great for base", self.text[self.start :], self.text)
            value = value * base + number
            if value >= 2**63 and self.dialect.name == "dash":
                return 2**63 - 1
            value &= 2**64 - 1
        return wrapped(value)

    def _store(self, name: str, value: int) -> int:
        if not self.skips:
            self.variables[name] = str(value)
        return value

    def _read(self, name: str) -> int:
        if self.skips:
            return 0
        text = self.variables.get(name, "")
        if not text.strip():
            return 0
        if re.fullmatch(r"\s*[-+]?(?:[1-9]\d{0,17}|0)\s*", text):
            return int(text)
        if self.dialect.name == "dash" and not re.fullmatch(r"\s*[-+]?(?:0[xX][0-9a-fA-F]+|\d+)\s*", text):
            raise ArithmeticFailure(f"Illegal number: {text}", None, self.text)
        if self.depth > 30:
            raise ArithmeticFailure("expression recursion level exceeded", text, text)
        return Evaluator(text, self.variables, self.dialect, self.depth + 1).evaluate()


_SIGNS: dict[str, Callable[[int], int]] = {
    "-": int.__neg__,
    "+": int.__pos__,
    "!": lambda value: int(not value),
    "~": int.__invert__,
}
