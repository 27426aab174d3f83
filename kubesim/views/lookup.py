"""A name's look-up as a reader sees it: every question the resolver asked, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubesim.network.dns.exchange import Exchange
from kubesim.network.dns.resolver import Resolution
from kubesim.views.frames import frame

if TYPE_CHECKING:
    import pandas

COLUMNS = ("seconds", "server", "question", "type", "answer", "records")


@dataclass(frozen=True)
class Lookup:
    """One look-up from one machine.

    :param source: the machine that asked.
    :param resolution: the resolver's record of it.
    """

    source: str
    resolution: Resolution

    @property
    def name(self) -> str:
        """The name as it was asked for."""
        return self.resolution.name

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses found, in the order in which a program tries them; empty where there is none."""
        return self.resolution.addresses

    @property
    def queries(self) -> tuple[Exchange, ...]:
        """Every question that was sent, with its answer."""
        return self.resolution.queries

    @property
    def error(self) -> str:
        """Why there is no address, in the C library's words; empty where there is one."""
        return str(self.resolution.error or "")

    @property
    def seconds(self) -> float:
        """How long the look-up took, in simulated seconds."""
        return self.resolution.seconds

    def table(self) -> pandas.DataFrame:
        """One row a question; the index counts from 1."""
        rows = [_row(exchange) for exchange in self.queries]
        return frame(rows, COLUMNS, range(1, len(rows) + 1))

    def __str__(self) -> str:
        return str(self.resolution)

    def __repr__(self) -> str:
        return str(self)


def _row(exchange: Exchange) -> list[str]:
    response = exchange.response
    records = [f"{record.type} {record.data}" for record in response.answer] if response is not None else []
    came = str(response.rcode) if response is not None else exchange.failure
    question = (exchange.query.name, exchange.query.type)
    return [f"{exchange.started:.3f}", exchange.server, *question, came, ", ".join(records)]
