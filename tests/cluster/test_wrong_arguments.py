"""What is told to somebody who gives the Python interface something that it cannot use."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.cluster.configuration import ClusterFileError


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize("content", [None, "nodes: [", "base: missing.yaml", "- a list"])
def test_a_cluster_file_that_cannot_be_used_is_named(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ClusterFileError, match="must be"):
        Cluster.from_file(file)


def test_a_missing_cluster_file_is_named() -> None:
    with pytest.raises(ClusterFileError, match=r"'nope\.yaml': No such file"):
        Cluster.from_file("nope.yaml")


@pytest.mark.parametrize("given", ["x", None, math.nan, math.inf, True])
def test_a_time_is_a_number_of_seconds(given: Any, cluster: Cluster) -> None:
    expected = re.escape(f"a time must be a number of seconds, got {given!r}")
    with pytest.raises(ValueError, match=expected):
        cluster.advance(given)
    with pytest.raises(ValueError, match=expected):
        cluster.settle(given)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://x", "a URL's scheme must be one of http, https, tcp, udp, dns, got 'ftp'"),
        ("http://[::1", "a URL must be one that can be read"),
        ("http://x:99999", "the port of a URL must be a number up to 65535"),
        ("http://", "a URL must name a host"),
    ],
)
def test_a_url_that_cannot_be_used_is_named(url: str, message: str, cluster: Cluster) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        cluster.connect("laptop", url)


@pytest.mark.parametrize(("source", "first"), [("pod/nosuch", "pod/"), ("node/nosuch", "node/")])
def test_a_source_that_is_not_there_is_named_before_those_that_are(source: str, first: str, cluster: Cluster) -> None:
    cluster.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 10,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "nginx"}]},
                },
            },
        }
    )
    cluster.settle()
    with pytest.raises(
        LookupError, match=rf"^'{source}' is no machine that runs; a source must be one of {first}"
    ) as told:
        cluster.connect(source, "http://10.43.0.1")
    assert re.search(r" and \d+ more$", str(told.value))
