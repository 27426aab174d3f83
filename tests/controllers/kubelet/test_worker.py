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


def test_the_readiness_probe_goes_on_while_the_pod_ends_and_the_others_do_not() -> None:
    cluster, script = cluster_with(stop_seconds=None)
    probe = {**PROBE, "failureThreshold": 1}
    run(cluster, {"readinessProbe": probe, "livenessProbe": {**probe, "terminationGracePeriodSeconds": 1}})
    delete(cluster, 30)
    cluster.advance(5)
    assert status(cluster).ready
    script.healthy = lambda now: False
    cluster.advance(5)
    assert not status(cluster).ready
    assert said(cluster, "Unhealthy") == ["Readiness probe failed: "]
    script.healthy = lambda now: True
    cluster.advance(5)
    assert status(cluster).ready
    cluster.advance(30)
    assert len(script.stopped_at) == len(script.started) == 1


# --- what was planned for a container that has ended -----------------------------------------------------------------


def test_a_deadline_of_an_ended_container_does_not_concern_the_one_after_it() -> None:
    cluster, script = cluster_with(stop_seconds=None)
    script.healthy = lambda now: len(script.started) > 1
    run(cluster, {"livenessProbe": {**PROBE, "failureThreshold": 1}})
    cluster.advance(5)  # it failed its probe, and gets SIGKILL 30 s later
    signal(cluster, "KILL")
    cluster.advance(100)
    assert (len(script.started), len(script.stopped_at)) == (2, 1)


def signal(cluster: Cluster, name: str) -> None:
    cluster.kubelet.signalled(cluster.get("Pod", "p"), "c", name)


def said(cluster: Cluster, *reasons: str) -> list[str]:
    """What the kubelet said of the Pod, in order, for some reasons."""
    events = [e for e in cluster.store.list("Event") if e["involvedObject"]["name"] == "p"]
    events.sort(key=lambda event: (event["firstTimestamp"] or "", int(event["metadata"]["resourceVersion"])))
    return [event["message"] for event in events if event["reason"] in reasons]


# --- signals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signals", "stop_seconds", "ends_after", "code"),
    [
        (["TERM"], 2.0, [2.0], 7),
        (["KILL"], 2.0, [0.0], 137),
        (["TERM", "KILL"], 2.0, [0.0], 137),
        (["STOP", "TERM"], 2.0, [], None),  # a stopped process takes no signal but SIGKILL and SIGCONT
        (["STOP", "KILL"], 2.0, [0.0], 137),
        (["STOP", "CONT", "TERM"], 2.0, [2.0], 7),
    ],
)
def test_what_a_signal_does_to_a_container(
    signals: list[str], stop_seconds: float, ends_after: list[float], code: int | None
) -> None:
    cluster, script = cluster_with(stop_seconds=stop_seconds, exit_code=7)
    run(cluster, restartPolicy="Never")
    began = cluster.simulation.now
    for each in signals:
        signal(cluster, each)
    cluster.advance(10)
    assert [round(moment - began, 6) for moment in script.stopped_at] == ends_after
    ended = status(cluster).state.terminated
    assert (None if ended is None else ended.exitCode) == code


def test_a_pod_that_hangs_is_killed_when_its_grace_period_is_over() -> None:
    cluster, script = cluster_with(stop_seconds=0.5)
    run(cluster)
    cluster.suspend("p")
    began = cluster.simulation.now
    delete(cluster, 7)
    cluster.advance(60)
    assert [round(moment - began, 6) for moment in script.stopped_at] == [7]


# --- another image ---------------------------------------------------------------------------------------------------


def change_image(cluster: Cluster, image: str = "nginx:1.27") -> None:
    cluster.patch("Pod", "p", {"spec": {"containers": [{"name": "c", "image": image}]}})


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
def test_another_image_starts_a_running_container_anew(policy: str) -> None:
    cluster, script = cluster_with(stop_seconds=2.0)
    run(cluster, restartPolicy=policy)
    began = cluster.simulation.now
    change_image(cluster)
    cluster.advance(20)
    assert [round(moment - began, 6) for moment in script.stopped_at] == [2]
    assert (len(script.started), status(cluster).restartCount) == (2, 1)
    assert status(cluster).image == "docker.io/library/nginx:1.27"
    assert said(cluster, "Killing") == ["Container c definition changed, will be restarted"]


