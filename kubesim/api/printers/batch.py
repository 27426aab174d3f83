"""Jobs and CronJobs: how far they have come, and when they ran last."""

from __future__ import annotations

from kubesim.api.durations import human_duration, parse_timestamp, since
from kubesim.api.objects import Wire
from kubesim.api.printers.columns import AGE, NAME, NONE, Printer, column, or_none, wide
from kubesim.api.printers.workloads import containers_of, part, selector_cell

_UNSET = "<unset>"
_ENDS = ("Complete", "Failed")
_ON_THE_WAY = ("Suspended", "FailureTarget", "SuccessCriteriaMet")


def _job_status(wire: Wire) -> str:
    """The condition that says most about a Job."""
    conditions = part(wire, "status", "conditions") or ()
    holding = {each.get("type") for each in conditions if each.get("status") == "True"}
    ended = next((type for type in _ENDS if type in holding), None)
    if ended is not None:
        return ended
    if wire["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return next((type for type in _ON_THE_WAY if type in holding), "Running")


def _completions(wire: Wire) -> str:
    wanted, parallelism = part(wire, "spec", "completions"), part(wire, "spec", "parallelism") or 0
    succeeded = part(wire, "status", "succeeded") or 0
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _took(wire: Wire, now: object) -> str:
    start, end = (parse_timestamp(part(wire, "status", field)) for field in ("startTime", "completionTime"))
    if start is None:
        return ""
    return human_duration(((end or now) - start).total_seconds())  # type: ignore[operator]


def _boolean(value: bool | None) -> str:
    return _UNSET if value is None else str(value)


JOB = Printer(
    lambda wire, now, with_wide: (wire, now),
    (
        NAME,
        column("Status", lambda job: _job_status(job[0])),
        column("Completions", lambda job: _completions(job[0])),
        column("Duration", lambda job: _took(*job)),
        AGE,
        wide("Containers", lambda job: containers_of(part(job[0], "spec", "template"))[0]),
        wide("Images", lambda job: containers_of(part(job[0], "spec", "template"))[1]),
        wide("Selector", lambda job: selector_cell(part(job[0], "spec", "selector"))),
    ),
)
_JOB_SPEC = ("spec", "jobTemplate", "spec")
CRON_JOB = Printer(
    lambda wire, now, with_wide: (wire, now),
    (
        NAME,
        column("Schedule", lambda job: part(job[0], "spec", "schedule") or ""),
        column("Timezone", lambda job: or_none(part(job[0], "spec", "timeZone"))),
        column("Suspend", lambda job: _boolean(part(job[0], "spec", "suspend"))),
        column("Active", lambda job: len(part(job[0], "status", "active") or ()), "integer"),
        column("Last Schedule", lambda job: _last_schedule(*job)),
        AGE,
        wide("Containers", lambda job: containers_of(part(job[0], *_JOB_SPEC, "template"))[0]),
        wide("Images", lambda job: containers_of(part(job[0], *_JOB_SPEC, "template"))[1]),
        wide("Selector", lambda job: selector_cell(part(job[0], *_JOB_SPEC, "selector"))),
    ),
)


def _last_schedule(wire: Wire, now: object) -> str:
    last = part(wire, "status", "lastScheduleTime")
    return since(last, now) if last else NONE  # type: ignore[arg-type]
