"""What ``echo`` and ``printf`` make of their words; backslash escapes, and words quoted again for ``set -x``. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubesim.userland.bounds import require

_ANSI = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "\\": "\\", "'": "'",
    '"': '"',
}  # fmt: skip
HIGH_BYTES = r"(?:\\(?:x[89a-fA-F][0-9a-fA-F]|[23][0-7]{2}))+"
"""Bytes above 127, written as numbers: together they are characters in UTF-8."""
_ESCAPE = re.compile(
    rf"({HIGH_BYTES})|\\(x[0-9a-fA-F]{{1,2}}|u[0-9a-fA-F]{{1,4}}|U[0-9a-fA-F]{{1,8}}|[0-7]{{1,3}}|[^\n])", re.DOTALL
)


def ansi_unescape(text: str) -> str:
    """What ``$'…'`` and ``echo -e`` make of backslashes; bytes that are no characters read as a terminal shows them."""

    def one(match: re.Match[str]) -> str:
        code = match[2]
        if code is None:
            numbers = match[1].split("\\")[1:]
            data = bytes(int(number[1:], 16) if number[0] == "x" else int(number, 8) for number in numbers)
            return data.decode("utf-8", "replace")
        if code in _ANSI:
            return _ANSI[code]
        if code[0] in "xuU" and len(code) > 1:
            number = int(code[1:], 16)
            return chr(number) if number < 0xD800 or 0xDFFF < number <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
        if code[0].isdigit() and code.isascii():
            return chr(int(code, 8) & 0o377) if code[0] in "01234567" else match[0]
        return match[0]

    return _ESCAPE.sub(one, text)


def quoted(text: str) -> str:
    """A word as ``set -x`` shows it."""
    if text and all(character.isalnum() or character in "_@%+=:,./-{}^~" for character in text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def echo_text(words: Sequence[str], *, options: str = "neE", always_escapes: bool = False) -> str:
    """What ``echo`` prints.

    :param options: the letters that are options; dash has only ``n``.
    :param always_escapes: whether backslashes are read without ``-e``, as dash does.
    """
    rest = list(words)
    newline, escapes = True, always_escapes
    while rest and re.fullmatch(f"-[{options}]+", rest[0]):
        for letter in rest.pop(0)[1:]:
            newline = newline and letter != "n"
            escapes = (escapes or letter == "e") and letter != "E"
    text = " ".join(rest)
    if escapes:
        text, stop, _ = text.partition("\\c")
        text = ansi_unescape(text)
        newline = newline and not stop
    return text + ("\n" if newline else "")


_FORMAT = re.compile(
    r"%(?:%|([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?([diouxXeEfgGcsbq]))"
    rf"|({HIGH_BYTES}|\\(?:x[0-9a-fA-F]{{1,2}}|[0-7]{{1,3}}|u[0-9a-fA-F]{{1,4}}|U[0-9a-fA-F]{{1,8}}|.))",
    re.S,
)


def printf_text(template: str, arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Fill a format, again and again until the arguments are used.

    :returns: the text, and complaints about numbers that are none.
    """
    out: list[str] = []
    problems: list[str] = []
    left = list(arguments)
    made = counted = 0
    while True:
        before = len(left)
        stopped = _once(template, left, out, problems)
        made += sum(map(len, out[counted:]))
        counted = len(out)
        require(made)
        if stopped or not left or len(left) == before:
            return "".join(out), problems


def _once(template: str, left: list[str], out: list[str], problems: list[str]) -> bool:
    position = 0
    for match in _FORMAT.finditer(template):
        out.append(template[position : match.start()])
        position = match.end()
        if match[5] is not None:
            if match[5] == "\\c":
                return True
            out.append(ansi_unescape(match[5]))
        elif match[0] == "%%":
            out.append("%")
        else:
            flags, width, precision, kind = match[1], match[2], match[3], match[4]
            if width == "*":
                width = left.pop(0) if left else "0"
            if precision == "*":
                precision = left.pop(0) if left else "0"
            for size in (width.lstrip("-"), precision or ""):
                require(int(size[:20] or 0) if size[:20].isdigit() else 0)
            out.append(_field(flags, width, precision, kind, left.pop(0) if left else None, problems))
    rest = template[position:]
    out.append(rest)
    return False


def _field(flags: str, width: str, precision: str | None, kind: str, value: str | None, problems: list[str]) -> str:
    size = width if width.lstrip("-").isdigit() else ""
    dot = f".{precision or 0}" if precision is not None else ""
    text = value if value is not None else ""
    if kind in "sbcq":
        if kind == "b":
            text = ansi_unescape(text)
        elif kind == "c":
            text = text[:1]
        elif kind == "q" and not re.fullmatch(r"[\w@%+=:,./-]+", text):
            text = "''" if not text else re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)
        return f"%{'-' if '-' in flags else ''}{size}{dot if kind != 'c' else ''}s" % text
    try:
        if kind in "diouxX":
            number = (
                ord(text[1])
                if text[:1] in ("'", '"') and len(text) > 1
                else int(text or "0", 0 if not re.fullmatch(r"[-+]?0\d+", text) else 8)
            )
            return f"%{flags}{size}{dot}{'d' if kind in 'iu' else kind}" % number
        return f"%{flags}{size}{dot}{kind}" % float(text or "0")
    except (ValueError, OverflowError):
        problems.append(f"{text}: invalid number")
        return f"%{flags}{size}{dot}{'d' if kind in 'iu' else kind}" % 0
