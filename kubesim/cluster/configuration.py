"""The cluster file: a readable document that says which cluster to build.

``data/clusters/k3s.yaml`` is the default one and explains every field. A file that misses something takes the default
cluster's value; a field that does not exist is an error, so that a typing mistake does not pass unseen.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from kubesim.api import go_json, go_yaml
from kubesim.cluster import requirements
from kubesim.cluster.arguments import shown
from kubesim.cluster.requirements import refuse
from kubesim.data_directory import DATA, read_yaml
from kubesim.releases import RELEASES, Release, release_of

DEFAULT_FILE = DATA / "clusters" / "k3s.yaml"
MOST_BALANCER_ADDRESSES = 65_536
"""Addresses that a load balancer may have to give away."""


class ClusterFileError(ValueError):
    """A cluster file that cannot be read; says what must hold and what was given."""


class _Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A part of the file; what must hold of its fields beyond their types it checks itself."""


class Networks(_Part, frozen=True):
    """The cluster's address ranges."""

    gateway: str = "172.31.0.1"
    pods: str = "10.42.0.0/16"
    services: str = "10.43.0.0/16"
    nodePorts: str = "30000-32767"
    dns: str = "10.43.0.10"
    domain: str = "cluster.local"
    nameservers: tuple[str, ...] = ("8.8.8.8",)
    search: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        pods, services = self.pod_range, self.service_range
        if pods.overlaps(services):
            raise refuse("networks.pods", f"apart from networks.services ({services})", self.pods)
        requirements.contained("networks.dns", self.dns, "networks.services", services)
        self.outside("networks.gateway", self.gateway)
        requirements.name("networks.domain", self.domain)
        for each in self.search:
            requirements.name("networks.search", each)
        for each in self.nameservers:
            requirements.address("networks.nameservers", each)
        requirements.span("networks.nodePorts", self.nodePorts, "FIRST-LAST, two ports", requirements.port, 65536)

    @property
    def pod_range(self) -> ipaddress.IPv4Network:
        """The Pods' addresses."""
        return requirements.network("networks.pods", self.pods)

    @property
    def service_range(self) -> ipaddress.IPv4Network:
        """The Services' addresses."""
        return requirements.network("networks.services", self.services)

    @property
    def node_port_range(self) -> tuple[int, int]:
        """The first and the last node port."""
        first, _, last = self.nodePorts.partition("-")
        return int(first), int(last or first)

    def outside(self, field: str, given: str) -> None:
        """Hold an address to be neither a Pod's nor a Service's.

        :raises ValueError: where it is, or is none.
        """
        found = requirements.address(field, given)
        if found in self.pod_range or found in self.service_range or found.is_loopback:
            raise refuse(field, "an address that is no Pod's, no Service's and not of 127.0.0.0/8", given)


class NodeFile(_Part, frozen=True):
    """One node."""

    name: str
    address: str
    podCIDR: str
    controlPlane: bool = False
    labels: dict[str, str] = {}
    taints: list[dict[str, str]] = []
    machineID: str = ""
    bootID: str = ""
    systemUUID: str = ""

    def __post_init__(self) -> None:
        requirements.name("a node's name", self.name)
        requirements.address(f"the address of node {self.name}", self.address)
        requirements.network(f"the podCIDR of node {self.name}", self.podCIDR)


class Hardware(_Part, frozen=True):
    """What each node is made of and reports."""

    cpu: str = "4"
    memory: str = "8131912Ki"
    storage: str = "40901312Ki"
    allocatableStorage: str = "39788796278"
    pods: str = "110"
    osImage: str = "Ubuntu 24.04.2 LTS"
    kernel: str = "6.8.0-60-generic"
    containerRuntime: str = ""  # empty: the containerd that ships with the version

    def __post_init__(self) -> None:
        for field in ("cpu", "memory", "storage", "allocatableStorage", "pods"):
            requirements.amount(f"hardware.{field}", getattr(self, field))


