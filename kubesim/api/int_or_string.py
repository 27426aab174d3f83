"""A number or a string in one field: a port by number or name, a share as a count or a percentage (``25%``).

Upstream: ``k8s.io/apimachinery/pkg/util/intstr``.
"""

from __future__ import annotations

import re

from kubesim.api.objects import IntOrString

_INTEGER = re.compile("[+-]?[0-9]{1,18}", re.ASCII)
_PERCENTAGE = re.compile("([+-]?[0-9]{1,18})%", re.ASCII)


def parse(text: str) -> IntOrString:
    """The 32-bit integer that the text is, or the text itself."""
    if _INTEGER.fullmatch(text) and -(1 << 31) <= int(text) < 1 << 31:
        return int(text)
    return text


def scaled(value: IntOrString, total: int, round_up: bool = False) -> int:
    """The count that a value means among ``total``.

    :raises ValueError: where a string is no percentage.
    """
    if isinstance(value, int):
        return value
    found = _PERCENTAGE.fullmatch(value)
    if found is None:
        raise ValueError(f"invalid value for IntOrString: invalid type: string is not a percentage, got {value!r}")
    product = int(found[1]) * total
    return -(-product // 100) if round_up else product // 100
