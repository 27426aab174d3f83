"""Jobs and CronJobs, one rule a row. Expected: upstream's words in ``pkg/apis/batch/validation``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.validation import validate
from tests.api.validation.objects import changed, messages, valid, verdict

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
