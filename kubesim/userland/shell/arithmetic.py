"""Shell arithmetic: ``$((…))``, ``((…))`` and ``let``; C's operators on 64-bit integers."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|\d+#\w+|\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\*\*|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%<>=!~&^|?:(),]))"
)
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
    "**": (11, lambda a, b: pow(a, min(b, 64)) if b >= 0 else 0),
}


class ArithmeticFailure(Exception):  # noqa: N818
    """An expression that cannot be evaluated.

    :param reason: ``division by 0``, ``syntax error: operand expected``…
    :param token: what was left from the place of the error.
    """

    def __init__(self, reason: str, token: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.token = token


def _wrap(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


class Evaluator:
    """Evaluates one expression.

    :param variables: read and assigned; an unset one is 0.
    :param steps: whether ``++`` and ``--`` exist (dash has none).
    """

    def __init__(self, text: str, variables: MutableMapping[str, str], *, steps: bool = True, depth: int = 0) -> None:
        self.text = text
        self.variables = variables
        self.steps = steps
        self.depth = depth
        self.position = 0
        self.start = 0
        self.kind = ""
        self.value = ""
        self._advance()

    def evaluate(self) -> int:
        """The value of the whole expression; an empty one is 0.

        :raises ArithmeticFailure: where it cannot be evaluated.
        """
        if self.kind == "end":
            return 0
        result = self._comma()
        if self.kind != "end":
            raise self._failure("syntax error in expression")
        return result

    def _failure(self, reason: str) -> ArithmeticFailure:
        rest = self.text[self.start :].strip() if self.kind != "end" else self.text.strip()[-1:]
        return ArithmeticFailure(reason, rest)

    def _advance(self) -> None:
        rest = self.text[self.position :]
        self.start = self.position + len(rest) - len(rest.lstrip())
        if not rest.strip():
            self.kind, self.value = "end", ""
            return
        match = _TOKEN.match(self.text, self.position)
        if not match:
            self.kind = "bad"
            raise self._failure("syntax error: operand expected")
        self.kind = match.lastgroup or ""
        self.value = match[self.kind]
        self.position = match.end()

    def _take(self, operator: str) -> bool:
        if self.kind == "operator" and self.value == operator:
            self._advance()
            return True
        return False

    def _comma(self) -> int:
        result = self._assignment()
        while self._take(","):
            result = self._assignment()
        return result

    def _assignment(self) -> int:
        if self.kind == "name":
            match = re.compile(r"\s*(<<|>>|[-+*/%&^|])?=(?!=)").match(self.text, self.position)
            if match:
                name, operator = self.value, match[1]
                self.position = match.end()
                self._advance()
                value = self._assignment()
                if operator:
                    value = self._apply(operator, self._read(name), value)
                self.variables[name] = str(value)
                return value
        return self._ternary()

    def _ternary(self) -> int:
        condition = self._binary(1)
        if self._take("?"):
            first = self._assignment()
            if not self._take(":"):
                raise self._failure("`:' expected for conditional expression")
            second = self._assignment()
            return first if condition else second
        return condition

    def _binary(self, level: int) -> int:
        left = self._unary()
        while self.kind == "operator" and self.value in _BINARY and _BINARY[self.value][0] >= level:
            operator = self.value
            power = _BINARY[operator][0]
            self._advance()
            if self.kind == "end":
                self.start = self.text.rindex(operator)
                self.kind = "bad"
                raise self._failure("syntax error: operand expected")
            here = self.start
            right = self._binary(power if operator == "**" else power + 1)
            if operator in "/%" and right == 0:
                raise ArithmeticFailure("division by 0", self.text[here:].strip())
            left = self._apply(operator, left, right)
        return left

    def _apply(self, operator: str, left: int, right: int) -> int:
        if operator in ("/", "%") and right == 0:
            raise ArithmeticFailure("division by 0", str(right))
        return _wrap(_BINARY[operator][1](left, right))

    def _unary(self) -> int:
        if self.kind == "operator" and self.value in ("++", "--") and self.steps:
            step = 1 if self.value == "++" else -1
            self._advance()
            if self.kind != "name":
                raise self._failure("syntax error: operand expected")
            name = self.value
            self._advance()
            value = self._read(name) + step
            self.variables[name] = str(value)
            return value
        for operator, apply in (
            ("-", int.__neg__),
            ("+", int.__pos__),
            ("!", lambda x: int(not x)),
            ("~", int.__invert__),
        ):
            if self._take(operator):
                return _wrap(apply(self._unary()))
        return self._primary()

    def _primary(self) -> int:
        if self._take("("):
            value = self._comma()
            if not self._take(")"):
                raise self._failure("missing `)'")
            return value
        if self.kind == "number":
            text = self.value
            self._advance()
            return self._number(text)
        if self.kind == "name":
            name = self.value
            self._advance()
            value = self._read(name)
            if self.kind == "operator" and self.value in ("++", "--"):
                if not self.steps:
                    raise ArithmeticFailure("expecting primary", self.text)
                self.variables[name] = str(value + (1 if self.value == "++" else -1))
                self._advance()
            return value
        raise self._failure("syntax error: operand expected")

    def _number(self, text: str) -> int:
        try:
            if text[:2] in ("0x", "0X"):
                return _wrap(int(text, 16))
            if "#" in text:
                base, _, digits = text.partition("#")
                return _wrap(int(digits, int(base)))
            return _wrap(int(text, 8) if text.startswith("0") and len(text) > 1 else int(text))
        except ValueError as error:
            raise ArithmeticFailure("value too great for base", text) from error

    def _read(self, name: str) -> int:
        text = self.variables.get(name, "").strip()
        if not text:
            return 0
        if re.fullmatch(r"[-+]?\d+", text):
            return int(text) if not re.fullmatch(r"0\d+", text) else self._number(text)
        if self.depth > 20:
            raise ArithmeticFailure("expression recursion level exceeded", text)
        return Evaluator(text, self.variables, steps=self.steps, depth=self.depth + 1).evaluate()
