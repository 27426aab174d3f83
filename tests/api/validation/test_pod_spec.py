"""A Pod's spec and metadata, one rule a row. Expected: upstream's words in ``pkg/apis/core/validation``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.names import dns1123_label, dns1123_subdomain
from kubesim.api.validation.configuration import validate_namespace_status
from kubesim.api.validation.metadata import (
    validate_immutable,
    validate_kube_finalizers,
    validate_label_selector,
    validate_metadata,
    validate_metadata_update,
)
from kubesim.api.validation.pod import validate_dns_config, validate_host_name
from kubesim.api.validation.pod_update import validate_pod_status
from kubesim.api.validation.security import validate_profile_annotations, validate_profiles_agree
from tests.api.validation.objects import changed, messages, valid, verdict
from tests.api.validation.test_containers import SUBDOMAIN
from tests.api.validation.test_scheduling import LABEL, PART, VALUE

SHARED = "Forbidden: when `pod.Spec.HostUsers` is false"
SECONDS = "must be between 1 and 2147483647, inclusive"
SPECS: list[tuple[dict[str, Any], list[str]]] = [
    ({"terminationGracePeriodSeconds": ...}, ["spec.terminationGracePeriodSeconds: Required value"]),
    ({"restartPolicy": "OnFailure"}, []),
    ({"restartPolicy": ...}, ["spec.restartPolicy: Required value"]),
    ({"dnsPolicy": "ClusterFirstWithHostNet"}, []),
    ({"dnsPolicy": ""}, ["spec.dnsPolicy: Required value"]),
    ({"nodeSelector": {"a": "b c"}}, [f'spec.nodeSelector: Invalid value: "b c": {VALUE}']),
    ({"readinessGates": [{"conditionType": "example.com/a"}, {}]}, ['spec.readinessGates[1].conditionType: Invalid value: "": name part must be non-empty', f'spec.readinessGates[1].conditionType: Invalid value: "": {PART}']),
    ({"schedulingGates": [{"name": "a"}, {"name": "-b"}]}, [f'spec.schedulingGates[1]: Invalid value: "-b": {PART}']),
    ({"schedulingGates": [{"name": "a"}], "nodeName": "n"}, ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"]),
    ({"hostUsers": False}, []),
    ({"hostUsers": True, "hostPID": True}, []),
    ({"hostUsers": False, "hostNetwork": True, "hostPID": True, "hostIPC": True}, [f"spec.hostNetwork: {SHARED}", f"spec.HostPID: {SHARED}", f"spec.HostIPC: {SHARED}"]),
    ({"serviceAccountName": "A"}, [f'spec.serviceAccountName: Invalid value: "A": {SUBDOMAIN}']),
    ({"nodeName": "A"}, [f'spec.nodeName: Invalid value: "A": {SUBDOMAIN}']),
    ({"priorityClassName": "A"}, [f'spec.priorityClassName: Invalid value: "A": {SUBDOMAIN}']),
    ({"runtimeClassName": "A"}, [f'spec.runtimeClassName: Invalid value: "A": {SUBDOMAIN}']),
    ({"activeDeadlineSeconds": 1}, []),
    ({"activeDeadlineSeconds": (1 << 31) - 1}, []),
    ({"activeDeadlineSeconds": 0}, [f"spec.activeDeadlineSeconds: Invalid value: 0: {SECONDS}"]),
    ({"activeDeadlineSeconds": 1 << 31}, [f"spec.activeDeadlineSeconds: Invalid value: 2147483648: {SECONDS}"]),
    ({"hostname": "a.b"}, ['spec.hostname: Invalid value: "a.b": must not contain dots']),
    ({"subdomain": "A"}, [f'spec.subdomain: Invalid value: "A": {LABEL}']),
    ({"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a", "B"]}, {}]}, [f'spec.hostAliases[0].hostnames[1]: Invalid value: "B": {SUBDOMAIN}', 'spec.hostAliases[1].ip: Invalid value: "": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
    ({"preemptionPolicy": "Never"}, []),
    ({"preemptionPolicy": ""}, ["spec.preemptionPolicy: Required value"]),
    ({"overhead": {"cpu": "-1"}}, ['spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ({"os": {"name": "linux"}}, []),
    ({"os": {}}, ["spec.os.name: Required value: cannot be empty"]),
    ({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{}]}}}, ["spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100"]),
    ({"securityContext": {"runAsUser": -1}}, ["spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 4294967295, inclusive"]),
    ({"tolerations": [{"key": "a", "effect": "x"}]}, ['spec.tolerations[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"']),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), SPECS)
def test_specs(fields: dict[str, Any], expected: list[str]) -> None:
    pod = valid("Pod")
    for name, value in fields.items():
        pod = changed(pod, f"spec/{name}", value)
    assert verdict("Pod", pod) == expected


@pytest.mark.parametrize(
    ("cost", "fine"),
    [("0", True), ("100", True), ("-100", True), ("2147483647", True), ("-2147483648", True), ("+1", False), ("01", False),
     ("1.5", False), ("", False), ("2147483648", False), ("-2147483649", False)],
)  # fmt: skip
def test_the_cost_of_a_deletion(cost: str, fine: bool) -> None:
    key = "controller.kubernetes.io/pod-deletion-cost"
    problem = f'metadata.annotations[{key}]: Invalid value: "{cost}": must be a 32bit integer'
    assert verdict("Pod", changed(valid("Pod"), "metadata/annotations", {key: cost})) == ([] if fine else [problem])


OVERRIDE = "h.hostnameOverride: Forbidden: may not be specified when"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"hostnameOverride": "a.b", "hostname": "a"}, []),
        ({"hostnameOverride": "a", "setHostnameAsFQDN": True}, [f"{OVERRIDE} setHostnameAsFQDN is true"]),
        ({"hostnameOverride": "a", "hostNetwork": True}, [f"{OVERRIDE} hostNetwork is true"]),
        ({"hostnameOverride": "a" * 64}, []),
        ({"hostnameOverride": "a" * 65}, ["h.hostnameOverride: Too long: may not be more than 64 bytes"]),
        ({"hostnameOverride": ""}, [f'h.hostnameOverride: Invalid value: "": {SUBDOMAIN}']),
    ],
)
def test_host_names(spec: Any, expected: list[str]) -> None:
    assert messages(validate_host_name(spec, "h")) == expected


@pytest.mark.parametrize(
    ("config", "policy", "expected"),
    [
        (None, "ClusterFirst", []),
        (None, "None", ["d: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
        ({}, "None", ["d.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None"]),
        ({"nameservers": ["10.0.0.1"] * 3, "searches": ["a.", "_b", "."], "options": [{"name": "ndots"}]}, "None", []),
        ({"nameservers": ["10.0.0.1"] * 4}, "Default", ['d.nameservers: Invalid value: ["10.0.0.1","10.0.0.1","10.0.0.1","10.0.0.1"]: must not have more than 3 nameservers']),
        ({"nameservers": ["10.0.0.1", "01.0.0.1"]}, "Default", ['d.nameservers[1]: Invalid value: "01.0.0.1": must not have leading 0s']),
        ({"searches": ["a"] * 32}, "Default", []),
        ({"options": [{"name": "a"}, {}]}, "Default", ["d.options[1]: Required value: must not be empty"]),
    ],
)  # fmt: skip
def test_dns(config: Any, policy: str, expected: list[str]) -> None:
    assert messages(validate_dns_config(config, policy, "d")) == expected


def test_the_limits_of_a_search_list() -> None:
    [many] = messages(validate_dns_config({"searches": ["a"] * 33}, "Default", "d"))
    assert many.endswith("must not have more than 32 search paths")
    domain = ".".join(["a" * 63] * 3)  # 191 characters
    full = [domain] * 10 + ["b" * 63, "c" * 63 + "." + "d" * 0 + "e"]
    length = len(" ".join(full))
    assert (
        messages(validate_dns_config({"searches": [*full, "f" * (2047 - length)]}, "Default", "d")) == []
        or length > 2047
    )
    [long] = messages(validate_dns_config({"searches": [domain] * 11}, "Default", "d"))
    assert long.endswith("must not have more than 2048 characters (including spaces) in the search list")


# --- metadata --------------------------------------------------------------------------------------------------------

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "u"}
FULLY = "name is neither a standard finalizer name nor is it fully qualified"
METADATA: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"name": ""}, ["m.name: Required value: name or generateName is required"]),
    ({"name": "A"}, [f'm.name: Invalid value: "A": {LABEL}']),
    ({"generateName": "a-"}, []),
    ({"generateName": "A-"}, []),  # upstream judges it with its last two characters replaced by one "a"
    ({"generateName": "AB-"}, [f'm.generateName: Invalid value: "AB-": {LABEL}']),
    ({"namespace": ""}, ["m.namespace: Required value"]),
    ({"namespace": "a.b"}, ['m.namespace: Invalid value: "a.b": must not contain dots']),
    ({"generation": -1}, ["m.generation: Invalid value: -1: must be greater than or equal to 0"]),
    ({"labels": {"-a": "b c"}}, [f'm.labels: Invalid value: "-a": {PART}', f'm.labels: Invalid value: "b c": {VALUE}']),
    ({"annotations": {"A/b": "anything at all"}}, []),  # the case of an annotation's key does not matter
    ({"annotations": {"-a": ""}}, [f'm.annotations: Invalid value: "-a": {PART}']),
    ({"annotations": {"a": "b" * ((1 << 18) - 1)}}, []),
    ({"annotations": {"a": "b" * (1 << 18)}}, ["m.annotations: Too long: may not be more than 262144 bytes"]),
    ({"finalizers": ["kubernetes", "orphan", "example.com/a"]}, []),
    ({"finalizers": ["foregroundDeletion"]}, []),
    ({"finalizers": ["example.com/a", "mine"]}, [f'm.finalizers[1]: Invalid value: "mine": {FULLY}']),
    ({"finalizers": ["a/-b"]}, [f'm.finalizers: Invalid value: "a/-b": {PART}']),
    ({"ownerReferences": [OWNER, {**OWNER, "controller": True}]}, []),
    ({"ownerReferences": [{}]}, ['m.ownerReferences.apiVersion: Invalid value: "": version must not be empty', *[f'm.ownerReferences.{name}: Invalid value: "": must not be empty' for name in ("kind", "name", "uid")]]),
    ({"ownerReferences": [{**OWNER, "apiVersion": "apps/"}]}, ['m.ownerReferences.apiVersion: Invalid value: "apps/": version must not be empty']),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), METADATA)
def test_metadata(fields: dict[str, Any], expected: list[str]) -> None:
    metadata = {"name": "a", "namespace": "default", **fields}
    assert messages(validate_metadata(metadata, dns1123_label, path="m")) == expected


def test_one_controller_at_most() -> None:
    owners = [{**OWNER, "controller": True}, {**OWNER, "name": "b", "controller": True}]
    [message] = messages(validate_metadata({"name": "a", "namespace": "b", "ownerReferences": owners}, dns1123_label))
    assert message.startswith('metadata.ownerReferences: Invalid value: [{"apiVersion":"apps/v1"')
    assert message.endswith(
        'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/a and ReplicaSet/b'
    )


def test_some_kinds_have_no_namespace() -> None:
    check = dns1123_subdomain
    assert messages(validate_metadata({"name": "a.b"}, check, namespaced=False)) == []
    assert messages(validate_metadata({"name": "a", "namespace": "b"}, check, namespaced=False)) == [
        "metadata.namespace: Forbidden: not allowed on this type"
    ]
    assert messages(validate_metadata({}, check, namespaced=False)) == [
        "metadata.name: Required value: name or generateName is required"
    ]
    assert messages(validate_kube_finalizers(["a"], "f", indexed=False)) == [f'f: Invalid value: "a": {FULLY}']


OLD = {"name": "a", "namespace": "b", "uid": "u", "resourceVersion": "1", "generation": 2, "creationTimestamp": "c"}
UPDATES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {}, []),
    ({"generation": 3, "resourceVersion": "2"}, {}, []),
    ({"generation": 1}, {}, ["m.generation: Invalid value: 1: must not be decremented"]),
    ({"resourceVersion": ""}, {}, ['m.resourceVersion: Invalid value: "": must be specified for an update']),
    *[({name: "x"}, {}, [f'm.{name}: Invalid value: "x": field is immutable']) for name in ("name", "namespace", "uid", "creationTimestamp")],
    ({"deletionTimestamp": "x"}, {}, ['m.deletionTimestamp: Invalid value: "x": field is immutable']),
    ({"deletionGracePeriodSeconds": 3}, {}, ["m.deletionGracePeriodSeconds: Invalid value: 3: field is immutable"]),
    ({"labels": {"a": "b c"}}, {}, [f'm.labels: Invalid value: "b c": {VALUE}']),
    ({"annotations": {"-a": ""}}, {}, [f'm.annotations: Invalid value: "-a": {PART}']),
    ({"ownerReferences": [{**OWNER, "uid": ""}]}, {}, ['m.ownerReferences.uid: Invalid value: "": must not be empty']),
    ({"finalizers": ["mine"]}, {}, [f'm.finalizers[0]: Invalid value: "mine": {FULLY}']),
    ({"finalizers": ["a/b"]}, {"deletionTimestamp": "d", "finalizers": ["a/b", "c/d"]}, []),
    ({"finalizers": ["b/b", "a/a"]}, {"deletionTimestamp": "d"}, ['m.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/a", "b/b"}']),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "before", "expected"), UPDATES)
def test_changes_of_metadata(fields: dict[str, Any], before: dict[str, Any], expected: list[str]) -> None:
    old = {**OLD, **before}
    assert messages(validate_metadata_update({**old, **fields}, old, "m")) == expected


def test_an_absent_value_equals_an_empty_one() -> None:
    assert (
        validate_immutable("", None, "p")
        == validate_immutable(None, {}, "p")
        == validate_immutable("a", "a", "p")
        == []
    )
    assert messages(validate_immutable("a", "", "p", "no")) == ['p: Invalid value: "a": no']


SELECTORS: list[tuple[Any, list[str]]] = [
    (None, []),
    ({}, []),
    ({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "NotIn", "values": [""]}, {"key": "a", "operator": "DoesNotExist"}]}, []),
    ({"matchLabels": {"a": "b c"}}, [f's.matchLabels: Invalid value: "b c": {VALUE}']),
    ({"matchExpressions": [{"key": "a", "operator": "NotIn"}]}, ["s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
    ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": ["b"]}]}, ["s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
    ({"matchExpressions": [{"key": "a"}]}, ['s.matchExpressions[0].operator: Invalid value: "": not a valid selector operator']),
    ({"matchExpressions": [{"key": "-a", "operator": "In", "values": ["b", "b c"]}]}, [f's.matchExpressions[0].key: Invalid value: "-a": {PART}', f's.matchExpressions[0].values[1]: Invalid value: "b c": {VALUE}']),
    ({"matchExpressions": [{"operator": "Exists"}]}, ['s.matchExpressions[0].key: Invalid value: "": name part must be non-empty', f's.matchExpressions[0].key: Invalid value: "": {PART}']),
]  # fmt: skip


@pytest.mark.parametrize(("selector", "expected"), SELECTORS)
def test_label_selectors(selector: Any, expected: list[str]) -> None:
    assert messages(validate_label_selector(selector, "s")) == expected


# --- statuses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deleted", "phase", "expected"),
    [
        (None, "Active", []),
        ("d", "Terminating", []),
        (None, "Terminating", ["status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"]),
        ("d", "Active", ["status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"]),
        (None, None, ["status.Phase: Invalid value: \"\": may only be 'Active' if `deletionTimestamp` is empty"]),
    ],
)  # fmt: skip
def test_the_phase_of_a_namespace_follows_from_its_deletion(deleted: Any, phase: Any, expected: list[str]) -> None:
    metadata = {"name": "a", "resourceVersion": "1"} | ({"deletionTimestamp": deleted} if deleted else {})
    new = {"metadata": metadata} | ({"status": {"phase": phase}} if phase else {})
    assert messages(validate_namespace_status(new, {"metadata": metadata})) == expected
    renamed = {**new, "metadata": {**metadata, "name": "b"}}
    assert messages(validate_namespace_status(renamed, {"metadata": metadata})) == [
        'metadata.name: Invalid value: "b": field is immutable',
        *expected,
    ]


MIRROR = "kubernetes.io/config.mirror"
STATUSES: list[tuple[str, Any, Any, list[str]]] = [
    ("status/phase", "Pending", "Running", []),
    ("spec/nodeName", "a", "b", ["status.nodeName: Forbidden: may not be changed directly"]),
    ("status/qosClass", "Burstable", "BestEffort", ['status.qosClass: Invalid value: "BestEffort": field is immutable']),
    ("metadata/name", "a", "b", ['metadata.name: Invalid value: "b": field is immutable']),
    ("metadata/annotations", {}, {MIRROR: "x"}, [f"metadata.annotations[{MIRROR}]: Forbidden: may not add mirror pod annotation"]),
    ("metadata/annotations", {MIRROR: "x"}, {MIRROR: "y"}, [f"metadata.annotations[{MIRROR}]: Forbidden: may not remove or update mirror pod annotation"]),
    ("metadata/annotations", {MIRROR: "x"}, {MIRROR: "x", "a": "b"}, []),
    ("status/podIPs", [], [{"ip": "10.42.0.1"}, {"ip": "fd00::1"}], []),
    ("status/podIPs", [{"ip": "010.0.0.1"}], [{"ip": "010.0.0.1"}], []),  # what was there keeps its spelling
    ("status/podIPs", [], [{"ip": "010.0.0.1"}], ['status.podIPs[0]: Invalid value: "010.0.0.1": must not have leading 0s']),
    ("status/podIPs", [], [{"ip": "fd00::1"}, {"ip": "fd00::2"}], ['status.podIPs: Invalid value: [{"IP":"fd00::1"},{"IP":"fd00::2"}]: may specify no more than one IP for each IP family']),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after", "expected"), STATUSES)
def test_the_status_that_a_kubelet_reports(path: str, before: Any, after: Any, expected: list[str]) -> None:
    old = changed(valid("Pod"), path, before)
    assert messages(validate_pod_status(changed(old, path, after), old)) == expected
    assert messages(validate_pod_status(old, old)) == []


def test_nothing_at_all_is_judged_too() -> None:
    missing = 'metadata.resourceVersion: Invalid value: "": must be specified for an update'
    assert messages(validate_pod_status({}, {})) == [missing]
    assert messages(validate_namespace_status({}, {}))[0] == missing


# --- profiles in annotations -----------------------------------------------------------------------------------------

POD, OF, ARMOR = (
    "seccomp.security.alpha.kubernetes.io/pod",
    "container.seccomp.security.alpha.kubernetes.io/c",
    "container.apparmor.security.beta.kubernetes.io/c",
)
CONTAINERS = {"containers": [{"name": "b"}, {"name": "c"}]}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        *[(key, value, []) for key in (POD, OF) for value in ("runtime/default", "docker/default", "unconfined", "localhost/a")],
        *[(key, "x", [f'a.{key}: Invalid value: "x": must be a valid seccomp profile']) for key in (POD, OF)],
        *[(key, "localhost/../a", [f"a.{key}: Invalid value: \"../a\": must not contain '..'"]) for key in (POD, OF)],
        *[(ARMOR, value, []) for value in ("runtime/default", "unconfined", "localhost/a", "")],
        (ARMOR, "docker/default", [f'a[{ARMOR}]: Invalid value: "docker/default": invalid AppArmor profile name: "docker/default"']),
        (ARMOR + "x", "unconfined", [f'a[{ARMOR}x]: Invalid value: "cx": container not found']),
        ("other", "x", []),
    ],
)  # fmt: skip
def test_profiles_in_annotations(key: str, value: str, expected: list[str]) -> None:
    assert messages(validate_profile_annotations({key: value}, CONTAINERS, "a")) == expected


def with_field(name: str, profile: Any) -> Any:
    return {"containers": [{"name": "b"}, {"name": "c", "securityContext": {name: profile}}]}


SEC, ARM = "s.containers[1].securityContext.seccompProfile", "s.containers[1].securityContext.appArmorProfile"
TYPE, PROFILE = "type in annotation and field must match", "profile in annotation and field must match"
AGREEMENTS: list[tuple[str, str, Any, list[str]]] = [
    (OF, "x", CONTAINERS, []),
    (OF, "unconfined", with_field("seccompProfile", {"type": "Unconfined"}), []),
    (OF, "docker/default", with_field("seccompProfile", {"type": "RuntimeDefault"}), []),
    (OF, "unconfined", with_field("seccompProfile", {"type": "RuntimeDefault"}), [f"{SEC}.type: Forbidden: seccomp {TYPE}"]),
    (OF, "localhost/a", with_field("seccompProfile", {"type": "Localhost", "localhostProfile": "a"}), []),
    (OF, "localhost/a", with_field("seccompProfile", {"type": "Localhost", "localhostProfile": "b"}), [f"{SEC}.localhostProfile: Forbidden: seccomp {PROFILE}"]),
    (OF, "unconfined", with_field("seccompProfile", {"type": "Localhost", "localhostProfile": "b"}), [f"{SEC}.type: Forbidden: seccomp {TYPE}"]),
    (OF, "unconfined", with_field("seccompProfile", {"type": "Other"}), []),
    (POD, "unconfined", {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}, [f"s.securityContext.seccompProfile.type: Forbidden: seccomp {TYPE}"]),
    (POD, "unconfined", {}, []),
    (ARMOR, "runtime/default", with_field("appArmorProfile", {"type": "RuntimeDefault"}), []),
    (ARMOR, "docker/default", with_field("appArmorProfile", {"type": "RuntimeDefault"}), [f"{ARM}.type: Forbidden: apparmor {TYPE}"]),
    (ARMOR, "unconfined", {**CONTAINERS, "securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}, [f"{ARM}.type: Forbidden: apparmor {TYPE}"]),
    (ARMOR, "localhost/a", with_field("appArmorProfile", {"type": "Localhost", "localhostProfile": "b"}), [f"{ARM}.localhostProfile: Forbidden: apparmor {PROFILE}"]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "spec", "expected"), AGREEMENTS)
def test_profiles_agree(key: str, value: str, spec: Any, expected: list[str]) -> None:
    assert messages(validate_profiles_agree({key: value}, spec, "s")) == expected
