"""What a dump says about its cluster: address ranges, the DNS server and its domain, nodes, the network plugin.

Each is read where a distribution writes it down: ServiceCIDR and IPPool objects, ConfigMaps of kubeadm, kube-proxy,
flannel and CoreDNS, the command lines of the control plane's Pods, k3s' annotation of its nodes. What nobody says is
derived from addresses that are in use, and :attr:`Facts.derived` says so.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import yaml

from kubesim.api.objects import Wire
from kubesim.cluster.addressing import Addressing

K3S_ARGUMENTS = "k3s.io/node-args"
"""The annotation in which k3s keeps the words of its command line."""

PLUGINS = {
    "calico-node": "Calico",
    "cilium": "Cilium",
    "aws-node": "Amazon VPC CNI",
    "kindnet": "kindnet",
    "kube-flannel": "flannel",
    "weave-net": "Weave Net",
    "kube-router": "kube-router",
    "antrea-agent": "Antrea",
}
"""Network plugins, by how the names of their Pods begin."""

ENFORCING = frozenset({"Calico", "Cilium", "Weave Net", "kube-router", "Antrea", "k3s"})
"""Plugins that enforce NetworkPolicies wherever they run; k3s brings kube-router's controller."""

WIDEST_DERIVED = 24
"""Bits in which the addresses of one derived range may differ: no cluster has more than a /8 of Pods or Services."""

_Network = ipaddress.IPv4Network


@dataclass(frozen=True, slots=True)
class NodeFact:
    """A node: in the dump, or only named by its Pods."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the cluster.

    :param addressing: the ranges, the DNS server's address, the domain.
    :param nodes: those that have an IPv4 address.
    :param cni: the network plugin; empty where the dump does not show it.
    :param proxy_mode: kube-proxy's; empty where the dump does not show it.
    :param derived: what is not in the dump and was derived, in words.
    """

    addressing: Addressing
    nodes: tuple[NodeFact, ...]
    cni: str
    proxy_mode: str
    derived: tuple[str, ...]

    @property
    def enforces_policies(self) -> bool | None:
        """Whether NetworkPolicies are enforced; None where the dump does not say."""
        if self.cni in ENFORCING:
            return True
        return False if self.cni == "flannel" else None


def at(value: Any, *path: str) -> Any:
    """What lies at a path of a value that may be anything; None where nothing does."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def words_at(value: Any, *path: str) -> list[Any]:
    """The list at a path; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


class _Dump:
    """A dump's objects, by kind, before anybody has checked them."""

    def __init__(self, objects: Sequence[Wire]) -> None:
        self._by_kind: dict[str, list[Wire]] = {}
        for wire in objects:
            self._by_kind.setdefault(str(at(wire, "kind")), []).append(wire)

    def of(self, kind: str) -> list[Wire]:
        return self._by_kind.get(kind, [])

    def config(self, name: str, key: str) -> str:
        """One text of a ConfigMap, in whichever namespace; empty where there is none."""
        texts = (at(each, "data", key) for each in self.of("ConfigMap") if at(each, "metadata", "name") == name)
        return next((text for text in texts if isinstance(text, str)), "")

    def flag(self, *names: str) -> str:
        """The value of an option on a command line of the control plane, of k3s or of kube-proxy."""
        for name in names:
            for command in self._commands():
                for word, after in pairwise([*command, ""]):
                    if word == f"--{name}":
                        return after
                    if word.startswith(f"--{name}="):
                        return word.partition("=")[2]
        return ""

    def _commands(self) -> Iterator[list[str]]:
        for pod in self.of("Pod"):
            if at(pod, "metadata", "namespace") == "kube-system":
                for container in words_at(pod, "spec", "containers"):
                    command = [*words_at(container, "command"), *words_at(container, "args")]
                    yield [word for word in command if isinstance(word, str)]
        for node in self.of("Node"):
            try:
                words = json.loads(str(at(node, "metadata", "annotations", K3S_ARGUMENTS) or "[]"))
            except ValueError:
                continue
            if isinstance(words, list):
                yield [word for word in words if isinstance(word, str)]


