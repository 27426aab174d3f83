"""Jobs and CronJobs, one rule a row. Expected: upstream's words in ``pkg/apis/batch/validation``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

import json
from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.validation import validate
from tests.api.validation.objects import changed, messages, valid, verdict
from tests.api.validation.test_containers import SUBDOMAIN
from tests.api.validation.test_scheduling import PART

NEGATIVE = "must be greater than or equal to 0"
POD = "spec/template/spec"
CASES: list[tuple[str, str, Any, list[str]]] = [
    ("Job", "spec/parallelism", -1, [f"spec.parallelism: Invalid value: -1: {NEGATIVE}"]),
    ("Job", "spec/completions", -1, [f"spec.completions: Invalid value: -1: {NEGATIVE}"]),
    ("Job", "spec/activeDeadlineSeconds", -1, [f"spec.activeDeadlineSeconds: Invalid value: -1: {NEGATIVE}"]),
    ("Job", "spec/backoffLimit", -1, [f"spec.backoffLimit: Invalid value: -1: {NEGATIVE}"]),
    ("Job", "spec/ttlSecondsAfterFinished", -1, [f"spec.ttlSecondsAfterFinished: Invalid value: -1: {NEGATIVE}"]),
    ("Job", "spec/ttlSecondsAfterFinished", 0, []),
    ("Job", "spec/completionMode", "Odd", ['spec.completionMode: Unsupported value: "Odd": supported values: "NonIndexed", "Indexed"']),
    ("Job", "spec/completionMode", "Indexed", []),
    ("Job", "spec/backoffLimitPerIndex", 1, ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]),
    ("Job", "spec/maxFailedIndexes", 1, ["spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified", "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode"]),
    ("Job", f"{POD}/restartPolicy", "Always", ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
    ("Job", f"{POD}/restartPolicy", "OnFailure", []),
    ("Job", f"{POD}/containers", [], ["spec.template.spec.containers: Required value"]),
    ("Job", "spec/selector", {"matchLabels": {"app": "z"}}, ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']),
    ("Job", "spec/podReplacementPolicy", "Odd", ['spec.podReplacementPolicy: Unsupported value: "Odd": supported values: "Failed", "TerminatingOrFailed"']),
    ("Job", "spec/podFailurePolicy", {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [0]}}]}, ["spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator", 'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"']),
    ("CronJob", "spec/schedule", "", ["spec.schedule: Required value"]),
    ("CronJob", "spec/schedule", "every day", ['spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: [every day]']),
    ("CronJob", "spec/schedule", "61 * * * *", ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61']),
    ("CronJob", "spec/schedule", "TZ=UTC * * * * *", ['spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead']),
    ("CronJob", "spec/schedule", "@hourly", []),
    ("CronJob", "spec/timeZone", "Mars/Base", ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']),
    ("CronJob", "spec/timeZone", "Local", ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']),
    ("CronJob", "spec/timeZone", "Europe/Berlin", []),
    ("CronJob", "spec/concurrencyPolicy", "Never", ['spec.concurrencyPolicy: Unsupported value: "Never": supported values: "Allow", "Forbid", "Replace"']),
    ("CronJob", "spec/startingDeadlineSeconds", -1, [f"spec.startingDeadlineSeconds: Invalid value: -1: {NEGATIVE}"]),
    ("CronJob", "spec/successfulJobsHistoryLimit", -1, [f"spec.successfulJobsHistoryLimit: Invalid value: -1: {NEGATIVE}"]),
    ("CronJob", "metadata/name", "a" * 53, [f'metadata.name: Invalid value: "{"a" * 53}": must be no more than 52 characters']),
    ("CronJob", "spec/jobTemplate/spec/template/spec/restartPolicy", "Always", ['spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "expected"), CASES)
def test_one_broken_field(kind: str, path: str, value: Any, expected: list[str]) -> None:
    assert verdict(kind, changed(valid(kind), path, value)) == expected


FIXED = "field is immutable"
UPDATES: list[tuple[str, Any, list[str]]] = [
    ("spec/completions", 3, [f"spec.completions: Invalid value: 3: {FIXED}"]),
    ("spec/completionMode", "Indexed", [f'spec.completionMode: Invalid value: "Indexed": {FIXED}']),
    ("spec/backoffLimit", 9, []),
    ("spec/parallelism", 9, []),
    ("spec/suspend", True, []),
    ("spec/activeDeadlineSeconds", 9, []),
]


@pytest.mark.parametrize(("path", "value", "expected"), UPDATES)
def test_what_of_a_job_may_change(path: str, value: Any, expected: list[str]) -> None:
    old = valid("Job")
    assert messages(validate("Job", changed(old, path, value), old)) == expected


def test_a_suspended_job_may_be_sent_elsewhere_but_not_changed() -> None:
    old = changed(valid("Job"), "spec/suspend", True)
    assert validate("Job", changed(old, f"{POD}/nodeSelector", {"disk": "ssd"}), old) == []
    (problem,) = messages(validate("Job", changed(old, f"{POD}/containers/0/image", "redis"), old))
    assert problem.startswith('spec.template: Invalid value: {"labels":{"app":"web"},"Spec":{"Volumes":null,')
    assert problem.endswith(f": {FIXED}")


CONTAINER_NAMES = "must be one of the container or initContainer names in the pod template"
QUALIFIED = "name part must be non-empty"
OVER = "must be less than or equal to"
INDEXED = {"completionMode": "Indexed", "completions": 3}
FAILED_ONLY = {"podReplacementPolicy": "Failed"}
INIT = {"name": "i", "image": "nginx", "imagePullPolicy": "Always", "terminationMessagePolicy": "File"}
CODES = {"operator": "In", "values": [1]}


def failing(**rule: Any) -> Wire:
    return {"podFailurePolicy": {"rules": [{"action": "FailJob", **rule}]}, **FAILED_ONLY}


SPECS: list[tuple[Wire, list[str]]] = [
    # counts and modes
    ({"backoffLimitPerIndex": -1, **INDEXED}, [f"backoffLimitPerIndex: Invalid value: -1: {NEGATIVE}"]),
    ({"maxFailedIndexes": -1, "backoffLimitPerIndex": 1, **INDEXED}, [f"maxFailedIndexes: Invalid value: -1: {NEGATIVE}"]),
    ({"maxFailedIndexes": 1, **INDEXED}, ["backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"]),
    ({"maxFailedIndexes": 3, "backoffLimitPerIndex": 0, **INDEXED}, []),
    ({"maxFailedIndexes": 4, "backoffLimitPerIndex": 0, **INDEXED}, [f"maxFailedIndexes: Invalid value: 4: {OVER} completions"]),
    ({"completionMode": "Indexed", "completions": ...}, ["completions: Required value: when completion mode is Indexed"]),
    ({"parallelism": 100_000, **INDEXED}, []),
    ({"parallelism": 100_001, **INDEXED}, [f"parallelism: Invalid value: 100001: {OVER} 100000 when completion mode is Indexed"]),
    ({"parallelism": 100_001}, []),
    ({"maxFailedIndexes": 100_001, "backoffLimitPerIndex": 0, **INDEXED, "completions": 200_000}, [f"maxFailedIndexes: Invalid value: 100001: {OVER} 100000"]),
    # what a Pod's restarts exclude
    ({"template/spec/restartPolicy": "OnFailure", "backoffLimitPerIndex": 1, **INDEXED}, ['template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when backoffLimitPerIndex is specified']),
    ({"template/spec/restartPolicy": "OnFailure", **failing(onExitCodes=CODES)}, ['template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified']),
    ({"template/spec/restartPolicy": "Odd"}, ['template.spec.restartPolicy: Unsupported value: "Odd": supported values: "Always", "OnFailure", "Never"', 'template.spec.restartPolicy: Unsupported value: "Odd": supported values: "OnFailure", "Never"']),
    ({"template/spec/restartPolicy": ""}, ["template.spec.restartPolicy: Required value", 'template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
    # what counts as a failure
    (failing(onExitCodes=CODES), []),
    (failing(onExitCodes={**CODES, "values": list(range(1, 6)), "operator": "NotIn"}), []),
    (failing(onExitCodes={**CODES, "values": [0, 1], "operator": "NotIn"}), []),
    (failing(onExitCodes=CODES, action=""), ['podFailurePolicy.rules[0].action: Required value: valid values: "Count", "FailIndex", "FailJob", "Ignore"']),
    (failing(onExitCodes=CODES, action="Odd"), ['podFailurePolicy.rules[0].action: Unsupported value: "Odd": supported values: "Count", "FailIndex", "FailJob", "Ignore"']),
    (failing(onExitCodes=CODES, action="FailIndex"), ['podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set']),
    ({**failing(onExitCodes=CODES, action="FailIndex"), "backoffLimitPerIndex": 1, **INDEXED}, []),
    (failing(onExitCodes={"values": [1]}), ['podFailurePolicy.rules[0].onExitCodes.operator: Required value: valid values: "In", "NotIn"']),
    (failing(onExitCodes={**CODES, "operator": "Odd"}), ['podFailurePolicy.rules[0].onExitCodes.operator: Unsupported value: "Odd": supported values: "In", "NotIn"']),
    (failing(onExitCodes={**CODES, "containerName": "c"}), []),
    ({**failing(onExitCodes={**CODES, "containerName": "i"}), "template/spec/initContainers": [INIT]}, []),
    (failing(onExitCodes={**CODES, "containerName": "z"}), [f'podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "z": {CONTAINER_NAMES}']),
    (failing(onExitCodes={"operator": "In", "values": []}), ["podFailurePolicy.rules[0].onExitCodes.values: Invalid value: []: at least one value is required"]),
    (failing(onExitCodes={"operator": "In", "values": [2, 2]}), ["podFailurePolicy.rules[0].onExitCodes.values[1]: Duplicate value: 2"]),
    (failing(onExitCodes={"operator": "In", "values": [2, 1]}), ["podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered"]),
    (failing(onPodConditions=[{"type": "DisruptionTarget", "status": "True"}]), []),
    (failing(onPodConditions=[{"type": "A", "status": "False"}, {"type": "A", "status": "Unknown"}, {"type": "A"}]), ['podFailurePolicy.rules[0].onPodConditions[2].status: Required value: valid values: "False", "True", "Unknown"']),
    (failing(onPodConditions=[{"type": "A", "status": "true"}]), ['podFailurePolicy.rules[0].onPodConditions[0].status: Unsupported value: "true": supported values: "False", "True", "Unknown"']),
    (failing(onPodConditions=[{"type": "a.example/", "status": "True"}]), [f'podFailurePolicy.rules[0].onPodConditions[0].type: Invalid value: "a.example/": {QUALIFIED}', f'podFailurePolicy.rules[0].onPodConditions[0].type: Invalid value: "a.example/": {PART}']),
    (failing(), ['podFailurePolicy.rules[0]: Invalid value: {"Action":"FailJob","OnExitCodes":null,"OnPodConditions":null}: specifying one of OnExitCodes and OnPodConditions is required']),
    (failing(onExitCodes=CODES, onPodConditions=[{"type": "A", "status": "True"}]), ['podFailurePolicy.rules[0]: Invalid value: {"Action":"FailJob","OnExitCodes":{"ContainerName":null,"Operator":"In","Values":[1]},"OnPodConditions":[{"Type":"A","Status":"True"}]}: specifying both OnExitCodes and OnPodConditions is not supported']),
    ({"podFailurePolicy": {"rules": [{"action": "Ignore", "onExitCodes": CODES}] * 20}, **FAILED_ONLY}, []),
    ({"podFailurePolicy": {"rules": [{"action": "Ignore", "onExitCodes": CODES}] * 21}, **FAILED_ONLY}, ["podFailurePolicy.rules: Invalid value: 21: must have at most 20 items"]),
    # success and replacement
    ({"successPolicy": {"rules": [{"succeededCount": 1}]}, **INDEXED}, []),
    ({"successPolicy": {"rules": [{"succeededIndexes": "0-1"}]}, **INDEXED}, []),
    ({"successPolicy": {"rules": []}, **INDEXED}, ["successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified"]),
    ({"successPolicy": {"rules": [{"succeededCount": 1}, {}]}, **INDEXED}, ["successPolicy.rules[1]: Required value: at least one of succeededCount or succeededIndexes must be specified"]),
    ({"successPolicy": {"rules": [{"succeededCount": 1}]}}, ['successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode']),
    ({"podReplacementPolicy": "Failed"}, []),
    ({"podReplacementPolicy": "TerminatingOrFailed"}, []),
    ({"podReplacementPolicy": ...}, []),
]  # fmt: skip


def job(kind: str, fields: Wire) -> Wire:
    """A Job, or a CronJob with it, of these fields."""
    wire = valid(kind)
    for path, value in fields.items():
        whole = f"spec/{'' if kind == 'Job' else 'jobTemplate/spec/'}{path}"
        wire = changed(changed(wire, whole, None), whole, value)  # what is to be absent may be so already
    return wire


@pytest.mark.parametrize(("fields", "expected"), SPECS)
def test_the_spec_of_a_job_and_of_a_schedules_jobs(fields: Wire, expected: list[str]) -> None:
    assert verdict("Job", job("Job", fields)) == [f"spec.{each}" for each in expected]
    assert verdict("CronJob", job("CronJob", fields)) == [f"spec.jobTemplate.spec.{each}" for each in expected]


@pytest.mark.parametrize(
    ("schedule", "zone", "before", "expected"),
    [
        ("TZ=UTC * * * * *", ..., "TZ=UTC 1 * * * *", []),  # it had one before such were forbidden
        ("CRON_TZ=UTC * * * * *", ..., "TZ=UTC 1 * * * *", []),
        ("TZ=UTC * * * * *", "UTC", "TZ=UTC 1 * * * *", ["cannot use both timeZone field and TZ or CRON_TZ in schedule"]),
        ("TZ=UTC * * * * *", ..., "1 * * * *", ["cannot use TZ or CRON_TZ in schedule, use timeZone field instead"]),
    ],
)  # fmt: skip
def test_a_zone_in_a_schedule_may_stay(schedule: str, zone: Any, before: str, expected: list[str]) -> None:
    old = changed(valid("CronJob"), "spec/schedule", before)
    new = changed(old, "spec/schedule", schedule)
    new = new if zone is ... else changed(new, "spec/timeZone", zone)
    prefix = f'spec.schedule: Invalid value: "{schedule}": '
    assert verdict("CronJob", new, old) == [prefix + each for each in expected]


def test_a_zone_that_is_not_changed_is_not_asked_again_and_none_is_not_empty() -> None:
    old = changed(valid("CronJob"), "spec/timeZone", "Mars/Base")
    assert verdict("CronJob", changed(old, "spec/schedule", "1 * * * *"), old) == []
    (problem,) = verdict("CronJob", changed(old, "spec/timeZone", ""), old)
    assert problem == 'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string'


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("metadata/name", "A", [f'metadata.name: Invalid value: "A": {SUBDOMAIN}']),
        ("metadata/name", "a" * 52, []),
        ("spec/concurrencyPolicy", "", ["spec.concurrencyPolicy: Required value"]),
        ("spec/concurrencyPolicy", "Forbid", []),
        ("spec/concurrencyPolicy", "Replace", []),
        ("spec/failedJobsHistoryLimit", -1, [f"spec.failedJobsHistoryLimit: Invalid value: -1: {NEGATIVE}"]),
        ("spec/timeZone", "LOCAL", ['spec.timeZone: Invalid value: "LOCAL": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']),
    ],
)  # fmt: skip
def test_the_fields_of_a_schedule(path: str, value: Any, expected: list[str]) -> None:
    assert verdict("CronJob", changed(valid("CronJob"), path, value)) == expected


def test_a_long_name_is_only_of_a_new_schedule() -> None:
    old = changed(valid("CronJob"), "metadata/name", "a" * 53)
    assert verdict("CronJob", old, old) == []
    moved = changed(old, "metadata/name", "b")
    assert verdict("CronJob", moved, old) == [f'metadata.name: Invalid value: "b": {FIXED}']


@pytest.mark.parametrize(("length", "completions", "fine"), [(61, 10, True), (61, 11, False), (63, 0, True)])
def test_the_name_of_an_indexed_job_leaves_room_for_its_indexes(length: int, completions: int, fine: bool) -> None:
    name = "a" * length
    wire = changed(job("Job", {"completionMode": "Indexed", "completions": completions}), "metadata/name", name)
    problem = f"will not able to create pod with invalid DNS label: {name}-{completions - 1}"
    assert verdict("Job", wire) == ([] if fine else [f'metadata.name: Invalid value: "{name}": {problem}'])
    assert verdict("Job", changed(wire, "spec/completionMode", "NonIndexed")) == []


GENERATED = {
    "batch.kubernetes.io/controller-uid": "1",
    "batch.kubernetes.io/job-name": "web",
    "controller-uid": "1",
    "job-name": "web",
}


def generated(labels: dict[str, str], selector: dict[str, str]) -> Wire:
    """A Job that leaves its selector to the server."""
    wire = changed(changed(valid("Job"), "metadata/uid", "1"), "spec/manualSelector", ...)
    wire = changed(wire, "spec/template/metadata/labels", labels)
    return changed(wire, "spec/selector", {"matchLabels": selector})


@pytest.mark.parametrize("label", sorted(GENERATED))
def test_a_generated_selector_needs_its_labels(label: str) -> None:
    uid = {"batch.kubernetes.io/controller-uid": "1"}
    assert verdict("Job", generated(GENERATED, uid)) == []
    where, value = f"spec.template.metadata.labels[{label}]", GENERATED[label]
    selector = {"job-name": "web"} if label in uid else uid
    others = {key: each for key, each in GENERATED.items() if key != label}
    wrong = f"{where}: Invalid value: {{}}: must be '{value}'"
    for labels, expected in (({**others, label: "z"}, []), (others, [f"{where}: Required value: must be '{value}'"])):
        shown = json.dumps(labels, sort_keys=True, separators=(",", ":"))
        assert verdict("Job", generated(labels, selector)) == [*expected, wrong.format(shown)]


def test_a_selector_of_ones_own_must_be_said_to_be() -> None:
    wire = generated({**GENERATED, "app": "web"}, {"app": "web"})
    problem = 'spec.selector: Invalid value: {"matchLabels":{"app":"web"}}: `selector` not auto-generated'
    assert verdict("Job", wire) == [problem]
    assert verdict("Job", changed(wire, "spec/manualSelector", True)) == []
    assert verdict("Job", changed(changed(wire, "spec/manualSelector", True), "spec/selector", ...)) == [
        "spec.selector: Required value"
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # the size of an Indexed Job moves with how many run at once
        ({**INDEXED, "parallelism": 3}, {"completions": 4, "parallelism": 4}, []),
        ({**INDEXED, "parallelism": 3}, {"completions": 4}, ["completions: Invalid value: 4: can only be modified in tandem with spec.parallelism"]),
        ({**INDEXED, "parallelism": 3}, {"parallelism": 9}, []),
        ({"completions": 3, "parallelism": 3}, {"completions": 4, "parallelism": 4}, [f"completions: Invalid value: 4: {FIXED}"]),
        ({}, {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]}}, [f'selector: Invalid value: {{"matchLabels":{{"app":"web"}},"matchExpressions":[{{"key":"app","operator":"Exists"}}]}}: {FIXED}']),
        ({"backoffLimitPerIndex": 1, **INDEXED}, {"backoffLimitPerIndex": 2}, [f"backoffLimitPerIndex: Invalid value: 2: {FIXED}"]),
        ({"managedBy": "example.com/a"}, {"managedBy": "example.com/b"}, [f'managedBy: Invalid value: "example.com/b": {FIXED}']),
        ({"successPolicy": {"rules": [{"succeededCount": 1}]}, **INDEXED}, {"successPolicy": {"rules": [{"succeededCount": 2}]}}, [f'successPolicy: Invalid value: {{"Rules":[{{"SucceededIndexes":null,"SucceededCount":2}}]}}: {FIXED}']),
        ({"successPolicy": {"rules": [{"succeededCount": 1}]}, **INDEXED}, {"successPolicy": ...}, [f"successPolicy: Invalid value: null: {FIXED}"]),
        (failing(onExitCodes=CODES), failing(onExitCodes={**CODES, "values": [2]}), [f'podFailurePolicy: Invalid value: {{"Rules":[{{"Action":"FailJob","OnExitCodes":{{"ContainerName":null,"Operator":"In","Values":[2]}},"OnPodConditions":null}}]}}: {FIXED}']),
        # while it is suspended its Pods may be sent elsewhere
        ({"suspend": True}, {"template/spec/tolerations": [{"operator": "Exists"}]}, []),
        ({"suspend": True}, {"template/spec/affinity": {}, "template/spec/schedulingGates": []}, []),
        ({"suspend": True}, {"template/metadata/annotations": {"a": "b"}}, []),
        ({"suspend": True}, {"template/metadata/labels": {"app": "web", "a": "b"}}, []),
        ({"suspend": True}, {"template/metadata/labels": {"app": "web", "a": "b"}, "suspend": False}, []),
    ],
)  # fmt: skip
def test_what_of_a_spec_may_change(before: Wire, after: Wire, expected: list[str]) -> None:
    old = job("Job", before)
    new = old
    for path, value in after.items():
        new = changed(new, f"spec/{path}", value)
    assert verdict("Job", new, old) == [f"spec.{each}" for each in expected]


@pytest.mark.parametrize("path", [f"{POD}/nodeSelector", "spec/template/metadata/annotations"])
def test_a_job_that_goes_on_is_sent_nowhere_else(path: str) -> None:
    old = valid("Job")
    (problem,) = verdict("Job", changed(old, path, {"a": "b"}), old)
    assert problem.startswith("spec.template: Invalid value: ") and problem.endswith(f": {FIXED}")
