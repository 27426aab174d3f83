"""Expected numbers are upstream's own, from ``deployment_util_test.go`` and ``rolling_test.go``."""

from __future__ import annotations

import pytest

from kubesim.api.objects import IntOrString, Wire
from kubesim.controllers.deployment.rolling import Limits, limits_of, new_size, old_sizes


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
