"""kube-proxy's health checks of Services: a load balancer asks each node whether it has endpoints of its own.

A Service of type LoadBalancer whose ``externalTrafficPolicy`` is Local has a ``healthCheckNodePort``, on which every
node answers how many ready endpoints it has: 200 where there are any, else 503. Upstream:
``pkg/proxy/healthcheck/service_health.go``.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.api.objects import EndpointSlice, Wire
from kubesim.api.store import Change, Key, Store
from kubesim.network.network import Network
from kubesim.network.proxy.endpoints import SERVICE_NAME_LABEL
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import plain_response

WATCHED = ("Service", "Node")


@dataclass(frozen=True, slots=True)
class ServiceHealthCheck:
    """One node's answer for one Service."""

    store: Store
    service: Key
    node: str

    def handle(self, request: object, client: Client) -> HttpResponse | None:
        """How many ready endpoints of the Service the node has, whatever the path is."""
        if not isinstance(request, HttpRequest):
            return None
        namespace, name = self.service
        slices = self.store.views(EndpointSlice, namespace, {SERVICE_NAME_LABEL: name})
        count = sum(
            endpoint.nodeName == self.node and (endpoint.conditions is None or endpoint.conditions.ready is not False)
            for each in slices
            for endpoint in each.endpoints or ()
        )
        body = (
            f'{{\n\t"service": {{\n\t\t"namespace": "{namespace}",\n\t\t"name": "{name}"\n\t}},\n'
            f'\t"localEndpoints": {count},\n\t"serviceProxyHealthy": true\n}}'
        )
        sniffing, weight = ("X-Content-Type-Options", "nosniff"), ("X-Load-Balancing-Endpoint-Weight", str(count))
        return plain_response(200 if count else 503, body, "application/json", sniffing, weight)


class ServiceHealth:
    """Lets every node listen on the health check ports of the Services that have one."""

    def __init__(self, store: Store, network: Network) -> None:
        self._store = store
        self._network = network
        self._ports: dict[Key, int] = {}
        self._nodes: dict[str, None] = {}
        for kind in WATCHED:
            for wire in store.list(kind):
                self._changed(Change.of(None, wire))
        store.watch(self._changed, WATCHED)

    def _changed(self, change: Change) -> None:
        if change.kind == "Node":
            self._node_changed(change)
            return
        port = 0 if change.new is None else health_check_port(change.new)
        before = self._ports.get(change.key, 0)
        if port == before:
            return
        for node in self._nodes:
            if before:
                self._network.close(f"node/{node}", "TCP", before)
            if port:
                self._listen(node, change.key, port)
        if port:
            self._ports[change.key] = port
        else:
            del self._ports[change.key]

    def _node_changed(self, change: Change) -> None:
        name = change.key[1]
        if change.new is None:
            self._nodes.pop(name, None)
        elif name not in self._nodes:
            self._nodes[name] = None
            for service, port in self._ports.items():
                self._listen(name, service, port)

    def _listen(self, node: str, service: Key, port: int) -> None:
        try:
            self._network.listen(f"node/{node}", "TCP", port, ServiceHealthCheck(self._store, service, node))
        except (KeyError, OSError):  # the machine is not there, or something else has the port: kube-proxy logs that
            return


def health_check_port(service: Wire) -> int:
    """The port on which nodes answer for a Service; 0 for one that has none."""
    spec = service["spec"]
    local = spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
    return int(spec.get("healthCheckNodePort") or 0) if local else 0
