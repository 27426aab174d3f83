"""The Job controller's loop: Pods run until enough have succeeded, or too many have failed.

Each Pod carries a finalizer until its end has been counted, so none is forgotten and none is counted twice. What
decides a Job (success, too many failures, a deadline) is written first; that it is over only when the last of its
Pods has ended. Upstream: ``pkg/controller/job/job_controller.go``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Change, Key, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import moment
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.job.conditions import (
    FAILURE_TARGET,
    FINAL,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    finished_condition,
    holding,
    new_condition,
)
from kubesim.controllers.job.indexes import (
    failures_before,
    format_indexes,
    index_of,
    parse_indexes,
    pending_indexes,
    with_index,
)
from kubesim.controllers.job.policies import has_succeeded, judge
from kubesim.controllers.manager import Manager
from kubesim.controllers.ownership import PodClaims
from kubesim.controllers.pods import (
    controller_of,
    deletion_rank,
    is_active,
    is_ready,
    is_terminating,
    pod_from_template,
)
from kubesim.controllers.request_budget import MOST_AT_ONCE, RequestBudget
from kubesim.simulation import Simulation

NAME = "job-controller"
TRACKING = "batch.kubernetes.io/job-tracking"
"""The finalizer of a Pod whose end has not been counted yet."""
FIRST_BACKOFF_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 600.0
"""From a Pod's failure to the next Pod, doubling with each failure since the last success."""


@dataclass(slots=True)
class _Tally:
    """One look at a Job.

    :ivar active: Pods that run or are about to, and how many of them are ``ready``.
    :ivar terminating: Pods that were deleted and have not ended.
    :ivar ended: Pods whose end is to be counted now: those that succeeded, and those that failed.
    :ivar decided: the condition that ends the Job; None while nothing does.
    """

    active: list[Wire]
    ready: int
    terminating: int
    succeeded: int
    failed: int
    ended: list[Wire] = field(default_factory=list)
    succeeded_indexes: set[int] = field(default_factory=set)
    failed_indexes: set[int] = field(default_factory=set)
    decided: Wire | None = None


