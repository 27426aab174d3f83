"""Large numbers of Pods: what one settle may create or delete, and what waiting Pods cost."""

from __future__ import annotations

from collections.abc import Hashable

from pytest import MonkeyPatch, approx, mark

from kubesim.cluster import Cluster
from kubesim.controllers.request_budget import RequestBudget
from kubesim.controllers.scheduler import Scheduler
from kubesim.kubectl.main import run
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileSystem

HUGE = "create deployment big --image=nginx --replicas=100000"


def kubectl(cluster: Cluster, command: str) -> None:
    assert run(command.split(), cluster, FileSystem()).returncode == 0
    cluster.settle()


def pods(cluster: Cluster) -> int:
    return len(list(cluster.store.list("Pod", "default")))


@mark.parametrize(("requests", "seconds"), [(0, 0), (1, 0), (30, 0), (31, 0.05), (50, 1.0), (500, 23.5)])
def test_a_burst_goes_through_at_once_and_the_rest_waits(requests: int, seconds: float) -> None:
    budget = RequestBudget(Simulation(), per_second=20, burst=30)
    budget.take(requests)
    assert budget.wait == approx(seconds)


def test_a_budget_fills_up_again_to_the_burst() -> None:
    simulation = Simulation()
    budget = RequestBudget(simulation, per_second=20, burst=30)
    budget.take(50)
    simulation.advance(1000)
    budget.take(40)
    assert budget.wait == approx(0.5)


def test_a_small_deployment_is_there_at_once() -> None:
    cluster = Cluster()
    run(["create", "deployment", "web", "--image=nginx", "--replicas=30"], cluster, FileSystem())
    cluster.advance(0)
    assert pods(cluster) == 30


def test_a_huge_deployment_grows_by_five_hundred_at_a_time_and_goes_the_same_way() -> None:
    cluster = Cluster()
    kubectl(cluster, HUGE)  # at 0, 23.5, 48.5, 73.5 and 98.5 s of 120
    assert pods(cluster) == 2500
    on_nodes = [pod for pod in cluster.store.list("Pod") if pod["spec"].get("nodeName")]
    assert len(on_nodes) == 220, "two nodes take 110 Pods each"
    kubectl(cluster, "scale deployment big --replicas=0")
    assert pods(cluster) <= 500
    assert cluster.settle()
    assert pods(cluster) == 0


def test_the_pods_of_a_deleted_deployment_go_in_bounded_time() -> None:
    cluster = Cluster()
    kubectl(cluster, HUGE)
    kubectl(cluster, "delete deployment big")
    assert cluster.settle()
    assert pods(cluster) == 0


def test_waiting_pods_are_not_tried_over_and_over(monkeypatch: MonkeyPatch) -> None:
    cluster = Cluster()
    tried: list[Hashable] = []
    reconcile = Scheduler.reconcile

    def counted(self: Scheduler, key: Hashable) -> None:
        tried.append(key)
        reconcile(self, key)

    monkeypatch.setattr(Scheduler, "reconcile", counted)
    kubectl(cluster, "create deployment big --image=nginx --replicas=500")
    assert len(tried) == 500
    tried.clear()
    victim = next(pod for pod in cluster.store.list("Pod", "default") if pod["spec"].get("nodeName"))
    kubectl(cluster, f"delete pod {victim['metadata']['name']}")
    assert len(tried) <= 4, "the freed place is taken by one; the next one and the replacement stay Pending"
    assert sum(bool(pod["spec"].get("nodeName")) for pod in cluster.store.list("Pod")) == 220


def test_every_waiting_pod_gets_its_place_when_there_is_room() -> None:
    cluster = Cluster()
    kubectl(cluster, "cordon worker")
    kubectl(cluster, "cordon master")
    kubectl(cluster, "create deployment web --image=nginx --replicas=25")
    kubectl(cluster, "uncordon worker")
    nodes = [pod["spec"].get("nodeName") for pod in cluster.store.list("Pod", "default")]
    assert nodes == ["worker"] * 25


def test_waiting_pods_of_one_kind_are_all_told_when_the_reason_changes() -> None:
    cluster = Cluster()
    kubectl(cluster, "cordon worker")
    kubectl(cluster, "cordon master")
    kubectl(cluster, "create deployment web --image=nginx --replicas=3")
    kubectl(cluster, "taint nodes worker gpu=yes:NoSchedule")
    kubectl(cluster, "taint nodes master gpu=yes:NoSchedule")
    kubectl(cluster, "uncordon worker")
    told = {pod["status"]["conditions"][0]["message"] for pod in cluster.store.list("Pod", "default")}
    assert len(told) == 1
    assert "1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable" in told.pop()
