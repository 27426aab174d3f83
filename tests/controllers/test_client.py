"""The controllers' door beside the people's: the same writes leave the same objects, and meet the same refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.controllers.client import Client
from kubesim.simulation import Simulation

LABELS = {"app": "web"}
POD_SPEC = {"containers": [{"name": "nginx", "image": "nginx:1"}]}


def wire(kind: str, name: str, api_version: str = "v1", namespace: str = "default", **parts: Any) -> Wire:
    metadata = {"name": name, "namespace": namespace, **parts.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


REPLICA_SET = wire(
    "ReplicaSet",
    "web",
    "apps/v1",
    spec={
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": POD_SPEC},
    },
)
SLICE = wire(
    "EndpointSlice",
    "web-abc",
    "discovery.k8s.io/v1",
    metadata={"labels": {"kubernetes.io/service-name": "web"}},
    addressType="IPv4",
    endpoints=[{"addresses": ["10.42.0.9"], "conditions": {"ready": True}}],
    ports=[{"name": "", "port": 80, "protocol": "TCP"}],
)
ENDPOINTS = wire("Endpoints", "web", subsets=[{"addresses": [{"ip": "10.42.0.9"}], "ports": [{"port": 80}]}])
POD = wire("Pod", "web", metadata={"labels": LABELS}, spec=POD_SPEC)


class World:
    """A strict server with the Namespaces ``default`` and ``going``, which is terminating, and a door to write by."""

    def __init__(self) -> None:
        self.store = Store()
        self.api = ApiServer(Simulation(), self.store, strict=True)
        self.client = Client(self.api, self.store)
        for name in ("default", "going"):
            self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.api.delete(BY_KIND["Namespace"], "going")

    def given(self, *objects: Wire) -> None:
        for each in objects:
            self.api.create(each)

    def stored(self, like: Wire) -> Wire:
        found = self.store.get(like["kind"], like["metadata"]["name"], like["metadata"]["namespace"])
        assert found is not None
        return found


class People(World):
    """What controllers write, written as people would."""

    def create(self, new: Wire) -> None:
        self.api.create(new, new["metadata"].get("namespace", "default"))

    def update(self, new: Wire, subresource: str = "") -> None:
        self.api.replace(new, new["metadata"]["namespace"], subresource=subresource)

    def update_status(self, old: Wire, status: Wire) -> None:
        self.update({**old, "status": status}, "status")

    def update_annotations(self, old: Wire, annotations: dict[str, str]) -> None:
        self.update({**old, "metadata": {**old["metadata"], "annotations": annotations}}, "status")

    def set_finalizers(self, old: Wire, finalizers: list[str]) -> None:
        self.update({**old, "metadata": {**old["metadata"], "finalizers": finalizers}})

    def delete(self, old: Wire) -> None:
        self.api.delete(BY_KIND[old["kind"]], old["metadata"]["name"], propagation="Background")


class Controllers(World):
    """The same by the controllers' door."""

    def __getattr__(self, verb: str) -> Any:
        return getattr(self.client, verb)


def changed_spec(world: World, like: Wire, **spec: Any) -> Wire:
    old = world.stored(like)
    return {**old, "spec": {**old["spec"], **spec}}


def with_metadata(world: World, like: Wire, **metadata: Any) -> Wire:
    old = world.stored(like)
    return {**old, "metadata": {**old["metadata"], **metadata}}


def finalizer_of_a_dying_object(world: Any, finalizers: list[str]) -> None:
    world.set_finalizers(world.stored(REPLICA_SET), ["example.com/hold"])
    world.delete(world.stored(REPLICA_SET))
    world.set_finalizers(world.stored(REPLICA_SET), finalizers)


WRITES: dict[str, tuple[list[Wire], Callable[[Any], object]]] = {
    "a Pod is completed": ([], lambda world: world.create(POD)),
    "a name is made up": (
        [],
        lambda world: world.create({**POD, "metadata": {"generateName": "web-", "namespace": "default"}}),
    ),
    "an EndpointSlice has a generation": ([], lambda world: world.create(SLICE)),
    "a changed spec counts": ([REPLICA_SET], lambda world: world.update(changed_spec(world, REPLICA_SET, replicas=3))),
    "a changed label of a spec's kind does not": (
        [REPLICA_SET],
        lambda world: world.update(with_metadata(world, REPLICA_SET, labels={"a": "b"})),
    ),
    "a changed label of a slice does": (
        [SLICE],
        lambda world: world.update(with_metadata(world, SLICE, labels={"kubernetes.io/service-name": "db"})),
    ),
    "nothing changed": ([REPLICA_SET], lambda world: world.update(world.stored(REPLICA_SET))),
    "a status keeps the quality of service": (
        [POD],
        lambda world: world.update_status(world.stored(POD), {"phase": "Running"}),
    ),
    "annotations by the status subresource": (
        [REPLICA_SET],
        lambda world: world.update_annotations(world.stored(REPLICA_SET), {"deployment.kubernetes.io/revision": "1"}),
    ),
    "what only the server sets stays": (
        [REPLICA_SET],
        lambda world: world.update(
            with_metadata(world, REPLICA_SET, creationTimestamp="2020-01-01T00:00:00Z", generation=9)
        ),
    ),
    "a finalizer holds a deleted object": (
        [REPLICA_SET],
        lambda world: finalizer_of_a_dying_object(world, ["example.com/hold"]),
    ),
    "the last finalizer lets it go": ([REPLICA_SET], lambda world: finalizer_of_a_dying_object(world, [])),
    "a Service's finalizer moves no address": (
        [wire("Service", "web", spec={"ports": [{"port": 80}], "type": "NodePort"})],
        lambda world: world.set_finalizers(world.stored(wire("Service", "web")), ["example.com/hold"]),
    ),
    "a Pod that runs nowhere goes at once": ([POD], lambda world: world.delete(world.stored(POD))),
    "Endpoints that are gone are made again": (
        [],
        lambda world: world.update({**ENDPOINTS, "subsets": [{"addresses": [{"ip": "10.42.0.9"}]}]}),
    ),
}

