"""Events are a log until somebody looks; nobody can tell the difference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.controllers.client import Client
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.simulation import Simulation


class World:
    """A server with the Namespace ``default``, a Pod's wire form and a recorder.

    :param eager: somebody watches Events, so that each is made at once.
    """

    def __init__(self, *, eager: bool = False) -> None:
        self.simulation, self.store = Simulation(), Store()
        self.api = ApiServer(self.simulation, self.store, strict=True)
        self.events = EventRecorder(self.simulation, Client(self.api, self.store))
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        self.heard: list[tuple[str, Wire | None]] = []
        if eager:
            self.store.watch(lambda change: self.heard.append((change.type, change.new)), ["Event"])

    def record(self, name: str = "web", reason: str = "Pulling", **more: Any) -> None:
        self.events.record(pod(name), NORMAL, reason, "a message", component="kubelet", host="worker", **more)

    def announce(self, name: str = "web", reason: str = "FailedScheduling") -> None:
        self.events.announce(
            pod(name), WARNING, reason, "no node", action="Scheduling", component="scheduler", instance="scheduler-1"
        )

    @property
    def logged(self) -> list[Wire]:
        return self.store.list("Event")


def pod(name: str, namespace: str = "default") -> Wire:
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "7"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}


def test_an_event_says_what_happened_to_what_and_who_says_so() -> None:
    world = World()
    world.simulation.advance(2)
    world.record(field_path="spec.containers{nginx}")
    (event,) = world.logged
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "fieldPath": "spec.containers{nginx}",
        "kind": "Pod",
        "name": "web",
        "namespace": "default",
        "resourceVersion": "7",
        "uid": "uid-web",
    }
    assert event["source"] == {"component": "kubelet", "host": "worker"}
    assert (event["reportingComponent"], event["reportingInstance"]) == ("kubelet", "worker")
    moment = "2026-07-01T09:00:02Z"
    assert (event["firstTimestamp"], event["lastTimestamp"], event["count"]) == (moment, moment, 1)
    assert (event["type"], event["reason"], event["message"]) == ("Normal", "Pulling", "a message")
    assert event["metadata"]["name"].startswith("web.")


@pytest.mark.parametrize("looked_at_between", [False, True])
def test_a_repeated_event_is_counted(looked_at_between: bool) -> None:
    world = World()
    for _ in range(3):
        world.record()
        world.simulation.advance(10)
        assert not looked_at_between or world.logged
    (event,) = world.logged
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (
        3,
        "2026-07-01T09:00:00Z",
        "2026-07-01T09:00:20Z",
    )


def test_a_repeat_of_the_newer_api_grows_a_series() -> None:
    world = World()
    world.announce()
    assert "series" not in world.logged[0]
    world.simulation.advance(1.5)
    world.announce()
    world.announce()
    (event,) = world.logged
    assert event["eventTime"] == "2026-07-01T09:00:00.000000Z"
    assert event["series"] == {"count": 3, "lastObservedTime": "2026-07-01T09:00:01.500000Z"}


@pytest.mark.parametrize(
    "other",
    [{"name": "db"}, {"reason": "Pulled"}, {"field_path": "spec.containers{nginx}"}],
    ids=lambda other: next(iter(other)),
)
def test_what_makes_an_event_another(other: dict[str, str]) -> None:
    world = World()
    world.record()
    world.record(**other)
    assert [event["count"] for event in world.logged] == [1, 1]


def test_what_is_said_where_nothing_can_be_stored_is_lost() -> None:
    world = World()
    world.events.record(pod("web", "nosuch"), NORMAL, "Pulling", "a message", component="kubelet")
    assert world.logged == []


def test_an_unread_event_is_no_object_but_has_its_version() -> None:
    world = World()
    before = int(world.store.resource_version)
    world.record()
    world.store.commit(pod("web"))
    assert int(world.store.resource_version) == before + 2
    assert world.logged[0]["metadata"]["resourceVersion"] == str(before + 1)


def test_whoever_begins_to_watch_is_told_only_of_what_is_said_from_then_on() -> None:
    world = World()
    world.record()
    heard: list[str] = []
    world.store.watch(lambda change: heard.append(change.type))
    world.record(reason="Pulled")
    world.record()
    assert heard == ["ADDED", "MODIFIED"]


STEPS = st.one_of(
    st.tuples(st.just("record"), st.sampled_from(["web", "db"]), st.sampled_from(["Pulling", "Pulled"])),
    st.tuples(st.just("announce"), st.sampled_from(["web", "db"]), st.just("FailedScheduling")),
    st.tuples(st.sampled_from(["wait", "look", "delete", "write", "close"]), st.just(""), st.just("")),
)


@given(st.lists(STEPS, max_size=25))
def test_a_log_leaves_what_events_made_at_once_leave(steps: list[tuple[str, str, str]]) -> None:
    lazy, eager = World(), World(eager=True)
    for world in (lazy, eager):
        for step, name, reason in steps:
            match step:
                case "record":
                    world.record(name, reason)
                case "announce":
                    world.announce(name, reason)
                case "wait":
                    world.simulation.advance(1.25)
                case "look" if world is lazy:
                    assert world.store.kinds()
                case "delete":
                    for event in world.logged[:1]:
                        world.store.delete("Event", event["metadata"]["name"], "default")
                case "write":
                    world.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "c-"}})
                case "close":
                    namespace = world.store.get("Namespace", "default")
                    assert namespace is not None
                    metadata = {**namespace["metadata"], "deletionTimestamp": "2026-07-01T09:00:00Z"}
                    world.store.commit({**namespace, "metadata": metadata})
                    break
    assert lazy.store.snapshot() == eager.store.snapshot()
    assert lazy.store.resource_version == eager.store.resource_version
    assert len([event for event, _ in eager.heard if event == "ADDED"]) >= len(lazy.logged)
