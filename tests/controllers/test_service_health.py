"""The port on which a load balancer asks each node whether it has endpoints of a Service."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

LOCAL = 'kubectl patch svc web -p \'{"spec":{"externalTrafficPolicy":"Local"}}\''


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    made = Terminal(Cluster())
    pod = '--image=nginx --port=80 --labels=app=web --overrides=\'{"spec":{"nodeName":"worker"}}\''
    made.prepare(f"kubectl run web {pod}; kubectl expose pod web --type=LoadBalancer; {LOCAL}")
    return made


def port_of(terminal: Terminal) -> str:
    return terminal.run("kubectl get svc web -o jsonpath='{.spec.healthCheckNodePort}'").stdout


@pytest.mark.parametrize(("node", "status", "count"), [("172.31.0.11", 200, 1), ("172.31.0.10", 503, 0)])
def test_a_node_says_how_many_endpoints_it_has(terminal: Terminal, node: str, status: int, count: int) -> None:
    answer = terminal.run(f"curl -si {node}:{port_of(terminal)}/healthz").stdout
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert f"X-Load-Balancing-Endpoint-Weight: {count}\r\n" in answer
    assert answer.endswith(
        '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "web"\n\t},\n'
        f'\t"localEndpoints": {count},\n\t"serviceProxyHealthy": true\n}}'
    )


def test_nothing_listens_once_the_service_asks_for_it_no_more(terminal: Terminal) -> None:
    port = port_of(terminal)
    assert terminal.run(f"curl -s localhost:{port}").returncode == 0
    terminal.run(LOCAL.replace("Local", "Cluster"))
    assert terminal.run(f"curl -s localhost:{port}").returncode == 7
