"""How a server behaves, in the words in which the recorder noted it; each is one row of a table of sentences."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import REASONS, Broken, Certificate, ClientHello, byte_length, request_text

BANNERS = {"SSH": "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"}
BODIES = {204: "", 301: "moved\n", 302: "moved\n", 500: "broken\n", 503: "try later\n"}
"""What the recorder's test server says with a status."""
HELLO = "hello from misc\n"


def page(body: str, status: int = 200, *more: tuple[str, str], length: int | None = None) -> HttpResponse:
    """A page of the test server.

    :param length: what its head promises, where that is not what follows.
    """
    if status == 204:
        return HttpResponse(204, REASONS[204], (("Server", "misc"), ("Connection", "close")))
    size = byte_length(body) if length is None else length
    head = (("Server", "misc"), ("Content-Type", "text/plain"), ("Content-Length", str(size)))
    return HttpResponse(status, REASONS.get(status, ""), (*head, *more, ("Connection", "close")), body)


def _partly(words: re.Match[str], request: HttpRequest) -> object:
    answer = page("x" * int(words[1]), length=int(words[2]))
    return Broken(reset=words[3] == "RST", response=answer, stalls=words[3] == "silence")


def _chunked(words: re.Match[str], request: HttpRequest) -> object:
    head = (("Server", "misc"), ("Transfer-Encoding", "chunked"), ("Connection", "close"))
    return HttpResponse(200, "OK", head, "hello world", chunks=(6, 5))


def _status(words: re.Match[str], request: HttpRequest) -> object:
    return page(BODIES.get(int(words[1]), ""), int(words[1]))


def _dripping(words: re.Match[str], request: HttpRequest) -> object:
    count, size = int(words[1]), int(words[2])
    return replace(page("d" * count * size), pace=(size, float(words[3])))


SENTENCES: tuple[tuple[str, Callable[[re.Match[str], HttpRequest], object]], ...] = (
    (r"(\d+) x (\d+) bytes, ([\d.]+) s apart", _dripping),
    (r"(\d+) of (\d+) bytes, then (FIN|RST|silence)", _partly),
    (r"answers after ([\d.]+) s", lambda words, request: replace(page(HELLO), seconds=float(words[1]) + 0.01)),
    (r"closes at once after accept", lambda words, request: Broken(reset=True)),  # what was sent is never read
    (r"closes after the request|server closes\b", lambda words, request: Broken()),
    (r"resets after (?:the request|accept)", lambda words, request: Broken(reset=True)),
    (r"never answers|accepts and says nothing", lambda words, request: Broken(stalls=True)),
    (r"(30[12378]) to itself", lambda words, request: _redirect(int(words[1]), request.target)),
    (r"(30[12378]) to (\S+)", lambda words, request: _redirect(int(words[1]), words[2])),
    (r"the request itself", lambda words, request: page(request_text(request))),
    (r"chunked", _chunked),
    (r"^(\d+) bytes$", lambda words, request: page("z" * int(words[1]))),
    (r"an? (SSH) banner", lambda words, request: BANNERS[words[1]]),
    (r"^([1-5]\d\d)(?: always)?$", _status),
)
"""(What a description says, what the server answers then); the first that fits counts."""


def _redirect(status: int, target: str) -> HttpResponse:
    return page(BODIES.get(status, "moved\n"), status, ("Location", target))


def understood(text: str) -> bool:
    """Whether a description says how a server behaves."""
    return any(re.search(pattern, text) for pattern, _ in SENTENCES)


def answer(text: str, request: HttpRequest) -> object:
    """What a server of this description answers."""
    for pattern, made in SENTENCES:
        words = re.search(pattern, text)
        if words is not None:
            return made(words, request)
    return page("" if request.method == "HEAD" else HELLO)


@dataclass
class TestServer:
    """The recorder's test server on one port.

    :param certificate: what it shows; None where it speaks no TLS.
    :param paths: what it does by path; any other path gets the greeting.
    """

    __test__ = False

    paths: dict[str, str] = field(default_factory=dict)
    certificate: Certificate | None = None

    def handle(self, request: Any, client: Client) -> object:
        """Answer as its description says."""
        if isinstance(request, ClientHello):
            return self.certificate or "400"
        if not isinstance(request, HttpRequest):
            return None
        if self.certificate is not None and not request.tls:
            return Broken(reset=True)
        return answer(self.paths.get(request.target.partition("?")[0], ""), request)


@dataclass
class Ending:
    """A server that does one thing with whatever comes."""

    text: str

    def handle(self, request: Any, client: Client) -> object:
        """Do it."""
        if isinstance(request, HttpRequest):
            return answer(self.text, request)
        return answer(self.text, HttpRequest("GET", "/"))


@dataclass(frozen=True)
class Silent:
    """A server that accepts and says nothing.

    :param backlog: how many connections may wait for it to accept them.
    """

    backlog: int = 5

    def handle(self, request: Any, client: Client) -> object:
        """Nothing."""
        return None


class Echo:
    """A UDP echo server."""

    def handle(self, request: Any, client: Client) -> object:
        """The same again."""
        return request
