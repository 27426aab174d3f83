"""Small calculations: seq, expr, base64, checksums, od, mktemp; ``echo``, ``printf`` and ``test`` as programs."""

from __future__ import annotations

import base64 as encoding
import hashlib
import re

from kubesim.userland.bounds import LIMIT
from kubesim.userland.files_text import Complaint, finished, guarded, inputs, is_busybox, joined, split_options
from kubesim.userland.filesystem import FileError
from kubesim.userland.machine import Invocation
from kubesim.userland.printing import echo_text, printf_text
from kubesim.userland.process import Completed
from kubesim.userland.shell.conditions import Facts, TestError, holds


@guarded
def seq(invocation: Invocation) -> Completed:
    """Numbers in a row."""
    words = list(invocation.argv[1:])
    separator, width = "\n", False
    while words and (words[0] in ("-w", "-s") or words[0].startswith("-s")):
        word = words.pop(0)
        if word == "-w":
            width = True
        else:
            separator = word[2:] or (words.pop(0) if words else "\n")
    if not words:
        raise Complaint("seq: missing operand\nTry 'seq --help' for more information.\n")
    numbers = []
    for word in words[:3]:
        if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", word):
            raise Complaint(f"seq: invalid floating point argument: ‘{word}’\nTry 'seq --help' for more information.\n")
        numbers.append(float(word))
    first, step, last = (
        (1.0, 1.0, numbers[0]) if len(numbers) == 1 else (numbers[0], 1.0, numbers[1]) if len(numbers) == 2 else numbers
    )
    if step == 0:
        raise Complaint(f"seq: invalid Zero increment value: ‘{words[1]}’\nTry 'seq --help' for more information.\n")
    digits = max((len(word.partition(".")[2]) for word in words), default=0)
    count = int((last - first) / step + 1e-9) + 1
    items = []
    made = 0
    for start in range(0, max(0, count), 10_000):
        numbers_here = range(start, min(count, start + 10_000))
        chunk = [f"{first + step * number:.{digits}f}" for number in numbers_here]
        items += chunk
        made += sum(map(len, chunk)) + len(separator) * len(chunk)
        if made > LIMIT:  # whoever takes it all is interrupted
            break
    if width and items:
        size = max(map(len, items))
        items = [item.zfill(size) for item in items]
    return Completed(separator.join(items) + "\n" if items else "")


def expr(invocation: Invocation) -> Completed:
    """Evaluate an expression of words."""
    words = list(invocation.argv[1:])
    if not words:
        return Completed("", "expr: missing operand\nTry 'expr --help' for more information.\n", 2)
    try:
        value = _Expression(words).evaluate()
    except Complaint as complaint:
        return Completed("", complaint.text, complaint.status)
    return Completed(f"{value}\n", "", int(value in ("", "0")))


class _Expression:
    _LEVELS = (("|",), ("&",), ("<", "<=", "=", "==", "!=", ">=", ">"), ("+", "-"), ("*", "/", "%"), (":",))

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def evaluate(self) -> str:
        value = self._level(0)
        if self.words:
            raise Complaint(f"expr: syntax error: unexpected argument ‘{self.words[0]}’\n", 2)
        return value

    def _level(self, level: int) -> str:
        if level == len(self._LEVELS):
            return self._primary()
        left = self._level(level + 1)
        while self.words and self.words[0] in self._LEVELS[level]:
            left = self._apply(left, self.words.pop(0), self._level(level + 1))
        return left

    def _primary(self) -> str:
        if not self.words:
            raise Complaint("expr: syntax error: missing argument after ‘expr’\n", 2)
        word = self.words.pop(0)
        if word == "(":
            value = self._level(0)
            if self.words[:1] != [")"]:
                raise Complaint("expr: syntax error: expecting ')'\n", 2)
            self.words.pop(0)
            return value
        if word == "length" and self.words:
            return str(len(self._primary()))
        if word == "substr" and len(self.words) >= 3:
            text, start, size = self._primary(), int(self._primary()), int(self._primary())
            return text[start - 1 : start - 1 + size]
        return word

    def _apply(self, left: str, operator: str, right: str) -> str:
        if operator == "|":
            return left if left not in ("", "0") else right
        if operator == "&":
            return left if left not in ("", "0") and right not in ("", "0") else "0"
        if operator == ":":
            match = re.match(right.replace("\\(", "(").replace("\\)", ")"), left)
            if match and match.re.groups:
                return match[1] or ""
            return str(len(match[0]) if match else 0) if "\\(" not in right else (match[1] if match else "")
        numeric = re.fullmatch(r"-?\d+", left) and re.fullmatch(r"-?\d+", right)
        if operator in self._LEVELS[2]:
            a, b = (int(left), int(right)) if numeric else (left, right)
            table = {"<": a < b, "<=": a <= b, "=": a == b, "==": a == b, "!=": a != b, ">=": a >= b, ">": a > b}  # type: ignore[operator]
            return str(int(table[operator]))
        if not numeric:
            raise Complaint("expr: non-integer argument\n", 2)
        x, y = int(left), int(right)
        if operator in "/%" and y == 0:
            raise Complaint("expr: division by zero\n", 2)
        if operator == "/":
            return str(int(x / y))
        return str({"+": x + y, "-": x - y, "*": x * y}.get(operator, x - y * int(x / y) if y else 0))


