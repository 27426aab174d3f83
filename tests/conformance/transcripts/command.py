"""One kubectl command against an API server that holds given objects, and nothing else of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from kubesim.api import go_yaml
from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.cluster.configuration import ClusterConfiguration
from kubesim.kubectl.main import run
from kubesim.simulation import EPOCH, Simulation
from kubesim.turn import Turn
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed


class Command:
    """Runs commands.

    :param objects: put into the store as they are.
    :param now: the calendar time.
    """

    def __init__(self, namespace: str = "default", objects: Sequence[Wire] = (), now: datetime = EPOCH) -> None:
        simulation, store = Simulation(start=now), Store()
        self.files: dict[str, Wire] = {}
        api = ApiServer(simulation, store)
        for name in sorted({"default", namespace}):
            api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for index, wire in enumerate(objects):
            metadata = {"name": f"object-{index}", "namespace": namespace, **wire["metadata"]}
            store.commit({**wire, "metadata": metadata})
        self.cluster: Any = SimpleNamespace(
            simulation=simulation,
            store=store,
            api=api,
            configuration=ClusterConfiguration.load(),
            turn=Turn(),
        )

    def run(self, words: Sequence[str]) -> Completed:
        """Run one command."""
        tree = FileSystem()
        tree.make_directory("/root", parents=True)
        for name, wire in self.files.items():
            tree.write(f"/root/{name}", go_yaml.dump(wire))
        return run(words, self.cluster, tree)