class Proxy(_Part, frozen=True):
    """kube-proxy's configuration."""

    mode: str = "iptables"
    masqueradeAll: bool = False
    nodePortAddresses: list[str] = []
    localhostNodePorts: bool = True

    def __post_init__(self) -> None:
        if self.mode not in ("iptables", "nftables"):
            raise refuse("proxy.mode", "iptables or nftables", self.mode)
        for each in self.nodePortAddresses:
            try:
                ipaddress.IPv4Network(each)
            except ValueError:
                raise refuse("proxy.nodePortAddresses", "IPv4 ranges such as 172.31.0.0/24", each) from None


class Flannel(_Part, frozen=True):
    """How flannel joins the nodes: ``vxlan`` or ``host-gw``; an ``mtu`` of 0 leaves it to the backend."""

    backend: str = "vxlan"
    mtu: int = 0

    def __post_init__(self) -> None:
        if self.backend not in ("vxlan", "host-gw"):
            raise refuse("flannel.backend", "vxlan or host-gw", self.backend)
        if self.mtu and not 68 <= self.mtu <= 65535:
            raise refuse("flannel.mtu", "0, or bytes from 68 to 65535", self.mtu)


class LoadBalancer(_Part, frozen=True):
    """Who provides addresses to Services of type LoadBalancer."""

    provider: str = "external"
    addresses: str = "172.31.0.200-172.31.0.230"

    def __post_init__(self) -> None:
        if self.provider not in ("external", "servicelb", "none"):
            raise refuse("loadBalancer.provider", "external, servicelb or none", self.provider)
        field = "loadBalancer.addresses"
        what = "FIRST-LAST, two IPv4 addresses"
        requirements.span(
            field, self.addresses, what, lambda each: int(ipaddress.IPv4Address(each)), MOST_BALANCER_ADDRESSES
        )


class Outside(_Part, frozen=True):
    """A machine outside the cluster, on the nodes' LAN.

    ``firewall`` lists the TCP ports that it may call, as ``443`` or ``8000-8100``; empty: it may call all.
    """

    name: str
    address: str
    firewall: list[str] = []

    def __post_init__(self) -> None:
        requirements.name("the name of a machine outside", self.name)
        requirements.address(f"the address of {self.name}", self.address)
        self.admitted  # noqa: B018 (it checks itself)

    @property
    def admitted(self) -> tuple[tuple[int, int], ...]:
        """(first, last) of each range of ports that it may call."""
        field = f"the firewall of {self.name}"
        return tuple(
            requirements.span(field, each, "ports such as 443 or 8000-8100", requirements.port, 65536)
            for each in self.firewall
        )


class Pins(_Part, frozen=True):
    """Addresses that are not left to the allocators, by ``namespace/name``."""

    pods: dict[str, str] = {}
    services: dict[str, str] = {}


