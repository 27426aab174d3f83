"""A tally kept Pod by Pod is what counting all Pods would give, and looks at no Pod of which there is no news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.store import Key
from kubesim.controllers import replicaset
from kubesim.controllers.pods import available_in, is_active, is_ready, is_terminating
from kubesim.controllers.replicaset import ReplicaSetController
from kubesim.controllers.tally import Tally
from tests.controllers.control_plane import ControlPlane

NOW = datetime(2026, 7, 1, 9, 0, 30, tzinfo=UTC)


def random_pod(chance: Random) -> Wire:
    metadata: Wire = {"labels": {"app": "web", **({"canary": "yes"} if chance.random() < 0.5 else {})}}
    if chance.random() < 0.2:
        metadata["deletionTimestamp"] = "2026-07-01T09:00:00Z"
    ready = {"type": "Ready", "status": chance.choice(["True", "False"])}
    if chance.random() < 0.9:
        ready["lastTransitionTime"] = f"2026-07-01T09:00:{chance.randrange(31):02}Z"
    status = {"phase": chance.choice(["Pending", "Running", "Running", "Failed"]), "conditions": [ready]}
    return {"metadata": metadata, "spec": chance.choice([{}, {"nodeName": "worker"}]), "status": status}


def test_a_tally_is_what_counting_all_pods_gives() -> None:
    chance, tally, pods = Random(1), Tally("1"), dict[Key, Wire]()
    for _ in range(600):
        key = ("default", chance.choice("abcdefghijklmnop"))
        if chance.random() < 0.2:
            pods.pop(key, None)
        else:
            pods[key] = random_pod(chance)
        tally.note(key, pods.get(key))
        active = {name: pod for name, pod in pods.items() if is_active(pod)}
        waits = [available_in(pod, 20, NOW) for pod in active.values()]
        assert tally.active == len(active)
        assert tally.terminating == sum(map(is_terminating, pods.values()))
        assert tally.ready == sum(map(is_ready, active.values()))
        assert tally.available(0, NOW) == (tally.ready, None)
        assert tally.available(20, NOW) == (waits.count(0), min(filter(None, waits), default=None))
        assert tally.labelled({"canary": "yes"}) == sum("canary" in p["metadata"]["labels"] for p in active.values())
        assert sorted(tally.assigned) == sorted(name for name, pod in active.items() if pod["spec"])
        waiting = sorted(name for name, pod in active.items() if not pod["spec"])
        assert tally.first_unassigned(2, lambda key: key) == waiting[:2]
        assert tally.first_unassigned(99, lambda key: key) == waiting


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The Pods that a ReplicaSet's controller looks at, by name."""
    looked: list[str] = []

    class Watched(Tally):
        def note(self, key: Key, pod: Wire | None) -> None:
            looked.append(key[1])
            super().note(key, pod)

    monkeypatch.setattr(replicaset, "Tally", Watched)
    yield looked


def test_one_pods_news_costs_a_look_at_one_pod(looked_at: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    plane = ControlPlane()
    plane.manager.add(ReplicaSetController(plane.simulation, plane.manager, plane.client, plane.events))
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": 60, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    plane.make("ReplicaSet", "web", spec=spec)
    plane.simulation.settle()
    pods = [wire["metadata"]["name"] for wire in plane.store.list("Pod")]
    assert sorted(looked_at) == sorted(pods)
    looked_at.clear()
    ask = plane.store.list

    def ask_for_no_pods(kind: str, *rest: Any) -> list[Wire]:
        assert kind != "Pod", "whoever asks for all Pods looks at all"
        return ask(kind, *rest)

    monkeypatch.setattr(plane.store, "list", ask_for_no_pods)
    monkeypatch.setattr(plane.store, "owned_by", None)
    plane.set_status("Pod", pods[7], conditions=[{"type": "Ready", "status": "True"}])
    plane.simulation.settle()
    assert looked_at == [pods[7]]
    assert plane.get("ReplicaSet", "web")["status"]["readyReplicas"] == 1
    looked_at.clear()
    plane.client.delete(plane.get("Pod", pods[3]), grace_period_seconds=0)
    plane.simulation.settle()
    assert len(set(looked_at)) == 2  # the one that went and the one that came for it