def test_another_image_is_tried_at_once_where_the_one_before_cannot_be_pulled() -> None:
    cluster, script = cluster_with()
    script.pull_fails = True
    run(cluster)
    cluster.advance(100)
    tried = len(script.pulled_at)
    script.pull_fails = False
    now = cluster.simulation.now
    change_image(cluster)
    cluster.settle()
    cluster.advance(200)
    assert [round(moment - now, 6) for moment in script.pulled_at[tried:]] == [0]
    assert (len(script.started), status(cluster).restartCount) == (1, 0)


def test_another_image_ends_the_wait_for_a_restart() -> None:
    failed = Completed(returncode=1, seconds=0.0)
    cluster, script = cluster_with(runs=[failed, failed, failed, Completed(returncode=0, seconds=10_000.0)])
    run(cluster)
    cluster.advance(20)
    before, now = len(script.started), cluster.simulation.now
    change_image(cluster)
    cluster.advance(5)
    assert [moment - now < 3 for moment in script.started[before:]] == [True]
    assert status(cluster).restartCount == before


@pytest.mark.parametrize(("code", "policy"), [(0, "Never"), (1, "Never"), (0, "OnFailure")])
def test_another_image_does_not_start_what_has_ended_for_good(code: int, policy: str) -> None:
    cluster, script = cluster_with(runs=[Completed(returncode=code, seconds=0.0)])
    other = {"name": "other", "image": "nginx"}
    first = {"name": "c", "image": "nginx"}
    run(cluster, containers=[first, other], restartPolicy=policy)
    cluster.advance(5)
    started = len(script.started)
    change_image(cluster)
    cluster.advance(60)
    assert len(script.started) == started


# --- one container after another -------------------------------------------------------------------------------------


def test_init_containers_run_one_after_another_and_before_the_others() -> None:
    done = Completed(returncode=0, seconds=5.0)
    cluster, script = cluster_with(runs=[done, done, Completed(returncode=0, seconds=10_000.0)])
    init = [{"name": name, "image": "nginx"} for name in ("one", "two")]
    run(cluster, initContainers=init)
    cluster.advance(20)
    assert len(script.started) == 3 and min(gaps(script.started)) >= 5
    statuses = cluster.get("Pod", "p").status.initContainerStatuses or []
    assert [(each.name, each.ready, each.started) for each in statuses] == [("one", True, False), ("two", True, False)]
    assert cluster.get("Pod", "p").status.phase == "Running"


@pytest.mark.parametrize(("policy", "started", "phase"), [("Never", 1, "Failed"), ("Always", 2, "Pending")])
def test_a_failed_init_container_ends_the_pod_or_is_tried_again(policy: str, started: int, phase: str) -> None:
    cluster, script = cluster_with(runs=[Completed(returncode=1, seconds=0.0)])
    run(cluster, initContainers=[{"name": "one", "image": "nginx"}], restartPolicy=policy)
    cluster.advance(5)
    assert (len(script.started), cluster.get("Pod", "p").status.phase) == (started, phase)


def test_a_sidecar_starts_first_keeps_running_and_ends_with_the_pod() -> None:
    server: Any = Running({}, stop_seconds=0.5)
    cluster, _ = cluster_with(runs=[server, Completed(returncode=0, seconds=100.0)])
    sidecar = {"name": "side", "image": "nginx", "restartPolicy": "Always"}
    run(cluster, initContainers=[sidecar], restartPolicy="Never")
    (found,) = cluster.get("Pod", "p").status.initContainerStatuses or []
    assert (found.ready, found.started, found.state.running is not None) == (True, True, True)
    cluster.advance(110)
    pod = cluster.get("Pod", "p")
    assert pod.status.phase == "Succeeded" and (pod.status.initContainerStatuses or [])[0].state.terminated is not None


def test_a_pod_waits_for_its_init_containers_in_words() -> None:
    cluster, _ = cluster_with(runs=[Completed(returncode=0, seconds=100.0)])
    run(cluster, initContainers=[{"name": "one", "image": "nginx"}])
    assert status(cluster).state.waiting.reason == "PodInitializing"
    other, script = cluster_with()
    script.pull_fails = True
    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    other.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    other.advance(0)
    assert status(other).state.waiting.reason == "ContainerCreating"


def test_a_program_that_cannot_be_started_is_a_failed_start() -> None:
    cluster, script = cluster_with(runs=[StartFailed("no such file")])
    run(cluster)
    cluster.advance(5)
    assert said(cluster, "Failed")[0] == "Error: no such file"
    assert len(script.started) == 2
    ended = status(cluster).lastState.terminated
    assert (ended.exitCode, ended.reason, ended.message) == (128, "StartError", "no such file")


