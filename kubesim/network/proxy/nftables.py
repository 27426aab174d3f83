"""kube-proxy's rules in nftables mode (upstream's ``pkg/proxy/nftables``).

Where iptables mode walks a list of Services, nftables mode looks the packet up in maps: ``service-ips`` by address,
protocol and port, ``service-nodeports`` by protocol and port. The map's entry is the chain to go to: ``service-…`` (any
endpoint), ``local-…`` (endpoints of this node), ``external-…`` (from outside: masquerade, policy). One rule then picks
an endpoint by number and rewrites the destination. Cluster IPs are a set, so a port that no Service has can be rejected
instead of leaving the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubesim.network.addresses import within
from kubesim.network.matches import (
    AnySource,
    LocalSource,
    Protocol,
    RecentlySeen,
)
from kubesim.network.proxy.config import MASQUERADE_MARK, ProxyConfig
from kubesim.network.proxy.endpoints import Categorized, EndpointInfo, EndpointsMap, categorize
from kubesim.network.proxy.names import ServicePortName, nft_base, nft_endpoint_base
from kubesim.network.proxy.nftables_table import SET_MARK, NftablesTable
from kubesim.network.proxy.node_view import NodeView
from kubesim.network.proxy.service_ports import ServicePort
from kubesim.network.proxy.service_rules import ServiceRules
from kubesim.network.rules import Ruleset
from kubesim.network.targets import (
    Dnat,
    DnatAny,
    Drop,
    Goto,
    GotoAny,
    Remember,
    SetMark,
    Target,
)


def nftables_rules(
    node: NodeView, ports: Mapping[ServicePortName, ServicePort], endpoints: EndpointsMap, config: ProxyConfig
) -> Ruleset:
    """All rules that kube-proxy writes on a node."""
    writer = NftablesTable(node, config)
    writer.fixed()
    for name, port in ports.items():
        usable = categorize(endpoints.get(name, []), port, node.name, node.labels)
        _ServiceRules(writer, name, port, usable).write()
    return writer.ruleset()


class _ServiceRules(ServiceRules):
    """The rules of one Service port."""

    def __init__(self, writer: NftablesTable, name: ServicePortName, port: ServicePort, usable: Categorized) -> None:
        super().__init__(name, port, usable)
        self.writer = writer
        self.label = f"{name}"
        self.protocol = port.protocol.lower()
        base = nft_base(name)
        self.cluster_chain, self.local_chain = f"service-{base}", f"local-{base}"
        self.external_chain, self.firewall_chain = f"external-{base}", f"firewall-{base}"

    def write(self) -> None:
        """Write all of them."""
        self._addresses()
        if not self.usable.any:
            return
        if self.port.externally_accessible:
            self._external()
        if self.guarded:
            self._source_ranges()
        if self.usable.cluster and self.port.uses_cluster_endpoints:
            self._choose(self.cluster_chain, self.usable.cluster)
        if self.usable.local and self.port.uses_local_endpoints:
            self._choose(self.local_chain, self.usable.local)
        for endpoint in self.usable.reachable:
            if endpoint.local:
                key = (endpoint.address, endpoint.address, self.protocol, str(endpoint.port))
                self.writer.put("hairpin-connections", key, None)
            if self.port.sticky:
                self._sticky_endpoint(endpoint)

    def _addresses(self) -> None:
        """Each address and port of the Service: to its chain, or to a refusal."""
        put, port, label = self.writer.put, self.port, self.label
        refusal: Target = Drop() if self.usable.any else Goto("reject-chain")
        put("cluster-ips", (port.cluster_ip,), None)
        cluster_key = (port.cluster_ip, self.protocol, str(port.port))
        if self.has_internal:
            chain = self.local_chain if port.internal_policy_local else self.cluster_chain
            put("service-ips", cluster_key, Goto(chain))
        else:
            put("no-endpoint-services", cluster_key, refusal, label)
        for address in (*port.external_ips, *port.load_balancer_vips):
            key = (address, self.protocol, str(port.port))
            if self.usable.any:
                put("service-ips", key, Goto(self.external_chain))
            if self.guarded and address in port.load_balancer_vips:
                put("firewall-ips", key, Goto(self.firewall_chain))
            if not self.has_external:
                put("no-endpoint-services", key, refusal, label)
        if port.node_port:
            number = (self.protocol, str(port.node_port))
            if self.usable.any:
                put("service-nodeports", number, Goto(self.external_chain))
            if not self.has_external:
                put("no-endpoint-nodeports", number, refusal, label)

    def _external(self) -> None:
        add, chain, detector = self.writer.add, self.external_chain, self.writer.config.detector
        mark, everywhere = SetMark(MASQUERADE_MARK), Goto(self.cluster_chain)
        goto_everywhere = f"goto {self.cluster_chain}"
        if not self.port.external_policy_local:
            add(chain, f'{SET_MARK} comment "masquerade"', mark)
        else:
            if detector.implemented:
                text = f'{detector.nft(local=True)} {goto_everywhere} comment "short-circuit pod traffic"'
                add(chain, text, everywhere, detector.match(local=True))
            local = "fib saddr type local"
            add(chain, f'{local} {SET_MARK} comment "masquerade local traffic"', mark, LocalSource())
            add(chain, f'{local} {goto_everywhere} comment "short-circuit local traffic"', everywhere, LocalSource())
        if self.has_external:
            policy = self.local_chain if self.port.external_policy_local else self.cluster_chain
            add(chain, f"goto {policy}", Goto(policy))

    def _source_ranges(self) -> None:
        port, node = self.port, self.writer.node
        # A kernel lists an address without its 32 bits.
        ranges = [prefix.removesuffix("/32") for prefix in port.load_balancer_source_ranges]
        allowed = AnySource(port.load_balancer_source_ranges)
        if node.address and allowed.prefixes and _admits(allowed, node.address):
            ranges += port.load_balancer_vips
        unique = tuple(dict.fromkeys(ranges))
        text = unique[0] if len(unique) == 1 else "{ " + ", ".join(unique) + " }"
        self.writer.add(self.firewall_chain, f"ip saddr != {text} drop", Drop(), AnySource(unique, negated=True))

    def _choose(self, chain: str, endpoints: Sequence[EndpointInfo]) -> None:
        add, count = self.writer.add, len(endpoints)
        if not self.port.sticky:
            listed = ", ".join(f"{n} : {e.address} . {e.port}" for n, e in enumerate(endpoints))
            text = f"meta l4proto {self.protocol} dnat ip to numgen random mod {count} map {{ {listed} }}"
            target = DnatAny(tuple((e.address, e.port) for e in endpoints))
            add(chain, text, target, Protocol(self.protocol))
            return
        bases = [nft_endpoint_base(self.name, e.address, e.port) for e in endpoints]
        for base in bases:
            text = f"ip saddr @affinity-{base} goto endpoint-{base}"
            recent = RecentlySeen(f"affinity-{base}", self.port.sticky_max_age_seconds)
            add(chain, text, Goto(f"endpoint-{base}"), recent)
        listed = ", ".join(f"{n} : goto endpoint-{base}" for n, base in enumerate(bases))
        text = f"numgen random mod {count} vmap {{ {listed} }}"
        add(chain, text, GotoAny(tuple(f"endpoint-{base}" for base in bases)))

    def _sticky_endpoint(self, endpoint: EndpointInfo) -> None:
        base = nft_endpoint_base(self.name, endpoint.address, endpoint.port)
        name, chain = f"affinity-{base}", f"endpoint-{base}"
        self.writer.affinity[name] = self.port.sticky_max_age_seconds
        self.writer.add(chain, f"update @{name} {{ ip saddr }}", Remember(name))
        text = f"meta l4proto {self.protocol} dnat to {endpoint.address}:{endpoint.port}"
        target = Dnat(endpoint.address, endpoint.port)
        self.writer.add(chain, text, target, Protocol(self.protocol))


def _admits(ranges: AnySource, address: str) -> bool:
    return any(within(address, prefix) for prefix in ranges.prefixes)
