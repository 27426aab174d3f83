"""The listener: HTTP over TLS on loopback, with Tornado, which Jupyter brings along.

Requests are answered one after the other by one thread of their own, so that a slow one holds no connection up; each
watch waits for its own client only. Who has no token is not let in, and neither is a web page that found the port.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import math
import socket
import ssl
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from kubesim.api.errors import ApiError
from kubesim.cluster import Cluster
from kubesim.serve.bodies import LARGEST
from kubesim.serve.certificate import NAMES
from kubesim.serve.clock import FollowingClock
from kubesim.serve.commands import CLOSE, PROTOCOLS, STDIN, STDOUT, Command, carried_out
from kubesim.serve.front import Front, Outcome, Watch
from kubesim.serve.logs import Log
from kubesim.serve.messages import Answer, Request, answer, encoded, status_of
from kubesim.serve.watches import History, Noted, too_old

HOST = "127.0.0.1"
TICK_SECONDS = 0.1
"""How often the clock is looked at, and a followed log."""
_BOOKMARK_SECONDS = 2.0
"""How long before its end a watch says up to where all has been told."""
_HEADERS_BYTES = 64 * 1024
QUIET_SECONDS = 0.3
"""After how long a standard input counts as ended, where a protocol cannot say so."""
_EXEC = r"/api/v1/namespaces/[^/]+/pods/[^/]+/exec"
T = TypeVar("T")


class Listener:
    """Listens for one cluster; made, run and stopped within one event loop.

    :param token: what a client has to bring.
    """

    def __init__(self, cluster: Cluster, clock: FollowingClock, token: str, tls: ssl.SSLContext, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._jobs = ThreadPoolExecutor(1, "kubesim-serve")
        self._cluster = cluster
        self._clock = clock
        self.token = token
        listening = socket.create_server((HOST, port))
        listening.setblocking(False)
        self.port = int(listening.getsockname()[1])
        with cluster.gate.inside():
            self.history = History(cluster.store, self._wake)
        self._front = Front(cluster, self.history, f"{HOST}:{self.port}")
        application = Application(
            [(_EXEC, _ExecHandler, {"listener": self}), (r".*", _Handler, {"listener": self})],
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
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Listen no more, and end what is open."""
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

    async def changed(self, seconds: float) -> None:
        """Wait for a change, so long at most."""
        try:
            await asyncio.wait_for(self._changed.wait(), max(0.0, seconds))
        except TimeoutError:
            return

    def job(self, run: Callable[[], T]) -> Awaitable[T]:
        """Do something with the cluster, in the thread for it, when those before are done."""
        return self._loop.run_in_executor(self._jobs, run)

    async def ask(self, request: Request) -> Outcome:
        """What the cluster answers."""

        def answered() -> Outcome:
            self._clock.catch_up()
            return self._front.answer(request)

        return await self.job(answered)

    async def carry_out(self, command: Command, stdin: str, *, with_metadata: bool) -> list[bytes]:
        """Run a program in a container."""
        return await self.job(lambda: carried_out(self._cluster, command, stdin, with_metadata=with_metadata))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._clock.is_due:
                await self.job(self._clock.catch_up)


def _refusal(request: HTTPServerRequest, token: str) -> ApiError | None:
    """Why a request is not let in, if so."""
    name, _, port = request.host.rpartition(":")
    host = name if port.isdigit() else request.host
    origin = request.headers.get("Origin", "")
    if host.strip("[]") not in NAMES:
        return ApiError(403, "Forbidden", f"the Host of a request must be one of {', '.join(NAMES)}, got {host!r}")
    if origin and urlsplit(origin).netloc != request.host:
        return ApiError(403, "Forbidden", "a request must not come from another site's page")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), token.encode()):
        return ApiError(401, "Unauthorized", "Unauthorized")
    return None


def _understood(request: HTTPServerRequest) -> Request:
    query = parse_qs(request.query, keep_blank_values=True, errors="replace")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(str(request.method), unquote(request.path, errors="replace"), query, headers, request.body)


async def _outcome(listener: Listener, request: HTTPServerRequest) -> Outcome:
    """What comes of a request, whoever sent it."""
    refusal = _refusal(request, listener.token)
    if refusal is not None:
        return answer(refusal.code, status_of(refusal))
    try:
        return await listener.ask(_understood(request))
    except Exception as error:  # a mistake of ours: the client must not hang for it
        traceback.print_exc()
        internal = ApiError(500, "InternalError", f"Internal error occurred: {type(error).__name__}: {error}")
        return answer(500, status_of(internal))


async def _send(handler: RequestHandler, found: Answer) -> None:
    handler.clear_header("Server")
    handler.set_status(found.code)
    handler.set_header("Content-Type", found.content_type)
    for name, value in found.headers:
        handler.add_header(name, value)
    await handler.finish(found.body)


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
        found = await _outcome(self._listener, self.request)
        try:
            if isinstance(found, Answer):
                await _send(self, found)
            elif isinstance(found, Watch):
                await self._stream(found)
            elif isinstance(found, Log):
                await self._follow(found)
            else:
                await _send(self, _upgrade_required(self.request))
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
            await self._listener.changed(min(end, bookmark_at) - time.monotonic())
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


def _upgrade_required(request: HTTPServerRequest) -> Answer:
    """The refusal of a request that has to be one for a WebSocket."""
    words = "Upgrade request required"
    if request.headers.get("Upgrade"):
        words = f"this simulated server upgrades to a WebSocket of {' or '.join(PROTOCOLS)} only"
    return answer(400, status_of(ApiError(400, "BadRequest", words)))


class _ExecHandler(WebSocketHandler):
    """A request to run a program, which becomes a WebSocket."""

    def initialize(self, listener: Listener) -> None:
        self._listener = listener
        self._command: Command | None = None
        self._stdin = bytearray()
        self._running: asyncio.Task[None] | None = None

    async def _begin(self, *_: str) -> None:
        found = await _outcome(self._listener, self.request)
        asked = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        upgrades = self.request.method == "GET" and {each.strip() for each in asked} & set(PROTOCOLS)
        if isinstance(found, Command) and upgrades:
            self._command = found
            await super().get()
        else:
            await _send(self, found if isinstance(found, Answer) else _upgrade_required(self.request))

    get = post = _begin

    def check_origin(self, origin: str) -> bool:
        return True  # it has been checked like any other request's

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return next((each for each in PROTOCOLS if each in subprotocols), None)

    def open(self, *_: str, **__: str) -> None:
        self._write(bytes([STDOUT]))
        command = self._command
        if command is not None and (command.tty or not command.stdin):
            self._start()

    def on_message(self, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        if self._running is not None or not data:
            return
        if data[0] == STDIN:
            self._stdin += data[1:]
            if len(self._stdin) > LARGEST:
                self.close(1009, "the standard input is too large")
            elif self.selected_subprotocol == PROTOCOLS[-1]:  # which cannot say that it has ended
                self._running = asyncio.create_task(self._run(QUIET_SECONDS))
        elif data[0] == CLOSE and data[1:] == bytes([STDIN]):
            self._start()

    def _start(self) -> None:
        self._running = asyncio.create_task(self._run(0.0))

    async def _run(self, quiet: float) -> None:
        command, listener = self._command, self._listener
        if command is None:
            return
        await asyncio.sleep(quiet)
        stdin = self._stdin.decode("utf-8", "surrogateescape")
        messages = await listener.carry_out(command, stdin, with_metadata=self.selected_subprotocol == PROTOCOLS[0])
        for message in messages:
            self._write(message)
        self.close(1000)

    def _write(self, message: bytes) -> None:
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(message, binary=True)
