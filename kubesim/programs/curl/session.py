"""What curl keeps: between its URLs the output so far, the time and open connections; of each URL what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.sockets import Connection
from kubesim.programs.curl import meter
from kubesim.programs.curl.location import Location
from kubesim.programs.curl.options import Options
from kubesim.programs.machine import Invocation, Machine


def milliseconds(seconds: float) -> int:
    """How long curl says that it waited: it wakes up once a second, and then a millisecond late."""
    return int(seconds * 1000 + 1e-6) + (seconds >= 1)


class CutError(Exception):
    """``timeout`` ended curl while it waited."""


@dataclass(slots=True)
class Session:
    """One run of curl.

    :param elapsed: seconds since curl was started.
    :param transfers: how many are done.
    :param connections: those left open, each with its number and the other end, by place; the next URL uses them again.
    """

    invocation: Invocation
    options: Options
    elapsed: float = 0.0
    stdout: str = ""
    stderr: str = ""
    addresses: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    connections: dict[tuple[str, str, int], tuple[int, Connection, tuple[str, int]]] = field(default_factory=dict)
    opened: int = 0
    dialled: list[Connection] = field(default_factory=list)
    metered: bool = False
    transfers: int = 0

    def close(self) -> None:
        """Close every connection: conntrack then has it in TIME_WAIT."""
        for connection in self.dialled:
            connection.close(self.elapsed)

    @property
    def machine(self) -> Machine:
        """Where curl runs."""
        return self.invocation.machine

    @property
    def shows_meter(self) -> bool:
        """Whether the progress meter is drawn: not with -s, and not where the body goes to a terminal."""
        options = self.options
        if options.on("silent") or options.on("no-progress-meter") or options.on("progress-bar"):
            return False
        return not self.invocation.terminal or bool(options.outputs)

    def say(self, text: str) -> None:
        """A line of ``-v``."""
        if self.options.on("verbose"):
            self.stderr += f"* {text}\n"

    def echo(self, mark: str, text: str) -> None:
        """Header lines of ``-v``, each with its mark (``>`` or ``<``)."""
        if self.options.on("verbose"):
            for each in text.split("\r\n")[:-1]:
                self.stderr += f"{mark} {each}\r\n"

    def passed_bytes(self, mark: str, count: int) -> None:
        """That so many bytes passed, which ``-v`` tells unless they go to the same terminal."""
        if self.options.on("verbose") and not self.invocation.terminal:
            self.stderr += f"{mark} [{count} bytes data]\n"

    def meter(self, text: str) -> None:
        """Part of the progress meter."""
        if self.shows_meter:
            self.stderr += text

    def check_limit(self, seconds: float, since: float) -> None:
        """Stop where the wait that comes would be cut by ``timeout``.

        :raises CutError: after the meter has been drawn up to that moment.
        """
        limit = self.invocation.limit
        if self.elapsed + seconds > limit:
            self.meter(meter.waiting(limit - since - 0.01))
            self.elapsed = limit + 0.001
            raise CutError

    def begin_meter(self) -> None:
        """The meter's header and its first line; once a transfer, whatever the redirects."""
        if not self.metered:
            self.metered = True
            self.meter(meter.HEADER + meter.line())


@dataclass(slots=True)
class Timings:
    """Seconds since the transfer began at which each stage was done."""

    name_lookup: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    pre_transfer: float = 0.0
    start_transfer: float = 0.0
    redirect: float = 0.0
    total: float = 0.0


@dataclass(slots=True)
class Result:
    """One URL's transfer, redirects included.

    :param exit_code: curl's; 0 is success.
    :param message: curl's words for a failure.
    :param number: its place among the command's transfers.
    :param verification: OpenSSL's number for what is wrong with the server's certificate.
    :param on_meter_line: the message follows the meter without a newline (a failed name look-up).
    """

    location: Location
    exit_code: int = 0
    message: str = ""
    on_meter_line: bool = False
    request: HttpRequest | None = None
    response: HttpResponse | None = None
    body: str = ""
    received: int = 0
    sent: int = 0
    redirects: int = 0
    connects: int = 0
    remote: tuple[str, int] | None = None
    local: tuple[str, int] | None = None
    redirect_url: str = ""
    header_bytes: int = 0
    request_bytes: int = 0
    retries: int = 0
    verification: int = 0
    number: int = 0
    shown: str = ""
    timings: Timings = field(default_factory=Timings)

    @property
    def status(self) -> int:
        """The last response's status, 0 where none came."""
        return self.response.status if self.response else 0
