"""What listens on a port: the seam between the network and the programs.

The network delivers a connection to a machine and a port; what answers there is a :class:`Server`. It gets the bytes'
meaning (an HTTP request, a DNS message), not the bytes, and answers at once: time that a server needs is in its answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Client:
    """The other end of a connection as the server's kernel sees it, after every rewriting."""

    address: str
    port: int


def is_dual_stack(server: object) -> bool:
    """Whether a server listens on one socket for IPv4 and IPv6, as Go's do; it says so by its ``dual_stack``."""
    return bool(getattr(server, "dual_stack", False))


def bound_address(server: object) -> str:
    """The address on which a server listens: all of its machine's, unless it says one by its ``address``."""
    return str(getattr(server, "address", "0.0.0.0"))


class Server(Protocol):
    """A process that listens.

    What ``request`` is depends on the port's protocol: an HttpRequest, a DNS message, text.
    """

    def handle(self, request: Any, client: Client) -> Any:
        """Answer one request; None is no answer (the client's time-out)."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP/1.1 request. Header names are as sent; order is kept.

    :param line: its first line as it came, where that is not made of method, target and version.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    version: str = "1.1"
    tls: bool = False
    line: str = ""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP/1.1 response.

    :param seconds: how long the server takes to begin.
    :param pace: how many bytes of the body it sends at a time, and how many seconds apart; 0 sends all at once.
    :param chunks: the sizes of its chunks, where it is sent in chunks.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    seconds: float = field(default=0.0, compare=False)
    pace: tuple[int, float] = field(default=(0, 0.0), compare=False)
    chunks: tuple[int, ...] = field(default=(), compare=False)
