"""Dumps with one fault each: found by its rule where the dump holds all that it takes, else never a wrong verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.cluster.diagnosis import Diagnosis, Verdict
from tests.cluster.distributions import DISTRIBUTIONS, SELECTIONS, cluster, dump, pod, service, thing

Wire = dict[str, Any]
Objects = list[Wire]
ALL = "get pods,svc,endpointslices,nodes,cm,netpol -A"
DEFAULT = "http://web"


def the(objects: Objects, kind: str, name: str) -> Wire:
    return next(each for each in objects if each["kind"] == kind and each["metadata"]["name"].startswith(name))


def set_ready(objects: Objects, ready: bool, **conditions: str) -> None:
    """Every web Pod, and what the controller then writes of it."""
    for each in objects:
        if each["kind"] == "Pod" and each["metadata"]["name"].startswith("web-"):
            listed = {"Ready": str(ready), "ContainersReady": str(ready), **conditions}
            each["status"]["conditions"] = [{"type": name, "status": status} for name, status in listed.items()]
    for endpoint in the(objects, "EndpointSlice", "web")["endpoints"]:
        endpoint["conditions"] = {"ready": ready}


def no_endpoints(objects: Objects) -> None:
    the(objects, "EndpointSlice", "web").update(endpoints=None, ports=None)


def selector(objects: Objects) -> None:
    the(objects, "Service", "web")["spec"]["selector"] = {"app": "wep"}
    no_endpoints(objects)


def not_ready(objects: Objects) -> None:
    set_ready(objects, False)


def gate(objects: Objects) -> None:
    set_ready(objects, False, ContainersReady="True")
    for each in objects:
        if each["kind"] == "Pod" and each["metadata"]["name"].startswith("web-"):
            each["spec"]["readinessGates"] = [{"conditionType": "example.com/registered"}]


def port_name(objects: Objects) -> None:
    the(objects, "Service", "web")["spec"]["ports"][0]["targetPort"] = "web"
    the(objects, "EndpointSlice", "web")["ports"] = []


def by_hand(objects: Objects) -> None:
    """A Service without a selector, whose slice somebody wrote with another port name."""
    del the(objects, "Service", "web")["spec"]["selector"]
    the(objects, "EndpointSlice", "web")["ports"][0]["name"] = "web"


def of_names(objects: Objects) -> None:
    del the(objects, "Service", "web")["spec"]["selector"]
    piece = the(objects, "EndpointSlice", "web")
    piece["addressType"] = "FQDN"
    piece["endpoints"] = [{"addresses": ["web.example.com"], "conditions": {"ready": True}}]


def udp_only(objects: Objects) -> None:
    the(objects, "Service", "web")["spec"]["ports"][0]["protocol"] = "UDP"


def closed_to_client(objects: Objects) -> None:
    spec = {
        "podSelector": {"matchLabels": {"app": "web"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"run": "other"}}}]}],
    }
    objects.append(thing("NetworkPolicy", "only-other", "shop", "networking.k8s.io/v1", spec=spec))


def host_port(objects: Objects) -> None:
    not_ready(objects)
    no_endpoints(objects)
    webs = [each for each in objects if each["kind"] == "Pod" and each["metadata"]["name"].startswith("web-")]
    first = webs[0]
    node = first["spec"]["nodeName"]
    for each in webs:
        each["spec"]["containers"][0]["ports"][0]["hostPort"] = 8080
        each["status"] = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"}]}
        del each["spec"]["nodeName"]
    taken = pod("edge", "kube-system", "", (node, ""), {"app": "edge"}, "example.com/edge:1")
    taken["spec"]["containers"][0]["ports"][0]["hostPort"] = 8080
    taken["status"].pop("podIP")
    taken["status"].pop("podIPs")
    objects.append(taken)


def external(name: str) -> Callable[[Objects], None]:
    def change(objects: Objects) -> None:
        spec = {"type": "ExternalName", "externalName": name}
        objects.append(thing("Service", "out", "shop", spec=spec, status={"loadBalancer": {}}))

    return change


def default_policy(objects: Objects) -> None:
    the(objects, "Pod", "client")["spec"]["dnsPolicy"] = "Default"


def over(objects: Objects) -> None:
    the(objects, "Pod", "client")["status"] = {"phase": "Succeeded"}


def stateful(objects: Objects) -> None:
    the(objects, "Pod", "web-0")["spec"].update(hostname="web-0", subdomain="db")
    address = the(objects, "Service", "web")["spec"]["clusterIP"].replace(".77", ".78")
    objects.append(service("db", "shop", address, {"app": "web"}, [{"name": "http", "port": 80, "targetPort": 8080}]))


def dns_down(objects: Objects) -> None:
    the(objects, "Pod", "coredns")["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    the(objects, "EndpointSlice", "kube-dns")["endpoints"][0]["conditions"] = {"ready": False}


def nothing(objects: Objects) -> None:
    pass


FAULTS: dict[str, tuple[Callable[[Objects], None], str]] = {
    "selector-matches-nothing": (selector, DEFAULT),
    "pods-not-ready": (not_ready, DEFAULT),
    "readiness-gate": (gate, DEFAULT),
    "target-port-name-unknown": (port_name, DEFAULT),
    "slice-port-name": (by_hand, DEFAULT),
    "slice-fqdn": (of_names, DEFAULT),
    "protocol-not-in-service": (udp_only, DEFAULT),
    "policy-refuses": (closed_to_client, DEFAULT),
    "host-port-taken": (host_port, DEFAULT),
    "external-name-missing-target": (external("web.shopp.svc.cluster.local"), "http://out"),
    "external-name-is-address": (external("10.9.8.7"), "http://out"),
    "external-name-loop": (external("out.shop.svc.cluster.local"), "http://out"),
    "pod-not-asking-cluster-dns": (default_policy, DEFAULT),
    "source-not-running": (over, DEFAULT),
    "pod-name-not-under-service": (stateful, "http://web-0.web"),
    "dns-silent": (dns_down, DEFAULT),
    "name-not-found": (nothing, "http://wep"),
    "wrong-namespace": (nothing, "http://kube-dns"),
    "port-not-in-service": (nothing, "http://web:8080"),
    "no-service-at-address": (nothing, "http://{services}.99"),
    "port-closed": (nothing, "http://{node}:30123"),
}


def ask(distribution: str, selection: str, fault: str) -> Diagnosis:
    change, url = FAULTS[fault]
    which = DISTRIBUTIONS[distribution]
    url = url.format(services=which.api_address.rpartition(".")[0], node=next(iter(which.nodes.values())))
    objects = cluster(distribution)
    change(objects)
    return Cluster.from_objects(dump(objects, selection)).diagnose("pod/shop/client", url)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_where_the_dump_holds_all(fault: str) -> None:
    diagnosis = ask("k3s", ALL, fault)
    assert diagnosis.verdict is Verdict.FAILS
    assert [each.id for each in diagnosis.causes][:1] == [fault]
    finding = diagnosis.causes[0]
    assert finding.evidence and finding.look and "{" not in finding.look.replace("{.", "")
    assert diagnosis.to_json()["verdict"] == "fails"


CASES = [
    (fault, distribution, selection)
    for row, fault in enumerate(FAULTS)
    for column, distribution in enumerate(DISTRIBUTIONS)
    for selection in [list(SELECTIONS)[(row + 3 * column) % len(SELECTIONS)]]
]
"""Each fault on each distribution, with one selection after the other."""
CONDITIONS = {"policy-refuses": "NetworkPolicy", "dns-silent": "DNS server"}
"""Faults of which some selections show nothing: then the answer says on which condition it holds."""


@pytest.mark.parametrize(("fault", "distribution", "selection"), CASES)
def test_no_verdict_is_wrong_whatever_a_dump_holds(fault: str, distribution: str, selection: str) -> None:
    diagnosis = ask(distribution, selection, fault)
    found = (diagnosis.verdict, tuple(each.id for each in diagnosis.causes))
    if found == (Verdict.DELIVERED, ()):
        if fault == "policy-refuses" and distribution == "kubeadm with flannel":
            return  # nobody enforces policies there
        assert any(CONDITIONS[fault] in condition for condition in diagnosis.provided)
        assert diagnosis.answer.startswith("delivered, provided that ")
        return
    allowed = {(Verdict.UNKNOWN, ()), (Verdict.FAILS, (fault,))}
    if fault == "host-port-taken":  # by a Pod of another namespace
        allowed.add((Verdict.FAILS, ("pods-not-ready",)))
    assert found in allowed
