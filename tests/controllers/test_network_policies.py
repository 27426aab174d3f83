# ruff: noqa: E501 (a row of a table is one case)
"""NetworkPolicies as kube-router enforces them: who reaches whom, by the rules on the nodes.

The Pods of the small cluster: ``client`` and ``web-0`` on master, ``web-1`` on worker. What must hold is said in the
API's own words (``NetworkPolicySpec``) and in kube-router's sources, which the modules below name.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.store import Store
from kubesim.controllers.network_policies import SYNC_SECONDS, NetworkPolicyController
from kubesim.controllers.proxies import KubeProxies
from kubesim.network.iptables_text import save
from kubesim.network.kube_router.firewall import Ranges
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig
from kubesim.network.trace import Outcome
from kubesim.simulation import Simulation
from tests.controllers.test_proxies import pieces, service
from tests.network.small_cluster import LAPTOP, NODES, PODS, Echo

Wire = dict[str, Any]
CLIENT, WEB0, WEB1 = (f"pod/default/{name}" for name in ("client", "web-0", "web-1"))
OPEN, REFUSED = Outcome.DELIVERED, Outcome.REJECTED


def pod(name: str, namespace: str = "default", **labels: str) -> Wire:
    address, where = PODS[name]
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name.partition("-")[0], **labels}},
        "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]}]},
        "status": {"phase": "Running", "podIP": address, "hostIP": NODES[where][0]},
    }


def namespace(name: str, **labels: str) -> Wire:
    return {"kind": "Namespace", "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name, **labels}}}


def policy(name: str = "p", **spec: Any) -> Wire:
    whole = {"podSelector": {}, "policyTypes": ["Ingress"], **spec}
    return {"kind": "NetworkPolicy", "metadata": {"name": name, "namespace": "default"}, "spec": whole}


def node(name: str) -> Wire:
    address, prefix = NODES[name]
    status = {"addresses": [{"type": "InternalIP", "address": address}]}
    return {"kind": "Node", "metadata": {"name": name}, "spec": {"podCIDR": prefix}, "status": status}


WEB = {"matchLabels": {"app": "web"}}
FROM_CLIENT = [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}]
TCP_8080 = {"protocol": "TCP", "port": 8080}


class Lab:
    """Two nodes with kube-proxy, flannel and kube-router, and the Pods of the small cluster, which listen."""

    def __init__(self, *objects: Wire, mode: str = "iptables") -> None:
        self.simulation = Simulation(0)
        self.store = Store()
        self.network = Network(self.simulation)
        self.proxies = KubeProxies(self.store, self.network, ProxyConfig(mode=mode))
        ranges = Ranges("10.43.0.0/16", (30000, 32767))
        self.policies = NetworkPolicyController(self.simulation, self.store, self.network, self.proxies.rules, ranges)
        self.network.ruleset_provider = self.policies.rules
        self.network.listing_provider = self.policies.listed
        for name, (address, prefix) in NODES.items():
            self.network.add_node(name, address, prefix)
        for name, (address, where) in PODS.items():
            machine = self.network.add_pod("default", name, address, where)
            for protocol in ("TCP", "UDP"):
                for port in (8080, 9090):
                    self.network.listen(machine, protocol, port, Echo())
        self.network.add_outside("laptop", [LAPTOP])
        self.network.listen("laptop", "TCP", 8080, Echo())
        for each in (*map(node, NODES), namespace("default"), *map(pod, PODS), *objects):
            self.store.commit(each)
        self.simulation.settle()

    def change(self, *objects: Wire) -> None:
        """Write objects, and wait for the sync."""
        for each in objects:
            self.store.commit(each)
        self.simulation.settle()

    def ends(self, source: str, target: str, port: int = 8080, protocol: str = "TCP") -> Outcome:
        address = self.network.address(target)
        (trace,) = self.network.trace(source, address, port, protocol)
        return trace.outcome


# who may be reached from the client: web-0 on its own node, web-1 on the other, both by TCP 8080
CASES = [
    ("no policy", [], OPEN, OPEN),
    ("it selects nobody", [policy(podSelector={"matchLabels": {"app": "db"}})], OPEN, OPEN),
    ("no rule: nothing comes in", [policy(podSelector=WEB)], REFUSED, REFUSED),
    ("one empty rule: everything comes in", [policy(podSelector=WEB, ingress=[{}])], OPEN, OPEN),
    ("from the client", [policy(podSelector=WEB, ingress=FROM_CLIENT)], OPEN, OPEN),
    ("from others", [policy(podSelector=WEB, ingress=[{"from": [{"podSelector": WEB}]}])], REFUSED, REFUSED),
    ("two policies are a union", [policy("deny"), policy("allow", ingress=FROM_CLIENT)], OPEN, OPEN),
    ("the order of names is nothing", [policy("z-deny"), policy("allow", ingress=FROM_CLIENT)], OPEN, OPEN),
    ("it isolates senders only where it says so", [policy(policyTypes=["Egress"])], REFUSED, REFUSED),
    ("egress of others", [policy(podSelector=WEB, policyTypes=["Egress"])], OPEN, OPEN),
    ("egress to web", [policy(policyTypes=["Egress"], egress=[{"to": [{"podSelector": WEB}]}])], OPEN, OPEN),
    ("egress to nobody", [policy(policyTypes=["Egress"], egress=[{"to": [{"podSelector": {"matchLabels": {"a": "b"}}}]}])], REFUSED, REFUSED),
    ("both ends must agree", [policy(podSelector=WEB, ingress=FROM_CLIENT), policy("out", podSelector={"matchLabels": {"app": "client"}}, policyTypes=["Egress"])], REFUSED, REFUSED),
    ("a prefix", [policy(podSelector=WEB, ingress=[{"from": [{"ipBlock": {"cidr": "10.42.0.0/16"}}]}])], OPEN, OPEN),
    ("a prefix that excepts it", [policy(podSelector=WEB, ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.42.0.0/24"]}}]}])], REFUSED, REFUSED),
    ("a prefix to one node's Pods", [policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "10.42.1.0/24"}}]}])], REFUSED, OPEN),
    ("a namespace by its label", [policy(ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}]}])], OPEN, OPEN),
    ("another namespace", [policy(ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}])], REFUSED, REFUSED),
    ("both selectors must hold", [policy(ingress=[{"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}]}])], REFUSED, REFUSED),
    ("two peers: one suffices", [policy(ingress=[{"from": [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"app": "x"}}}]}])], OPEN, OPEN),
    ("its port", [policy(ingress=[{"ports": [TCP_8080]}])], OPEN, OPEN),
    ("another port", [policy(ingress=[{"ports": [{"protocol": "TCP", "port": 9090}]}])], REFUSED, REFUSED),
    ("another protocol", [policy(ingress=[{"ports": [{"protocol": "UDP", "port": 8080}]}])], REFUSED, REFUSED),
    ("a protocol without a port", [policy(ingress=[{"ports": [{"protocol": "TCP"}]}])], OPEN, OPEN),
    ("a range of ports", [policy(ingress=[{"ports": [{"protocol": "TCP", "port": 8000, "endPort": 8080}]}])], OPEN, OPEN),
    ("a range beside it", [policy(ingress=[{"ports": [{"protocol": "TCP", "port": 8081, "endPort": 9000}]}])], REFUSED, REFUSED),
    ("a port by name", [policy(ingress=[{"ports": [{"protocol": "TCP", "port": "http"}]}])], OPEN, OPEN),
    ("a name that no Pod has", [policy(ingress=[{"ports": [{"protocol": "TCP", "port": "none"}]}])], REFUSED, REFUSED),
    ("port and sender", [policy(ingress=[{**FROM_CLIENT[0], "ports": [TCP_8080]}])], OPEN, OPEN),
    ("port of another sender", [policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}], "ports": [TCP_8080]}])], REFUSED, REFUSED),
    ("a name that no Pod has, from Pods: upstream then asks for no port", [policy(ingress=[{**FROM_CLIENT[0], "ports": [{"protocol": "TCP", "port": "none"}]}])], OPEN, OPEN),
    ("egress by the name of a port", [policy(policyTypes=["Egress"], egress=[{"ports": [{"protocol": "TCP", "port": "http"}]}])], OPEN, OPEN),
]  # fmt: skip


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize(("policies", "near", "far"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_who_reaches_whom(policies: list[Wire], near: Outcome, far: Outcome, mode: str) -> None:
    lab = Lab(*policies, mode=mode)
    assert (lab.ends(CLIENT, WEB0), lab.ends(CLIENT, WEB1)) == (near, far)


def test_only_the_selected_pods_are_isolated() -> None:
    lab = Lab(policy(podSelector={"matchLabels": {"app": "client"}}))
    assert (lab.ends(WEB0, CLIENT), lab.ends(WEB0, WEB1), lab.ends(CLIENT, WEB0)) == (REFUSED, OPEN, OPEN)


def test_a_pods_own_node_always_gets_in_and_another_node_does_not() -> None:
    lab = Lab(policy())
    assert (lab.ends("node/master", WEB0), lab.ends("node/worker", WEB0)) == (OPEN, REFUSED)


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("endpoint", ["web-0", "web-1"])
def test_whoever_asks_for_a_service_is_refused_at_once_too(endpoint: str, mode: str) -> None:
    """The error that comes back speaks of the address that was asked, on whichever node the packet was stopped."""
    lab = Lab(policy(podSelector=WEB), service(), pieces(endpoint), mode=mode)
    (trace,) = lab.network.trace(CLIENT, "10.43.0.20", 80)
    assert (trace.outcome, trace.seconds) == (REFUSED, 0.0)


def test_an_echo_request_passes_every_policy() -> None:
    lab = Lab(policy())
    assert lab.ends(CLIENT, WEB1, 0, "ICMP") is OPEN


def test_from_outside_a_policy_sees_the_clients_address() -> None:
    lab = Lab(policy(policyTypes=["Egress"]))
    assert lab.ends(CLIENT, "laptop") is REFUSED
    lab.change(policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": f"{LAPTOP}/32"}}]}]))
    assert lab.ends(CLIENT, "laptop") is OPEN


def test_a_policy_of_both_directions_lets_its_own_pods_out_where_it_lets_them_in() -> None:
    """Its chain is asked once for both (``setupPodNetpolRules``: no ``-s``, no ``-d``)."""
    lab = Lab(policy(policyTypes=["Ingress", "Egress"], ingress=[{}]))
    assert (lab.ends(CLIENT, WEB1), lab.ends(CLIENT, "laptop")) == (OPEN, REFUSED)


def test_a_sync_takes_a_moment() -> None:
    lab = Lab(policy(podSelector=WEB, ingress=FROM_CLIENT))
    lab.store.commit(pod("client", app="other"))
    lab.simulation.advance(SYNC_SECONDS * 0.9)
    assert lab.ends(CLIENT, WEB0) is OPEN
    lab.simulation.advance(SYNC_SECONDS * 0.2)
    assert lab.ends(CLIENT, WEB0) is REFUSED


CHANGES = [
    ("a Pod's label", pod("client", app="other"), REFUSED),
    ("a Pod that ended", {**pod("client"), "status": {**pod("client")["status"], "phase": "Succeeded"}}, REFUSED),
    ("a condition", {**pod("client"), "status": {**pod("client")["status"], "conditions": []}}, OPEN),
    ("the policy", policy(podSelector=WEB), REFUSED),
]


@pytest.mark.parametrize(("changed", "ends"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_what_changes_reaches_the_rules(changed: Wire, ends: Outcome) -> None:
    lab = Lab(policy(podSelector=WEB, ingress=FROM_CLIENT))
    lab.change(changed)
    assert lab.ends(CLIENT, WEB0) is ends


def test_a_namespaces_label_reaches_the_rules() -> None:
    lab = Lab(policy(ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}]))
    assert lab.ends(CLIENT, WEB0) is REFUSED
    lab.change(namespace("default", team="a"))
    assert lab.ends(CLIENT, WEB0) is OPEN
    lab.change(namespace("default"))
    assert lab.ends(CLIENT, WEB0) is REFUSED


def test_without_its_last_policy_everything_is_open_again_and_nothing_is_kept() -> None:
    lab = Lab(policy())
    lab.store.delete("NetworkPolicy", "p", "default")
    lab.simulation.settle()
    assert lab.ends(CLIENT, WEB0) is OPEN
    assert lab.policies.rules("node/master") is lab.proxies.rules("node/master")


def test_the_chains_are_listed_whether_there_is_a_policy_or_not() -> None:
    lab = Lab()
    listed = lab.policies.listed("node/master")
    assert listed is not None
    lines = save(listed, "filter").splitlines()
    # recorded on a real k3s: the hashes in the comments are those of the rules themselves
    for line in (
        '-A INPUT -m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-INPUT',
        '-A FORWARD -m comment --comment "kube-router netpol - TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD',
        '-A OUTPUT -m comment --comment "kube-router netpol - VEAAIY32XVBHCSCY" -j KUBE-ROUTER-OUTPUT',
        '-A KUBE-ROUTER-INPUT -p tcp -m comment --comment "allow LOCAL TCP traffic to node ports - LR7XO7NXDBGQJD2M" '
        "-m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN",
        '-A KUBE-ROUTER-INPUT -p udp -m comment --comment "allow LOCAL UDP traffic to node ports - 76UCBPIZNGJNWNUZ" '
        "-m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN",
        '-A KUBE-NWPLCY-COMMON -p icmp -m comment --comment "allow icmp echo requests" -m icmp --icmp-type 8 -j ACCEPT',
    ):
        assert line in lines
    assert sum(line.startswith(":KUBE-POD-FW-") for line in lines) == 2
