"""Clusters made by chance: nodes, Pods, Services of every kind, and the simulated network of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kubesim.api.objects import EndpointSlice, Node, Service, Wire, view
from kubesim.network.load_balancer import balanced_addresses, balancer_ruleset
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig, ruleset
from kubesim.network.rules import Ruleset
from kubesim.simulation import Simulation

POD_PREFIX = "10.42.0.0/16"
SERVICE_PREFIX = "10.43.0.0/16"
EXTERNAL_PREFIX = "198.51.100.0/24"
BALANCER = "load-balancer"
OUTSIDE = {"laptop": "172.31.0.50", "routed": "172.31.0.51"}
"""Two machines on the nodes' LAN; ``routed`` sends packets for Pods and Services to the first node."""

LISTENING = (("TCP", 8080), ("TCP", 9090), ("UDP", 5353))
"""What every Pod listens on."""


@dataclass(frozen=True)
class Pod:
    """A generated Pod."""

    name: str
    node: str
    address: str

    @property
    def machine(self) -> str:
        return f"pod/default/{self.name}"


@dataclass(frozen=True)
class Flow:
    """One attempt to reach something."""

    source: str
    address: str
    port: int
    protocol: str

    def __str__(self) -> str:
        return f"{self.source} → {self.protocol} {self.address}:{self.port}"


@dataclass
class Generated:
    """A generated cluster.

    :param nodes: name → (LAN address, Pod prefix).
    """

    seed: int
    mode: str
    nodes: dict[str, tuple[str, str]]
    pods: list[Pod]
    services: list[Wire]
    slices: list[Wire]
    config: ProxyConfig
    rulesets: dict[str, Ruleset] = field(default_factory=dict)

    @property
    def balanced(self) -> tuple[str, ...]:
        """The addresses of the load balancer outside."""
        return balanced_addresses([view(wire, Service) for wire in self.services], self.node_objects)

    @property
    def node_objects(self) -> list[Node]:
        return [
            view(
                {
                    "metadata": {"name": name},
                    "spec": {"podCIDR": prefix},
                    "status": {
                        "addresses": [{"type": "InternalIP", "address": address}],
                        "conditions": [{"type": "Ready", "status": "True"}],
                    },
                },
                Node,
            )
            for name, (address, prefix) in self.nodes.items()
        ]

    def write_rules(self) -> None:
        """Let the simulated kube-proxies and the load balancer write their rules."""
        services = [view(wire, Service) for wire in self.services]
        slices = [view(wire, EndpointSlice) for wire in self.slices]
        for node in self.node_objects:
            self.rulesets[f"node/{node.metadata.name}"] = ruleset(node, services, slices, self.config)
        self.rulesets[BALANCER] = balancer_ruleset(services, self.node_objects, slices)

    def network(self) -> Network:
        """The simulated network."""
        network = Network(Simulation(self.seed), self.rulesets.get)
        for name, (address, prefix) in self.nodes.items():
            network.add_node(name, address, prefix)
        for pod in self.pods:
            network.add_pod("default", pod.name, pod.address, pod.node)
            for protocol, port in LISTENING:
                network.listen(pod.machine, protocol, port, _Silent())
        network.add_outside("laptop", [OUTSIDE["laptop"]])
        first = next(iter(self.nodes.values()))[0]
        routes = [(prefix, first) for prefix in (POD_PREFIX, SERVICE_PREFIX, EXTERNAL_PREFIX)]
        network.add_outside("routed", [OUTSIDE["routed"]], routes)
        if self.balanced:
            network.add_outside(BALANCER, self.balanced, forwards=True)
        return network

    @property
    def machines(self) -> dict[str, str]:
        """Machine → address, of everything that can send."""
        found = {pod.machine: pod.address for pod in self.pods}
        found |= {f"node/{name}": address for name, (address, _) in self.nodes.items()}
        return found | dict(OUTSIDE)


class _Silent:
    def handle(self, request: Any, client: Any) -> Any:
        return client


def generate(seed: int, mode: str) -> Generated:
    """One cluster; the same seed and mode give the same one."""
    chance = random.Random(f"cluster/{mode}/{seed}")
    names = ["alpha", "beta", "gamma"][: chance.choice((1, 2, 2, 2, 3))]
    nodes = {name: (f"172.31.0.{10 + n}", f"10.42.{n}.0/24") for n, name in enumerate(names)}
    pods = [
        Pod(f"{name}-{n}", name, f"10.42.{index}.{5 + n}")
        for index, name in enumerate(names)
        for n in range(chance.randint(1, 3))
    ]
    localhost = chance.random() < 0.8
    config = ProxyConfig(
        mode=mode,
        pod_prefix=POD_PREFIX,
        masquerade_all=chance.random() < 0.15,
        localhost_node_ports=localhost,
        node_port_addresses=chance.choice(((), (), ("172.31.0.0/24",), ("0.0.0.0/0",))),
        # The counters of xt_nfacct would have to be made by a tool that few machines have.
        count_packets=False,
        service_prefixes=chance.choice(((), (SERVICE_PREFIX,))),
    )
    services, slices = [], []
    for number in range(chance.randint(4, 7)):
        service = _service(chance, number, nodes)
        services.append(service)
        slices.append(_slice(chance, service, pods))
    cluster = Generated(seed, mode, nodes, pods, services, slices, config)
    cluster.write_rules()
    return cluster


