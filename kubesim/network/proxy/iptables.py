"""kube-proxy's rules in iptables mode (upstream's ``pkg/proxy/iptables/proxier.go``).

A packet for a Service passes three chains::

    KUBE-SERVICES       by address and port: which Service?
    KUBE-SVC-… or SVL   which endpoint? (SVL: endpoints of this node only)
    KUBE-SEP-…          rewrite the destination to that endpoint

An address for the outside goes through KUBE-EXT-… first, which decides about masquerading and the traffic policy, and a
load balancer with source ranges through KUBE-FW-… before that. What has no endpoint is rejected or dropped in the
filter table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubesim.network.addresses import within
from kubesim.network.matches import (
    Account,
    Comment,
    Destination,
    DestinationPort,
    LocalDestination,
    LocalSource,
    Match,
    Protocol,
    RecentlySeen,
    RememberSource,
    Source,
    Statistic,
)
from kubesim.network.proxy.config import ProxyConfig
from kubesim.network.proxy.endpoints import Categorized, EndpointInfo, EndpointsMap, categorize
from kubesim.network.proxy.iptables_chains import BASES, LOOPBACK, IptablesChains
from kubesim.network.proxy.names import ServicePortName, endpoint_chain, service_hash
from kubesim.network.proxy.node_view import NodeView
from kubesim.network.proxy.service_ports import ServicePort
from kubesim.network.proxy.service_rules import ServiceRules
from kubesim.network.rules import Chain, Ruleset
from kubesim.network.targets import Accept, Dnat, Drop, Jump, Reject, Target

LARGE_CLUSTER_ENDPOINTS = 1000
"""From this many endpoints on, kube-proxy leaves the comments out of the rules of endpoints, to save memory."""

_PROTOCOLS = {name: Protocol(name) for name in ("tcp", "udp", "sctp")}
_MARK_MASQ = Jump("KUBE-MARK-MASQ")
_DROP, _REJECT = Drop(), Reject()


def iptables_rules(
    node: NodeView,
    ports: Mapping[ServicePortName, ServicePort],
    endpoints: EndpointsMap,
    config: ProxyConfig,
    large_cluster: bool | None = None,
) -> Ruleset:
    """All rules that kube-proxy writes on a node.

    :param large_cluster: whether comments are left out; None decides by the number of endpoints.
    """
    if large_cluster is None:
        large_cluster = sum(len(endpoints.get(name, ())) for name in ports) > LARGE_CLUSTER_ENDPOINTS
    writer = IptablesChains(node, config, large_cluster)
    writer.fixed()
    for name, port in ports.items():
        listed = endpoints.get(name, [])
        _ServiceRules(writer, name, port, categorize(listed, port, node.name, node.labels)).write()
    writer.node_ports()
    chains = {(table, chain): Chain(chain, tuple(rules)) for (table, chain), rules in writer.chains.items()}
    return Ruleset("iptables", chains, BASES, route_localnet=config.localhost_node_ports)


class _ServiceRules(ServiceRules):
    """The rules of one Service port."""

    def __init__(self, writer: IptablesChains, name: ServicePortName, port: ServicePort, usable: Categorized) -> None:
        super().__init__(name, port, usable)
        self.writer = writer
        self.text = str(name)
        code = service_hash(name)
        self.cluster_chain, self.local_chain = f"KUBE-SVC-{code}", f"KUBE-SVL-{code}"
        self.external_chain, self.firewall_chain = f"KUBE-EXT-{code}", f"KUBE-FW-{code}"
        self.protocol = _PROTOCOLS[port.protocol.lower()]

    def write(self) -> None:
        """Write all of them."""
        self._addresses()
        if not self.usable.any:
            return
        self._internal_masquerade()
        if self.port.externally_accessible:
            self._external()
        if self.guarded:
            self._source_ranges()
        if self.usable.cluster and self.port.uses_cluster_endpoints:
            self._choose(self.cluster_chain, self.usable.cluster)
        if self.usable.local and self.port.uses_local_endpoints:
            self._choose(self.local_chain, self.usable.local)
        for endpoint in self.usable.reachable:
            self._endpoint(endpoint)

    def _to(self, address: str, port: int) -> tuple[Match, ...]:
        return (self.protocol, Destination(address), DestinationPort(port))

    def _refusal(self) -> tuple[Target, Comment]:
        """What is done with traffic that finds no endpoint: REJECT where there is none at all, DROP where one is
        elsewhere.
        """
        if not self.usable.any:
            return _REJECT, Comment(f"{self.text} has no endpoints")
        return _DROP, Comment(f"{self.text} has no local endpoints")

    def _addresses(self) -> None:
        """Each address and port of the Service: to its chain, or to a refusal."""
        add, port, text = self.writer.add, self.port, self.text
        to_cluster_ip = self._to(port.cluster_ip, port.port)
        refusal, why = self._refusal()
        if self.has_internal:
            chain = self.local_chain if port.internal_policy_local else self.cluster_chain
            add("nat", "KUBE-SERVICES", Jump(chain), Comment(f"{text} cluster IP"), *to_cluster_ip)
        else:
            add("filter", "KUBE-SERVICES", refusal, why, *to_cluster_ip)
        external = Jump(self.external_chain)
        for address in port.external_ips:
            if self.usable.any:
                add("nat", "KUBE-SERVICES", external, Comment(f"{text} external IP"), *self._to(address, port.port))
            if not self.has_external:
                add("filter", "KUBE-EXTERNAL-SERVICES", refusal, why, *self._to(address, port.port))
        balanced = Jump(self.firewall_chain) if self.guarded else external
        for address in port.load_balancer_vips:
            to_vip = self._to(address, port.port)
            if self.usable.any:
                add("nat", "KUBE-SERVICES", balanced, Comment(f"{text} loadbalancer IP"), *to_vip)
            if self.guarded:
                other = Comment(f"{text} traffic not accepted by {self.firewall_chain}")
                add("filter", "KUBE-PROXY-FIREWALL", _DROP, other, *to_vip)
        if not self.has_external:
            for address in port.load_balancer_vips:
                add("filter", "KUBE-EXTERNAL-SERVICES", refusal, why, *self._to(address, port.port))
        if port.node_port:
            self._node_port(external, refusal, why)
        if port.health_check_node_port:
            health = Comment(f"{text} health check node port")
            to_health = (_PROTOCOLS["tcp"], DestinationPort(port.health_check_node_port))
            add("filter", "KUBE-NODEPORTS", Accept(), health, *to_health)

    def _node_port(self, external: Jump, refusal: Target, why: Comment) -> None:
        add, number = self.writer.add, DestinationPort(self.port.node_port)
        config, comment = self.writer.config, Comment(self.text)
        if self.usable.any:
            if config.localhost_node_ports and config.count_packets:
                counted = Account("localhost_nps_accepted_pkts")
                to_loopback = (self.protocol, Destination(LOOPBACK), number, counted)
                add("nat", "KUBE-NODEPORTS", external, comment, *to_loopback)
            add("nat", "KUBE-NODEPORTS", external, comment, self.protocol, number)
        if not self.has_external:
            add("filter", "KUBE-EXTERNAL-SERVICES", refusal, why, LocalDestination(), self.protocol, number)

    def _internal_masquerade(self) -> None:
        """Clients of the cluster IP that are no Pods are masqueraded: the endpoint could not answer them directly."""
        if not self.has_internal:
            return
        chain = self.local_chain if self.port.internal_policy_local else self.cluster_chain
        matches: tuple[Match, ...] = (
            Comment(f"{self.text} cluster IP"),
            *self._to(self.port.cluster_ip, self.port.port),
        )
        config = self.writer.config
        if config.masquerade_all:
            self.writer.add("nat", chain, _MARK_MASQ, *matches)
        elif config.detector.implemented:
            self.writer.add("nat", chain, _MARK_MASQ, *matches, config.detector.match(local=False))

    def _external(self) -> None:
        """Traffic for addresses outside the cluster network."""
        add, chain, detector = self.writer.add, self.external_chain, self.writer.config.detector
        everywhere = Jump(self.cluster_chain)
        what = f"traffic for {self.text} external destinations"
        if not self.port.external_policy_local:
            add("nat", chain, _MARK_MASQ, Comment(f"masquerade {what}"))
        else:
            # Pods and the node itself are not bound by the Local policy: it is as if they went out to the load balancer
            # and came back by another node.
            if detector.implemented:
                add("nat", chain, everywhere, Comment(f"pod {what}"), detector.match(local=True))
            add("nat", chain, _MARK_MASQ, Comment(f"masquerade LOCAL {what}"), LocalSource())
            add("nat", chain, everywhere, Comment(f"route LOCAL {what}"), LocalSource())
        if self.has_external:
            policy = self.local_chain if self.port.external_policy_local else self.cluster_chain
            add("nat", chain, Jump(policy))

    def _source_ranges(self) -> None:
        """A load balancer's source ranges; what matches none falls through to KUBE-PROXY-FIREWALL."""
        add, chain, external = self.writer.add, self.firewall_chain, Jump(self.external_chain)
        allowed = Comment(f"{self.text} loadbalancer IP")
        from_node = False
        for prefix in self.port.load_balancer_source_ranges:
            add("nat", chain, external, allowed, Source(prefix))
            from_node = from_node or within(self.writer.node.address, prefix)
        if from_node:
            # The node may talk to the address even where it takes that very address as its source.
            for address in self.port.load_balancer_vips:
                add("nat", chain, external, allowed, Source(address))
        add("nat", chain, None, Comment(f"other traffic to {self.text} will be dropped by KUBE-PROXY-FIREWALL"))

    def _choose(self, chain: str, endpoints: Sequence[EndpointInfo]) -> None:
        """The choice of an endpoint: first by affinity, then by dice loaded so that all are equally likely."""
        add, count = self.writer.add, len(endpoints)
        chains = [endpoint_chain(self.name, str(endpoint)) for endpoint in endpoints]
        comments = [self._comment(f"{self.text} -> {endpoint}") for endpoint in endpoints]
        if self.port.sticky:
            for target, comment in zip(chains, comments, strict=True):
                recent = RecentlySeen(target, self.port.sticky_max_age_seconds)
                add("nat", chain, Jump(target), *comment, recent)
        for position, (target, comment) in enumerate(zip(chains, comments, strict=True)):
            last = position == count - 1
            dice = () if last else (Statistic(_ten_digits(1 / (count - position))),)
            add("nat", chain, Jump(target), *comment, *dice)

    def _endpoint(self, endpoint: EndpointInfo) -> None:
        chain = endpoint_chain(self.name, str(endpoint))
        comment = self._comment(self.text)
        self.writer.add("nat", chain, _MARK_MASQ, *comment, Source(endpoint.address))
        remember = (RememberSource(chain),) if self.port.sticky else ()
        target = Dnat(endpoint.address, endpoint.port)
        self.writer.add("nat", chain, target, *comment, *remember, self.protocol)

    def _comment(self, text: str) -> tuple[Comment, ...]:
        return () if self.writer.large_cluster else (Comment(text),)


def _ten_digits(probability: float) -> float:
    """A probability as kube-proxy writes it, with ten digits; the kernel gets no more."""
    return float(f"{probability:.10f}")
