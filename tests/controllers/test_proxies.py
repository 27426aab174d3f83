"""kube-proxies follow what changes: each field that rules depend on, and nothing else of the cluster."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from kubesim.api.store import Store
from kubesim.controllers.proxies import BALANCER, KubeProxies
from kubesim.network.iptables_text import save
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig
from kubesim.network.proxy.rule_sum import RuleSum
from kubesim.network.rules import Ruleset
from kubesim.network.sockets import Sockets
from kubesim.simulation import Simulation
from tests.network.small_cluster import NODES, PODS, Echo

Wire = dict[str, Any]


def node(name: str) -> Wire:
    address, prefix = NODES[name]
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "spec": {"podCIDR": prefix},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def service(name: str = "web", protocol: str = "TCP", **spec: Any) -> Wire:
    ports = [{"port": 80, "protocol": protocol, "targetPort": 8080}]
    whole = {"type": "ClusterIP", "clusterIP": "10.43.0.20", "ports": ports, **spec}
    return {"kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": whole}


def pieces(*pods: str, of: str = "web", protocol: str = "TCP") -> Wire:
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": f"{of}-1", "namespace": "default", "labels": {"kubernetes.io/service-name": of}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [PODS[pod][0]], "nodeName": PODS[pod][1]} for pod in pods],
        "ports": [{"name": "", "port": 8080, "protocol": protocol}],
    }


class Lab:
    """Two nodes with their proxies, and the Pods of the small cluster, which listen on 8080 and 9090."""

    def __init__(self, *objects: Wire, config: ProxyConfig | None = None) -> None:
        self.store = Store()
        for each in (*map(node, NODES), *objects):
            self.store.commit(each)
        self.network = Network(Simulation(0))
        self.proxies = KubeProxies(self.store, self.network, config or ProxyConfig())
        self.network.ruleset_provider = self.proxies.rules
        for name, (address, prefix) in NODES.items():
            self.network.add_node(name, address, prefix)
        for name, (address, where) in PODS.items():
            machine = self.network.add_pod("default", name, address, where)
            for protocol in ("TCP", "UDP"):
                for port in (8080, 9090):
                    self.network.listen(machine, protocol, port, Echo())

    def rules(self, name: str = "master") -> Ruleset:
        found = self.proxies.rules(f"node/{name}")
        assert found is not None
        return found

    def text(self, name: str = "master") -> str:
        return save(self.rules(name))

    def ends(self, address: str = "10.43.0.20", port: int = 80) -> set[tuple[str, int]]:
        """Where a request of the client may end: the Pod and its port."""
        traces = self.network.trace("pod/default/client", address, port)
        return {
            (trace.destination.rpartition("/")[2], t.destination_port) for trace in traces if (t := trace.delivered)
        }


def changed(wire: Wire, *path: str | int, to: Any) -> Wire:
    """The same object with another value at a path."""
    copy = deepcopy(wire)
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return copy


def test_another_port_of_a_slice_is_another_port_of_the_endpoints() -> None:
    lab = Lab(service(), pieces("web-0"))
    assert lab.ends() == {("web-0", 8080)}
    lab.store.commit(changed(pieces("web-0"), "ports", 0, "port", to=9090))
    assert lab.ends() == {("web-0", 9090)}


@pytest.mark.parametrize(
    ("old", "path", "to"),
    [
        (service(), ("spec", "ports", 0, "port"), 81),
        (service(), ("spec", "clusterIP"), "10.43.0.21"),
        (service(), ("spec", "sessionAffinity"), "ClientIP"),
        (service(), ("spec", "externalIPs"), ["172.31.9.9"]),
        (service(), ("spec", "internalTrafficPolicy"), "Local"),
        (service(), ("metadata", "labels"), {"service.kubernetes.io/service-proxy-name": "another"}),
        (service(type="LoadBalancer"), ("status",), {"loadBalancer": {"ingress": [{"ip": "172.31.8.8"}]}}),
        (pieces("web-0"), ("endpoints", 0, "addresses"), ["10.42.0.7"]),
        (pieces("web-0"), ("endpoints", 0, "conditions"), {"ready": False}),
        (pieces("web-0"), ("ports", 0, "name"), "other"),
        (pieces("web-0"), ("metadata", "labels", "kubernetes.io/service-name"), "another"),
        (node("master"), ("spec", "podCIDR"), "10.42.9.0/24"),
    ],
)
def test_what_rules_depend_on_changes_them(old: Wire, path: tuple[str | int, ...], to: Any) -> None:
    lab = Lab(service(), pieces("web-0"))
    lab.store.commit(old)
    before = lab.text()
    lab.store.commit(changed(old, *path, to=to))
    after = lab.text()
    assert after != before
    lab.store.commit(old)
    assert lab.text() == before


def test_a_service_that_goes_takes_its_rules_along() -> None:
    lab = Lab(service(), pieces("web-0"), service("other", clusterIP="10.43.0.30"))
    lab.text()
    lab.store.delete("Service", "web", "default")
    assert "default/web" not in lab.text() and "default/other" in lab.text()
    lab.store.commit(service())
    assert lab.ends() == {("web-0", 8080)}


def test_a_port_that_goes_takes_its_rules_along() -> None:
    named = [{"name": name, "port": port, "protocol": "TCP"} for name, port in (("a", 80), ("b", 81))]
    lab = Lab(service(ports=named))
    assert "default/web:a" in lab.text() and "default/web:b" in lab.text()
    lab.store.commit(service(ports=named[:1]))
    assert "default/web:a" in lab.text() and "default/web:b" not in lab.text()


def test_a_change_writes_only_its_own_service(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(*(service(f"s{n}", clusterIP=f"10.43.0.{n}") for n in range(40)))
    for name in NODES:
        lab.rules(name)
    written: list[str] = []
    put = RuleSum.put
    monkeypatch.setattr(RuleSum, "put", lambda self, name, *rest: (written.append(name.name), put(self, name, *rest)))
    lab.store.commit(pieces("web-0", of="s7"))
    lab.store.commit(changed(pieces("web-0", of="s7"), "metadata", "annotations", to={"seen": "again"}))
    lab.store.commit(changed(node("master"), "status", "images", to=[]))
    for name in NODES:
        lab.rules(name)
    assert written == ["s7"]


def test_a_node_that_is_gone_has_no_rules() -> None:
    lab = Lab(service())
    assert lab.proxies.rules("node/worker") is not None
    lab.store.delete("Node", "worker")
    assert lab.proxies.rules("node/worker") is None
    assert lab.proxies.rules("pod/default/client") is None
    lab.store.commit(node("worker"))
    assert "default/web" in lab.text("worker")


def test_udp_connections_to_an_endpoint_that_is_gone_are_forgotten_everywhere() -> None:
    lab = Lab(service(protocol="UDP"), pieces("web-0", protocol="UDP"))
    client = Sockets(lab.network, "pod/default/client")
    client.connect("10.43.0.20", 80, "UDP", 4000)
    client.connect("10.42.1.6", 8080, "UDP", 4001)
    assert len(lab.network.connections("node/master")) == 2
    lab.store.commit(pieces("web-1", protocol="UDP"))
    lab.rules("worker")
    assert [entry.original.destination for entry in lab.network.connections("node/master")] == ["10.42.1.6"]
    assert client.connect("10.43.0.20", 80, "UDP", 4000).trace.destination == "pod/default/web-1"


def test_tcp_connections_stay_when_their_endpoint_is_gone() -> None:
    lab = Lab(service(), pieces("web-0"))
    Sockets(lab.network, "pod/default/client").connect("10.43.0.20", 80)
    lab.store.commit(pieces("web-1"))
    lab.rules()
    assert len(lab.network.connections("node/master")) == 1


def test_the_load_balancer_follows_services_nodes_and_local_endpoints() -> None:
    vip = "172.31.0.200"
    status = {"loadBalancer": {"ingress": [{"ip": vip}]}}
    ports = [{"port": 80, "protocol": "TCP", "nodePort": 30080}]
    balanced = {**service(type="LoadBalancer", externalTrafficPolicy="Local", ports=ports), "status": status}
    lab = Lab(balanced, pieces("web-0"))

    def spread() -> list[str]:
        rules = lab.proxies.rules(BALANCER)
        assert rules is not None
        return [name for name, (address, _) in NODES.items() if f"--to-destination {address}:" in save(rules)]

    assert spread() == ["master"]
    lab.store.commit(pieces("web-1"))
    assert spread() == ["worker"]
    lab.store.commit(changed(balanced, "spec", "externalTrafficPolicy", to="Cluster"))
    assert spread() == ["master", "worker"]
    lab.store.commit(changed(node("master"), "status", "conditions", 0, "status", to="False"))
    assert spread() == ["worker"]
    lab.store.commit(service())
    assert spread() == []
