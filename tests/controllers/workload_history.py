"""Random histories of a cluster's workloads: what is done to them, and what must hold whatever was done.

``python -m tests.controllers.workload_history 100000`` takes so many steps; the suite takes a thousand.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from functools import partial
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kubesim.api.errors import ApiError
from kubesim.api.objects import Container, Pod, Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.server import ApiServer
from kubesim.cluster import Cluster, wiring
from kubesim.controllers.pods import controller_of, is_active, is_ready, is_terminating
from kubesim.userland.process import Completed, Running
from tests.conformance.transcripts.oracle import OracleRuntime

NAMES = ("a", "b")
SCALED = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
KINDS = (*SCALED, "DaemonSet", "Job", "CronJob")
POD_OWNERS = ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job")
NODES = ("master", "worker")
STEPS_OF_ONE = 50
QUIET_SECONDS = 3600.0
"""After this long with all nodes back, everything must be as it was asked for."""


class Containers(OracleRuntime):
    """Containers that run until they are stopped; those of a Job end, some of them badly."""

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running:
        if pod.spec.restartPolicy == "Always":
            return Running({}, stop_seconds=0.1)
        return Completed(returncode=int((container.args or ["0"])[0]), seconds=2.0)


def workload(kind: str, name: str, replicas: int, *, parallel: bool, failing: bool) -> Wire:
    """A workload of a kind; ``failing`` concerns Jobs."""
    labels = {"app": f"{kind.lower()}-{name}"}
    container = {"name": "c", "image": "nginx:1.27", "args": ["1" if failing else "0"]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    job = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
    match = {"matchLabels": labels}
    specs: dict[str, Wire] = {
        "CronJob": {"schedule": "*/2 * * * *", "jobTemplate": {"spec": {"template": job, "backoffLimit": 1}}},
        "DaemonSet": {"selector": match, "template": template},
        "Deployment": {"replicas": replicas, "selector": match, "template": template},
        "Job": {"parallelism": 2, "completions": replicas, "backoffLimit": 1, "template": job},
        "ReplicaSet": {"replicas": replicas, "selector": match, "template": template},
        "ReplicationController": {"replicas": replicas, "selector": labels, "template": template},
        "StatefulSet": {
            "podManagementPolicy": "Parallel" if parallel else "OrderedReady",
            "replicas": replicas,
            "selector": match,
            "serviceName": name,
            "template": template,
        },
    }
    resource = BY_KIND[kind]
    metadata = {"name": f"{kind.lower()}-{name}"}
    return {"apiVersion": resource.api_version, "kind": kind, "metadata": metadata, "spec": specs[kind]}


class Histories(RuleBasedStateMachine):
    """What people do to workloads, in any order.

    :cvar tidies: whether memory is freed after each history: two thousand clusters would not fit.
    """

    tidies = False

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster(runtime=lambda containers: Containers())
        self.lost: set[str] = set()

    def _there(self, kind: str, name: str) -> Wire | None:
        return self.cluster.store.get(kind, f"{kind.lower()}-{name}", "default")

    def _pods(self) -> list[Wire]:
        return self.cluster.store.list("Pod", "default")

    @initialize(kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=4, unique=True))
    def begin(self, kinds: list[str]) -> None:
        """Begin with some workloads that run."""
        for kind in kinds:
            self.create(kind, "a", 3, False, False)
        self.cluster.simulation.advance(10.0)

    # --- what is done ----------------------------------------------------------------------------------------------

    @rule(
        kind=st.sampled_from(KINDS),
        name=st.sampled_from(NAMES),
        replicas=st.integers(0, 4),
        parallel=st.booleans(),
        failing=st.booleans(),
    )
    def made(self, kind: str, name: str, replicas: int, parallel: bool, failing: bool) -> None:
        self.create(kind, name, replicas, parallel, failing)

    def create(self, kind: str, name: str, replicas: int, parallel: bool, failing: bool) -> None:
        """Make a workload, unless it is there."""
        if self._there(kind, name) is None:
            self.cluster.apply([workload(kind, name, replicas, parallel=parallel, failing=failing)])

    @rule(kind=st.sampled_from(SCALED), name=st.sampled_from(NAMES), replicas=st.integers(0, 5))
    def scale(self, kind: str, name: str, replicas: int) -> None:
        if self._there(kind, name) is not None:
            self.cluster.patch(kind, f"{kind.lower()}-{name}", {"spec": {"replicas": replicas}})

    @rule(
        kind=st.sampled_from(("Deployment", "StatefulSet", "DaemonSet")),
        name=st.sampled_from(NAMES),
        image=st.sampled_from(("nginx:1.27", "nginx:1.28", "nosuch:1")),
    )
    def update(self, kind: str, name: str, image: str) -> None:
        if self._there(kind, name) is not None:
            containers = [{"name": "c", "image": image}]
            patch = {"spec": {"template": {"spec": {"containers": containers}}}}
            self.cluster.patch(kind, f"{kind.lower()}-{name}", patch)

    @rule(
        kind=st.sampled_from(KINDS),
        name=st.sampled_from(NAMES),
        propagation=st.sampled_from(("Background", "Foreground", "Orphan")),
    )
    def delete(self, kind: str, name: str, propagation: Any) -> None:
        if self._there(kind, name) is not None:
            self.cluster.api.delete(BY_KIND[kind], f"{kind.lower()}-{name}", "default", propagation=propagation)

    @rule(number=st.integers(0, 30), grace=st.sampled_from((None, 0)))
    def delete_pod(self, number: int, grace: int | None) -> None:
        pods = self._pods()
        if pods:
            self.cluster.delete("Pod", pods[number % len(pods)]["metadata"]["name"], grace_period_seconds=grace)

    @rule(kind=st.sampled_from(SCALED), name=st.sampled_from(NAMES), least=st.integers(0, 3))
    def protect(self, kind: str, name: str, least: int) -> None:
        spec = {"minAvailable": least, "selector": {"matchLabels": {"app": f"{kind.lower()}-{name}"}}}
        metadata = {"name": f"{kind.lower()}-{name}"}
        self.cluster.apply(
            [{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}]
        )

    @rule(number=st.integers(0, 30))
    def evict(self, number: int) -> None:
        pods = self._pods()
        if not pods:
            return
        pod = pods[number % len(pods)]
        label = (pod["metadata"].get("labels") or {}).get("app", "")
        budget = self.cluster.store.get("PodDisruptionBudget", label, "default")
        healthy = sum(
            is_ready(each) and not is_terminating(each)
            for each in pods
            if (each["metadata"].get("labels") or {}).get("app") == label
        )
        try:
            self.cluster.api.evict(pod["metadata"]["name"], "default")
        except ApiError as error:
            assert error.code == 429, error
            return
        if budget is not None and is_ready(pod) and not is_terminating(pod):
            least = budget["spec"]["minAvailable"]
            assert healthy - 1 >= least, f"a budget of {least} must not let one of {healthy} healthy Pods go"

    @rule(node=st.sampled_from(NODES))
    def lose_or_recover_node(self, node: str) -> None:
        if node in self.lost:
            self.cluster.recover_node(node)
            self.lost.discard(node)
        else:
            self.cluster.fail_node(node)
            self.lost.add(node)

    @rule(node=st.sampled_from(NODES), closed=st.booleans())
    def cordon(self, node: str, closed: bool) -> None:
        self.cluster.api.patch(BY_KIND["Node"], node, "", {"spec": {"unschedulable": closed}}, "merge")

    @rule(seconds=st.sampled_from((0.0, 0.05, 0.3, 1.0, 5.0, 45.0, 400.0)))
    def wait(self, seconds: float) -> None:
        self.cluster.simulation.advance(seconds)

    # --- what holds ------------------------------------------------------------------------------------------------

    @invariant()
    def each_name_is_given_once(self) -> None:
        """Of a StatefulSet at most one Pod an ordinal, of a DaemonSet one staying Pod a node."""
        daemons: Counter[tuple[str, str]] = Counter()
        for pod in self._pods():
            owner = controller_of(pod)
            if owner is not None and owner["kind"] == "StatefulSet":
                parent, _, number = pod["metadata"]["name"].rpartition("-")
                assert (parent, number.isdecimal()) == (owner["name"], True)
            if owner is not None and owner["kind"] == "DaemonSet" and is_active(pod) and pod["spec"].get("nodeName"):
                daemons[owner["uid"], pod["spec"]["nodeName"]] += 1
        assert all(count == 1 for count in daemons.values()), daemons

    @invariant()
    def statuses_are_counts(self) -> None:
        """No count is negative, and none of the ready exceeds all."""
        for kind in (*SCALED, "DaemonSet", "Job"):
            for wire in self.cluster.store.list(kind, "default"):
                status = wire.get("status") or {}
                counts = [
                    value for name, value in status.items() if isinstance(value, int) and name != "collisionCount"
                ]
                assert all(count >= 0 for count in counts), (kind, status)
                assert status.get("readyReplicas", 0) <= status.get("replicas", 10**6), (kind, status)

    @invariant()
    def jobs_keep_their_bounds(self) -> None:
        """A Job never runs more Pods than it may, nor counts more successes than it wants."""
        for job in self.cluster.store.list("Job", "default"):
            spec, status = job["spec"], job.get("status") or {}
            assert status.get("active", 0) <= spec["parallelism"]
            assert status.get("succeeded", 0) <= spec["completions"]

    def teardown(self) -> None:
        """All nodes come back; a long time later nothing is left over and nothing is missing."""
        for node in NODES:
            if node in self.lost:
                self.cluster.recover_node(node)
            self.cluster.api.patch(BY_KIND["Node"], node, "", {"spec": {"unschedulable": False}}, "merge")
        for kind in ("CronJob",):
            for wire in self.cluster.store.list(kind, "default"):
                self.cluster.patch(kind, wire["metadata"]["name"], {"spec": {"suspend": True}})
        self.cluster.simulation.advance(QUIET_SECONDS)
        self._nothing_is_orphaned()
        self._everything_is_there()
        if self.tidies:
            del self.cluster
            gc.collect()

    def _nothing_is_orphaned(self) -> None:
        store = self.cluster.store
        for kind in ("Pod", "ReplicaSet", "Job", "ControllerRevision", "PersistentVolumeClaim"):
            for wire in store.list(kind, "default"):
                assert not wire["metadata"].get("deletionTimestamp"), f"{kind} must have gone: {wire['metadata']}"
                owner = controller_of(wire)
                if owner is not None:
                    found = store.get(owner["kind"], owner["name"], "default")
                    assert found is not None and found["metadata"]["uid"] == owner["uid"], wire["metadata"]

    def _everything_is_there(self) -> None:
        store = self.cluster.store
        for kind in POD_OWNERS:
            for wire in store.list(kind, "default"):
                owned = [pod for pod in store.owned_by("Pod", wire["metadata"]["uid"]) if is_active(pod)]
                names = sorted(pod["metadata"]["name"] for pod in owned)
                status, spec = wire.get("status") or {}, wire["spec"]
                if kind == "Job":
                    types = {each["type"] for each in status.get("conditions") or ()}
                    assert types & {"Complete", "Failed"} or spec.get("suspend"), (wire["metadata"]["name"], status)
                    assert not names, (wire["metadata"]["name"], names)
                elif kind == "DaemonSet":
                    assert sorted(pod["spec"]["nodeName"] for pod in owned) == sorted(NODES), names
                elif kind == "StatefulSet" and spec["podManagementPolicy"] == "OrderedReady":
                    wanted = [f"{wire['metadata']['name']}-{number}" for number in range(spec["replicas"])]
                    stuck = [pod for pod in owned if not is_ready(pod)]
                    assert names == wanted or stuck, (names, wanted)  # one that cannot start holds up the others
                elif kind == "StatefulSet":
                    assert names == [f"{wire['metadata']['name']}-{number}" for number in range(spec["replicas"])]
                else:
                    assert len(names) == spec["replicas"] == status.get("replicas", 0), (kind, names, status)


def run(steps: int) -> None:
    """Take at least so many steps."""
    examples = max(1, steps // STEPS_OF_ONE)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS_OF_ONE,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Histories, settings=chosen)


if __name__ == "__main__":
    Histories.tidies = True
    wiring.ApiServer = partial(ApiServer, strict=True)  # type: ignore[misc,assignment]
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
