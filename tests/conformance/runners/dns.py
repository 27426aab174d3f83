"""``dns.json``: CoreDNS's own test cases of the ``kubernetes`` plugin, over the objects of ``dns_fixtures.json``.

A fixture keeps objects in CoreDNS's own model. Namespaces are not part of it: those that objects are in exist.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kubesim.network.dns import names
from kubesim.network.dns.cluster_names import NoSuchNameError, StandsFor, ZoneSettings, parse_name
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.objects import (
    Address,
    EndpointsEntry,
    KubernetesObjects,
    Port,
    ServiceEntry,
    Subset,
)
from kubesim.network.dns.zone import KubernetesZone
from tests.conformance.result import Result

NO_PORTS = (Port("", "", -1),)
IMPORTED_FROM = "cluster1"
"""The cluster that upstream's tests import every endpoint from."""
UPSTREAM = {"ext.interwebs.test.": "1.2.3.4"}
"""The name outside the cluster that upstream's tests resolve; its answer is marked as cut."""


def run(path: Path, document: Any) -> Iterator[Result]:
    """Each case; the fixtures' own file holds none."""
    if isinstance(document, dict):
        return
    fixtures = json.loads((path.parent / "dns_fixtures.json").read_text(encoding="utf-8"))
    for case in document:
        runner = RUN.get(case["kind"])
        if runner is None:
            yield Result(case["id"], False, case.get("output"), f"no runner for cases of kind {case['kind']}")
            continue
        try:
            expected, got = runner(case, fixtures)
        except Exception:  # one case must not hide the others
            expected, got = case.get("response", case.get("output")), traceback.format_exc()
        yield Result(case["id"], expected == got, expected, got)


def objects_of(fixture: dict[str, Any], serial: int) -> KubernetesObjects:
    """A fixture as the plugin's cache."""
    cache = KubernetesObjects(synced=fixture["has_synced"], modified=serial)
    cache.imported = KubernetesObjects()
    for one in fixture["services"]:
        spec, key = one["spec"], (one["metadata"]["name"], one["metadata"]["namespace"])
        cache.put_service(key, _service(key, spec))
        cache.put_namespace(key[1])
    for one in fixture["endpoints"]:
        key = (one["name"], one["namespace"])
        entry = _endpoints(one)
        cache.put_endpoints(key, entry)
        imported = replace(entry, service=entry.service or entry.name, cluster=IMPORTED_FROM)
        cache.imported.put_endpoints(key, imported)
        cache.put_namespace(key[1])
    for one in fixture["service_imports"]:
        key = (one["Name"], one["Namespace"])
        addresses = ("None",) if one["Type"] == "Headless" else tuple(one["ClusterIPs"] or [])
        ports = tuple(Port(port["name"], port["protocol"], port["port"]) for port in one["Ports"] or [])
        cache.imported.put_service(key, ServiceEntry(*key, cluster_ips=addresses, ports=ports or NO_PORTS))
        cache.put_namespace(key[1])
    for one in fixture["pods"]:
        cache.put_pod(one["name"], one["namespace"], one["podIP"])
        cache.put_namespace(one["namespace"])
    return cache


def _service(key: tuple[str, str], spec: dict[str, Any]) -> ServiceEntry:
    ports = tuple(Port(port.get("name", ""), port.get("protocol", ""), port["port"]) for port in spec["ports"] or [])
    addresses = tuple(spec["clusterIPs"] or [])
    return ServiceEntry(*key, spec["type"], addresses, spec["externalName"], ports or NO_PORTS)


def _endpoints(one: dict[str, Any]) -> EndpointsEntry:
    subsets = tuple(
        Subset(
            tuple(
                Address(address["ip"], address["hostname"], address["targetRefName"]) for address in subset["addresses"]
            ),
            tuple(Port(port["name"], port["protocol"], port["port"]) for port in subset["ports"]) or NO_PORTS,
        )
        for subset in one["subsets"]
    )
    return EndpointsEntry(one["name"], one["namespace"], one["service"], subsets)


