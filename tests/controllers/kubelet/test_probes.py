"""When a probe's verdict changes, and when it is asked next (upstream: ``pkg/kubelet/prober/worker_test.go``)."""

from __future__ import annotations

import pytest

from kubesim.api.objects import Container, Probe
from kubesim.controllers.kubelet.probes import LIVENESS, READINESS, STARTUP, ProbeTally, probes_of

GOOD, BAD = True, False


@pytest.mark.parametrize(
    ("successes", "failures", "results", "changes"),
    [
        (1, 3, [GOOD], [GOOD]),
        (1, 3, [GOOD, GOOD], [GOOD, None]),
        (2, 3, [GOOD, GOOD, GOOD], [None, GOOD, None]),
        (1, 3, [BAD, BAD, BAD, BAD], [None, None, BAD, None]),
        (1, 3, [GOOD, BAD, BAD, GOOD, BAD, BAD, BAD], [GOOD, None, None, None, None, None, BAD]),
        (2, 1, [BAD, GOOD, BAD, GOOD, GOOD], [BAD, None, None, None, GOOD]),
        (0, 0, [BAD, BAD, BAD, GOOD], [None, None, BAD, GOOD]),  # the defaults: one success, three failures
    ],
)
def test_a_verdict_changes_after_so_many_results_in_a_row(
    successes: int, failures: int, results: list[bool], changes: list[bool | None]
) -> None:
    tally = ProbeTally(READINESS, Probe(successThreshold=successes, failureThreshold=failures))
    assert [tally.verdict if tally.count(result) else None for result in results] == changes


@pytest.mark.parametrize(
    ("kind", "verdict", "tries", "threshold", "awaited"),
    [
        (READINESS, None, 0, 3, True),
        (READINESS, None, 2, 3, True),
        (READINESS, None, 3, 3, False),  # as good as failed: nobody waits for a fourth try
        (READINESS, None, 2, 0, True),
        (READINESS, None, 3, 0, False),
        (READINESS, True, 1, 3, False),
        (READINESS, False, 1, 3, False),
        (STARTUP, None, 0, 30, True),
        (STARTUP, None, 29, 30, True),
        (LIVENESS, None, 0, 3, False),
    ],
)
def test_whom_a_person_waits_for(kind: str, verdict: bool | None, tries: int, threshold: int, awaited: bool) -> None:
    assert ProbeTally(kind, Probe(failureThreshold=threshold), verdict, tries).awaited is awaited


@pytest.mark.parametrize(
    ("kind", "verdict", "done"),
    [
        (STARTUP, True, True),
        (STARTUP, False, False),
        (STARTUP, None, False),
        (READINESS, True, False),
        (LIVENESS, True, False),
    ],
)
def test_only_a_startup_probe_is_ever_done(kind: str, verdict: bool | None, done: bool) -> None:
    assert ProbeTally(kind, Probe(), verdict).done is done


@pytest.mark.parametrize(
    ("period", "took", "pause"), [(10, 0.0, 10.0), (10, 3.0, 7.0), (2, 5.0, 0.0), (0, 1.0, 9.0), (1, 0.25, 0.75)]
)
def test_a_try_begins_a_period_after_the_one_before(period: int, took: float, pause: float) -> None:
    assert ProbeTally(READINESS, Probe(periodSeconds=period)).pause(took) == pause


@pytest.mark.parametrize(("seconds", "timeout"), [(0, 1.0), (1, 1.0), (7, 7.0)])
def test_the_time_out_is_a_second_where_nothing_else_is_said(seconds: int, timeout: float) -> None:
    assert ProbeTally(READINESS, Probe(timeoutSeconds=seconds)).timeout == timeout


def test_a_container_has_the_probes_that_it_names() -> None:
    one, two, three = Probe(periodSeconds=1), Probe(periodSeconds=2), Probe(periodSeconds=3)
    assert probes_of(Container(name="c", image="i")) == {}
    assert probes_of(Container(name="c", image="i", livenessProbe=two)) == {LIVENESS: two}
    every = Container(name="c", image="i", startupProbe=one, livenessProbe=two, readinessProbe=three)
    assert probes_of(every) == {STARTUP: one, LIVENESS: two, READINESS: three}
