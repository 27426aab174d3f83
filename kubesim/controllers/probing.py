"""How the kubelet asks: an HTTP GET, a TCP connection, a program in the container; and the words for a failure.

Upstream: ``pkg/probe``. The connection is a real one on the simulated network, from the node to the Pod's address.
"""

from __future__ import annotations

import math

from kubesim.api.durations import go_duration
from kubesim.api.objects import Container, GRPCAction, HTTPGetAction, IntOrString, Pod, Probe, TCPSocketAction
from kubesim.controllers.runtime import ProbeResult
from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.sockets import Connection, Sockets
from kubesim.network.trace import Outcome
from kubesim.programs.http import GrpcHealthCheck
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed

AGENT = "kube-probe/1.36"


def probe_port(container: Container, port: IntOrString) -> int:
    """The number of a probe's port; a name is looked up in the container. 0 where there is none of that name."""
    if isinstance(port, int):
        return port
    named = {entry.name: entry.containerPort for entry in container.ports or []}
    return named.get(port, whole_number(port) if is_number(port) else 0)


def http_probe(sockets: Sockets, pod: Pod, container: Container, probe: Probe, action: HTTPGetAction) -> ProbeResult:
    """GET a path; 200 to 399 is a success."""
    host, port = action.host or pod.status.podIP, probe_port(container, action.port)
    url = f"{(action.scheme or 'HTTP').lower()}://{host}:{port}{action.path or '/'}"
    connection = _connect(sockets, pod, host, port)
    failure = _failure(connection, host, port)
    if failure:
        return ProbeResult(False, f'Get "{url}": {failure}', _seconds(connection, probe))
    headers = [("Host", f"{host}:{port}"), ("User-Agent", AGENT), ("Accept", "*/*"), ("Connection", "close")]
    for header in action.httpHeaders or []:
        headers = [(name, value) for name, value in headers if name.lower() != header.name.lower()]
        headers.append((header.name, header.value))
    request = HttpRequest("GET", action.path or "/", tuple(headers), tls=action.scheme == "HTTPS")
    response = connection.request(request)
    connection.close()
    limit = float(probe.timeoutSeconds or 1)
    if not isinstance(response, HttpResponse) or response.seconds > limit:
        awaited = "(Client.Timeout exceeded while awaiting headers)"
        return ProbeResult(False, f'Get "{url}": context deadline exceeded {awaited}', limit)
    if 200 <= response.status < 400:
        return ProbeResult(True, seconds=response.seconds)
    words = f"HTTP probe failed with statuscode: {response.status}"
    return ProbeResult(False, words, response.seconds, answered=True)


def tcp_probe(sockets: Sockets, pod: Pod, container: Container, probe: Probe, action: TCPSocketAction) -> ProbeResult:
    """A connection that opens is a success."""
    host, port = action.host or pod.status.podIP, probe_port(container, action.port)
    connection = _connect(sockets, pod, host, port)
    failure = _failure(connection, host, port)
    if failure:
        return ProbeResult(False, failure, _seconds(connection, probe))
    connection.close()
    return ProbeResult(True)


def grpc_probe(sockets: Sockets, pod: Pod, probe: Probe, action: GRPCAction) -> ProbeResult:
    """Ask the gRPC health service. Where nothing listens, or what listens does not speak gRPC, the kubelet's client
    tries in vain until its time-out.
    """
    limit = float(probe.timeoutSeconds or 1)
    service = f"{pod.status.podIP}:{action.port}"
    connection = _connect(sockets, pod, pod.status.podIP, action.port)
    status = connection.request(GrpcHealthCheck(action.service or ""))
    if status == "SERVING":
        connection.close()
        return ProbeResult(True)
    why = f"within {go_duration(limit)}: context deadline exceeded"
    return ProbeResult(False, f'timeout: failed to connect service "{service}" {why}', limit)


def exec_probe(done: Completed, probe: Probe) -> ProbeResult:
    """Exit status 0 within the time-out is a success."""
    limit = float(probe.timeoutSeconds or 1)
    if done.seconds > limit:
        return ProbeResult(False, f"command timed out: exceeded {probe.timeoutSeconds or 1}s", limit)
    return ProbeResult(done.returncode == 0, (done.stdout + done.stderr).strip(), done.seconds)


def _connect(sockets: Sockets, pod: Pod, host: str, port: int) -> Connection:
    """Connect to a host. A Pod's own address is on its node's bridge: no rule of kube-proxy or flannel concerns it."""
    return sockets.connect(host, port, ruled=pod.spec.hostNetwork or host != pod.status.podIP)


def _failure(connection: Connection, host: str, port: int) -> str:
    """Go's words for a connection that did not come about; nothing where it did."""
    if connection.outcome is Outcome.DELIVERED:
        return ""
    if connection.outcome in (Outcome.REFUSED, Outcome.REJECTED):
        return f"dial tcp {host}:{port}: connect: connection refused"
    if connection.outcome is Outcome.UNREACHABLE:
        return f"dial tcp {host}:{port}: connect: no route to host"
    return f"dial tcp {host}:{port}: i/o timeout"


def _seconds(connection: Connection, probe: Probe) -> float:
    limit = float(probe.timeoutSeconds or 1)
    return min(connection.seconds, limit) if math.isfinite(connection.seconds) else limit
