"""How fast a controller may ask the API server for something: its client is held to so many requests a second.

client-go's limiter is a bucket of tokens. A burst goes through at once; what is asked beyond it waits, and meanwhile
the controller is busy. That is why a Deployment of a thousand Pods grows over most of a minute, not at once.
"""

from __future__ import annotations

from kubesim.simulation import Simulation

REQUESTS_PER_SECOND = 20.0
BURST = 30
"""kube-controller-manager's ``--kube-api-qps`` and ``--kube-api-burst``: the defaults of each controller's client."""

MOST_AT_ONCE = 500
"""Objects that one reconcile creates or deletes at most (upstream: ReplicaSet's ``BurstReplicas``)."""

_ROUNDING = 1e-6
"""Seconds that count as none: sums of floats miss a moment by less."""


class RequestBudget:
    """The bucket of one controller's client.

    :param per_second: requests that it is given back each second.
    :param burst: requests that it holds when nothing was asked for a while.
    """

    def __init__(self, simulation: Simulation, per_second: float = REQUESTS_PER_SECOND, burst: float = BURST) -> None:
        self._simulation = simulation
        self._per_second = per_second
        self._ahead = burst / per_second
        self._paid_until = 0.0

    def take(self, requests: int = 1) -> None:
        """Count requests that have been sent."""
        self._paid_until = max(self._paid_until, self._simulation.now) + requests / self._per_second

    @property
    def wait(self) -> float:
        """Seconds until the requests taken so far are through; 0 while the burst covers them."""
        left = self._paid_until - self._ahead - self._simulation.now
        return left if left > _ROUNDING else 0.0
