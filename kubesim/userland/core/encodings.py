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


@program("cbxvd", "AtNj")
def od(run: Run) -> Completed:
    """Bytes as characters (``-c``) or octal numbers."""
    data = run.text().encode("utf-8", "surrogateescape")
    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        if run.on("c") or run.options.get("t") == "c":
            cells = [_NAMED_BYTES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}") for byte in row]
            shown = "".join(f"{cell:>4}" for cell in cells)
        else:
            padded = row + b"\0" * (len(row) % 2)
            shown = "".join(f" {padded[i] + (padded[i + 1] << 8):06o}" for i in range(0, len(padded), 2))
        lines.append(f"{start:07o}{shown}")
    return run.finished([*lines, f"{len(data):07o}"])
