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
