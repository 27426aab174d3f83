"""Real programs in the simulated network: what a proxy on loopback answers (RFC 9110 and RFC 1928)."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from kubesim import serve
from kubesim.views.journey import Journey

GET = b"GET %s HTTP/1.1\r\nHost: web:8080\r\nProxy-Connection: keep-alive\r\nConnection: close\r\n\r\n"


def _service(name: str, app: str) -> dict[str, object]:
    ports = [{"port": 8080, "targetPort": 80}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {
        "selector": {"app": app}, "ports": ports}}  # fmt: skip


def _pod(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": {
        "containers": [{"name": "nginx", "image": "nginx"}]}}  # fmt: skip


@pytest.fixture(scope="module")
def heard() -> list[Journey]:
    return []


@pytest.fixture(scope="module")
def port(server: serve.Server, heard: list[Journey]) -> Iterator[int]:
    server.cluster.apply([_pod("seen"), _pod("looking"), _service("web", "seen"), _service("nobody", "none")])
    server.cluster.settle()
    yield int(server.forward_from("pod/looking", heard=heard.append).rpartition(":")[2])


def told(port: int, *said: bytes) -> bytes:
    """What a client is told that says something, each after an answer to the one before."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for each in said[:-1]:
            connection.sendall(each)
            answer += connection.recv(65536)
        connection.sendall(said[-1])
        while data := connection.recv(65536):
            answer += data
    return answer


@pytest.mark.parametrize(
    ("said", "begins", "holds"),
    [
        ([GET % b"http://web:8080/"], b"HTTP/1.1 200 OK\r\n", b"Welcome to nginx!"),
        ([GET % b"http://web:8080/nosuch?x=1"], b"HTTP/1.1 404 Not Found\r\n", b"404 Not Found"),
        ([GET % b"http://web:8080"], b"HTTP/1.1 200 OK\r\n", b"Welcome to nginx!"),
        ([GET % b"http://nobody:8080/"], b"HTTP/1.1 502 Bad Gateway\r\n",
         b"cannot connect to nobody:8080 from pod/looking: Connection refused"),
        ([GET % b"http://nosuch/"], b"HTTP/1.1 502 Bad Gateway\r\n", b"Name or service not known"),
        ([GET % b"/"], b"HTTP/1.1 400 Bad Request\r\n", b"must name a whole http:// URL"),
        ([GET % b"https://web/"], b"HTTP/1.1 400 Bad Request\r\n", b"must name a whole http:// URL"),
        ([b"CONNECT web:8080 HTTP/1.1\r\nHost: web:8080\r\n\r\n", GET % b"/"],
         b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n", b"Welcome to nginx!"),
        ([b"\x05\x02\x00\x02", b"\x05\x01\x00\x03\x03web\x1f\x90", GET % b"/"],
         b"\x05\x00\x05\x00\x00\x01" + bytes(6) + b"HTTP/1.1 200 OK\r\n", b"Welcome to nginx!"),
        ([b"\x05\x01\x00", b"\x05\x01\x00\x03\x06nobody\x1f\x90"], b"\x05\x00\x05\x05\x00\x01", b""),
        ([b"\x05\x01\x00", b"\x05\x02\x00\x01" + bytes(6)], b"\x05\x00\x05\x07\x00\x01", b""),
        ([b"\x05\x01\x02"], b"\x05\xff", b""),
        ([b"GARBAGE\r\n"], b"HTTP/1.1 400 Bad Request\r\n", b""),
    ],
)  # fmt: skip
def test_what_a_client_is_told(port: int, said: list[bytes], begins: bytes, holds: bytes) -> None:
    answer = told(port, *said)
    assert answer.startswith(begins)
    assert holds in answer


def test_the_way_of_each_request_is_told(port: int, heard: list[Journey]) -> None:
    heard.clear()
    told(port, GET % b"http://web:8080/")
    (journey,) = heard
    assert (journey.source, journey.target) == ("pod/default/looking", "web:8080")
    assert str(journey).splitlines()[-1].endswith("answered 200 OK")


def test_a_server_has_one_proxy_and_it_stands_somewhere(server: serve.Server, port: int) -> None:
    with pytest.raises(RuntimeError, match="must be the only one"):
        server.forward_from("pod/looking")
