"""What every kind of request has in common: who is let in, what it is understood as, and how an answer is sent."""

from __future__ import annotations

import hmac
import traceback
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from kubesim.api.errors import ApiError
from kubesim.cluster import Cluster
from kubesim.serve.certificate import NAMES
from kubesim.serve.commands import PROTOCOLS
from kubesim.serve.front import Outcome
from kubesim.serve.messages import Answer, Request, answer, status_of

T = TypeVar("T")


class Backend(Protocol):
    """What a handler asks of the listener that it belongs to."""

    cluster: Cluster
    token: str

    async def ask(self, request: Request) -> Outcome:
        """What the cluster answers."""

    def dated_job(self, run: Callable[[], T]) -> Awaitable[T]:
        """Do something with the cluster as it is by now, in the thread for it."""

    async def let_pass(self, seconds: float) -> None:
        """Wait until so much simulated time has passed."""


def refusal_of(request: HTTPServerRequest, token: str) -> ApiError | None:
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


async def outcome(backend: Backend, request: HTTPServerRequest) -> Outcome:
    """What comes of a request, whoever sent it."""
    refusal = refusal_of(request, backend.token)
    if refusal is not None:
        return answer(refusal.code, status_of(refusal))
    try:
        return await backend.ask(_understood(request))
    except Exception as error:  # a mistake of ours: the client must not hang for it
        traceback.print_exc()
        internal = ApiError(500, "InternalError", f"Internal error occurred: {type(error).__name__}: {error}")
        return answer(500, status_of(internal))


async def send(handler: RequestHandler, found: Answer) -> None:
    """Send a whole answer."""
    handler.clear_header("Server")
    handler.set_status(found.code)
    handler.set_header("Content-Type", found.content_type)
    for name, value in found.headers:
        handler.add_header(name, value)
    await handler.finish(found.body)


def upgrade_required(request: HTTPServerRequest, protocols: tuple[str, ...] = PROTOCOLS) -> Answer:
    """The refusal of a request that has to be one for a WebSocket."""
    words = "Upgrade request required"
    if request.headers.get("Upgrade"):
        words = f"this simulated server upgrades to a WebSocket of {' or '.join(protocols)} only"
    return answer(400, status_of(ApiError(400, "BadRequest", words)))


class UpgradingHandler(WebSocketHandler):
    """A request that becomes a WebSocket where it may, and is answered like any other where not."""

    protocols: tuple[str, ...]
    """What it speaks, the best first."""

    def initialize(self, listener: Backend) -> None:
        """Of which listener it is."""
        self._listener = listener

    def takes(self, found: object) -> bool:
        """Whether what a request is understood as is what this handler serves; it is kept then."""
        raise NotImplementedError

    async def _begin(self, *_: str) -> None:
        found = await outcome(self._listener, self.request)
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        upgrades = self.request.method == "GET" and not {each.strip() for each in offered}.isdisjoint(self.protocols)
        if upgrades and self.takes(found):
            await super().get()
        else:
            await send(self, found if isinstance(found, Answer) else upgrade_required(self.request, self.protocols))

    get = post = _begin

    def check_origin(self, origin: str) -> bool:
        """Whether the page may that a request comes from."""
        return True  # it has been checked like any other request's

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The best protocol that both know."""
        return next((each for each in self.protocols if each in subprotocols), None)
