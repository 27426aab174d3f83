"""Expected numbers are upstream's own, from ``deployment_util_test.go`` and ``rolling_test.go``."""

from __future__ import annotations

import pytest

from kubesim.api.objects import IntOrString, Wire
from kubesim.controllers.deployment.rolling import Limits, limits_of, new_size, old_sizes, proportional_sizes


def deployment(replicas: int, surge: IntOrString = 0, unavailable: IntOrString = 0) -> Wire:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}}


def replica_set(name: str, replicas: int, available: int = 0) -> Wire:
    return {"metadata": {"name": name}, "spec": {"replicas": replicas}, "status": {"availableReplicas": available}}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (10, "25%", "25%", Limits(3, 2)),
        (4, "25%", "25%", Limits(1, 1)),
        (1, "25%", "25%", Limits(1, 0)),
        (3, 0, 0, Limits(0, 1)),
        (2, 0, 5, Limits(0, 2)),
    ],
)
def test_limits(replicas: int, surge: IntOrString, unavailable: IntOrString, expected: Limits) -> None:
    assert limits_of(deployment(replicas, surge, unavailable)) == expected


@pytest.mark.parametrize(
    ("surge", "wanted", "old", "new", "expected"),
    [(0, 10, 10, 0, 0), (2, 10, 10, 0, 2), (2, 10, 5, 0, 7), (2, 10, 10, 2, 2), (2, 10, 2, 11, 10)],
)
def test_new_size(surge: int, wanted: int, old: int, new: int, expected: int) -> None:
    current = replica_set("new", new)
    assert new_size(deployment(wanted, surge), current, [current, replica_set("old", old)]) == expected


@pytest.mark.parametrize(
    ("unavailable", "old", "old_available", "new", "new_available", "expected"),
    [
        (0, 10, 10, 0, 0, 9),  # both limits zero means one may be missing
        (2, 10, 10, 0, 0, 8),
        (2, 10, 8, 0, 0, 8),  # the two that are not available go first
        (2, 10, 0, 0, 0, 8),
        (2, 8, 8, 2, 0, 8),  # new Pods that are not available count as missing
        (2, 8, 8, 2, 2, 6),
    ],
)
def test_old_sizes(unavailable: int, old: int, old_available: int, new: int, new_available: int, expected: int) -> None:
    current = replica_set("new", new, new_available)
    sizes = old_sizes(deployment(10, 0, unavailable), current, [replica_set("old", old, old_available)])
    assert sizes == {"old": expected}


@pytest.mark.parametrize(
    ("wanted", "before", "sizes", "expected"),
    [
        # one set takes it all
        ((12, 0), (10, 0), [10], [12]),
        ((5, 0), (10, 0), [10], [5]),
        # several grow and shrink in proportion; oldest first
        ((10, 0), (5, 0), [3, 2], [6, 4]),
        ((3, 0), (5, 0), [3, 2], [2, 1]),
        ((4, 0), (9, 0), [1, 8], [0, 4]),
        ((10, 0), (7, 0), [2, 3, 2], [3, 4, 3]),
        ((8, 0), (13, 0), [3, 8, 2], [2, 5, 1]),
        # what is left over goes to the largest: of equals the newest grows, the oldest shrinks
        ((4, 0), (3, 0), [1, 1, 1], [1, 1, 2]),
        ((2, 0), (3, 0), [1, 1, 1], [0, 1, 1]),
        ((5, 0), (3, 0), [2, 1], [3, 2]),
        # the surge counts before and after
        ((20, 2), (10, 2), [6, 6], [11, 11]),
        ((50, 6), (10, 3), [8, 5], [34, 22]),
        # a half is rounded up; empty sets stay empty; nothing to do is nothing done
        ((5, 0), (10, 0), [5, 5], [2, 3]),
        ((10, 0), (5, 0), [0, 5], [None, 10]),
        ((0, 2), (5, 2), [3, 2], [0, 0]),
        ((5, 0), (5, 0), [3, 2], [3, 2]),
    ],
)
def test_sizes_in_proportion(
    wanted: tuple[int, int], before: tuple[int, int], sizes: list[int], expected: list[int | None]
) -> None:
    everyone = [replica_set(f"v{number}", size) for number, size in enumerate(sizes)]
    for number, each in enumerate(everyone):
        each["metadata"]["creationTimestamp"] = f"2026-07-01T09:0{number}:00Z"
    most = dict.fromkeys((each["metadata"]["name"] for each in everyone), sum(before))
    found = proportional_sizes(deployment(*wanted), everyone, most)
    assert [found.get(each["metadata"]["name"]) for each in everyone] == expected


def test_sets_of_one_age_go_by_their_names() -> None:
    everyone = [replica_set(name, 1) for name in ("b", "a", "c")]
    most = {"a": 3, "b": 3, "c": 3}
    assert proportional_sizes(deployment(4), everyone, most) == {"a": 1, "b": 1, "c": 2}
    assert proportional_sizes(deployment(2), everyone, most) == {"a": 0, "b": 1, "c": 1}


def test_without_a_note_of_the_size_before_the_present_one_counts() -> None:
    assert proportional_sizes(deployment(10), [replica_set("a", 3), replica_set("b", 2)], {}) == {"a": 6, "b": 4}


def test_the_oldest_unhealthy_pods_go_first() -> None:
    old = [replica_set("young", 3, 1), replica_set("aged", 3, 1)]
    for each, moment in zip(old, ("09:01", "09:00"), strict=True):
        each["metadata"]["creationTimestamp"] = f"2026-07-01T{moment}:00Z"
    # 6 old and 4 new for 8, of which 2 may be missing: as many go as leave 6, and the aged set's first
    assert old_sizes(deployment(8, 2, 2), replica_set("new", 4, 4), old) == {"young": 1, "aged": 1}
    assert old_sizes(deployment(8, 2, 1), replica_set("new", 4, 4), old) == {"young": 2, "aged": 1}


@pytest.mark.parametrize(
    ("strategy", "limits"),
    [({"type": "Recreate"}, Limits(0, 0)), ({"type": "RollingUpdate"}, Limits(3, 2)), (None, Limits(0, 0))],
)
def test_a_strategys_own_limits(strategy: Wire | None, limits: Limits) -> None:
    assert limits_of({"spec": {"replicas": 10, "strategy": strategy}}) == limits


def test_recreate_goes_to_the_whole_size_at_once() -> None:
    wire = {"spec": {"replicas": 10, "strategy": {"type": "Recreate"}}}
    assert new_size(wire, replica_set("new", 0), [replica_set("new", 0), replica_set("old", 10)]) == 10


def test_one_replica_where_nothing_is_said() -> None:
    wire = {"spec": {"strategy": {"type": "RollingUpdate"}}}
    assert limits_of(wire) == Limits(1, 0)
