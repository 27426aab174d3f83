"""``printf`` as bash, dash, busybox and the coreutils have it: conversions, escapes, complaints. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kubesim.userland.bounds import require
from kubesim.userland.printing import ESCAPES, requoted, unescaped

_SPEC = re.compile(r"%([-+ #0']*)(\*|-?\d*)(?:\.(\*|-?\d*))?([hlLqjzt]*?)(\([^)]*\)T|.)?", re.DOTALL)
_WHOLE = re.compile(r"[ \t\n]*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)")
_FRACTION = re.compile(
    r"[ \t\n]*[-+]?(?:0[xX][0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?(?:[pP][-+]?\d+)?|\d+\.?\d*(?:[eE][-+]?\d+)?"
    r"|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)",
    re.IGNORECASE,
)
_KINDS = {
    "bash": "diouxXeEfFgGaAcsbqQ",
    "dash": "diouxXeEfFgGaAcsb",
    "ash": "diouxXeEfgGcsb",
    "coreutils": "diouxXeEfFgGaAcsbq",
}


@dataclass(slots=True)
class Printed:
    """What ``printf`` made.

    :param problems: its complaints, without the name of who complains.
    """

    text: str = ""
    problems: list[str] = field(default_factory=list)
    status: int = 0


class _Stop(Exception):  # noqa: N818
    """``\\c``, or a format that cannot be used: nothing more is printed."""


class Printf:
    """One use.

    :param family: ``bash``, ``dash``, ``ash`` or ``coreutils``.
    :param clock: a moment (seconds since 1970, or none for now) written by a format, for ``%(…)T``.
    """

    def __init__(
        self, family: str, arguments: Sequence[str], clock: Callable[[str, int | None], str] = lambda form, moment: ""
    ) -> None:
        self.family = family
        self.left = list(arguments)
        self.clock = clock
        self.out: list[str] = []
        self.made = 0
        self.printed = Printed()

    def run(self, template: str) -> Printed:
        """Fill the template again and again until the arguments are used."""
        try:
            while True:
                before = len(self.left)
                self._once(template)
                if not self.left or len(self.left) == before:
                    break
        except _Stop:
            pass
        self.printed.text = "".join(self.out)
        return self.printed

    def _write(self, text: str) -> None:
        self.made += len(text)
        require(self.made)
        self.out.append(text)

    def _take(self) -> str | None:
        return self.left.pop(0) if self.left else None

    def _complain(self, text: str, *, fails: bool = True) -> None:
        self.printed.problems.append(text)
        if fails:
            self.printed.status = 1

    def _once(self, template: str) -> None:
        position = 0
        while position < len(template):
            mark = re.compile(r"[%\\]").search(template, position)
            if mark is None:
                self._write(template[position:])
                return
            self._write(template[position : mark.start()])
            position = mark.start()
            if template[position] == "\\":
                position = self._escape(template, position)
            elif template.startswith("%%", position):
                self._write("%")
                position += 2
            else:
                position = self._conversion(template, position)

    def _escape(self, template: str, position: int) -> int:
        match = ESCAPES[f"{self.family} format"].match(template, position)
        if match is None:
            self._write("\\")
            return position + 1
        if match[0] == "\\c":
            raise _Stop
        self._write(unescaped(match[0], f"{self.family} format")[0])
        return match.end()

    def _conversion(self, template: str, position: int) -> int:
        match = _SPEC.match(template, position)
        assert match is not None
        flags, width, precision, kind = match[1], match[2], match[3], match[5] or ""
        bad = (
            (self.family == "ash" and kind == "b" and match[0] != "%b")
            or not kind
            or (kind[0] not in _KINDS[self.family] and not (kind.endswith("T") and self.family == "bash"))
        )
        if bad or (self.family == "dash" and match[4]):
            self._malformed(template[position:], match, kind)
        if width == "*":
            width = str(self._size(self._take()))
        if precision == "*":
            precision = str(self._size(self._take()))
        if width.startswith("-"):
            flags, width = f"{flags}-", width[1:]
        if precision is not None and precision.startswith("-"):
            precision = None
        size, places = int(width[:12] or 0), None if precision is None else int(precision[:12] or 0)
        require(size)
        require(places or 0)
        self._write(self._converted(flags, size, places, kind))
        return match.end()

    def _size(self, text: str | None) -> int:
        """A width or precision among the arguments; what is none is 0, and busybox' printf does not fail for it."""
        if self.family != "ash":
            return self._whole(text or "0")
        if text is not None and re.fullmatch(r"[-+]?\d{1,10}", text) and abs(int(text)) < 2**31:
            return int(text)
        self._complain(f"invalid number '{text or ''}'", fails=False)
        return 0

    def _malformed(self, rest: str, match: re.Match[str], kind: str) -> None:
        if self.family == "bash":
            shown = f"`{kind}': invalid format character" if kind else "`%': missing format character"
            self._complain(f"printf: {shown}")
        elif self.family == "dash":
            spec = match[0] if not match[4] else match[0][: match.start(4) - match.start() + 1]
            self._complain(f"printf: {spec}: invalid directive" if kind else "printf: missing format character")
            self.printed.status = 2
        elif self.family == "ash":
            self._complain(f"{rest}: invalid format")
        else:
            self._complain(f"{match[0]}: invalid conversion specification")
        raise _Stop

    def _converted(self, flags: str, width: int, precision: int | None, kind: str) -> str:
        if kind.endswith("T"):
            argument = self._take()
            moment = self._whole(argument) if argument not in (None, "-1", "-2") else None
            return self._padded(self.clock(kind[1:-2] or "%X", moment), flags, width)
        if kind in "diouxX":
            return integer(flags, width, precision, kind, self._whole(self._take(), unsigned=kind in "ouxX"))
        if kind in "eEfFgGaA":
            return self._real(flags, width, precision, kind)
        text = self._take() or ""
        if kind == "c":
            return self._padded(text[:1] or "\0", flags, width)
        if kind == "b":
            text, stops = unescaped(text, f"{self.family} argument")
            if stops:
                self._write(self._padded(text if precision is None else text[:precision], flags, width))
                raise _Stop
        elif kind in "qQ":
            text = requoted(text)
        return self._padded(text if precision is None else text[:precision], flags, width)

    @staticmethod
    def _padded(text: str, flags: str, width: int) -> str:
        return text.ljust(width) if "-" in flags else text.rjust(width)

    def _real(self, flags: str, width: int, precision: int | None, kind: str) -> str:
        number = self._fraction(self._take())
        allowed = "".join(flag for flag in "-+ #0" if flag in flags)
        if not math.isfinite(number):
            allowed = allowed.replace("0", "")
        if kind in "aA":
            return self._padded(number.hex() if kind == "a" else number.hex().upper(), flags, width)
        return f"%{allowed}{width or ''}{'' if precision is None else f'.{precision}'}{kind}" % number

    # --- numbers ------------------------------------------------------------------------------------------------------

    def _whole(self, text: str | None, *, unsigned: bool = False) -> int:
        if text is None:
            if self.family == "ash":
                self._complain("invalid number ''")
            return 0
        if text[:1] in ("'", '"'):
            return ord(text[1]) if len(text) > 1 else 0
        match = _WHOLE.match(text)
        if match is None:
            self._not_converted(text, nothing=True)
            return 0
        digits = match[2]
        try:
            value = (
                int(digits, 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10)
                if len(digits) < 60
                else 2**70
            )
        except ValueError:
            value = 0
        if match[1] == "-":
            value = -value
        if match.end() < len(text):
            self._not_converted(text, nothing=False)
            if self.family == "ash":
                return 0
        elif not -(2**63) <= value < (2**64 if unsigned else 2**63):
            if self.family == "ash":
                self._complain(f"invalid number '{text}'")
                return 0
            warning = f"printf: {text}: Numerical result out of range"
            self._complain(
                f"printf: warning: {warning[8:]}" if self.family == "bash" else warning, fails=self.family != "bash"
            )
            return max(-(2**63), min(value, 2**64 - 1 if unsigned else 2**63 - 1))
        return value

    def _fraction(self, text: str | None) -> float:
        if not text:
            return 0.0
        if text[:1] in ("'", '"'):
            return float(ord(text[1])) if len(text) > 1 else 0.0
        match = _FRACTION.match(text)
        if match is None:
            self._not_converted(text, nothing=True)
            return 0.0
        if match.end() < len(text):
            self._not_converted(text, nothing=False)
            if self.family == "ash":
                return 0.0
        plain = match[0].strip()
        try:
            return float.fromhex(plain) if "0x" in plain.lower() else float(plain)
        except (OverflowError, ValueError):
            return math.inf

    def _not_converted(self, text: str, *, nothing: bool) -> None:
        if text == "" and self.family != "ash":
            return
        if self.family == "bash":
            kind = "hex " if text[:2] in ("0x", "0X") else "octal " if re.match(r"0\d", text) else ""
            self._complain(f"printf: {text}: invalid {kind}number")
        elif self.family == "ash":
            self._complain(f"invalid number '{text}'")
        elif self.family == "dash":
            self._complain(f"printf: {text}: {'expected numeric value' if nothing else 'not completely converted'}")
        else:
            self._complain(f"‘{text}’: {'expected a numeric value' if nothing else 'value not completely converted'}")


def integer(flags: str, width: int, precision: int | None, kind: str, value: int) -> str:
    """A whole number as C's printf writes it; the unsigned kinds take a negative one as of 64 bits."""
    sign = ""
    if kind in "di":
        sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
        digits = str(abs(value))
    else:
        value &= 2**64 - 1
        digits = f"{value:{ {'u': 'd'}.get(kind, kind) }}"
        if "#" in flags and value and kind in "xX":
            sign = f"0{kind}"
    if precision == 0 and value == 0:
        digits = ""
    digits = digits.rjust(precision or 0, "0")
    if "#" in flags and kind == "o" and not digits.startswith("0"):
        digits = f"0{digits}"
    if "-" in flags:
        return (sign + digits).ljust(width)
    if "0" in flags and precision is None:
        digits = digits.rjust(width - len(sign), "0")
    return (sign + digits).rjust(width)
