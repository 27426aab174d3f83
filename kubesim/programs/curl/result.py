"""What one transfer came to: what ``-w`` prints and what the exit status is."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.programs.curl.location import Location


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
    shown: str = ""
    timings: Timings = field(default_factory=Timings)

    @property
    def status(self) -> int:
        """The last response's status, 0 where none came."""
        return self.response.status if self.response else 0
