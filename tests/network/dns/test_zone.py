"""What a cluster's names stand for: the Kubernetes DNS specification 1.1.0, and CoreDNS's ``kubernetes`` plugin."""

from dataclasses import replace
from typing import Any

import pytest

from kubesim.network.dns.cluster_names import ZoneSettings
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.dns.zone import KubernetesZone

ZONE = "cluster.local."
SVC = f"default.svc.{ZONE}"
SOA = f"ns.dns.{ZONE} hostmaster.{ZONE} 1700000000 7200 1800 86400 5"


def service(name: str, *addresses: str, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    fields = {"type": "ClusterIP", "clusterIP": addresses[0] if addresses else "", "clusterIPs": [*addresses], **spec}
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": fields}


def slice_(
    name: str, of: str, ports: list[dict[str, Any]], *endpoints: dict[str, Any], namespace: str = "default"
) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": of}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"kind": "EndpointSlice", "metadata": metadata, "endpoints": [*endpoints], "ports": ports}


def endpoint(address: str, *, ready: bool | None = True, **more: Any) -> dict[str, Any]:
    return {"addresses": [address], "conditions": {} if ready is None else {"ready": ready}, **more}


HTTP = {"name": "http", "protocol": "TCP", "port": 80}
DNS = [{"name": "dns", "protocol": "UDP", "port": 53}, {"name": "metrics", "protocol": "TCP", "port": 9153}]
LISTENS = [{"name": "http", "protocol": "TCP", "port": 8080}]

MOVING = endpoint("10.42.0.5", hostname="db-0", targetRef={"kind": "Pod", "name": "db-0-pod"})
"""An endpoint that moves from one slice to another, and is in both."""

CLUSTER = [
    *({"kind": "Namespace", "metadata": {"name": name}} for name in ("default", "shop", "kube-system")),
    service("web", "10.43.0.7", ports=[HTTP]),
    slice_("web-1", "web", LISTENS, endpoint("10.42.0.3"), endpoint("10.42.1.4", ready=False)),
    service("both", "10.43.0.8", "fd00:43::8", ports=[HTTP]),
    service("bare", "10.43.0.9"),
    service("head", "None", ports=[HTTP]),
    slice_(
        "head-1",
        "head",
        LISTENS,
        MOVING,
        endpoint("10.42.1.6", ready=None, targetRef={"kind": "Pod", "name": "db-1-pod"}),
        endpoint("10.42.1.7", ready=False),
    ),
    slice_("head-2", "head", LISTENS, MOVING),
    service("six", "None", ports=[HTTP]),
    slice_("six-1", "six", LISTENS, endpoint("fd00:42::9")),
    service("empty", "None", ports=[HTTP]),
    service("idle", "10.43.0.11", ports=[HTTP]),
    service("out", type="ExternalName", externalName="example.org"),
    service("near", type="ExternalName", externalName=f"web.{SVC}"),
    service("gone", type="ExternalName", externalName=f"nothing.{SVC}"),
    service("self", type="ExternalName", externalName=f"self.{SVC}"),
    service("number", type="ExternalName", externalName="192.0.2.1"),
    service("cart", "10.43.0.12", namespace="shop", ports=[HTTP]),
    service("kube-dns", "10.43.0.10", namespace="kube-system", ports=DNS),
    slice_("dns-1", "kube-dns", DNS, endpoint("10.42.0.2"), namespace="kube-system"),
    {"kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "status": {"podIP": "10.42.0.3"}},
]
CACHE = KubernetesObjects.of(CLUSTER, modified=1700000000)
ZONES = (ZONE, "in-addr.arpa.", "ip6.arpa.")
SETTINGS = ZoneSettings(ZONES, local_addresses=("10.42.0.2",))


def outside(name: str, record_type: str) -> DnsResponse:
    record = DnsRecord(name, record_type, "192.0.2.44", 60)
    return DnsResponse(answer=(record,) if name == "example.org." and record_type == "A" else (), seconds=0.25)


def ask(name: str, record_type: str = "A", cache: KubernetesObjects = CACHE, **settings: Any) -> DnsResponse | None:
    return KubernetesZone(cache, replace(SETTINGS, **settings)).answer(DnsQuery(name, record_type), outside)


def told(name: str, record_type: str = "A", **settings: Any) -> str | list[str]:
    """The records of an answer as ``TYPE DATA`` (with its name where that is not the one asked for), or its code."""
    response = ask(name, record_type, **settings)
    assert response is not None
    assert response.flags == "qr aa rd"
    if not response.answer:
        assert [str(record) for record in response.authority] == [f"{ZONE}\t5\tIN\tSOA\t{SOA}"]
        return response.rcode
    assert response.rcode == "NOERROR"
    assert response.authority == ()
    return [
        f"{record.type} {record.data}" if record.name == name else f"{record.name} {record.type} {record.data}"
        for record in response.answer
    ]


NOTHING = "NOERROR"
MISSING = "NXDOMAIN"


@pytest.mark.parametrize(
    ("name", "record_type", "expected"),
    [
        (f"web.{SVC}", "A", ["A 10.43.0.7"]),
        (f"WEB.{SVC}", "A", ["A 10.43.0.7"]),
        (f"web.{SVC}", "AAAA", NOTHING),
        (f"both.{SVC}", "AAAA", ["AAAA fd00:43::8"]),
        (f"cart.shop.svc.{ZONE}", "A", ["A 10.43.0.12"]),
        (f"cart.{SVC}", "A", MISSING),
        (f"web.nowhere.svc.{ZONE}", "A", MISSING),
        (f"bare.{SVC}", "A", ["A 10.43.0.9"]),
        (f"idle.{SVC}", "A", ["A 10.43.0.11"]),
        # a headless Service is its ready endpoints, each once; without any it is missing
        (f"head.{SVC}", "A", ["A 10.42.0.5", "A 10.42.1.6"]),
        (f"empty.{SVC}", "A", MISSING),
        (f"six.{SVC}", "AAAA", ["AAAA fd00:42::9"]),
        # one label before a Service is an endpoint: its hostname or its address with dashes
        (f"db-0.head.{SVC}", "A", ["A 10.42.0.5"]),
        (f"DB-0.head.{SVC}", "A", ["A 10.42.0.5"]),
        (f"10-42-1-6.head.{SVC}", "A", ["A 10.42.1.6"]),
        (f"10-42-0-5.head.{SVC}", "A", MISSING),
        (f"db-1-pod.head.{SVC}", "A", MISSING),
        (f"10-42-1-7.head.{SVC}", "A", MISSING),
        (f"10-42-0-3.web.{SVC}", "A", ["A 10.42.0.3"]),
        (f"fd00-42--9.six.{SVC}", "AAAA", ["AAAA fd00:42::9"]),
        # two are a port and a protocol; three are too many
        (f"_http._tcp.web.{SVC}", "A", ["A 10.43.0.7"]),
        (f"http.tcp.web.{SVC}", "A", ["A 10.43.0.7"]),
        (f"_https._tcp.web.{SVC}", "A", MISSING),
        (f"_http._udp.web.{SVC}", "A", MISSING),
        (f"_HTTP._TCP.web.{SVC}", "A", ["A 10.43.0.7"]),
        (f"a.b.c.web.{SVC}", "A", MISSING),
        # an ExternalName is an alias, followed where it leads
        (f"out.{SVC}", "A", ["CNAME example.org.", "example.org. A 192.0.2.44"]),
        (f"out.{SVC}", "AAAA", ["CNAME example.org."]),
        (f"near.{SVC}", "A", ["CNAME web." + SVC, f"web.{SVC} A 10.43.0.7"]),
        (f"near.{SVC}", "AAAA", NOTHING),
        (f"gone.{SVC}", "A", NOTHING),
        (f"self.{SVC}", "A", NOTHING),
        (f"number.{SVC}", "A", MISSING),
        (f"x.out.{SVC}", "A", MISSING),
        (f"_http._tcp.out.{SVC}", "A", MISSING),
        (f"out.{SVC}", "CNAME", ["CNAME example.org."]),
        (f"out.{SVC}", "MX", NOTHING),
        (f"out.{SVC}", "SRV", NOTHING),
        (f"out.{SVC}", "TXT", NOTHING),
        (f"web.{SVC}", "CNAME", NOTHING),
        # what stands between names exists and has no records
        (ZONE, "A", NOTHING),
        (f"svc.{ZONE}", "A", NOTHING),
        (f"pod.{ZONE}", "A", NOTHING),
        (SVC, "A", NOTHING),
        (f"default.pod.{ZONE}", "A", MISSING),
        (f"x.{ZONE}", "A", MISSING),
        (f"web.default.x.{ZONE}", "A", MISSING),
        # other types: a name that exists has none, one that does not is missing
        *((f"web.{SVC}", kind, NOTHING) for kind in ("MX", "TXT", "NS", "SOA", "HTTPS", "PTR")),
        *((f"nothing.{SVC}", kind, MISSING) for kind in ("MX", "TXT", "NS", "HTTPS", "PTR", "SRV", "CNAME")),
        # the zone itself
        (ZONE, "SOA", [f"SOA {SOA}"]),
        (ZONE, "NS", [f"NS kube-dns.kube-system.svc.{ZONE}"]),
        (f"ns.dns.{ZONE}", "A", ["A 10.43.0.10"]),
        (f"NS.dns.{ZONE}", "A", ["A 10.43.0.10"]),
        (f"ns.dns.{ZONE}", "AAAA", NOTHING),
        (f"ns.dns.{ZONE}", "TXT", MISSING),
        (f"dns-version.{ZONE}", "TXT", ['TXT "1.1.0"']),
        (f"DNS-VERSION.{ZONE}", "TXT", ['TXT "1.1.0"']),
        (f"dns-version.{ZONE}", "A", MISSING),
    ],
)
def test_names(name: str, record_type: str, expected: str | list[str]) -> None:
    assert told(name, record_type) == expected


@pytest.mark.parametrize(
    ("name", "expected", "additional"),
    [
        (f"web.{SVC}", [f"0 100 80 web.{SVC}"], [f"web.{SVC} A 10.43.0.7"]),
        (f"_http._tcp.web.{SVC}", [f"0 100 80 web.{SVC}"], [f"web.{SVC} A 10.43.0.7"]),
        (f"bare.{SVC}", "NOERROR", []),
        (
            f"both.{SVC}",  # two addresses, one record: the weight is that of two
            [f"0 50 80 both.{SVC}"],
            [f"both.{SVC} A 10.43.0.8", f"both.{SVC} AAAA fd00:43::8"],
        ),
        (
            f"head.{SVC}",
            [f"0 50 8080 db-0.head.{SVC}", f"0 50 8080 10-42-1-6.head.{SVC}"],
            [f"db-0.head.{SVC} A 10.42.0.5", f"10-42-1-6.head.{SVC} A 10.42.1.6"],
        ),
        (f"db-0.head.{SVC}", [f"0 100 8080 db-0.head.{SVC}"], [f"db-0.head.{SVC} A 10.42.0.5"]),
        (
            f"kube-dns.kube-system.svc.{ZONE}",
            [f"0 50 {port} kube-dns.kube-system.svc.{ZONE}" for port in (53, 9153)],
            [f"kube-dns.kube-system.svc.{ZONE} A 10.43.0.10"],
        ),
    ],
)
def test_services_of_a_port(name: str, expected: str | list[str], additional: list[str]) -> None:
    found = told(name, "SRV")
    assert found == ([f"SRV {data}" for data in expected] if isinstance(expected, list) else expected)
    response = ask(name, "SRV")
    assert response is not None
    assert [f"{one.name} {one.type} {one.data}" for one in response.additional] == additional
    assert {one.ttl for one in (*response.answer, *response.additional)} <= {5}


def reverse(address: str) -> str:
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa."


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.43.0.7", [f"web.{SVC}"]),
        ("10.42.0.5", [f"db-0.head.{SVC}"]),  # in two slices, told once
        ("10.42.1.6", [f"10-42-1-6.head.{SVC}"]),
        ("10.42.0.3", [f"10-42-0-3.web.{SVC}"]),
        ("10.42.1.7", None),  # not ready
        ("10.42.9.9", None),
    ],
)
def test_names_of_addresses(address: str, expected: list[str] | None) -> None:
    response = ask(reverse(address), "PTR")
    assert response is not None
    assert [record.data for record in response.answer] == (expected or [])
    assert [record.ttl for record in response.answer] == [5] * len(expected or [])
    assert response.rcode == ("NOERROR" if expected else "NXDOMAIN")


