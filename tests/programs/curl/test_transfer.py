"""What curl does with an answer, or without one; exit codes are those of its manual."""

import pytest

from kubesim.network.service import HttpResponse
from kubesim.programs.http import Broken, plain_response
from tests.programs.lan import SERVER, Lan


def text(body: str, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    return plain_response(status, body, "text/plain", *headers)


def to(target: str, status: int = 302) -> HttpResponse:
    return text("", status, ("Location", target))


ANSWERS = {
    "/": text("hello"),
    "/redirect": to("/"),
    "/once": to("/redirect"),
    "/loop": to("/loop"),
    "/bad-redirect": to("http://a b/"),
    "/elsewhere": to("http://www.example.com/"),
    "/see-other": to("/", 303),
    "/post": to("/", 307),
    "/empty": Broken(),
    "/reset": Broken(reset=True),
    "/short": Broken(response=HttpResponse(200, "OK", (("Content-Length", "10"),), "hello")),
    "/slow": HttpResponse(200, "OK", (("Content-Length", "5"),), "hello", 3.0),
    "/old": "SSH-2.0-OpenSSH\r\n",
    "/503": text("down", 503),
}


@pytest.fixture
def lan() -> Lan:
    lan = Lan()
    lan.serve(ANSWERS)
    return lan


@pytest.mark.parametrize(
    ("line", "status", "out", "error"),
    [
        ("http://server/", 0, "hello", ""),
        ("http://server/nosuch", 0, "", ""),
        ("-f http://server/nosuch", 22, "", "curl: (22) The requested URL returned error: 404\n"),
        ("--fail-with-body http://server/503", 22, "down", "curl: (22) The requested URL returned error: 503\n"),
        ("http://server/redirect", 0, "", ""),
        ("-L http://server/once", 0, "hello", ""),
        ("-L --max-redirs 3 http://server/loop", 47, "", "curl: (47) Maximum (3) redirects followed\n"),
        ("-L --max-redirs 1 http://server/redirect", 0, "hello", ""),
        ("http://server:81/", 7, "", "curl: (7) Failed to connect to server port 81 after 1 ms: "),
        ("http://nosuch.invalid/", 6, "", "curl: (6) Could not resolve host: nosuch.invalid\n"),
        ("http://server/empty", 52, "", "curl: (52) Empty reply from server\n"),
        ("http://server/reset", 56, "", "curl: (56) Recv failure: Connection reset by peer\n"),
        ("http://server/short", 18, "hello", "curl: (18) end of response with 5 bytes missing\n"),
        ("http://server/old", 1, "", "curl: (1) Received HTTP/0.9 when not allowed\n"),
        ("-m 2 http://server/slow", 28, "", "curl: (28) Operation timed out after 2001 milliseconds with 0 bytes"),
        ("-m 4 http://server/slow", 0, "hello", ""),
        ("--connect-timeout 2 http://silent/", 28, "", "curl: (28) Connection timed out after 2"),
        ("http://server:80x/", 3, "", "curl: (3) URL rejected: Port number was not a decimal number"),
        ("gopher://server/", 1, "", 'curl: (1) Protocol "gopher" disabled\n'),
        ("-L http://server/bad-redirect", 3, "", "curl: (3) URL rejected: Malformed input to a URL function\n"),
    ],
)
def test_how_a_transfer_ends(lan: Lan, line: str, status: int, out: str, error: str) -> None:
    done = lan.run(f"curl -sS {line}")
    assert (done.returncode, done.stdout) == (status, out)
    assert done.stderr.startswith(error) and bool(done.stderr) == bool(error)


@pytest.mark.parametrize(
    ("line", "methods"),
    [
        ("-d x=1 http://server/see-other", ["POST", "GET"]),
        ("-d x=1 http://server/redirect", ["POST", "GET"]),
        ("-d x=1 http://server/post", ["POST", "POST"]),
        ("-I http://server/see-other", ["HEAD", "HEAD"]),
    ],
)
def test_what_a_redirect_makes_of_the_method(line: str, methods: list[str]) -> None:
    lan = Lan()
    server = lan.serve(ANSWERS)
    lan.run(f"curl -sL {line}")
    assert [each.method for each in server.asked] == methods
    assert [each.body for each in server.asked] == ["x=1" if each == "POST" else "" for each in methods]


@pytest.mark.parametrize(
    ("url", "passes"), [("http://server/elsewhere", False), ("http://www.example.com/elsewhere", True)]
)
def test_credentials_do_not_go_to_another_host(url: str, passes: bool) -> None:
    lan = Lan()
    server = lan.serve(ANSWERS)
    lan.run(f"curl -sL -H Authorization:secret {url}")
    assert [any(name == "Authorization" for name, _ in each.headers) for each in server.asked] == [True, passes]


@pytest.mark.parametrize(
    ("urls", "connections"),
    [
        ("http://server/ http://server/nosuch", 1),
        ("http://server/ http://www.example.com/", 2),
        ("--http1.0 http://server/ http://server/", 2),
    ],
)
def test_a_connection_left_intact_serves_the_next_url(urls: str, connections: int) -> None:
    lan = Lan()
    server = lan.serve(ANSWERS)
    lan.run(f"curl -s {urls}")
    assert len({client.port for client in server.clients}) == connections


def test_each_retry_is_announced_and_waits_twice_as_long(lan: Lan) -> None:
    done = lan.run("curl -sS --retry 2 http://server/503")
    assert done.stderr == ""  # -s silences the warnings
    assert done.seconds == pytest.approx(1 + 2, abs=0.1)
    done = lan.run("curl --no-progress-meter --retry 2 http://server/503")
    assert "Warning: Problem : HTTP error. Will retry in 1 second. 2 retries left.\n" in done.stderr
    assert "Warning: Problem : HTTP error. Will retry in 2 seconds. 1 retry left.\n" in done.stderr
    assert done.stdout == "down" * 3


def test_every_connection_is_closed_at_the_end(lan: Lan) -> None:
    lan.run("curl -s http://server/")
    states = {entry.state for entry in lan.network.connections("server")}
    assert states <= {"TIME_WAIT"}


def test_a_host_that_is_named_by_resolve(lan: Lan) -> None:
    done = lan.run(f"curl -s --resolve nosuch.invalid:80:{SERVER} http://nosuch.invalid/")
    assert done.stdout == "hello"