class ClusterConfiguration(_Part, frozen=True):
    """A whole cluster file."""

    name: str = "k3s"
    version: str = "v1.36.2+k3s1"
    coredns: str = ""  # its version; empty: the one that ships with the version
    age: str = "0s"
    networks: Networks = Networks()
    nodes: list[NodeFile] = []
    hardware: Hardware = Hardware()
    proxy: Proxy = Proxy()
    flannel: Flannel = Flannel()
    loadBalancer: LoadBalancer = LoadBalancer()
    networkPolicy: str = "kube-router"
    program: str = "k3s"  # that all components are parts of; empty where each is its own
    outside: list[Outside] = []
    internet: str = "../internet.yaml"  # empty for none
    images: str = "../images.yaml"
    addons: list[str] = []
    pins: Pins = Pins()
    directory: str = ""

    def __post_init__(self) -> None:
        if not self.name or not self.name.isprintable():
            raise refuse("name", "a name", self.name)
        if not re.fullmatch(r"v\d{1,3}\.\d{1,4}\.\d{1,4}[-+.\w]{0,60}", self.version, re.ASCII):
            raise refuse("version", f"one such as v1.36.2+k3s1, or {' or '.join(RELEASES)}", self.version)
        if not re.fullmatch(r"(\d{1,3}\.\d{1,3}\.\d{1,3})?", self.coredns, re.ASCII):
            raise refuse("coredns", "a version such as 1.14.4, or empty", self.coredns)
        requirements.age("age", self.age)
        if self.networkPolicy not in ("kube-router", "none"):
            raise refuse("networkPolicy", "kube-router or none", self.networkPolicy)
        if not re.fullmatch(r"[-.\w]{0,128}", self.program, re.ASCII):
            raise refuse("program", "the name of a program, or empty", self.program)
        if not self.nodes:
            raise ValueError("a cluster must have a node, got none")
        if not any(node.controlPlane for node in self.nodes):
            raise ValueError("a cluster must have a node with controlPlane: true, got none")
        self._check_machines()
        self._check_pins()

    @property
    def release(self) -> Release:
        """How this version behaves, and what ships with it."""
        return release_of(self.version)

    @property
    def server_version(self) -> str:
        """What the API server says of itself; one that is no part of k3s knows nothing of its suffix."""
        return self.version if self.program else self.version.partition("+")[0]

    @property
    def container_runtime(self) -> str:
        """What nodes report that they run containers with."""
        return self.hardware.containerRuntime or f"containerd://{self.release.containerd}"

    def program_of(self, component: str) -> str:
        """What a component calls itself when it writes: the name of the program that it is a part of."""
        return self.program or component

    def _check_machines(self) -> None:
        """Nothing may have another's name or address; every node's Pods lie in the Pods' range."""
        machines: list[NodeFile | Outside] = [*self.nodes, *self.outside]
        _all_different("the names of nodes and machines outside", (each.name for each in machines))
        gateway = self.networks.gateway
        _all_different("the addresses of nodes and machines outside", [gateway, *(each.address for each in machines)])
        for each in machines:
            self.networks.outside(f"the address of {each.name}", each.address)
        pods, taken = self.networks.pod_range, list[ipaddress.IPv4Network]()
        for node in self.nodes:
            field, own = f"the podCIDR of node {node.name}", ipaddress.IPv4Network(node.podCIDR)
            if not own.subnet_of(pods):
                raise refuse(field, f"a part of networks.pods ({pods})", node.podCIDR)
            taken.append(own)
        taken.sort()
        for before, after in itertools.pairwise(taken):
            if before.overlaps(after):
                raise refuse("the podCIDRs of nodes", "apart from one another", f"{before} and {after}")

    def _check_pins(self) -> None:
        for kind, pins, within in (
            ("pods", self.pins.pods, self.networks.pod_range),
            ("services", self.pins.services, self.networks.service_range),
        ):
            for key, address in pins.items():
                if not re.fullmatch(r"[^/\s]+/[^/\s]+", key):
                    raise refuse(f"a key of pins.{kind}", "NAMESPACE/NAME", key)
                requirements.contained(f"pins.{kind}.{key}", address, f"networks.{kind}", within)
            _all_different(f"the addresses of pins.{kind}", pins.values())

    @classmethod
    def load(cls, path: Path | str = DEFAULT_FILE) -> ClusterConfiguration:
        """Read a cluster file.

        :raises ClusterFileError: where the file does not read as one.
        """
        file = Path(path)
        if not file.exists() and not file.is_absolute() and (DATA.parent / file).exists():
            file = DATA.parent / file
        return cls.from_document(_read(file), file.parent)

    @classmethod
    def from_document(cls, document: Any, directory: Path) -> ClusterConfiguration:
        """Read a cluster file's parsed document; ``base`` names another file whose values it starts from.

        :param directory: where files that it names are looked for, before the package's own.
        :raises ClusterFileError: where the document does not read as one.
        """
        try:
            merged = _with_base(_mapping(go_json.value_of(document)), directory, ())
        except go_json.JsonError as error:
            raise ClusterFileError(f"a cluster file must hold YAML's values: {error}") from None
        try:
            merged = {**merged, **_whole_version(merged)}
            return msgspec.convert({**merged, "directory": str(directory)}, cls)
        except msgspec.ValidationError as error:
            raise ClusterFileError(f"a cluster file must hold the fields that k3s.yaml explains: {error}") from None

    def with_overrides(self, load_balancer: str, proxy_mode: str) -> ClusterConfiguration:
        """The same cluster with another load balancer provider or mode of kube-proxy; empty keeps the file's.

        :raises ClusterFileError: where there is no such provider or mode.
        """
        if not load_balancer and not proxy_mode:
            return self
        document = msgspec.to_builtins(self)
        if load_balancer:
            document["loadBalancer"]["provider"] = load_balancer
        if proxy_mode:
            document["proxy"]["mode"] = proxy_mode
        return ClusterConfiguration.from_document(document, Path(self.directory))

    @property
    def age_seconds(self) -> float:
        """How old the cluster is when somebody first looks at it."""
        return requirements.age("age", self.age)

    def document(self, field: str, given: str) -> Any:
        """The document of a file that a field of this one names.

        :raises ClusterFileError: where there is no such file, or it is no YAML.
        """
        return _read(_named(field, given, Path(self.directory)))

    def text(self, field: str, given: str) -> str:
        """The text of a file that a field of this one names.

        :raises ClusterFileError: where there is no such file, or it is no text.
        """
        return _text(_named(field, given, Path(self.directory)))


