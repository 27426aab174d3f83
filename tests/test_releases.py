"""The table of versions: which one a cluster is of, what differs in it, and the page that is made of it."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster, ClusterConfiguration
from kubesim.cluster.configuration import DATA, ClusterFileError
from kubesim.network.nftables_text import list_ruleset
from kubesim.releases import RELEASES, UnknownReleaseError, release_of
from tests.releases_page import PAGE, page


@pytest.mark.parametrize(
    ("version", "minor"),
    [
        ("v1.36.2+k3s1", "1.36"),
        ("1.36", "1.36"),
        ("1.37", "1.37"),
        ("v1.37.0", "1.37"),
        ("v1.41.0", "1.37"),  # later ones behave as the newest that is known
        ("v1.9.3", "1.36"),  # and earlier ones as the oldest
    ],
)
def test_a_version_behaves_as_the_nearest_release(version: str, minor: str) -> None:
    assert release_of(version).minor == minor


@pytest.mark.parametrize("version", ["", "latest", "v1", "v1.36.2 ", "v1.36.2/3"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(UnknownReleaseError, match="must be one such as"):
        release_of(version)


@pytest.mark.parametrize(
    ("given", "version", "containerd", "coredns"),
    [
        ("v1.36.2+k3s1", "v1.36.2+k3s1", "containerd://2.3.2-k3s2", "1.14.4"),
        (1.36, "v1.36.2+k3s1", "containerd://2.3.2-k3s2", "1.14.4"),
        (1.37, "v1.37.2+k3s1", "containerd://2.3.4-k3s1", "1.14.6"),
        ("1.37", "v1.37.2+k3s1", "containerd://2.3.4-k3s1", "1.14.6"),
        ("v1.37.1+k3s1", "v1.37.1+k3s1", "containerd://2.3.4-k3s1", "1.14.6"),
    ],
)
def test_a_cluster_file_names_its_version(given: object, version: str, containerd: str, coredns: str) -> None:
    document = {"base": "k3s.yaml", "version": given}
    configuration = ClusterConfiguration.from_document(document, DATA / "clusters")
    assert (configuration.version, configuration.container_runtime) == (version, containerd)
    assert configuration.release.coredns == coredns


def test_a_cluster_file_may_pair_what_did_not_ship_together() -> None:
    document = {"base": "k3s.yaml", "coredns": "1.13.1", "hardware": {"containerRuntime": "containerd://2.2.3-k3s1"}}
    cluster = Cluster(ClusterConfiguration.from_document(document, DATA / "clusters"))
    (pod,) = cluster.store.list("Pod", "kube-system", {"k8s-app": "kube-dns"})
    assert "CoreDNS-1.13.1\n" in cluster.logs(pod["metadata"]["name"], namespace="kube-system")
    assert cluster.configuration.container_runtime == "containerd://2.2.3-k3s1"


def test_a_cluster_file_with_another_word_says_which_there_are() -> None:
    with pytest.raises(ClusterFileError, match=r"one such as v1.36.2\+k3s1, or 1.36 or 1.37"):
        ClusterConfiguration.from_document({"base": "k3s.yaml", "version": "newest"}, DATA / "clusters")


@pytest.mark.parametrize(
    ("file", "one_endpoint", "dns", "server"),
    [
        ("k3s.yaml", "dnat ip to numgen random mod 1 map { 0 : 10.42.0.2 . 53 }", "1.14.4, 232d7ca", "v1.36.2+k3s1"),
        ("k3s-1.37.yaml", "meta l4proto udp dnat to 10.42.0.2:53", "1.14.6, 424d125", "v1.37.2+k3s1"),
    ],
)
def test_what_is_seen_of_it(file: str, one_endpoint: str, dns: str, server: str) -> None:
    cluster = Cluster(ClusterConfiguration.load(DATA / "clusters" / file), proxy_mode="nftables")
    rules = cluster.network.ruleset("node/master")
    assert rules is not None and one_endpoint in list_ruleset(rules)
    (pod,) = cluster.store.list("Pod", "kube-system", {"k8s-app": "kube-dns"})
    said, commit = dns.split(", ")
    log = cluster.logs(pod["metadata"]["name"], namespace="kube-system")
    assert f"CoreDNS-{said}\n" in log and commit in log
    assert cluster.store.list("Node")[0]["status"]["nodeInfo"]["kubeletVersion"] == server


LONG = "n" * 60
"""A name of a namespace and of a Service: together with a port's they are longer than 128 bytes."""


@pytest.mark.parametrize(("file", "comment"), [("k3s.yaml", 60 + 1 + 60 + 1 + 15), ("k3s-1.37.yaml", 128)])
def test_comments_are_cut_where_the_kernel_cuts_them(file: str, comment: int) -> None:
    cluster = Cluster(ClusterConfiguration.load(DATA / "clusters" / file), proxy_mode="nftables")
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": LONG}})
    port = {"name": "p" * 15, "port": 80}
    metadata = {"name": LONG, "namespace": LONG}
    cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [port]}})
    rules = cluster.network.ruleset("node/master")
    assert rules is not None
    whole = f"{LONG}/{LONG}:{'p' * 15}"
    assert f'comment "{whole[:comment]}"' in list_ruleset(rules)


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text() == page()
    assert all(release.k3s in page() for release in RELEASES.values())
