"""Who a Pod of a StatefulSet is. Expected: upstream's ``stateful_set_utils.go``."""

from __future__ import annotations

import pytest

from kubesim.api.objects import Wire
from kubesim.controllers.statefulset.identity import claims_of, new_pod, ordinals, parent_and_ordinal, with_identity

SET: Wire = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db", "namespace": "default", "uid": "u"},
    "spec": {
        "replicas": 2,
        "serviceName": "dbs",
        "selector": {"matchLabels": {"app": "db"}},
        "template": {
            "metadata": {"labels": {"app": "db"}},
            "spec": {"containers": [], "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]},
        },
        "volumeClaimTemplates": [
            {"metadata": {"name": "data", "labels": {"app": "x", "tier": "db"}}, "spec": {"accessModes": ["RWO"]}}
        ],
    },
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-0", ("web", 0)),
        ("my-web-12", ("my-web", 12)),
        ("web", ("", -1)),
        ("web-x", ("", -1)),
        ("web-99999999999", ("", -1)),
    ],
)
def test_a_name_tells_the_set_and_the_ordinal(name: str, expected: tuple[str, int]) -> None:
    assert parent_and_ordinal({"metadata": {"name": name}}) == expected


@pytest.mark.parametrize(
    ("spec", "expected"), [({"replicas": 2}, [0, 1]), ({}, [0]), ({"replicas": 2, "ordinals": {"start": 5}}, [5, 6])]
)
def test_ordinals_begin_where_the_set_says(spec: Wire, expected: list[int]) -> None:
    assert list(ordinals({"spec": spec})) == expected


def test_a_new_pod_has_its_names_its_labels_and_its_claims() -> None:
    pod = new_pod(SET, SET["spec"]["template"], 1, "db-abc")
    assert pod["metadata"]["name"] == "db-1" and pod["metadata"]["generateName"] == "db-"
    assert pod["metadata"]["labels"] == {
        "app": "db",
        "apps.kubernetes.io/pod-index": "1",
        "controller-revision-hash": "db-abc",
        "statefulset.kubernetes.io/pod-name": "db-1",
    }
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-1", "dbs")
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-1"}}
    assert pod["spec"]["volumes"] == [claim, {"name": "tmp", "emptyDir": {}}]


def test_a_claim_carries_the_labels_by_which_the_set_selects() -> None:
    assert claims_of(SET, 0)["data"]["metadata"] == {
        "name": "data-db-0",
        "namespace": "default",
        "labels": {"app": "db", "tier": "db"},
    }


def test_a_pod_that_runs_gets_its_labels_again_but_no_other_host_name() -> None:
    pod: Wire = {"metadata": {"name": "db-0", "uid": "p", "labels": {"app": "db"}}, "spec": {}}
    given = with_identity(SET, pod)
    assert given["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0" and given["spec"] == {}
