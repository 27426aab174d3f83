"""A new Namespace is filled, a deleted one emptied before it goes."""

from __future__ import annotations

from kubesim.api.resources import BY_KIND
from kubesim.controllers.namespaces import NamespaceController
from tests.controllers.control_plane import CONTAINERS, ControlPlane

ROOT = "kube-root-ca.crt"


class Lab(ControlPlane):
    """The Namespaces ``default`` and ``shop``."""

    def __init__(self) -> None:
        super().__init__()
        self.manager.add(NamespaceController(self.manager, self.client, "a certificate"))
        self.make("Namespace", "shop", namespace="")
        self.simulation.settle()

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        self.api.delete(BY_KIND[kind], name, namespace)
        self.simulation.settle()


def test_a_new_namespace_has_a_service_account_and_the_certificate() -> None:
    lab = Lab()
    for namespace in ("default", "shop"):
        assert lab.has("ServiceAccount", "default", namespace)
        assert lab.get("ConfigMap", ROOT, namespace)["data"] == {"ca.crt": "a certificate"}
    described = lab.get("ConfigMap", ROOT)["metadata"]["annotations"]["kubernetes.io/description"]
    assert described.startswith("Contains a CA bundle that can be used to verify the kube-apiserver")


def test_what_is_missing_is_made_again() -> None:
    lab = Lab()
    lab.delete("ServiceAccount", "default", "shop")
    lab.delete("ConfigMap", ROOT, "shop")
    assert lab.has("ServiceAccount", "default", "shop") and lab.has("ConfigMap", ROOT, "shop")


def test_a_deleted_namespace_takes_along_what_is_in_it_and_nothing_else() -> None:
    lab = Lab()
    for namespace in ("default", "shop"):
        lab.make("ConfigMap", "c", namespace=namespace)
        lab.make("Service", "s", namespace=namespace, spec={"ports": [{"port": 80}]})
        lab.make("EndpointSlice", "e", namespace=namespace, addressType="IPv4", endpoints=[])
    lab.delete("Namespace", "shop")
    assert not lab.has("Namespace", "shop", "")
    kinds = ("ConfigMap", "Service", "EndpointSlice", "ServiceAccount")
    assert [wire for kind in kinds for wire in lab.store.list(kind, "shop")] == []
    assert all(lab.has(kind, name) for kind, name in (("ConfigMap", "c"), ("Service", "s"), ("EndpointSlice", "e")))


def test_a_namespace_waits_for_the_last_object_that_is_held() -> None:
    lab = Lab()
    held = {"finalizers": ["example.com/held"]}
    lab.make("Pod", "p", namespace="shop", metadata=held, spec={"containers": CONTAINERS})
    lab.make("ConfigMap", "c", namespace="shop", metadata=held)
    lab.delete("Namespace", "shop")
    assert lab.get("Namespace", "shop", "")["status"]["phase"] == "Terminating"
    assert not lab.has("ServiceAccount", "default", "shop")
    lab.client.set_finalizers(lab.get("Pod", "p", "shop"), [])
    lab.simulation.settle()
    assert lab.has("Namespace", "shop", "")
    lab.client.set_finalizers(lab.get("ConfigMap", "c", "shop"), [])
    lab.simulation.settle()
    assert not lab.has("Namespace", "shop", "")


def test_pods_go_first_and_events_last() -> None:
    lab = Lab()
    order: list[str] = []
    kinds = ["Event", "Pod", "ConfigMap", "Service"]
    lab.store.watch(lambda change: order.append(change.kind) if change.type == "DELETED" else None, kinds)
    pod = lab.make("Pod", "p", namespace="shop", spec={"containers": CONTAINERS})
    lab.make("Service", "s", namespace="shop", spec={"ports": [{"port": 80}]})
    lab.events.record(pod, "Normal", "Said", "a word", component="test")
    lab.delete("Namespace", "shop")
    assert order == ["Pod", "Service", "ConfigMap", "Event"]