def _service(chance: random.Random, number: int, nodes: dict[str, tuple[str, str]]) -> Wire:
    kind = chance.choice(("ClusterIP", "ClusterIP", "NodePort", "NodePort", "LoadBalancer", "LoadBalancer"))
    ports: list[Wire] = [
        {"name": "web", "port": 80, "protocol": "TCP", "targetPort": chance.choice((8080, 8080, 9999))}
    ]
    if chance.random() < 0.4:
        ports.append({"name": "dns", "port": 53, "protocol": "UDP", "targetPort": chance.choice((5353, 5353, 5354))})
    if chance.random() < 0.3:
        ports.append({"name": "alt", "port": 8000, "protocol": "TCP", "targetPort": 9090})
    if kind != "ClusterIP":
        for position, port in enumerate(ports):
            port["nodePort"] = 30000 + number * 10 + position
    spec: Wire = {"type": kind, "clusterIP": f"10.43.0.{20 + number}", "ports": ports}
    spec["internalTrafficPolicy"] = "Local" if chance.random() < 0.15 else "Cluster"
    if chance.random() < 0.2:
        spec["externalIPs"] = [f"198.51.100.{20 + number}"]
    if kind != "ClusterIP" or "externalIPs" in spec:
        spec["externalTrafficPolicy"] = chance.choice(("Cluster", "Cluster", "Local"))
    if chance.random() < 0.15:
        spec |= {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}}
    status: Wire = {}
    if kind == "LoadBalancer":
        own = next(iter(nodes.values()))[0]
        address = chance.choice((f"172.31.0.{200 + number}", f"172.31.0.{200 + number}", own))
        mode = "VIP" if address == own else chance.choice(("VIP", "Proxy"))
        # Two Services cannot share a port of one node's address.
        if address == own:
            for port in ports:
                port["port"] += 1000 + number
        status = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": mode}]}}
        if chance.random() < 0.35:
            spec["loadBalancerSourceRanges"] = chance.choice(
                (["172.31.0.50/32"], ["10.42.0.0/16", "172.31.0.0/28"], ["203.0.113.0/24"])
            )
    return {"metadata": {"name": f"s{number}", "namespace": "default"}, "spec": spec, "status": status}


def _slice(chance: random.Random, service: Wire, pods: list[Pod]) -> Wire:
    chosen = chance.sample(pods, chance.randint(0, min(3, len(pods))))
    endpoints = []
    for pod in chosen:
        ready = chance.random() < 0.8
        terminating = not ready and chance.random() < 0.5
        endpoints.append(
            {
                "addresses": [pod.address],
                "nodeName": pod.node,
                "conditions": {"ready": ready, "serving": ready or terminating, "terminating": terminating},
            }
        )
    name = service["metadata"]["name"]
    return {
        "metadata": {"name": f"{name}-x", "namespace": "default", "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [
            {"name": port["name"], "port": port["targetPort"], "protocol": port["protocol"]}
            for port in service["spec"]["ports"]
        ],
    }


def flows(cluster: Generated, count: int) -> list[Flow]:
    """Attempts from every kind of source to every kind of destination."""
    chance = random.Random(f"flows/{cluster.mode}/{cluster.seed}")
    destinations = list(_destinations(cluster))
    sources = list(cluster.machines)
    everything = [
        Flow(source, *destination)
        for source in sources
        for destination in destinations
        if source.startswith("node/") or not destination[0].startswith("127.")
    ]
    return chance.sample(everything, min(count, len(everything)))


def _destinations(cluster: Generated) -> Iterator[tuple[str, int, str]]:
    addresses = [address for address, _ in cluster.nodes.values()]
    for service in cluster.services:
        spec, status = service["spec"], service["status"]
        ingress = status.get("loadBalancer", {}).get("ingress", [])
        for port in spec["ports"]:
            given = (spec["clusterIP"], *spec.get("externalIPs", ()), *(each["ip"] for each in ingress))
            for address in given:
                yield address, port["port"], port["protocol"]
            if "nodePort" in port:
                for address in (*addresses, "127.0.0.1"):
                    yield address, port["nodePort"], port["protocol"]
        yield spec["clusterIP"], 81, "TCP"
    for pod in cluster.pods:
        yield pod.address, 8080, "TCP"
        yield pod.address, 9999, "TCP"
        yield pod.address, 5353, "UDP"
        yield pod.address, 5354, "UDP"
    yield "10.42.0.250", 80, "TCP"
    yield "10.43.200.1", 80, "TCP"
    yield addresses[0], 31999, "TCP"
