"""Bytes into requests and answers into bytes, as HTTP/1.1 has them (RFC 9112)."""

from __future__ import annotations

import pytest

from kubesim.network.service import HttpResponse
from kubesim.programs.http import Broken, plain_response
from kubesim.serve.bodies import LARGEST
from kubesim.serve.conversation import Answered, Requests, TooLargeError, answered

GET = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
CHUNKS = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "whole"),
    [
        (GET, [GET]),
        (GET + POST + GET, [GET, POST, GET]),
        (CHUNKS + GET, [CHUNKS, GET]),
        (POST[:-1], []),
        (b"GET / HTTP/1.1\r\nHost: w", []),
        (b"GET / HTTP/1.1\n\n", [b"GET / HTTP/1.1\n\n"]),
        (b"PING\r\n", [b"PING\r\n"]),
        (b"\x16\x03\x01\x02", [b"\x16\x03\x01\x02"]),
    ],
)
def test_requests(sent: bytes, whole: list[bytes]) -> None:
    assert list(Requests().feed(sent)) == whole
    requests = Requests()
    bit_by_bit = [each for place in range(len(sent)) for each in requests.feed(sent[place : place + 1])]
    if sent[:1].isalpha() and b"HTTP" in sent:
        assert bit_by_bit == whole


def test_a_request_that_is_too_large() -> None:
    with pytest.raises(TooLargeError):
        list(Requests().feed(b"GET /" + b"x" * LARGEST))


OK = plain_response(200, "hello")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "answer", "bytes_", "ends", "resets"),
    [
        (GET, OK, HEAD + b"hello", False, False),
        (GET.replace(b"GET", b"HEAD"), OK, HEAD, False, False),
        (GET.replace(b"/1.1", b"/1.0"), OK, HEAD + b"hello", True, False),
        (GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), OK, HEAD + b"hello", True, False),
        (GET, plain_response(200, "hello", "text/plain; charset=utf-8", ("Connection", "close")),
         HEAD[:-2] + b"Connection: close\r\n\r\nhello", True, False),
        (GET, Broken(response=OK), HEAD + b"hello", True, False),
        (GET, Broken(reset=True), b"", True, True),
        (GET, Broken(stalls=True), b"", False, False),
        (GET, None, b"", False, False),
        (b"PING\r\n", "+PONG\r\n", b"+PONG\r\n", False, False),
        (GET, HttpResponse(200, "OK", (("Transfer-Encoding", "chunked"),), "abcde", chunks=(2, 3)),
         b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", False, False),
    ],
)  # fmt: skip
def test_answers(request_: bytes, answer: object, bytes_: bytes, ends: bool, resets: bool) -> None:
    found = answered(request_, answer)
    assert b"".join(piece for _, piece in found.pieces) == bytes_
    assert (found.ends, found.resets) == (ends, resets)


def test_a_server_takes_its_time() -> None:
    slow = HttpResponse(200, "OK", (), "abcde", seconds=2.0, pace=(3, 0.5))
    assert answered(GET, slow) == Answered(((2.0, b"HTTP/1.1 200 OK\r\n\r\n"), (0.0, b"abc"), (0.5, b"de")))
