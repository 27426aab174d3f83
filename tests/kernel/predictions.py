"""What the simulator says will become of an attempt, in the words of an observation."""

from __future__ import annotations

from kubesim.network.network import Network
from kubesim.network.trace import Outcome, Trace
from tests.kernel.attempts import Observation
from tests.kernel.generated import Flow


def predict(network: Network, flow: Flow) -> dict[Observation, float]:
    """Every possible observation with its probability."""
    found: dict[Observation, float] = {}
    for trace in network.trace(flow.source, flow.address, flow.port, flow.protocol):
        observation = _observation(trace)
        found[observation] = found.get(observation, 0.0) + trace.probability
    return found


def _observation(trace: Trace) -> Observation:
    if trace.not_permitted:
        return Observation("forbidden")
    match trace.outcome:
        case Outcome.DELIVERED if trace.delivered is not None:
            return Observation("ok", trace.delivered.destination, trace.delivered.source)
        case Outcome.REFUSED:
            return Observation("reset" if trace.packet.protocol == "TCP" else "icmp")
        case Outcome.REJECTED:
            return Observation("icmp")
        case Outcome.UNREACHABLE:
            return Observation("unreachable")
        case _:
            return Observation("silence")
