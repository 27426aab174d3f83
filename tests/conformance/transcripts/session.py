"""One recorded session, replayed: its cluster, its files, its shell."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kubesim.cluster import Cluster
from kubesim.kubectl.kubeconfig import install
from kubesim.kubectl.main import run as kubectl
from kubesim.programs.machine import Invocation
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed
from tests.conformance.transcripts.oracle import FIRST, Pace
from tests.conformance.transcripts.world import recorder_cluster, recorder_machine

KUBECONFIG = "/etc/rancher/k3s/k3s.yaml"
"""Where the recorder's kubeconfig was; its home had none."""

DIRECTORY = "/home/learner"
"""Where the recorder's shell was."""

COMMAND_SECONDS = 0.06
"""How long the recorder's kubectl took, by and large."""

WAIT_LIMIT = 60.0


@dataclass(slots=True)
class Session:
    """A cluster with a shell on its control plane node."""

    cluster: Cluster
    files: FileSystem

    def __post_init__(self) -> None:
        """Give the shell the recorder's kubeconfig."""
        install(self.files, self.cluster.configuration, KUBECONFIG, context="oracle", user="admin")

    @classmethod
    def start(cls, files: dict[str, str], pace: Pace = FIRST) -> Session:
        """A fresh cluster, with the session's files in its working directory."""
        cluster = recorder_cluster(pace)
        tree = FileSystem()
        tree.make_directory(DIRECTORY, parents=True)
        tree.make_directory("/tmp", parents=True)
        for name, text in files.items():
            path = posixpath.join(DIRECTORY, name)
            tree.make_directory(posixpath.dirname(path), parents=True)
            tree.write(path, text)
        return cls(cluster, tree)

    def run(self, text: str, stdin: str = "") -> Completed:
        """Type one command."""

        simulation = self.cluster.simulation
        began = simulation.now

        def program(invocation: Invocation) -> Completed:
            simulation.advance(invocation.elapsed)  # what went before took its time
            place = (self.files, invocation.stdin, invocation.directory, invocation.environment)

            def spawn(argv: Sequence[str]) -> Completed:
                done = invocation.machine.find(argv[0], invocation.directory)(invocation.becoming(tuple(argv)))
                assert isinstance(done, Completed)
                return done

            done = kubectl(invocation.argv, self.cluster, *place, invocation.limit, spawn=spawn)
            return replace(done, seconds=0.0)

        machine = recorder_machine(self.cluster, self.files, program, {"KUBECONFIG": KUBECONFIG})
        done = machine.run(("bash", "-c", text), stdin, directory=DIRECTORY)
        assert isinstance(done, Completed)
        simulation.advance(max(0.0, began + done.seconds - simulation.now))
        return done

    def wait(self, wait: dict[str, Any]) -> None:
        """Let the cluster settle, as the recorder did, for as long as it did."""
        simulation = self.cluster.simulation
        began = simulation.now
        simulation.settle(wait.get("seconds", WAIT_LIMIT))
        if "cmd" in wait:
            while self.run(wait["cmd"]).returncode and simulation.now < began + WAIT_LIMIT:
                simulation.advance(0.5)
        simulation.advance(max(0.0, began + wait.get("seconds", 0) - simulation.now))
