"""Claims and volumes. Expected: upstream's persistent volume controller and recorded sessions."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.controllers.volumes import NOTHING_FITS, VolumeController
from tests.controllers.control_plane import ControlPlane

CLAIM, VOLUME = "PersistentVolumeClaim", "PersistentVolume"


class Disks(ControlPlane):
    """A control plane that binds claims."""

    def __init__(self) -> None:
        super().__init__()
        self.manager.add(VolumeController(self.simulation, self.manager, self.client, self.events))

    def claim(self, name: str, size: str = "1Gi", mode: str = "ReadWriteOnce", **spec: Any) -> None:
        own = {"accessModes": [mode], "resources": {"requests": {"storage": size}}, **spec}
        self.make(CLAIM, name, spec=own)

    def volume(self, name: str, size: str = "1Gi", mode: str = "ReadWriteOnce", **spec: Any) -> None:
        labels = spec.pop("labels", {})
        own = {"accessModes": [mode], "capacity": {"storage": size}, "hostPath": {"path": "/d"}, **spec}
        self.make(VOLUME, name, namespace="", spec=own, metadata={"labels": labels})

    def delete(self, kind: str, name: str) -> None:
        self.api.delete(BY_KIND[kind], name, "" if kind == VOLUME else "default")
        self.simulation.advance(1)

    def phase(self, kind: str, name: str) -> str:
        wire = self.get(kind, name, "" if kind == VOLUME else "default")
        return str(wire["status"]["phase"])

    def bound_to(self, claim: str) -> str | None:
        self.simulation.advance(20)
        name = self.get(CLAIM, claim)["spec"].get("volumeName")
        assert (name is not None) == (self.phase(CLAIM, claim) == "Bound")
        return name


VOLUMES: list[tuple[str, dict[str, Any]]] = [
    ("large", {"size": "10Gi"}),
    ("middle", {"size": "5Gi", "labels": {"tier": "gold"}}),
    ("small", {"size": "1Gi"}),
    ("shared", {"size": "2Gi", "mode": "ReadWriteMany"}),
    ("fast", {"size": "2Gi", "storageClassName": "fast"}),
    ("block", {"size": "2Gi", "volumeMode": "Block"}),
    ("kept", {"size": "20Gi", "claimRef": {"namespace": "default", "name": "mine"}}),
]


@pytest.mark.parametrize(
    ("name", "claim", "expected"),
    [
        ("a", {"size": "1Gi"}, "small"),
        ("a", {"size": "1500Mi"}, "middle"),  # the smallest that is large enough
        ("a", {"size": "6Gi"}, "large"),
        ("a", {"size": "11Gi"}, None),  # one is kept for another claim
        ("mine", {"size": "1Gi"}, "kept"),  # even where a smaller one fits
        ("a", {"mode": "ReadWriteMany"}, "shared"),
        ("a", {"mode": "ReadOnlyMany"}, None),
        ("a", {"storageClassName": "fast"}, "fast"),
        ("a", {"storageClassName": "slow"}, None),
        ("a", {"storageClassName": ""}, "small"),
        ("a", {"volumeMode": "Block"}, "block"),
        ("a", {"selector": {"matchLabels": {"tier": "gold"}}}, "middle"),
        ("a", {"selector": {"matchLabels": {"tier": "tin"}}}, None),
        ("a", {"volumeName": "large"}, "large"),
    ],
)
def test_a_claim_takes_the_smallest_volume_that_fits(name: str, claim: dict[str, Any], expected: str | None) -> None:
    disks = Disks()
    for each, spec in VOLUMES:
        disks.volume(each, **spec)
    disks.simulation.advance(1)
    disks.claim(name, **claim)
    assert disks.bound_to(name) == expected
    bound = [each for each, _ in VOLUMES if disks.phase(VOLUME, each) == "Bound"]
    assert bound == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, ("Normal", "FailedBinding", NOTHING_FITS)),
        (
            {"storageClassName": "fast"},
            ("Warning", "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found'),
        ),
    ],
)
def test_a_claim_that_finds_nothing_says_so_and_looks_again(spec: dict[str, Any], said: tuple[str, str, str]) -> None:
    disks = Disks()
    disks.claim("a", **spec)
    assert disks.bound_to("a") is None
    assert disks.said("a") == [said]
    disks.volume("v", **spec)
    assert disks.bound_to("a") == "v"


def test_two_claims_never_share_a_volume() -> None:
    disks = Disks()
    for name in ("a", "b", "c"):
        disks.claim(name)
    for name in ("v", "w"):
        disks.volume(name)
    bound = [disks.bound_to(name) for name in ("a", "b", "c")]
    assert sorted(name for name in bound if name) == ["v", "w"]


def test_a_claim_that_went_leaves_its_volume_released_for_nobody_else() -> None:
    disks = Disks()
    disks.volume("v")
    disks.claim("a")
    assert disks.bound_to("a") == "v"
    disks.delete(CLAIM, "a")
    assert not disks.has(CLAIM, "a")
    assert disks.phase(VOLUME, "v") == "Released"
    disks.claim("a")  # the same name is another claim
    assert disks.bound_to("a") is None


def test_a_claim_is_held_by_the_pod_that_mounts_it() -> None:
    disks = Disks()
    disks.claim("a")
    disks.node("n")
    mounts: Wire = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "a"}}]}
    disks.pod("waits", spec=mounts)
    disks.pod("runs", node="n", spec=mounts)
    disks.delete(CLAIM, "a")
    assert disks.get(CLAIM, "a")["metadata"]["deletionTimestamp"]
    disks.store.delete("Pod", "runs", "default")
    disks.simulation.advance(1)
    assert not disks.has(CLAIM, "a")  # a Pod without a node does not hold it


def test_a_volume_is_held_by_the_claim_that_it_is_bound_to() -> None:
    disks = Disks()
    disks.volume("v")
    disks.claim("a")
    assert disks.bound_to("a") == "v"
    disks.delete(VOLUME, "v")
    assert disks.get(VOLUME, "v", "")["metadata"]["deletionTimestamp"]
    disks.delete(CLAIM, "a")
    disks.simulation.advance(20)
    assert not disks.has(VOLUME, "v", "")


def test_a_claim_whose_volume_is_gone_is_lost() -> None:
    disks = Disks()
    disks.volume("v")
    disks.claim("a")
    assert disks.bound_to("a") == "v"
    disks.store.delete(VOLUME, "v", "")
    disks.simulation.advance(1)
    assert disks.phase(CLAIM, "a") == "Lost"
    assert [reason for _, reason, _ in disks.said("a")] == ["ClaimLost"]
