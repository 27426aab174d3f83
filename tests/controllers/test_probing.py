"""Probes: what an HTTP GET, a connection or a command comes to, in the kubelet's words (``pkg/probe``).

A probe to a Pod on the kubelet's own node leaves the same behind whether kube-proxy's rules are asked or not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from kubesim.api.objects import (
    Container,
    ContainerPort,
    GRPCAction,
    HTTPGetAction,
    HTTPHeader,
    ObjectMeta,
    Pod,
    PodSpec,
    PodStatus,
    Probe,
    TCPSocketAction,
)
from kubesim.cluster import Cluster
from kubesim.controllers.probing import exec_probe, grpc_probe, http_probe, probe_port, tcp_probe
from kubesim.controllers.runtime import ProbeResult
from kubesim.network.service import HttpResponse
from kubesim.network.sockets import Sockets
from kubesim.network.trace import Outcome
from kubesim.programs.http import GrpcHealthCheck
from kubesim.userland.process import Completed


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("port", [8080, 9])
def test_no_rule_concerns_a_connection_from_a_node_to_a_pod_on_its_bridge(mode: str, port: int) -> None:
    cluster = Cluster(proxy_mode=mode)
    (pod,) = cluster.store.list("Pod", "kube-system", {"k8s-app": "kube-dns"})
    node = f"node/{pod['spec']['nodeName']}"
    sockets = Sockets(cluster.network, node)
    opened = [sockets.connect(pod["status"]["podIP"], port, source_port=40000, ruled=ruled) for ruled in (True, False)]
    one, other = opened
    assert (one.outcome, one.seconds, one.client, one.server) == (
        other.outcome,
        other.seconds,
        other.client,
        other.server,
    )
    assert one.way.entries == other.way.entries
    assert one.way.remembered == other.way.remembered


class Line:
    """Sockets with one server at the other end; what is opened, asked and closed is noted."""

    def __init__(self, outcome: Outcome = Outcome.DELIVERED, seconds: float = 0.0, answer: Any = None) -> None:
        self.outcome, self.seconds, self.answer = outcome, seconds, answer
        self.opened: list[tuple[str, int, bool]] = []
        self.requests: list[Any] = []
        self.closed = 0

    def connect(self, host: str, port: int, *, ruled: bool) -> Line:
        self.opened.append((host, port, ruled))
        return self

    def request(self, message: Any) -> Any:
        self.requests.append(message)
        return self.answer

    def close(self) -> None:
        self.closed += 1


CONTAINER = Container(name="c", ports=[ContainerPort(containerPort=8080, name="web")])


def pod(*, host_network: bool = False) -> Pod:
    spec = PodSpec(containers=[CONTAINER], hostNetwork=host_network)
    return Pod(metadata=ObjectMeta(name="p"), spec=spec, status=PodStatus(podIP="10.42.0.3"))


def http(line: Line, seconds: int = 1, **action: Any) -> ProbeResult:
    sockets: Any = line
    return http_probe(sockets, pod(), CONTAINER, Probe(timeoutSeconds=seconds), HTTPGetAction(**{"port": 80, **action}))


def page(status: int = 200, seconds: float = 0.0) -> HttpResponse:
    return HttpResponse(status, "", (), "", seconds=seconds)


@pytest.mark.parametrize(("port", "number"), [(8080, 8080), ("web", 8080), ("81", 81), ("other", 0)])
def test_a_port_by_number_or_name(port: int | str, number: int) -> None:
    assert probe_port(CONTAINER, port) == number
    assert probe_port(Container(name="c"), port) == (0 if port == "web" else number)


AWAITED = 'Get "http://10.42.0.3:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
DIAL = "dial tcp 10.42.0.3:80: "


def refused(status: int, seconds: float = 0.0) -> ProbeResult:
    return ProbeResult(False, f"HTTP probe failed with statuscode: {status}", seconds, answered=True)


@pytest.mark.parametrize(
    ("line", "limit", "expected"),
    [
        *((Line(answer=page(status)), 1, ProbeResult(True)) for status in (200, 204, 301, 399)),
        *(
            (
                Line(answer=page(status)),
                1,
                refused(status),
            )
            for status in (199, 400, 404, 503)
        ),
        (Line(answer=page(200, 0.5)), 1, ProbeResult(True, seconds=0.5)),
        (
            Line(answer=page(500, 0.5)),
            1,
            refused(500, 0.5),
        ),
        (Line(answer=page(200, 1.0)), 1, ProbeResult(True, seconds=1.0)),  # at the last moment
        (Line(answer=page(200, 1.5)), 1, ProbeResult(False, AWAITED, 1.0)),
        (Line(answer=page(200, 1.5)), 2, ProbeResult(True, seconds=1.5)),
        (Line(answer=None), 3, ProbeResult(False, AWAITED, 3.0)),
        (
            Line(Outcome.REFUSED),
            1,
            ProbeResult(False, f'Get "http://10.42.0.3:80/": {DIAL}connect: connection refused'),
        ),
        (
            Line(Outcome.UNREACHABLE, 3.0),
            5,
            ProbeResult(False, f'Get "http://10.42.0.3:80/": {DIAL}connect: no route to host', 3.0),
        ),
        (
            Line(Outcome.DROPPED, math.inf),
            2,
            ProbeResult(False, f'Get "http://10.42.0.3:80/": {DIAL}i/o timeout', 2.0),
        ),
    ],
)
def test_what_a_get_comes_to(line: Line, limit: int, expected: ProbeResult) -> None:
    assert http(line, limit) == expected


@pytest.mark.parametrize(
    ("action", "opened", "target", "tls", "url"),
    [
        ({}, ("10.42.0.3", 80, False), "/", False, "http://10.42.0.3:80/"),
        ({"path": "/healthz"}, ("10.42.0.3", 80, False), "/healthz", False, "http://10.42.0.3:80/healthz"),
        ({"port": "web"}, ("10.42.0.3", 8080, False), "/", False, "http://10.42.0.3:8080/"),
        ({"scheme": "HTTPS"}, ("10.42.0.3", 80, False), "/", True, "https://10.42.0.3:80/"),
        ({"host": "192.0.2.1"}, ("192.0.2.1", 80, True), "/", False, "http://192.0.2.1:80/"),
    ],
)
def test_where_a_get_goes(
    action: dict[str, Any], opened: tuple[str, int, bool], target: str, tls: bool, url: str
) -> None:
    line = Line(answer=page())
    assert http(line, **action).success
    (request,) = line.requests
    assert (line.opened, line.closed) == ([opened], 1)
    assert (request.method, request.target, request.tls) == ("GET", target, tls)
    assert http(Line(answer=None), **action).output.startswith(f'Get "{url}": ')


def test_a_probes_headers_take_the_place_of_the_kubelets_own() -> None:
    line = Line(answer=page())
    http(line, httpHeaders=[HTTPHeader("host", "shop.example"), HTTPHeader("X-A", "1")])
    assert line.requests[0].headers == (
        ("User-Agent", "kube-probe/1.36"),
        ("Accept", "*/*"),
        ("Connection", "close"),
        ("host", "shop.example"),
        ("X-A", "1"),
    )
    plain = Line(answer=page())
    http(plain)
    assert plain.requests[0].headers[0] == ("Host", "10.42.0.3:80")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (Line(), ProbeResult(True)),
        (Line(Outcome.REFUSED), ProbeResult(False, f"{DIAL}connect: connection refused")),
        (Line(Outcome.REJECTED), ProbeResult(False, f"{DIAL}connect: connection refused")),
        (Line(Outcome.UNREACHABLE, 3.0), ProbeResult(False, f"{DIAL}connect: no route to host", 2.0)),
        (Line(Outcome.LOST, math.inf), ProbeResult(False, f"{DIAL}i/o timeout", 2.0)),
    ],
)
def test_what_a_connection_comes_to(line: Line, expected: ProbeResult) -> None:
    sockets: Any = line
    assert tcp_probe(sockets, pod(), CONTAINER, Probe(timeoutSeconds=2), TCPSocketAction(port=80)) == expected
    assert (line.opened, line.closed) == ([("10.42.0.3", 80, False)], int(expected.success))


@pytest.mark.parametrize(
    ("host_network", "host", "ruled"), [(False, "", False), (True, "", True), (False, "192.0.2.1", True)]
)
def test_rules_concern_all_but_a_pods_own_address(host_network: bool, host: str, ruled: bool) -> None:
    line = Line()
    sockets: Any = line
    tcp_probe(sockets, pod(host_network=host_network), CONTAINER, Probe(), TCPSocketAction(port=80, host=host))
    assert [one[2] for one in line.opened] == [ruled]


@pytest.mark.parametrize(
    ("done", "limit", "expected"),
    [
        (Completed("fine\n", "", 0), 1, ProbeResult(True, "fine")),
        (Completed("out\n", "err\n", 1), 1, ProbeResult(False, "out\nerr")),
        (Completed("", "", 0, seconds=1.0), 1, ProbeResult(True, "", 1.0)),
        (Completed("", "", 0, seconds=1.5), 1, ProbeResult(False, "command timed out: exceeded 1s", 1.0)),
        (Completed("", "", 0, seconds=1.5), 0, ProbeResult(False, "command timed out: exceeded 1s", 1.0)),
        (Completed("", "", 0, seconds=9.0), 3, ProbeResult(False, "command timed out: exceeded 3s", 3.0)),
    ],
)
def test_what_a_command_comes_to(done: Completed, limit: int, expected: ProbeResult) -> None:
    assert exec_probe(done, Probe(timeoutSeconds=limit)) == expected


@pytest.mark.parametrize(
    ("answer", "success"), [("SERVING", True), ("NOT_SERVING", False), (page(), False), (None, False)]
)
def test_only_a_grpc_server_that_serves_passes_a_grpc_probe(answer: object, success: bool) -> None:
    line = Line(answer=answer)
    sockets: Any = line
    why = 'timeout: failed to connect service "10.42.0.3:50051" within 2s: context deadline exceeded'
    expected = ProbeResult(True) if success else ProbeResult(False, why, 2.0)
    assert grpc_probe(sockets, pod(), Probe(timeoutSeconds=2), GRPCAction(port=50051, service="s")) == expected
    assert line.requests == [GrpcHealthCheck("s")]
