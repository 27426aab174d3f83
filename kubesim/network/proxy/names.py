"""Names that kube-proxy makes: of Service ports, and of the chains it writes for them.

A chain's name must be short, so it holds a hash: the beginning of the base32 of a sha256. Knowing the rule, one can
find a Service's chain on a real node.
"""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

NFT_NAME_LIMIT = 240
"""How long a chain's name may get in nftables mode before it is cut and ``...`` added (upstream's
``chainNameBaseLengthMax``).
"""


class ServicePortName(NamedTuple):
    """One port of one Service.

    :param port: the port's name; empty where it has none.
    :param protocol: upper case, as in objects.
    """

    namespace: str
    name: str
    port: str = ""
    protocol: str = "TCP"

    def __str__(self) -> str:
        """``namespace/name:port``, as rules' comments and hashes have it."""
        service = f"{self.namespace}/{self.name}"
        return f"{service}:{self.port}" if self.port else service


def _hash(text: str, length: int) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:length]


def service_hash(port: ServicePortName) -> str:
    """The 16 characters that the chains of a Service port share in iptables mode."""
    return _hash(f"{port}{port.protocol.lower()}", 16)


def endpoint_chain(port: ServicePortName, endpoint: str) -> str:
    """``KUBE-SEP-…``: the chain of one endpoint of a Service port.

    :param endpoint: ``address:port``.
    """
    return f"KUBE-SEP-{_hash(f'{port}{port.protocol.lower()}{endpoint}', 16)}"


def nft_base(port: ServicePortName) -> str:
    """``HASH-namespace/name/protocol/port``: what the chains of a Service port share in nftables mode."""
    return _nft_name(f"{port.namespace}/{port.name}/{port.protocol.lower()}/{port.port}")


def nft_endpoint_base(port: ServicePortName, address: str, number: int) -> str:
    """``HASH-namespace/name/protocol/port__address/number``: likewise for one endpoint."""
    return _nft_name(f"{port.namespace}/{port.name}/{port.protocol.lower()}/{port.port}__{address}/{number}")


def _nft_name(text: str) -> str:
    name = f"{_hash(text, 8)}-{text}"
    return name if len(name) <= NFT_NAME_LIMIT else name[: NFT_NAME_LIMIT - 3] + "..."