def _settings(config: dict[str, Any]) -> ZoneSettings:
    falls = config["fallthrough"]
    return ZoneSettings(
        zones=tuple(config["zones"]),
        pods=config["pod_mode"],
        ttl=config["ttl"],
        namespaces=frozenset(config["namespaces"]),
        endpoint_pod_names=config["endpoint_name_mode"],
        ignore_empty_service=config["ignore_empty_service"],
        fallthrough=tuple(falls) if falls is not None else None,
        local_addresses=tuple(config["local_ips"] or ()),
        multicluster_zones=tuple(config["multicluster_zones"] or ()),
    )


def _zone(case: dict[str, Any], fixtures: dict[str, Any], serial: int = 0) -> KubernetesZone:
    fixture = fixtures[case["fixture"]]
    return KubernetesZone(objects_of(fixture, serial), _settings(case["config"]))


def _query(case: dict[str, Any], fixtures: dict[str, Any]) -> tuple[Any, Any]:
    recorded = case["response"]
    serial = next((int(record.split()[6]) for record in recorded["ns"] if " SOA " in record), None)
    serial = serial or next((int(record.split()[6]) for record in recorded["answer"] if " SOA " in record), 0)

    def lookup(name: str, record_type: str) -> DnsResponse:
        address = UPSTREAM.get(name)
        if address is None or record_type != "A" or not case["config"]["has_upstream"]:
            return DnsResponse()
        return DnsResponse(answer=(DnsRecord(name, "A", address, 5),), truncated=True)

    response = _zone(case, fixtures, serial).answer(DnsQuery(case["qname"], case["qtype"]), lookup)
    expected = (
        recorded["rcode"],
        recorded["authoritative"],
        recorded["truncated"],
        *(sorted(recorded[section]) for section in ("answer", "ns", "extra")),
    )
    if response is None:
        return expected, None
    sections = (response.answer, response.authority, response.additional)
    got = (
        response.rcode,
        response.authoritative,
        response.truncated,
        *(
            sorted(f"{one.name} {one.ttl} {one.class_name} {one.type} {one.data}" for one in section)
            for section in sections
        ),
    )
    return expected, got


def _services(case: dict[str, Any], fixtures: dict[str, Any]) -> tuple[Any, Any]:
    expected = (case["error"], case["output"])
    try:
        found = _zone(case, fixtures).find(case["qname"], case["zone"], case["qtype"])
    except NoSuchNameError:
        return expected, (True, [])
    return expected, (False, [_as_recorded(one) for one in found])


def _as_recorded(found: StandsFor) -> dict[str, Any]:
    path = "/".join(["", "c", *reversed(names.labels(found.owner))])
    return {"host": found.host, "key": path, "port": max(found.port, 0), "ttl": found.ttl}


def _parse(case: dict[str, Any], fixtures: dict[str, Any]) -> tuple[Any, Any]:
    fields = ("podOrSvc", "namespace", "service", "endpoint", "cluster", "port", "protocol")
    expected = (case["error"], *(case.get(one, "") for one in fields))
    try:
        asked = parse_name(case["query"], case["zone"], of_several_clusters=case["multicluster"])
    except NoSuchNameError:
        return expected, (True, *("" for _ in fields))
    got = (
        False,
        asked.kind,
        asked.namespace,
        asked.service,
        asked.endpoint,
        asked.cluster,
        asked.port,
        asked.protocol,
    )
    return expected, got


def _endpoint_hostname(case: dict[str, Any], fixtures: dict[str, Any]) -> tuple[Any, Any]:
    zone = KubernetesZone(KubernetesObjects(), ZoneSettings(endpoint_pod_names=case["endpoint_name_mode"]))
    return case["output"], zone.endpoint_name(Address(case["ip"], case["hostname"], case["pod_name"]))


RUN = {
    "query": _query,
    "services": _services,
    "parse": _parse,
    "endpoint_hostname": _endpoint_hostname,
}
