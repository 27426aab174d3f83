"""Upstream's unit tests of how kube-proxy reads Services, EndpointSlices and node addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kubesim.api.objects import EndpointSlice, Service
from kubesim.network.proxy.endpoints import (
    Categorized,
    EndpointInfo,
    EndpointsMap,
    categorize,
    endpoints_map,
    local_ready_addresses,
    seen_from,
)
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.node import NodePortAddresses
from kubesim.network.proxy.service_ports import ServicePort, cluster_ip_of, service_port_map
from kubesim.network.proxy.stale import stale_flows
from tests.conformance.result import Result, judged, view_of

PROTOCOL_NUMBERS = {6: "TCP", 17: "UDP", 132: "SCTP"}


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result for each case."""
    return judged(document, _judge)


def _judge(case: dict[str, Any]) -> Iterator[Result]:
    expected, got = TESTS[case["test"].partition("/")[0]](case)
    yield Result(case["id"], expected == got, expected, got)


def _service_map(case: dict[str, Any]) -> tuple[Any, Any]:
    services = [view_of(case["service"], Service)] if case["service"] else []
    ports = service_port_map(services, case["ip_family"])
    return case["output"], {_key(name): _port_facts(port) for name, port in ports.items()}


def _skipped(case: dict[str, Any]) -> tuple[Any, Any]:
    """Whether kube-proxy leaves a Service out: none of its ports is known then."""
    service = view_of(
        {**case["service"], "spec": {**case["service"].get("spec", {}), "ports": [{"port": 80}]}}, Service
    )
    return case["output"], not any(service_port_map([service], family) for family in ("IPv4", "IPv6"))


def _key(name: ServicePortName) -> str:
    return f"{name}/{name.protocol}"


def _port_facts(port: ServicePort) -> dict[str, Any]:
    return {
        "cluster_ip": port.cluster_ip,
        "external_ips": list(port.external_ips),
        "external_policy_local": port.external_policy_local,
        "health_check_node_port": port.health_check_node_port,
        "internal_policy_local": port.internal_policy_local,
        "lb_source_ranges": list(port.load_balancer_source_ranges),
        "load_balancer_vips": list(port.load_balancer_vips),
        "node_port": port.node_port,
        "port": port.port,
        "protocol": port.protocol,
        "session_affinity": port.session_affinity,
        "sticky_max_age_seconds": port.sticky_max_age_seconds,
        "uses_cluster_endpoints": port.uses_cluster_endpoints,
        "uses_local_endpoints": port.uses_local_endpoints,
    }


def _slices(wires: list[Any] | None) -> list[EndpointSlice]:
    return [view_of(wire, EndpointSlice) for wire in wires or [] if wire]


def _endpoint_facts(endpoint: EndpointInfo, node: str) -> dict[str, Any]:
    return {
        "endpoint": str(endpoint),
        "ip": endpoint.address,
        "local": endpoint.local(node),
        "node_hints": sorted(endpoint.node_hints),
        "port": endpoint.port,
        "ready": endpoint.ready,
        "serving": endpoint.serving,
        "terminating": endpoint.terminating,
        "zone_hints": sorted(endpoint.zone_hints),
    }


def _map_facts(found: EndpointsMap, node: str) -> dict[str, Any]:
    return {
        _key(name): [_endpoint_facts(endpoint, node) for endpoint in seen_from(node, listed)]
        for name, listed in found.items()
    }


def _sorted_hints(output: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [
            {**endpoint, "node_hints": sorted(endpoint["node_hints"]), "zone_hints": sorted(endpoint["zone_hints"])}
            for endpoint in listed
        ]
        for name, listed in output.items()
    }


def _from_slices(case: dict[str, Any]) -> tuple[Any, Any]:
    family = case.get("ip_family", "IPv4")
    found = endpoints_map(_slices(case["endpointslices"]), family)
    # Upstream's tests of the slice cache ask for the endpoints of one Service only.
    service = case.get("service_name") or "ns1/svc1"
    own = {name: listed for name, listed in found.items() if f"{name.namespace}/{name.name}" == service}
    return _sorted_hints(case["output"]), _map_facts(own, case["node_name"])


def _update(case: dict[str, Any]) -> tuple[Any, Any]:
    before = _facts_of_update(case["previous_endpointslices"], case["node_name"])
    after_map = endpoints_map(_slices(case["endpointslices"]))
    after = _map_facts(after_map, case["node_name"])
    names = before.keys() | after.keys()
    ready = _ready_here(after_map, case["node_name"])
    counts = {service: len(addresses) for service, addresses in ready.items()}
    expected = (_sorted_hints(case["output"]), case["local_ready_endpoints"], bool(case["changed_services"]))
    return expected, (after, counts, any(before.get(name) != after.get(name) for name in names))


