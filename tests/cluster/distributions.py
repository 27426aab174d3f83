"""Dumps of one small application as clusters of several distributions have them, and as several commands print them.

Ranges, labels, images and what is written where are those that each distribution's own manifests have; the
application is the same everywhere: a client, three web servers behind a Service, in an image that nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Wire = dict[str, Any]


@dataclass(frozen=True)
class Distribution:
    """What differs from one to the next.

    :param pods: the addresses of the Pods, the DNS server's first, then the client's, then the servers'.
    :param nodes: name → address.
    :param said: where the distribution writes its ranges down.
    :param domain: of the cluster.
    """

    services: str
    dns: str
    pods: tuple[str, ...]
    nodes: Mapping[str, str]
    dns_image: str
    api_address: str
    said: Callable[[], list[Wire]] = list
    domain: str = "cluster.local"
    annotations: Mapping[str, str] = field(default_factory=dict)
    daemons: tuple[str, ...] = ()
    pod_ranges: tuple[str, ...] = ()


def thing(kind: str, name: str, namespace: str = "", version: str = "v1", **rest: Any) -> Wire:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def kubeadm(services: str, pods: str, domain: str = "cluster.local") -> Callable[[], list[Wire]]:
    def said() -> list[Wire]:
        networking = f"networking:\n  dnsDomain: {domain}\n  podSubnet: {pods}\n  serviceSubnet: {services}\n"
        proxy = f"mode: iptables\nclusterCIDR: {pods}\n"
        return [
            thing("ConfigMap", "kubeadm-config", "kube-system", data={"ClusterConfiguration": networking}),
            thing("ConfigMap", "kube-proxy", "kube-system", data={"config.conf": proxy}),
        ]

    return said


DISTRIBUTIONS = {
    "k3s": Distribution(
        "10.43.0.0/16",
        "10.43.0.10",
        ("10.42.0.2", "10.42.1.5", "10.42.0.7", "10.42.1.8", "10.42.1.9"),
        {"server-0": "192.168.122.10", "agent-0": "192.168.122.11"},
        "rancher/mirrored-coredns-coredns:1.12.3",
        "10.43.0.1",
        annotations={"k3s.io/node-args": '["server"]'},
        pod_ranges=("10.42.0.0/24", "10.42.1.0/24"),
    ),
    "kubeadm with flannel": Distribution(
        "10.96.0.0/12",
        "10.96.0.10",
        ("10.244.0.2", "10.244.1.5", "10.244.0.7", "10.244.1.8", "10.244.1.9"),
        {"cp": "10.0.0.4", "w1": "10.0.0.5"},
        "registry.k8s.io/coredns/coredns:v1.12.1",
        "10.96.0.1",
        kubeadm("10.96.0.0/12", "10.244.0.0/16"),
        daemons=("kube-flannel-ds-x7k2p",),
        pod_ranges=("10.244.0.0/24", "10.244.1.0/24"),
    ),
    "kind": Distribution(
        "10.96.0.0/16",
        "10.96.0.10",
        ("10.244.0.3", "10.244.1.5", "10.244.0.7", "10.244.1.8", "10.244.1.9"),
        {"kind-control-plane": "172.18.0.3", "kind-worker": "172.18.0.2"},
        "registry.k8s.io/coredns/coredns:v1.13.1",
        "10.96.0.1",
        kubeadm("10.96.0.0/16", "10.244.0.0/16"),
        daemons=("kindnet-4x9kq",),
        pod_ranges=("10.244.0.0/24", "10.244.1.0/24"),
    ),
    "minikube": Distribution(
        "10.96.0.0/12",
        "10.96.0.10",
        ("10.244.0.2", "10.244.0.5", "10.244.0.7", "10.244.0.8", "10.244.0.9"),
        {"minikube": "192.168.49.2"},
        "registry.k8s.io/coredns/coredns:v1.11.3",
        "10.96.0.1",
        kubeadm("10.96.0.0/12", "10.244.0.0/16"),
        pod_ranges=("10.244.0.0/24",),
    ),
    "Calico": Distribution(
        "10.96.0.0/12",
        "10.96.0.10",
        ("192.168.219.65", "192.168.235.130", "192.168.219.70", "192.168.235.131", "192.168.235.140"),
        {"cp": "10.128.0.4", "w1": "10.128.7.5"},
        "registry.k8s.io/coredns/coredns:v1.12.1",
        "10.96.0.1",
        kubeadm("10.96.0.0/12", "192.168.0.0/16", "corp.internal"),
        domain="corp.internal",
        daemons=("calico-node-b9w4m",),
        pod_ranges=("192.168.0.0/24", "192.168.1.0/24"),
    ),
    "EKS": Distribution(
        "10.100.0.0/16",
        "10.100.0.10",
        ("192.168.23.77", "192.168.66.14", "192.168.9.201", "192.168.91.3", "192.168.70.250"),
        {
            "ip-192-168-15-9.eu-west-1.compute.internal": "192.168.15.9",
            "ip-192-168-80-112.eu-west-1.compute.internal": "192.168.80.112",
        },
        "602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/coredns:v1.11.4-eksbuild.2",
        "10.100.0.1",
        daemons=("aws-node-tq8zn",),
    ),
}

READY = [{"type": "ContainersReady", "status": "True"}, {"type": "Ready", "status": "True"}]


def pod(name: str, namespace: str, address: str, node: tuple[str, str], labels: Wire, image: str, **spec: Any) -> Wire:
    port = {"name": "http", "containerPort": 8080, "protocol": "TCP"}
    container = {"name": "app", "image": image, "ports": [port], **spec.pop("container", {})}
    return thing(
        "Pod",
        name,
        namespace,
        metadata={"labels": labels},
        spec={"containers": [container], "nodeName": node[0], "dnsPolicy": "ClusterFirst", **spec},
        status={
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": node[1],
            "conditions": deepcopy(READY),
            "containerStatuses": [{"name": "app", "ready": True, "state": {"running": {}}}],
        },
    )


def service(name: str, namespace: str, address: str, selector: Wire | None, ports: list[Wire], **rest: Any) -> Wire:
    labels = rest.pop("labels", {})
    spec: Wire = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": ports}
    spec |= {"internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    spec |= {"sessionAffinity": "None", **({"selector": selector} if selector else {}), **rest}
    return thing("Service", name, namespace, metadata={"labels": labels}, spec=spec, status={"loadBalancer": {}})


def piece(of: str, namespace: str, endpoints: Iterable[tuple[str, str, bool]], ports: list[Wire]) -> Wire:
    return thing(
        "EndpointSlice",
        f"{of}-x7c2k",
        namespace,
        "discovery.k8s.io/v1",
        metadata={"labels": {"kubernetes.io/service-name": of}},
        addressType="IPv4",
        endpoints=[
            {"addresses": [address], "conditions": {"ready": ready}, **({"nodeName": node} if node else {})}
            for address, node, ready in endpoints
        ],
        ports=ports,
    )


APP = "registry.example.com/shop/web:3.1"
"""An image that no catalogue has."""


def cluster(name: str) -> list[Wire]:
    """Every object of a healthy cluster of a distribution."""
    which = DISTRIBUTIONS[name]
    nodes = list(which.nodes.items())
    first, last = nodes[0], nodes[-1]
    places = (first, last, first, last, last)
    dns, client, *servers = which.pods
    namespaces = [thing("Namespace", each) for each in ("default", "kube-system", "shop")]
    found = [*namespaces, *which.said()]
    for number, (node, address) in enumerate(nodes):
        own = which.pod_ranges[number] if which.pod_ranges else ""
        found.append(
            thing(
                "Node",
                node,
                metadata={"annotations": dict(which.annotations), "labels": {"kubernetes.io/hostname": node}},
                spec={"podCIDR": own, "podCIDRs": [own]} if own else {},
                status={
                    "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": node}],
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "nodeInfo": {"kubeletVersion": "v1.33.1"},
                },
            )
        )
    zone = f".:53 {{\n  errors\n  kubernetes {which.domain} in-addr.arpa ip6.arpa {{\n    pods insecure\n  }}\n"
    corefile = f"{zone}  forward . /etc/resolv.conf\n  cache 30\n}}\n"
    found.append(thing("ConfigMap", "coredns", "kube-system", data={"Corefile": corefile}))
    mounted = {
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
        "container": {
            "args": ["-conf", "/etc/coredns/Corefile"],
            "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
            "ports": [{"containerPort": 53, "protocol": protocol, "name": n} for protocol, n in
                      (("UDP", "dns"), ("TCP", "dns-tcp"))],
        },
    }  # fmt: skip
    found.append(pod("coredns-7d764", "kube-system", dns, first, {"k8s-app": "kube-dns"}, which.dns_image, **mounted))
    for daemon in which.daemons:
        spec: Wire = {"hostNetwork": True, "container": {"ports": []}}
        found.append(pod(daemon, "kube-system", first[1], first, {"app": daemon[:-6]}, "example.com/cni:1", **spec))
    both = [{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}]
    both.append({"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53})
    found.append(
        service("kube-dns", "kube-system", which.dns, {"k8s-app": "kube-dns"}, both, labels={"k8s-app": "kube-dns"})
    )
    plain = [{key: each[key] for key in ("name", "port", "protocol")} for each in both]
    found.append(piece("kube-dns", "kube-system", [(dns, first[0], True)], plain))
    https = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]
    found.append(service("kubernetes", "default", which.api_address, None, https))
    found.append(piece("kubernetes", "default", [(first[1], "", True)], [{"name": "https", "port": 6443}]))
    found.append(pod("client", "shop", client, last, {"run": "client"}, "registry.example.com/shop/tools:9"))
    names = [f"web-{number}" for number in range(len(servers))]
    for each, address, place in zip(names, servers, places[2:], strict=True):
        found.append(pod(each, "shop", address, place, {"app": "web"}, APP))
    found.append(service("web", "shop", _web_address(which), {"app": "web"}, web_ports()))
    ends = [(address, place[0], True) for address, place in zip(servers, places[2:], strict=True)]
    found.append(piece("web", "shop", ends, [{"name": "http", "port": 8080, "protocol": "TCP"}]))
    return found


def web_ports() -> list[Wire]:
    return [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]


def _web_address(which: Distribution) -> str:
    start = which.api_address.rpartition(".")[0]
    return f"{start}.77"


WORKLOADS = ("Pod", "Service", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob")
SELECTIONS: dict[str, Callable[[Wire], bool]] = {
    "get all -A": lambda wire: wire["kind"] in WORKLOADS,
    "get pods,svc -A": lambda wire: wire["kind"] in ("Pod", "Service"),
    "get pods,svc,endpointslices -A": lambda wire: wire["kind"] in ("Pod", "Service", "EndpointSlice"),
    "get pods,svc,endpointslices -n shop": lambda wire: (
        wire["kind"] in ("Pod", "Service", "EndpointSlice") and wire["metadata"].get("namespace") == "shop"
    ),
    "get pods,svc -n shop": lambda wire: (
        wire["kind"] in ("Pod", "Service") and wire["metadata"].get("namespace") == "shop"
    ),
    "get pods,svc,nodes -A": lambda wire: wire["kind"] in ("Pod", "Service", "Node"),
    "get svc,endpointslices -A": lambda wire: wire["kind"] in ("Service", "EndpointSlice"),
    "get pods,svc,cm -A": lambda wire: wire["kind"] in ("Pod", "Service", "ConfigMap"),
    "get pods,svc,endpointslices,nodes,cm,netpol -A": lambda wire: True,
    "get pod/client svc/web -n shop": lambda wire: (
        (wire["kind"], wire["metadata"]["name"]) in (("Pod", "client"), ("Service", "web"))
    ),
}
"""What commands print of a cluster."""


def dump(objects: Iterable[Wire], selection: str) -> str:
    """A dump as JSON text."""
    chosen = [wire for wire in objects if SELECTIONS[selection](wire)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": chosen, "metadata": {"resourceVersion": ""}})
