"""The conditions of a Job, and whether it is over. Pure. Upstream: ``pkg/controller/job`` and ``pkg/apis/batch``."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.controllers.conditions import condition

COMPLETE, FAILED = "Complete", "Failed"
SUCCESS_CRITERIA_MET, FAILURE_TARGET = "SuccessCriteriaMet", "FailureTarget"
SUSPENDED = "Suspended"
FINAL = {SUCCESS_CRITERIA_MET: COMPLETE, FAILURE_TARGET: FAILED}
"""What a Job becomes when its last Pod has ended, by what decided it."""


def new_condition(type: str, reason: str, message: str, now: str, status: str = "True") -> Wire:
    """A condition that begins now."""
    return {
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "message": message,
        "reason": reason,
        "status": status,
        "type": type,
    }


def holding(wire: Wire, type: str) -> Wire | None:
    """A Job's condition of a type, where it is True."""
    found = condition(wire, type)
    return found if found is not None and found.get("status") == "True" else None


def finished_condition(wire: Wire) -> Wire | None:
    """The condition that says that a Job is over; None while it is not."""
    return holding(wire, COMPLETE) or holding(wire, FAILED)
