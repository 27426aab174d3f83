"""Where a request starts and where it goes, as a person writes them, and the one request that ``curl`` would send.

A machine is ``pod/client``, ``node/master``, ``laptop`` or an address; a target is a URL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kubesim.network.network import Network
from kubesim.network.service import HttpRequest
from kubesim.network.sockets import Connection, Sockets

DEFAULT_PORTS = {"http": 80, "https": 443, "tcp": 80, "udp": 53, "dns": 53}
"""The schemes that a URL may have, each with the port that is meant where the URL names none."""

AGENT = "curl/8.14.1"
"""Who sends the request."""

MACHINES_SHOWN = 8
"""How many machines an error lists."""


def machine_name(source: str, network: Network, namespace: str = "default") -> str:
    """The network's name of a machine.

    :param source: ``pod/NAME``, ``pod/NAMESPACE/NAME``, ``node/NAME``, ``laptop``, another outside name, an address.
    :raises LookupError: if there is no such machine.
    """
    parts = source.split("/")
    wanted = source
    if parts[0] in ("pod", "pods", "po"):
        wanted = "/".join(["pod", namespace, parts[1]] if len(parts) == 2 else ["pod", *parts[1:]])
    elif parts[0] in ("node", "nodes", "no") and len(parts) == 2:
        wanted = f"node/{parts[1]}"
    elif f"internet/{source}" in network.topology:
        wanted = f"internet/{source}"
    else:
        owner = network.topology.owner(source)
        if owner is not None:
            wanted = owner.name
    try:
        network.machine(wanted)
    except KeyError:
        known = _known(wanted.partition("/")[0], network)
        raise LookupError(f"{source!r} is no machine that runs; a source must be one of {known}") from None
    return wanted


def _known(kind: str, network: Network) -> str:
    """The machines that run, shortly: those of the kind that was meant first."""
    names = [host.name for host in network.topology.hosts if not host.name.startswith("internet/")]
    names.sort(key=lambda name: name.partition("/")[0] != kind)
    more = len(names) - MACHINES_SHOWN
    return ", ".join(names[:MACHINES_SHOWN]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes.

    :param scheme: ``http``, ``https``, ``tcp``, ``udp`` or ``dns``.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def protocol(self) -> str:
        """The transport protocol."""
        return "UDP" if self.scheme in ("udp", "dns") else "TCP"


def target_of(url: str) -> Target:
    """Read a URL; without a scheme it is HTTP, without a port the scheme's own.

    :raises ValueError: where it is none.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError as error:
        raise ValueError(f"a URL must be one that can be read ({error}), got {url!r}") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"a URL's scheme must be one of {', '.join(DEFAULT_PORTS)}, got {parts.scheme!r}")
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"the port of a URL must be a number up to 65535, got {url!r}") from None
    if not parts.hostname:
        raise ValueError(f"a URL must name a host, got {url!r}")
    if port is None:
        port = DEFAULT_PORTS[parts.scheme]
    path = parts.path or "/"
    return Target(parts.scheme, parts.hostname, port, f"{path}?{parts.query}" if parts.query else path)


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
