"""Jobs and CronJobs: what ends, how it went, and when it comes again."""

from __future__ import annotations

from kubesim.api.durations import human_duration, parse_timestamp
from kubesim.api.objects import LabelSelector, ObjectMeta, PodTemplateSpec, Wire, view
from kubesim.api.printers.columns import label_selector
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, controller, labels, moment
from kubesim.kubectl.describe.volumes import pod_template

_UNSET = "<unset>"
_INDEXES_SHOWN = 50
"""Characters of a list of indexes after which it is cut at the next comma."""


def job(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Job."""
    metadata, spec, status = view(wire["metadata"], ObjectMeta), wire.get("spec") or {}, wire.get("status") or {}
    text.line(0, "Name:", metadata.name)
    text.line(0, "Namespace:", metadata.namespace)
    text.line(0, "Selector:", _selector(spec))
    labels(text, "Labels", metadata.labels)
    annotation_lines(text, "Annotations", metadata.annotations)
    text.given("Controlled By:", controller(metadata.ownerReferences))
    if "parallelism" in spec:
        text.line(0, "Parallelism:", spec["parallelism"])
    text.line(0, "Completions:", spec.get("completions", _UNSET))
    for title, field in (("Completion Mode:", "completionMode"), ("Suspend:", "suspend"),
                         ("Backoff Limit:", "backoffLimit"),
                         ("TTL Seconds After Finished:", "ttlSecondsAfterFinished")):  # fmt: skip
        if field in spec:
            text.line(0, title, str(spec[field]).lower() if field == "suspend" else spec[field])
    start, end = (parse_timestamp(status.get(field)) for field in ("startTime", "completionTime"))
    if start is not None:
        text.line(0, "Start Time:", moment(status["startTime"]))
    if end is not None:
        text.line(0, "Completed At:", moment(status["completionTime"]))
    if start is not None and end is not None:
        text.line(0, "Duration:", human_duration((end - start).total_seconds()))
    if "activeDeadlineSeconds" in spec:
        text.line(0, "Active Deadline Seconds:", f"{spec['activeDeadlineSeconds']}s")
    active, succeeded, failed = (status.get(field, 0) for field in ("active", "succeeded", "failed"))
    ready = f" ({status['ready']} Ready)" if "ready" in status else ""
    text.line(0, "Pods Statuses:", f"{active} Active{ready} / {succeeded} Succeeded / {failed} Failed")
    if spec.get("completionMode") == "Indexed":
        text.line(0, "Completed Indexes:", _cut(status.get("completedIndexes", "")))
    pod_template(view(spec.get("template") or {}, PodTemplateSpec), text)
    events_of(text, wire, around)


def _selector(spec: Wire) -> str:
    return label_selector(view(spec.get("selector") or {}, LabelSelector)) if "selector" in spec else _UNSET


def _cut(indexes: str) -> str:
    end = indexes.find(",", _INDEXES_SHOWN)
    return "<none>" if not indexes else indexes if end < 0 else f"{indexes[: end + 1]}..."


def cron_job(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a CronJob."""
    metadata, spec, status = view(wire["metadata"], ObjectMeta), wire.get("spec") or {}, wire.get("status") or {}
    text.line(0, "Name:", metadata.name)
    text.line(0, "Namespace:", metadata.namespace)
    labels(text, "Labels", metadata.labels)
    annotation_lines(text, "Annotations", metadata.annotations)
    text.line(0, "Schedule:", spec.get("schedule", ""))
    text.line(0, "Concurrency Policy:", spec.get("concurrencyPolicy", ""))
    text.line(0, "Suspend:", spec.get("suspend", _UNSET))
    text.line(0, "Time Zone:", spec.get("timeZone", _UNSET))
    text.line(0, "Successful Job History Limit:", spec.get("successfulJobsHistoryLimit", _UNSET))
    text.line(0, "Failed Job History Limit:", spec.get("failedJobsHistoryLimit", _UNSET))
    deadline = spec.get("startingDeadlineSeconds")
    text.line(0, "Starting Deadline Seconds:", _UNSET if deadline is None else f"{deadline}s")
    template = (spec.get("jobTemplate") or {}).get("spec") or {}
    text.line(0, "Selector:", _selector(template))
    text.line(0, "Parallelism:", template.get("parallelism", _UNSET))
    text.line(0, "Completions:", template.get("completions", _UNSET))
    if "activeDeadlineSeconds" in template:
        text.line(0, "Active Deadline Seconds:", f"{template['activeDeadlineSeconds']}s")
    pod_template(view(template.get("template") or {}, PodTemplateSpec), text)
    last = status.get("lastScheduleTime")
    text.line(0, "Last Schedule Time:", _UNSET if last is None else moment(last))
    text.line(0, "Active Jobs:", ", ".join(each["name"] for each in status.get("active") or ()) or "<none>")
    events_of(text, wire, around)
