"""The load balancer of the recorder: it said what k3s' own says and ran no Pods; an annotation kept one pending."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from ipaddress import IPv4Address

from kubesim.api.objects import EndpointSlice, Service, Wire
from kubesim.api.store import Change, Key
from kubesim.cluster import Cluster
from kubesim.controllers.conditions import is_true
from kubesim.controllers.endpoints.slices import SERVICE_NAME
from kubesim.controllers.loadbalancer import ServiceController
from kubesim.controllers.servicelb import daemon_set_name

SECONDS = 1.5
"""Until the addresses were there."""


class OracleBalancer(ServiceController):
    """Gives each Service the addresses of the nodes; under the policy Local of those with a ready endpoint."""

    kinds = ("Service", "EndpointSlice")

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster._parts.client.of("k3s-cloud-controller-manager"), cluster.events)
        self._cluster = cluster
        self._due: dict[Key, float] = {}

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Services, and those whose endpoints moved."""
        if change.kind == "Service":
            return super().keys(change)
        name = (change.object["metadata"].get("labels") or {}).get(SERVICE_NAME, "")
        return ((change.key[0], name),) if (change.key[0], name) in self._due else ()

    def _ensure(self, key: Key, wire: Wire) -> None:
        now = self._cluster.simulation.now
        if key not in self._due:
            self._due[key] = now + SECONDS
            self._say(wire, "EnsuringLoadBalancer", "Ensuring load balancer")
            name = daemon_set_name(wire)
            self._say(wire, "AppliedDaemonSet", f"Applied LoadBalancer DaemonSet kube-system/{name}")
            self._cluster.controllers.enqueue_after(self, key, SECONDS, progress=True)
        if now >= self._due[key] and (wire["metadata"].get("annotations") or {}).get("oracle/lb") != "pending":
            self._provide(key, wire)

    def _provide(self, key: Key, wire: Wire) -> None:
        service = self._client.store.view(Service, key[1], key[0])
        assert service is not None, "what was just read is there"
        known = [entry.ip for entry in service.status.loadBalancer.ingress or []]
        found = sorted(self._addresses(key, service), key=IPv4Address)
        if known == found:
            return
        ingress = [{"ip": address, "ipMode": "VIP"} for address in found]
        self._client.update_status(wire, {**wire["status"], "loadBalancer": {"ingress": ingress} if ingress else {}})
        message = f"Updated LoadBalancer with new IPs: [{' '.join(known)}] -> [{' '.join(found)}]"
        self._say(wire, "UpdatedLoadBalancer", message)

    def _addresses(self, key: Key, service: Service) -> Iterable[str]:
        store = self._client.store
        chosen = {node["metadata"]["name"] for node in store.list("Node") if is_true(node, "Ready")}
        if service.spec.externalTrafficPolicy == "Local":
            pieces = store.views(EndpointSlice, key[0], {SERVICE_NAME: key[1]})
            chosen &= {e.nodeName for piece in pieces for e in piece.endpoints or [] if e.conditions.ready is not False}
        for node in store.list("Node"):
            if node["metadata"]["name"] in chosen:
                yield next(e["address"] for e in node["status"]["addresses"] if e["type"] == "InternalIP")

    def _end(self, key: Key, wire: Wire) -> None:
        """It ran nothing."""

    def _forget(self, key: Key) -> None:
        self._due.pop(key, None)
