"""Probes: the kubelet asks a container again and again whether it has started, is ready, is alive.

A probe's verdict changes only after ``successThreshold`` successes or ``failureThreshold`` failures in a row. The
startup probe holds back the other two until it has succeeded. The first rounds of a readiness or startup probe are
progress (a person waits for the Pod to become ready); from then on probing is background and goes on for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kubesim.api.objects import Container, Probe
from kubesim.controllers.runtime import ProbeResult
from kubesim.simulation import Scheduled, Simulation

STARTUP, READINESS, LIVENESS = "Startup", "Readiness", "Liveness"


class ProbeListener(Protocol):
    """Who hears of a probe's verdicts."""

    def probed(self, kind: str, result: ProbeResult) -> None:
        """A single probe ended."""

    def concluded(self, kind: str, healthy: bool) -> None:
        """A threshold was reached: the verdict is now ``healthy``."""


class ProbeLoop:
    """One probe of one running container, from its start to its end."""

    def __init__(
        self,
        simulation: Simulation,
        kind: str,
        probe: Probe,
        carry_out: Callable[[Probe], ProbeResult],
        listener: ProbeListener,
    ) -> None:
        self.kind = kind
        self.probe = probe
        self._simulation = simulation
        self._carry_out = carry_out
        self._listener = listener
        self._row = 0
        self._last: bool | None = None
        self._verdict: bool | None = None
        self._tries = 0
        self._timer: Scheduled | None = None
        self._stopped = False

    def start(self) -> None:
        """Begin after the initial delay."""
        self._plan(self.probe.initialDelaySeconds)

    def stop(self) -> None:
        """Probe no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _plan(self, delay: float) -> None:
        if not self._stopped:
            self._timer = self._simulation.after(delay, self._run, progress=self._awaited)

    @property
    def _awaited(self) -> bool:
        return self.kind != LIVENESS and self._verdict is None and self._tries < (self.probe.failureThreshold or 3)

    def _run(self) -> None:
        self._tries += 1
        result = self._carry_out(self.probe)
        seconds = min(result.seconds, float(self.probe.timeoutSeconds or 1))
        if seconds > 0:
            self._timer = self._simulation.after(seconds, lambda: self._heard(result, seconds), progress=self._awaited)
        else:
            self._heard(result, 0.0)

    def _heard(self, result: ProbeResult, seconds: float) -> None:
        if self._stopped:
            return
        self._row = self._row + 1 if result.success == self._last else 1
        self._last = result.success
        self._listener.probed(self.kind, result)
        needed = (self.probe.successThreshold if result.success else self.probe.failureThreshold) or (
            1 if result.success else 3
        )
        if self._row >= needed and self._verdict != result.success:
            self._verdict = result.success
            self._listener.concluded(self.kind, result.success)
        if not (self.kind == STARTUP and self._verdict):
            self._plan(max(0.0, float(self.probe.periodSeconds or 10) - seconds))


def probes_of(container: Container) -> dict[str, Probe]:
    """The probes a container has, by kind."""
    found = {
        STARTUP: container.startupProbe,
        READINESS: container.readinessProbe,
        LIVENESS: container.livenessProbe,
    }
    return {kind: probe for kind, probe in found.items() if probe is not None}
