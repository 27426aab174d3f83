"""The recorded data plane as a simulated network: the same objects, machines and listeners, without controllers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubesim.api.objects import EndpointSlice, Node, Pod, Service, view
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig, ruleset
from kubesim.network.rules import Ruleset
from kubesim.network.sockets import Sockets
from kubesim.network.trace import Outcome, Trace
from kubesim.simulation import Simulation
from tests.conformance.result import Result, judged

LISTENING = (("TCP", 8080), ("UDP", 5353), ("TCP", 5353), ("SCTP", 132))
"""What the recorder's Pods listened on."""

ROUTED = ("10.42.0.0/16", "10.43.0.0/16", "198.51.100.0/24")
"""What the second outside machine routed to the node called worker."""


class _Echo:
    def handle(self, request: Any, client: Any) -> Any:
        return client


@dataclass
class Bed:
    """The test bed.

    :param machines: the recorder's names of sources → machine names.
    :param pods: Pod address → Pod name.
    """

    network: Network
    rulesets: dict[str, Ruleset]
    machines: dict[str, str]
    pods: dict[str, str]
    nodes: dict[str, Node] = field(default_factory=dict)


def build(document: Mapping[str, Any]) -> Bed:
    """Build the network of a recording."""
    items = document["objects"]["items"]
    of_kind = {
        kind: [item for item in items if item["kind"] == kind] for kind in ("Node", "Pod", "Service", "EndpointSlice")
    }
    nodes = {wire["metadata"]["name"]: view(wire, Node) for wire in of_kind["Node"]}
    services = [view(wire, Service) for wire in of_kind["Service"]]
    slices = [view(wire, EndpointSlice) for wire in of_kind["EndpointSlice"]]
    rulesets = {
        f"node/{name}": ruleset(node, services, slices, _config(document, name)) for name, node in nodes.items()
    }
    network = Network(Simulation(), rulesets.get)
    addresses = {
        name: next(a.address for a in node.status.addresses or [] if a.type == "InternalIP")
        for name, node in nodes.items()
    }
    for name, node in nodes.items():
        network.add_node(name, addresses[name], node.spec.podCIDR)
    network.add_outside("outside", ["172.31.0.50"])
    network.add_outside("outside-routed", ["172.31.0.51"], [(prefix, addresses["worker"]) for prefix in ROUTED])
    pods: dict[str, str] = {"172.31.0.50": "outside"}
    for wire in of_kind["Pod"]:
        pod = view(wire, Pod)
        meta = pod.metadata
        machine = network.add_pod(meta.namespace, meta.name, pod.status.podIP, pod.spec.nodeName, pod.spec.hostNetwork)
        pods[pod.status.podIP] = meta.name
        for protocol, port in LISTENING:
            network.listen(machine, protocol, port, _Echo())
    network.listen("outside", "TCP", 8080, _Echo())
    network.listen("node/master", "TCP", 6443, _Echo())
    machines = {source: machine_of(source) for source in document["sources"]}
    return Bed(network, rulesets, machines, pods, nodes)


def _config(document: Mapping[str, Any], node: str) -> ProxyConfig:
    """kube-proxy's configuration on a node.

    ServiceCIDR objects are not among the recorded ones, and one of the two proxies had not read them yet: whether it
    had is taken from its rules.
    """
    texts = "".join(document["rules"][node].values())
    known = "Drop traffic to unallocated ClusterIPs" in texts
    return ProxyConfig(mode=document["mode"], service_prefixes=("10.43.0.0/16",) if known else ())


def machine_of(source: str) -> str:
    """The machine behind the recorder's description of a source."""
    pod = re.match(r"pod (\S+) ", source)
    if pod:
        return f"pod/default/{pod.group(1)}"
    node = re.match(r"node (\S+)", source)
    if node:
        return f"node/{node.group(1)}"
    return "outside-routed" if "routed" in source else "outside"


KINDS = {
    Outcome.DELIVERED: "ok",
    Outcome.REFUSED: "refused",
    Outcome.REJECTED: "refused",
    Outcome.DROPPED: "timeout",
    Outcome.LOST: "timeout",
    # The recorder gave up after one second, before the kernel gave up asking for the neighbour after three.
    Outcome.UNREACHABLE: "timeout",
}


class Addresses:
    """Recorded addresses, which may be of earlier incarnations of the same Pods, read as what they are now."""

    def __init__(self, bed: Bed, probes: list[dict[str, Any]]) -> None:
        self.current = {name: address for address, name in bed.pods.items()}
        self.renamed: dict[str, str] = {}
        for probe in probes:
            if probe["via"] == "podIP" and probe["service"] in self.current:
                self.renamed[probe["dst"]] = self.current[probe["service"]]
            elif probe["via"].startswith("podIP"):
                # The recorder tried a port that nobody listens on, on the Pod called one-w.
                self.renamed.setdefault(probe["dst"], self.current.get("one-w", probe["dst"]))
        self._learn_sources(bed, probes)

    def _learn_sources(self, bed: Bed, probes: list[dict[str, Any]]) -> None:
        gateways = {
            address
            for host in bed.network.topology.hosts
            for address in host.addresses
            if host.name.startswith("node/")
        }
        for probe in probes:
            source = re.match(r"pod (\S+) ", probe["from"])
            if source is None:
                continue
            for attempt in probe["tries"]:
                seen = attempt.get("client_seen", "")
                if seen.startswith("10.42.") and seen not in gateways:
                    self.renamed.setdefault(seen, self.current.get(source.group(1), seen))

    def now(self, address: str) -> str:
        """An address as it is in the recorded objects."""
        return self.renamed.get(address, address)


