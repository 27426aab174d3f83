"""Which Pods of a DaemonSet go and which nodes get one. Expected: upstream's ``update.go``, node by node."""

from __future__ import annotations

import pytest

from kubesim.api.objects import Wire
from kubesim.controllers.daemonset.rolling import Judge, limits, surplus, update


def pod(text: str) -> Wire:
    """``new``, ``old``: available; with ``-``: not; with ``!``: being deleted."""
    ready = [{"type": "Ready", "status": "False" if "-" in text else "True"}]
    deleted = {"deletionTimestamp": "2026-07-01T09:00:00Z"} if "!" in text else {}
    metadata = {"name": text, "resourceVersion": str(len(text)), "creationTimestamp": text[:3], **deleted}
    return {"metadata": metadata, "spec": {"nodeName": "n"}, "status": {"conditions": ready}}


JUDGE = Judge(lambda p: p["metadata"]["name"].startswith("new"), lambda p: "-" not in p["metadata"]["name"])
Nodes = dict[str, tuple[str, ...]]


@pytest.mark.parametrize(
    ("nodes", "limit", "going"),
    [
        ({"a": ("old",), "b": ("old2",)}, 1, ["old"]),
        ({"a": ("old",), "b": ("old2",)}, 2, ["old", "old2"]),
        ({"a": ("new-",), "b": ("old",)}, 1, []),  # the new one is not available yet
        ({"a": ("new",), "b": ("old",)}, 1, ["old"]),
        ({"a": (), "b": ("old",)}, 1, []),  # a node without a Pod counts as unavailable
        ({"a": ("old-",), "b": ("old2",)}, 1, ["old-"]),  # what is broken goes first, and counts
        ({"a": ("old!",), "b": ("old2",)}, 1, []),
        ({"a": ("new", "old"), "b": ("old2",)}, 1, []),  # two Pods of a node are somebody else's matter
    ],
)
def test_without_a_surge_as_many_go_as_may_be_missing(nodes: Nodes, limit: int, going: list[str]) -> None:
    plan = update({node: [pod(each) for each in pods] for node, pods in nodes.items()}, JUDGE, 0, limit)
    assert ([each["metadata"]["name"] for each in plan.pods], plan.nodes) == (going, [])


@pytest.mark.parametrize(
    ("nodes", "limit", "going", "getting"),
    [
        ({"a": ("old",), "b": ("old2",)}, 1, [], ["a"]),
        ({"a": ("old", "new-"), "b": ("old2",)}, 1, [], []),
        ({"a": ("old", "new"), "b": ("old2",)}, 1, ["old"], ["b"]),
        ({"a": ("old-",), "b": ("old2",)}, 1, [], ["a", "b"]),  # a broken one is replaced whatever the limit
        ({"a": ("new",), "b": ("new2",)}, 1, [], []),
    ],
)
def test_with_a_surge_new_pods_come_first(nodes: Nodes, limit: int, going: list[str], getting: list[str]) -> None:
    plan = update({node: [pod(each) for each in pods] for node, pods in nodes.items()}, JUDGE, limit, 0)
    assert ([each["metadata"]["name"] for each in plan.pods], plan.nodes) == (going, getting)


@pytest.mark.parametrize(
    ("pods", "surges", "going"),
    [
        (("old",), False, []),
        (("new", "old"), False, ["old"]),  # the youngest by date of birth: "new" was made first
        (("old", "new-"), True, []),
        (("old", "new"), True, ["old"]),
        (("old-", "new-"), True, ["old-"]),
    ],
)
def test_what_is_too_much_on_one_node(pods: tuple[str, ...], surges: bool, going: list[str]) -> None:
    found = surplus([pod(each) for each in pods], JUDGE, surges)
    assert [each["metadata"]["name"] for each in found] == going


@pytest.mark.parametrize(
    ("rolling", "expected"),
    [
        ({"maxSurge": 0, "maxUnavailable": 1}, (0, 1)),
        ({"maxSurge": 0, "maxUnavailable": "30%"}, (0, 2)),  # of five, rounded up
        ({"maxSurge": "25%", "maxUnavailable": 0}, (2, 0)),
        ({"maxSurge": 0, "maxUnavailable": 0}, (0, 1)),
    ],
)
def test_limits_are_counts_or_shares(rolling: Wire, expected: tuple[int, int]) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert limits({"spec": {"updateStrategy": strategy}}, 5) == expected
