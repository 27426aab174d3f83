"""What listens on every node besides Pods: the API server (on the control plane) and the kubelet.

Both are Go programs that speak TLS and let nobody in without a certificate or a token, so a caller gets as far as
``401 Unauthorized``. That is enough to see that the Service ``kubernetes`` leads somewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubesim.network.network import Network
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import Certificate, ClientHello, plain_response

API_SERVER_PORT = 6443
KUBELET_PORT = 10250
PROXY_METRICS_PORT, PROXY_HEALTH_PORT = 10249, 10256
"""kube-proxy's, which k3s lets listen on 127.0.0.1 only."""
AUTHORITY = "k3s-server-ca"
"""Who signs the certificates of the control plane and of the kubelets."""

_NOT_TLS = HttpResponse(400, "Bad Request", (), "Client sent an HTTP request to an HTTPS server.\n")
_UNKNOWN = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}


@dataclass(frozen=True, slots=True)
class TlsDaemon:
    """A daemon that lets nobody in.

    :param body: what it says to a caller it does not know.
    :param content_type: of that body.
    """

    certificate: Certificate
    body: str
    content_type: str
    dual_stack: ClassVar[bool] = True

    def handle(self, request: object, client: Client) -> object:
        """Show the certificate, and refuse every request."""
        if isinstance(request, ClientHello):
            return self.certificate
        if not isinstance(request, HttpRequest):
            return None
        if not request.tls:
            return _NOT_TLS
        headers = (("Content-Type", self.content_type), ("Content-Length", str(len(self.body))))
        return HttpResponse(401, "Unauthorized", headers, self.body)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """kube-proxy's own HTTP servers: ``/healthz`` says that it is well.

    :param body: of ``/healthz``.
    :param mode: what ``/proxyMode`` says, where it is served.
    """

    body: str
    mode: str = ""

    def handle(self, request: object, client: Client) -> object:
        """Answer ``/healthz``, and perhaps ``/proxyMode``."""
        if isinstance(request, ClientHello):
            return "HTTP/1.0 400 Bad Request"
        if not isinstance(request, HttpRequest):
            return None
        served = {"/healthz": self.body} | ({"/proxyMode": self.mode} if self.mode else {})
        body = served.get(request.target.partition("?")[0])
        return plain_response(404, "404 page not found\n") if body is None else plain_response(200, body)


def listen_on_node(
    network: Network,
    name: str,
    address: str,
    *,
    control_plane: bool,
    service_addresses: Sequence[str] = (),
    proxy_mode: str = "iptables",
) -> None:
    """Start a node's daemons.

    :param proxy_mode: how kube-proxy writes its rules.
    :param service_addresses: the cluster IPs that lead to the API server; its certificate is for them too.
    """
    kubelet = Certificate(name, (name, "localhost", "127.0.0.1", address), AUTHORITY)
    metrics, health = HealthCheck("ok", proxy_mode), HealthCheck('{"nodeEligible": true}')
    for port, server in ((PROXY_METRICS_PORT, metrics), (PROXY_HEALTH_PORT, health)):
        network.listen(f"node/{name}", "TCP", port, server, "127.0.0.1")
    network.listen(f"node/{name}", "TCP", KUBELET_PORT, TlsDaemon(kubelet, "Unauthorized", "text/plain; charset=utf-8"))
    if control_plane:
        names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
        own = (*names, "localhost", name, "127.0.0.1", address, *service_addresses)
        body = json.dumps(_UNKNOWN, indent=2)
        api_server = TlsDaemon(Certificate("k3s", own, AUTHORITY), body, "application/json")
        network.listen(f"node/{name}", "TCP", API_SERVER_PORT, api_server)
