"""What is in a cluster before anybody types a command: namespaces, nodes, the API's own Service, the add-ons."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterable

from kubesim.api import go_yaml
from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer
from kubesim.cluster.configuration import ClusterConfiguration, ClusterFileError, NodeFile
from kubesim.programs.node_daemons import AUTHORITY

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
KUBELET_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def namespace(name: str) -> Wire:
    """A Namespace to create."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def node_object(node: NodeFile, cluster: ClusterConfiguration) -> Wire:
    """A Node as k3s' agent registers it."""
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": "k3s",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "k3s",
    }
    if node.controlPlane:
        labels["node-role.kubernetes.io/control-plane"] = "true"
    spec: Wire = {
        "podCIDR": node.podCIDR,
        "podCIDRs": [node.podCIDR],
        "providerID": f"k3s://{node.name}",
    }
    if node.taints:
        spec["taints"] = node.taints
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "annotations": {
                "alpha.kubernetes.io/provided-node-ip": node.address,
                "flannel.alpha.coreos.com/backend-type": cluster.flannel.backend,
                "flannel.alpha.coreos.com/kube-subnet-manager": "true",
                "flannel.alpha.coreos.com/public-ip": node.address,
                "k3s.io/hostname": node.name,
                "k3s.io/internal-ip": node.address,
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
            "labels": dict(sorted((labels | node.labels).items())),
            "name": node.name,
        },
        "spec": spec,
    }


def node_status(node: NodeFile, cluster: ClusterConfiguration, now: str) -> Wire:
    """What the node's kubelet reports."""
    hardware = cluster.hardware
    capacity = {
        "cpu": hardware.cpu,
        "ephemeral-storage": hardware.storage,
        "hugepages-2Mi": "0",
        "memory": hardware.memory,
        "pods": hardware.pods,
    }
    allocatable = capacity | {"ephemeral-storage": hardware.allocatableStorage}
    machine = random.Random(f"{cluster.name}/{node.name}")
    return {
        "addresses": [
            {"address": node.address, "type": "InternalIP"},
            {"address": node.name, "type": "Hostname"},
        ],
        "allocatable": allocatable,
        "capacity": capacity,
        "conditions": [
            {
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
                "message": message,
                "reason": reason,
                "status": status,
                "type": type,
            }
            for type, status, reason, message in KUBELET_CONDITIONS
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": node.bootID or _uuid(machine),
            "containerRuntimeVersion": cluster.container_runtime,
            "kernelVersion": hardware.kernel,
            "kubeProxyVersion": "",
            "kubeletVersion": cluster.version,
            "machineID": node.machineID or f"{machine.getrandbits(128):032x}",
            "operatingSystem": "linux",
            "osImage": hardware.osImage,
            "systemUUID": node.systemUUID or _uuid(machine),
        },
    }


def create_namespaces_and_nodes(api: ApiServer, cluster: ClusterConfiguration, now: str) -> None:
    """Create what is there before any controller runs."""
    for name in NAMESPACES:
        api.create(namespace(name), field_manager=cluster.program_of("kube-apiserver"))
    api.addresses.found()
    kubelet = cluster.program_of("kubelet")
    for node in cluster.nodes:
        created = api.create(node_object(node, cluster), field_manager=kubelet).object
        complete = {**created, "status": node_status(node, cluster, now)}
        api.replace(complete, field_validation="Ignore", subresource="status", field_manager=kubelet)


def deployer(cluster: ClusterConfiguration) -> str:
    """Who applies the manifests that come with k3s: its deploy controller, on the first server."""
    return f"deploy@{next(node.name for node in cluster.nodes if node.controlPlane)}"


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def certificate(cluster: ClusterConfiguration, whose: str = "ca") -> str:
    """A text in the shape of a certificate; it certifies nothing.

    :param whose: ``ca`` for the cluster's root certificate, which holds the name by which it signs.
    """
    filling = random.Random(f"{cluster.name}/{whose}").randbytes(797)
    name = AUTHORITY.encode() if whose == "ca" else b""
    body = base64.b64encode(filling[:100] + name + filling[100 + len(name) :]).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def control_plane_objects() -> list[Wire]:
    """ConfigMaps that the API server keeps for itself."""
    authentication = (
        "client-ca-file",
        "requestheader-allowed-names",
        "requestheader-client-ca-file",
        "requestheader-extra-headers-prefix",
        "requestheader-group-headers",
        "requestheader-username-headers",
    )
    maps = {
        "extension-apiserver-authentication": dict.fromkeys(authentication, ""),
        "kube-apiserver-legacy-service-account-token-tracking": {"since": "2026-07-01"},
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "kube-system"},
            "data": data,
        }
        for name, data in maps.items()
    ]


def balancer_objects(cluster: ClusterConfiguration) -> list[Wire]:
    """What k3s' own load balancer makes when it starts."""
    if cluster.loadBalancer.provider != "servicelb":
        return []
    metadata = {"name": "svclb", "namespace": "kube-system"}
    return [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}]


def addon_objects(cluster: ClusterConfiguration) -> Iterable[Wire]:
    """The objects of the add-ons' manifests, with the cluster's own values filled in."""
    hosts = "\n    ".join(f"{node.address} {node.name}" for node in cluster.nodes)
    values = {
        "{cluster-dns}": cluster.networks.dns,
        "{cluster-domain}": cluster.networks.domain,
        "{node-hosts}": hosts,
        "{coredns}": cluster.coredns or cluster.release.coredns,
    }
    for relative in cluster.addons:  # as k3s applies the manifests of its own folder
        text = cluster.text("addons", relative)
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        try:
            documents = go_yaml.load_all(text)
        except go_yaml.YamlError as error:
            raise ClusterFileError(f"an add-on must be a manifest, got {relative!r}: {error}") from None
        for document in documents:
            if not isinstance(document, dict):
                raise ClusterFileError(f"an add-on must hold objects, got {relative!r} with {document!r:.80}")
            yield document


def namespace_of(wire: Wire) -> str:
    """The namespace that an add-on's object names; what is odd about it the API server says."""
    metadata = wire.get("metadata")
    named = metadata.get("namespace") if isinstance(metadata, dict) else None
    return named if isinstance(named, str) and named else "default"


def node_hosts_file(node: NodeFile) -> str:
    """A node's own ``/etc/hosts``."""
    return f"127.0.0.1 localhost\n127.0.1.1 {node.name}\n"
