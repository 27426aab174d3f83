"""The cluster of the recorder, and the shell that typed at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesim.api.objects import Wire
from kubesim.cluster import Cluster, ClusterConfiguration
from kubesim.cluster.configuration import DATA
from kubesim.programs.machine import Machine
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Program
from tests.conformance.transcripts.balancer import OracleBalancer
from tests.conformance.transcripts.json_query import run_jq
from tests.conformance.transcripts.oracle import OracleRuntime, Pace

FILE = DATA / "clusters" / "recorded.yaml"


def recorder_cluster(pace: Pace) -> Cluster:
    """Two nodes with common images, a load balancer, containers that follow the oracle's annotations, unprobed."""
    configuration = ClusterConfiguration.load(FILE).with_overrides("none", "")
    cluster = Cluster(configuration, runtime=lambda containers: OracleRuntime(pace))
    cluster.controllers.add(OracleBalancer(cluster))
    images: set[str] = set()  # what one Pod had pulled was there for every other
    for node in cluster.configuration.nodes:
        cluster.kubelet.node(node.name).images = images
    record = cluster.events.record

    def unless_probed(about: Wire, type: str, reason: str, message: str, **source: Any) -> None:
        if reason != "Unhealthy":
            record(about, type, reason, message, **source)

    cluster.events.record = unless_probed  # type: ignore[method-assign]
    return cluster


def recorder_machine(cluster: Cluster, files: FileSystem, kubectl: Program, environment: Mapping[str, str]) -> Machine:
    """The node's shell, with kubectl and the ordinary programs; its files are the session's."""
    master = cluster.machine("node/master")
    return Machine(
        name=master.name,
        hostname=master.hostname,
        files=files,
        sockets=master.sockets,
        programs={**master.programs, "jq": run_jq, "kubectl": kubectl},
        simulation=cluster.simulation,
        environment={**master.environment, "HOME": "/home/learner", **environment},
        store=cluster.store,
    )
