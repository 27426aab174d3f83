"""``printf`` and ``sprintf`` of awk."""

from __future__ import annotations

import re

from kubesim.userland.bounds import require
from kubesim.userland.text.awk.running import Awk
from kubesim.userland.text.awk.values import Value, integer_of, looks_numeric, number_of, text_of

_SPEC = re.compile(r"%(%|([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?(?:h|l|ll|L)?(.)?)", re.DOTALL)


def formatted(awk: Awk, values: list[Value]) -> str:
    """What ``printf`` makes of its arguments.

    :raises Complaint: where there are too few (mawk), or a conversion is none.
    """
    template = text_of(values[0], awk.form)
    left = values[1:]
    out: list[str] = []
    position = 0
    count = 0

    def take() -> Value:
        if not left:
            if awk.world.busybox:
                return ""
            awk.print("".join(out))
            raise awk.trouble(f'not enough arguments passed to printf("{template}")', "")
        return left.pop(0)

    for match in _SPEC.finditer(template):
        out.append(template[position : match.start()])
        position = match.end()
        if match[1] == "%":
            out.append("%")
            continue
        count += 1
        flags, kind = match[2], match[5] or ""
        width = text_of(float(integer_of(take()))) if match[3] == "*" else match[3]
        precision = text_of(float(integer_of(take()))) if match[4] == "*" else match[4]
        if kind not in "diouxXeEfFgGcs" or not kind:
            if awk.world.busybox:
                out.append(match[0])
                continue
            awk.print("".join(out))
            raise awk.trouble(f'improper conversion(number {count}) in printf("{template}")', "")
        out.append(converted(flags, width, precision, kind, take(), awk.form))
    out.append(template[position:])
    return awk.made("".join(out))


def converted(flags: str, width: str, precision: str | None, kind: str, value: Value, form: str) -> str:
    """One conversion."""
    for size in (width.lstrip("-"), (precision or "").lstrip("-")):
        require(int(size[:12] or 0))
    if width.startswith("-"):
        flags, width = f"{flags}-", width[1:]
    if precision is not None and precision.startswith("-"):
        precision = None
    start = f"%{flags}{width}" + ("" if precision is None else f".{precision or 0}")
    if kind == "c":
        text = chr(integer_of(value) & 0xFF) if looks_numeric(value) and value != "" else text_of(value)[:1]
        return f"%{'-' if '-' in flags else ''}{width}s" % text
    if kind == "s":
        plain = f"%{'-' if '-' in flags else ''}{width}" + ("" if precision is None else f".{precision or 0}")
        return f"{plain}s" % text_of(value, form)
    number = number_of(value)
    if kind in "eEfFgG":
        return f"{start}{kind}" % number
    whole = integer_of(value)
    if kind in "di":
        return f"{start}d" % whole
    if whole < 0:
        whole += 2**64
    return f"{start}{'d' if kind == 'u' else kind}" % whole
