"""Simulated time that follows real time, while somebody serves the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable

from kubesim.cluster import Cluster

LONGEST_STEP = 60.0
"""Simulated seconds that pass at once at most; after a long sleep of the machine time goes on from there."""


class FollowingClock:
    """Lets a cluster's time pass as the real one does.

    :ivar speed: simulated seconds in a real one; 0 lets time stand still.
    :param real: the real time in seconds, from any beginning.
    :raises ValueError: for a negative speed.
    """

    def __init__(self, cluster: Cluster, speed: float, real: Callable[[], float] = time.monotonic) -> None:
        if not 0 <= speed <= 1000:
            raise ValueError(f"the speed must be between 0 and 1000, got {speed:g}")
        self._cluster = cluster
        self.speed = speed
        self._real = real
        self._at = real()
        self._then = cluster.simulation.now

    def _target(self) -> float:
        return self._then + (self._real() - self._at) * self.speed

    @property
    def is_due(self) -> bool:
        """Whether something is to happen by now."""
        return self.speed > 0 and self._cluster.simulation.following <= self._target()

    def catch_up(self) -> None:
        """Let the time pass that has passed; who has let more of it pass is waited for."""
        simulation = self._cluster.simulation
        with self._cluster.turn:
            target = min(self._target(), simulation.now + LONGEST_STEP)
            if target > simulation.now:
                self._cluster.advance(target - simulation.now)
            self._at, self._then = self._real(), simulation.now
