"""``kubernetes``: what its options say; after the plugin's README. What the names stand for is ``test_zone``'s."""

import pytest

from kubesim.network.dns.message import DnsQuery
from tests.network.dns.plugins.asking import refused, told
from tests.network.dns.surroundings import CLIENT, coredns
from tests.network.dns.test_zone import CACHE, SVC, ZONE


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        ("", f"web.{SVC}", [f"web.{SVC} 5 A 10.43.0.7"]),
        ("ttl 17", f"web.{SVC}", [f"web.{SVC} 17 A 10.43.0.7"]),
        ("ttl 0", f"web.{SVC}", [f"web.{SVC} 0 A 10.43.0.7"]),
        ("ttl 3600", f"web.{SVC}", [f"web.{SVC} 3600 A 10.43.0.7"]),
        ("", f"10-42-0-3.default.pod.{ZONE}", ["NXDOMAIN"]),
        ("pods disabled", f"10-42-0-3.default.pod.{ZONE}", ["NXDOMAIN"]),
        ("pods insecure", f"10-42-0-9.default.pod.{ZONE}", [f"10-42-0-9.default.pod.{ZONE} 5 A 10.42.0.9"]),
        ("pods verified", f"10-42-0-9.default.pod.{ZONE}", ["NXDOMAIN"]),
        ("namespaces shop", f"web.{SVC}", ["NXDOMAIN"]),
        ("namespaces shop default", f"web.{SVC}", [f"web.{SVC} 5 A 10.43.0.7"]),
        ("namespaces shop\n namespaces default", f"web.{SVC}", [f"web.{SVC} 5 A 10.43.0.7"]),
        ("endpoint_pod_names", f"db-1-pod.head.{SVC}", [f"db-1-pod.head.{SVC} 5 A 10.42.1.6"]),
        ("ignore empty_service", f"idle.{SVC}", ["NXDOMAIN"]),
        (
            "endpoint https://x\n tls a b c\n kubeconfig f\n labels x",
            f"web.{SVC}",
            [f"web.{SVC} 5 A 10.43.0.7"],
        ),
        ("", f"missing.{SVC}", ["NXDOMAIN"]),
        ("fallthrough", f"missing.{SVC}", ["SERVFAIL"]),  # and there is nobody to ask
        ("fallthrough in-addr.arpa", f"missing.{SVC}", ["NXDOMAIN"]),
    ],
)
def test_options(options: str, name: str, expected: list[str]) -> None:
    server = coredns(f". {{\n kubernetes {ZONE} {{\n {options}\n }}\n}}", CACHE)
    assert told(server.handle(DnsQuery(name), CLIENT)) == expected


def test_without_zones_it_has_those_of_its_block() -> None:
    server = coredns("cluster.local {\n kubernetes\n}", CACHE)
    assert told(server.handle(DnsQuery(f"web.{SVC}"), CLIENT)) == [f"web.{SVC} 5 A 10.43.0.7"]


def test_another_class_is_not_its_business() -> None:
    server = coredns(f". {{\n kubernetes {ZONE}\n}}", CACHE)
    assert told(server.handle(DnsQuery(f"web.{SVC}", class_name="CH"), CLIENT)) == ["SERVFAIL"]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("pods", "Wrong argument count or unexpected line ending after 'pods'"),
        ("pods maybe", "wrong value for pods: maybe,  must be one of: disabled, verified, insecure"),
        ("ttl", "Wrong argument count or unexpected line ending after 'ttl'"),
        ("ttl soon", 'strconv.Atoi: parsing "soon": invalid syntax'),
        ("ttl -1", "ttl must be in range [0, 3600]: -1"),
        ("ttl 3601", "ttl must be in range [0, 3600]: 3601"),
        ("namespaces", "Wrong argument count or unexpected line ending after 'namespaces'"),
        ("endpoint_pod_names yes", "Wrong argument count or unexpected line ending after 'yes'"),
        ("ignore all of it", "unable to parse ignore value: 'all'"),
        (
            "labels x in (",
            "unable to parse label selector value: 'x in (': couldn't parse the selector string "
            "\"x in (\": unable to parse requirement: found '', expected: ',', ')' or identifier",
        ),
        ("tls a b", "Wrong argument count or unexpected line ending after 'b'"),
        ("startup_timeout soon", 'failed to parse startup_timeout: soon, time: invalid duration "soon"'),
        ("namespaces a\n namespace_labels x", "namespaces and namespace_labels cannot both be set"),
        ("pod insecure", "unknown property 'pod'"),
    ],
)
def test_lines_that_cannot_be_used(option: str, words: str) -> None:
    assert refused(f"kubernetes {ZONE} {{\n {option}\n }}") == words