def test_only_a_whole_reverse_name_is_an_address() -> None:
    half = ask("43.10.in-addr.arpa.", "PTR")
    assert half is not None
    assert (half.rcode, half.answer) == ("NXDOMAIN", ())


@pytest.mark.parametrize(
    ("mode", "name", "expected"),
    [
        ("disabled", "10-42-0-3.default", MISSING),
        ("insecure", "10-42-0-3.default", ["A 10.42.0.3"]),
        ("insecure", "10-42-0-3.shop", ["A 10.42.0.3"]),
        ("insecure", "10-42-0-3.nowhere", MISSING),
        ("insecure", "10-42-0-300.default", MISSING),
        ("insecure", "10-42-0.default", MISSING),
        ("insecure", "web.default", MISSING),
        ("insecure", "default", NOTHING),
        ("insecure", "fd00--1.default", NOTHING),  # an address of the other family
        ("verified", "10-42-0-3.default", ["A 10.42.0.3"]),
        ("verified", "10-42-0-3.shop", MISSING),
        ("verified", "10-42-0-4.default", MISSING),
    ],
)
def test_names_of_pods(mode: str, name: str, expected: str | list[str]) -> None:
    assert told(f"{name}.pod.{ZONE}", pods=mode) == expected


def test_a_pods_name_may_stand_for_an_ipv6_address() -> None:
    assert told(f"fd00-42--9.default.pod.{ZONE}", "AAAA", pods="insecure") == ["AAAA fd00:42::9"]
    assert told(f"1-2-3--4.default.pod.{ZONE}", "AAAA", pods="insecure") == ["AAAA 1:2:3::4"]


