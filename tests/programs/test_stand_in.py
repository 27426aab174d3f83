"""What stands in for the program of an image that nobody described."""

from __future__ import annotations

import pytest

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import Certificate, ClientHello, GrpcHealthCheck
from kubesim.programs.program_table import programs_named
from kubesim.programs.stand_in import TASK_SECONDS, StandIn, WithStandIn, named_programs
from kubesim.userland.process import Completed, Running, Start
from tests.programs.lan import Lan

CLIENT = Client("10.42.0.9", 40000)
PORTS = (("TCP", 80), ("TCP", 443))
DEBIAN = programs_named(["sh", "sleep", "cat", "perl"], "debian")


def started(stand_in: StandIn) -> Completed | Running:
    return stand_in(Start(("/app",), Lan().laptop))


def test_it_says_who_it_is_and_writes_down_who_asked() -> None:
    running = started(StandIn("web", "shop/web-1", "acme/web:1", PORTS))
    assert isinstance(running, Running) and list(running.listeners) == list(PORTS)
    answer = running.listeners["TCP", 80].handle(HttpRequest("GET", "/any?x=1"), CLIENT)
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.body) == (200, "Container: web\nPod: shop/web-1\nImage: acme/web:1\n")
    assert list(running.log) == [
        "acme/web:1 is not simulated: this container answers HTTP on 80/TCP, 443/TCP",
        '10.42.0.9 "GET /any?x=1 HTTP/1.1" 200 49',
    ]


@pytest.mark.parametrize(
    ("port", "request_", "answer"),
    [
        (80, ClientHello("web"), "HTTP/1.0 400 Bad Request"),
        (443, ClientHello("web"), Certificate("laptop", ("laptop", "172.31.0.100"), "laptop")),
        (80, GrpcHealthCheck(""), "SERVING"),
        (80, "PING\r\n", None),
    ],
)
def test_other_protocols(port: int, request_: object, answer: object) -> None:
    running = started(StandIn("web", "shop/web-1", "acme/web:1", PORTS, frozenset({443})))
    assert isinstance(running, Running)
    assert running.listeners["TCP", port].handle(request_, CLIENT) == answer


def test_where_somebody_waits_for_its_end_it_has_done_its_work() -> None:
    done = started(StandIn("migrate", "shop/web-1", "acme/web:1", PORTS, ends=True))
    assert isinstance(done, Completed)
    assert (done.returncode, done.seconds) == (0, TASK_SECONDS)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("/app/server", "--port", "80"), ["/app/server"]),
        (("npm", "start"), ["npm"]),
        (("sleep", "3600"), []),
        (("perl", "-e", "1"), ["perl"]),
        (("sh", "-c", "sleep 1 && npm run start; cat /etc/x"), ["npm", "run", "start", "/etc/x"]),
        (("/bin/sh", "-c", "exec bash"), ["exec"]),
        (("--flag",), []),
        ((), []),
    ],
)
def test_a_command_tells_what_its_image_has(words: tuple[str, ...], names: list[str]) -> None:
    found = named_programs(words, DEBIAN)
    assert [each for each in found if not each.isdigit()] == names


def test_a_program_of_the_image_is_the_stand_in() -> None:
    stand_in = StandIn("c", "n/p", "i")
    programs = WithStandIn(DEBIAN, stand_in, frozenset({"npm", "perl"}))
    assert programs["npm"] is programs["perl"] is stand_in
    assert programs["cat"] is DEBIAN["cat"] and "ruby" not in programs
    assert sorted(programs) == ["cat", "npm", "perl", "sh", "sleep"] and len(programs) == 5
