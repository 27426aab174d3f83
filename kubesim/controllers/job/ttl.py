"""Jobs that are over go some time later, where they say so. Upstream: ``pkg/controller/ttlafterfinished``."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.resources import BY_KIND
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import moment
from kubesim.controllers.job.conditions import finished_condition
from kubesim.controllers.manager import Manager
from kubesim.simulation import Simulation


class TtlController:
    """Deletes Jobs ``ttlSecondsAfterFinished``."""

    name = "ttl-after-finished-controller"
    kinds: Sequence[str] = ("Job",)

    def __init__(self, simulation: Simulation, manager: Manager, client: Client) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client

    def keys(self, change: Change) -> Iterable[Hashable]:
        """A Job that is over and is not to stay."""
        wire = change.new
        if wire is None or wire["spec"].get("ttlSecondsAfterFinished") is None or finished_condition(wire) is None:
            return ()
        return (key_of(wire),)

    def reconcile(self, key: Hashable) -> None:
        """Delete a Job whose time is over, its Pods first."""
        assert isinstance(key, tuple)
        wire = self._client.get("Job", *key)
        ended = None if wire is None else finished_condition(wire)
        ttl = None if wire is None else wire["spec"].get("ttlSecondsAfterFinished")
        if wire is None or ended is None or ttl is None or wire["metadata"].get("deletionTimestamp"):
            return
        left = ttl - (self._simulation.datetime - moment(ended["lastTransitionTime"])).total_seconds()
        if left > 0:
            self._manager.enqueue_after(self, key, left, progress=False)
        else:
            self._client.api.delete(BY_KIND["Job"], key[1], key[0], propagation="Foreground")
