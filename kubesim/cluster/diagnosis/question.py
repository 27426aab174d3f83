"""What a diagnosis is asked, and what it may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kubesim.api.objects import EndpointSlice, NetworkPolicy, Node, Pod, Service
from kubesim.cluster.dump.coverage import Coverage
from kubesim.network.proxy.endpoints import SERVICE_NAME_LABEL
from kubesim.network.trace import Trace


@dataclass(frozen=True, slots=True)
class Question:
    """One request that somebody made.

    :param host: as typed: a name or an address.
    :param address: what it resolved to; empty where it did not.
    :param lookup_error: what the resolver said: ``NXDOMAIN``, ``timeout``…; empty where all went well.
    :param traces: every possible way of its first packet; empty where none was sent.
    :param outside: whether the source is a machine outside the cluster.
    :param scheme: of the URL.
    """

    source: str
    host: str
    port: int
    address: str = ""
    protocol: str = "TCP"
    lookup_error: str = ""
    traces: tuple[Trace, ...] = ()
    outside: bool = False
    namespace: str = "default"
    scheme: str = "http"

    @property
    def target(self) -> str:
        """What was asked for, as typed."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Objects:
    """The objects behind the rules, with indexes that are made when they are first asked for.

    :param listening: machine → (protocol, port) that processes listen on; a machine that is missing is unknown.
    :param node_ports: the first and the last number that a node port may have.
    :param enforces_policies: whether somebody in the cluster enforces NetworkPolicies.
    :param namespaces: the labels of each namespace.
    :param coverage: what of the cluster these are; None where they are all of it.
    """

    services: Sequence[Service] = ()
    slices: Sequence[EndpointSlice] = ()
    pods: Sequence[Pod] = ()
    nodes: Sequence[Node] = ()
    service_prefix: str = "10.43.0.0/16"
    pod_prefix: str = "10.42.0.0/16"
    listening: Mapping[str, frozenset[tuple[str, int]]] = field(default_factory=dict)
    domain: str = "cluster.local"
    node_ports: tuple[int, int] = (30000, 32767)
    policies: Sequence[NetworkPolicy] = ()
    enforces_policies: bool = True
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    coverage: Coverage | None = None

    def service_at(self, question: Question) -> Service | None:
        """The Service that a question is about: by its name, or by one of its addresses."""
        name = self.named(question)
        if name is not None:
            return name
        address = question.address or question.host
        if address not in self.node_addresses:
            return next(iter(self._services_at.get(address, ())), None)
        for service in self.services:
            if any(port.nodePort == question.port for port in service.spec.ports or []):
                return service
            if service in self._services_at.get(address, ()) and any(
                port.port == question.port for port in service.spec.ports or []
            ):
                return service
        return None

    @cached_property
    def _services_at(self) -> Mapping[str, Sequence[Service]]:
        found: dict[str, list[Service]] = {}
        for service in self.services:
            spec, ingress = service.spec, service.status.loadBalancer.ingress or []
            for address in dict.fromkeys((spec.clusterIP, *(spec.externalIPs or []), *(each.ip for each in ingress))):
                found.setdefault(address, []).append(service)
        return found

    def named(self, question: Question) -> Service | None:
        """The Service of the name that was typed, in the asker's namespace or the one in the name."""
        labels = question.host.rstrip(".").split(".")
        namespace = labels[1] if len(labels) > 1 else question.namespace
        whole = ["svc", *self.domain.split(".")]
        if labels[2:] != whole[: len(labels[2:])]:
            return None  # a name of somewhere else
        return self.service(namespace, labels[0])

    def service(self, namespace: str, name: str) -> Service | None:
        """A Service by its name."""
        return self._services.get((namespace, name))

    @cached_property
    def _services(self) -> Mapping[tuple[str, str], Service]:
        return {(each.metadata.namespace, each.metadata.name): each for each in self.services}

    def pod(self, namespace: str, name: str) -> Pod | None:
        """A Pod by its name."""
        return self._pods.get((namespace, name))

    @cached_property
    def _pods(self) -> Mapping[tuple[str, str], Pod]:
        return {(each.metadata.namespace, each.metadata.name): each for each in self.pods}

    def pod_at(self, address: str) -> Pod | None:
        """The Pod that has an address of its own and is not over."""
        return self._pods_at.get(address)

    @cached_property
    def _pods_at(self) -> Mapping[str, Pod]:
        found: dict[str, Pod] = {}
        for pod in self.pods:
            if not pod.spec.hostNetwork and pod.status.phase not in ("Succeeded", "Failed"):
                found.setdefault(pod.status.podIP, pod)
        return found

    @cached_property
    def node_addresses(self) -> frozenset[str]:
        """The addresses of all nodes."""
        return frozenset(entry.address for node in self.nodes for entry in node.status.addresses or [])

    @cached_property
    def dns_servers(self) -> Sequence[Pod]:
        """The Pods of the cluster's DNS server; none where a cache on each node, which is no such Pod, is asked."""
        if any((pod.metadata.labels or {}).get("k8s-app") == "node-local-dns" for pod in self.pods):
            return ()
        services = (each for each in self.services if (each.metadata.labels or {}).get("k8s-app") == "kube-dns")
        return [pod for service in services for pod in self.selected(service)]

    @cached_property
    def _pods_in(self) -> Mapping[str, Sequence[Pod]]:
        found: dict[str, list[Pod]] = {}
        for pod in self.pods:
            found.setdefault(pod.metadata.namespace, []).append(pod)
        return found

    def selected(self, service: Service) -> list[Pod]:
        """The Pods that a Service selects."""
        selector = service.spec.selector or {}
        own = self._pods_in.get(service.metadata.namespace, ()) if selector else ()
        return [pod for pod in own if selector.items() <= (pod.metadata.labels or {}).items()]

    def slices_of(self, service: Service) -> list[EndpointSlice]:
        """The EndpointSlices of a Service."""
        return list(self._slices.get((service.metadata.namespace, service.metadata.name), ()))

    @cached_property
    def _slices(self) -> Mapping[tuple[str, str], Sequence[EndpointSlice]]:
        found: dict[tuple[str, str], list[EndpointSlice]] = {}
        for piece in self.slices:
            of = (piece.metadata.labels or {}).get(SERVICE_NAME_LABEL, "")
            found.setdefault((piece.metadata.namespace, of), []).append(piece)
        return found
