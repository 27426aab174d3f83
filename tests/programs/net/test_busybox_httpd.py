"""busybox' httpd, as the real one of Debian (1.35) answered."""

from __future__ import annotations

import pytest

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.userland.process import Completed, Running
from tests.programs.lan import Lan

CLIENT = Client("10.42.0.9", 40000)
MISSING = (
    "<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\n"
    "The requested URL was not found\n</BODY></HTML>\n"
)


def served() -> Running:
    files = {"/www/index.html": "hi\n", "/www/a.txt": "t\n", "/www/sub/x": ""}
    return Lan().container("busybox", "httpd", "-f", "-p", "8000", "-h", "/www", files=files)[1]


@pytest.mark.parametrize(
    ("method", "target", "status", "body", "more"),
    [
        ("GET", "/", 200, "hi\n", ("Content-type", "text/html")),
        ("GET", "/?q=1", 200, "hi\n", ("Content-Length", "3")),
        ("GET", "/a.txt", 200, "t\n", ("Content-type", "text/plain")),
        ("HEAD", "/a.txt", 200, "", ("Content-Length", "2")),
        ("GET", "/none", 404, MISSING, ("Connection", "close")),
        ("GET", "/sub", 302, "", ("Location", "/sub/")),
        ("GET", "/sub/", 404, MISSING, ("Content-type", "text/html")),
        (
            "POST",
            "/",
            501,
            MISSING.replace("404 Not Found", "501 Not Implemented").replace(
                "The requested URL was not found", "The requested method is not recognized"
            ),
            ("Connection", "close"),
        ),
    ],
)
def test_what_it_answers(method: str, target: str, status: int, body: str, more: tuple[str, str]) -> None:
    answer = served().listeners["TCP", 8000].handle(HttpRequest(method, target), CLIENT)
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.body) == (status, body) and more in answer.headers


def test_headers_of_a_file_are_in_the_real_ones_order() -> None:
    answer = served().listeners["TCP", 8000].handle(HttpRequest("GET", "/"), CLIENT)
    assert isinstance(answer, HttpResponse)
    names = ["Date", "Connection", "Content-type", "Accept-Ranges", "Last-Modified", "ETag", "Content-Length"]
    assert [name for name, _ in answer.headers] == names


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("httpd -f -h /nosuch", "httpd: can't change directory to '/nosuch': No such file or directory\n"),
        ("httpd -f -p x", "httpd: bad address 'x'\n"),
    ],
)
def test_what_it_refuses(line: str, error: str) -> None:
    machine, _ = Lan().container("busybox", "httpd", "-f")
    assert machine.run(line.split()) == Completed("", error, 1)


def test_without_f_it_goes_on_in_the_background() -> None:
    machine, _ = Lan().container("busybox", "httpd", "-f", "-p", "81", "-h", "/etc")
    assert machine.run(["httpd", "-h", "/etc"]) == Completed()
    assert machine.run(["httpd", "-h", "/etc"]) == Completed("", "httpd: bind: Address already in use\n", 1)
