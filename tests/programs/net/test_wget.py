"""GNU's and busybox' wget: what they say and how they end (exit codes: the manual of GNU wget)."""

import pytest

from kubesim.network.service import HttpResponse
from kubesim.programs.http import Broken, plain_response
from tests.programs.lan import SERVER, Lan

ANSWERS = {
    "/": plain_response(200, "hello", "text/plain"),
    "/file": plain_response(200, "text", "text/plain"),
    "/redirect": plain_response(302, "", "text/plain", ("Location", "/")),
    "/loop": plain_response(302, "", "text/plain", ("Location", "/loop")),
    "/bad-redirect": plain_response(302, "", "text/plain", ("Location", "http://a b/")),
    "/reset": Broken(reset=True),
    "/500": HttpResponse(500, "Internal Server Error"),
}


def lan(busybox: bool) -> Lan:
    made = Lan("busybox") if busybox else Lan()
    made.server = made.serve(ANSWERS)  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize(
    ("line", "status", "out", "said"),
    [
        ("-qO- server/", 0, "hello", "Prepended http:// to 'server/'\n"),
        ("-qO- http://server/redirect", 0, "hello", ""),
        ("-nv -O- http://server/file", 0, "text", ' URL:http://server/file [4/4] -> "-" [1]\n'),
        ("-S -O- http://server/file", 0, "text", "\n  HTTP/1.1 200 OK\n  Content-Type: text/plain\n"),
        ("--spider http://server/file", 0, "", "Remote file exists.\n"),
        ("-O- http://server/nosuch", 8, "", "ERROR 404: Not Found.\n"),
        ("-O- http://server/500", 8, "", "ERROR 500: Internal Server Error.\n"),
        ("-O- http://server/loop", 8, "", "20 redirections exceeded.\n"),
        ("-O- http://server/bad-redirect", 1, "", "http://a b/: Invalid host name.\n"),
        (
            "-O- http://server:81/",
            4,
            "",
            f"Connecting to server (server)|{SERVER}|:81... failed: Connection refused.\n",
        ),
        ("-O- http://nosuch.invalid/", 4, "", "wget: unable to resolve host address 'nosuch.invalid'\n"),
        ("-O- -T 1 -t 2 http://silent/", 4, "", "failed: Connection timed out.\nGiving up.\n"),
        ("-O- -t 1 http://server/reset", 4, "", "Read error (Connection reset by peer) in headers.\nGiving up.\n"),
        ("--nosuch http://server/", 2, "", "wget: unrecognized option '--nosuch'\n"),
        ("", 1, "", "wget: missing URL\n"),
    ],
)
def test_gnu(line: str, status: int, out: str, said: str) -> None:
    done = lan(busybox=False).run(f"wget {line}")
    assert (done.returncode, done.stdout) == (status, out), done
    assert said in done.stderr


@pytest.mark.parametrize(
    ("line", "status", "out", "said"),
    [
        ("-qO- server/", 0, "hello", ""),
        ("-O- http://server/redirect", 0, "hello", f"Connecting to server ({SERVER}:80)\nwriting to stdout\n"),
        ("--spider http://server/file", 0, "", "remote file exists\n"),
        ("-O- http://server/nosuch", 1, "", "wget: server returned error: HTTP/1.1 404 Not Found\n"),
        ("-O- http://server/loop", 1, "", "wget: too many redirections\n"),
        ("-O- http://server/bad-redirect", 1, "", "wget: bad address 'a b'\n"),
        ("-O- http://server:81/", 1, "", f"wget: can't connect to remote host ({SERVER}): Connection refused\n"),
        ("-O- http://nosuch.invalid/", 1, "", "wget: bad address 'nosuch.invalid'\n"),
        ("-O- -T 1 http://silent/", 1, "", "wget: download timed out\n"),
        ("-O- http://server/reset", 1, "", "wget: error getting response: Connection reset by peer\n"),
        ("--nosuch http://server/", 1, "", "wget: unrecognized option '--nosuch'\n"),
    ],
)
def test_busybox(line: str, status: int, out: str, said: str) -> None:
    done = lan(busybox=True).run(f"wget {line}")
    assert (done.returncode, done.stdout) == (status, out), done
    assert said in done.stderr


@pytest.mark.parametrize("busybox", [False, True])
@pytest.mark.parametrize(
    ("line", "path"),
    [("http://server/file", "/tmp/file"), ("http://server/", "/tmp/index.html"), ("-O x server/", "/tmp/x")],
)
def test_where_the_body_goes(busybox: bool, line: str, path: str) -> None:
    made = lan(busybox)
    assert made.run(f"wget -q {line}").returncode == 0
    assert made.laptop.files.read(path) in ("hello", "text")


def test_busybox_keeps_a_file_that_exists() -> None:
    made = lan(busybox=True)
    made.run("wget -q http://server/file")
    done = made.run("wget http://server/file")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "wget: can't open 'file': File exists")


def test_a_dead_address_is_tried_again_after_a_pause() -> None:
    done = lan(busybox=False).run("wget -O- -T 1 -t 3 http://silent/")
    assert done.stderr.count("failed: Connection timed out.") == 3
    assert done.seconds == pytest.approx(3 * 1 + 1 + 2)


@pytest.mark.parametrize(
    ("busybox", "line", "method", "agent"),
    [
        (False, "http://server/", "GET", "Wget/1.25.0"),
        (False, "--spider http://server/", "HEAD", "Wget/1.25.0"),
        (False, "--post-data=a=1 http://server/", "POST", "Wget/1.25.0"),
        (False, "-U me http://server/", "GET", "me"),
        (True, "--spider http://server/", "GET", "Wget"),
        (True, "--header=User-Agent:me http://server/", "GET", "me"),
    ],
)
def test_the_request(busybox: bool, line: str, method: str, agent: str) -> None:
    made = lan(busybox)
    made.run(f"wget -qO- {line}")
    (request,) = made.server.asked  # type: ignore[attr-defined]
    assert request.method == method
    assert dict(request.headers)["User-Agent"] == agent
    assert request.body == ("a=1" if method == "POST" else "")
