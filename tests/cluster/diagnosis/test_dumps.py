"""Dumps of healthy clusters, as several commands print them: no verdict may be wrong, whatever the dump leaves out."""

import pytest

from kubesim.cluster import Cluster
from kubesim.cluster.diagnosis import Diagnosis, Verdict
from tests.cluster.distributions import DISTRIBUTIONS, SELECTIONS, cluster, dump

NO_SOURCE = "get svc,endpointslices -A"
NO_SERVERS = "get pod/client svc/web -n shop"
"""Selections that leave out the client, and the Pods behind the Service."""


def ask(distribution: str, selection: str, url: str = "http://web", source: str = "pod/shop/client") -> Diagnosis:
    return Cluster.from_objects(dump(cluster(distribution), selection)).diagnose(source, url)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_healthy_cluster_is_never_called_broken(distribution: str, selection: str) -> None:
    diagnosis = ask(distribution, selection)
    wanted = Verdict.UNKNOWN if selection in (NO_SOURCE, NO_SERVERS) else Verdict.DELIVERED
    assert (diagnosis.verdict, diagnosis.causes) == (wanted, ())
    assert bool(diagnosis.missing) == (wanted is Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("selection", "url", "words"),
    [
        (NO_SOURCE, "http://web", "cannot be told: the dump holds no Pod shop/client"),
        (NO_SERVERS, "http://web", "the dump holds no Pod that Service shop/web selects, and need not hold all"),
        (
            "get pods,svc -n shop",
            "http://api.billing",
            "outside the cluster, nor a namespace billing",
        ),
        (
            "get pods,svc -n shop",
            "http://wep",
            "the dump holds no Service wep in namespace shop, and need",
        ),
        ("get pods,svc -A", "http://example.com", "holds nothing of what lies outside the cluster"),
        ("get pods,svc -n shop", "http://10.96.9.9", "nothing of what lies outside the cluster: 10.96.9.9"),
        ("get pods,svc -A", "http://kubernetes.default:443", "no EndpointSlices of Service default/kubernetes"),
        (
            "get pods,svc,nodes -A",
            "http://172.18.0.2:10250",
            "no processes of nodes, so not what listens on port 10250",
        ),
        ("get pods,svc -n shop", "http://10.244.1.77", "the dump holds no Pod with the address 10.244.1.77"),
    ],
)
def test_what_a_dump_does_not_hold_is_named(selection: str, url: str, words: str) -> None:
    diagnosis = ask("kind", selection, url)
    assert diagnosis.verdict is Verdict.UNKNOWN and diagnosis.causes == ()
    assert words in diagnosis.answer


@pytest.mark.parametrize(
    ("distribution", "facts"),
    [
        ("k3s", ("10.42.0.0/23", "10.43.0.0/24", "10.43.0.10", "cluster.local")),
        ("kind", ("10.244.0.0/16", "10.96.0.0/16", "10.96.0.10", "cluster.local")),
        ("Calico", ("192.168.0.0/16", "10.96.0.0/12", "10.96.0.10", "corp.internal")),
        ("EKS", ("192.168.0.0/17", "10.100.0.0/24", "10.100.0.10", "cluster.local")),
    ],
)
def test_ranges_are_those_of_the_dump(distribution: str, facts: tuple[str, ...]) -> None:
    coverage = Cluster.from_objects(cluster(distribution)).coverage
    assert coverage is not None
    ground = coverage.addressing
    assert (ground.pods, ground.services, ground.dns, ground.domain) == facts


def test_a_table_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="got a Table, which holds only the columns of kubectl's output"):
        Cluster.from_objects({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "rows": []})


def test_lists_of_lists_typed_lists_and_several_texts_are_one_dump() -> None:
    objects = cluster("kind")
    pods = [
        {k: v for k, v in each.items() if k not in ("kind", "apiVersion")} for each in objects if each["kind"] == "Pod"
    ]
    typed = {"apiVersion": "v1", "kind": "PodList", "items": pods}
    nested = {
        "kind": "List",
        "apiVersion": "v1",
        "items": [{"kind": "List", "apiVersion": "v1", "items": objects[-2:]}],
    }
    two = dump(objects, "get svc,endpointslices -A") + "\n" + dump(objects, "get pods,svc,nodes -A")
    cluster_of = Cluster.from_objects([typed, nested, two])
    assert cluster_of.diagnose("pod/shop/client", "http://web.shop").verdict is Verdict.DELIVERED
