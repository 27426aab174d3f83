"""What the recorded kube-proxy cases have in common: their configuration, objects and rule lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from kubesim.api.objects import EndpointSlice, Service, view
from kubesim.network.proxy.config import DetectLocalMode, LocalDetector, ProxyConfig
from kubesim.network.proxy.endpoints import endpoints_map
from kubesim.network.proxy.iptables import Iptables
from kubesim.network.proxy.nftables import Nftables
from kubesim.network.proxy.node import NodeView
from kubesim.network.proxy.proxier import put_all
from kubesim.network.proxy.rule_sum import RuleSum
from kubesim.network.proxy.service_ports import service_port_map
from kubesim.network.rules import Ruleset

UPSTREAM_NODE_ADDRESSES = ("127.0.0.1", "192.168.0.2", "192.168.1.2", "192.168.99.11")
"""The addresses of the node in upstream's unit tests."""

_DISPATCH = {"KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES", "KUBE-PROXY-FIREWALL"}
"""Chains that list one Service after the other; kube-proxy walks a Go map there, so that order is chance."""


def detector(text: str | None) -> LocalDetector:
    """How upstream's tests write the way to detect local traffic: ``-s 10.0.0.0/8``, ``ip saddr 10.0.0.0/8``, ``-i
    cni0``.
    """
    words = (text or "").split()
    if not words:
        return LocalDetector()
    value = words[-1].strip('"')
    if "-s" in words or "saddr" in words:
        return LocalDetector(DetectLocalMode.CLUSTER_CIDR, value)
    if value.endswith(("+", "*")):
        return LocalDetector(DetectLocalMode.INTERFACE_NAME_PREFIX, value[:-1])
    return LocalDetector(DetectLocalMode.BRIDGE_INTERFACE, value)


def unit_test_ruleset(case: dict[str, Any], addresses: Sequence[str] = ()) -> Ruleset:
    """The rules that the simulator writes for a case of upstream's unit tests."""
    recorded = case["config"]
    test = case.get("test", "")
    liberal, ensured = "tcpLiberal_is_true" in test, "nfacctEnsured_is_false" not in test
    given = tuple(addresses) or UPSTREAM_NODE_ADDRESSES
    own = tuple(dict.fromkeys(("127.0.0.1", *(a for a in given if ":" not in a))))
    node = NodeView(recorded["node_name"], recorded["node_ip"], own, recorded.get("topology_labels") or {})
    config = ProxyConfig(
        mode=case["backend"],
        pod_prefix="",
        detect_local=detector(recorded["local_detector"]),
        masquerade_all=recorded["masquerade_all"],
        node_port_addresses=tuple(recorded["node_port_addresses"].strip("[]").split()),
        localhost_node_ports=recorded.get("localhost_node_ports", True),
        random_fully=recorded.get("random_fully", False),
        count_packets=ensured,
        tcp_liberal=liberal,
        service_prefixes=tuple((recorded.get("service_cidrs") or "").replace(",", " ").split()),
    )
    family = recorded.get("ip_family", "IPv4")
    ports = service_port_map((view(wire, Service) for wire in case["services"] or []), family)
    slices = (view(wire, EndpointSlice) for wire in case["endpointslices"] or [] if wire)
    endpoints = endpoints_map(slices, family)
    if case["backend"] == "nftables":
        return put_all(RuleSum(Nftables(config), large=False), ports, endpoints).on(node)
    return put_all(RuleSum(Iptables(config), recorded.get("large_cluster_mode")), ports, endpoints).on(node)


def by_chain(text: str) -> dict[str, list[str]]:
    """Rules of an iptables text by ``table/chain``, in their order; a chain without rules has an empty list."""
    found: dict[str, list[str]] = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            found.setdefault(f"{table}/{line[1:].split()[0]}", [])
        elif line.startswith("-A"):
            found.setdefault(f"{table}/{line.split()[1]}", []).append(line)
    return found


def comparable(chain: str, rules: Iterable[str]) -> list[Any]:
    """Rules as they must be equal: in their order, but where the order of Services is chance, in order for each
    Service.
    """
    listed = list(rules)
    if chain.partition("/")[2] not in _DISPATCH:
        return listed
    services: dict[str, list[str]] = {}
    for position, rule in enumerate(listed):
        subject = re.search(r'--comment "?([^\s"]+)', rule)
        name = subject.group(1) if subject else ""
        if "must be the last rule" in rule:
            # It must be behind everything else, whatever the order before it.
            name = (
                f"last of {len(listed)}"
                if position >= len(listed) - 1 or "must be the last" in listed[-1]
                else "not last"
            )
        services.setdefault(name, []).append(rule)
    return sorted(services.items())
