"""The cluster file: a readable document that says which cluster to build.

``data/clusters/k3s.yaml`` is the default one and explains every field. A file that misses something takes the default
cluster's value; a field that does not exist is an error, so that a typing mistake does not pass unseen.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kubesim.data_directory import DATA, read_yaml

DEFAULT_FILE = DATA / "clusters" / "k3s.yaml"


class ClusterFileError(ValueError):
    """A cluster file that cannot be read; says what must hold and what was given."""


class _Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A part of the file."""


class Networks(_Part, frozen=True):
    """The cluster's address ranges."""

    gateway: str = "172.31.0.1"
    pods: str = "10.42.0.0/16"
    services: str = "10.43.0.0/16"
    nodePorts: str = "30000-32767"
    dns: str = "10.43.0.10"
    domain: str = "cluster.local"
    nameservers: tuple[str, ...] = ("8.8.8.8",)

    @property
    def node_port_range(self) -> tuple[int, int]:
        """The first and the last node port."""
        first, dash, last = self.nodePorts.partition("-")
        if not (dash and first.isdigit() and last.isdigit()):
            raise ClusterFileError(f"networks.nodePorts must read FIRST-LAST, got {self.nodePorts!r}")
        return int(first), int(last)


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


class Hardware(_Part, frozen=True):
    """What each node is made of and reports."""

    cpu: str = "4"
    memory: str = "8131912Ki"
    storage: str = "40901312Ki"
    allocatableStorage: str = "39788796278"
    pods: str = "110"
    osImage: str = "Ubuntu 24.04.2 LTS"
    kernel: str = "6.8.0-60-generic"
    containerRuntime: str = "containerd://2.2.3-k3s1"


class Proxy(_Part, frozen=True):
    """kube-proxy's configuration."""

    mode: str = "iptables"
    masqueradeAll: bool = False
    nodePortAddresses: list[str] = []
    localhostNodePorts: bool = True


class LoadBalancer(_Part, frozen=True):
    """Who provides addresses to Services of type LoadBalancer."""

    provider: str = "external"
    addresses: str = "172.31.0.200-172.31.0.230"


class Outside(_Part, frozen=True):
    """A machine outside the cluster, on the nodes' LAN."""

    name: str
    address: str


class Pins(_Part, frozen=True):
    """Addresses that are not left to the allocators, by ``namespace/name``."""

    pods: dict[str, str] = {}
    services: dict[str, str] = {}


class ClusterConfiguration(_Part, frozen=True):
    """A whole cluster file."""

    name: str = "k3s"
    version: str = "v1.36.2+k3s1"
    age: str = "0s"
    networks: Networks = Networks()
    nodes: list[NodeFile] = []
    hardware: Hardware = Hardware()
    proxy: Proxy = Proxy()
    loadBalancer: LoadBalancer = LoadBalancer()
    outside: list[Outside] = []
    internet: str = "../internet.yaml"
    images: str = "../images.yaml"
    addons: list[str] = []
    pins: Pins = Pins()
    directory: str = ""

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

        :param directory: where files that it names are looked for.
        :raises ClusterFileError: where the document does not read as one.
        """
        merged = dict(_mapping(document))
        base = merged.pop("base", None)
        if base is not None:
            merged = _merge(_mapping(_read(directory / str(base))), merged)
        try:
            found = msgspec.convert({**merged, "directory": str(directory)}, cls)
        except msgspec.ValidationError as error:
            raise ClusterFileError(f"a cluster file must hold the fields that k3s.yaml explains: {error}") from None
        if not found.nodes:
            raise ClusterFileError("a cluster must have a node, got none")
        if not any(node.controlPlane for node in found.nodes):
            raise ClusterFileError("a cluster must have a node with controlPlane: true, got none")
        if found.loadBalancer.provider not in ("external", "servicelb", "none"):
            given = found.loadBalancer.provider
            raise ClusterFileError(f"loadBalancer.provider must be external, servicelb or none, got {given!r}")
        _seconds(found.age)
        if found.proxy.mode not in ("iptables", "nftables"):
            raise ClusterFileError(f"proxy.mode must be iptables or nftables, got {found.proxy.mode!r}")
        return found

    def with_overrides(self, load_balancer: str, proxy_mode: str) -> ClusterConfiguration:
        """The same cluster with another load balancer provider or mode of kube-proxy; empty keeps the file's.

        :raises ClusterFileError: where there is no such provider or mode.
        """
        document = msgspec.to_builtins(self)
        if load_balancer:
            document["loadBalancer"]["provider"] = load_balancer
        if proxy_mode:
            document["proxy"]["mode"] = proxy_mode
        return ClusterConfiguration.from_document(document, Path(self.directory))

    @property
    def age_seconds(self) -> float:
        """How old the cluster is when somebody first looks at it."""
        return _seconds(self.age)

    def file(self, relative: str) -> Path:
        """The path of a file that the cluster file names."""
        return Path(self.directory) / relative if self.directory else DATA / "clusters" / relative


def _read(file: Path) -> Any:
    """The document of a file, which is one that can be read and holds YAML."""
    try:
        return read_yaml(file)
    except OSError as error:
        raise ClusterFileError(
            f"a cluster file must be one that can be read, got {str(file)!r}: {error.strerror}"
        ) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
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


def _seconds(age: str) -> float:
    """The seconds of an age such as ``90s``, ``5m`` or ``1h30m``."""
    if not re.fullmatch(r"(?=\d)(\d+h)?(\d+m)?(\d+s)?", age):
        raise ClusterFileError(f"age must be a duration such as 90s, 5m or 1h30m, got {age!r}")
    units = {"h": 3600.0, "m": 60.0, "s": 1.0}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", age))
