"""Jobs and CronJobs on a cluster. Expected: recorded sessions and upstream's controllers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from kubesim.api.objects import Container, Pod, Wire
from kubesim.api.resources import BY_KIND
from kubesim.cluster import Cluster
from kubesim.userland.process import Completed, Running
from tests.conformance.transcripts.oracle import OracleRuntime


class Runs(OracleRuntime):
    """Containers that end with the exit code that their first argument says, after two seconds."""

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running:
        if pod.metadata.namespace != "default":
            return Running({}, stop_seconds=0.1)
        index = (pod.metadata.annotations or {}).get("batch.kubernetes.io/job-completion-index", "")
        words = container.args or ["0"]
        code = words[int(index) % len(words)] if index else words[0]
        return Running({}, stop_seconds=0.1) if code == "forever" else Completed(returncode=int(code), seconds=2.0)


def made(*codes: str, kind: str = "Job", restart: str = "Never", **spec: Any) -> Cluster:
    cluster = Cluster(runtime=lambda containers: Runs())
    container = {"name": "c", "image": "busybox:1.36", "args": list(codes or ("0",))}
    template = {"spec": {"restartPolicy": restart, "containers": [container]}}
    body: Wire = {"template": template, **spec}
    if kind == "CronJob":
        body = {"jobTemplate": {"spec": {"template": template}}, **spec}
    cluster.apply([{"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": "a"}, "spec": body}])
    return cluster


def status(cluster: Cluster) -> Wire:
    job = cluster.store.get("Job", "a", "default")
    assert job is not None
    found: Wire = job["status"]
    return found


def verdicts(cluster: Cluster) -> list[tuple[str, str]]:
    return [(each["type"], each["reason"]) for each in status(cluster).get("conditions") or ()]


def pods(cluster: Cluster) -> list[Wire]:
    return cluster.store.list("Pod", "default")


def test_a_job_ends_when_enough_pods_have_succeeded_and_never_runs_more_than_it_may() -> None:
    cluster = made(completions=5, parallelism=2)
    most = 0
    for _ in range(40):
        cluster.advance(0.5)
        most = max(most, status(cluster).get("active", 0))
    assert most == 2
    assert (status(cluster)["succeeded"], len(pods(cluster))) == (5, 5)
    assert verdicts(cluster) == [("SuccessCriteriaMet", "CompletionsReached"), ("Complete", "CompletionsReached")]
    assert all("finalizers" not in pod["metadata"] for pod in pods(cluster))
    assert "completionTime" in status(cluster) and "active" not in status(cluster)


def test_failures_wait_longer_each_time_until_the_limit_is_reached() -> None:
    cluster = made("1", backoffLimit=2)
    made_at: list[float] = []
    for _ in range(1200):
        cluster.advance(0.1)
        if len(pods(cluster)) > len(made_at):
            made_at.append(cluster.simulation.now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(made_at)]
    assert len(made_at) == 3 and 10 <= gaps[0] < 15 and 20 <= gaps[1] < 25  # 10 s and 20 s after each failure
    assert verdicts(cluster) == [("FailureTarget", "BackoffLimitExceeded"), ("Failed", "BackoffLimitExceeded")]
    assert status(cluster)["failed"] == 3


def test_a_deadline_ends_a_job_and_its_pods() -> None:
    cluster = made("forever", activeDeadlineSeconds=5)
    cluster.advance(4.9)
    assert verdicts(cluster) == []
    cluster.advance(2)
    assert verdicts(cluster) == [("FailureTarget", "DeadlineExceeded"), ("Failed", "DeadlineExceeded")]
    assert pods(cluster) == []


def test_each_index_runs_until_it_has_succeeded_or_failed_too_often() -> None:
    cluster = made("0", "1", "0", completions=3, parallelism=3, completionMode="Indexed", backoffLimitPerIndex=1)
    cluster.advance(60)
    assert (status(cluster)["completedIndexes"], status(cluster)["failedIndexes"]) == ("0,2", "1")
    assert verdicts(cluster)[-1] == ("Failed", "FailedIndexes")
    assert sorted(pod["spec"]["hostname"] for pod in pods(cluster)) == ["a-0", "a-1", "a-1", "a-2"]
    first = next(pod for pod in pods(cluster) if pod["spec"]["hostname"] == "a-0")
    assert first["metadata"]["generateName"] == "a-0-"
    assert first["spec"]["containers"][0]["env"][0]["name"] == "JOB_COMPLETION_INDEX"


def test_a_suspended_job_has_no_pods_and_begins_anew_when_it_goes_on() -> None:
    cluster = made("forever", suspend=True)
    cluster.advance(5)
    assert (verdicts(cluster), pods(cluster)) == ([("Suspended", "JobSuspended")], [])
    cluster.patch("Job", "a", {"spec": {"suspend": False}})
    cluster.advance(5)
    assert verdicts(cluster) == [("Suspended", "JobResumed")] and len(pods(cluster)) == 1
    cluster.patch("Job", "a", {"spec": {"suspend": True}})
    cluster.advance(40)
    assert pods(cluster) == []


def test_a_finished_job_goes_after_its_time_and_so_do_its_pods() -> None:
    cluster = made(ttlSecondsAfterFinished=10)
    cluster.advance(9)
    assert status(cluster)["succeeded"] == 1
    cluster.advance(10)
    assert (cluster.store.list("Job", "default"), pods(cluster)) == ([], [])


def test_containers_that_restart_count_against_the_limit() -> None:
    cluster = made("1", restart="OnFailure", backoffLimit=1)
    cluster.advance(60)
    assert verdicts(cluster)[-1] == ("Failed", "BackoffLimitExceeded")
    assert pods(cluster) == []


def test_a_rule_for_an_exit_code_ends_the_job_at_once() -> None:
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3]}}
    cluster = made("3", podFailurePolicy={"rules": [rule]})
    cluster.advance(20)
    assert verdicts(cluster) == [("FailureTarget", "PodFailurePolicy"), ("Failed", "PodFailurePolicy")]


def jobs(cluster: Cluster) -> list[str]:
    return [job["metadata"]["name"] for job in cluster.store.list("Job", "default")]


@pytest.mark.parametrize(("policy", "running", "made_in_all"), [("Allow", 4, 4), ("Forbid", 1, 1), ("Replace", 1, 4)])
def test_what_becomes_of_a_run_that_is_still_going(policy: str, running: int, made_in_all: int) -> None:
    cluster = made("forever", kind="CronJob", schedule="* * * * *", concurrencyPolicy=policy)
    cluster.advance(241)
    events = cluster.store.list("Event", "default")
    created = sum(event["message"].startswith("Created job") for event in events)
    assert (len(jobs(cluster)), created) == (running, made_in_all)


def test_a_schedule_keeps_the_last_three_that_succeeded_and_says_when_it_last_ran() -> None:
    cluster = made(kind="CronJob", schedule="* * * * *")
    cluster.advance(310)
    cron = cluster.store.get("CronJob", "a", "default")
    assert cron is not None
    assert len(jobs(cluster)) == 3 and "active" not in cron["status"]
    minute = f"{cluster.simulation.datetime:%Y-%m-%dT%H:%M}"
    assert cron["status"]["lastScheduleTime"] == f"{minute}:00Z"
    assert cron["status"]["lastSuccessfulTime"].startswith(f"{minute}:0")


def test_a_run_that_is_too_late_is_not_made_up_for() -> None:
    cluster = made(kind="CronJob", schedule="0 * * * *", startingDeadlineSeconds=30, suspend=True)
    cluster.advance(3700)
    cluster.patch("CronJob", "a", {"spec": {"suspend": False}})
    cluster.advance(5)
    assert jobs(cluster) == []
    cluster.patch("CronJob", "a", {"spec": {"startingDeadlineSeconds": 600}})
    cluster.advance(5)
    assert len(jobs(cluster)) == 1


def said(cluster: Cluster, kind: str = "Job") -> list[tuple[str, str, str]]:
    found = [each for each in cluster.store.list("Event", "default") if each["involvedObject"]["kind"] == kind]
    return [(each["type"], each["reason"], each["message"]) for each in found if "apply" not in each["message"]]


def test_what_a_job_says_of_its_pods_and_its_end() -> None:
    cluster = made(completions=1)
    cluster.advance(5)
    (pod,) = [pod["metadata"]["name"] for pod in pods(cluster)]
    expected = [
        ("Normal", "SuccessfulCreate", f"Created pod: {pod}"),
        ("Normal", "Completed", "Job completed"),
    ]
    assert said(cluster) == expected


def test_what_a_job_says_when_it_is_stopped() -> None:
    cluster = made("forever")
    cluster.advance(2)
    (pod,) = [pod["metadata"]["name"] for pod in pods(cluster)]
    cluster.patch("Job", "a", {"spec": {"suspend": True}})
    cluster.advance(5)
    assert said(cluster)[1:] == [
        ("Normal", "SuccessfulDelete", f"Deleted pod: {pod}"),
        ("Normal", "Suspended", "Job suspended"),
    ]
    cluster.patch("Job", "a", {"spec": {"suspend": False}})
    cluster.advance(5)
    assert ("Normal", "Resumed", "Job resumed") in said(cluster)
    cluster.patch("Job", "a", {"spec": {"activeDeadlineSeconds": 1}})
    cluster.advance(5)
    assert ("Warning", "DeadlineExceeded", "Job was active longer than specified deadline") in said(cluster)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"completions": 4, "parallelism": 2}, (2, 0)),
        ({"completions": 1, "parallelism": 5}, (1, 0)),  # never more than are still to succeed
        ({"parallelism": 3}, (3, 0)),
        ({"parallelism": 0}, (0, 0)),
        ({"completions": 3, "parallelism": 3, "completionMode": "Indexed"}, (3, 0)),
    ],
)
def test_how_many_run_at_once(fields: Wire, counts: tuple[int, int]) -> None:
    cluster = made("forever", **fields)
    cluster.advance(3)
    found = status(cluster)
    assert (found.get("active", 0), found.get("succeeded", 0)) == counts
    assert (len(pods(cluster)), found["ready"], found["terminating"]) == (counts[0], counts[0], 0)
    assert found["uncountedTerminatedPods"] == {} and "startTime" in found


def test_fewer_at_once_stops_those_that_are_too_many() -> None:
    cluster = made("forever", completions=4, parallelism=4)
    cluster.advance(3)
    cluster.patch("Job", "a", {"spec": {"parallelism": 1}})
    cluster.advance(5)
    assert (len(pods(cluster)), status(cluster)["active"]) == (1, 1)


def test_pods_that_are_let_go_keep_nothing_of_their_job() -> None:
    cluster = made("forever", parallelism=2)
    cluster.advance(3)
    assert all("batch.kubernetes.io/job-tracking" in pod["metadata"]["finalizers"] for pod in pods(cluster))
    cluster.api.delete(BY_KIND["Job"], "a", "default", propagation="Orphan")
    cluster.advance(3)
    left = [(pod["metadata"].get("finalizers"), pod["metadata"].get("ownerReferences")) for pod in pods(cluster)]
    assert left == [(None, None), (None, None)]


@pytest.mark.parametrize(("policy", "at_once"), [("TerminatingOrFailed", 2), ("Failed", 1)])
def test_a_deleted_pod_is_replaced_at_once_or_when_it_has_ended(policy: str, at_once: int) -> None:
    cluster = made("forever", completions=2, parallelism=1, podReplacementPolicy=policy)
    cluster.advance(3)
    (pod,) = pods(cluster)
    cluster.api.delete(BY_KIND["Pod"], pod["metadata"]["name"], "default")
    cluster.settle()
    assert len(pods(cluster)) <= at_once
    cluster.advance(30)
    assert [each["metadata"]["name"] == pod["metadata"]["name"] for each in pods(cluster)] == [False]


def test_a_job_that_went_missing_and_one_that_came_unasked_are_told() -> None:
    cluster = made("forever", kind="CronJob", schedule="* * * * *")
    cluster.advance(61)
    (name,) = jobs(cluster)
    cluster.api.delete(BY_KIND["Job"], name, "default")
    cluster.advance(5)
    cron = cluster.store.get("CronJob", "a", "default")
    assert cron is not None and "active" not in cron["status"]
    assert said(cluster, "CronJob") == [
        ("Normal", "SuccessfulCreate", f"Created job {name}"),
        ("Normal", "MissingJob", f"Active job went missing: {name}"),
    ]


def test_a_schedule_says_what_became_of_its_jobs() -> None:
    cluster = made("0", kind="CronJob", schedule="* * * * *", successfulJobsHistoryLimit=0)
    cluster.advance(70)
    (created, completed, deleted) = said(cluster, "CronJob")
    name = created[2].removeprefix("Created job ")
    assert completed == ("Normal", "SawCompletedJob", f"Saw completed job: {name}, condition: Complete")
    assert deleted == ("Normal", "SuccessfulDelete", f"Deleted job {name}")
    assert jobs(cluster) == []
