"""A Pod's life, moment by moment: each case scripts its containers and says what must have happened when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from kubesim.api.objects import Container, Pod, Probe
from kubesim.cluster import Cluster
from kubesim.controllers.containers import SimulatedContainers
from kubesim.controllers.runtime import ProbeResult, Pulled, PullFailed, StartFailed
from kubesim.userland.process import Completed, Running
from tests.conformance.transcripts.oracle import OracleRuntime


@dataclass
class Scripted(OracleRuntime):
    """Containers that do what a test says.

    :param runs: what becomes of each start, the last one for all that follow.
    :param stop_seconds: how long a running container takes to end on SIGTERM; None: it does not heed it.
    """

    runs: list[Completed | StartFailed] = field(default_factory=list)
    stop_seconds: float | None = 0.5
    exit_code: int = 0
    healthy: Callable[[float], bool] = lambda now: True
    pull_fails: bool = False
    now: Callable[[], float] = float
    started: list[float] = field(default_factory=list)
    stopped_at: list[float] = field(default_factory=list)
    pulled_at: list[float] = field(default_factory=list)

    def pull(self, pod: Pod, container: Container, *, present: bool) -> Pulled | PullFailed:
        self.pulled_at.append(self.now())
        return PullFailed("no such image", 0.0) if self.pull_fails else super().pull(pod, container, present=present)

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running | StartFailed:  # type: ignore[override]
        if pod.metadata.name != "p":
            return super().start(pod, container, restarts)
        self.started.append(self.now())
        if self.runs:
            return self.runs[min(len(self.started), len(self.runs)) - 1]
        return Running({}, stop_seconds=self.stop_seconds, exit_code=self.exit_code)

    def probe(self, pod: Pod, container: Container, probe: Probe) -> ProbeResult:
        return ProbeResult(self.healthy(self.now()))

    def starts_ready(self, pod: Pod, container: Container) -> bool:
        return True

    def stopped(self, pod: Pod, container: Container) -> None:
        if pod.metadata.name == "p":
            self.stopped_at.append(self.now())


def cluster_with(**script: Any) -> tuple[Cluster, Scripted]:
    scripts: list[Scripted] = []

    def runtime(containers: SimulatedContainers) -> Scripted:
        scripts.append(Scripted(**script))
        scripts[0].now = lambda: containers.simulation.now
        return scripts[0]

    cluster = Cluster(runtime=runtime)
    cluster.settle()
    scripts[0].pulled_at.clear()
    return cluster, scripts[0]


def run(cluster: Cluster, container: dict[str, Any] | None = None, **spec: Any) -> None:
    made = {"name": "c", "image": "nginx", **(container or {})}
    wire = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [made], **spec}}
    cluster.apply(wire)
    cluster.settle()


def status(cluster: Cluster) -> Any:
    (found,) = cluster.get("Pod", "p").status.containerStatuses
    return found


def exists(cluster: Cluster) -> bool:
    return cluster.store.get("Pod", "p", "default") is not None


def delete(cluster: Cluster, grace: int) -> None:
    wire = cluster.store.get("Pod", "p", "default")
    assert wire is not None
    cluster._parts.client.delete(wire, grace_period_seconds=grace)


# --- the end of a Pod ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop_seconds", "grace", "ends_after"),
    [(0.5, 30, 0.5), (None, 30, 30.0), (None, 5, 5.0), (40.0, 30, 30.0), (0.5, 0, 0.0)],
)
def test_a_deleted_pods_container_ends_in_its_own_time_or_with_the_grace_period(
    stop_seconds: float | None, grace: int, ends_after: float
) -> None:
    cluster, script = cluster_with(stop_seconds=stop_seconds)
    run(cluster)
    began = cluster.simulation.now
    delete(cluster, grace)
    cluster.advance(100)
    assert [round(moment - began, 6) for moment in script.stopped_at] == [ends_after]
    assert not exists(cluster)


@pytest.mark.parametrize(
    ("first", "second", "after", "ends_at"), [(60, 5, 10, 15.0), (60, 1, 10, 11.0), (30, 0, 3, 3.0)]
)
def test_a_shorter_grace_period_takes_the_place_of_the_longer(
    first: int, second: int, after: float, ends_at: float
) -> None:
    cluster, script = cluster_with(stop_seconds=None)
    run(cluster)
    began = cluster.simulation.now
    delete(cluster, first)
    cluster.advance(after)
    delete(cluster, second)
    cluster.advance(100)
    assert [round(moment - began, 6) for moment in script.stopped_at] == [ends_at]
    assert not exists(cluster)


@pytest.mark.parametrize(
    ("first", "second", "ends_after"), [(5, 20, [5.0, 5.0]), (20, 5, [7.0, 7.0]), (5, 5, [5.0, 5.0])]
)
def test_only_a_shorter_grace_period_counts_also_for_a_container_that_was_still_being_created(
    first: int, second: int, ends_after: list[float]
) -> None:
    cluster, script = cluster_with(stop_seconds=None)
    containers = [{"name": name, "image": "nginx"} for name in ("a", "b")]
    wire = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}}
    cluster.apply(wire)
    while not script.started:
        cluster.advance(0.01)
    worker = cluster.kubelet._workers["default", "p"]
    began = cluster.simulation.now
    worker.terminate(first)
    cluster.advance(2)
    assert len(script.started) == 2
    worker.terminate(second)
    cluster.advance(100)
    assert [round(moment - began, 6) for moment in script.stopped_at] == ends_after


@pytest.mark.parametrize(
    ("hook", "grace", "ends_after"),
    [({"sleep": {"seconds": 4}}, 30, 4.5), ({"sleep": {"seconds": 4}}, 3, 3.0), ({}, 30, 0.5)],
)
def test_a_pre_stop_hook_uses_up_part_of_the_grace_period(hook: dict[str, Any], grace: int, ends_after: float) -> None:
    cluster, script = cluster_with(stop_seconds=0.5)
    run(cluster, {"lifecycle": {"preStop": hook}} if hook else None)
    began = cluster.simulation.now
    delete(cluster, grace)
    cluster.advance(100)
    assert [round(moment - began, 6) for moment in script.stopped_at] == [ends_after]


# --- restarts --------------------------------------------------------------------------------------------------------


def gaps(times: list[float]) -> list[float]:
    return [round(later - earlier, 3) for earlier, later in pairwise(times)]


def test_restarts_come_at_once_and_then_after_a_back_off_that_doubles_to_five_minutes() -> None:
    cluster, script = cluster_with(runs=[Completed(returncode=1, seconds=0.0)])
    run(cluster)
    cluster.advance(2000)
    waits = [gap - gaps(script.started)[0] for gap in gaps(script.started)[1:]]
    assert [round(wait) for wait in waits[:8]] == [9, 19, 39, 79, 159, 299, 299, 299]
    assert status(cluster).state.waiting.reason == "CrashLoopBackOff"
    assert "back-off 5m0s restarting failed container=c pod=p_default(" in status(cluster).state.waiting.message


def test_a_container_that_ran_ten_minutes_starts_anew_with_the_shortest_back_off() -> None:
    short, long = Completed(returncode=1, seconds=0.0), Completed(returncode=1, seconds=700.0)
    cluster, script = cluster_with(runs=[short, short, short, long, short])
    run(cluster)
    cluster.advance(1000)
    before, after = gaps(script.started)[2], gaps(script.started)[3] - 700.0
    assert before > 19 and after < 3


@pytest.mark.parametrize(
    ("policy", "code", "restarts", "phase"),
    [
        ("Always", 0, 1, "Running"),
        ("Always", 1, 1, "Running"),
        ("OnFailure", 1, 1, "Running"),
        ("OnFailure", 0, 0, "Succeeded"),
        ("Never", 0, 0, "Succeeded"),
        ("Never", 1, 0, "Failed"),
    ],
)
def test_the_policy_says_who_is_started_again(policy: str, code: int, restarts: int, phase: str) -> None:
    cluster, script = cluster_with(runs=[Completed(returncode=code, seconds=0.0)])
    run(cluster, restartPolicy=policy)
    cluster.advance(5)
    assert (len(script.started) - 1, cluster.get("Pod", "p").status.phase) == (restarts, phase)


def test_failed_pulls_back_off_like_restarts() -> None:
    cluster, script = cluster_with()
    script.pull_fails = True
    run(cluster)
    cluster.advance(900)
    assert gaps(script.pulled_at) == [10, 20, 40, 80, 160, 300]
    assert status(cluster).state.waiting.reason == "ImagePullBackOff"


# --- probes ----------------------------------------------------------------------------------------------------------

PROBE = {"tcpSocket": {"port": 80}, "periodSeconds": 2}


def test_readiness_follows_its_probe_with_its_thresholds() -> None:
    cluster, script = cluster_with()
    script.healthy = lambda now: not 20 <= now - began < 40
    began = cluster.simulation.now
    run(cluster, {"readinessProbe": {**PROBE, "failureThreshold": 3, "successThreshold": 2}})
    seen = []
    for _ in range(60):
        cluster.advance(1)
        seen.append((round(cluster.simulation.now - began), status(cluster).ready))
    falls = [moment for (_, before), (moment, ready) in pairwise(seen) if before and not ready]
    rises = [moment for (_, before), (moment, ready) in pairwise(seen) if ready and not before]
    assert [24 <= moment <= 26 for moment in falls] == [True]
    assert [42 <= moment <= 44 for moment in rises] == [True]


def test_a_failed_liveness_probe_restarts_and_is_asked_no_more_meanwhile() -> None:
    cluster, script = cluster_with(stop_seconds=10.0)
    script.healthy = lambda now: len(script.started) > 1
    run(cluster, {"livenessProbe": {**PROBE, "failureThreshold": 2}})
    cluster.advance(60)
    assert len(script.started) == 2 and status(cluster).restartCount == 1
    events = [e for e in cluster.store.list("Event") if e["involvedObject"]["name"] == "p"]
    assert [e["count"] for e in events if e["reason"] == "Unhealthy"] == [2]


def test_a_startup_probe_holds_back_the_others() -> None:
    cluster, script = cluster_with()
    began = cluster.simulation.now
    script.healthy = lambda now: now - began > 15
    run(cluster, {"startupProbe": {**PROBE, "failureThreshold": 30}, "livenessProbe": {**PROBE, "failureThreshold": 1}})
    cluster.advance(60)
    assert (len(script.started), status(cluster).started, status(cluster).ready) == (1, True, True)
