"""What holds for the whole suite: strict mode, an end to what happens at one moment, the same examples on every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from hypothesis import settings

from kubesim.api.server import ApiServer
from kubesim.cluster import wiring
from kubesim.controllers.manager import Manager
from kubesim.simulation import Simulation

settings.register_profile("kubesim", deadline=None, derandomize=True)  # no busy machine fails one
settings.load_profile("kubesim")


@pytest.fixture(scope="session", autouse=True)
def _strict_mode() -> Iterator[None]:
    """Every cluster of the suite proves of each controller's write that the people's door would have made the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "ApiServer", partial(ApiServer, strict=True))
        yield


MOST_AT_ONE_MOMENT = 300_000
"""More events, or more reconciles asked for, than any test brings about at one moment of simulated time."""


@pytest.fixture(scope="session", autouse=True)
def _an_end_to_every_moment() -> Iterator[None]:
    """Work that makes itself anew without letting time pass is told instead of going on for ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simulation, "step", _bounded(Simulation.step, lambda simulation: simulation.now))
        patch.setattr(Manager, "enqueue", _bounded(Manager.enqueue, lambda manager: manager._simulation.now))
        yield


def _bounded(method: Callable[..., Any], clock: Callable[[Any], float]) -> Callable[..., Any]:
    seen: WeakKeyDictionary[Any, tuple[float, int]] = WeakKeyDictionary()

    @wraps(method)
    def counted(self: Any, *arguments: Any) -> Any:
        now = clock(self)
        moment, times = seen.get(self, (now, 0))
        times = times + 1 if moment == now else 1
        assert times <= MOST_AT_ONE_MOMENT, f"time must pass, second {now} has had {times} calls of {method.__name__}"
        seen[self] = now, times
        return method(self, *arguments)

    return counted
