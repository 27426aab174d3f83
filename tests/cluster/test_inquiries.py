import pytest

from kubesim.cluster import Cluster
from kubesim.network.trace import Outcome

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: mynginx, labels: {run: mynginx}}
spec: {containers: [{name: mynginx, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {run: client}}
spec: {containers: [{name: client, image: nginx}]}
---
apiVersion: v1
kind: Service
metadata: {name: myservice}
spec: {selector: {run: mynginx}, ports: [{port: 8080, targetPort: 80}]}
"""


@pytest.fixture
def cluster() -> Cluster:
    built = Cluster()
    built.apply(MANIFEST)
    built.settle()
    return built


def test_who_reaches_what(cluster: Cluster) -> None:
    found = cluster.reachability(["pod/client", "node/master", "laptop"], ["http://myservice:8080"])
    assert [reach.outcome for reach in found] == [Outcome.DELIVERED, Outcome.DELIVERED, Outcome.LOST]
    assert [reach.source for reach in found.failures] == ["laptop"]
    frame = found.table()
    assert list(frame["source"]) == ["pod/default/client", "node/master", "laptop"]
    assert found.matrix().shape == (3, 1)
    assert "laptop" in str(found)


def test_everything_by_default(cluster: Cluster) -> None:
    found = cluster.reachability()
    assert len(found) == len({(reach.source, reach.destination) for reach in found})
    assert {"node/worker", "pod/default/client", "laptop"} <= {reach.source for reach in found}
    assert not any(reach.source.startswith("internet/") for reach in found)


def test_what_a_change_changed_and_why_it_fails(cluster: Cluster) -> None:
    before = cluster.reachability(["pod/client"], ["myservice:8080"])
    assert len(cluster.diff(before, cluster.reachability(["pod/client"], ["myservice:8080"]))) == 0
    cluster.patch("Service", "myservice", {"spec": {"selector": {"run": "mynginz"}}})
    cluster.settle()
    (change,) = cluster.diff(before, cluster.reachability(["pod/client"], ["myservice:8080"]))
    assert "now rejected" in change.why
    (finding,) = cluster.diagnose("pod/client", "http://myservice:8080").causes
    assert finding.id == "selector-matches-nothing"
    assert finding.mend is not None
    cluster.patch(finding.mend.kind, finding.mend.name, finding.mend.patch)
    cluster.settle()
    assert cluster.diagnose("pod/client", "http://myservice:8080").outcome is Outcome.DELIVERED


def test_a_name_that_nobody_has(cluster: Cluster) -> None:
    (finding,) = cluster.diagnose("pod/client", "http://myervice:8080").findings
    assert finding.id == "name-not-found"
    with pytest.raises(LookupError, match="must have an address, got 'myervice'"):
        cluster.reachability(["pod/client"], ["http://myervice:8080"])


def test_silent_dns(cluster: Cluster) -> None:
    cluster.apply(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "another"}, "spec": {"ports": [{"port": 80}]}}
    )
    for pod in cluster.store.list("Pod", "kube-system"):
        cluster.suspend(f"kube-system/{pod['metadata']['name']}", namespace="kube-system", ports=[53])
    (finding,) = cluster.diagnose("pod/client", "http://myservice:8080").findings
    assert finding.id == "dns-silent"
