"""``changes`` of the recorded data plane: what a change of objects did to the traffic that went on meanwhile.

Here the whole control plane runs: the recorded command is typed, controllers and the kubelet follow, and every
kube-proxy writes its rules in its own time. A connection is tried every few milliseconds, as the recorder did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kubesim.api.objects import Container, Pod, Probe
from kubesim.api.store import Store
from kubesim.cluster import Cluster, ClusterConfiguration
from kubesim.controllers.runtime import ProbeResult
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed, Running
from tests.conformance.datapath_cases import KINDS, LISTENING, machine_of
from tests.conformance.result import Result, judged
from tests.conformance.transcripts.oracle import OracleRuntime
from tests.conformance.transcripts.session import DIRECTORY, Session
from tests.conformance.transcripts.world import FILE

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

PAUSE_SECONDS = 0.02
"""Between two connections."""

WATCHED_SECONDS = 6.0
"""How long after a command the recorder looked on; every change had its effect by then."""


PROBE = {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
"""With it the kubelet looks every second at what the annotations say; the recorder's looked all the time."""


class _FollowingRuntime(OracleRuntime):
    """Containers that take note when a Pod's annotations change, and that serve as long as a deleted Pod may."""

    store: Store | None = None

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running:
        return Running({}, stop_seconds=None)

    def probe(self, pod: Pod, container: Container, probe: Probe) -> ProbeResult:
        current = self.store.view(Pod, pod.metadata.name, pod.metadata.namespace) if self.store else None
        return super().probe(current or pod, container, probe)


class _Silent:
    def handle(self, request: Any, client: Any) -> Any:
        return None


def change_results(document: Mapping[str, Any]) -> Iterator[Result]:
    """One result for each change: traffic ends as it was seen to end, and met nothing on the way that was not seen."""
    changes = document.get("changes") or []
    if not changes:
        return
    session = _start(document, {change["dst"] for change in changes})
    source = machine_of(next(iter(document["sources"])))
    yield from judged(
        [{**change, "id": f"changes/{change['label']}"} for change in changes],
        lambda change: [_judge(session, source, change)],
    )


def _judge(session: Session, source: str, change: Mapping[str, Any]) -> Result:
    recorded = [moment["outcome"] for moment in change["seen"]]
    seen = _watch(session, source, change)
    fits = seen[-1] == recorded[-1] and set(seen) <= set(recorded)
    return Result(str(change["id"]), fits, recorded, seen)


def _watch(session: Session, source: str, change: Mapping[str, Any]) -> list[str]:
    """Type the command; what connections met, each outcome when it began."""
    cluster, seen = session.cluster, list[str]()
    preparation, pause, command = change["cmd"].rpartition("; sleep 2; ")
    if pause:  # the change begins when what prepares it has had its effect
        session.run(preparation)
        cluster.advance(2)
    until = cluster.simulation.now + WATCHED_SECONDS

    def attempt() -> None:
        traces = cluster.network.trace(source, change["dst"], change["port"])
        outcome = " or ".join(sorted({KINDS[trace.outcome] for trace in traces}))
        if outcome not in seen[-1:]:
            seen.append(outcome)
        if cluster.simulation.now < until:
            cluster.simulation.after(PAUSE_SECONDS, attempt, progress=False)

    attempt()
    session.run(command)
    cluster.advance(max(0.0, until + 2 * PAUSE_SECONDS - cluster.simulation.now))
    return seen


def _type(session: Session, command: str, stdin: str = "") -> None:
    done = session.run(command, stdin)
    assert done.returncode == 0, done.stderr


def _start(document: Mapping[str, Any], addresses: set[str]) -> Session:
    """The recorder's cluster with the recorded Pods and the Services that the changes are about."""
    files = FileSystem()
    files.make_directory(DIRECTORY, parents=True)
    loaded = ClusterConfiguration.load(FILE)
    configuration = msgspec.structs.replace(loaded, proxy=msgspec.structs.replace(loaded.proxy, mode=document["mode"]))
    runtime = _FollowingRuntime()
    session = Session(Cluster(configuration, runtime=lambda containers: runtime), files)
    runtime.store = session.cluster.store
    for wire in document["objects"]["items"]:
        applied = (wire["metadata"].get("annotations") or {}).get(APPLIED)
        wanted = wire["kind"] == "Pod" or (wire["kind"] == "Service" and wire["spec"].get("clusterIP") in addresses)
        if applied and wanted:
            manifest = json.loads(applied)
            for container in manifest["spec"].get("containers", ()):
                container["readinessProbe"] = PROBE
            _type(session, "kubectl apply -f -", json.dumps(manifest))
    session.cluster.settle()
    for host in session.cluster.network.topology.hosts:
        if host.name.startswith("pod/default/"):
            for protocol, port in LISTENING:
                session.cluster.network.listen(host.name, protocol, port, _Silent())
    return session
