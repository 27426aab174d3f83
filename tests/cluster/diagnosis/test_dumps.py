"""Dumps of healthy clusters, as several commands print them: no verdict may be wrong, whatever the dump leaves out."""

import json
import re
from typing import Any

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


def test_nobody_is_judged_that_the_dump_does_not_hold() -> None:
    """A DNS server stands in where the dump shows none; it is no Service and no Pod of that cluster."""
    shown = Cluster.from_objects(dump(cluster("kind"), "get pods,svc,endpointslices -n shop"))
    assert {pair.target for pair in shown.diagnose_all()} == {"web.shop:80"}
    assert repr(shown).startswith("Cluster of a dump: 2 nodes, 4 Pods, 1 Service (")
    diagnosis = shown.diagnose("pod/shop/client", "http://kube-dns.kube-system:9153")
    assert diagnosis.verdict is Verdict.UNKNOWN


def test_some_of_the_pods_are_not_all() -> None:
    """``get pod/client pod/web-0 svc/web``: that the one selected Pod is not ready says nothing of the others."""
    chosen = [each for each in cluster("kind") if each["metadata"]["name"] in ("client", "web-0", "web")]
    chosen = [each for each in chosen if each["kind"] in ("Pod", "Service")]
    next(each for each in chosen if each["metadata"]["name"] == "web-0")["status"]["conditions"] = []
    diagnosis = Cluster.from_objects(chosen).diagnose("pod/shop/client", "http://web")
    assert (diagnosis.verdict, diagnosis.causes) == (Verdict.UNKNOWN, ())
    assert "no ready Pod that Service shop/web selects, and need not hold all" in diagnosis.answer


def network_policy(*, version: str = "networking.k8s.io/v1", kind: str = "NetworkPolicy", **spec: Any) -> Any:
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, **spec}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "own", "namespace": "shop"}, "spec": spec}


TO_TEAM = network_policy(ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}])
TO_SHOP = network_policy(
    ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}]}]
)
TO_NOBODY = network_policy(ingress=[])
ONLY_TO_WEB = network_policy(
    podSelector={}, policyTypes=["Egress"], egress=[{"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]
)
OF_CALICO = network_policy(version="crd.projectcalico.org/v1", selector="all()", ingress=[{"action": "Deny"}])
OF_CILIUM = network_policy(version="cilium.io/v2", kind="CiliumNetworkPolicy")
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
KNATIVE = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}


@pytest.mark.parametrize(
    ("added", "url", "answer"),
    [
        ([TO_TEAM], "http://web", "cannot be told: the dump holds no Namespaces, by whose labels"),
        ([TO_TEAM, NAMESPACE], "http://web", "fails (dropped), because: NetworkPolicies select Pod shop/web-"),
        ([TO_SHOP], "http://web", "delivered"),
        ([ONLY_TO_WEB], "http://web", "fails (dropped), because: NetworkPolicies select Pod shop/client for Egress"),
        ([ONLY_TO_WEB], "http://{web}", "delivered"),
        ([TO_NOBODY, OF_CILIUM], "http://web", "cannot be told: kubesim follows only NetworkPolicies of networking."),
        ([TO_SHOP, OF_CILIUM], "http://web", "delivered, provided that no CiliumNetworkPolicy forbids it"),
        ([TO_SHOP, OF_CALICO], "http://web", "delivered, provided that no NetworkPolicy forbids it (kubesim follows"),
        ([TO_SHOP, KNATIVE], "http://web", "delivered"),
        ([], "http://[fd00::1]:80", "cannot be told: kubesim follows IPv4 only, and fd00::1 is IPv6"),
    ],
)
def test_policies_are_judged_by_all_that_they_rest_on(added: list[Any], url: str, answer: str) -> None:
    """A look-up by name needs a way to the DNS server; other groups' policies may open and close what these do not."""
    objects = [each for each in cluster("k3s") if each["kind"] not in ("Namespace", "NetworkPolicy")]
    web = next(each for each in objects if (each["kind"], each["metadata"]["name"]) == ("Service", "web"))
    asked = url.format(web=web["spec"]["clusterIP"])
    told = Cluster.from_objects([*objects, *added]).diagnose("pod/shop/client", asked)
    assert told.answer.startswith(answer)
    assert answer != "delivered" or told.answer == answer


def test_pods_that_slices_name_and_the_dump_lacks_are_no_proof() -> None:
    """``get pods -A --field-selector spec.nodeName=…``: it has kube-system, and still not all Pods."""
    chosen = [each for each in cluster("kind") if not (each["kind"] == "Pod" and each["metadata"]["name"] == "web-1")]
    piece = next(each for each in chosen if each["kind"] == "EndpointSlice" and each["metadata"]["namespace"] == "shop")
    for number, endpoint in enumerate(piece["endpoints"]):
        endpoint["targetRef"] = {"kind": "Pod", "namespace": "shop", "name": f"web-{number}"}
    diagnosis = Cluster.from_objects(chosen).diagnose("pod/shop/client", "http://web")
    assert diagnosis.verdict is Verdict.UNKNOWN and "need not hold all" in diagnosis.answer


def in_ipv6(wire: Any) -> Any:
    """The same object in an IPv6-only cluster: each address behind fd00::."""
    text = re.sub(r"\b(\d+)\.(\d+)\.(\d+)\.(\d+)\b", r"fd00::\1:\2:\3:\4", json.dumps(wire))
    return json.loads(text.replace('"IPv4"', '"IPv6"'))


@pytest.mark.parametrize("selection", ["get all -A", "get pods,svc,endpointslices -n shop"])
def test_an_ipv6_only_cluster_cannot_be_told(selection: str) -> None:
    objects = [in_ipv6(each) for each in cluster("minikube") if each["kind"] not in ("ConfigMap", "Node")]
    shown = Cluster.from_objects(dump(objects, selection))
    diagnosis = shown.diagnose("pod/shop/client", "http://web")
    assert (diagnosis.verdict, diagnosis.causes) == (Verdict.UNKNOWN, ())
    pairs = shown.diagnose_all()
    assert not len(pairs) and any("kubesim follows IPv4 only" in text for text in pairs.left_out)
