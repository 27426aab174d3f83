"""Each port of each Service as kube-proxy sees it (upstream's ``pkg/proxy/serviceport.go``).

kube-proxy leaves out Services that have no cluster IP (headless ones, ExternalName), those of another proxy (a label
says so), and of the rest every address that is not of its own family.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubesim.api.addresses import parse_block_sloppily, parse_sloppily, plain_address
from kubesim.api.objects import Service
from kubesim.network.proxy.names import ServicePortName

OTHER_PROXY_LABEL = "service.kubernetes.io/service-proxy-name"
HEADLESS_LABEL = "service.kubernetes.io/headless"

DEFAULT_AFFINITY_SECONDS = 10800
"""How long session affinity lasts where the Service does not say."""


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of one Service.

    :param load_balancer_vips: load-balancer addresses that nodes serve themselves (``ipMode`` VIP).
    :param sticky_max_age_seconds: how long session affinity lasts; 0 without affinity.
    """

    cluster_ip: str
    port: int
    protocol: str
    node_port: int = 0
    external_ips: tuple[str, ...] = ()
    load_balancer_vips: tuple[str, ...] = ()
    load_balancer_source_ranges: tuple[str, ...] = ()
    session_affinity: str = ""
    sticky_max_age_seconds: int = 0
    health_check_node_port: int = 0
    external_policy_local: bool = False
    internal_policy_local: bool = False

    @property
    def externally_accessible(self) -> bool:
        """Whether it can be reached other than by its cluster IP."""
        return bool(self.node_port or self.load_balancer_vips or self.external_ips)

    @property
    def uses_cluster_endpoints(self) -> bool:
        """Whether some of its traffic may go to endpoints on any node.

        A Service open to the outside needs them even where its external policy is Local: Pods and nodes take a short
        cut.
        """
        return not self.internal_policy_local or self.externally_accessible

    @property
    def uses_local_endpoints(self) -> bool:
        """Whether some of its traffic may go to endpoints on the same node only."""
        return self.internal_policy_local or (self.external_policy_local and self.externally_accessible)

    @property
    def sticky(self) -> bool:
        """Whether a client stays with its endpoint."""
        return self.session_affinity == "ClientIP"


def service_ports(service: Service, family: str = "IPv4") -> dict[ServicePortName, ServicePort]:
    """The ports of a Service, or none where kube-proxy has nothing to do with it.

    :param family: ``IPv4`` or ``IPv6``: which of two kube-proxies' eyes to look with.
    """
    spec, meta = service.spec, service.metadata
    labels = meta.labels or {}
    cluster_ip = cluster_ip_of(service, family)
    if spec.type == "ExternalName" or not is_of_family(cluster_ip, family):
        return {}
    if OTHER_PROXY_LABEL in labels or HEADLESS_LABEL in labels:
        return {}
    affinity = spec.sessionAffinity == "ClientIP"
    health_check = spec.healthCheckNodePort if spec.type == "LoadBalancer" and _external_local(service) else 0
    vips = tuple(
        address
        for ingress in service.status.loadBalancer.ingress or []
        if ingress.ipMode in (None, "VIP")
        for address in _of_family([ingress.ip], family)
    )
    return {
        ServicePortName(meta.namespace, meta.name, port.name, port.protocol or "TCP"): ServicePort(
            cluster_ip=plain_address(cluster_ip),
            port=port.port,
            protocol=port.protocol or "TCP",
            node_port=port.nodePort,
            external_ips=_of_family(spec.externalIPs or [], family),
            load_balancer_vips=vips,
            load_balancer_source_ranges=_prefixes_of_family(spec.loadBalancerSourceRanges or [], family),
            session_affinity=spec.sessionAffinity,
            sticky_max_age_seconds=_affinity_seconds(service) if affinity else 0,
            health_check_node_port=health_check,
            external_policy_local=_external_local(service),
            internal_policy_local=spec.internalTrafficPolicy == "Local",
        )
        for port in spec.ports or []
    }


def service_port_map(services: Iterable[Service], family: str = "IPv4") -> dict[ServicePortName, ServicePort]:
    """The ports of all Services, ordered by name so that the rules come out the same every time."""
    found: dict[ServicePortName, ServicePort] = {}
    for service in services:
        found |= service_ports(service, family)
    return dict(sorted(found.items()))


def cluster_ip_of(service: Service, family: str) -> str:
    """The cluster IP of a family; empty where the Service has none, ``None`` for a headless one."""
    spec = service.spec
    if not spec.ipFamilies:
        # An object from before dual stack: its one cluster IP tells the family.
        if not spec.clusterIP or spec.clusterIP == "None":
            return spec.clusterIP
        return spec.clusterIP if is_of_family(spec.clusterIP, family) else ""
    addresses = spec.clusterIPs or [spec.clusterIP]
    for position, name in enumerate(spec.ipFamilies):
        if name == family and position < len(addresses):
            return addresses[position]
    return ""


def _external_local(service: Service) -> bool:
    """``externalTrafficPolicy: Local``, where the Service takes traffic from outside at all."""
    spec = service.spec
    outside = spec.type in ("LoadBalancer", "NodePort") or (spec.type in ("", "ClusterIP") and bool(spec.externalIPs))
    return outside and spec.externalTrafficPolicy == "Local"


def _affinity_seconds(service: Service) -> int:
    config = service.spec.sessionAffinityConfig
    seconds = config.clientIP.timeoutSeconds if config and config.clientIP else None
    return DEFAULT_AFFINITY_SECONDS if seconds is None else seconds


def is_of_family(address: str, family: str) -> bool:
    """Whether the text is an address of that family, oddly spelt or not."""
    read = parse_sloppily(address)
    return read is not None and f"IPv{read.version}" == family


def _of_family(addresses: Iterable[str], family: str) -> tuple[str, ...]:
    return tuple(plain_address(address) for address in addresses if is_of_family(address, family))


def _prefixes_of_family(prefixes: Iterable[str], family: str) -> tuple[str, ...]:
    read = (parse_block_sloppily(written.strip()) for written in prefixes)
    return tuple(str(one[1]) for one in read if one is not None and f"IPv{one[1].version}" == family)