def facts_of(objects: Sequence[Wire]) -> Facts:
    """Read what a dump says; whatever is odd in it is passed over here, and refused where it is stored."""
    dump = _Dump(objects)
    derived: list[str] = []
    kubeadm = _yaml(dump.config("kubeadm-config", "ClusterConfiguration"))
    proxy = _yaml(dump.config("kube-proxy", "config.conf") or dump.config("kube-proxy-config", "config"))
    nodes = _nodes(dump, derived)
    pod_addresses = [each for pod in dump.of("Pod") if (each := _own_address(pod))]
    services = _service_range(dump, kubeadm, derived)
    pods = _pod_range(dump, kubeadm, proxy, pod_addresses, derived)
    lan = _around([node.address for node in nodes], 24) or _apart_from(pods, services)
    taken = {*pod_addresses, *(node.address for node in nodes)}
    gateway = _free(lan, taken)
    laptop = _free(lan, {*taken, gateway})
    cni = _plugin(dump)
    addressing = Addressing(
        pods=str(pods),
        services=str(services),
        lan=str(lan),
        gateway=gateway,
        dns=_dns_address(dump, services),
        domain=_domain(dump, kubeadm, derived),
        outside=(("laptop", laptop),) if laptop else (),
        flannel=cni in ("flannel", "k3s"),
    )
    mode = str(at(proxy, "mode") or "") or dump.flag("proxy-mode")
    return Facts(addressing, nodes, cni, mode, tuple(derived))


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text) if text else {}
    except yaml.YAMLError:
        return {}


def _ipv4(values: Iterable[Any]) -> _Network | None:
    """The first IPv4 range among texts that may each hold several, with commas between."""
    for value in values:
        for part in str(value or "").split(","):
            try:
                found = _Network(part.strip(), strict=False)
            except ValueError:
                continue
            if "/" in part:
                return found
    return None