@pytest.mark.parametrize(
    ("settings", "name", "record_type", "expected"),
    [
        ({"endpoint_pod_names": True}, f"db-1-pod.head.{SVC}", "A", ["A 10.42.1.6"]),
        ({"endpoint_pod_names": True}, f"10-42-1-6.head.{SVC}", "A", MISSING),
        ({"endpoint_pod_names": True}, f"db-0-pod.head.{SVC}", "A", MISSING),  # a hostname comes first
        ({"ignore_empty_service": True}, f"idle.{SVC}", "A", MISSING),
        ({"ignore_empty_service": True}, f"web.{SVC}", "A", ["A 10.43.0.7"]),
        ({"ignore_empty_service": True}, f"out.{SVC}", "CNAME", ["CNAME example.org."]),
        ({"namespaces": frozenset({"shop"})}, f"cart.shop.svc.{ZONE}", "A", ["A 10.43.0.12"]),
        ({"namespaces": frozenset({"shop"})}, f"web.{SVC}", "A", MISSING),
        ({"namespaces": frozenset({"nowhere"})}, f"web.nowhere.svc.{ZONE}", "A", MISSING),
    ],
)
def test_settings(settings: dict[str, Any], name: str, record_type: str, expected: str | list[str]) -> None:
    assert told(name, record_type, **settings) == expected


