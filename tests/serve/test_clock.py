"""Simulated time follows real time."""

from __future__ import annotations

import pytest

from kubesim import Cluster
from kubesim.serve.clock import LONGEST_STEP, FollowingClock


class Real:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize(("speed", "real", "simulated"), [(1, 2, 2), (10, 2, 20), (0, 5, 0), (100, 5, LONGEST_STEP)])
def test_time_passes_as_fast_as_was_asked_for(cluster: Cluster, speed: float, real: float, simulated: float) -> None:
    now = Real()
    clock, before = FollowingClock(cluster, speed, now), cluster.simulation.now
    now.now += real
    clock.catch_up()
    assert cluster.simulation.now - before == pytest.approx(simulated)
    clock.catch_up()
    assert cluster.simulation.now - before == pytest.approx(simulated)


def test_who_lets_time_pass_is_waited_for_not_taken_back(cluster: Cluster) -> None:
    now = Real()
    clock = FollowingClock(cluster, 1, now)
    cluster.advance(30)
    ahead = cluster.simulation.now
    now.now += 1
    clock.catch_up()
    assert cluster.simulation.now == ahead
    now.now += 2
    clock.catch_up()
    assert cluster.simulation.now == pytest.approx(ahead + 2)


@pytest.mark.parametrize("speed", [-1, 1001, float("nan")])
def test_a_speed_that_is_none(cluster: Cluster, speed: float) -> None:
    with pytest.raises(ValueError, match="the speed must be between 0 and 1000"):
        FollowingClock(cluster, speed)