@guarded
def base64(invocation: Invocation) -> Completed:
    """Encode and decode."""
    options, names = split_options(invocation, "di", "w", {"decode": "d", "wrap": "w"})
    problems: list[str] = []
    text = "".join(content for _, content in inputs(invocation, names[:1], problems))
    if problems:
        return finished("", problems)
    if "d" in options:
        try:
            return Completed(encoding.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace"))
        except ValueError:
            return Completed("", "base64: invalid input\n", 1)
    encoded = encoding.b64encode(text.encode()).decode()
    width = int(options.get("w", "76") or 76)
    return Completed(encoded if not width else joined([encoded[i : i + width] for i in range(0, len(encoded), width)]))


@guarded
def checksum(invocation: Invocation) -> Completed:
    """``md5sum``, ``sha1sum``, ``sha256sum``, ``sha512sum``."""
    _, names = split_options(invocation, "bct")
    kind = invocation.argv[0].rsplit("/", 1)[-1].removesuffix("sum")
    problems: list[str] = []
    lines = [
        f"{hashlib.new(kind, text.encode('utf-8', 'surrogateescape'), usedforsecurity=False).hexdigest()}  {name}"
        for name, text in inputs(invocation, names, problems)
    ]
    return finished(joined(lines), problems)


@guarded
def od(invocation: Invocation) -> Completed:
    """Bytes as characters (``-c``) or octal numbers."""
    options, names = split_options(invocation, "cbxvd", "AtNj")
    problems: list[str] = []
    data = "".join(text for _, text in inputs(invocation, names, problems)).encode("utf-8", "surrogateescape")
    special = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
    characters = "c" in options or options.get("t") == "c"
    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        if characters:
            cells = [special.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}") for byte in row]
            lines.append(f"{start:07o}" + "".join(f"{cell:>4}" for cell in cells))
        else:
            padded = row + b"\0" * (len(row) % 2)
            lines.append(
                f"{start:07o}" + "".join(f" {padded[i] + (padded[i + 1] << 8):06o}" for i in range(0, len(padded), 2))
            )
    return finished(joined([*lines, f"{len(data):07o}"]), problems)


@guarded
def mktemp(invocation: Invocation) -> Completed:
    """A new file or directory with an unused name."""
    options, names = split_options(invocation, "dqu", "pt")
    template = names[0] if names else "/tmp/tmp.XXXXXXXXXX"
    chance = invocation.machine.simulation.random(f"mktemp/{invocation.machine.name}")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    if not template.endswith("XXX"):
        raise Complaint(f"mktemp: too few X's in template ‘{template}’\n")
    path = re.sub(r"X+$", lambda match: "".join(chance.choice(letters) for _ in match[0]), template)
    if not path.startswith("/"):
        path = f"{invocation.directory.rstrip('/')}/{path}"
    try:
        if "d" in options:
            invocation.machine.files.make_directory(path)
        else:
            invocation.machine.files.write(path, "")
    except FileError as error:
        what = "directory" if "d" in options else "file"
        return finished("", [f"mktemp: failed to create {what} via template ‘{template}’: {error.reason}"])
    return Completed(f"{path}\n")


def echo(invocation: Invocation) -> Completed:
    """``/bin/echo``."""
    return Completed(echo_text(invocation.argv[1:]))


def printf(invocation: Invocation) -> Completed:
    """``/usr/bin/printf``."""
    if len(invocation.argv) < 2:
        return Completed("", "printf: missing operand\nTry 'printf --help' for more information.\n", 1)
    text, problems = printf_text(invocation.argv[1], invocation.argv[2:])
    return finished(text, [f"printf: {problem}" for problem in problems])


def test(invocation: Invocation) -> Completed:
    """``/usr/bin/test`` and ``/usr/bin/[``."""
    words = list(invocation.argv[1:])
    if invocation.argv[0].endswith("["):
        if not words or words[-1] != "]":
            return Completed("", "[: missing ‘]’\n", 2)
        words = words[:-1]
    try:
        return Completed(returncode=int(not holds(words, Facts(invocation.machine.files, invocation.directory))))
    except TestError as error:
        quoted = f"invalid integer ‘{error.number}’" if error.number else error.message
        return Completed(
            "", f"test: {quoted}\n" if not is_busybox(invocation) else f"sh: {error.number}: bad number\n", 2
        )


test.__test__ = False  # type: ignore[attr-defined]


def pwd(invocation: Invocation) -> Completed:
    """The working directory."""
    return Completed(f"{invocation.directory}\n")


@guarded
def envsubst(invocation: Invocation) -> Completed:
    """Fill ``$NAME`` and ``${NAME}`` from the environment."""
    return Completed(
        re.sub(
            r"\$(?:\{(\w+)\}|(\w+))",
            lambda match: invocation.environment.get(match[1] or match[2], ""),
            invocation.stdin,
        )
    )
