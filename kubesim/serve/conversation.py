"""A real client's TCP connection into the simulated network: bytes there, messages here.

Servers in the simulation answer messages, not bytes (:class:`~kubesim.network.service.Server`). So the client's bytes
are cut into HTTP requests, or taken as they come where they are none, and each answer is written as bytes again. What
takes simulated time takes as much of the real one, at the server's speed.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from kubesim.cluster import Cluster
from kubesim.network.service import HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.connecting import KERNEL_GIVES_UP
from kubesim.programs.http import Broken, head_text, header
from kubesim.serve.bodies import LARGEST
from kubesim.views.journey import Journey

T = TypeVar("T")
_HEAD = re.compile(rb"[A-Z]+ \S+ HTTP/1\.[01]\r?\n")
_LENGTH = re.compile(rb"\r?\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r?\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r?\ntransfer-encoding:[ \t]*chunked[ \t]*\r?\n", re.IGNORECASE)
_CLOSES = re.compile(rb"\r?\nconnection:[ \t]*close[ \t]*\r?\n", re.IGNORECASE)


class Pace(Protocol):
    """How a conversation gets at the cluster, and at its time."""

    cluster: Cluster

    def dated_job(self, run: Callable[[], T]) -> Awaitable[T]:
        """Do something with the cluster as it is by now, in the thread for it."""

    async def let_pass(self, seconds: float) -> None:
        """Wait until so much simulated time has passed."""


class TooLargeError(ValueError):
    """A request that is larger than a server takes."""


@dataclass(slots=True)
class Requests:
    """Cuts what a client sends into requests."""

    _held: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The requests that are whole now; what is no HTTP as it comes.

        :raises TooLargeError: where one becomes too large.
        """
        self._held += data
        while self._held:
            size = self._size()
            if size is None:
                if len(self._held) > LARGEST:
                    raise TooLargeError(f"a request must have at most {LARGEST} bytes, got {len(self._held)}")
                return
            whole = bytes(self._held[:size])
            del self._held[:size]
            yield whole

    def _size(self) -> int | None:
        """How many bytes the first request has; None where it is not whole."""
        held = bytes(self._held)
        line = held.partition(b"\n")
        if not line[1]:
            return None if re.match(rb"[A-Z]{1,16}( |$)", held) else len(held)
        if _HEAD.match(held) is None:
            return len(held)
        end = re.search(rb"\r?\n\r?\n", held)
        if end is None:
            return None
        head = held[: end.end()]
        length = _LENGTH.search(head)
        if _CHUNKED.search(head):
            last = re.search(rb"(?:^|\r\n)0\r\n\r\n", held[end.end() :])
            return None if last is None else end.end() + last.end()
        size = end.end() + (int(length[1]) if length else 0)
        return None if len(held) < size else size


@dataclass(frozen=True, slots=True)
class Answered:
    """What comes back.

    :param pieces: what is sent, each after so many simulated seconds.
    :param ends: whether the server closes the connection then.
    :param resets: whether it does so at once, by a RST.
    """

    pieces: tuple[tuple[float, bytes], ...] = ()
    ends: bool = False
    resets: bool = False


def answered(request: bytes, answer: Any) -> Answered:
    """An answer as bytes on the wire."""
    broken = isinstance(answer, Broken)
    response = answer.response if broken else answer
    if isinstance(answer, Broken) and answer.stalls:
        return Answered()
    if not isinstance(response, HttpResponse):
        text = response.encode("utf-8", "surrogateescape") if isinstance(response, str) else b""
        return Answered(((0.0, text),) if text else (), broken, broken and answer.reset)
    body = b"" if request.startswith(b"HEAD ") else response.body.encode("utf-8", "surrogateescape")
    pieces = [(response.seconds, head_text(response).encode("utf-8", "surrogateescape"))]
    size, every = response.pace
    if response.chunks and body:
        position = 0
        for length in response.chunks:
            pieces.append((0.0, b"%x\r\n%s\r\n" % (length, body[position : position + length])))
            position += length
        pieces.append((0.0, b"0\r\n\r\n"))
    elif size:
        pieces += [(every if start else 0.0, body[start : start + size]) for start in range(0, len(body), size)]
    elif body:
        pieces.append((0.0, body))
    head = request.partition(b"\r\n\r\n")[0] + b"\r\n"
    closes = (header(response.headers, "Connection") or "").lower() == "close"
    old = b" HTTP/1.0\r\n" in head and b"keep-alive" not in head.lower()
    return Answered(tuple(pieces), broken or closes or old or bool(_CLOSES.search(head)), broken and answer.reset)


class Conversation:
    """One connection, from the first packet until somebody closes it.

    :param heard: is told of the way that it took, when it is opened and after each answer.
    """

    def __init__(self, pace: Pace, source: str, heard: Callable[[Journey], object] = lambda journey: None) -> None:
        self._pace = pace
        self._source = source
        self._heard = heard
        self._requests = Requests()
        self._number: int | None = None

    async def open(self, host: str, port: int) -> str:
        """Connect.

        :returns: why it failed, in the words of ``connect(2)`` or ``getaddrinfo(3)``; empty where it did not.
        """
        try:
            self._number, journey = await self._pace.dated_job(partial(self._dialled, host, port))
        except (LookupError, ValueError) as error:
            return str(error.args[0])
        if journey.trace is None:
            self._heard(journey)
            return str(journey.resolution.error if journey.resolution is not None else "Name or service not known")
        if journey.trace.outcome is Outcome.DELIVERED:
            return ""
        self._heard(journey)
        await self._pace.let_pass(min(journey.trace.seconds, KERNEL_GIVES_UP))
        if journey.trace.outcome in (Outcome.REFUSED, Outcome.REJECTED):
            return "Connection refused"
        return "No route to host" if math.isfinite(journey.trace.seconds) else "Connection timed out"

    async def say(self, data: bytes, send: Callable[[bytes], object]) -> bool:
        """Pass on what the client says, and what is answered; whether the connection goes on.

        :raises TooLargeError: for a request that is too large.
        """
        number = self._number
        if number is None:
            return False
        for request in self._requests.feed(data):
            if request.startswith(b"\x16\x03"):  # TLS: here, a server shows its certificate to simulated clients only
                return False
            text = request.decode("utf-8", "surrogateescape")
            journey = await self._pace.dated_job(partial(self._said, number, text))
            self._heard(journey)
            found = answered(request, journey.response)
            for seconds, piece in found.pieces:
                await self._pace.let_pass(seconds)
                send(piece)
            if found.ends:
                return False
        return True

    async def close(self) -> None:
        """Hang up."""
        number, self._number = self._number, None
        if number is not None:
            hanging_up = self._pace.dated_job(partial(self._pace.cluster.hang_up, number))
            await asyncio.shield(asyncio.ensure_future(hanging_up))

    def _dialled(self, host: str, port: int) -> tuple[int, Journey]:
        number = self._pace.cluster.dial(self._source, host, port)
        return number, self._pace.cluster.call(number).journey

    def _said(self, number: int, text: str) -> Journey:
        self._pace.cluster.say(number, text)
        return self._pace.cluster.call(number).journey
