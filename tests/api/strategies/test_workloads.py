"""What the server adds to workloads, volumes and claims. Expected: ``pkg/registry/{apps,batch,core}``."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.strategies.storage import CLAIM_PROTECTION, StorageStrategy
from kubesim.api.strategies.workloads import (
    TEMPLATE_GENERATION,
    DaemonSetStrategy,
    DeploymentStrategy,
    JobStrategy,
    StatefulSetStrategy,
    template_generation,
)

TEMPLATE: Wire = {"metadata": {"labels": {"app": "web"}}, "spec": {}}
UID_LABELS = ("batch.kubernetes.io/controller-uid", "controller-uid")
NAME_LABELS = ("batch.kubernetes.io/job-name", "job-name")


def job(**spec: Any) -> Wire:
    return {"metadata": {"name": "j", "uid": "u"}, "spec": {"template": copy.deepcopy(TEMPLATE), **spec}}


def test_a_job_selects_its_own_pods() -> None:
    made = job()
    JobStrategy().prepare_create(made)
    labels = {"app": "web", **dict.fromkeys(UID_LABELS, "u"), **dict.fromkeys(NAME_LABELS, "j")}
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}
    assert made["spec"]["template"]["metadata"]["labels"] == labels
    assert list(made["spec"]["template"]["metadata"]["labels"]) == sorted(labels)
    assert made["metadata"]["labels"] == labels
    assert made["metadata"]["generation"] == 1


def test_a_job_keeps_what_it_says() -> None:
    own = job(selector={"matchLabels": {"a": "b"}})
    own["metadata"]["labels"] = {"c": "d"}
    own["spec"]["template"]["metadata"]["labels"]["job-name"] = "mine"
    JobStrategy().prepare_create(own)
    assert own["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": "u", "a": "b"}
    assert own["spec"]["template"]["metadata"]["labels"]["job-name"] == "mine"
    assert own["metadata"]["labels"] == {"c": "d"}


def test_a_job_whose_selector_is_a_persons_is_left_alone() -> None:
    made = job(manualSelector=True, selector={"matchLabels": {"a": "b"}})
    before = copy.deepcopy(made["spec"])
    JobStrategy().prepare_create(made)
    assert made["spec"] == before
    assert "labels" not in made["metadata"]


@pytest.mark.parametrize(
    ("annotations", "number"),
    [
        (None, 1),
        ({}, 1),
        ({TEMPLATE_GENERATION: "7"}, 7),
        ({TEMPLATE_GENERATION: "x"}, 1),
        ({TEMPLATE_GENERATION: "-1"}, 1),
    ],
)
def test_how_many_templates_a_daemon_set_had(annotations: Wire | None, number: int) -> None:
    metadata = {} if annotations is None else {"annotations": annotations}
    assert template_generation({"metadata": metadata}) == number


def test_a_daemon_set_counts_templates_where_nobody_else_can() -> None:
    old: Wire = {"metadata": {"annotations": {"z": "1", TEMPLATE_GENERATION: "9"}}, "spec": {"template": TEMPLATE}}
    DaemonSetStrategy().prepare_create(old)
    assert list(old["metadata"]["annotations"].items()) == [(TEMPLATE_GENERATION, "1"), ("z", "1")]
    counts = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
    assert old["status"] == dict.fromkeys(counts, 0)
    for spec, number, generation in (
        ({"template": copy.deepcopy(TEMPLATE)}, "1", 1),
        ({"template": TEMPLATE, "minReadySeconds": 5}, "1", 2),
        ({"template": {**TEMPLATE, "spec": {"hostNetwork": True}}}, "2", 2),
    ):
        new: Wire = {"metadata": {"annotations": {TEMPLATE_GENERATION: "40"}}, "spec": spec}
        DaemonSetStrategy().prepare_update(new, old)
        assert new["metadata"]["annotations"] == {TEMPLATE_GENERATION: number}
        assert new["metadata"]["generation"] == generation


@pytest.mark.parametrize(
    ("metadata", "spec", "generation"),
    [
        ({}, {"replicas": 1}, 1),
        ({"annotations": {}}, {"replicas": 1}, 1),
        ({"annotations": {"a": "b"}}, {"replicas": 1}, 2),
        ({"labels": {"a": "b"}}, {"replicas": 1}, 1),
        ({}, {"replicas": 2}, 2),
    ],
)
def test_a_deployment_counts_annotations_too(metadata: Wire, spec: Wire, generation: int) -> None:
    old: Wire = {"metadata": {}, "spec": {"replicas": 1}}
    DeploymentStrategy().prepare_create(old)
    new: Wire = {"metadata": copy.deepcopy(metadata), "spec": spec}
    DeploymentStrategy().prepare_update(new, old)
    assert new["metadata"]["generation"] == generation


ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}


def test_a_stateful_sets_hidden_field_is_dropped_and_counts_for_nothing() -> None:
    hidden = {**ROLLING, "rollingUpdate": {"partition": 1, "maxUnavailable": 2}}
    old: Wire = {"metadata": {}, "spec": {"updateStrategy": hidden}}
    StatefulSetStrategy().prepare_create(old)
    assert old["spec"] == {"updateStrategy": ROLLING}
    assert old["status"] == {"availableReplicas": 0, "replicas": 0}
    new: Wire = {"metadata": {}, "spec": {"updateStrategy": hidden}}
    StatefulSetStrategy().prepare_update(new, old)
    assert (new["spec"], new["metadata"]["generation"]) == (old["spec"], 1)
    assert hidden["rollingUpdate"] == {"partition": 1, "maxUnavailable": 2}


@pytest.mark.parametrize(
    ("given", "held_by"),
    [(None, [CLAIM_PROTECTION]), (["a"], ["a", CLAIM_PROTECTION]), ([CLAIM_PROTECTION], [CLAIM_PROTECTION])],
)
def test_storage_begins_pending_and_held(given: list[str] | None, held_by: list[str]) -> None:
    claim: Wire = {"metadata": {} if given is None else {"finalizers": given}, "status": {"phase": "Bound"}}
    StorageStrategy(CLAIM_PROTECTION).prepare_create(claim)
    assert (claim["metadata"]["finalizers"], claim["status"]) == (held_by, {"phase": "Pending"})
