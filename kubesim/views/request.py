"""A request from a machine to a URL, as facts: from the name to the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from kubesim.network.dns.resolver import Resolution
from kubesim.network.service import HttpResponse
from kubesim.network.trace import Hop, Outcome, Trace
from kubesim.views.scene import Scene


@dataclass(frozen=True)
class Request:
    """One request and everything that happened to it.

    :param source: the machine that asked, such as ``pod/default/client``.
    :param target: what it asked for, such as ``http://myservice:8080``.
    :param map: draws the map of the cluster as it was at that moment.
    :param resolution: the look-up of the name; None where the target is an address.
    :param trace: the way the first packet took; None where the name did not resolve.
    :param ways: finds every way it could have taken.
    :param response: what the server answered; None where nothing did.
    """

    source: str
    target: str
    map: Callable[[], Scene] = field(repr=False, compare=False)
    resolution: Resolution | None = None
    trace: Trace | None = None
    ways: Callable[[], tuple[Trace, ...]] = field(default=tuple, repr=False, compare=False)
    response: HttpResponse | None = None

    @cached_property
    def scene(self) -> Scene:
        """The map of the cluster at that moment; drawn when somebody looks."""
        return self.map()

    @cached_property
    def alternatives(self) -> tuple[Trace, ...]:
        """Every way it could have taken, the one taken included; found when somebody looks."""
        return self.ways()

    @property
    def outcome(self) -> str:
        """How it ended: an :class:`~kubesim.network.trace.Outcome`, or ``unresolved`` where the name was not found."""
        return str(self.trace.outcome) if self.trace else "unresolved"

    @property
    def reached(self) -> bool:
        """Whether a process took the connection."""
        return self.trace is not None and self.trace.outcome is Outcome.DELIVERED

    @property
    def question(self) -> Trace | None:
        """Where the name has no address: the way of the first question that got no answer; None where all got one."""
        if self.trace is not None or self.resolution is None:
            return None
        unanswered = (exchange.trace for exchange in self.resolution.queries if exchange.failure)
        return next((trace for trace in unanswered if trace is not None), None)

    @property
    def drawn(self) -> Trace | None:
        """The trace that a picture shows: the request's, or where none was sent that of the question for its name."""
        return self.trace or self.question

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The machines the packet passed through, in order; empty where the name did not resolve."""
        return self.trace.hops if self.trace else ()

    @property
    def destination(self) -> str:
        """The machine where the packet ended; empty where the name did not resolve."""
        return self.trace.destination if self.trace else ""

    @property
    def seen_from(self) -> str:
        """The source address that the server saw; empty where nothing was delivered."""
        return self.trace.delivered.source if self.trace and self.trace.delivered else ""
