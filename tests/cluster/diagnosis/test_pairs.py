"""Verdicts on all pairs are found for clients that are alike together; each must be what the pair itself gets."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.cluster.diagnosis import Verdict
from tests.cluster.distributions import Wire, cluster, piece, pod, service, thing

NODES = {"a": "10.0.0.4", "b": "10.0.0.5", "c": "10.0.1.6"}
NAMESPACES = ("shop", "back")
APPS = ("web", "api", "db")


def random_cluster(seed: int) -> list[Wire]:
    """A small cluster of three nodes in which anything may be wrong."""
    dice = random.Random(seed)
    proxy = f"mode: {dice.choice(['iptables', 'nftables'])}\nclusterCIDR: 10.244.0.0/16\n"
    plugin = dice.choice(["calico-node-x1", "kube-flannel-ds-x1", "aws-node-x1"])
    found = [
        thing("ConfigMap", "kube-proxy", "kube-system", data={"config.conf": proxy}),
        pod(plugin, "kube-system", NODES["a"], ("a", NODES["a"]), {}, "example.com/cni:1", hostNetwork=True),
    ]
    for name, address in NODES.items():
        zone = {"topology.kubernetes.io/zone": "z1" if name == "a" else "z2"}
        addresses = [{"type": "InternalIP", "address": address}]
        ready = [{"type": "Ready", "status": "True"}]
        status: dict[str, Any] = {"addresses": addresses, "conditions": ready}
        found.append(thing("Node", name, metadata={"labels": zone}, spec={}, status=status))
    pods = []
    for number in range(dice.randint(4, 10)):
        node = dice.choice(list(NODES.items()))
        inside = dice.random() < 0.8
        address = f"10.244.{number % 3}.{number + 5}" if inside else f"100.64.0.{number + 5}"
        extra: dict[str, Any] = {"hostNetwork": True} if dice.random() < 0.1 else {}
        labels = {"app": dice.choice(APPS), "tier": dice.choice("xy")}
        image = dice.choice(["example.com/app:1", "nginx:1.27"])
        where = node[1] if extra else address
        one = pod(f"p{number}", dice.choice(NAMESPACES), where, node, labels, image, **extra)
        pods.append(one)
    found += pods
    for number in range(dice.randint(2, 5)):
        name, namespace, app = f"s{number}", dice.choice(NAMESPACES), dice.choice(APPS)
        target = dice.choice([80, 8080, 9])
        ports = [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": target}]
        policy = {"internalTrafficPolicy": "Local"} if dice.random() < 0.3 else {}
        affinity = {"sessionAffinity": "ClientIP"} if dice.random() < 0.2 else {}
        found.append(service(name, namespace, f"10.96.0.{number + 20}", {"app": app}, ports, **policy, **affinity))
        chosen = [each for each in pods if each["metadata"]["labels"]["app"] == app]
        chosen = [each for each in chosen if each["metadata"]["namespace"] == namespace]
        ends = [(each["status"]["podIP"], each["spec"]["nodeName"], dice.random() < 0.8) for each in chosen]
        if dice.random() < 0.2:
            ends.append(("10.244.9.9", "b", True))  # a Pod that is gone
        mine = piece(name, namespace, dict.fromkeys(ends), [{"name": "http", "port": target, "protocol": "TCP"}])
        if dice.random() < 0.3:
            for each in mine["endpoints"]:
                each["hints"] = {"forZones": [{"name": dice.choice(["z1", "z2"])}]}
        if dice.random() < 0.9:
            found.append(mine)
    for number in range(dice.choice([0, 0, 1, 3])):
        peers = [
            {"podSelector": {"matchLabels": {"tier": "x"}}},
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "db"}}},
            {"ipBlock": {"cidr": "10.0.0.0/24"}},
            {"ipBlock": {"cidr": "10.244.0.0/23", "except": ["10.244.1.0/24"]}},
        ]
        way = dice.choice(["Ingress", "Egress"])
        rule = {"from" if way == "Ingress" else "to": dice.sample(peers, dice.randint(1, 2))}
        if dice.random() < 0.4:
            rule["ports"] = [{"port": dice.choice([80, 8080, "http"])}]
        selector = {"matchLabels": {"app": dice.choice(APPS)}} if dice.random() < 0.7 else {}
        spec = {"podSelector": selector, "policyTypes": [way], way.lower(): [rule]}
        found.append(thing("NetworkPolicy", f"n{number}", dice.choice(NAMESPACES), "networking.k8s.io/v1", spec=spec))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_verdict_of_a_class_is_that_of_each_pair(seed: int) -> None:
    dumped = Cluster.from_objects(random_cluster(seed))
    for found in dumped.diagnose_all():
        service_, _, port = found.target.rpartition(":")
        name, namespace = service_.split(".")
        address = dumped.get("service", name, namespace).spec.clusterIP
        alone = dumped.diagnose(found.source, f"http://{address}:{port}")
        assert (found.verdict, found.outcome, found.missing) == (alone.verdict, alone.outcome, alone.missing)
        assert list(found.findings) == list(alone.findings)


def test_the_work_does_not_grow_with_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    from kubesim.cluster.diagnosis import ways

    walks = []
    follow = ways.follow
    monkeypatch.setattr(ways, "follow", lambda *given: walks.append(1) or follow(*given))
    counts = []
    for many in (10, 40):
        objects = cluster("kind")
        place = ("kind-worker", "172.18.0.2")
        objects += [pod(f"c{n}", "shop", f"10.244.1.{100 + n}", place, {}, "example.com/c:1") for n in range(many)]
        walks.clear()
        pairs = Cluster.from_objects(objects).diagnose_all()
        counts.append(len(walks))
        assert set(pairs.verdicts()) <= {Verdict.DELIVERED, Verdict.UNKNOWN}
    assert counts[0] == counts[1]


def test_what_is_not_asked_is_named() -> None:
    objects = cluster("kind")
    objects.append(service("headless", "shop", "None", {"app": "web"}, [{"name": "http", "port": 80}]))
    waiting = pod("late", "shop", "", ("kind-worker", "172.18.0.2"), {}, "example.com/c:1")
    waiting["status"] = {"phase": "Pending"}
    pairs = Cluster.from_objects([*objects, waiting]).diagnose_all()
    assert "service/shop/headless: headless, so it has no address of its own" in pairs.left_out
    assert "pod/shop/late: it has no address" in pairs.left_out


def test_a_pair_can_be_picked() -> None:
    pairs = Cluster.from_objects(cluster("kind")).diagnose_all()
    assert len(pairs) == len(list(pairs)) == len(pairs[:]) and pairs[-1].source == pairs[len(pairs) - 1].source
    with pytest.raises(IndexError, match="a pair must be one of"):
        pairs[len(pairs)]
