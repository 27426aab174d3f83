"""What the Python interface says of an argument that it cannot use: its name, and what must hold."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    made = Cluster()
    made.apply(POD)
    made.settle()
    return made


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.get(1, "a"), "kind must be a text, got 1"),
        (lambda c: c.get("pods", ["a"]), "name must be a text, got ['a']"),
        (lambda c: c.get("pods", "a", None), "namespace must be a text, got None"),
        (lambda c: c.delete("pods", "a", grace_period_seconds=1.5), "must be a whole number of 64 bits, got 1.5"),
        (lambda c: c.delete("pods", "a", grace_period_seconds=2**64), "must be a whole number of 64 bits"),
        (lambda c: c.table("pods", wide=1), "wide must be True or False, got 1"),
        (lambda c: c.exec("a", "ls"), "argv must be a list of texts, got 'ls'"),
        (lambda c: c.exec("a", [1]), "each of argv must be a text, got 1"),
        (lambda c: c.exec("a", []), "argv must name a program, got no words"),
        (lambda c: c.exec("a", ["ls"], patience=math.nan), "a time must be a number of seconds, got nan"),
        (lambda c: c.suspend("a", ports="80"), "ports must be a list of whole numbers, got '80'"),
        (lambda c: c.advance(1e18), "a time must be at most 43200 seconds at once (half a day), got 1e+18"),
        (lambda c: c.settle(-1), "seconds must not be negative, got -1"),
        (lambda c: c.connect(None, "http://a"), "source must be a text, got None"),
        (lambda c: c.connect("laptop", b"http://a"), "url must be a text, got b'http://a'"),
        (lambda c: c.reachability("laptop"), "sources must be a list of texts, got 'laptop'"),
        (lambda c: c.fail_node(object), "name must be a text, got <class 'object'>"),
        (lambda c: Terminal(c, {}), "on must be a text, got {}"),
        (lambda c: Terminal(c, patience="x"), "a time must be a number of seconds, got 'x'"),
        (lambda c: Terminal(c).run(None), "what is typed must be a text, got None"),
        (lambda c: c.apply(None), "a manifest must be YAML text, a file that exists, or objects, got None"),
        (lambda c: c.apply(3), "a manifest must be YAML text, a file that exists, or objects, got 3"),
        (lambda c: c.apply([3]), "a manifest must be YAML text, a file that exists, or objects, got 3"),
        (lambda c: c.apply(Path("/nosuch")), "a manifest's file must be one that can be read, got '/nosuch': No such"),
        (lambda c: c.apply(Path("/etc")), "a manifest's file must be one that can be read, got '/etc': Is a directory"),
        (lambda c: c.apply({**POD, "x": math.nan}), "json: unsupported value: NaN"),
        (lambda c: c.apply({**POD, "x": {1: 2}}), "the keys of an object must be texts, got 1"),
        (lambda c: c.apply({**POD, "x": object()}), "must hold texts, numbers, lists and the like, got object"),
        (lambda c: c.exec("a", ["true"], patience=10**400), "a time must be"),
        (lambda c: c.apply({**POD, "x": 10**400}), "a whole number must fit into a float"),
        (lambda c: c.apply({"kind": "List", "items": 2}), "the items of a List must be a list of objects, got 2"),
        (lambda c: c.apply("a: [" * 300), "exceeded max depth"),
    ],
)
def test_what_cannot_be_used_is_named(call: Callable[[Cluster], object], words: str, cluster: Cluster) -> None:
    before = cluster.store.resource_version
    with pytest.raises(ValueError, match=re.escape(words)):
        call(cluster)
    assert cluster.store.resource_version == before


LARGE = {"spec": {"containers": [{"name": "c", "image": "nginx", "resources": {"limits": {"cpu": "1e99999"}}}]}}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metadata": None}, "name"),
        ({"metadata": {}}, "name"),
        ({"metadata": {"name": ["a"]}}, "cannot unmarshal array into Go struct field"),
        ({"metadata": {"name": "b", "annotations": 1}}, "cannot unmarshal number into Go struct field"),
        ({"kind": None}, "could not find the requested resource"),
        ({"spec": 1}, "cannot unmarshal number into Go struct field"),
        (LARGE, "suffix"),
        ({"metadata": {"name": "b", "labels": {"a": deep(100)}}}, "cannot unmarshal array into Go struct field"),
    ],
)
def test_what_the_api_server_refuses_it_says_itself(change: dict[str, Any], words: str, cluster: Cluster) -> None:
    before = cluster.store.resource_version
    with pytest.raises(ApiError, match=words):
        cluster.apply({**POD, **change})
    assert cluster.store.resource_version == before


@pytest.mark.parametrize(
    "metadata", [{"name": "b", "annotations": None}, {"name": "b", "annotations": {}, "labels": None}]
)
def test_what_is_empty_is_as_if_it_were_not_there(metadata: dict[str, Any]) -> None:
    cluster = Cluster()
    (applied,) = cluster.apply({**POD, "metadata": metadata})
    assert applied["metadata"]["name"] == "b"
    (again,) = cluster.apply({**POD, "metadata": metadata})
    assert again["metadata"]["resourceVersion"] == applied["metadata"]["resourceVersion"]


def test_halves_of_surrogate_pairs_become_the_character_that_stands_for_them() -> None:
    cluster = Cluster()
    (applied,) = cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "x\ud800y\ud83d\ude00"}}
    )
    assert applied["data"] == {"k": "x\ufffdy\U0001f600"}
    terminal = Terminal(cluster)
    terminal.prepare("kubectl create cm b --from-literal=k=x\udc00")
    assert cluster.get("cm", "b").data == {"k": "x\ufffd"}


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        (2, "a dump must be JSON or YAML text"),
        ([{"kind": "Pod"}], "apiVersion of an object in a dump must be a text, got None"),
        ([{**POD, "metadata": {}}], "metadata.name of an object in a dump must be a text, got None"),
        ([{**POD, "metadata": {"name": "a/b"}}], "Pod 'a/b' of a dump must have a name that can be one"),
        ([{**POD, "metadata": {"name": "a", "labels": 1}}], "Pod 'a' of a dump must be an object that"),
        ([{**POD, "spec": []}], "Pod 'a' of a dump must be one that Kubernetes can read"),
        ([{**POD, "status": {"podIP": "x"}}], "status.podIP of Pod 'a' in a dump must be an address"),
        ([{**POD, "apiVersion": "v2"}], "Pod 'a' of a dump must be of version v1, got 'v2'"),
    ],
)
def test_a_dump_that_no_cluster_can_have_is_refused(objects: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Cluster.from_objects(objects)
