"""``/etc/hosts``: ``hosts(5)``, and the files that the kubelet writes."""

import pytest

from kubesim.network.dns import hosts_file
from kubesim.network.dns.getaddrinfo import Found

TEXT = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n10.0.0.2 Web.example. web w\n10.0.0.3 web # second\n"
LINES = hosts_file.parse(TEXT)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("10.0.0.1 a b", [("10.0.0.1", ("a", "b"), 4)]),
        ("\t10.0.0.1\ta # b", [("10.0.0.1", ("a",), 4)]),
        ("fe80::1%eth0 a", [("fe80::1", ("a",), 6)]),
        ("FD00:0:0::1 a", [("fd00::1", ("a",), 6)]),
        ("10.0.0.1#a b", []),
        ("10.0.0.1", []),
        ("10.0.0.300 a", []),
        ("a 10.0.0.1", []),
        ("", []),
    ],
)
def test_lines(line: str, expected: list[tuple[str, tuple[str, ...], int]]) -> None:
    assert [(one.address, one.names, one.version) for one in hosts_file.parse(line)] == expected


@pytest.mark.parametrize(
    ("name", "versions", "expected"),
    [
        ("localhost", (6, 4), Found("localhost", ("::1", "127.0.0.1"), ("ip6-localhost",))),
        ("localhost", (4, 6), Found("localhost", ("127.0.0.1", "::1"), ())),
        ("localhost", (4,), Found("localhost", ("127.0.0.1",), ())),
        ("LocalHost.", (6,), Found("localhost", ("::1",), ("ip6-localhost",))),
        ("web", (4,), Found("Web.example.", ("10.0.0.2", "10.0.0.3"), ("web", "w"))),
        ("web.example", (4,), Found("Web.example.", ("10.0.0.2",), ("web", "w"))),
        ("web", (6,), None),
        ("example", (4, 6), None),
    ],
)
def test_whose_addresses(name: str, versions: tuple[int, ...], expected: Found | None) -> None:
    assert hosts_file.find(LINES, name, versions) == expected


def test_an_address_that_stands_twice_is_told_once() -> None:
    assert hosts_file.find(hosts_file.parse("10.0.0.1 a\n10.0.0.1 a b\n"), "a", (4,)) == Found("a", ("10.0.0.1",), ())


HEAD = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
    "fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
)


def test_the_kubelets_file_ends_with_the_pods_own_line() -> None:
    first = "# Kubernetes-managed hosts file.\n"
    assert hosts_file.for_pod("10.42.0.3", "web-0") == f"{first}{HEAD}10.42.0.3\tweb-0\n"
    domain = "web.default.svc.cluster.local"
    assert hosts_file.for_pod("10.42.0.3", "web-0", domain) == f"{first}{HEAD}10.42.0.3\tweb-0.{domain}\tweb-0\n"


def test_a_pod_on_its_nodes_network_has_the_nodes_file() -> None:
    assert hosts_file.for_host_network_pod(TEXT) == f"# Kubernetes-managed hosts file (host network).\n{TEXT}"
