"""The servers of small images: which port they take and what they answer, as their documentation says."""

import pytest

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.machine import Machine
from kubesim.programs.program_table import IMAGES, programs_named
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed, Running
from tests.programs.lan import LAPTOP, Lan

CLIENT = Client("10.42.0.9", 40000)


def start(line: str, **environment: str) -> Completed | Running:
    lan = Lan()
    files = FileSystem()
    files.make_directory("/usr/local/apache2/htdocs", parents=True)
    files.write("/usr/local/apache2/htdocs/index.html", "It works!\n")
    machine = Machine(
        "laptop", "web-1", files, programs_named(IMAGES, "debian"), lan.simulation, sockets=lan.laptop.sockets
    )
    return machine.run(line.split(), environment=environment)


@pytest.mark.parametrize(
    ("line", "environment", "port", "target", "status", "body"),
    [
        ("http-echo", {}, 5678, "/", 200, "hello-world\n"),
        ("http-echo -text=hi -listen=:80", {}, 80, "/any", 200, "hi\n"),
        ("http-echo -text hi", {}, 5678, "/", 200, "hi\n"),
        ("http-echo", {"ECHO_TEXT": "env"}, 5678, "/", 200, "env\n"),
        (
            "whoami-server",
            {},
            80,
            "/",
            200,
            f"Hostname: web-1\nIP: 127.0.0.1\nIP: {LAPTOP}\nRemoteAddr: 10.42.0.9:40000\n",
        ),
        ("whoami-server --port 8080", {}, 8080, "/", 200, "Hostname: web-1\n"),
        ("agnhost netexec", {}, 8080, "/hostname", 200, "web-1"),
        ("agnhost netexec --http-port=80", {}, 80, "/clientip", 200, "10.42.0.9:40000"),
        ("agnhost netexec", {}, 8080, "/echo?msg=hi", 200, "hi"),
        ("agnhost serve-hostname", {}, 9376, "/", 200, "web-1"),
        (
            "echoserver",
            {},
            8080,
            "/x",
            200,
            "\n\nHostname: web-1\n\nRequest Information:\n\tclient_address=10.42.0.9\n",
        ),
        ("hello-app", {}, 8080, "/", 200, "Hello, world!\nVersion: 1.0.0\nHostname: web-1\n"),
        ("hello-app", {"PORT": "81"}, 81, "/", 200, "Hello, world!\n"),
        ("httpd", {}, 80, "/", 200, "It works!\n"),
        ("httpd", {}, 80, "/nosuch", 404, "<!DOCTYPE HTML PUBLIC"),
        ("python3 -m http.server", {}, 8000, "/usr/local", 200, '<li><a href="apache2">apache2</a></li>\n'),
        ("python3 -m http.server 81", {}, 81, "/nosuch", 404, ""),
    ],
)
def test_what_it_answers(
    line: str, environment: dict[str, str], port: int, target: str, status: int, body: str
) -> None:
    running = start(line, **environment)
    assert isinstance(running, Running) and list(running.listeners) == [("TCP", port)]
    answer = running.listeners["TCP", port].handle(HttpRequest("GET", target, (("Host", "x"),)), CLIENT)
    assert isinstance(answer, HttpResponse)
    assert answer.status == status and answer.body.startswith(body)
    head = running.listeners["TCP", port].handle(HttpRequest("HEAD", target, (("Host", "x"),)), CLIENT)
    assert isinstance(head, HttpResponse) and head.body == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [("agnhost nosuch", 'unknown command "nosuch"'), ("python3 x.py", "only `-m http.server` is simulated")],
)
def test_what_is_refused(line: str, said: str) -> None:
    done = start(line)
    assert isinstance(done, Completed) and done.returncode == 1 and said in done.stderr


def test_redis_answers_ping_and_nothing_else() -> None:
    running = start("redis-server")
    assert isinstance(running, Running)
    server = running.listeners["TCP", 6379]
    assert [server.handle(text, CLIENT) for text in ("PING\r\n", "ping", "GET x")] == ["+PONG\r\n", "+PONG\r\n", None]
    assert server.handle(HttpRequest("GET", "/"), CLIENT) == "-ERR unknown command\r\n"