class JobController:
    """Runs Jobs."""

    name = NAME
    kinds: Sequence[str] = ("Job", "Pod")

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._budget = RequestBudget(simulation)
        self._claims = PodClaims(client, "Job", lambda wire, pod: True)
        self._tracked: dict[Key, dict[Key, None]] = {}
        """The Pods with the finalizer, by the Job that they name."""
        self._failures: dict[str, tuple[int, datetime]] = {}
        """By a Job's uid: how many Pods have failed since the last success, and when the last one did."""
        self._failed_per_index: dict[str, dict[int, int]] = {}
        """By a Job's uid: how often each index has failed, where each has a limit of its own."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The Job itself, the owner of a Pod, or the Jobs that might adopt a Pod without one."""
        if change.kind == "Pod":
            self._track(change)
        return self._claims.keys(change)

    def _track(self, change: Change) -> None:
        key, owner = change.key, controller_of(change.object)
        if owner is None and change.old is not None:  # let go, by somebody who leaves the finalizer to us
            owner = controller_of(change.old)
        if owner is None or owner["kind"] != "Job":
            return
        job = key[0], owner["name"]
        if change.new is not None and TRACKING in (change.new["metadata"].get("finalizers") or ()):
            self._tracked.setdefault(job, {})[key] = None
        else:
            self._forget(job, key)

    def _forget(self, job: Key, pod: Key) -> None:
        if job in self._tracked:
            self._tracked[job].pop(pod, None)
            if not self._tracked[job]:
                del self._tracked[job]

    def reconcile(self, key: Hashable) -> None:
        """Take the next steps of one Job, and write its status."""
        assert isinstance(key, tuple)
        wire = self._client.get("Job", *key)
        self._let_orphans_go(key, wire)
        if wire is None or finished_condition(wire) is not None:
            return
        if self._budget.wait:
            self._manager.enqueue_after(self, key, self._budget.wait, progress=True)
            return
        status: Wire = {**(wire.get("status") or {})}
        if "startTime" not in status and not wire["spec"].get("suspend"):
            status["startTime"] = self._simulation.timestamp()
        tally = self._count(wire, status, self._claims.claim(wire))
        failure: ApiError | None = None
        self._decide(wire, status, tally)
        if tally.decided is not None:
            self._delete(wire, tally, tally.active)
        elif not wire["metadata"].get("deletionTimestamp"):
            try:
                backing_off = self._manage(wire, tally)
            except ApiError as error:
                failure, backing_off = error, False
            if self._is_complete(wire, tally):
                message = "Reached expected number of succeeded pods"
                tally.decided = self._condition(SUCCESS_CRITERIA_MET, "CompletionsReached", message)
            else:
                self._note_suspension(wire, status)
            if backing_off:
                tally.active = []
        self._write(wire, status, tally)
        if failure is not None:
            raise failure

    def _let_orphans_go(self, key: Key, wire: Wire | None) -> None:
        """Pods that no Job owns any more, or one that is gone or over, need not be counted."""
        for each in list(self._tracked.get(key, ())):
            pod = self._client.get("Pod", *each)
            if pod is None:
                continue
            owner = controller_of(pod)
            if owner is None:
                self._forget(key, each)
                self._untrack(pod)
            elif wire is None or owner["uid"] != wire["metadata"]["uid"] or finished_condition(wire) is not None:
                self._untrack(pod)

    def _untrack(self, pod: Wire) -> None:
        finalizers = pod["metadata"].get("finalizers") or []
        if TRACKING in finalizers:
            self._client.set_finalizers(pod, [each for each in finalizers if each != TRACKING])

    def _condition(self, type: str, reason: str, message: str) -> Wire:
        return new_condition(type, reason, message, self._simulation.timestamp())

    # --- what there is -------------------------------------------------------------------------------------------

    def _count(self, wire: Wire, status: Wire, pods: list[Wire]) -> _Tally:
        spec = wire["spec"]
        active = [pod for pod in pods if is_active(pod)]
        ended = [pod for pod in pods if TRACKING in (pod["metadata"].get("finalizers") or ()) and _has_ended(spec, pod)]
        good = [pod for pod in ended if _phase(pod) == "Succeeded"]
        bad = [pod for pod in ended if _phase(pod) != "Succeeded"]
        counted = [pod for pod in bad if judge(spec.get("podFailurePolicy"), pod).action != "Ignore"]
        tally = _Tally(
            active,
            sum(map(is_ready, active)),
            sum(is_terminating(pod) and _phase(pod) not in ("Succeeded", "Failed") for pod in pods),
            int(status.get("succeeded") or 0) + len(good),
            int(status.get("failed") or 0) + len(counted),
            ended,
        )
        self._note_failures(wire, good, bad)
        if spec.get("backoffLimitPerIndex") is not None:
            failures = {index_of(pod): failures_before(pod) + 1 for pod in counted}
            self._failed_per_index.setdefault(wire["metadata"]["uid"], {}).update(failures)
        if spec.get("completionMode") == "Indexed":
            self._count_indexes(spec, status, pods, tally)
        return tally

    def _count_indexes(self, spec: Wire, status: Wire, pods: list[Wire], tally: _Tally) -> None:
        most = int(spec["completions"])
        tally.succeeded_indexes = parse_indexes(status.get("completedIndexes", ""), most)
        tally.succeeded_indexes |= {index_of(p) for p in pods if _phase(p) == "Succeeded" and 0 <= index_of(p) < most}
        tally.succeeded = len(tally.succeeded_indexes)
        limit = spec.get("backoffLimitPerIndex")
        if limit is None:
            return
        tally.failed_indexes = parse_indexes(status.get("failedIndexes", ""), most)
        for pod in tally.ended:
            verdict = judge(spec.get("podFailurePolicy"), pod)
            if _phase(pod) == "Succeeded" or verdict.action == "Ignore":
                continue
            if verdict.action == "FailIndex" or failures_before(pod) >= limit:
                tally.failed_indexes.add(index_of(pod))
        tally.failed_indexes -= tally.succeeded_indexes

    def _note_failures(self, wire: Wire, good: list[Wire], bad: list[Wire]) -> None:
        """Count failures since the last success, in the order in which Pods ended."""
        uid = wire["metadata"]["uid"]
        ended = sorted([(_ended_at(pod, self._simulation.datetime), pod in bad) for pod in (*good, *bad)])
        for when, failed in ended:
            count, _ = self._failures.get(uid, (0, when))
            self._failures[uid] = (count + 1, when) if failed else (0, when)

    # --- what it comes to ----------------------------------------------------------------------------------------

    def _decide(self, wire: Wire, status: Wire, tally: _Tally) -> None:
        """Find what ends the Job, if anything does."""
        spec = wire["spec"]
        tally.decided = holding(wire, SUCCESS_CRITERIA_MET) or holding(wire, FAILURE_TARGET)
        if tally.decided is not None:
            return
        for pod in tally.ended:
            verdict = judge(spec.get("podFailurePolicy"), pod) if _phase(pod) == "Failed" else None
            if verdict is not None and verdict.action == "FailJob":
                tally.decided = self._condition(FAILURE_TARGET, "PodFailurePolicy", verdict.message)
                return
        if tally.failed > spec["backoffLimit"] or _restarts_exceed(spec, tally.active):
            message = "Job has reached the specified backoff limit"
            tally.decided = self._condition(FAILURE_TARGET, "BackoffLimitExceeded", message)
        elif self._is_late(wire, status):
            message = "Job was active longer than specified deadline"
            tally.decided = self._condition(FAILURE_TARGET, "DeadlineExceeded", message)
        elif spec.get("completionMode") == "Indexed":
            self._decide_by_index(spec, tally)

    def _decide_by_index(self, spec: Wire, tally: _Tally) -> None:
        most, failed = spec.get("maxFailedIndexes"), len(tally.failed_indexes)
        if most is not None and failed > most:
            message = "Job has exceeded the specified maximal number of failed indexes"
            tally.decided = self._condition(FAILURE_TARGET, "MaxFailedIndexesExceeded", message)
        elif failed and failed + len(tally.succeeded_indexes) >= spec["completions"]:
            tally.decided = self._condition(FAILURE_TARGET, "FailedIndexes", "Job has failed indexes")
        else:
            why = has_succeeded(spec.get("successPolicy"), spec["completions"], tally.succeeded_indexes)
            if why:
                tally.decided = self._condition(SUCCESS_CRITERIA_MET, "SuccessPolicy", why)

    def _is_late(self, wire: Wire, status: Wire) -> bool:
        deadline = wire["spec"].get("activeDeadlineSeconds")
        if deadline is None or "startTime" not in status or wire["spec"].get("suspend"):
            return False
        left = deadline - (self._simulation.datetime - moment(status["startTime"])).total_seconds()
        if left > 0:
            self._manager.enqueue_after(self, key_of(wire), left, progress=False)
        return bool(left <= 0)

    @staticmethod
    def _is_complete(wire: Wire, tally: _Tally) -> bool:
        wanted = wire["spec"].get("completions")
        enough = tally.succeeded > 0 if wanted is None else tally.succeeded >= wanted
        return enough and not tally.active

    def _note_suspension(self, wire: Wire, status: Wire) -> None:
        """Say that a Job is suspended, or no longer; its time begins anew when it is resumed."""
        conditions: list[Wire] = list(status.get("conditions") or ())
        known = next((each for each in conditions if each["type"] == SUSPENDED), None)
        suspended = bool(wire["spec"].get("suspend"))
        if suspended == (known is not None and known["status"] == "True"):
            return
        reason, message = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
        now = self._simulation.timestamp()
        made = new_condition(SUSPENDED, reason, message, now, str(suspended))
        status["conditions"] = [*(each for each in conditions if each is not known), made]
        self._events.record(wire, NORMAL, "Suspended" if suspended else "Resumed", message, component=NAME)
        if not suspended:
            status["startTime"] = now

    # --- what is done --------------------------------------------------------------------------------------------

    def _manage(self, wire: Wire, tally: _Tally) -> bool:
        """Create or delete Pods; returns whether new ones must wait because others have failed."""
        spec, active = wire["spec"], len(tally.active)
        if spec.get("suspend"):
            self._delete(wire, tally, tally.active)
            return False
        going = tally.terminating if spec.get("podReplacementPolicy") == "Failed" else 0
        wanted = spec["parallelism"]
        if spec.get("completions") is not None:
            wanted = max(0, min(spec["completions"] - tally.succeeded, wanted))
        elif tally.succeeded:
            wanted = active
        surplus = self._surplus(spec, tally, max(0, active + going - wanted))
        if surplus:
            self._delete(wire, tally, surplus[:MOST_AT_ONCE])
            return False
        missing = wanted - going - active
        if missing <= 0:
            return False
        wait = self._backoff(wire)
        if wait > 0 and spec.get("backoffLimitPerIndex") is None:
            self._manager.enqueue_after(self, key_of(wire), wait, progress=True)
            return True
        self._create(wire, tally, min(missing, MOST_AT_ONCE))
        if missing > MOST_AT_ONCE:
            self._manager.enqueue_after(self, key_of(wire), self._budget.wait, progress=True)
        return False

    @staticmethod
    def _surplus(spec: Wire, tally: _Tally, least: int) -> list[Wire]:
        """The Pods that are too many: of an index that is taken or does not exist, then by rank."""
        ordered = sorted(tally.active, key=deletion_rank)
        going: list[Wire] = []
        if spec.get("completionMode") == "Indexed":
            seen: set[int] = set()
            for pod in reversed(ordered):
                index = index_of(pod)
                if index in seen or not 0 <= index < spec["completions"] or index in tally.succeeded_indexes:
                    going.append(pod)
                seen.add(index)
        rest = [pod for pod in ordered if pod not in going]
        return going + rest[: max(0, least - len(going))]

    def _backoff(self, wire: Wire) -> float:
        """Seconds until a new Pod may be made."""
        count, last = self._failures.get(wire["metadata"]["uid"], (0, self._simulation.datetime))
        if not count:
            return 0.0
        wait = min(FIRST_BACKOFF_SECONDS * 2.0 ** min(count - 1, 10), LONGEST_BACKOFF_SECONDS)
        return max(0.0, wait - (self._simulation.datetime - last).total_seconds())

    def _create(self, wire: Wire, tally: _Tally, count: int) -> None:
        spec = wire["spec"]
        if spec.get("completionMode") != "Indexed":
            for _ in range(count):
                self._create_one(wire, tally, pod_from_template(wire, spec["template"]))
            return
        taken = {index_of(pod) for pod in tally.active} | tally.succeeded_indexes | tally.failed_indexes
        limited = spec.get("backoffLimitPerIndex") is not None
        known = self._failed_per_index.get(wire["metadata"]["uid"], {})
        for index in pending_indexes(spec["completions"], taken, count):
            pod = pod_from_template(wire, spec["template"])
            failures = known.get(index, 0) if limited else None
            self._create_one(wire, tally, with_index(pod, wire["metadata"]["name"], index, failures))

    def _create_one(self, wire: Wire, tally: _Tally, pod: Wire) -> None:
        finalizers = [*(pod["metadata"].get("finalizers") or ()), TRACKING]
        self._budget.take()
        try:
            created = self._client.create({**pod, "metadata": {**pod["metadata"], "finalizers": finalizers}})
        except ApiError as error:
            self._events.record(wire, WARNING, "FailedCreate", f"Error creating: {error.message}", component=NAME)
            raise
        tally.active.append(created)
        message = f"Created pod: {created['metadata']['name']}"
        self._events.record(wire, NORMAL, "SuccessfulCreate", message, component=NAME)

    def _delete(self, wire: Wire, tally: _Tally, pods: list[Wire]) -> None:
        for pod in list(pods):
            self._budget.take()
            self._client.delete(pod)
            message = f"Deleted pod: {pod['metadata']['name']}"
            self._events.record(wire, NORMAL, "SuccessfulDelete", message, component=NAME)
            tally.active.remove(pod)
            tally.terminating += 1
            tally.ready -= is_ready(pod)

    # --- status --------------------------------------------------------------------------------------------------

    def _write(self, wire: Wire, status: Wire, tally: _Tally) -> None:
        """Write what was decided, let counted Pods go, then write the counts, and that the Job is over."""
        known = {each["type"] for each in status.get("conditions") or ()}
        decided = tally.decided
        status |= {"ready": tally.ready, "terminating": tally.terminating, "uncountedTerminatedPods": {}}
        _set(status, "active", len(tally.active))
        if decided is not None and decided["type"] not in known:
            status["conditions"] = [*(status.get("conditions") or ()), decided]
        if tally.ended:
            uncounted: dict[str, list[str]] = {}
            for pod in tally.ended:
                uids = uncounted.setdefault("succeeded" if _phase(pod) == "Succeeded" else "failed", [])
                uids.append(pod["metadata"]["uid"])
            wire = self._status(wire, {**status, "uncountedTerminatedPods": uncounted})
            for pod in tally.ended:
                self._untrack(pod)
            _set(status, "succeeded", tally.succeeded)
            _set(status, "failed", tally.failed)
            _set(status, "completedIndexes", format_indexes(tally.succeeded_indexes))
            if wire["spec"].get("backoffLimitPerIndex") is not None:
                status["failedIndexes"] = format_indexes(tally.failed_indexes)
        elif decided is not None and decided["type"] not in known:
            wire = self._status(wire, status)
        final = None
        if decided is not None and not tally.active and not tally.terminating:
            final = self._condition(FINAL[decided["type"]], decided["reason"], decided["message"])
            status["conditions"] = [*status["conditions"], final]
            if final["type"] == "Complete":
                status["completionTime"] = final["lastTransitionTime"]
        wire = self._status(wire, status)
        if final is not None:
            self._say_finished(wire, final, tally)

    def _status(self, wire: Wire, status: Wire) -> Wire:
        self._client.update_status(wire, {**status})
        return self._client.get("Job", *key_of(wire)) or wire

    def _say_finished(self, wire: Wire, final: Wire, tally: _Tally) -> None:
        self._failures.pop(wire["metadata"]["uid"], None)
        self._failed_per_index.pop(wire["metadata"]["uid"], None)
        if final["type"] != "Complete":
            self._events.record(wire, WARNING, final["reason"], final["message"], component=NAME)
            return
        wanted = wire["spec"].get("completions")
        if wanted is not None and tally.succeeded > wanted:
            message = "Too many succeeded pods running after completion count reached"
            self._events.record(wire, WARNING, "TooManySucceededPods", message, component=NAME)
        self._events.record(wire, NORMAL, "Completed", "Job completed", component=NAME)