def _address(value: Any) -> str:
    try:
        return str(ipaddress.IPv4Address(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""


def _own_address(pod: Wire) -> str:
    """A Pod's own IPv4 address; empty where it has none, or the node's."""
    if at(pod, "spec", "hostNetwork") or at(pod, "status", "phase") in ("Succeeded", "Failed"):
        return ""
    given = [at(each, "ip") for each in words_at(pod, "status", "podIPs")] or [at(pod, "status", "podIP")]
    return next((address for each in given if (address := _address(each))), "")


def _nodes(dump: _Dump, derived: list[str]) -> tuple[NodeFact, ...]:
    found: dict[str, str] = {}
    for node in dump.of("Node"):
        own = (
            at(each, "address") for each in words_at(node, "status", "addresses") if at(each, "type") == "InternalIP"
        )
        address = next((each for given in own if (each := _address(given))), "")
        if address:
            found[str(at(node, "metadata", "name"))] = address
    named: dict[str, str] = {}
    for pod in dump.of("Pod"):
        name, address = at(pod, "spec", "nodeName"), _address(at(pod, "status", "hostIP"))
        if isinstance(name, str) and name and address and name not in found:
            named.setdefault(name, address)
    if named:
        derived.append(f"nodes {', '.join(sorted(named))}: by the Pods on them")
    return tuple(NodeFact(name, address) for name, address in (found | named).items())


def _service_range(dump: _Dump, kubeadm: Any, derived: list[str]) -> _Network:
    said = _ipv4(
        [
            *(each for wire in dump.of("ServiceCIDR") for each in words_at(wire, "spec", "cidrs")),
            dump.flag("service-cluster-ip-range", "service-cidr"),
            at(kubeadm, "networking", "serviceSubnet"),
        ]
    )
    if said is not None:
        return said
    used = [a for each in dump.of("Service") if (a := _address(at(each, "spec", "clusterIP")))]
    found = _around(used, 24)
    if found is None:
        derived.append("the range of cluster IPs: no Service in the dump has one")
        return _Network("10.96.0.0/12")
    derived.append(f"the range of cluster IPs, {found} at least: by those of the Services")
    return found


def _pod_range(dump: _Dump, kubeadm: Any, proxy: Any, used: list[str], derived: list[str]) -> _Network:
    flannel = _yaml(dump.config("kube-flannel-cfg", "net-conf.json"))
    variables = (
        at(variable, "value")
        for pod in dump.of("Pod")
        for container in words_at(pod, "spec", "containers")
        for variable in words_at(container, "env")
        if at(variable, "name") == "CALICO_IPV4POOL_CIDR"
    )
    said = _ipv4(
        [
            dump.flag("cluster-cidr"),
            at(proxy, "clusterCIDR"),
            at(kubeadm, "networking", "podSubnet"),
            at(flannel, "Network"),
            *(at(each, "spec", "cidr") for each in dump.of("IPPool")),
            *variables,
        ]
    )
    if said is not None:
        return said
    blocks = [each for node in dump.of("Node") if (each := _ipv4([at(node, "spec", "podCIDR")])) is not None]
    found = _around([*used, *(str(each[0]) for each in blocks), *(str(each[-1]) for each in blocks)], 24)
    if found is None:
        derived.append("the range of the Pods: no Pod in the dump has an address")
        return _Network("10.244.0.0/16")
    derived.append(f"the range of the Pods, {found} at least: by their addresses")
    return found


def _around(addresses: Sequence[str], widest: int) -> _Network | None:
    """The smallest range that holds all addresses, of so many bits or fewer; None where there are none."""
    if not addresses:
        return None
    numbers = [int(ipaddress.IPv4Address(each)) for each in addresses]
    if (min(numbers) ^ max(numbers)).bit_length() > WIDEST_DERIVED:  # of several ranges, that of most addresses
        most, _ = Counter(number >> 16 for number in numbers).most_common(1)[0]
        numbers = [number for number in numbers if number >> 16 == most]
    bits = min(widest, 32 - (min(numbers) ^ max(numbers)).bit_length())
    return _Network((min(numbers), bits), strict=False)


def _apart_from(*ranges: _Network) -> _Network:
    """A private /24 that touches none of these, for nodes that nobody knows."""
    for candidate in ("192.168.0.0/24", "172.31.0.0/24", "10.255.255.0/24"):
        if not any(_Network(candidate).overlaps(each) for each in ranges):
            return _Network(candidate)
    return _Network("198.18.0.0/24")


def _free(lan: _Network, taken: set[str]) -> str:
    """An address that nobody in the dump has: from the end, where nodes seldom are."""
    last = int(lan.broadcast_address) - 1
    return next(
        (a for n in range(last, int(lan.network_address), -1) if (a := str(ipaddress.IPv4Address(n))) not in taken), ""
    )


def dns_services(objects: Iterable[Wire]) -> list[Wire]:
    """The Services of the cluster's DNS server: by the label that all distributions keep, else by the name."""
    services = [each for each in objects if at(each, "kind") == "Service"]
    labelled = [
        each
        for each in services
        if at(each, "metadata", "labels", "k8s-app") == "kube-dns" or at(each, "metadata", "name") == "kube-dns"
    ]
    return [each for each in labelled if _address(at(each, "spec", "clusterIP"))]


def _dns_address(dump: _Dump, services: _Network) -> str:
    found = dns_services(dump.of("Service"))
    if found:
        return _address(at(found[0], "spec", "clusterIP"))
    said = _address(dump.flag("cluster-dns"))
    if said:
        return said
    taken = {str(at(each, "spec", "clusterIP")) for each in dump.of("Service")}
    first = int(services.network_address) + 10
    return next(a for n in range(first, first + 1000) if (a := str(ipaddress.IPv4Address(n))) not in taken)


def _domain(dump: _Dump, kubeadm: Any, derived: list[str]) -> str:
    corefile = dump.config("coredns", "Corefile") or dump.config("rke2-coredns-rke2-coredns", "Corefile")
    zones = re.search(r"^\s*kubernetes\s+([^\s{]+)", corefile, re.MULTILINE)
    said = at(kubeadm, "networking", "dnsDomain") or dump.flag("cluster-domain") or (zones.group(1) if zones else "")
    if isinstance(said, str) and said:
        return said.rstrip(".")
    derived.append("the cluster's domain, cluster.local: as it is where nobody chose another")
    return "cluster.local"


def _plugin(dump: _Dump) -> str:
    for pod in [*dump.of("Pod"), *dump.of("DaemonSet")]:
        name = str(at(pod, "metadata", "name"))
        for start, plugin in PLUGINS.items():
            if name == start or name.startswith((f"{start}-ds", f"{start}-")):
                return plugin
    for node in dump.of("Node"):
        if at(node, "metadata", "annotations", K3S_ARGUMENTS) is not None or "+k3s" in str(
            at(node, "status", "nodeInfo", "kubeletVersion")
        ):
            return "k3s"
    return "flannel" if dump.config("kube-flannel-cfg", "net-conf.json") else ""
