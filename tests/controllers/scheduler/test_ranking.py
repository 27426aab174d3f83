"""The best node is the one that a plain reading of upstream's plugins finds, whatever happened before."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest

from kubesim.api.objects import Node, view
from kubesim.controllers.scheduler.demand import Demand, Demands
from kubesim.controllers.scheduler.nodes import Nodes
from kubesim.controllers.scheduler.ranking import Ranking, balanced_allocation, least_allocated

CPUS, MEMORIES = ("0", "50m", "250m", "1"), ("0", "64Mi", "1Gi")
ZONES = ("a", "b")


def spec(cpu: str = "0", memory: str = "0", **more: Any) -> dict[str, Any]:
    requests = {name: amount for name, amount in (("cpu", cpu), ("memory", memory)) if amount != "0"}
    return {"containers": [{"name": "c", "resources": {"requests": requests}}], **more}


def node(name: str, chance: random.Random, *, taints: bool) -> Node:
    effect = chance.choice(["PreferNoSchedule", "NoSchedule"])
    return view(
        {
            "metadata": {"name": name, "labels": {"zone": chance.choice(ZONES)}},
            "spec": {"taints": [{"key": "k", "effect": effect}] if taints and chance.random() < 0.5 else []},
            "status": {"allocatable": {"cpu": chance.choice(["1", "4"]), "memory": "4Gi", "pods": "6"}},
        },
        Node,
    )


def preferring(zone: str) -> dict[str, Any]:
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]}
    preferred = [{"weight": 10, "preference": term}]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


class PlainCluster:
    """Counts everything anew each time, in fractions."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.pods: dict[int, tuple[str, Demand, str]] = {}

    def on(self, name: str) -> list[tuple[Demand, str]]:
        return [(demand, group) for where, demand, group in self.pods.values() if where == name]

    def capacity(self, name: str, resource: str) -> Fraction:
        text = (self.nodes[name].status.allocatable or {})[resource]
        return Fraction(text.removesuffix("Gi")) * (2**30 if text.endswith("Gi") else 1)

    def feasible(self, name: str, demand: Demand) -> bool:
        pods = [each for each, _ in self.on(name)]
        hard = any(taint.effect == "NoSchedule" for taint in self.nodes[name].spec.taints or [])
        cpu, memory = sum(p.cpu for p in pods) + demand.cpu, sum(p.memory for p in pods) + demand.memory
        return (
            not hard
            and len(pods) < self.capacity(name, "pods")
            and (not demand.cpu or Fraction(cpu, 10**9) <= self.capacity(name, "cpu"))
            and (not demand.memory or Fraction(memory, 10**9) <= self.capacity(name, "memory"))
        )

    def scores(self, demand: Demand, group: str, zone: str) -> dict[str, int]:
        names = [name for name in self.nodes if self.feasible(name, demand)]
        soft = {n: len(self.nodes[n].spec.taints or []) for n in names}
        liked = {n: 10 if zone and (self.nodes[n].metadata.labels or {})["zone"] == zone else 0 for n in names}
        crowd = {n: sum(g == group for _, g in self.on(n)) for n in names}

        def normal(raw: dict[str, int], name: str) -> int:
            highest = max(raw.values())
            return raw[name] * 100 // highest if highest else 0

        result = {}
        for n in names:
            free, shares = [], []
            for resource in ("cpu", "memory"):
                pods = [each for each, _ in self.on(n)] + [demand]
                capacity = self.capacity(n, resource)
                scored = Fraction(sum(getattr(p, f"scored_{resource}") for p in pods), 10**9)
                used = Fraction(sum(getattr(p, resource) for p in pods), 10**9)
                free.append(math.floor((capacity - scored) * 100 / capacity) if scored <= capacity else 0)
                shares.append(min(Fraction(1), used / capacity))
            balance = math.floor((1 - abs(shares[0] - shares[1]) / 2) * 100)
            spread = 2 * (100 - normal(crowd, n)) if group else 0
            taints = 3 * (100 - normal(soft, n))
            result[n] = sum(free) // 2 + balance + spread + taints + 2 * normal(liked, n)
        return result


