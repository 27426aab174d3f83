"""Bytes written in other ways: ``base64``, checksums, ``od``."""

from __future__ import annotations

import base64 as encoding
import hashlib

from kubesim.userland.command_line import Run, program
from kubesim.userland.process import Completed


@program("di", "w", "decode=d wrap=w")
def base64(run: Run) -> Completed:
    """Encode and decode."""
    text = run.text(run.operands[:1])
    if run.problems:
        return run.finished()
    if run.on("d"):
        try:
            return Completed(encoding.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace"))
        except ValueError:
            return Completed("", "base64: invalid input\n", 1)
    encoded = encoding.b64encode(text.encode()).decode()
    width = run.number("w", 76, "invalid wrap size: ‘{}’")
    return run.finished([encoded[i : i + width] for i in range(0, len(encoded), width)] if width else encoded)


@program("bct")
def checksum(run: Run) -> Completed:
    """``md5sum``, ``sha1sum``, ``sha256sum``, ``sha512sum``."""
    kind = run.name.removesuffix("sum")
    return run.finished(
        f"{hashlib.new(kind, text.encode('utf-8', 'surrogateescape'), usedforsecurity=False).hexdigest()}  {name}"
        for name, text in run.inputs()
    )


_NAMED_BYTES = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
_WIDTHS = {("o", 1): 3, ("o", 2): 6, ("o", 4): 11, ("x", 1): 2, ("x", 2): 4, ("x", 4): 8, ("d", 1): 4,
           ("d", 2): 6, ("d", 4): 11, ("u", 1): 3, ("u", 2): 5, ("u", 4): 10}  # fmt: skip


@program("cbxvdo", "AtNjw", "address-radix=A format=t read-bytes=N skip-bytes=j output-duplicates=v")
def od(run: Run) -> Completed:
    """Bytes as characters (``-c``), or as octal, decimal or hexadecimal numbers (``-t``)."""
    data = run.text().encode("utf-8", "surrogateescape")
    if run.problems:
        return run.finished()
    skipped = run.number("j", 0, "invalid -j argument ‘{}’")
    data = data[skipped:][: run.number("N", 2**40, "invalid -N argument ‘{}’")]
    form = run.options.get("t") or ("c" if run.on("c") else "o1" if run.on("b") else "x2" if run.on("x") else "o2")
    kind, size = form[:1], int(form[1:2]) if form[1:2].isdigit() else 4 if len(form) == 1 and form not in "ca" else 1
    if kind not in "acoxdu" or (kind not in "ac" and (kind, size) not in _WIDTHS):
        raise run.misuse(f"invalid type string ‘{form}’")
    radix = run.options.get("A", "o")[:1]
    if radix not in "doxn":
        raise run.misuse(f"invalid output address radix ‘{radix}’; it must be one character from [doxn]")

    def address(place: int) -> str:
        return "" if radix == "n" else f"{place + skipped:0{6 if radix == 'x' else 7}{radix}}"

    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        lines.append(
            address(start) + "".join(_cell(row[at : at + size], kind, size) for at in range(0, len(row), size))
        )
    end = address(len(data))
    return run.finished([*lines, end] if end else lines)


def _cell(piece: bytes, kind: str, size: int) -> str:
    if kind in "ac":
        byte = piece[0]
        return f"{_NAMED_BYTES.get(byte) or (chr(byte) if 32 <= byte < 127 else f'{byte:03o}'):>4}"
    number = int.from_bytes(piece.ljust(size, b"\0"), "little", signed=kind == "d")
    width = _WIDTHS[kind, size]
    return f" {number:0{width}{kind}}" if kind in "ox" else f" {number:{width}d}"
