"""Real connections inside the namespaces: many at a time, none of which waits for another.

All sockets belong to this one process. A socket stays in the namespace in which it was made, so the process steps into
a namespace, makes a socket, and steps out again.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.kernel.generated import LISTENING, Flow, Generated
from tests.kernel.namespaces import Namespaces, inside

WAIT_SECONDS = 0.7
"""How long an attempt may take before it counts as silence; answers come within milliseconds, a dead neighbour's news
after 0.3 s."""

IP_RECVERR = 11
"""Keep ICMP errors, so that a rejection can be told from a reset."""

SO_EE_ORIGIN_ICMP = 2
"""An entry of the error queue that came from an ICMP message, not from this host's own kernel."""

BATCH = 400
"""How many attempts are under way at once."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What became of one attempt.

    :param outcome: ``ok``, ``reset``, ``icmp``, ``unreachable``, ``forbidden`` or ``silence``.
    :param endpoint: the address that answered.
    :param client: the client's address as the endpoint saw it.
    """

    outcome: str
    endpoint: str = ""
    client: str = ""


class Servers:
    """Servers on every Pod that tell who they are and whom they see; a thread of their own serves them."""

    def __init__(self, cluster: Generated, testbed: Namespaces) -> None:
        self._selector = selectors.DefaultSelector()
        self._stopped = threading.Event()
        for pod in cluster.pods:
            with inside(testbed.namespace(pod.machine)):
                for protocol, port in LISTENING:
                    kind = socket.SOCK_STREAM if protocol == "TCP" else socket.SOCK_DGRAM
                    server = socket.socket(socket.AF_INET, kind)
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    server.bind(("0.0.0.0", port))
                    if protocol == "TCP":
                        server.listen(512)
                    server.setblocking(False)
                    self._selector.register(server, selectors.EVENT_READ, (protocol, pod.address))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Servers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            for key, _ in self._selector.select(timeout=0.05):
                protocol, address = key.data
                server: socket.socket = key.fileobj  # type: ignore[assignment]
                with contextlib.suppress(OSError):
                    _answer(server, protocol, address)


def _answer(server: socket.socket, protocol: str, address: str) -> None:
    if protocol == "UDP":
        _, client = server.recvfrom(64)
        server.sendto(f"{address} {client[0]}".encode(), client)
        return
    connection, client = server.accept()
    with connection:
        connection.sendall(f"{address} {client[0]}".encode())


def attempt(testbed: Namespaces, flows: Iterable[Flow], wait_seconds: float = WAIT_SECONDS) -> list[Observation]:
    """Try flows, several at a time; one observation for each, in their order."""
    listed = list(flows)
    return [
        observation
        for start in range(0, len(listed), BATCH)
        for observation in _attempt_batch(testbed, listed[start : start + BATCH], wait_seconds)
    ]


def _attempt_batch(testbed: Namespaces, flows: list[Flow], wait_seconds: float) -> list[Observation]:
    found: list[Observation | None] = [None] * len(flows)
    selector = selectors.DefaultSelector()
    sockets: list[socket.socket] = []
    for position, flow in enumerate(flows):
        with inside(testbed.namespace(flow.source)):
            kind = socket.SOCK_STREAM if flow.protocol == "TCP" else socket.SOCK_DGRAM
            client = socket.socket(socket.AF_INET, kind)
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            try:
                client.connect((flow.address, flow.port))
                if flow.protocol == "UDP":
                    client.send(b"?")
            except BlockingIOError:
                pass
            except OSError as error:
                found[position] = _failure(client, error.errno or 0)
        sockets.append(client)
        if found[position] is None:
            selector.register(client, selectors.EVENT_READ, position)
    deadline = time.monotonic() + wait_seconds
    while selector.get_map() and time.monotonic() < deadline:
        for key, _ in selector.select(timeout=max(0.0, deadline - time.monotonic())):
            client = key.fileobj  # type: ignore[assignment]
            found[key.data] = _result(client)
            selector.unregister(client)
    selector.close()
    for client in sockets:
        client.close()
    return [observation or Observation("silence") for observation in found]


def _result(client: socket.socket) -> Observation:
    try:
        text = client.recv(64).decode()
    except OSError as error:
        return _failure(client, error.errno or 0)
    endpoint, _, seen = text.partition(" ")
    return Observation("ok", endpoint, seen)


def _failure(client: socket.socket, code: int) -> Observation:
    told = 0 if code == errno.EPERM else _told_by_icmp(client)
    if told:
        # An ICMP error that arrives while connect() still holds the socket is queued, and acted on with the next SYN
        # only; the queue tells at once.
        return Observation("icmp" if told == errno.ECONNREFUSED else "unreachable")
    names = {
        errno.ECONNREFUSED: "reset",
        errno.EHOSTUNREACH: "unreachable",
        errno.ENETUNREACH: "unreachable",
        errno.EPERM: "forbidden",
    }
    return Observation(names.get(code, errno.errorcode.get(code, str(code))))


def _told_by_icmp(client: socket.socket) -> int:
    """The error that an ICMP message in the socket's error queue stands for; 0 without one, as after a reset."""
    try:
        _, ancillary, _, _ = client.recvmsg(64, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return 0
    for _, kind, data in ancillary:
        if kind == IP_RECVERR:
            code, origin = struct.unpack_from("=IB", data)
            return int(code) if origin == SO_EE_ORIGIN_ICMP else 0
    return 0
