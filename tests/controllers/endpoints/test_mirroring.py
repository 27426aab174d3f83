"""Endpoints that a person wrote become slices, as upstream's ``endpointslicemirroring`` makes them."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.resources import BY_KIND
from kubesim.controllers.endpoints.mirroring import EndpointSliceMirroringController, mirrors
from tests.controllers.control_plane import ControlPlane

SERVICE_NAME, MANAGED_BY = "kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"
MIRRORING = "endpointslicemirroring-controller.k8s.io"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SUBSET = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}


def endpoints(*subsets: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    whole = {"name": "web", "namespace": "default", "uid": "u", **metadata}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": whole, "subsets": list(subsets)}


def test_one_slice_a_subset_with_its_ports_and_conditions() -> None:
    target = {"kind": "Pod", "name": "p"}
    named = {"ip": "10.0.0.1", "hostname": "a", "nodeName": "n", "targetRef": target}
    ports = [{"name": "http", "port": 80, "protocol": "TCP", "appProtocol": "http"}, {"port": 53, "protocol": "UDP"}]
    first = {"addresses": [named], "notReadyAddresses": [{"ip": "10.0.0.2"}], "ports": ports}
    one, two = mirrors(endpoints(first, {"addresses": [{"ip": "10.0.0.3"}]}))
    assert (one["apiVersion"], one["kind"], one["addressType"]) == ("discovery.k8s.io/v1", "EndpointSlice", "IPv4")
    assert one["endpoints"] == [
        {
            "addresses": ["10.0.0.1"],
            "conditions": {"ready": True},
            "hostname": "a",
            "nodeName": "n",
            "targetRef": target,
        },
        {"addresses": ["10.0.0.2"], "conditions": {"ready": False}},
    ]
    assert one["ports"] == [
        {"name": "http", "port": 80, "protocol": "TCP", "appProtocol": "http"},
        {"name": "", "port": 53, "protocol": "UDP"},
    ]
    assert two["endpoints"] == [{"addresses": ["10.0.0.3"], "conditions": {"ready": True}}]
    assert two["ports"] == []
    assert mirrors(endpoints({"ports": [{"port": 80}]}))[0]["ports"][0]["protocol"] == "TCP"
    assert mirrors(endpoints()) == []


def test_labels_and_annotations_are_taken_over_but_for_those_that_say_who_keeps_it() -> None:
    labels = {"own": "kept", SERVICE_NAME: "other", MANAGED_BY: "somebody"}
    annotations = {"own": "kept", TRIGGER: "now", LAST_APPLIED: "{}"}
    (mirror,) = mirrors(endpoints(SUBSET, labels=labels, annotations=annotations))
    assert mirror["metadata"] == {
        "annotations": {"own": "kept"},
        "generateName": "web-",
        "labels": {"own": "kept", SERVICE_NAME: "web", MANAGED_BY: MIRRORING},
        "namespace": "default",
        "ownerReferences": [
            {
                "apiVersion": "v1",
                "blockOwnerDeletion": True,
                "controller": True,
                "kind": "Endpoints",
                "name": "web",
                "uid": "u",
            }
        ],
    }
    (bare,) = mirrors(endpoints(SUBSET, annotations={TRIGGER: "now"}))
    assert "annotations" not in bare["metadata"]


def test_a_thousand_addresses_of_a_subset_are_mirrored_ready_ones_first() -> None:
    def addresses(third: int, count: int) -> list[dict[str, str]]:
        return [{"ip": f"10.{third}.{number // 200}.{number % 200}"} for number in range(count)]

    (mirror,) = mirrors(endpoints({"addresses": addresses(0, 999), "notReadyAddresses": addresses(1, 5)}))
    ready = [endpoint["conditions"]["ready"] for endpoint in mirror["endpoints"]]
    assert (len(ready), ready.count(True)) == (1000, 999)


class Lab(ControlPlane):
    """A Service ``web`` without a selector, and the mirroring controller."""

    def __init__(self) -> None:
        super().__init__()
        self.manager.add(EndpointSliceMirroringController(self.client))
        self.make("Service", "web", spec={"ports": [{"port": 80}]})

    def write(self, *subsets: dict[str, Any], **metadata: Any) -> None:
        if self.has("Endpoints", "web"):
            wire = self.get("Endpoints", "web")
            self.api.replace({**wire, "subsets": list(subsets), "metadata": {**wire["metadata"], **metadata}})
        else:
            self.make("Endpoints", "web", subsets=list(subsets), metadata=metadata)
        self.simulation.settle()

    def mirrored(self) -> list[list[str]]:
        """The addresses of each slice."""
        return [
            [address for endpoint in piece["endpoints"] or [] for address in endpoint["addresses"]]
            for piece in self.store.list("EndpointSlice")
        ]


def subset(*addresses: str, port: int = 80) -> dict[str, Any]:
    return {"addresses": [{"ip": address} for address in addresses], "ports": [{"port": port}]}


def test_mirrors_follow_their_endpoints() -> None:
    lab = Lab()
    lab.write(subset("10.0.0.1"))
    assert lab.mirrored() == [["10.0.0.1"]]
    (name,) = [piece["metadata"]["name"] for piece in lab.store.list("EndpointSlice")]
    lab.write(subset("10.0.0.1", "10.0.0.2"), subset("10.0.0.3", port=81), labels={"own": "label"})
    assert sorted(lab.mirrored()) == [["10.0.0.1", "10.0.0.2"], ["10.0.0.3"]]
    assert lab.get("EndpointSlice", name)["metadata"]["labels"]["own"] == "label"
    lab.write(subset("10.0.0.3", port=81))
    assert lab.mirrored() == [["10.0.0.3"]]
    lab.write()
    assert lab.mirrored() == []


def test_a_mirror_that_somebody_changes_or_deletes_is_mended() -> None:
    lab = Lab()
    lab.write(subset("10.0.0.1"))
    (piece,) = lab.store.list("EndpointSlice")
    lab.api.replace({**piece, "endpoints": []})
    lab.simulation.settle()
    assert lab.mirrored() == [["10.0.0.1"]]
    lab.api.delete(BY_KIND["EndpointSlice"], piece["metadata"]["name"], "default")
    lab.simulation.settle()
    assert lab.mirrored() == [["10.0.0.1"]]


def test_a_mirror_that_is_right_is_left_alone() -> None:
    lab = Lab()
    lab.write(subset("10.0.0.1"))
    (before,) = lab.store.list("EndpointSlice")
    service = lab.get("Service", "web")
    lab.api.replace({**service, "spec": {**service["spec"], "sessionAffinity": "ClientIP"}})
    lab.simulation.settle()
    assert lab.store.list("EndpointSlice") == [before]


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}},
    ],
)
def test_endpoints_that_do_not_want_to_be_mirrored(metadata: dict[str, Any]) -> None:
    lab = Lab()
    lab.write(subset("10.0.0.1"))
    lab.write(subset("10.0.0.1"), **metadata)
    assert lab.mirrored() == []


def test_skipping_must_be_said_with_true() -> None:
    lab = Lab()
    lab.write(subset("10.0.0.1"), labels={"endpointslice.kubernetes.io/skip-mirror": "false"})
    assert lab.mirrored() == [["10.0.0.1"]]


def test_a_selector_or_the_service_s_end_takes_the_mirrors_away() -> None:
    lab = Lab()
    lab.write(subset("10.0.0.1"))
    service = lab.get("Service", "web")
    lab.api.replace({**service, "spec": {**service["spec"], "selector": {"app": "web"}}})
    lab.simulation.settle()
    assert lab.mirrored() == []
    lab.api.delete(BY_KIND["Service"], "web", "default")
    lab.simulation.settle()
    lab.write(subset("10.0.0.2"))
    assert lab.mirrored() == []
    lab.make("Service", "web", spec={"ports": [{"port": 80}]})
    lab.simulation.settle()
    assert lab.mirrored() == [["10.0.0.2"]]


def test_slices_of_others_are_not_touched() -> None:
    lab = Lab()
    lab.make("EndpointSlice", "own", addressType="IPv4", endpoints=[], metadata={"labels": {SERVICE_NAME: "web"}})
    lab.write(subset("10.0.0.1"))
    lab.write()
    assert [piece["metadata"]["name"] for piece in lab.store.list("EndpointSlice")] == ["own"]
