"""``exec`` and ``attach`` over a WebSocket: what the client sends goes to the program, and what it writes comes back.

A program that is no shell gets its standard input whole: when the client says that it has ended, which only v5 can, or
has been silent for a while. A shell gets it line by line, with a terminal or without.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from functools import partial

from tornado.websocket import WebSocketClosedError

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.cluster import Cluster
from kubesim.serve.bodies import LARGEST
from kubesim.serve.commands import (
    CLOSE,
    PROTOCOLS,
    STDIN,
    STDOUT,
    Command,
    carried_out,
    ending,
    exit_status,
    failure,
    problem_with,
    written,
)
from kubesim.serve.handling import Backend, UpgradingHandler
from kubesim.serve.line_discipline import LineDiscipline, Typed
from kubesim.serve.logs import Log, log_of
from kubesim.serve.messages import Request
from kubesim.serve.sessions import Said, Session, is_shell

QUIET_SECONDS = 0.3
"""After how long without a word a standard input is looked at that has not been said to have ended."""
LOOK_SECONDS = 0.1
"""How often the log of a container is looked at, at whose process a client is."""


class ChannelHandler(UpgradingHandler):
    """A request to run a program or to be at one, which becomes a WebSocket."""

    protocols = PROTOCOLS

    def initialize(self, listener: Backend) -> None:
        """Of which listener it is."""
        super().initialize(listener)
        self._command: Command | None = None
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._held = 0
        self._running: asyncio.Task[None] | None = None

    def takes(self, found: object) -> bool:
        """Whether it is such a request; it is kept then."""
        if isinstance(found, Command):
            self._command = found
        return isinstance(found, Command)

    # --- what comes ----------------------------------------------------------------------------------------------

    def open(self, *_: str, **__: str) -> None:
        """The WebSocket is there: begin."""
        self._write([bytes([STDOUT])])
        if self._command is not None:
            self._running = asyncio.create_task(self._serve(self._command))

    def on_message(self, message: str | bytes) -> None:
        """The client has sent something."""
        data = message.encode() if isinstance(message, str) else message
        if data[:1] == bytes([STDIN]):
            self._held += len(data)
            if self._held > LARGEST:
                self.close(1009, "the standard input is too large")
            else:
                self._arrived.put_nowait(data[1:])
        elif data == bytes([CLOSE, STDIN]):
            self._arrived.put_nowait(None)

    def on_close(self) -> None:
        """The client has gone."""
        if self._running is not None:
            self._running.cancel()

    # --- what is done with it --------------------------------------------------------------------------------------

    async def _serve(self, command: Command) -> None:
        """Run the program, and say how it ended."""
        try:
            status = await self._done(command)
        except Exception as error:  # a mistake of ours: the client must not hang for it
            traceback.print_exc()
            words = f"Internal error occurred: {type(error).__name__}: {error}"
            status = failure(ApiError(500, "InternalError", words))
        self._write([ending(status, self.selected_subprotocol)])
        self.close(1000)

    async def _done(self, command: Command) -> Wire:
        cluster, job = self._listener.cluster, self._listener.dated_job
        problem = await job(partial(problem_with, cluster, command))
        if problem is not None:
            return failure(problem)
        if command.tty and await job(partial(is_shell, cluster, command)):
            return await self._talk(command, b"")
        return await (self._stay(command) if command.attached else self._run(command))

    async def _run(self, command: Command) -> Wire:
        """Run a program with its whole standard input; a shell whose input does not end gets it line by line."""
        stdin = b""
        while command.stdin and not command.tty:
            try:
                arrived = await asyncio.wait_for(self._arrived.get(), QUIET_SECONDS if stdin else None)
            except TimeoutError:
                if await self._listener.dated_job(partial(is_shell, self._listener.cluster, command)):
                    return await self._talk(command, stdin)
                if self.selected_subprotocol != PROTOCOLS[0]:
                    break
                arrived = await self._arrived.get()
            if arrived is None:
                break
            stdin += arrived
        text = stdin.decode("utf-8", "surrogateescape")
        messages, status = await self._listener.dated_job(partial(carried_out, self._listener.cluster, command, text))
        self._write(messages)
        return status

    async def _talk(self, command: Command, stdin: bytes) -> Wire:
        """Let the client type into a shell until it is left."""
        job, keys = self._listener.dated_job, LineDiscipline(command.tty)
        session = await job(partial(Session, self._listener.cluster, command))
        said = session.begun
        self._show(command, said)
        data: bytes | None = stdin
        while said.status is None:
            for typed in keys.press(data) if data is not None else [Typed("line", keys.rest()), Typed("end")]:
                self._echo(typed.echo)
                if typed.key and said.status is None and (typed.text or typed.key != "line" or data is not None):
                    said = await job(partial(_answered, session, typed))
                    self._show(command, said)
            if said.status is None:
                data = await self._arrived.get()
        return exit_status(0 if command.attached else said.status)

    async def _stay(self, command: Command) -> Wire:
        """Be at a container's first process until it ends: what it writes is sent, what comes is typed."""
        job = self._listener.dated_job
        log: Log = await job(partial(_log_of, self._listener.cluster, command))
        stdin, over = b"", False
        while not over:
            while command.stdin and not self._arrived.empty():
                arrived = self._arrived.get_nowait()
                stdin += arrived or b""
                if arrived is None:
                    text = stdin.decode("utf-8", "surrogateescape")
                    await job(partial(_type_into, self._listener.cluster, command, text))
            if log.more is not None:
                text, over = await job(log.more)
                self._write(written(command, text, ""))
            if not over:
                await asyncio.sleep(LOOK_SECONDS)
        return exit_status(0)

    def _show(self, command: Command, said: Said) -> None:
        self._write(written(command, said.stdout, said.stderr))
        if said.status is None:
            self._echo(said.prompt if command.tty else "")

    def _echo(self, text: str) -> None:
        if text:
            self._write([bytes([STDOUT]) + text.encode("utf-8", "surrogateescape")])

    def _write(self, messages: list[bytes]) -> None:
        with contextlib.suppress(WebSocketClosedError):
            for message in messages:
                self.write_message(message, binary=True)


def _answered(session: Session, typed: Typed) -> Said:
    if typed.key == "interrupt":
        return session.interrupt()
    return session.end() if typed.key == "end" else session.type(typed.text)


def _log_of(cluster: Cluster, command: Command) -> Log:
    """What is added to a container's log from now on."""
    pod = cluster.api.get(BY_KIND["Pod"], command.pod, command.namespace)
    query = {"container": [command.container], "follow": ["true"], "tailLines": ["0"]}
    return log_of(cluster, Request("GET", "", query), pod)


def _type_into(cluster: Cluster, command: Command, text: str) -> None:
    with contextlib.suppress(ApiError, LookupError):  # it has just ended
        cluster.attach(command.pod, command.container, text, command.namespace)