def test_a_hook_that_sleeps_after_the_start_has_not_failed() -> None:
    cluster, script = cluster_with()
    run(cluster, {"lifecycle": {"postStart": {"sleep": {"seconds": 2}}}})
    cluster.advance(10)
    assert (said(cluster, "FailedPostStartHook"), said(cluster, "Killing")) == ([], [])
    assert (len(script.started), status(cluster).restartCount) == (1, 0)


# --- what the kubelet says -------------------------------------------------------------------------------------------


def test_what_is_said_of_a_pods_life() -> None:
    cluster, _ = cluster_with()
    run(cluster, {"image": "nginx:1.27"})
    delete(cluster, 30)
    cluster.advance(60)
    reasons = ("Pulling", "Pulled", "Created", "Started", "Killing", "BackOff")
    pulling, pulled, *rest = said(cluster, *reasons)
    assert pulling == 'Pulling image "nginx:1.27"' and pulled.startswith('Successfully pulled image "nginx:1.27" in ')
    assert rest == ["Container created", "Container started", "Stopping container c"]
    events = [e for e in cluster.store.list("Event") if e["reason"] in reasons and e["involvedObject"]["name"] == "p"]
    assert {e["involvedObject"]["fieldPath"] for e in events} == {"spec.containers{c}"}
    assert {e["type"] for e in events} == {"Normal"}
    node = {e["source"]["host"] for e in events}
    assert {e["source"]["component"] for e in events} == {"kubelet"} and node <= {
        wire["metadata"]["name"] for wire in cluster.store.list("Node")
    }


def test_a_back_off_is_said_with_the_pods_name() -> None:
    cluster, _ = cluster_with(runs=[Completed(returncode=1, seconds=0.0)])
    run(cluster)
    cluster.advance(15)
    identity = f"p_default({cluster.get('Pod', 'p').metadata.uid})"
    assert said(cluster, "BackOff") == [f"Back-off restarting failed container c in pod {identity}"]
    assert status(cluster).lastState.terminated.exitCode == 1


# --- addresses -------------------------------------------------------------------------------------------------------


def test_a_pod_has_its_address_while_its_containers_may_run() -> None:
    cluster, _ = cluster_with(runs=[Completed(returncode=0, seconds=100.0)])
    run(cluster, restartPolicy="Never")
    machine = "pod/default/p"
    assert machine in cluster.network.topology
    cluster.advance(110)
    assert machine not in cluster.network.topology
    assert cluster.get("Pod", "p").status.podIP, "it is still told where it was"


def test_a_pod_of_the_hosts_network_has_the_nodes_address() -> None:
    cluster, _ = cluster_with()
    run(cluster, hostNetwork=True)
    pod = cluster.get("Pod", "p")
    assert pod.status.podIP == pod.status.hostIP and pod.status.phase == "Running"
    assert "pod/default/p" not in cluster.network.topology
    delete(cluster, 5)
    cluster.advance(10)
    assert not exists(cluster) and f"node/{pod.spec.nodeName}" in cluster.network.topology


def test_a_node_that_stops_takes_its_pods_down_without_a_word() -> None:
    cluster, script = cluster_with()
    run(cluster)
    name = cluster.get("Pod", "p").spec.nodeName
    before = cluster.get("Pod", "p").status
    cluster.kubelet.power_off(name)
    assert len(script.stopped_at) == 1 and "pod/default/p" not in cluster.network.topology
    cluster.advance(1)
    assert cluster.get("Pod", "p").status == before
    cluster.kubelet.power_on(name)
    cluster.settle()
    assert len(script.started) == 2 and cluster.get("Pod", "p").status.phase == "Running"


@pytest.mark.parametrize("name", ["nobody", ""])
def test_only_nodes_and_pods_that_are_there_can_be_acted_on(name: str) -> None:
    cluster, _ = cluster_with()
    with pytest.raises(LookupError, match=f"a node must be one of .*, got '{name}'"):
        cluster.kubelet.power_off(name)
    with pytest.raises(LookupError, match=f"a Pod must run to be suspended or resumed, got default/{name}"):
        cluster.kubelet.suspend("default", name)


def test_a_deleted_pod_that_waits_for_its_image_goes_at_once() -> None:
    cluster, script = cluster_with()
    script.pull_fails = True
    run(cluster)
    cluster.advance(15)
    delete(cluster, 30)
    cluster.advance(0)
    assert not exists(cluster) and script.started == []
