"""Probes: the kubelet asks a container again and again whether it has started, is ready, is alive. Pure.

A probe's verdict changes only after ``successThreshold`` successes or ``failureThreshold`` failures in a row. The
startup probe holds back the other two until it has succeeded. The first rounds of a readiness or startup probe are
progress (a person waits for the Pod to become ready); from then on probing is background and goes on for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.api.objects import Container, Probe
from kubesim.simulation import Scheduled

STARTUP, READINESS, LIVENESS = "Startup", "Readiness", "Liveness"


@dataclass(slots=True)
class ProbeTally:
    """One probe of one running container: what it has found so far.

    :param verdict: None until a threshold is reached.
    :param row: how many results in a row were like the ``last``.
    :param timer: what is planned next: the next try, or the answer to one that takes its time.
    """

    kind: str
    probe: Probe
    verdict: bool | None = None
    tries: int = 0
    row: int = 0
    last: bool | None = None
    timer: Scheduled | None = None

    @property
    def awaited(self) -> bool:
        """Whether a person would wait for the next try."""
        return self.kind != LIVENESS and self.verdict is None and self.tries < (self.probe.failureThreshold or 3)

    @property
    def timeout(self) -> float:
        """Seconds after which a try has failed."""
        return float(self.probe.timeoutSeconds or 1)

    @property
    def done(self) -> bool:
        """Whether there is nothing left to ask: a container starts once."""
        return self.kind == STARTUP and bool(self.verdict)

    def count(self, success: bool) -> bool:
        """Take a try's result in; returns whether the verdict is another one now."""
        self.row = self.row + 1 if success == self.last else 1
        self.last = success
        needed = (self.probe.successThreshold or 1) if success else (self.probe.failureThreshold or 3)
        if self.row < needed or self.verdict == success:
            return False
        self.verdict = success
        return True

    def pause(self, took: float) -> float:
        """Seconds until the next try, after one that took so long."""
        return max(0.0, float(self.probe.periodSeconds or 10) - took)


def probes_of(container: Container) -> dict[str, Probe]:
    """The probes a container has, by kind."""
    found = {
        STARTUP: container.startupProbe,
        READINESS: container.readinessProbe,
        LIVENESS: container.livenessProbe,
    }
    return {kind: probe for kind, probe in found.items() if probe is not None}
