"""``/etc/hosts``: names that a machine knows without asking; and the files that the kubelet writes for Pods.

The same format feeds CoreDNS's ``hosts`` plugin (k3s keeps the nodes' names in one called NodeHosts).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kubesim.network.dns.getaddrinfo import Found


@dataclass(frozen=True, slots=True)
class HostsLine:
    """One line: an address, its first name and the others."""

    address: str
    names: tuple[str, ...]

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4

    def has(self, name: str) -> bool:
        """Whether one of its names is this one, case and a final dot aside."""
        return name.rstrip(".").lower() in (one.rstrip(".").lower() for one in self.names)


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[HostsLine, ...]:
    """The lines that hold an address and a name; others mean nothing."""
    lines = []
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) < 2:
            continue
        try:
            address = str(ipaddress.ip_address(words[0].split("%")[0]))
        except ValueError:
            continue
        lines.append(HostsLine(address, tuple(words[1:])))
    return tuple(lines)


def find(lines: Sequence[HostsLine], name: str, versions: Sequence[int]) -> Found | None:
    """The addresses of a name, those of the first version first; None where no line has it."""
    matching = [line for version in versions for line in lines if line.version == version and line.has(name)]
    if not matching:
        return None
    addresses = tuple(dict.fromkeys(line.address for line in matching))
    return Found(matching[0].names[0], addresses, matching[0].names[1:])


def for_pod(address: str, hostname: str, domain: str = "") -> str:
    """The file that the kubelet writes for a Pod; ``domain`` is set where the Pod has a hostname and a subdomain."""
    own = f"{hostname}.{domain}\t{hostname}" if domain else hostname
    return (
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n"
        f"{address}\t{own}\n"
    )


def for_host_network_pod(node: str) -> str:
    """The file of a Pod on its node's network: the node's own, under another first line."""
    return f"# Kubernetes-managed hosts file (host network).\n{node}"
