"""``dns_real.json``: the answers of the real CoreDNS on real API objects, under three Corefiles.

Order of records is left out (Go's maps and ``loadbalance`` shuffle them), so are SOA serials; under ``stock`` so is the
case of names, because its cache gives them as the first asker spelt them. ``dynamics`` are the same questions before
and after a change: each recorded answer must be the one that the objects of that moment give.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.network.dns.coredns import CoreDNS
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.dns.plugins.base import Surroundings
from kubesim.network.service import Client
from kubesim.simulation import Simulation
from tests.conformance.result import Result, judged
from tests.network.dns.surroundings import DeadNetwork, TextFiles

CLIENT = Client("10.42.0.9", 40000)
PORTS = {"stock": 10053, "plain": 10054, "verified": 10055}


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Every query under every Corefile, then TCP, then the changes."""
    items = objects_of(document)
    server = coredns(document, KubernetesObjects.of(items))
    for sort, port in PORTS.items():
        yield from judged(
            [{**case, "id": f"{sort}/{case['qname']} {case['qtype']}"} for case in document["queries"]],
            lambda case, sort=sort, port=port: [_query(server, case, sort, port)],
        )
    for case in document.get("tcp") or []:
        query = DnsQuery(case["qname"], case["qtype"], transport="TCP")
        expected = answers(case["stock"], "stock")
        got = seen(server.on_port(PORTS["stock"]).handle(query, CLIENT), "stock")
        yield Result(f"tcp/{case['qname']} {case['qtype']}", expected == got, expected, got)
    yield from dynamics(document, items)


def _query(server: CoreDNS, case: dict[str, Any], sort: str, port: int) -> Result:
    recorded = case["stock"] if case[sort] == "same" else case[sort]
    query = DnsQuery(case["qname"], case["qtype"])
    expected, got = answers(recorded, sort), seen(server.on_port(port).handle(query, CLIENT), sort)
    return Result(case["id"], expected == got, expected, got)


def objects_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The recorded API objects."""
    items: list[dict[str, Any]] = document["objects"]["items"]
    return items


def coredns(document: dict[str, Any], objects: KubernetesObjects) -> CoreDNS:
    """The server with the recorded Corefile."""
    files = {"/etc/coredns/Corefile": document["corefile"], "/etc/coredns/NodeHosts": document["nodehosts"]}
    return CoreDNS(Surroundings(objects, TextFiles(files), DeadNetwork(), Simulation(), addresses=("127.0.0.1",)))


def answers(recorded: dict[str, Any], sort: str) -> tuple[Any, ...]:
    """A recorded response in the form that is compared."""
    sections = (
        sorted((one["name"], one["ttl"], one["type"], one["data"]) for one in recorded[section])
        for section in ("answer", "authority", "additional")
    )
    return _comparable(recorded["rcode"], recorded["flags"].lower(), list(sections), sort)


def seen(response: DnsResponse, sort: str) -> tuple[Any, ...]:
    """A simulated response in the same form."""
    sections = (
        sorted((one.name, one.ttl, one.type, one.data) for one in section)
        for section in (response.answer, response.authority, response.additional)
    )
    return _comparable(response.rcode, response.flags, list(sections), sort)


def _comparable(rcode: str, flags: str, sections: list[Any], sort: str) -> tuple[Any, ...]:
    def plain(record: tuple[str, int, str, str]) -> tuple[str, int, str, str]:
        name, ttl, record_type, data = record
        if record_type == "SOA":
            data = re.sub(r"(hostmaster\.\S+) \d+", r"\1 SERIAL", data)
        if sort == "stock":
            name, data = name.lower(), data.lower()
        return (name, ttl, record_type, data)

    return (rcode, flags, *(sorted(plain(record) for record in section) for section in sections))


def dynamics(document: dict[str, Any], items: list[dict[str, Any]]) -> Iterator[Result]:
    """Each change, applied to the objects; the last recorded answer is the one after the change."""
    current = copy.deepcopy(items)
    yield from judged(
        [{**case, "id": f"dynamics/{case['label']}"} for case in document.get("dynamics") or []],
        lambda case: _dynamic(document, current, case),
    )


def _dynamic(document: dict[str, Any], current: list[dict[str, Any]], case: dict[str, Any]) -> Iterator[Result]:
    before = copy.deepcopy(current)
    change(case, current)
    name, record_type = case["query"]
    possible = []
    for state in (before, current):
        server = coredns(document, KubernetesObjects.of(state))
        response = server.on_port(PORTS["plain"]).handle(DnsQuery(f"{name}.", record_type), CLIENT)
        possible.append((response.rcode, sorted(record.data for record in response.answer)))
    for number, moment in enumerate(case["seen"]):
        expected = (moment["rcode"], sorted(moment["data"]))
        passed = expected == possible[-1] if number == len(case["seen"]) - 1 else expected in possible
        yield Result(f"dynamics/{case['label']}/{number}", passed, expected, possible)


def change(case: dict[str, Any], items: list[dict[str, Any]]) -> None:
    """Do to the objects what the recorded command led to."""
    words = case["cmd"].split()
    namespace = "default"

    def find(kind: str, name: str) -> dict[str, Any]:
        return next(
            one
            for one in items
            if one["kind"] == kind
            and one["metadata"]["name"] == name
            and one["metadata"].get("namespace", namespace) == namespace
        )

    match words[1]:
        case "create":
            address = case["seen"][-1]["data"][0]
            spec = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": [{"port": 80}]}
            items.append({"kind": "Service", "metadata": {"name": words[4], "namespace": namespace}, "spec": spec})
        case "delete" if words[2] in ("service", "svc"):
            items.remove(find("Service", words[3]))
        case "delete" if words[2] == "pod":
            for endpoint in endpoints_of(items, words[3]):
                endpoint["conditions"] = {"ready": False, "serving": True, "terminating": True}
        case "annotate":
            ready = case["cmd"].endswith("oracle/state-")
            for endpoint in endpoints_of(items, words[3]):
                endpoint["conditions"] = {"ready": ready, "serving": ready, "terminating": False}
        case "patch":
            wanted = re.search(r'"externalName":"([^"]+)"', case["cmd"])
            assert wanted is not None, case["cmd"]
            find("Service", words[3])["spec"]["externalName"] = wanted[1]
        case other:
            raise AssertionError(f"no change is known for {other!r}: {case['cmd']}")


def endpoints_of(items: list[dict[str, Any]], pod: str) -> list[dict[str, Any]]:
    """The endpoints of a Pod, in all slices but those that publish it whatever its state."""
    publishing = {
        one["metadata"]["name"]
        for one in items
        if one["kind"] == "Service" and one["spec"].get("publishNotReadyAddresses")
    }
    return [
        endpoint
        for slice_ in items
        if slice_["kind"] == "EndpointSlice"
        and slice_["metadata"].get("labels", {}).get("kubernetes.io/service-name") not in publishing
        for endpoint in slice_.get("endpoints") or []
        if (endpoint.get("targetRef") or {}).get("name") == pod
    ]
