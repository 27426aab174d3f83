"""One question put to one server: what comes back, and when."""

from typing import Any

import pytest

from kubesim.network.dns.exchange import Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.trace import Outcome
from tests.network.dns.surroundings import FakeConnection

QUERY = DnsQuery("web.example.")
NEVER = float("inf")


class Line:
    """A network with one server at the other end."""

    def __init__(self, outcome: Outcome = Outcome.DELIVERED, seconds: float = 0.0, *answers: Any) -> None:
        self.connection = FakeConnection(outcome, seconds, lambda query: waiting.pop(0) if waiting else None)
        self.opened: list[tuple[str, int, str]] = []
        waiting = list(answers)

    def connect(self, address: str, port: int, protocol: str = "TCP") -> FakeConnection:
        self.opened.append((address, port, protocol))
        return self.connection


def answer(seconds: float = 0.0) -> DnsResponse:
    return DnsResponse("NXDOMAIN", seconds=seconds)


@pytest.mark.parametrize(
    ("line", "failure", "seconds"),
    [
        (Line(Outcome.DELIVERED, 0.25, answer(0.5)), "", 0.75),
        (Line(Outcome.DELIVERED, 1.0, answer(1.0)), "", 2.0),  # at the last moment
        (Line(Outcome.DELIVERED, 1.0, answer(1.5)), "timed out", 2.0),
        (Line(Outcome.DELIVERED, 0.0, None), "timed out", 2.0),
        (Line(Outcome.DELIVERED, 0.0, "HTTP/1.1 400"), "timed out", 2.0),
        (Line(Outcome.DROPPED, NEVER), "timed out", 2.0),
        (Line(Outcome.LOST, 0.0), "timed out", 2.0),
        (Line(Outcome.REJECTED, 0.25), "connection refused", 0.25),
        (Line(Outcome.REJECTED, 3.0), "timed out", 2.0),
        (Line(Outcome.REFUSED, 0.0), "connection refused", 0.0),
        (Line(Outcome.UNREACHABLE, 1.0), "host unreachable", 1.0),
    ],
)
def test_what_comes_of_it(line: Line, failure: str, seconds: float) -> None:
    asker = Asker(line, elapsed=10.0)
    exchange = asker.ask("10.0.0.1", QUERY, 2.0)
    assert (exchange.failure, exchange.seconds, exchange.started) == (failure, seconds, 10.0)
    assert (exchange.response is not None) is (failure == "")
    assert (exchange.server, exchange.query, exchange.port) == ("10.0.0.1", QUERY, 53)
    assert asker.elapsed == 10.0 + seconds
    assert asker.exchanges == [exchange]
    assert line.opened == [("10.0.0.1", 53, "UDP")]


def test_several_at_once_take_as_long_as_the_slowest() -> None:
    asker = Asker(Line(Outcome.DELIVERED, 0.0, answer(0.5), answer(1.5), answer(1.0)))
    done = asker.ask_together([("10.0.0.1", QUERY)] * 3, 2.0, port=5353)
    assert [(one.started, one.seconds, one.port) for one in done] == [
        (0.0, 0.5, 5353),
        (0.0, 1.5, 5353),
        (0.0, 1.0, 5353),
    ]
    assert asker.elapsed == 1.5
    assert asker.ask_together([], 2.0) == []
    assert asker.elapsed == 1.5


@pytest.mark.parametrize(("keeps", "opened"), [(True, 3), (False, 5)])
def test_one_socket_for_a_server_and_transport_where_it_is_kept(keeps: bool, opened: int) -> None:
    line = Line(Outcome.DELIVERED, 0.0, *[answer()] * 5)
    asker = Asker(line, keeps_socket=keeps)
    over_tcp = DnsQuery("web.example.", transport="TCP")
    for server, query in (("a", QUERY), ("a", QUERY), ("b", QUERY), ("a", over_tcp), ("a", over_tcp)):
        asker.ask(server, query, 1.0)
    assert len(line.opened) == opened


def test_a_socket_that_was_refused_is_not_kept() -> None:
    line = Line(Outcome.REJECTED, 0.0)
    asker = Asker(line, keeps_socket=True)
    asker.ask("a", QUERY, 1.0)
    asker.ask("a", QUERY, 1.0)
    assert len(line.opened) == 2


@pytest.mark.parametrize(
    ("keeps", "pause", "second", "expected"),
    [
        (True, 0.0, 3.0, ("", 1.0)),  # the first answer comes a second after the second question
        (True, 0.0, 0.5, ("", 0.5)),  # unless the second is quicker
        (True, 5.0, 3.0, ("", 0.0)),  # it is there already
        (False, 0.0, 3.0, ("timed out", 2.0)),
    ],
)
def test_an_answer_that_comes_late_answers_the_question_asked_again(
    keeps: bool, pause: float, second: float, expected: tuple[str, float]
) -> None:
    asker = Asker(Line(Outcome.DELIVERED, 0.0, answer(3.0), answer(second)), keeps_socket=keeps)
    assert asker.ask("a", QUERY, 2.0).failure == "timed out"
    asker.elapsed += pause
    again = asker.ask("a", QUERY, 2.0)
    assert (again.failure, again.seconds) == expected


def test_a_late_answer_is_that_of_its_own_question() -> None:
    asker = Asker(Line(Outcome.DELIVERED, 0.0, answer(3.0), answer(9.0)), keeps_socket=True)
    asker.ask("a", QUERY, 2.0)
    assert asker.ask("a", DnsQuery("other.example."), 2.0).failure == "timed out"


def test_an_exchange_as_a_line() -> None:
    assert str(Exchange("10.0.0.1", QUERY, answer(), 1.5, 0.0)) == "1.500 s  web.example. A → 10.0.0.1: NXDOMAIN"
    assert (
        str(Exchange("10.0.0.1", QUERY, None, 0.0, 2.0, "timed out")) == "0.000 s  web.example. A → 10.0.0.1: timed out"
    )
