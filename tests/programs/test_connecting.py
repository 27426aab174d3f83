"""How connecting ends, in the words of each C library (strerror of glibc and of musl)."""

import pytest

from kubesim.network.trace import Outcome
from kubesim.programs.connecting import KERNEL_GIVES_UP, attempt, unreachable
from tests.programs.lan import SERVER, Lan


@pytest.mark.parametrize("libc", ["glibc", "musl"])
@pytest.mark.parametrize(
    ("address", "port", "limit", "problem", "seconds", "timed_out"),
    [
        (SERVER, 80, None, "", 0.0, False),
        (SERVER, 81, None, "Connection refused", 0.0, False),
        ("198.51.100.9", 80, None, "Connection timed out", KERNEL_GIVES_UP, False),
        ("198.51.100.9", 80, 2.0, "Connection timed out", 2.0, True),
        ("198.51.100.9", 80, 200.0, "Connection timed out", KERNEL_GIVES_UP, False),
        ("172.31.0.77", 80, 1.0, "Connection timed out", 1.0, True),
    ],
)
def test_an_attempt(
    libc: str, address: str, port: int, limit: float | None, problem: str, seconds: float, timed_out: bool
) -> None:
    lan = Lan(libc=libc)
    lan.serve({})
    tried = attempt(lan.laptop, address, port, limit)
    words = problem.replace("Connection timed", "Operation timed") if libc == "musl" else problem
    assert (tried.problem, tried.seconds, tried.timed_out) == (words, seconds, timed_out)


@pytest.mark.parametrize(("libc", "words"), [("glibc", "No route to host"), ("musl", "Host is unreachable")])
def test_a_neighbour_that_is_not_there(libc: str, words: str) -> None:
    lan = Lan(libc=libc)
    tried = attempt(lan.laptop, "172.31.0.77", 80)
    assert (tried.connection.outcome, tried.problem, tried.seconds) == (Outcome.UNREACHABLE, words, 3.0)
    assert unreachable(lan.laptop, tried.connection) == words


def test_the_loopback_of_ipv6_reaches_this_machine_alone() -> None:
    lan = Lan()
    server = lan.serve({})
    assert attempt(lan.laptop, "::1", 80).problem == "Connection refused"
    lan.network.listen("laptop", "TCP", 80, server)
    tried = attempt(lan.laptop, "::1", 80)
    assert tried.problem == ""
    assert (tried.connection.client.address, tried.connection.local[0]) == ("::1", "::1")