def predicted(bed: Bed, traces: tuple[Trace, ...]) -> set[tuple[str, str, str]]:
    """(outcome, Pod, client address seen) that the simulator holds possible."""
    found = set()
    for trace in traces:
        outcome = "error" if trace.not_permitted else KINDS[trace.outcome]
        if outcome != "ok" or trace.delivered is None:
            found.add((outcome, "", ""))
            continue
        pod = bed.pods.get(trace.delivered.destination, trace.destination)
        found.add((outcome, pod, trace.delivered.source))
    return found


def probe_results(bed: Bed, probes: list[dict[str, Any]]) -> Iterator[Result]:
    """One result for each probe: every recorded try is among the possible ones."""
    addresses = Addresses(bed, probes)
    for probe in probes:
        name = (
            f"probes/{probe['from']}/{probe['service']}/{probe['via']}/{probe['dst']}:{probe['port']}/{probe['proto']}"
        )
        yield from judged([{**probe, "id": name}], lambda each: [_probe_result(bed, addresses, each)])


def _probe_result(bed: Bed, addresses: Addresses, probe: dict[str, Any]) -> Result:
    source = bed.machines.get(probe["from"]) or machine_of(probe["from"])
    traces = bed.network.trace(source, addresses.now(probe["dst"]), probe["port"], probe["proto"])
    possible = predicted(bed, traces)
    tries = {_observed(attempt, addresses) for attempt in probe["tries"]}
    return Result(probe["id"], tries <= possible, sorted(tries), sorted(possible))


def _observed(attempt: dict[str, Any], addresses: Addresses) -> tuple[str, str, str]:
    outcome = attempt["outcome"]
    if outcome == "error" and attempt.get("text") == "No route to host":
        outcome = "timeout"
    if outcome != "ok":
        return (outcome, "", "")
    return (outcome, attempt["pod"], addresses.now(attempt["client_seen"]))


def spread_results(bed: Bed, rows: list[dict[str, Any]], probes: list[dict[str, Any]], prefix: str) -> Iterator[Result]:
    """How evenly connections fell: the predicted probabilities explain the counts (chi-square at one in a million)."""
    addresses = Addresses(bed, probes)
    for row in rows:
        traces = bed.network.trace(bed.machines[row["from"]], addresses.now(row["dst"]), row["port"])
        shares: dict[str, float] = {}
        for trace in traces:
            pod = bed.pods.get(trace.delivered.destination, "") if trace.delivered else KINDS[trace.outcome]
            shares[pod] = shares.get(pod, 0.0) + trace.probability
        total = row["n"]
        fits = set(row["pods"]) == set(shares) and abs(sum(shares.values()) - 1) < 1e-6
        if fits:
            distance = sum((row["pods"][pod] - total * share) ** 2 / (total * share) for pod, share in shares.items())
            fits = distance < 24 + 4 * len(shares)
        yield Result(f"{prefix}/{row['from']}/{row['service']}", fits, row["pods"], shares)


def affinity_results(document: Mapping[str, Any], bed: Bed, addresses: Addresses) -> Iterator[Result]:
    """Session affinity: thirty connections of one client to one endpoint, and a new choice after the time-out."""
    for service in document.get("affinity") or []:
        for row in service["rows"]:
            socket = Sockets(bed.network, bed.machines[row["from"]])
            opened = [socket.connect(addresses.now(service["dst"]), service["port"]) for _ in row["pods"]]
            first = {connection.server for connection in opened}
            possible = {bed.pods[t.delivered.destination] for t in opened[0].alternatives if t.delivered}
            fits = len(first) == len(set(row["pods"])) == 1 and set(row["pods"]) <= possible
            yield Result(f"affinity/{service['service']}/{row['from']}", fits, row["pods"][:1], sorted(map(str, first)))
    yield from _timeout_results(document, bed, addresses)


def _affinity_seconds(wire: dict[str, Any]) -> int | None:
    spec = wire.get("spec") or {}
    if wire["kind"] != "Service" or spec.get("type") != "ClusterIP" or spec.get("sessionAffinity") != "ClientIP":
        return None
    seconds: int = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
    return seconds


def _timeout_results(document: Mapping[str, Any], bed: Bed, addresses: Addresses) -> Iterator[Result]:
    socket = Sockets(bed.network, "pod/default/client-w")
    network, last = bed.network, None
    sticky = next((each for each in document["objects"]["items"] if _affinity_seconds(each) == 10), None)
    address, port = (sticky["spec"]["clusterIP"], sticky["spec"]["ports"][0]["port"]) if sticky else ("10.43.20.14", 80)
    for position, row in enumerate(document.get("affinity_timeout_10s") or []):
        network.simulation.advance(row["after_idle_s"])
        opened = [socket.connect(address, port) for _ in row["pods"]]
        chosen = {connection.server for connection in opened}
        # Within ten seconds the client stays; later it may be sent anywhere.
        kept = row["after_idle_s"] > 10 or last in (None, *chosen)
        free = len(opened[0].alternatives) > 1 if row["after_idle_s"] > 10 else True
        yield Result(
            f"affinity_timeout_10s/{position}", len(chosen) == 1 and kept and free, row, sorted(map(str, chosen))
        )
        last = next(iter(chosen))
