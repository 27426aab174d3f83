"""Changes of Pods: what may change, and how what may not is shown."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.fields import message_of
from kubesim.api.validation.internal_form import internal_form, internal_pod_spec
from kubesim.api.validation.pod_update import validate_pod_status
from tests.api.validation.objects import changed, valid, verdict


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/containers/0/image", "nginx:1.29"),
        ("spec/activeDeadlineSeconds", 30),
        ("spec/tolerations", [{"key": "a", "operator": "Exists"}]),
        ("metadata/labels", {"a": "b"}),
        ("status", {"phase": "Running"}),
    ],
)
def test_allowed(path: str, value: Any) -> None:
    assert verdict("Pod", changed(valid("Pod"), path, value), valid("Pod")) == []


def test_what_differs_is_shown_as_a_diff_of_the_internal_form() -> None:
    [message] = verdict("Pod", changed(valid("Pod"), "spec/restartPolicy", "Never"), valid("Pod"))
    lines = message.splitlines()
    assert lines[0].startswith(
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    )
    assert [line for line in lines if line[0] in "+-"] == [
        '- "RestartPolicy": "Always",',
        '+ "RestartPolicy": "Never",',
    ]


@pytest.mark.parametrize(
    ("path", "before", "after", "message"),
    [
        ("spec/activeDeadlineSeconds", 10, 11, "spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value"),
        ("spec/activeDeadlineSeconds", 10, ..., "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"),
        ("spec/tolerations", [{"key": "a", "operator": "Exists"}], [], "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"),
        ("spec/schedulingGates", [], [{"name": "g"}], "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'"),
    ],
)  # fmt: skip
def test_refused(path: str, before: Any, after: Any, message: str) -> None:
    old = changed(valid("Pod"), path, before)
    assert message in verdict("Pod", changed(old, path, after), old)


TERMS = "spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms"
DISK = {"key": "disk", "operator": "In", "values": ["ssd"]}
ZONE = {"key": "zone", "operator": "Exists"}


def test_a_gated_pod_may_become_narrower_but_not_wider() -> None:
    old = changed(valid("Pod"), "spec/schedulingGates", [{"name": "g"}])
    old = changed(changed(old, "spec/nodeSelector", {"a": "b"}), TERMS, [{"matchExpressions": [DISK]}])
    narrower = changed(changed(old, "spec/nodeSelector/c", "d"), TERMS, [{"matchExpressions": [DISK, ZONE]}])
    assert verdict("Pod", narrower, old) == []
    wider = changed(changed(old, "spec/nodeSelector", {}), TERMS, [{"matchExpressions": [ZONE]}])
    selector, affinity = verdict("Pod", wider, old)
    assert selector.startswith("spec.nodeSelector: Invalid value: {}: only additions to spec.nodeSelector are allowed")
    assert affinity.endswith("only additions are allowed (no mutations or deletions)")
    assert '[0]: Invalid value: {"MatchExpressions":[{"Key":"zone","Operator":"Exists","Values":null}]' in affinity


def test_internal_forms_have_every_field_under_its_go_name() -> None:
    assert internal_form({"name": "A"}, "EnvVar") == {"Name": "A", "Value": "", "ValueFrom": None}
    spec = internal_pod_spec({"hostNetwork": True, "containers": [{"name": "c"}]})
    assert spec["SecurityContext"]["HostNetwork"] is True
    assert list(spec)[:3] == ["Volumes", "InitContainers", "Containers"]
    assert spec["Containers"][0]["TTY"] is False
    probe = internal_form({"httpGet": {"port": "http"}}, "Probe")
    assert list(probe)[:5] == ["Exec", "HTTPGet", "TCPSocket", "GRPC", "InitialDelaySeconds"]


def test_addresses_in_a_status() -> None:
    new = changed(valid("Pod"), "status/podIPs", [{"ip": "10.42.0.1"}, {"ip": "10.42.0.2"}])
    [error] = validate_pod_status(new, valid("Pod"))
    shown = '[{"IP":"10.42.0.1"},{"IP":"10.42.0.2"}]'
    problem = "may specify no more than one IP for each IP family"
    assert message_of(error) == f"status.podIPs: Invalid value: {shown}: {problem}"


GATED = changed(valid("Pod"), "spec/schedulingGates", [{"name": "g"}, {"name": "h"}])
NODE_TERMS = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
BY_NAME = {"key": "metadata.name", "operator": "In", "values": ["n"]}
ONLY = "only additions are allowed (no mutations or deletions)"
NUMBER = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"


def gated(*terms: Any) -> Any:
    return changed(GATED, TERMS, [*terms])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # terms are alternatives: one more would make the Pod fit more nodes
        (gated({"matchExpressions": [DISK]}), gated({"matchExpressions": [DISK]}), None),
        (GATED, gated({"matchExpressions": [DISK]}), None),
        (gated({"matchExpressions": [DISK]}), gated({"matchExpressions": [DISK]}, {"matchExpressions": [ZONE]}), NUMBER),
        (gated({"matchExpressions": [DISK]}, {"matchFields": [BY_NAME]}), gated({"matchExpressions": [DISK]}), NUMBER),
        # within a term everything must hold: more is narrower, and the old ones stay first
        (gated({"matchExpressions": [DISK]}), gated({"matchExpressions": [DISK, ZONE]}), None),
        (gated({"matchExpressions": [DISK]}), gated({"matchExpressions": [DISK], "matchFields": [BY_NAME]}), None),
        (gated({"matchExpressions": [DISK]}), gated({"matchExpressions": [ZONE, DISK]}), f"[0]: {ONLY}"),
        (gated({"matchExpressions": [DISK, ZONE]}), gated({"matchExpressions": [DISK]}), f"[0]: {ONLY}"),
        (gated({"matchExpressions": [DISK], "matchFields": [BY_NAME]}), gated({"matchExpressions": [DISK]}), f"[0]: {ONLY}"),
        (gated({"matchFields": [BY_NAME]}, {"matchExpressions": [DISK]}), gated({"matchFields": [BY_NAME]}, {"matchExpressions": [ZONE]}), f"[1]: {ONLY}"),
    ],
)  # fmt: skip
def test_the_node_affinity_of_a_gated_pod(before: Any, after: Any, expected: str | None) -> None:
    found = verdict("Pod", after, before)
    assert len(found) == (expected is not None)
    for message in found:
        where, problem = expected.split(": ") if expected.startswith("[") else ("", expected)
        assert message.startswith(f"{NODE_TERMS}{where}: Invalid value: ")
        assert message.endswith(problem)


PREFERRED = {
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": {"matchExpressions": [ZONE]}}]
}
NOT_OTHERS = "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"


@pytest.mark.parametrize(
    ("before", "path", "value", "problems"),
    [
        (GATED, "spec/schedulingGates", [{"name": "h"}], []),
        (GATED, "spec/schedulingGates", [], []),
        (GATED, "spec/schedulingGates", [{"name": "g"}, {"name": "i"}], ["spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'i'"]),
        (changed(GATED, "spec/nodeSelector", {"a": "b"}), "spec/nodeSelector", {"a": "b", "c": "d"}, []),
        (changed(GATED, "spec/nodeSelector", {"a": "b"}), "spec/nodeSelector", {"a": "c"}, ['spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)']),
        (GATED, "spec/affinity/nodeAffinity", PREFERRED, []),
        (GATED, "spec/affinity/podAffinity", {"preferredDuringSchedulingIgnoredDuringExecution": []}, [NOT_OTHERS]),
        (valid("Pod"), "spec/nodeSelector", {"a": "b"}, [NOT_OTHERS]),
        (valid("Pod"), "spec/affinity/nodeAffinity", PREFERRED, [NOT_OTHERS]),
        (GATED, "spec/hostname", "a", [NOT_OTHERS]),
    ],
)  # fmt: skip
def test_what_a_gate_leaves_open(before: Any, path: str, value: Any, problems: list[str]) -> None:
    found = verdict("Pod", changed(before, path, value), before)
    assert len(found) == len(problems)
    assert all(message.startswith(problem) for message, problem in zip(found, problems, strict=True))


A_TOLERATION = {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
MIRROR = "kubernetes.io/config.mirror"


@pytest.mark.parametrize(
    ("path", "before", "after", "problem"),
    [
        ("spec/tolerations", [A_TOLERATION], [{**A_TOLERATION, "tolerationSeconds": 9}], None),
        ("spec/tolerations", [A_TOLERATION], [{"key": "b", "operator": "Exists"}, A_TOLERATION], None),
        ("spec/tolerations", [A_TOLERATION], [{**A_TOLERATION, "key": "b"}], "spec.tolerations: Forbidden: existing toleration"),
        ("spec/tolerations", [A_TOLERATION], [A_TOLERATION, {"key": "b", "operator": "Odd"}], "spec.tolerations[1].operator: "),
        ("spec/activeDeadlineSeconds", ..., 1, None),
        ("spec/activeDeadlineSeconds", ..., (1 << 31) - 1, None),
        ("spec/activeDeadlineSeconds", ..., 1 << 31, "spec.activeDeadlineSeconds: Invalid value: 2147483648: must be between "),
        ("spec/activeDeadlineSeconds", 10, 10, None),
        ("spec/activeDeadlineSeconds", 10, 9, None),
        ("spec/terminationGracePeriodSeconds", -5, 1, None),
        ("spec/terminationGracePeriodSeconds", -5, 2, NOT_OTHERS),
        ("spec/terminationGracePeriodSeconds", 0, 1, NOT_OTHERS),
        ("spec/terminationGracePeriodSeconds", 5, 1, NOT_OTHERS),
        ("metadata/annotations", {}, {MIRROR: "x"}, f"metadata.annotations[{MIRROR}]: Forbidden: may not add mirror pod annotation"),
        ("metadata/annotations", {MIRROR: "x"}, {MIRROR: "y"}, f"metadata.annotations[{MIRROR}]: Forbidden: may not remove or update mirror pod annotation"),
        ("metadata/annotations", {MIRROR: "x"}, {}, f"metadata.annotations[{MIRROR}]: Forbidden: may not remove or update mirror pod annotation"),
        ("metadata/annotations", {MIRROR: "x"}, {MIRROR: "x", "a": "b"}, None),
        ("spec/containers/0/image", "nginx", "", "spec.containers[0].image: Required value"),
        ("spec/containers/0/command", ["a"], ["b"], NOT_OTHERS),
        ("spec/overhead", {}, ..., None),  # to Go an empty map, an empty list and none are the same
    ],
)  # fmt: skip
def test_one_change(path: str, before: Any, after: Any, problem: str | None) -> None:
    old = valid("Pod") if before is ... else changed(valid("Pod"), path, before)
    found = verdict("Pod", changed(old, path, after), old)
    assert bool(found) == (problem is not None)
    if problem is not None:
        assert any(message.startswith(problem) for message in found)


def test_containers_stay_as_many_as_they_are() -> None:
    old, [first] = valid("Pod"), valid("Pod")["spec"]["containers"]
    second = {**first, "name": "d"}
    for before, after in (([first], [first, second]), ([first, second], [first])):
        wire = changed(old, "spec/containers", after)
        refused = verdict("Pod", wire, changed(old, "spec/containers", before))
        assert refused == ["spec.containers: Forbidden: pod updates may not add or remove containers"]
    wire = changed(old, "spec/initContainers", [second])
    assert verdict("Pod", wire, old) == ["spec.initContainers: Forbidden: pod updates may not add or remove containers"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], []),
        ([], ["10.42.0.1"], []),
        ([], ["10.42.0.1", "fd00::1"], []),
        ([], ["fd00::1", "10.42.0.1"], []),
        ([], ["fd00::1", "fd00::2"], ['status.podIPs: Invalid value: [{"IP":"fd00::1"},{"IP":"fd00::2"}]: may specify no more than one IP for each IP family']),
        ([], ["x"], ['status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
        ([], ["010.42.0.1"], ['status.podIPs[0]: Invalid value: "010.42.0.1": must not have leading 0s']),
        (["010.42.0.1"], ["010.42.0.1"], []),
    ],
)  # fmt: skip
def test_each_address_of_a_status(before: list[str], after: list[str], expected: list[str]) -> None:
    old, new = (
        changed(valid("Pod"), "status/podIPs", [{"ip": address} for address in each]) for each in (before, after)
    )
    assert [message_of(error) for error in validate_pod_status(new, old)] == expected


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("status/phase", "Running", None),
        ("spec/nodeName", "n", "status.nodeName: Forbidden: may not be changed directly"),
        ("status/qosClass", "Guaranteed", 'status.qosClass: Invalid value: "Guaranteed": field is immutable'),
        ("metadata/name", "other", 'metadata.name: Invalid value: "other": field is immutable'),
        ("metadata/annotations", {MIRROR: "x"}, f"metadata.annotations[{MIRROR}]: Forbidden: may not add mirror pod annotation"),
    ],
)  # fmt: skip
def test_what_a_status_may_not_say(path: str, value: Any, problem: str | None) -> None:
    found = validate_pod_status(changed(valid("Pod"), path, value), valid("Pod"))
    assert [message_of(error) for error in found] == ([] if problem is None else [problem])
