"""What a Job's policies make of Pods: which failures end it, which do not count, and when it has succeeded. Pure.

Upstream: ``pkg/controller/job/{pod_failure_policy,success_policy}.go``.
"""

from __future__ import annotations

from typing import NamedTuple

from kubesim.api.objects import Wire
from kubesim.controllers.job.indexes import parse_indexes


class Verdict(NamedTuple):
    """What the policy says of one failed Pod.

    :param action: ``Count``, ``Ignore``, ``FailIndex`` or ``FailJob``.
    :param message: why, where the Job ends.
    """

    action: str = "Count"
    message: str = ""


def judge(policy: Wire | None, pod: Wire) -> Verdict:
    """The action of the first rule that a failed Pod meets."""
    for index, rule in enumerate((policy or {}).get("rules") or ()):
        codes = rule.get("onExitCodes")
        reason = _by_exit_code(codes, pod) if codes is not None else _by_condition(rule, pod)
        if reason:
            metadata, action = pod["metadata"], rule["action"]
            where = f"{metadata['namespace']}/{metadata['name']}"
            return Verdict(action, f"{reason.format(where)} matching {action} rule at index {index}")
    return Verdict()


def _by_exit_code(codes: Wire, pod: Wire) -> str:
    status = pod.get("status") or {}
    for kind in ("containerStatuses", "initContainerStatuses"):
        for each in status.get(kind) or ():
            if codes.get("containerName") not in (None, each["name"]):
                continue
            code = ((each.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
            if code and (code in codes["values"]) == (codes["operator"] == "In"):
                return f"Container {each['name']} for pod {{}} failed with exit code {code}"
    return ""


def _by_condition(rule: Wire, pod: Wire) -> str:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        for pattern in rule.get("onPodConditions") or ():
            if (pattern["type"], pattern["status"]) == (condition["type"], condition["status"]):
                return f"Pod {{}} has condition {condition['type']}"
    return ""


def has_succeeded(policy: Wire | None, completions: int, succeeded: set[int]) -> str:
    """Why the success policy is met; empty where it is not."""
    for index, rule in enumerate((policy or {}).get("rules") or ()):
        wanted = rule.get("succeededIndexes")
        counted = succeeded if wanted is None else succeeded & parse_indexes(wanted, completions)
        least = rule.get("succeededCount")
        if least is None:
            least = len(parse_indexes(wanted or "", completions))
        if len(counted) >= least:
            return f"Matched rules at index {index}"
    return ""
