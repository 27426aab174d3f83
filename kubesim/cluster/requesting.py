"""One request from a machine, as ``curl`` sends it."""

from __future__ import annotations

from typing import Any

from kubesim.cluster.places import Target
from kubesim.network.network import Network
from kubesim.network.service import HttpRequest
from kubesim.network.sockets import Connection, Sockets

AGENT = "curl/8.14.1"


def send(network: Network, machine: str, target: Target, address: str) -> tuple[Connection, Any]:
    """The connection, and the answer where it is TCP and there is one; no time passes."""
    connection = Sockets(network, machine).connect(address, target.port, target.protocol)
    if target.protocol != "TCP":
        return connection, None
    host = target.host if target.port == 80 else f"{target.host}:{target.port}"
    headers = (("Host", host), ("User-Agent", AGENT), ("Accept", "*/*"))
    response = connection.request(HttpRequest("GET", target.path, headers, tls=target.scheme == "https"))
    connection.close()
    return connection, response


def is_address(host: str) -> bool:
    """Whether a host is an IPv4 address and needs no look-up."""
    return host.replace(".", "").isdigit() and host.count(".") == 3
