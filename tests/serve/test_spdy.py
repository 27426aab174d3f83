"""SPDY frames; layouts and the dictionary's checksum are the protocol's (SPDY draft 3.1, 2.2, 2.6, 2.6.10.1)."""

from __future__ import annotations

import struct
import zlib

import pytest

from kubesim.serve import spdy

HEADERS = {"streamtype": "data", "port": "80", "requestid": "0"}


def frames(*pieces: bytes) -> list[spdy.Frame]:
    reader = spdy.Reader()
    return [frame for piece in pieces for frame in reader.feed(piece)]


def test_the_dictionary_is_the_protocol_s() -> None:
    first = spdy.Writer().syn_stream(1, HEADERS)
    assert first[18:20] in (b"\x78\xbb", b"\x78\xf9")  # zlib, with a dictionary
    assert first[20:24] == b"\xe3\xc6\xa7\xc2"  # of which this is the Adler-32


def test_frames_are_read_however_they_are_cut() -> None:
    writer = spdy.Writer()
    sent = (
        writer.syn_stream(1, {"streamtype": "error", "port": "80", "requestid": "0"})
        + writer.syn_stream(3, HEADERS)
        + spdy.data(3, b"GET / HTTP/1.1\r\n\r\n")
        + spdy.data(1, b"", fin=True)
        + spdy.pong(7)
        + struct.pack(">HHIII", 0x8003, 4, 8, 0, 0)  # settings, which say nothing here
        + spdy.reset(3)
        + struct.pack(">HHIII", 0x8003, 7, 8, 0, 0)
    )
    read = frames(*(sent[place : place + 1] for place in range(len(sent))))
    assert [(each.type, each.stream, each.fin) for each in read] == [
        (spdy.SYN_STREAM, 1, False),
        (spdy.SYN_STREAM, 3, False),
        (0, 3, False),
        (0, 1, True),
        (spdy.PING, 7, False),
        (spdy.RST_STREAM, 3, False),
        (spdy.GOAWAY, 0, False),
    ]
    assert (read[1].headers, read[2].data) == (HEADERS, b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b"\x80\x02\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01", "the version must be 3, got 2"),
        (b"\x80\x03\x00\x03\x00\x00\x00\x04\x00\x00\x00\x01", "a frame of type 3 must have at least 8 bytes, got 4"),
        (b"\x00\x00\x00\x01\x00\xff\xff\xff", "a frame must have at most 1048576 bytes, got 16777215"),
        (struct.pack(">HHIIIH", 0x8003, 1, 14, 1, 0, 0) + b"text", "headers must be compressed"),
    ],
)
def test_what_is_no_frame(sent: bytes, problem: str) -> None:
    with pytest.raises(spdy.SpdyError, match=problem):
        frames(sent)


def test_headers_that_grow_without_end() -> None:
    pack = zlib.compressobj(zdict=spdy._dictionary())
    block = pack.compress(bytes(8 * spdy.LARGEST_HEADERS)) + pack.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(spdy.SpdyError, match="at most 65536 bytes"):
        frames(struct.pack(">HHIIIH", 0x8003, 1, 10 + len(block), 1, 0, 0) + block)
