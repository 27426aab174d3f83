"""The CronJob controller: makes a Job whenever the schedule says so, and keeps the last few.

Upstream: ``pkg/controller/cronjob`` (the second version).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from kubesim.api.cron import Schedule, parse_schedule, time_zone
from kubesim.api.defaults import apply_defaults
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import moment
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.job.conditions import finished_condition
from kubesim.controllers.manager import Manager
from kubesim.controllers.pods import controller_of, owned_by, owner_reference
from kubesim.simulation import Simulation

NAME = "cronjob-controller"
LEEWAY_SECONDS = 0.1
"""How long after the scheduled moment the controller looks (upstream: ``nextScheduleDelta``)."""
MOST_MISSED = 100
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_RFC1123 = "%a, %d %b %Y %H:%M:%S UTC"


class CronJobController:
    """Starts Jobs by schedules."""

    name = NAME
    kinds: Sequence[str] = ("CronJob", "Job")

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The CronJob itself, or the one that owns a Job."""
        if change.kind == "CronJob":
            return (change.key,)
        owner = controller_of(change.object)
        namespace = change.object["metadata"]["namespace"]
        return ((namespace, owner["name"]),) if owner is not None and owner["kind"] == "CronJob" else ()

    def reconcile(self, key: Hashable) -> None:
        """Look after the Jobs there are, start the one that is due, and come again when the next one is."""
        assert isinstance(key, tuple)
        wire = self._client.get("CronJob", *key)
        if wire is None:
            return
        owned = self._client.store.owned_by("Job", wire["metadata"]["uid"])
        jobs = [job for job in owned if owned_by(job, wire)]
        status: Wire = {**(wire.get("status") or {})}
        self._take_stock(wire, status, jobs)
        failure: ApiError | None = None
        try:
            self._start(wire, status)
        except ApiError as error:
            failure = error
        self._forget_oldest(wire, status, jobs)
        self._client.update_status(wire, status)
        if failure is not None:
            raise failure

    def _say(self, wire: Wire, type: str, reason: str, message: str) -> None:
        self._events.record(wire, type, reason, message, component=NAME)

    # --- Jobs that are there -------------------------------------------------------------------------------------

    def _take_stock(self, wire: Wire, status: Wire, jobs: list[Wire]) -> None:
        """Bring the list of active Jobs up to date, and when one last succeeded."""
        active = {each["uid"]: each for each in status.get("active") or ()}
        for job in jobs:
            uid, name, ended = job["metadata"]["uid"], job["metadata"]["name"], finished_condition(job)
            if ended is None and uid not in active:
                message = f"Saw a job that the controller did not create or forgot: {name}"
                self._say(wire, WARNING, "UnexpectedJob", message)
            elif ended is not None and uid in active:
                del active[uid]
                message = f"Saw completed job: {name}, condition: {ended['type']}"
                self._say(wire, NORMAL, "SawCompletedJob", message)
            elif ended is not None:
                completed = (job.get("status") or {}).get("completionTime")
                if completed and completed > status.get("lastSuccessfulTime", ""):
                    status["lastSuccessfulTime"] = completed
        there = {job["metadata"]["uid"] for job in jobs}
        for uid in [uid for uid in active if uid not in there]:
            self._say(wire, NORMAL, "MissingJob", f"Active job went missing: {active.pop(uid)['name']}")
        _set_active(status, list(active.values()))

    def _forget_oldest(self, wire: Wire, status: Wire, jobs: list[Wire]) -> None:
        """Delete finished Jobs beyond the limits, the oldest first."""
        for type, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            limit = wire["spec"].get(field)
            ended = [job for job in jobs if (finished_condition(job) or {}).get("type") == type]
            if limit is not None and not wire["metadata"].get("deletionTimestamp"):
                for job in sorted(ended, key=_started_at)[: max(0, len(ended) - limit)]:
                    self._delete(wire, status, job)

    def _delete(self, wire: Wire, status: Wire, job: Wire) -> None:
        self._client.delete(job)
        left = [each for each in status.get("active") or () if each["uid"] != job["metadata"]["uid"]]
        _set_active(status, left)
        self._say(wire, NORMAL, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")

    # --- the next Job --------------------------------------------------------------------------------------------

    def _start(self, wire: Wire, status: Wire) -> None:
        """Start the Job that is due, if one is."""
        spec = wire["spec"]
        if wire["metadata"].get("deletionTimestamp") or spec.get("suspend"):
            return
        try:
            zone = time_zone(spec["timeZone"]) if "timeZone" in spec else UTC
            schedule = parse_schedule(spec["schedule"])
        except ValueError as error:  # validation lets none of these pass
            self._say(wire, WARNING, "UnparseableSchedule", f'unparseable schedule: "{spec["schedule"]}" : {error}')
            return
        now = self._simulation.datetime.astimezone(zone)
        times = _times(wire, status, schedule, now, deadline=True)
        if times.many_missed:
            message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            self._say(wire, WARNING, "TooManyMissedTimes", message)
        if times.due is not None and self._may_start(wire, status, times.due, now):
            self._create(wire, status, times.due)
        self._come_again(wire, status, schedule, now)

    def _may_start(self, wire: Wire, status: Wire, due: datetime, now: datetime) -> bool:
        spec, deadline = wire["spec"], wire["spec"].get("startingDeadlineSeconds")
        if deadline is not None and due + timedelta(seconds=deadline) < now:
            late = due.astimezone(UTC).strftime(_RFC1123)
            self._say(wire, WARNING, "MissSchedule", f"Missed scheduled time to start a job: {late}")
            return False
        active = status.get("active") or []
        if _job_name(wire, due) in {each["name"] for each in active} or _timestamp(due) == status.get(
            "lastScheduleTime"
        ):
            return False
        if spec["concurrencyPolicy"] == "Forbid" and active:
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._say(wire, NORMAL, "JobAlreadyActive", message)
            return False
        if spec["concurrencyPolicy"] == "Replace":
            for each in active:
                job = self._client.get("Job", wire["metadata"]["namespace"], each["name"])
                if job is not None:
                    self._delete(wire, status, job)
        return True

    def _create(self, wire: Wire, status: Wire, due: datetime) -> None:
        template = wire["spec"]["jobTemplate"]
        own = template.get("metadata") or {}
        metadata = {
            **({"labels": own["labels"]} if own.get("labels") else {}),
            "annotations": {**(own.get("annotations") or {}), SCHEDULED: due.isoformat().replace("+00:00", "Z")},
            "name": _job_name(wire, due),
            "namespace": wire["metadata"]["namespace"],
            "ownerReferences": [owner_reference(wire)],
        }
        made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
        try:
            job = self._client.create(apply_defaults(made))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                self._say(wire, WARNING, "FailedCreate", f"Error creating job: {error.message}")
            raise
        self._say(wire, NORMAL, "SuccessfulCreate", f"Created job {job['metadata']['name']}")
        _set_active(status, [*(status.get("active") or ()), _reference(job)])
        status["lastScheduleTime"] = _timestamp(due)

    def _come_again(self, wire: Wire, status: Wire, schedule: Schedule, now: datetime) -> None:
        times = _times(wire, status, schedule, now, deadline=False)
        last = times.due or (now if times.missed else times.since)
        following = schedule.after(last)
        if following is not None:
            wait = (following - now).total_seconds() + LEEWAY_SECONDS
            self._manager.enqueue_after(self, key_of(wire), max(0.0, wait), progress=False)


class _Times(NamedTuple):
    """When a CronJob was due.

    :param since: from when on it is looked.
    :param due: the last time it was due since; None where it was not.
    :param missed: whether it was due at all, and ``many_missed``: more than a hundred times.
    """

    since: datetime
    due: datetime | None = None
    missed: bool = False
    many_missed: bool = False


def _times(wire: Wire, status: Wire, schedule: Schedule, now: datetime, *, deadline: bool) -> _Times:
    """The last time a CronJob was due.

    :param status: with the last time that it made a Job for.
    :param deadline: whether times that are too long ago do not count.
    """
    since = moment(status.get("lastScheduleTime") or wire["metadata"]["creationTimestamp"]).astimezone(now.tzinfo)
    seconds = wire["spec"].get("startingDeadlineSeconds")
    if deadline and seconds is not None:
        since = max(since, now - timedelta(seconds=seconds))
    first = schedule.after(since)
    if first is None or now < first:
        return _Times(since)
    second = schedule.after(first)
    if second is None or now < second:
        return _Times(since, first, missed=True)
    every = round((second - first).total_seconds())
    count = int((now - first).total_seconds()) // every + 1
    due, following = None, schedule.after(first + timedelta(seconds=(count - 2) * every))
    while following is not None and following <= now:
        due, following = following, schedule.after(following)
    return _Times(since, due, missed=True, many_missed=count > MOST_MISSED)


def _job_name(wire: Wire, due: datetime) -> str:
    return f"{wire['metadata']['name']}-{int(due.timestamp()) // 60}"


def _timestamp(due: datetime) -> str:
    return due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _started_at(job: Wire) -> tuple[str, str]:
    return (job.get("status") or {}).get("startTime", ""), job["metadata"]["name"]


def _reference(job: Wire) -> Wire:
    metadata = job["metadata"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "resourceVersion": metadata["resourceVersion"],
        "uid": metadata["uid"],
    }


def _set_active(status: Wire, references: list[Wire]) -> None:
    if references:
        status["active"] = references
    else:
        status.pop("active", None)
