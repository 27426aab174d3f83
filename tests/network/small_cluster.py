"""A small cluster for tests: two nodes, three Pods, a laptop, an Internet host, and Services as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubesim.api.objects import EndpointSlice, Node, Service, view
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig, ruleset
from kubesim.network.service import Client
from kubesim.network.trace import Action, Trace
from kubesim.simulation import Simulation

NODES = {"master": ("172.31.0.10", "10.42.0.0/24"), "worker": ("172.31.0.11", "10.42.1.0/24")}
PODS = {"client": ("10.42.0.5", "master"), "web-0": ("10.42.0.6", "master"), "web-1": ("10.42.1.6", "worker")}
LAPTOP, GOOGLE = "172.31.0.50", "142.250.74.78"


class Echo:
    """A server that answers with the request and the client that it sees."""

    def handle(self, request: Any, client: Client) -> Any:
        return request, client.address


def node(name: str, ready: bool = True, labels: dict[str, str] | None = None) -> Node:
    """A Node of the small cluster."""
    address, prefix = NODES[name]
    return view(
        {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"podCIDR": prefix},
            "status": {
                "addresses": [{"type": "InternalIP", "address": address}],
                "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            },
        },
        Node,
    )


def service(name: str = "web", **spec: Any) -> Service:
    """A Service on port 80 (node port 30080 where it has one) unless the keywords say otherwise."""
    kind = spec.get("type", "ClusterIP")
    port = {"port": 80, "protocol": "TCP", "targetPort": 8080} | ({"nodePort": 30080} if kind != "ClusterIP" else {})
    status = {"loadBalancer": {"ingress": spec.pop("ingress", [])}}
    whole = {"type": kind, "clusterIP": "10.43.0.20", "selector": {"app": name}, "ports": [port], **spec}
    return view({"metadata": {"name": name, "namespace": "default"}, "spec": whole, "status": status}, Service)


def endpoints(
    *names: str, of: str = "web", port: int = 8080, protocol: str = "TCP", **conditions: bool
) -> EndpointSlice:
    """An EndpointSlice with Pods of the small cluster."""
    return view(
        {
            "metadata": {"name": f"{of}-1", "namespace": "default", "labels": {"kubernetes.io/service-name": of}},
            "addressType": "IPv4",
            "endpoints": [
                {"addresses": [PODS[name][0]], "nodeName": PODS[name][1], "conditions": conditions} for name in names
            ],
            "ports": [{"name": "", "port": port, "protocol": protocol}],
        },
        EndpointSlice,
    )


def network(
    services: Sequence[Service] = (),
    slices: Sequence[EndpointSlice] = (),
    config: ProxyConfig | None = None,
    seed: int = 0,
) -> Network:
    """The network with the rules for these Services on both nodes; the web Pods listen on 8080."""
    rulesets = {f"node/{name}": ruleset(node(name), services, slices, config) for name in NODES}
    built = Network(Simulation(seed), rulesets.get)
    for name, (address, prefix) in NODES.items():
        built.add_node(name, address, prefix)
    for name, (address, where) in PODS.items():
        built.add_pod("default", name, address, where)
    built.add_outside("laptop", [LAPTOP])
    built.add_outside("internet/google.com", [GOOGLE])
    for name in ("web-0", "web-1"):
        built.listen(f"pod/default/{name}", "TCP", 8080, Echo())
        built.listen(f"pod/default/{name}", "UDP", 8080, Echo())
    built.listen("internet/google.com", "TCP", 80, Echo())
    return built


def actions(trace: Trace) -> list[Action]:
    """What happened on the way there."""
    return [step.action for step in trace.steps]
