"""The subresource ``portforward``: connections to a Pod's ports from inside it, over a WebSocket.

kubectl speaks SPDY inside the WebSocket: for each connection a stream for errors and one for data. Client libraries
name the ports in the request and get two channels for each, whose first message is the port's number. Upstream:
``k8s.io/kubelet/pkg/cri/streaming/portforward``.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import traceback
from typing import NamedTuple

from tornado.websocket import WebSocketClosedError

from kubesim.serve import spdy
from kubesim.serve.conversation import Conversation, TooLargeError
from kubesim.serve.front import Forwarding
from kubesim.serve.handling import Backend, UpgradingHandler

TUNNEL, CHANNELS = "SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io"
PROTOCOLS = (TUNNEL, CHANNELS)


class _Streams(NamedTuple):
    """What carries one connection: where its bytes go, where its errors."""

    data: int
    error: int


class ForwardHandler(UpgradingHandler):
    """A request to forward ports, which becomes a WebSocket."""

    protocols = PROTOCOLS

    def initialize(self, listener: Backend) -> None:
        """Of which listener it is."""
        super().initialize(listener)
        self._asked: Forwarding | None = None
        self._arriving: dict[int, asyncio.Queue[bytes | None]] = {}
        self._errors: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reader, self._writer = spdy.Reader(), spdy.Writer()

    def takes(self, found: object) -> bool:
        """Whether it is such a request; it is kept then."""
        if isinstance(found, Forwarding):
            self._asked = found
        return isinstance(found, Forwarding)

    def open(self, *_: str, **__: str) -> None:
        """The WebSocket is there; with channels, each port's begin at once."""
        if self.selected_subprotocol != CHANNELS or self._asked is None:
            return
        if not self._asked.ports:
            self.close(1002, "the ports must be named in the request")
        for number, port in enumerate(self._asked.ports):
            for channel in (2 * number, 2 * number + 1):
                self._write(bytes([channel]) + struct.pack("<H", port))
            self._start(port, _Streams(2 * number, 2 * number + 1))

    def on_message(self, message: str | bytes) -> None:
        """The client has sent something."""
        data = message.encode() if isinstance(message, str) else message
        if self.selected_subprotocol == CHANNELS:
            queue = self._arriving.get(data[0]) if data else None
            if queue is not None:
                queue.put_nowait(data[1:])
            return
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except spdy.SpdyError as error:
            self.close(1002, str(error)[:100])

    def on_close(self) -> None:
        """The client has gone."""
        for task in self._tasks:
            task.cancel()

    # --- SPDY ------------------------------------------------------------------------------------------------------

    def _take(self, frame: spdy.Frame) -> None:
        if frame.type == spdy.PING:
            self._write(spdy.pong(frame.stream))
        elif frame.type == spdy.SYN_STREAM:
            self._open_stream(frame)
        elif frame.type in (0, spdy.RST_STREAM) and frame.stream in self._arriving:
            queue = self._arriving[frame.stream]
            if frame.data:
                queue.put_nowait(frame.data)
            if frame.fin or frame.type == spdy.RST_STREAM:
                queue.put_nowait(None)
        elif frame.type == spdy.GOAWAY:
            self.close(1000)

    def _open_stream(self, frame: spdy.Frame) -> None:
        """The stream for a connection's errors comes first, then the one for its data."""
        kind, request, port = (frame.headers.get(name, "") for name in ("streamtype", "requestid", "port"))
        number = int(port) if port.isdecimal() and len(port) < 6 else 0
        error = self._errors.pop(request, None) if kind == "data" else None
        if not 0 < number < 65536 or frame.stream in self._arriving or (kind != "error" and error is None):
            self._write(spdy.reset(frame.stream, 1))
            return
        self._write(self._writer.syn_reply(frame.stream))
        if error is None:
            self._errors[request] = frame.stream
        else:
            self._start(number, _Streams(frame.stream, error))

    # --- connections -----------------------------------------------------------------------------------------------

    def _start(self, port: int, streams: _Streams) -> None:
        self._arriving[streams.data] = asyncio.Queue()
        task = asyncio.create_task(self._converse(port, streams))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, port: int, streams: _Streams) -> None:
        """Carry one connection until one of the ends closes it."""
        if self._asked is None:
            return
        conversation, arriving = Conversation(self._listener, self._asked.source), self._arriving[streams.data]
        try:
            problem = await conversation.open("127.0.0.1", port)
            if problem:
                self._fail(port, streams)
                return
            goes_on = True
            while goes_on and (data := await arriving.get()) is not None:
                goes_on = await conversation.say(data, lambda piece: self._send(streams.data, piece))
            self._end(streams)
        except TooLargeError:
            self._end(streams)
        except Exception:  # a mistake of ours: the client must not hang for it
            traceback.print_exc()
            self._end(streams)
        finally:
            self._arriving.pop(streams.data, None)
            await conversation.close()

    def _fail(self, port: int, streams: _Streams) -> None:
        """Say that nothing listens there."""
        asked = self._asked
        if asked is None:
            return
        why = (
            f"error forwarding port {port} to pod {asked.pod}, uid : failed to connect to localhost:{port} inside "
            f'namespace "{asked.sandbox}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial '
            "tcp6: address localhost: no suitable address found "
        )
        if self.selected_subprotocol == CHANNELS:
            self._send(streams.error, why.encode())
            self._end(streams)
            return
        self._write(spdy.data(streams.data, b"", fin=True))
        self._write(spdy.data(streams.error, why.encode()))
        self._write(spdy.reset(streams.error))

    def _send(self, stream: int, content: bytes) -> None:
        channels = self.selected_subprotocol == CHANNELS
        self._write(bytes([stream]) + content if channels else spdy.data(stream, content))

    def _end(self, streams: _Streams) -> None:
        if self.selected_subprotocol == CHANNELS:
            if len(self._arriving) < 2:  # it was the last
                self.close(1000)
            return
        self._write(spdy.data(streams.data, b"", fin=True))
        self._write(spdy.data(streams.error, b"", fin=True))

    def _write(self, message: bytes) -> None:
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(message, binary=True)
