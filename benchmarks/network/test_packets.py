"""Rules of a node, a trace among many Services, and all pairs."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import EndpointSlice, Node, Service, view
from kubesim.cluster.reachability import Destination, reachability
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig, ruleset
from kubesim.network.proxy.endpoints import endpoints_map
from kubesim.network.proxy.node import node_view
from kubesim.network.proxy.proxier import put_all, rule_sum
from kubesim.network.proxy.service_ports import service_port_map
from kubesim.network.rules import Ruleset
from kubesim.network.sockets import Sockets
from kubesim.simulation import Simulation

NODE = view(
    {
        "metadata": {"name": "master"},
        "spec": {"podCIDR": "10.42.0.0/24"},
        "status": {"addresses": [{"type": "InternalIP", "address": "172.31.0.10"}]},
    },
    Node,
)


def objects(count: int) -> tuple[list[Service], list[EndpointSlice]]:
    """Services with three endpoints each, every other one with a node port."""
    services, slices = [], []
    for number in range(count):
        port: dict[str, Any] = {"port": 80, "protocol": "TCP"}
        kind = "ClusterIP"
        if number % 2:
            kind, port["nodePort"] = "NodePort", 20000 + number
        address = f"10.43.{number // 250}.{number % 250 + 1}"
        spec = {"type": kind, "clusterIP": address, "ports": [port]}
        services.append(view({"metadata": {"name": f"s{number}", "namespace": "default"}, "spec": spec}, Service))
        meta = {"name": f"s{number}-x", "namespace": "default", "labels": {"kubernetes.io/service-name": f"s{number}"}}
        endpoints = [{"addresses": [f"10.42.{n}.{number % 200 + 3}"], "nodeName": "master"} for n in range(3)]
        ports = [{"name": "", "port": 8080, "protocol": "TCP"}]
        wire = {"metadata": meta, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}
        slices.append(view(wire, EndpointSlice))
    return services, slices


def network(rules: Ruleset, pods: int = 1) -> Network:
    built = Network(Simulation(), {"node/master": rules}.get)
    built.add_node("master", "172.31.0.10", "10.42.0.0/24")
    for number in range(pods):
        built.add_pod("default", f"pod-{number}", f"10.42.0.{number + 3}", "master")
    return built


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("count", [1000, 10_000])
def test_rules_of_a_node(benchmark: Any, count: int, mode: str) -> None:
    services, slices = objects(count)
    config = ProxyConfig(mode=mode)
    written = benchmark.pedantic(lambda: ruleset(NODE, services, slices, config), rounds=3)
    assert written.rule_count > count


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("count", [10, 1000, 10_000])
def test_a_trace_among_services(benchmark: Any, count: int, mode: str) -> None:
    services, slices = objects(count)
    built = network(ruleset(NODE, services, slices, ProxyConfig(mode=mode)))
    traces = benchmark(lambda: built.trace("pod/default/pod-0", "10.43.0.8", 80))
    assert len(traces) == 3


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("count", [10, 1000, 10_000])
def test_a_connection_after_one_service_changed(benchmark: Any, count: int, mode: str) -> None:
    """The growth that matters: none, from 10 Services to 10,000."""
    services, slices = objects(count)
    ports, endpoints = service_port_map(services), endpoints_map(slices)
    total, view = put_all(rule_sum(ProxyConfig(mode=mode)), ports, endpoints), node_view(NODE)
    sockets = Sockets(network(total.on(view)), "pod/default/pod-0")
    name = sorted(ports)[count // 2]

    def change_and_connect() -> None:
        total.put(name, ports[name], endpoints[name])
        sockets.connect(ports[name].cluster_ip, 80).close()

    benchmark(change_and_connect)


def test_a_node_joins_thousands(benchmark: Any) -> None:
    built = Network(Simulation(), pod_prefix="10.128.0.0/9", gateway="172.16.0.1")
    joined = iter(range(10_000))

    def join() -> None:
        number = next(joined)
        prefix = f"10.{128 + number // 1024}.{number // 4 % 256}.{number % 4 * 64}/26"
        built.add_node(f"n{number}", f"172.16.{number // 250}.{number % 250 + 2}", prefix)

    benchmark.pedantic(join, rounds=5000)


def test_all_pairs_of_fifty(benchmark: Any) -> None:
    services, slices = objects(50)
    state = network(ruleset(NODE, services, slices), pods=50).state
    sources = [f"pod/default/pod-{number}" for number in range(50)]
    destinations = [Destination(service.spec.clusterIP, 80) for service in services]
    found = benchmark.pedantic(lambda: reachability(state, sources, destinations), rounds=2)
    assert len(found) == 2500
