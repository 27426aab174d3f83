"""A cluster of network namespaces: what flannel and the container runtime set up on real nodes, built with iproute2.

Every namespace has a prefix of its own run in its name and is removed at the end; nothing outside them is touched.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubesim.network.iptables_text import save
from kubesim.network.nftables_text import list_ruleset
from kubesim.network.rules import Ruleset
from tests.kernel.generated import BALANCER, EXTERNAL_PREFIX, OUTSIDE, POD_PREFIX, SERVICE_PREFIX, Generated

TOOLS = ("ip", "bridge", "iptables-restore", "nft")
CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)

ROUTER = "172.31.0.1"
NEIGHBOUR_MILLISECONDS = "100"
"""A dead neighbour is given up after three times this long, instead of 3 s, so that the tests need not wait."""

SYSCTLS = {
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    # ICMP errors are not rationed: every refused flow must hear of it.
    "net/ipv4/icmp_ratelimit": "0",
}


def reason_to_skip() -> str:
    """Why the kernel cannot be asked here; empty where it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"needs iproute2, iptables and nftables; not found: {', '.join(missing)}"
    if os.geteuid() != 0:
        return "needs root, to make network namespaces"
    name = f"kubesim-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    try:
        bridges = ["ip", "-n", name, "link", "add", "br0", "type", "bridge"]
        tunnels = ["ip", "-n", name, "link", "add", "v0", "type", "vxlan", "id", "1", "dstport", "8472"]
        for command in (bridges, tunnels):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                return f"the kernel lacks what flannel needs: {done.stderr.strip()}"
        with inside(name):
            if not Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists():
                return "the kernel lacks br_netfilter"
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Let this thread make sockets in a namespace; sockets stay in the namespace where they were made."""
    with Path("/proc/thread-self/ns/net").open() as home, Path("/run/netns", namespace).open() as away:
        _set_namespace(away.fileno())
        try:
            yield
        finally:
            _set_namespace(home.fileno())


def _set_namespace(descriptor: int) -> None:
    if _LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns failed")


class Namespaces:
    """The namespaces of one generated cluster; a context manager that removes them.

    :param cluster: what to build.
    """

    def __init__(self, cluster: Generated) -> None:
        self.cluster = cluster
        self.prefix = f"kubesim{os.getpid()}"
        self.names: dict[str, str] = {}

    def __enter__(self) -> Namespaces:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.names:
            lines = "".join(f"netns del {name}\n" for name in self.names.values())
            subprocess.run(["ip", "-batch", "-", "-force"], input=lines, text=True, capture_output=True, check=False)

    def namespace(self, machine: str) -> str:
        """The namespace of a machine of the simulation."""
        return self.names[machine]

    # --- building -------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        cluster = self.cluster
        machines = ["router", *cluster.machines]
        if cluster.balanced:
            machines.append(BALANCER)
        for number, machine in enumerate(machines):
            self.names[machine] = f"{self.prefix}-{number}"
        _ip("".join(f"netns add {name}\n" for name in self.names.values()))
        for name in self.names.values():
            _sysctl(name, SYSCTLS)
            _ip("link set lo up\n", name)
        _sysctl(self.names["router"], {"net/ipv4/ip_forward": "1"})
        _ip(f"link add br0 type bridge\naddr add {ROUTER}/24 dev br0\nlink set br0 up\n", self.names["router"])
        # Whatever leaves the LAN is lost without a word.
        _ip("route add blackhole default\n", self.names["router"])
        for name, (address, _) in cluster.nodes.items():
            self._attach(f"node/{name}", [address])
        first = next(iter(cluster.nodes.values()))[0]
        for name, address in OUTSIDE.items():
            self._attach(name, [address])
        routes = "".join(
            f"route add {prefix} via {first}\n" for prefix in (POD_PREFIX, SERVICE_PREFIX, EXTERNAL_PREFIX)
        )
        _ip(routes, self.names["routed"])
        if cluster.balanced:
            self._attach(BALANCER, list(cluster.balanced))
            _sysctl(self.names[BALANCER], {"net/ipv4/ip_forward": "1"})
            load(self.names[BALANCER], cluster.rulesets[BALANCER])
        for number, name in enumerate(cluster.nodes):
            self._node(number, name)
        for number, pod in enumerate(cluster.pods):
            self._pod(number, pod.machine, f"node/{pod.node}", pod.address)
        for machine, name in self.names.items():
            for interface in ("eth0", "cni0") if machine.startswith("node/") else ("eth0",):
                _sysctl(name, {f"net/ipv4/neigh/{interface}/retrans_time_ms": NEIGHBOUR_MILLISECONDS})

    def _attach(self, machine: str, addresses: list[str]) -> None:
        """Join a machine to the LAN."""
        own, router = self.names[machine], self.names["router"]
        port = f"p{own.rpartition('-')[2]}"
        lines = (
            f"link add {port} type veth peer name eth0 netns {own}\nlink set {port} master br0\nlink set {port} up\n"
        )
        _ip(lines, router)
        lines = "".join(f"addr add {address}/24 dev eth0\n" for address in addresses)
        _ip(f"{lines}link set eth0 up\nroute add default via {ROUTER}\n", own)

    def _node(self, number: int, name: str) -> None:
        cluster, own = self.cluster, self.names[f"node/{name}"]
        address, prefix = cluster.nodes[name]
        network = prefix.removesuffix(".0/24")
        lines = [
            f"link add cni0 type bridge\naddr add {network}.1/24 dev cni0\nlink set cni0 up",
            f"link add flannel.1 address {_mac(number)} type vxlan id 1 local {address} dev eth0 dstport 8472 "
            "nolearning",
            f"addr add {network}.0/32 dev flannel.1\nlink set flannel.1 up",
        ]
        forwarding = []
        for other, (there, far) in enumerate(cluster.nodes.values()):
            if other == number:
                continue
            gateway = far.removesuffix("/24")
            lines.append(f"neigh add {gateway} lladdr {_mac(other)} dev flannel.1 nud permanent")
            lines.append(f"route add {far} via {gateway} dev flannel.1 onlink")
            forwarding.append(f"fdb append {_mac(other)} dev flannel.1 dst {there}\n")
        _ip("\n".join(lines) + "\n", own)
        _run(["bridge", "-n", own, "-batch", "-"], "".join(forwarding))
        ruleset = cluster.rulesets[f"node/{name}"]
        switches = {"net/ipv4/ip_forward": "1", "net/bridge/bridge-nf-call-iptables": "1"}
        if ruleset.route_localnet:
            switches["net/ipv4/conf/all/route_localnet"] = "1"
        _sysctl(own, switches)
        load(own, ruleset)

    def _pod(self, number: int, machine: str, node: str, address: str) -> None:
        own, host = self.names[machine], self.names[node]
        port = f"veth{number}"
        _ip(
            f"link add {port} type veth peer name eth0 netns {own}\nlink set {port} master cni0\nlink set {port} up\n",
            host,
        )
        # A Pod may reach itself through its Service: the bridge must send a frame back out of its port.
        _run(["bridge", "-n", host, "link", "set", "dev", port, "hairpin", "on"])
        gateway = address.rpartition(".")[0] + ".1"
        _ip(f"addr add {address}/24 dev eth0\nlink set eth0 up\nroute add default via {gateway}\n", own)


def load(namespace: str, ruleset: Ruleset) -> None:
    """Hand the simulator's own rule text to the kernel."""
    iptables = ruleset.mode == "iptables"
    command, text = (["iptables-restore"], save(ruleset)) if iptables else (["nft", "-f", "-"], list_ruleset(ruleset))
    _run(["ip", "netns", "exec", namespace, *command], text)


def _mac(number: int) -> str:
    return f"02:00:00:00:00:{number + 1:02x}"


def _ip(lines: str, namespace: str = "") -> None:
    where = ["-n", namespace] if namespace else []
    _run(["ip", *where, "-batch", "-"], lines)


def _run(command: list[str], text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()[:500]}")


def _sysctl(namespace: str, values: dict[str, str]) -> None:
    with inside(namespace):
        for name, value in values.items():
            path = Path("/proc/sys", name)
            if path.exists():
                path.write_text(value)
