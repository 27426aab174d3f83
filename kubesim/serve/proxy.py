"""A proxy on loopback into the simulated network: real programs see it as one of its machines does.

It speaks HTTP as a proxy does (RFC 9110, 7.7 and 9.3.6: a whole URL, or ``CONNECT``) and SOCKS5 (RFC 1928). Names are
looked up by the machine that it stands on. A web page cannot use it: what a page may send is no proxy's request.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import traceback
from collections.abc import Callable
from urllib.parse import urlsplit

from kubesim.programs.http import plain_response
from kubesim.serve.conversation import Conversation, Pace, Requests, TooLargeError, answered
from kubesim.views.journey import Journey

SOCKS = 5
_CONNECT, _IPV4, _NAME, _IPV6 = 1, 1, 3, 4
_REPLIES = {"": 0, "Connection refused": 5, "No route to host": 4, "Connection timed out": 4}
_NOT_SUPPORTED, _NO_SUCH_ADDRESS, _UNREACHABLE = 7, 8, 4
_PIECE = 65_536
_REQUEST = re.compile(rb"([A-Z]+) (\S+) (HTTP/1\.[01]\r?\n)")
_HOP = re.compile(rb"^(?:proxy-[a-z-]+):[^\n]*\n", re.IGNORECASE | re.MULTILINE)


class Proxy:
    """Takes connections of real programs; made, run and stopped within one event loop.

    :param source: the machine that it stands on: ``pod/client``, ``node/master``, ``laptop``.
    :param heard: is told of the way of each request.
    """

    def __init__(self, pace: Pace, source: str, heard: Callable[[Journey], object]) -> None:
        self._pace = pace
        self._source = source
        self._heard = heard
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def listen(self, listening: socket.socket) -> None:
        """Take connections from now on."""
        self._server = await asyncio.start_server(self._accept, sock=listening)

    async def stop(self) -> None:
        """Take no more, and end those that are open."""
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is accepted by a task"
        self._open.add(task)
        try:
            first = await reader.read(_PIECE)
            if first[:1] == bytes([SOCKS]):
                await self._socks(first, reader, writer)
            elif first:
                await self._http(first, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError, TooLargeError):
            pass  # the client has gone, the proxy stops, or nobody understands what was sent
        except Exception:  # a mistake of ours: the client must not hang for it
            traceback.print_exc()
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _conversation(self) -> Conversation:
        return Conversation(self._pace, self._source, self._heard)

    async def _pass_on(
        self, talk: Conversation, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry bytes to and fro until one of the ends closes."""
        data = first or await reader.read(_PIECE)
        while data and await talk.say(data, writer.write):
            await writer.drain()
            data = await reader.read(_PIECE)
        await writer.drain()

    # --- HTTP ------------------------------------------------------------------------------------------------------

    async def _http(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests, data = Requests(), first
        talk, place = self._conversation(), ("", 0)
        try:
            while data:
                for request in requests.feed(data):
                    found = _REQUEST.match(request)
                    method, target = (found[1], found[2].decode("ascii", "replace")) if found else (b"", "")
                    there = _place("//" + target if method == b"CONNECT" else target)
                    if found is None or there is None:
                        self._refuse(writer, 400, "a proxy's request must name a whole http:// URL, or CONNECT a host")
                        return
                    if there != place:
                        await talk.close()
                        talk, place = self._conversation(), there
                        problem = await talk.open(*there)
                        if problem:
                            timed_out = problem == "Connection timed out"
                            where = f"{there[0]}:{there[1]} from {self._source}"
                            self._refuse(writer, 504 if timed_out else 502, f"cannot connect to {where}: {problem}")
                            return
                    if method == b"CONNECT":
                        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                        await self._pass_on(talk, b"", reader, writer)
                        return
                    if not await talk.say(_of_origin(request, found, target), writer.write):
                        return
                await writer.drain()
                data = await reader.read(_PIECE)
        finally:
            await talk.close()

    @staticmethod
    def _refuse(writer: asyncio.StreamWriter, status: int, why: str) -> None:
        refusal = plain_response(status, f"{why}\n", "text/plain; charset=utf-8", ("Connection", "close"))
        for _, piece in answered(b"", refusal).pieces:
            writer.write(piece)

    # --- SOCKS -----------------------------------------------------------------------------------------------------

    async def _socks(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held = bytearray(first)

        async def take(size: int) -> bytes:
            if len(held) < size:
                held.extend(await reader.readexactly(size - len(held)))
            taken = bytes(held[:size])
            del held[:size]
            return taken

        methods = await take((await take(2))[1])
        writer.write(bytes([SOCKS, 0 if 0 in methods else 0xFF]))
        if 0 not in methods:
            return
        version, command, _, kind = await take(4)
        if version != SOCKS or kind not in (_IPV4, _NAME, _IPV6):
            writer.write(_reply(_NO_SUCH_ADDRESS))
            return
        size = (await take(1))[0] if kind == _NAME else {_IPV4: 4, _IPV6: 16}[kind]
        host, port = await take(size), int.from_bytes(await take(2), "big")
        if command != _CONNECT or kind == _IPV6:
            writer.write(_reply(_NOT_SUPPORTED if command != _CONNECT else _NO_SUCH_ADDRESS))
            return
        name = host.decode("ascii", "replace") if kind == _NAME else socket.inet_ntoa(host)
        talk = self._conversation()
        try:
            problem = await talk.open(name, port)
            writer.write(_reply(_REPLIES.get(problem, _UNREACHABLE)))
            if not problem:
                await self._pass_on(talk, bytes(held), reader, writer)
        finally:
            await talk.close()


def _reply(code: int) -> bytes:
    return bytes([SOCKS, code, 0, _IPV4, 0, 0, 0, 0, 0, 0])


def _place(target: str) -> tuple[str, int] | None:
    """The host and the port that a whole URL names, or the words of a CONNECT."""
    try:
        parts = urlsplit(target)
        port = parts.port if parts.port is not None else 80
    except ValueError:
        return None
    if parts.scheme not in ("http", "") or not parts.netloc or not parts.hostname or not port:
        return None
    return parts.hostname, port


def _of_origin(request: bytes, found: re.Match[bytes], target: str) -> bytes:
    """A proxy's request as the server gets it: a path instead of the URL, and nothing that is the proxy's alone."""
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head, blank, body = request[found.end() :].partition(b"\r\n\r\n")
    return b"%s %s %s" % (found[1], path.encode(), found[3]) + _HOP.sub(b"", head + b"\r\n")[:-2] + blank + body
