"""A thousand steps of random histories; more by ``python -m tests.controllers.workload_history 100000``."""

from __future__ import annotations

from tests.controllers.workload_history import run


def test_whatever_is_done_to_workloads_nothing_is_lost_and_nothing_is_left_over() -> None:
    run(1000)
