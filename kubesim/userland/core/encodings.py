"""Bytes written in other ways: ``base64``, checksums, ``od``."""

from __future__ import annotations

import base64 as encoding
import hashlib

from kubesim.userland.command_line import finished, guarded, inputs, joined, split_options
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def base64(invocation: Invocation) -> Completed:
    """Encode and decode."""
    options, names = split_options(invocation, "di", "w", "decode=d wrap=w")
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
