"""The listener: HTTP over TLS on loopback, with Tornado, which Jupyter brings along.

Requests are answered one after the other by one thread of their own, so that a slow one holds no connection up; each
watch waits for its own client only. Who has no token is not let in, and neither is a web page that found the port.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

from kubesim.cluster import Cluster
from kubesim.serve.bodies import LARGEST
from kubesim.serve.channels import ChannelHandler
from kubesim.serve.clock import FollowingClock
from kubesim.serve.forwarding import ForwardHandler
from kubesim.serve.front import Front, Outcome, Watch
from kubesim.serve.handling import outcome, send, upgrade_required
from kubesim.serve.logs import Log
from kubesim.serve.messages import Answer, Request, encoded, status_of
from kubesim.serve.proxy import Proxy
from kubesim.serve.watches import History, Noted, too_old
from kubesim.views.journey import Journey

HOST = "127.0.0.1"
TICK_SECONDS = 0.1
"""How often the clock is looked at, and a followed log."""
_BOOKMARK_SECONDS = 2.0
"""How long before its end a watch says up to where all has been told."""
_HEADERS_BYTES = 64 * 1024
_CHANNELS = r"/api/v1/namespaces/[^/]+/pods/[^/]+/(?:exec|attach)"
_FORWARDING = r"/api/v1/namespaces/[^/]+/pods/[^/]+/portforward"
T = TypeVar("T")


class Listener:
    """Listens for one cluster; made, run and stopped within one event loop.

    :param token: what a client has to bring.
    """

    def __init__(self, cluster: Cluster, clock: FollowingClock, token: str, tls: ssl.SSLContext, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._jobs = ThreadPoolExecutor(1, "kubesim-serve")
        self.cluster = cluster
        self._clock = clock
        self.token = token
        listening = socket.create_server((HOST, port))
        listening.setblocking(False)
        self.port = int(listening.getsockname()[1])
        with cluster.gate.inside():
            self.history = History(cluster.store, self._wake)
        self._front = Front(cluster, self.history, f"{HOST}:{self.port}")
        application = Application(
            [
                (_CHANNELS, ChannelHandler, {"listener": self}),
                (_FORWARDING, ForwardHandler, {"listener": self}),
                (r".*", _Handler, {"listener": self}),
            ],
            log_function=lambda handler: None,
        )
        self._server = HTTPServer(
            application,
            ssl_options=tls,
            max_body_size=2 * LARGEST,
            max_buffer_size=4 * LARGEST,
            max_header_size=_HEADERS_BYTES,
        )
        self._server.add_socket(listening)
        self._proxy: Proxy | None = None
        self._ticking = asyncio.create_task(self._tick())

    async def forward_from(self, source: str, port: int, heard: Callable[[Journey], object]) -> int:
        """Take connections of real programs into the simulated network, too.

        :param source: the machine from which they are made.
        :param port: on loopback; 0 for any that is free.
        :param heard: is told of the way of each request.
        :returns: the port.
        """
        listening = socket.create_server((HOST, port))
        listening.setblocking(False)
        self._proxy = Proxy(self, source, heard)
        await self._proxy.listen(listening)
        return int(listening.getsockname()[1])

    async def stop(self) -> None:
        """Listen no more, and end what is open."""
        if self._proxy is not None:
            await self._proxy.stop()
        self._server.stop()
        self._ticking.cancel()
        self.history.close()
        await self._server.close_all_connections()
        self._jobs.shutdown(wait=False, cancel_futures=True)

    def _wake(self) -> None:
        """Tell the watches that something has changed; whatever thread changed it."""
        try:
            self._loop.call_soon_threadsafe(self._wake_here)
        except RuntimeError:  # the loop has ended
            return

    def _wake_here(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def bell(self) -> asyncio.Event:
        """What the next change sets; taken before one looks, it does not miss what comes while one looks."""
        return self._changed

    @staticmethod
    async def changed(bell: asyncio.Event, seconds: float) -> None:
        """Wait for a change, so long at most."""
        try:
            await asyncio.wait_for(bell.wait(), max(0.0, seconds))
        except TimeoutError:
            return

    def job(self, run: Callable[[], T]) -> Awaitable[T]:
        """Do something with the cluster, in the thread for it, when those before are done."""
        return self._loop.run_in_executor(self._jobs, run)

    def dated_job(self, run: Callable[[], T]) -> Awaitable[T]:
        """Do something with the cluster as it is by now."""

        def done() -> T:
            self._clock.catch_up()
            return run()

        return self.job(done)

    async def ask(self, request: Request) -> Outcome:
        """What the cluster answers."""
        return await self.dated_job(partial(self._front.answer, request))

    async def let_pass(self, seconds: float) -> None:
        """Wait until so much simulated time has passed; where time stands still, not at all."""
        if self._clock.speed > 0 and seconds > 0:
            await asyncio.sleep(seconds / self._clock.speed)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._clock.is_due:
                await self.job(self._clock.catch_up)


def _frames(watch: Watch, changes: list[Noted]) -> list[bytes]:
    """The events of some changes, as the client takes them."""
    return [watch.encode(event, wire) for event, wire in watch.choice.events(changes)]


class _Handler(RequestHandler):
    """Any request but those for an upgrade."""

    def initialize(self, listener: Listener) -> None:
        self._listener = listener

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    async def _serve(self, *_: str) -> None:
        found = await outcome(self._listener, self.request)
        try:
            if isinstance(found, Answer):
                await send(self, found)
            elif isinstance(found, Watch):
                await self._stream(found)
            elif isinstance(found, Log):
                await self._follow(found)
            else:
                await send(self, upgrade_required(self.request))
        except StreamClosedError:
            return

    get = post = put = patch = delete = head = options = _serve

    # --- answers -------------------------------------------------------------------------------------------------

    def _head(self, content_type: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.set_header("Content-Type", content_type)
        for name, value in headers:
            self.add_header(name, value)

    async def _stream(self, watch: Watch) -> None:
        """Send a watch's events until its time is over or the client leaves."""
        self._head("application/json", (("Cache-Control", "no-cache, private"),))
        history, place = self._listener.history, watch.place
        end = time.monotonic() + watch.seconds
        bookmark_at = end - min(_BOOKMARK_SECONDS, watch.seconds / 2) if watch.bookmark else math.inf
        await self.flush()
        for frame in watch.frames:
            self.write(frame)
            await self.flush()
        while (now := time.monotonic()) < end and not self._left():
            bell = self._listener.bell
            found = history.since(place)
            if found is None:
                expired = status_of(too_old(0, history.oldest))
                self.write(encoded({"type": "ERROR", "object": expired}) + b"\n")
                break
            place += len(found)
            for frame in await self._listener.job(partial(_frames, watch, found)):
                self.write(frame)
                await self.flush()
            if watch.bookmark is not None and now >= bookmark_at:
                bookmark_at = math.inf
                self.write(watch.bookmark(history.last))
                await self.flush()
            await self._listener.changed(bell, min(end, bookmark_at) - time.monotonic())
        await self.finish()

    async def _follow(self, log: Log) -> None:
        """Send a log, and what is added to it."""
        self._head("text/plain")
        self.write(log.text)
        await self.flush()
        over = log.more is None
        while not over and not self._left() and log.more is not None:
            text, over = await self._listener.job(log.more)
            if text:
                self.write(text)
                await self.flush()
            if not over:
                await asyncio.sleep(TICK_SECONDS)
        await self.finish()

    def _left(self) -> bool:
        connection: Any = self.request.connection
        stream = getattr(connection, "stream", None)
        return stream is None or bool(stream.closed())