def _whole_version(document: dict[str, Any]) -> dict[str, str]:
    """The version of a file that names a release of the table: ``1.37``, which YAML reads as a number."""
    found = RELEASES.get(str(document.get("version")))
    return {} if found is None else {"version": found.k3s}


def _number(address: str) -> int:
    return int(ipaddress.IPv4Address(address))


def _named(field: str, given: object, directory: Path) -> Path:
    """A file that the cluster file names: of its own folder, or of the package's data.

    :raises ClusterFileError: where it lies elsewhere, or there is none.
    """
    if not isinstance(given, str) or not given or "\0" in given:
        raise ClusterFileError(f"{field} must be the name of a file, got {shown(given)}")
    for start, within in ((directory, directory), (directory, DATA), (DEFAULT_FILE.parent, DATA)):
        try:
            found = (start / given).resolve()
            if found.is_relative_to(within.resolve()) and found.is_file():
                return found
        except (OSError, ValueError):  # a name that no file can have
            break
    raise ClusterFileError(
        f"{field} must be a file in the cluster file's own folder or in the course's data, got {shown(given)}"
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        why = error.strerror
    except ValueError as error:
        why = str(error)
    raise ClusterFileError(f"a cluster file must be one that can be read, got {str(file)!r}: {why}")


def _with_base(document: dict[str, Any], directory: Path, followed: tuple[str, ...]) -> dict[str, Any]:
    """A document laid over the file that its ``base`` names, and that one over its own."""
    own = dict(document)
    base = own.pop("base", None)
    if base is None:
        return own
    if str(base) in followed:
        way = " -> ".join((*followed, str(base)))
        raise ClusterFileError(f"a cluster file's base must not lead back to it, got {way}")
    below = _mapping(_read(_named("base", base, directory)))
    return _merge(_with_base(below, directory, (*followed, str(base))), own)


def _read(file: Path) -> Any:
    """The document of a file, which is one that can be read and holds YAML."""
    if file.resolve().is_relative_to(DATA):
        return read_yaml(file)  # the course's own, and read much faster
    text = _text(file)
    try:
        return go_yaml.load(text)
    except go_yaml.YamlError as error:
        raise ClusterFileError(f"a cluster file must be YAML, got {str(file)!r}: {error}") from None


def _mapping(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ClusterFileError(f"a cluster file must be a mapping, got {type(document).__name__}")
    return document


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``over`` laid over ``base``: mappings merge, everything else replaces."""
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        result[key] = _merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def _all_different(what: str, given: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in given:
        if each in seen:
            raise refuse(what, "all different", each)
        seen.add(each)
