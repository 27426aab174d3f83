"""The kernel agrees: real connections through the simulator's own rules go where it said they would."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.kernel.attempts import Observation, Servers, attempt
from tests.kernel.generated import Flow, Generated, flows, generate
from tests.kernel.namespaces import Namespaces, reason_to_skip
from tests.kernel.predictions import predict

CLUSTERS = 20
FLOWS = 30
"""Generated clusters in each mode, and flows in each of them: 600 flows in each mode."""

MISS = 1e-7
"""How unlikely it must be that a predicted endpoint is not met by chance."""

PATIENCE_SECONDS = 5.0
"""How long an attempt may take that was silent at first and should not have been."""

REASON = reason_to_skip()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)


def tries_for(prediction: dict[Observation, float]) -> int:
    """How often a flow must be tried until every predicted observation has surely been made."""
    if len(prediction) == 1:
        return 1
    rarest = min(prediction.values())
    tries = 1
    while (1 - rarest) ** tries * len(prediction) > MISS:
        tries += 1
    return tries


@pytest.mark.parametrize("seed", range(CLUSTERS))
@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_the_kernel_agrees(mode: str, seed: int) -> None:
    cluster = generate(seed, mode)
    chosen = flows(cluster, FLOWS)
    assert len(chosen) == FLOWS
    network = cluster.network()
    predictions = {flow: predict(network, flow) for flow in chosen}
    for prediction in predictions.values():
        assert sum(prediction.values()) == pytest.approx(1)
    with Namespaces(cluster) as testbed, Servers(cluster, testbed):
        tried = [flow for flow in chosen for _ in range(tries_for(predictions[flow]))]
        observed = attempt(testbed, tried)
        observed = without_haste(testbed, tried, observed, predictions)
    met: dict[Flow, Counter[Observation]] = {flow: Counter() for flow in chosen}
    for flow, observation in zip(tried, observed, strict=True):
        met[flow][observation] += 1
    differing = [message for flow in chosen if (message := difference(cluster, flow, predictions[flow], met[flow]))]
    assert not differing, "\n".join(differing)


def without_haste(
    testbed: Namespaces,
    tried: list[Flow],
    observed: list[Observation],
    predictions: dict[Flow, dict[Observation, float]],
) -> list[Observation]:
    """Try again, with patience, what was silent and should not have been: a busy machine may answer late."""
    silence = Observation("silence")
    late = [n for n, flow in enumerate(tried) if observed[n] == silence and silence not in predictions[flow]]
    again = attempt(testbed, [tried[n] for n in late], PATIENCE_SECONDS)
    patient = list(observed)
    for position, observation in zip(late, again, strict=True):
        patient[position] = observation
    return patient


def difference(cluster: Generated, flow: Flow, prediction: dict[Observation, float], met: Counter[Observation]) -> str:
    """How the kernel differs from the simulator for one flow; empty where it does not."""
    surprises = met.keys() - prediction.keys()
    missed = prediction.keys() - met.keys()
    if is_sticky(cluster, flow):
        # Whichever endpoint the first connection met, the others met it too; a load balancer before the nodes spreads
        # a client over them, and each node remembers for itself.
        balanced = flow.address in cluster.balanced
        endpoints = {observation.endpoint for observation in met}
        missed = set() if len(endpoints) <= (len(cluster.nodes) if balanced else 1) else missed
    if surprises or missed:
        return f"{flow}: predicted {sorted(map(str, prediction))}, met {dict(met)}"
    return ""


def is_sticky(cluster: Generated, flow: Flow) -> bool:
    """Whether a flow is to a Service with session affinity."""
    for service in cluster.services:
        spec = service["spec"]
        ingress = service["status"].get("loadBalancer", {}).get("ingress", [])
        own = {spec["clusterIP"], *spec.get("externalIPs", ()), *(each["ip"] for each in ingress)}
        ports = {port["port"] for port in spec["ports"]}
        node_ports = {port.get("nodePort") for port in spec["ports"]}
        if spec.get("sessionAffinity") == "ClientIP" and (
            (flow.address in own and flow.port in ports) or flow.port in node_ports
        ):
            return True
    return False
