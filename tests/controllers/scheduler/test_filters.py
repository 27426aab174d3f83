"""Which nodes let a Pod in. The rules of selectors are those of the Kubernetes page on assigning Pods to nodes."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Node, PodSpec, view
from kubesim.controllers.scheduler.demand import DEFAULT_CPU, DEFAULT_MEMORY, NANO, Demands
from kubesim.controllers.scheduler.filters import matches_node, preference, refusal, shortages, soft_taints
from kubesim.controllers.scheduler.nodes import NodeRecord, Usage

LABELS = {"zone": "a", "cores": "8"}


def node(*taints: tuple[str, str, str], unschedulable: bool = False, **allocatable: str) -> Node:
    spec = {
        "taints": [{"key": key, "value": value, "effect": effect} for key, value, effect in taints],
        "unschedulable": unschedulable,
    }
    return view(
        {"metadata": {"name": "n", "labels": LABELS}, "spec": spec, "status": {"allocatable": allocatable}}, Node
    )


def pod(**spec: Any) -> PodSpec:
    return view(spec, PodSpec)


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}


def labelled(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("term", "matches"),
    [
        (labelled("zone", "In", "a", "b"), True),
        (labelled("zone", "In", "b"), False),
        (labelled("other", "In", ""), False),
        (labelled("zone", "NotIn", "a"), False),
        (labelled("zone", "NotIn", "b"), True),
        (labelled("other", "NotIn", "a"), True),
        (labelled("zone", "Exists"), True),
        (labelled("other", "Exists"), False),
        (labelled("zone", "DoesNotExist"), False),
        (labelled("other", "DoesNotExist"), True),
        (labelled("cores", "Gt", "7"), True),
        (labelled("cores", "Gt", "8"), False),
        (labelled("cores", "Lt", "9"), True),
        (labelled("cores", "Lt", "8"), False),
        (labelled("zone", "Gt", "1"), False),
        (labelled("other", "Lt", "9"), False),
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}, True),
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["m"]}]}, False),
        (
            {
                **labelled("zone", "In", "a"),
                "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["m"]}],
            },
            False,
        ),
        (
            {
                **labelled("zone", "In", "b"),
                "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}],
            },
            False,
        ),
        ({}, False),  # an empty term matches nothing
    ],
)
def test_a_term_of_node_affinity(term: dict[str, Any], matches: bool) -> None:
    assert matches_node(pod(affinity=required(term)), node()) is matches
    preferred = [{"weight": 7, "preference": term}, {"weight": 2, "preference": labelled("zone", "Exists")}]
    spec = pod(affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}})
    assert preference(spec, node()) == (9 if matches else 2)


@pytest.mark.parametrize(
    ("spec", "matches"),
    [
        ({}, True),
        ({"nodeSelector": {"zone": "a"}}, True),
        ({"nodeSelector": {"zone": "a", "cores": "4"}}, False),
        ({"nodeSelector": {"other": "a"}}, False),
        ({"affinity": required(labelled("zone", "In", "b"), labelled("cores", "Exists"))}, True),  # one term is enough
        ({"affinity": required(labelled("zone", "In", "b"), labelled("other", "Exists"))}, False),
        ({"nodeSelector": {"zone": "b"}, "affinity": required(labelled("zone", "In", "a"))}, False),
        ({"affinity": {"podAntiAffinity": {}}}, True),
    ],
)
def test_selector_and_affinity_must_both_fit(spec: dict[str, Any], matches: bool) -> None:
    assert matches_node(pod(**spec), node()) is matches


NO, NOW, SOFT = "NoSchedule", "NoExecute", "PreferNoSchedule"
CORDON = "node.kubernetes.io/unschedulable"
EVERYTHING = [{"operator": "Exists"}]


@pytest.mark.parametrize(
    ("spec", "of", "words"),
    [
        ({}, node(), ""),
        ({}, node(("k", "v", NO)), "node(s) had untolerated taint {k: v}"),
        ({}, node(("k", "", NOW)), "node(s) had untolerated taint {k: }"),
        ({}, node(("k", "v", SOFT)), ""),
        (
            {"tolerations": [{"key": "k", "operator": "Exists"}]},
            node(("k", "v", NO), ("l", "", NO)),
            "node(s) had untolerated taint {l: }",
        ),
        ({"tolerations": EVERYTHING}, node(("k", "v", NO), ("l", "", NOW)), ""),
        ({}, node(unschedulable=True), "node(s) were unschedulable"),
        ({}, node(("k", "v", NO), unschedulable=True), "node(s) were unschedulable"),
        ({"tolerations": [{"key": CORDON, "operator": "Exists", "effect": NO}]}, node(unschedulable=True), ""),
        (
            {"tolerations": [{"key": CORDON, "operator": "Exists", "effect": NOW}]},
            node(unschedulable=True),
            "node(s) were unschedulable",
        ),
        ({"nodeSelector": {"zone": "b"}}, node(), "node(s) didn't match Pod's node affinity/selector"),
        ({"nodeSelector": {"zone": "b"}}, node(("k", "v", NO)), "node(s) had untolerated taint {k: v}"),
    ],
)
def test_why_a_node_does_not_let_a_pod_in(spec: dict[str, Any], of: Node, words: str) -> None:
    assert refusal(pod(**spec), of) == words


def test_soft_taints_are_counted_where_nothing_tolerates_them() -> None:
    of = node(("a", "", SOFT), ("b", "", SOFT), ("c", "", NO))
    assert soft_taints(pod(), of) == 2
    assert soft_taints(pod(tolerations=[{"key": "a", "operator": "Exists"}]), of) == 1
    assert soft_taints(pod(tolerations=EVERYTHING), of) == 0


def containers(*requests: tuple[str, str], **more: Any) -> dict[str, Any]:
    listed = [
        {"name": "c", "resources": {"requests": {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v}}}
        for cpu, memory in requests
    ]
    return {"containers": listed, **more}


def ports(*listed: tuple[str, str, int]) -> dict[str, Any]:
    made = [{"protocol": p, "hostIP": a, "hostPort": n, "containerPort": 80} for p, a, n in listed]
    return {"containers": [{"name": "c", "ports": made}]}


BUSY = "node(s) didn't have free ports for the requested pod ports"


@pytest.mark.parametrize(
    ("there", "asked", "short"),
    [
        ([], containers(("2", "4Gi")), ()),
        ([], containers(("2001m", "")), ("Insufficient cpu",)),
        ([], containers(("1", ""), ("1", "5Gi")), ("Insufficient memory",)),
        ([], containers(("3", "5Gi")), ("Insufficient cpu", "Insufficient memory")),
        ([containers(("1500m", "3Gi"))], containers(("500m", "1Gi")), ()),
        ([containers(("1500m", "3Gi"))], containers(("501m", "2Gi")), ("Insufficient cpu", "Insufficient memory")),
        ([containers(("2", "4Gi"))], containers(("", "")), ()),  # who asks for nothing fits where nothing is left
        ([containers(("", ""))] * 3, containers(("9", "")), ("Too many pods", "Insufficient cpu")),
        ([containers(("", ""))] * 2, containers(("", "")), ()),
        ([ports(("TCP", "", 80))], ports(("TCP", "", 80)), (BUSY,)),
        ([ports(("TCP", "", 80))], ports(("UDP", "", 80)), ()),
        ([ports(("TCP", "", 80))], ports(("TCP", "", 81)), ()),
        ([ports(("TCP", "10.0.0.1", 80))], ports(("TCP", "", 80)), (BUSY,)),
        ([ports(("TCP", "", 80))], ports(("TCP", "10.0.0.1", 80)), (BUSY,)),
        ([ports(("TCP", "10.0.0.1", 80))], ports(("TCP", "10.0.0.1", 80)), (BUSY,)),
        ([ports(("TCP", "10.0.0.1", 80))], ports(("TCP", "10.0.0.2", 80)), ()),
    ],
)
def test_what_a_node_has_too_little_of(
    there: list[dict[str, Any]], asked: dict[str, Any], short: tuple[str, ...]
) -> None:
    demands, usage = Demands(), Usage()
    for each in there:
        usage.add(demands.of(each))
    of = NodeRecord(node(cpu="2", memory="4Gi", pods="3"), usage)
    assert shortages(demands.of(asked), of) == short
    for each in there:
        usage.add(demands.of(each), -1)
    assert not usage.conflicts(demands.of(asked)) and (usage.pods, usage.cpu, usage.memory) == (0, 0, 0)
    assert (usage.scored_cpu, usage.scored_memory) == (0, 0)


def test_what_a_pod_asks_for() -> None:
    demands = Demands()
    limited = {"name": "c", "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "500m"}}}
    asked = demands.of({"containers": [limited, {"name": "d"}]})
    assert (asked.cpu, asked.memory) == (NANO // 2, 2**30 * NANO)  # a limit without a request is the request
    assert (asked.scored_cpu, asked.scored_memory) == (NANO // 2 + DEFAULT_CPU, 2**30 * NANO + DEFAULT_MEMORY)
    assert (DEFAULT_CPU, DEFAULT_MEMORY) == (NANO * 100 // 1000, 200 * 2**20 * NANO)
    network = {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}], "hostNetwork": True}
    assert demands.of(network).ports == {("TCP", "0.0.0.0", 80)}
    assert demands.of({**network, "hostNetwork": False}).ports == frozenset()


def test_pods_that_ask_for_the_same_share_their_demand() -> None:
    demands = Demands()
    one = demands.of({**containers(("1", "")), "nodeSelector": {"zone": "a"}, "dnsPolicy": "Default"})
    two = demands.of({**containers(("1000m", "")), "nodeSelector": {"zone": "a"}})
    assert one is two and one.spec.nodeSelector == {"zone": "a"}
    assert demands.of({**containers(("1", "")), "nodeSelector": {"zone": "b"}}) != one
