from __future__ import annotations

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.server import ApiServer
from kubesim.api.templates import TOKEN_PATH
from tests.api.examples import pod


def test_a_pod_gets_what_a_cluster_gives_it(api: ApiServer) -> None:
    spec = api.create(pod(initContainers=[{"name": "i", "image": "busybox:1"}])).object["spec"]
    assert (spec["serviceAccount"], spec["serviceAccountName"]) == ("default", "default")
    assert (spec["priority"], spec["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    volume = spec["volumes"][0]
    assert volume["name"].startswith("kube-api-access-")
    assert volume["projected"]["sources"][0] == {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    mount = {"mountPath": TOKEN_PATH, "name": volume["name"], "readOnly": True}
    assert [container["volumeMounts"] for container in spec["containers"] + spec["initContainers"]] == [
        [mount],
        [mount],
    ]
    assert [toleration["key"] for toleration in spec["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]


def test_a_pod_may_do_without_a_token(api: ApiServer) -> None:
    spec = api.create(pod(automountServiceAccountToken=False)).object["spec"]
    assert "volumes" not in spec


def test_a_toleration_of_the_pods_own_is_kept(api: ApiServer) -> None:
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    tolerations = api.create(pod(tolerations=[own])).object["spec"]["tolerations"]
    assert [each["tolerationSeconds"] for each in tolerations] == [5, 300]


def test_a_service_account_must_exist(api: ApiServer) -> None:
    with pytest.raises(ApiError) as caught:
        api.create(pod(serviceAccountName="nosuch"))
    assert caught.value.message == (
        'pods "p" is forbidden: error looking up service account default/nosuch: serviceaccount "nosuch" not found'
    )


def test_a_priority_class_must_exist(api: ApiServer) -> None:
    with pytest.raises(ApiError, match='pods "p" is forbidden: no PriorityClass with name nosuch was found'):
        api.create(pod(priorityClassName="nosuch"))
    assert api.create(pod(priorityClassName="system-node-critical")).object["spec"]["priority"] == 2000001000


def test_a_replaced_pod_keeps_its_priority_and_gets_tolerations(api: ApiServer) -> None:
    made = api.create(pod(priorityClassName="system-node-critical")).object
    spec = {key: value for key, value in made["spec"].items() if key not in ("priority", "preemptionPolicy")}
    replaced = api.replace({**made, "spec": {**spec, "tolerations": []}}).object["spec"]
    assert replaced == made["spec"]


@pytest.mark.parametrize(
    ("finalizer", "problem"),
    [
        ("kubernetes", None),
        ("example.com/hold", None),
        ("hold", "name is neither a standard finalizer name nor is it fully qualified"),
    ],
)
def test_what_may_hold_a_namespace(finalizer: str, problem: str | None, api: ApiServer) -> None:
    made = api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "held"}}).object
    wanted = {**made, "spec": {"finalizers": [finalizer]}}
    if problem is None:
        assert api.replace(wanted, subresource="finalize").object["spec"] == wanted["spec"]
        return
    with pytest.raises(ApiError) as caught:
        api.replace(wanted, subresource="finalize")
    assert caught.value.details["causes"][0]["message"] == f'Invalid value: "{finalizer}": {problem}'
