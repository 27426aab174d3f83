"""The ways that a packet could have taken, read late: the same as if all had been walked when it was sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.cluster import Cluster
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig, ruleset
from kubesim.network.sockets import Sockets
from kubesim.network.trace import Trace
from kubesim.network.walker import explore
from tests.network.small_cluster import LAPTOP, NODES, Echo, endpoints, network, node, service

SOURCES = ("pod/default/client", "pod/default/web-0", "node/master", "node/worker", "laptop")
TARGETS = (("10.43.0.20", 80, "TCP"), ("10.43.0.20", 80, "UDP"), ("172.31.0.11", 30080, "TCP"))
PORTS = [{"name": p.lower(), "port": 80, "protocol": p, "targetPort": 8080, "nodePort": 30080} for p in ("TCP", "UDP")]


class Rules:
    """The rules of both nodes; another set of endpoints gives others."""

    def __init__(self, mode: str, affinity: str) -> None:
        self.mode, self.affinity = mode, affinity
        self.by_machine = self.written(("web-0", "web-1"))

    def written(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What kube-proxy writes for these endpoints."""
        balanced = service(type="NodePort", sessionAffinity=self.affinity, ports=PORTS)
        slices = []
        for protocol in ("TCP", "UDP"):
            piece = endpoints(*names, protocol=protocol)
            piece.ports[0].name = protocol.lower()  # type: ignore[index]
            piece.metadata.name = f"web-{protocol.lower()}"
            slices.append(piece)
        config = ProxyConfig(mode=self.mode)
        return {f"node/{name}": ruleset(node(name), [balanced], slices, config) for name in NODES}


CHANGES = (
    "connect",
    "time",
    "pod gone",
    "pod back",
    "deaf",
    "listening",
    "fewer endpoints",
    "more endpoints",
    "forget",
)


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(["iptables", "nftables"]),
    affinity=st.sampled_from(["None", "ClientIP"]),
    story=st.lists(
        st.tuples(st.sampled_from(CHANGES), st.sampled_from(SOURCES), st.sampled_from(TARGETS), st.integers(1, 2)),
        min_size=2,
        max_size=12,
    ),
    seed=st.integers(0, 3),
)
def test_late_and_early_are_the_same(mode: str, affinity: str, story: list[Any], seed: int) -> None:
    rules = Rules(mode, affinity)
    built = network(seed=seed)
    built.ruleset_provider = lambda machine: rules.by_machine.get(machine)
    held = []
    for what, source, (address, port, protocol), number in story:
        if what == "connect":
            if source not in built.topology:
                continue
            early, taken = _early(built, source, address, port, protocol, 40000 + number)
            connection = Sockets(built, source).connect(address, port, protocol, 40000 + number)
            assert connection.trace == taken
            held.append((connection, early))
        else:
            _change(built, rules, what)
    for connection, early in held:
        assert connection.alternatives == early


def _early(
    built: Network, source: str, address: str, port: int, protocol: str, source_port: int
) -> tuple[tuple[Trace, ...], Trace]:
    """Every way, and the one that the seeded throw picks among them."""
    packet = built.packet(source, address, port, protocol, source_port)
    ways = tuple(way.trace for way in explore(built.state, built.machine(source), packet))
    if len(ways) == 1:
        return ways, ways[0]
    stream = f"network/{source}/{protocol}/{address}:{port}"
    state = built.simulation.random(stream).getstate()
    throw = built.simulation.random(stream).random()
    built.simulation.random(stream).setstate(state)
    for way in ways:
        throw -= way.probability
        if throw < 0:
            return ways, way
    return ways, ways[-1]


def _change(built: Network, rules: Rules, what: str) -> None:
    if what == "time":
        built.simulation.advance(31)
    elif what == "pod gone":
        built.remove_pod("default", "web-1")
    elif what == "pod back" and "pod/default/web-1" not in built.topology:
        built.add_pod("default", "web-1", "10.42.1.6", "worker")
    elif what == "deaf":
        built.close("pod/default/web-0", "TCP", 8080)
    elif what == "listening" and built.server("pod/default/web-0", "TCP", 8080, LAPTOP) is None:
        built.listen("pod/default/web-0", "TCP", 8080, Echo())
    elif what in ("fewer", "more"):
        built.changes()
        rules.by_machine = rules.written(("web-1",) if what == "fewer" else ("web-0", "web-1", "client"))
    elif what == "forget":
        built.forget_connections("node/master", lambda entry: True)


def test_a_cluster_changes_and_the_pictures_of_before_do_not() -> None:
    cluster = Cluster()
    labels = {"app": "web"}
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "nginx", "image": "nginx"}]}}
    web = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    web["spec"] = {"selector": labels, "ports": [{"port": 80}]}
    cluster.apply([*({**pod, "metadata": {"name": f"w{number}", "labels": labels}} for number in range(3)), web])
    assert cluster.settle()
    address = cluster.get("Service", "web").spec.clusterIP

    def seen(traces: tuple[Trace, ...]) -> list[Any]:
        return [(trace.destination, trace.outcome, trace.probability, trace.rules_examined) for trace in traces]

    held = []
    for change in (
        lambda: cluster.delete("Pod", "w1"),
        lambda: cluster.advance(60),
        lambda: cluster.apply(web | {"spec": {"selector": {"app": "none"}, "ports": [{"port": 80}]}}),
        lambda: cluster.apply(web),
        lambda: cluster.patch("Node", "worker", {"metadata": {"labels": {"zone": "z"}}}),
        lambda: cluster.delete("Service", "web"),
    ):
        early = seen(cluster.network.trace("node/master", address, 80))
        held.append((cluster.connect("node/master", f"http://{address}"), early))
        change()
        cluster.settle()
    for journey, early in held:
        assert seen(journey.alternatives) == early


def test_what_is_noted_for_those_who_may_still_ask_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More changes than are noted have the ways found at once, and they are the same."""
    monkeypatch.setattr("kubesim.network.network.NOTES_KEPT", 5)
    built = network([service()], [endpoints("web-0", "web-1")])
    sockets, held = Sockets(built, "pod/default/client"), []
    for number in range(6):
        early, taken = _early(built, "pod/default/client", "10.43.0.20", 80, "TCP", 40000 + number)
        held.append((sockets.connect("10.43.0.20", 80, "TCP", 40000 + number), early))
        assert held[-1][0].trace == taken
    built.simulation.advance(1)
    for connection, early in held:
        assert connection.alternatives == early and connection.alternatives is connection.alternatives


def test_where_there_was_one_way_it_is_the_only_one() -> None:
    connection = Sockets(network([service()], [endpoints("web-0")]), "pod/default/client").connect("10.43.0.20", 80)
    assert connection.alternatives == (connection.trace,)