def _set(status: Wire, name: str, value: int | str) -> None:
    """Write a field as Go does: not at all where it is zero."""
    if value:
        status[name] = value
    else:
        status.pop(name, None)


def _phase(pod: Wire) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def _has_ended(spec: Wire, pod: Wire) -> bool:
    """Whether a Pod's end counts: a deleted one's at once, unless only what has failed is replaced."""
    if _phase(pod) in ("Succeeded", "Failed"):
        return True
    return is_terminating(pod) and spec.get("podReplacementPolicy") != "Failed"


def _ended_at(pod: Wire, now: datetime) -> datetime:
    """When a Pod's last container ended."""
    ends = [
        each["state"]["terminated"]["finishedAt"]
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
        if (each.get("state") or {}).get("terminated", {}).get("finishedAt")
    ]
    return max(map(moment, ends), default=now)


def _restarts_exceed(spec: Wire, active: list[Wire]) -> bool:
    """Whether the containers of Pods that restart them have failed too often."""
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = sum(
        int(each.get("restartCount") or 0)
        for pod in active
        if _phase(pod) in ("Running", "Pending")
        for kind in ("initContainerStatuses", "containerStatuses")
        for each in (pod.get("status") or {}).get(kind) or ()
    )
    limit = spec["backoffLimit"]
    return restarts > 0 if limit == 0 else restarts >= limit