REFUSALS: dict[str, tuple[list[Wire], Callable[[Any], object], int]] = {
    "a Namespace that is not there": ([], lambda world: world.create(wire("Pod", "web", namespace="nosuch")), 404),
    "a Namespace that is going": (
        [],
        lambda world: world.create(wire("Pod", "web", namespace="going", spec=POD_SPEC)),
        403,
    ),
    "a taken name": ([SLICE], lambda world: world.create(SLICE), 409),
    "a service account that is not there": (
        [],
        lambda world: world.create(wire("Pod", "web", spec={**POD_SPEC, "serviceAccountName": "nosuch"})),
        403,
    ),
    "a stale version": (
        [REPLICA_SET],
        lambda world: world.update(with_metadata(world, REPLICA_SET, resourceVersion="1")),
        409,
    ),
    "another object of that name": (
        [REPLICA_SET],
        lambda world: world.update(with_metadata(world, REPLICA_SET, uid="another")),
        409,
    ),
    "an object that is gone": ([], lambda world: world.update(REPLICA_SET), 404),
    "a Pod that could not be": (
        [],
        lambda world: world.create(wire("Pod", "web", spec={"containers": [{"name": "UPPER", "image": "a"}]})),
        422,
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_leaves_the_same_through_both_doors(name: str) -> None:
    given, write = WRITES[name]
    left = []
    for world in (People(), Controllers()):
        world.given(*given)
        write(world)
        left.append((world.store.snapshot(), world.store.resource_version, free(world)))
    assert left[0] == left[1]


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_the_same_through_both_doors(name: str) -> None:
    given, write, code = REFUSALS[name]
    refused = []
    for world in (People(), Controllers()):
        world.given(*given)
        before = world.store.snapshot(), world.store.resource_version
        with pytest.raises(ApiError) as caught:
            write(world)
        assert (world.store.snapshot(), world.store.resource_version) == before
        refused.append((caught.value.code, caught.value.reason, caught.value.message))
    assert refused[0] == refused[1]
    assert refused[0][0] == code


def free(world: World) -> tuple[int, int]:
    return world.api.addresses.left("IPv4"), world.api.node_ports.free


@pytest.mark.parametrize(
    ("write", "path"),
    [
        (
            lambda world: world.client.create({**SLICE, "ports": [{"name": "", "port": 80}]}),
            "ports[0].protocol must be 'TCP'",
        ),
        (lambda world: world.client.create({**SLICE, "extra": 1}), 'unknown field "extra"'),
        (lambda world: world.client.create({**SLICE, "addressType": "IPv5"}), "addressType"),
        (
            lambda world: world.client.update_status(world.stored(POD), {"conditions": [{"type": "A", "status": "B"}]}),
            "status.conditions[0].lastProbeTime must be None, is absent",
        ),
        (
            lambda world: world.client.bind(changed_spec(world, POD, nodeName="a", hostNetwork=False)),
            "spec.hostNetwork must be absent, is False",
        ),
    ],
)
def test_strict_mode_names_what_the_people_s_door_would_have_made_otherwise(
    write: Callable[[World], object], path: str
) -> None:
    world = World()
    world.given(POD)
    before = world.store.resource_version
    with pytest.raises(AssertionError, match="a controller must write what") as caught:
        write(world)
    assert path in str(caught.value)
    assert world.store.resource_version == before


def test_versions_share_what_a_write_did_not_change() -> None:
    world = World()
    world.given(POD)
    old = world.stored(POD)
    status = {"phase": "Running", "qosClass": "BestEffort"}
    world.client.update_status(old, status)
    new = world.stored(POD)
    assert new["spec"] is old["spec"]
    assert new["metadata"]["labels"] is old["metadata"]["labels"]
    assert new["status"] is status
    world.client.update_status(new, dict(status))
    assert world.stored(POD) is new, "an update that changes nothing is not sent"
