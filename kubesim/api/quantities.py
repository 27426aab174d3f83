"""Resource quantities: ``500m``, ``1Gi``, ``2``; read, and written in Go's canonical form.

A quantity is a number with a suffix: decimal (``n u m`` and nothing, ``k M G T P E``), binary (``Ki`` … ``Ei``) or an
exponent. The canonical form has no fraction and the largest suffix that allows that: ``0.5`` is ``500m``, ``1024Mi``
is ``1Gi``. Upstream: ``apimachinery/pkg/api/resource/quantity.go``.

Upstream reads numbers of any length; here a number has at most :data:`DIGITS`, written out.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Context, Decimal

FORMAT_PROBLEM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

NUMBER_PROBLEM = "unable to parse numeric part of quantity"
SUFFIX_PROBLEM = "unable to parse quantity's suffix"
ZERO = "0"
"""The quantity of a field that was not given and is written all the same."""
DIGITS = 1000
"""Digits that a quantity may have, those that its exponent stands for among them."""
LARGEST = 2**63 - 1
"""What a quantity with a binary suffix is cut to."""

_EXACT = Context(prec=4 * DIGITS)
_QUANTITY = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def parse(text: str) -> Decimal:
    """The value of a quantity.

    :raises ValueError: with upstream's sentence if the text is no quantity.
    """
    sign, number, suffix = _split(text)
    value = Decimal(number).copy_sign(Decimal(-1 if sign == "-" else 1))
    if suffix in _BINARY:
        return _EXACT.multiply(value, Decimal(1024 ** _BINARY[suffix]))
    return _EXACT.scaleb(value, _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))


def canonical(text: str) -> str:
    """The quantity as the API server writes it back.

    :raises ValueError: as :func:`parse`.
    """
    value = parse(text)
    suffix = _split(text)[2]
    if suffix in _BINARY and suffix:
        value = max(-Decimal(LARGEST), min(value, Decimal(LARGEST)))
        if abs(value) >= 1024 and value == int(value):
            return _shortest_binary(int(value))
        suffix = ""
    smallest = _EXACT.scaleb(value, 9).to_integral_value(ROUND_UP)  # finer than a billionth: away from zero
    nano = int(smallest)
    if nano == 0:
        return ZERO
    exponent = -9
    while nano % 1000 == 0:
        nano //= 1000
        exponent += 3
    if not exponent or (suffix[:1] in ("e", "E") and len(suffix) > 1) or exponent > _DECIMAL["E"]:
        return f"{nano}e{exponent}" if exponent else f"{nano}"
    return f"{nano}{next(name for name, power in _DECIMAL.items() if power == exponent)}"


def added(one: str, other: str, sign: int = 1) -> str:
    """The sum of two quantities (with a ``sign`` of -1: the difference) in the format of the first that is not 0."""
    value = _EXACT.add(parse(one), _EXACT.multiply(parse(other), Decimal(sign)))
    leading = one if parse(one) else other
    if _split(leading)[2] in ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"):
        return canonical(f"{_EXACT.divide(value, Decimal(1024)):f}Ki")
    return canonical(f"{_EXACT.scaleb(value, 9):f}n")


def _split(text: str) -> tuple[str, str, str]:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(FORMAT_PROBLEM)
    sign, number, suffix = match[1], match[2], match[3] or ""
    if len(number) > DIGITS:
        raise ValueError(NUMBER_PROBLEM)
    if suffix[1:].lstrip("+-").isdigit() and (len(suffix) > 12 or abs(int(suffix[1:])) > DIGITS):
        raise ValueError(SUFFIX_PROBLEM)
    return sign, number, suffix


def _shortest_binary(value: int) -> str:
    power = 0
    while value % 1024 == 0 and power < 6:
        value //= 1024
        power += 1
    return f"{value}{next(name for name, exponent in _BINARY.items() if exponent == power)}"
