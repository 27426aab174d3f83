"""SPDY/3.1, as far as port-forwarding needs it: frames read and written.

Control frames have names and values compressed by zlib, with a dictionary that the protocol fixes
(``spdy_dictionary.txt``: words with their lengths, then a text). Upstream: the SPDY draft 3.1, ``moby/spdystream``.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

VERSION = 3
SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
FIN = 1
LARGEST_FRAME = 1 << 20
"""Bytes that a frame may have; clients send a fiftieth of that at once."""
LARGEST_HEADERS = 1 << 16
CANCEL = 5


class SpdyError(ValueError):
    """Bytes that are no such frame; says why."""


class Frame(NamedTuple):
    """A frame.

    :param type: 0 for data, else the number of the control frame's type.
    :param stream: of which stream it is; a ping's number.
    :param data: of a data frame.
    """

    type: int
    stream: int
    fin: bool = False
    headers: dict[str, str] = {}  # noqa: RUF012  nobody changes it
    data: bytes = b""


@functools.cache
def _dictionary() -> bytes:
    text = Path(__file__).with_name("spdy_dictionary.txt").read_text(encoding="ascii")
    words, _, rest = text.removesuffix("\n").partition("\n\n")
    return b"".join(struct.pack(">I", len(word)) + word.encode() for word in words.split("\n")) + rest.encode()


@dataclass(slots=True)
class Reader:
    """Takes bytes as they come and gives whole frames."""

    _held: bytearray = field(default_factory=bytearray)
    _unpack: zlib._Decompress = field(default_factory=lambda: zlib.decompressobj(zdict=_dictionary()))

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now; those of types that say nothing here are left out.

        :raises SpdyError: where the bytes are no frame.
        """
        self._held += data
        while len(self._held) >= 8:
            first, second = struct.unpack_from(">II", self._held)
            length = second & 0xFFFFFF
            if length > LARGEST_FRAME:
                raise SpdyError(f"a frame must have at most {LARGEST_FRAME} bytes, got {length}")
            if len(self._held) < 8 + length:
                return
            body = bytes(self._held[8 : 8 + length])
            del self._held[: 8 + length]
            flags = second >> 24
            if not first & 0x80000000:
                yield Frame(0, first, bool(flags & FIN), data=body)
                continue
            frame = self._control(first, flags, body)
            if frame is not None:
                yield frame

    def _control(self, first: int, flags: int, body: bytes) -> Frame | None:
        version, kind = (first >> 16) & 0x7FFF, first & 0xFFFF
        if version != VERSION:
            raise SpdyError(f"the version must be {VERSION}, got {version}")
        sizes = {SYN_STREAM: 10, SYN_REPLY: 4, RST_STREAM: 8, PING: 4, GOAWAY: 8}
        if kind not in sizes:
            return None
        if len(body) < sizes[kind]:
            raise SpdyError(f"a frame of type {kind} must have at least {sizes[kind]} bytes, got {len(body)}")
        (stream,) = struct.unpack_from(">I", body)
        headers = self._headers(body[sizes[kind] :]) if kind in (SYN_STREAM, SYN_REPLY) else {}
        return Frame(kind, stream if kind == PING else stream & 0x7FFFFFFF, bool(flags & FIN), headers)

    def _headers(self, packed: bytes) -> dict[str, str]:
        try:
            plain = self._unpack.decompress(packed, LARGEST_HEADERS)
        except zlib.error as error:
            raise SpdyError(f"headers must be compressed: {error}") from None
        if self._unpack.unconsumed_tail:
            raise SpdyError(f"headers must have at most {LARGEST_HEADERS} bytes")
        words = _words(plain)
        return {name.lower(): value for name, value in zip(words[::2], words[1::2], strict=False)}


def _words(plain: bytes) -> list[str]:
    """The names and values of a block of headers, in turn."""
    if len(plain) < 4:
        raise SpdyError("headers must begin with their number")
    (pairs,) = struct.unpack_from(">I", plain)
    position, words = 4, list[str]()
    for _ in range(min(2 * pairs, LARGEST_HEADERS)):
        if position + 4 > len(plain):
            raise SpdyError("headers must have as many words as they say")
        (length,) = struct.unpack_from(">I", plain, position)
        if position + 4 + length > len(plain):
            raise SpdyError("a word must be as long as it says")
        words.append(plain[position + 4 : position + 4 + length].decode("utf-8", "replace"))
        position += 4 + length
    return words


@dataclass(slots=True)
class Writer:
    """Makes the bytes of frames; replies depend on those before."""

    _pack: zlib._Compress = field(default_factory=lambda: zlib.compressobj(zdict=_dictionary()))

    def syn_stream(self, stream: int, headers: dict[str, str]) -> bytes:
        """A stream begins."""
        return _control(SYN_STREAM, struct.pack(">IIH", stream, 0, 0) + self._headers(headers))

    def syn_reply(self, stream: int) -> bytes:
        """A stream is taken."""
        return _control(SYN_REPLY, struct.pack(">I", stream) + self._headers({}))

    def _headers(self, headers: dict[str, str]) -> bytes:
        words = [word.encode() for pair in headers.items() for word in pair]
        block = struct.pack(">I", len(headers)) + b"".join(struct.pack(">I", len(word)) + word for word in words)
        return self._pack.compress(block) + self._pack.flush(zlib.Z_SYNC_FLUSH)


def data(stream: int, content: bytes, *, fin: bool = False) -> bytes:
    """Some data of a stream, and whether that was all."""
    return struct.pack(">II", stream, (FIN << 24 if fin else 0) | len(content)) + content


def reset(stream: int, status: int = CANCEL) -> bytes:
    """A stream is given up."""
    return _control(RST_STREAM, struct.pack(">II", stream, status))


def pong(number: int) -> bytes:
    """The answer to a ping."""
    return _control(PING, struct.pack(">I", number))


def _control(kind: int, body: bytes) -> bytes:
    return struct.pack(">HHI", 0x8000 | VERSION, kind, len(body)) + body
