from __future__ import annotations

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer
from tests.api.examples import NAMESPACE, POD, SERVICE, pod, service


def test_a_pod_that_runs_is_marked_and_finished_by_the_kubelet(api: ApiServer) -> None:
    api.create(pod(nodeName="worker"))
    marked = api.delete(POD, "p").object["metadata"]
    assert marked["deletionTimestamp"] == "2026-07-01T09:00:30Z"
    assert marked["deletionGracePeriodSeconds"] == 30
    assert marked["generation"] == 2
    shortened = api.delete(POD, "p", grace_period_seconds=5).object["metadata"]
    assert shortened["deletionGracePeriodSeconds"] == 5
    assert api.delete(POD, "p", grace_period_seconds=60).object["metadata"]["deletionGracePeriodSeconds"] == 5
    api.delete(POD, "p", grace_period_seconds=0)  # as the kubelet does when the containers have stopped
    assert api.store.get("Pod", "p", "default") is None


@pytest.mark.parametrize(("spec", "phase"), [({}, "Pending"), ({"nodeName": "worker"}, "Succeeded")])
def test_a_pod_that_runs_nowhere_or_has_ended_goes_at_once(api: ApiServer, spec: Wire, phase: str) -> None:
    created = api.create(pod(**spec)).object
    api.replace({**created, "status": {"phase": phase}}, subresource="status")
    api.delete(POD, "p")
    assert api.store.get("Pod", "p", "default") is None


def test_a_finalizer_holds_an_object_until_it_is_removed(api: ApiServer) -> None:
    wire = service()
    wire["metadata"]["finalizers"] = ["example.com/hold"]
    api.create(wire)
    marked = api.delete(SERVICE, "web").object["metadata"]
    assert (marked["deletionTimestamp"], marked["deletionGracePeriodSeconds"]) == ("2026-07-01T09:00:00Z", 0)
    assert api.addresses.left("IPv4") == 65533
    api.patch(SERVICE, "web", patch={"metadata": {"finalizers": None}}, kind="merge")
    assert api.store.get("Service", "web", "default") is None
    assert api.addresses.left("IPv4") == 65534


@pytest.mark.parametrize(
    ("propagation", "finalizers"), [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"])]
)
def test_propagation_is_a_finalizer_for_the_garbage_collector(
    api: ApiServer, propagation: str, finalizers: list[str]
) -> None:
    api.create(service())
    marked = api.delete(SERVICE, "web", propagation=propagation).object  # type: ignore[arg-type]
    assert marked["metadata"]["finalizers"] == finalizers
    assert api.get(SERVICE, "web") == marked


def test_background_deletion_goes_at_once(api: ApiServer) -> None:
    api.create(service())
    api.delete(SERVICE, "web", propagation="Background")
    assert api.list(SERVICE) == []


def test_a_namespace_terminates_and_takes_no_new_content(api: ApiServer) -> None:
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})
    terminating = api.delete(NAMESPACE, "x").object
    assert terminating["status"]["phase"] == "Terminating"
    with pytest.raises(ApiError) as caught:
        api.create(service(), namespace="x")
    assert caught.value.message == (
        'services "web" is forbidden: unable to create new content in namespace x because it is being terminated'
    )
    api.replace({**terminating, "spec": {}}, subresource="finalize")
    assert api.store.get("Namespace", "x") is None


def test_the_default_namespace_stays(api: ApiServer) -> None:
    with pytest.raises(ApiError, match='namespaces "default" is forbidden: this namespace may not be deleted'):
        api.delete(NAMESPACE, "default")


def test_a_dry_run_deletes_nothing(api: ApiServer) -> None:
    api.create(service())
    api.delete(SERVICE, "web", dry_run=True)
    assert len(api.list(SERVICE)) == 1
