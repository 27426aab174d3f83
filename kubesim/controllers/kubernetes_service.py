"""The ``kubernetes`` Service: the API server's own, which it makes again within ten seconds if somebody deletes it.

Its slice names the control-plane nodes. Upstream: ``pkg/controlplane/controller/kubernetesservice`` (every 10 s).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from kubesim.api.objects import Wire
from kubesim.api.store import Change, Key
from kubesim.controllers.client import Client
from kubesim.controllers.endpoints.mirroring import SKIP
from kubesim.controllers.manager import Manager, Parts

NAME = "kubernetes"
KEY: Key = ("default", NAME)
REPAIR_SECONDS = 10.0
API_PORT = 6443


class KubernetesServiceController:
    """Keeps the ``kubernetes`` Service, its Endpoints and its slice.

    :param address: the cluster address it must have: the first of the Service range.
    :param servers: the addresses at which API servers listen.
    """

    name = "kubernetes-service-controller"
    kinds = tuple(map(Parts.gone, ("Service", "Endpoints", "EndpointSlice")))

    def __init__(self, manager: Manager, client: Client, address: str, servers: Iterable[str]) -> None:
        self._manager = manager
        self._client = client
        self._address = address
        self._servers = list(servers)

    def keys(self, change: Change) -> Iterable[Hashable]:
        """When one of the three objects goes away, it is made again at the next round."""
        if change.key == KEY:
            self._manager.enqueue_after(self, KEY, REPAIR_SECONDS, progress=False)
        return ()

    def reconcile(self, key: Hashable) -> None:
        """Make what is missing."""
        for wire in (self.service(), self.endpoints(), self.endpoint_slice()):
            if self._client.get(wire["kind"], *KEY) is None:
                namespace, whose = wire["metadata"]["namespace"], self._client.manager
                self._client.api.create(wire, namespace, field_validation="Ignore", field_manager=whose)

    def service(self) -> Wire:
        """The Service, as the API server makes it."""
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "labels": {"component": "apiserver", "provider": "kubernetes"},
                "name": NAME,
                "namespace": "default",
            },
            "spec": {
                "clusterIP": self._address,
                "ipFamilyPolicy": "SingleStack",
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": API_PORT}],
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
        }

    def endpoints(self) -> Wire:
        """Its Endpoints; the label keeps the mirroring controller away."""
        return {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"labels": {SKIP: "true"}, "name": NAME, "namespace": "default"},
            "subsets": [
                {
                    "addresses": [{"ip": server} for server in self._servers],
                    "ports": [{"name": "https", "port": API_PORT, "protocol": "TCP"}],
                }
            ],
        }

    def endpoint_slice(self) -> Wire:
        """Its slice, which has a fixed name and no owner."""
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "labels": {"kubernetes.io/service-name": NAME},
                "name": NAME,
                "namespace": "default",
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [server], "conditions": {"ready": True}} for server in self._servers],
            "ports": [{"name": "https", "port": API_PORT, "protocol": "TCP"}],
        }