@pytest.mark.parametrize("seed", range(20))
def test_the_best_node_is_that_of_a_plain_count(seed: int) -> None:
    chance = random.Random(seed)
    plain, nodes, demands = PlainCluster(), Nodes(), Demands()
    rankings: dict[Demand, Ranking] = {}
    for step in range(120):
        action = chance.random()
        if step < 5 or action < 0.08:
            name = f"n{chance.randrange(8)}"
            made = node(name, chance, taints=seed % 2 == 1)
            plain.nodes[name] = made
            nodes.put(name, made)
            continue
        if action < 0.12 and len(plain.nodes) > 1:
            name = chance.choice(sorted(plain.nodes))
            del plain.nodes[name]
            nodes.put(name, None)
            continue
        if action < 0.35 and plain.pods:
            gone = chance.choice(sorted(plain.pods))
            del plain.pods[gone]
            nodes.release(("default", str(gone)))
            continue
        zone = chance.choice(["", *ZONES]) if seed % 3 == 0 else ""
        asked = spec(chance.choice(CPUS), chance.choice(MEMORIES), **({"affinity": preferring(zone)} if zone else {}))
        demand, group = demands.of(asked), chance.choice(["", "x", "y"])
        ranking = rankings.setdefault(demand, Ranking(demand, nodes))
        ranking.refresh()
        expected = plain.scores(demand, group, zone)
        assert len(ranking) == len(expected)
        if expected:
            crowd = {name: len(plain.on(name)) for name in expected}
            best = min(expected, key=lambda name: (-expected[name], crowd[name], name))
            assert ranking.best(group) == best
            plain.pods[step] = best, demand, group
            nodes.occupy(("default", str(step)), best, demand, group)


def test_a_ranking_that_was_not_asked_for_long_looks_at_all_nodes_again() -> None:
    nodes, demands, chance = Nodes(), Demands(), random.Random(0)
    for name in ("a", "b", "c"):
        nodes.put(name, node(name, chance, taints=False))
    demand = demands.of(spec("50m"))
    ranking = Ranking(demand, nodes)
    for round in range(2000):
        nodes.occupy(("default", str(round)), "a", demands.of(spec()), "")
        nodes.release(("default", str(round)))
    nodes.put("b", None)
    for _ in range(2000):
        nodes.occupy(("default", "again"), "a", demands.of(spec()), "")
        nodes.release(("default", "again"))
    for number in range(6):
        nodes.occupy(("default", f"full-{number}"), "c", demands.of(spec()), "")
    ranking.refresh()
    assert [name in ranking for name in ("a", "b", "c")] == [True, False, False]
    assert ranking.refusals == {"Too many pods": 1}


def test_equal_demands_are_one_object_and_the_wording_of_quantities_does_not_count() -> None:
    demands = Demands()
    assert demands.of(spec("1")) is demands.of(spec("1000m"))
    assert demands.of(spec("1")) is not demands.of(spec("1", nodeSelector={"a": "b"}))
    assert demands.of(spec("1")) is not demands.of(spec("2"))


@pytest.mark.parametrize(
    ("cpu", "memory", "fit", "balance"),
    [
        ("0", "0", (97 + 95) // 2, 100),  # scored as 100m of 4 and 200Mi of 4Gi
        ("2", "0", (50 + 95) // 2, 75),
        ("2", "2Gi", 50, 100),
        ("4", "0", (0 + 95) // 2, 50),
    ],
)
def test_scores_of_an_empty_node(cpu: str, memory: str, fit: int, balance: int) -> None:
    nodes = Nodes()
    made = view({"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "4", "memory": "4Gi"}}}, Node)
    nodes.put("n", made)
    demand, record = Demands().of(spec(cpu, memory)), nodes.records["n"]
    assert (least_allocated(record, demand), balanced_allocation(record, demand)) == (fit, balance)
