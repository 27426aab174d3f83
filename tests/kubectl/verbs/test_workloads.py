"""``create``, ``autoscale`` and ``rollout`` for workloads: what is made, what is refused. Expected: kubectl 1.36."""

# ruff: noqa: E501 (a row of a table is one case)

from __future__ import annotations

import pytest
import yaml

from kubesim.cluster import Cluster
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.rollouts import STATUS_VIEWERS
from kubesim.terminal import Terminal
from tests.conformance.transcripts.command import Command


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("create cronjob c --image=busybox", 'required flag(s) "schedule" not set'),
        ("create cronjob c --schedule=@daily", 'required flag(s) "image" not set'),
        ("create job j", "either --image or --from must be specified"),
        ("create job j --image=a --from=cronjob/b", "either --image or --from must be specified"),
        ("create job j --from=cronjob/b -- date", "cannot specify --from and command"),
        ("create pdb p", "a selector must be specified"),
        ("create pdb p --selector=a=b", "one of min-available or max-unavailable must be specified"),
        (
            "create pdb p --selector=a=b --min-available=1 --max-unavailable=1",
            "min-available and max-unavailable cannot be both specified",
        ),
        ("create pdb p --selector=a=b --min-available=x", "invalid format specified for min-available"),
        ("autoscale deploy d", 'required flag(s) "max" not set'),
        ("autoscale deploy d --max=0", "--max=MAXPODS is required and must be at least 1, max: 0"),
        (
            "autoscale deploy d --min=3 --max=2",
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: 2, min: 3",
        ),
        ("autoscale deploy d --max=2 --cpu=lots", "invalid resource cpu value: lots"),
    ],
)
def test_what_is_refused(line: str, problem: str) -> None:
    done = Command().run(line.split())
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.endswith(f"error: {problem}\n")


def test_an_autoscaler_that_is_only_shown_has_no_metrics_yet() -> None:
    terminal = Terminal(Cluster())
    terminal.run("kubectl create deployment web --image=nginx")
    shown = terminal.run("kubectl autoscale deploy web --max=3 --dry-run=client -o yaml").stdout
    assert shown.endswith("status:\n  currentMetrics: null\n  desiredReplicas: 0\n")
    refused = terminal.run("kubectl autoscale svc kubernetes --max=2").stderr
    where = "could not find scale subresource for /v1, Resource=services in discovery information"
    assert refused == f"error: cannot autoscale a Service: {where}\n"


def test_a_patch_that_takes_the_kind_away_is_refused_in_words_of_the_api() -> None:
    terminal = Terminal(Cluster())
    patch = '[{"op": "replace", "path": "", "value": {"a": 1}}]'
    done = terminal.run(f"kubectl patch svc kubernetes --type=json -p '{patch}'")
    assert done.returncode == 1
    assert "None" not in done.stderr


def test_a_budget_is_made_from_a_selector_and_a_bound() -> None:
    done = Command().run(
        ["create", "pdb", "p", "--selector=a=b", "--max-unavailable=50%", "--dry-run=client", "-o", "yaml"]
    )
    assert yaml.safe_load(done.stdout)["spec"] == {"maxUnavailable": "50%", "selector": {"matchLabels": {"a": "b"}}}


@pytest.mark.parametrize(
    ("kind", "spec", "status", "expected"),
    [
        ("DaemonSet", {}, {"desiredNumberScheduled": 2, "updatedNumberScheduled": 1}, 'Waiting for daemon set "x" rollout to finish: 1 out of 2 new pods have been updated...'),
        ("DaemonSet", {}, {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}, 'Waiting for daemon set "x" rollout to finish: 1 of 2 updated pods are available...'),
        ("DaemonSet", {}, {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}, 'daemon set "x" successfully rolled out'),
        ("DaemonSet", {}, {"observedGeneration": 0}, "Waiting for daemon set spec update to be observed..."),
        ("StatefulSet", {"replicas": 3}, {"readyReplicas": 1}, "Waiting for 2 pods to be ready..."),
        ("StatefulSet", {"replicas": 3}, {"readyReplicas": 3, "updatedReplicas": 1, "updateRevision": "b", "currentRevision": "a"}, "waiting for statefulset rolling update to complete 1 pods at revision b..."),
        ("StatefulSet", {"replicas": 3}, {"readyReplicas": 3, "currentReplicas": 3, "updateRevision": "b", "currentRevision": "b"}, "statefulset rolling update complete 3 pods at revision b..."),
        ("StatefulSet", {"replicas": 3}, {"observedGeneration": 0}, "Waiting for statefulset spec update to be observed..."),
    ],
)  # fmt: skip
def test_how_far_a_rollout_is(kind: str, spec: dict[str, int], status: dict[str, object], expected: str) -> None:
    wire = {
        "metadata": {"name": "x", "generation": 1},
        "spec": {"updateStrategy": {"type": "RollingUpdate"}, **spec},
        "status": {"observedGeneration": 1, **status},
    }
    text, over = STATUS_VIEWERS[kind](wire, 0)
    assert text == f"{expected}\n"
    assert over == (not expected.lower().startswith("waiting"))


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet"])
def test_an_update_by_hand_has_no_progress(kind: str) -> None:
    wire = {"metadata": {"name": "x"}, "spec": {"updateStrategy": {"type": "OnDelete"}}}
    with pytest.raises(KubectlError, match="rollout status is only available for RollingUpdate strategy type"):
        STATUS_VIEWERS[kind](wire, 0)