def test_addresses_of_a_namespace_that_is_not_served_have_no_name() -> None:
    for address in ("10.43.0.7", "10.42.0.3"):
        response = ask(reverse(address), "PTR", namespaces=frozenset({"shop"}))
        assert response is not None
        assert (response.rcode, response.answer) == ("NXDOMAIN", ())


@pytest.mark.parametrize(("ttl", "of_soa"), [(0, 0), (17, 17), (300, 300), (3600, 300)])
def test_every_record_has_the_zones_ttl_and_a_denial_no_more_than_five_minutes(ttl: int, of_soa: int) -> None:
    for name, record_type in ((f"web.{SVC}", "A"), (f"head.{SVC}", "SRV"), (f"out.{SVC}", "CNAME"), (ZONE, "NS")):
        response = ask(name, record_type, ttl=ttl)
        assert response is not None
        assert {record.ttl for record in response.answer} == {ttl}
    missing = ask(f"nothing.{SVC}", ttl=ttl)
    assert missing is not None
    (soa,) = missing.authority
    assert (soa.ttl, soa.data.rpartition(" ")[2]) == (of_soa, str(ttl))


@pytest.mark.parametrize(
    ("zones", "name", "asked_next"),
    [
        (None, f"nothing.{SVC}", False),
        ((".",), f"nothing.{SVC}", True),
        (("in-addr.arpa.",), f"nothing.{SVC}", False),
        ((".",), f"web.{SVC}", False),
        (None, "example.org.", True),
    ],
)
def test_who_is_asked_next(zones: tuple[str, ...] | None, name: str, asked_next: bool) -> None:
    assert (ask(name, fallthrough=zones) is None) is asked_next


def test_a_transfer_is_refused() -> None:
    for record_type in ("AXFR", "IXFR"):
        response = ask(ZONE, record_type)
        assert response is not None
        assert (response.rcode, response.answer, response.authority) == ("REFUSED", (), ())


def test_an_alias_takes_the_time_of_what_it_stands_for() -> None:
    response = ask(f"out.{SVC}")
    assert response is not None
    assert response.seconds == 0.25


def test_before_the_first_listing_a_missing_name_is_a_failure() -> None:
    response = ask(f"web.{SVC}", cache=KubernetesObjects(synced=False))
    assert response is not None
    assert response.rcode == "SERVFAIL"


def test_a_server_that_no_service_leads_to_is_named_ns_dns() -> None:
    response = ask(ZONE, "NS", local_addresses=("10.42.0.99",))
    assert response is not None
    assert [str(record) for record in response.answer] == [f"{ZONE}\t5\tIN\tNS\tns.dns.{ZONE}"]
    assert [str(record) for record in response.additional] == [f"ns.dns.{ZONE}\t5\tIN\tA\t10.42.0.99"]


def test_one_behind_a_headless_service_has_its_endpoints_name() -> None:
    response = ask(ZONE, "NS", local_addresses=("10.42.1.6",))
    assert response is not None
    assert {record.data for record in response.answer} == {f"db-0.head.{SVC}", f"10-42-1-6.head.{SVC}"}
    assert [record.data for record in response.additional] == ["10.42.0.5", "10.42.1.6"]


def test_the_zone_keeps_the_case_in_which_it_was_asked_for() -> None:
    response = ask("nothing.default.svc.Cluster.LOCAL.")
    assert response is not None
    assert response.authority[0].name == "Cluster.LOCAL."