def _facts_of_update(wires: list[Any] | None, node: str) -> dict[str, Any]:
    return _map_facts(endpoints_map(_slices(wires)), node)


def _ready_here(found: EndpointsMap, node: str) -> dict[str, list[str]]:
    everywhere = local_ready_addresses(found).items()
    return {f"{ns}/{name}": sorted(nodes[node]) for (ns, name), nodes in everywhere if node in nodes}


def _read_endpoint(facts: dict[str, Any], node: str = "here") -> EndpointInfo:
    address, _, port = facts["endpoint"].rpartition(":")
    return EndpointInfo(
        address.strip("[]"),
        int(port),
        node if facts["local"] else "",
        facts["ready"],
        facts["serving"],
        facts["terminating"],
        frozenset(facts["zone_hints"]),
        frozenset(facts["node_hints"]),
    )


def _read_port(facts: dict[str, Any]) -> ServicePort:
    return ServicePort(
        cluster_ip=facts["cluster_ip"],
        port=facts["port"],
        protocol=facts["protocol"] or "TCP",
        node_port=facts["node_port"],
        external_ips=tuple(facts["external_ips"]),
        load_balancer_vips=tuple(facts["load_balancer_vips"]),
        load_balancer_source_ranges=tuple(facts["lb_source_ranges"]),
        session_affinity=facts["session_affinity"],
        sticky_max_age_seconds=facts["sticky_max_age_seconds"],
        external_policy_local=facts["external_policy_local"],
        internal_policy_local=facts["internal_policy_local"],
    )


def _categorize(case: dict[str, Any]) -> tuple[Any, Any]:
    node = case["node_name"] or "here"
    endpoints = [_read_endpoint(facts, node) for facts in case["endpoints"]]
    found = categorize(
        endpoints,
        _read_port(case["service"]),
        node,
        case["node_labels"],
        same_node_hints=case["prefer_same_enabled"],
    )
    expected = {
        "cluster": sorted(case["cluster"] or []),
        "local": sorted(case["local"] or []),
        "all_reachable": sorted(case["all_reachable"] or []),
        "has_any": case["has_any"],
    }
    return expected, _categorized_facts(found)


def _categorized_facts(found: Categorized) -> dict[str, Any]:
    return {
        "cluster": sorted(map(str, found.cluster or ())),
        "local": sorted(map(str, found.local or ())),
        "all_reachable": sorted(map(str, found.reachable)),
        "has_any": found.any,
    }


def _local_addresses(case: dict[str, Any]) -> tuple[Any, Any]:
    listed: EndpointsMap = {}
    for key, facts in case["endpoints_map"].items():
        service, _, protocol = key.rpartition("/")
        namespace, _, rest = service.partition("/")
        name, _, port = rest.partition(":")
        listed[ServicePortName(namespace, name, port, protocol)] = tuple(_read_endpoint(each) for each in facts)
    return {name: sorted(addresses) for name, addresses in case["output"].items()}, _ready_here(listed, "here")


def _node_addresses(case: dict[str, Any]) -> tuple[Any, Any]:
    choice = NodePortAddresses.of(case["cidrs"], case["ip_family"])
    addresses = [address.partition("/")[0] for interface in case["interfaces"] for address in interface["addrs"]]
    expected = (sorted(case["output"]), case["match_all"])
    return expected, (sorted(choice.chosen(addresses)), choice.matches_all)


def _cluster_ip(case: dict[str, Any]) -> tuple[Any, Any]:
    return case["output"], cluster_ip_of(view_of(case["service"], Service), case["ip_family"])


def _stale(case: dict[str, Any]) -> tuple[Any, Any]:
    ports = service_port_map([view_of(case["service"], Service)])
    stale = stale_flows(ports, endpoints_map(_slices(case["endpointslices"])))
    kept = [
        flow
        for flow in case["before"]
        if not stale(
            (
                PROTOCOL_NUMBERS[flow["protocol"]],
                flow["orig_dst"],
                flow["orig_dport"],
                flow["reply_src"],
                flow["reply_sport"],
            )
        )
    ]
    return case["output"], kept


TESTS: dict[str, Callable[[dict[str, Any]], tuple[Any, Any]]] = {
    "TestServiceToServiceMap": _service_map,
    "TestShouldSkipService": _skipped,
    "TestEndpointsMapFromESC": _from_slices,
    "TestEndpointInfoByServicePort": _from_slices,
    "TestUpdateEndpointsMap": _update,
    "TestCategorizeEndpoints": _categorize,
    "TestGetLocalEndpointIPs": _local_addresses,
    "TestGetNodeIPs": _node_addresses,
    "TestGetClusterIPByFamily": _cluster_ip,
    "TestCleanStaleEntries": _stale,
}
