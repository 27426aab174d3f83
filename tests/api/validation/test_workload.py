"""Workloads, one rule a row. Expected: upstream's words in ``pkg/apis/apps/validation``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.objects import changed, valid, verdict
from tests.api.validation.test_scheduling import VALUE

NEGATIVE = "must be greater than or equal to 0"
PERCENT = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
SELECTORS = ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")
ALL: list[tuple[tuple[str, ...], str, Any, list[str]]] = [
    (SELECTORS, "spec/minReadySeconds", -1, [f"spec.minReadySeconds: Invalid value: -1: {NEGATIVE}"]),
    (SELECTORS, "spec/minReadySeconds", 1, []),
    (("Deployment", "ReplicaSet", "StatefulSet"), "spec/replicas", -1, [f"spec.replicas: Invalid value: -1: {NEGATIVE}"]),
    (("Deployment", "ReplicaSet", "StatefulSet"), "spec/replicas", 0, []),
    (("Deployment", "DaemonSet"), "spec/revisionHistoryLimit", -1, [f"spec.revisionHistoryLimit: Invalid value: -1: {NEGATIVE}"]),
    (("Deployment", "ReplicaSet", "DaemonSet"), "metadata/name", "A_", ['metadata.name: Invalid value: "A_": a lowercase RFC 1123 subdomain']),
    (("StatefulSet",), "metadata/name", "a.b", ['metadata.name: Invalid value: "a.b": must not contain dots']),
    (("Deployment", "ReplicaSet"), "metadata/name", "a.b", []),
    (("Deployment", "ReplicaSet", "StatefulSet"), "spec/selector", ..., ["spec.selector: Required value", 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match']),  # no selector finds nothing
    (("DaemonSet",), "spec/selector", {}, ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"]),
    (("DaemonSet",), "spec/selector", {"matchLabels": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"]),
    (("Deployment", "ReplicaSet"), "spec/selector", {"matchLabels": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
    (("StatefulSet",), "spec/selector", {"matchLabels": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"]),
    (SELECTORS, "spec/template/metadata/labels", {"b": "2", "a": "1"}, ['spec.template.metadata.labels: Invalid value: {"a":"1","b":"2"}: `selector` does not match template `labels`']),
    (SELECTORS, "spec/template/metadata/labels", ..., ["spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"]),
    (("Deployment", "ReplicaSet", "DaemonSet"), "spec/template/metadata/labels/x", "a b", [f'spec.template.labels: Invalid value: "a b": {VALUE}']),
    (("StatefulSet",), "spec/template/metadata/labels/x", "a b", [f'spec.template.labels: Invalid value: "a b": {VALUE}']),
    (SELECTORS, "spec/template/metadata/annotations", {"-a": "b"}, ['spec.template.annotations: Invalid value: "-a": name part']),
    (SELECTORS, "spec/template/spec/restartPolicy", "OnFailure", ['spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"']),
    (("Deployment", "ReplicaSet"), "spec/template/spec/activeDeadlineSeconds", 1, ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"]),
    (("DaemonSet",), "spec/template/spec/activeDeadlineSeconds", 1, ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported"]),
    (("StatefulSet",), "spec/template/spec/activeDeadlineSeconds", 1, ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported"]),
    (("Deployment", "ReplicaSet", "DaemonSet"), "spec/template/spec/containers", [], ["spec.template.spec.containers: Required value"]),
    (("Deployment", "ReplicaSet", "DaemonSet"), "spec/template/spec/ephemeralContainers", [{"name": "e", "image": "a", "imagePullPolicy": "Always", "terminationMessagePolicy": "File"}], ["spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"]),
    (("Deployment",), "spec/progressDeadlineSeconds", -1, [f"spec.progressDeadlineSeconds: Invalid value: -1: {NEGATIVE}", "spec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds"]),
    (("Deployment",), "spec/progressDeadlineSeconds", 1, []),
    (("Deployment",), "spec/progressDeadlineSeconds", ..., []),
    (("Deployment",), "spec/minReadySeconds", 600, ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"]),
    (("StatefulSet",), "spec/podManagementPolicy", "Parallel", []),
    (("StatefulSet",), "spec/podManagementPolicy", ..., ["spec.podManagementPolicy: Required value"]),
    (("StatefulSet",), "spec/ordinals", {"start": -1}, [f"spec.ordinals.start: Invalid value: -1: {NEGATIVE}"]),
    (("StatefulSet",), "spec/ordinals", {}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "path", "value", "expected"),
    [(kind, path, value, expected) for kinds, path, value, expected in ALL for kind in kinds],
)
def test_one_broken_field(kind: str, path: str, value: Any, expected: list[str]) -> None:
    found = verdict(kind, changed(valid(kind), path, value))
    assert len(found) == len(expected), found
    assert all(message.startswith(start) for message, start in zip(found, expected, strict=True)), found


OVER = "must not be greater than 100%"
ROLLING = {"type": "RollingUpdate"}


def rolling(unavailable: Any, surge: Any) -> Any:
    return {**ROLLING, "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}}


U, S = "s.rollingUpdate.maxUnavailable", "s.rollingUpdate.maxSurge"
DEPLOYMENTS: list[tuple[Any, list[str]]] = [
    ({"type": "Recreate"}, []),
    ({"type": "Recreate", "rollingUpdate": {}}, ["s.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
    ({"type": "x"}, ['s: Unsupported value: {"Type":"x","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"']),
    ({}, ['s: Unsupported value: {"Type":"","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"']),
    (ROLLING, ["s.rollingUpdate: Required value: this should be defaulted and never be nil"]),
    (rolling("25%", "25%"), []),
    (rolling(0, 1), []),
    (rolling(1, 0), []),
    (rolling("100%", 0), []),
    (rolling(0, "300%"), []),
    (rolling("101%", 0), [f'{U}: Invalid value: "101%": {OVER}']),
    (rolling("x", 1), [f'{U}: Invalid value: "x": {PERCENT}']),
    (rolling(1, "5"), [f'{S}: Invalid value: "5": {PERCENT}']),
    (rolling(-1, 1), [f"{U}: Invalid value: -1: {NEGATIVE}"]),
    (rolling(1, -1), [f"{S}: Invalid value: -1: {NEGATIVE}"]),
    (rolling(0, 0), [f"{U}: Invalid value: 0: may not be 0 when `maxSurge` is 0"]),
    (rolling("0%", "00%"), [f'{U}: Invalid value: "0%": may not be 0 when `maxSurge` is 0']),
    ({**ROLLING, "rollingUpdate": {}}, [f"{U}: Invalid value: 0: may not be 0 when `maxSurge` is 0"]),
    (rolling("9" * 30 + "%", 1), [f'{U}: Invalid value: "{"9" * 30}%": {OVER}']),
]  # fmt: skip
DAEMONS: list[tuple[Any, list[str]]] = [
    ({"type": "OnDelete"}, []),
    ({"type": "OnDelete", "rollingUpdate": {}}, []),
    ({}, ['s: Unsupported value: {"Type":"","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"']),
    (ROLLING, ["s.rollingUpdate: Required value"]),
    (rolling(1, 0), []),
    (rolling(0, "100%"), []),
    (rolling("101%", 0), [f'{U}: Invalid value: "101%": {OVER}']),
    (rolling(0, "101%"), [f'{S}: Invalid value: "101%": {OVER}']),
    (rolling("x", 1), [f'{U}: Invalid value: "x": {PERCENT}']),
    (rolling(-1, 0), [f"{U}: Invalid value: -1: {NEGATIVE}"]),
    (rolling(0, -1), [f"{S}: Invalid value: -1: {NEGATIVE}"]),
    (rolling(1, 1), [f"{S}: Invalid value: 1: may not be set when maxUnavailable is non-zero"]),
    (rolling(0, 0), [f"{U}: Required value: cannot be 0 when maxSurge is 0"]),
    ({**ROLLING, "rollingUpdate": {}}, [f"{U}: Required value: cannot be 0 when maxSurge is 0"]),
]  # fmt: skip
STATEFUL: list[tuple[Any, list[str]]] = [
    ({"type": "OnDelete"}, []),
    ({"type": "OnDelete", "rollingUpdate": {"partition": 1}}, ["s.rollingUpdate: Invalid value: {\"Partition\":1,\"MaxUnavailable\":null}: only allowed for updateStrategy 'RollingUpdate'"]),
    ({}, ["s: Required value"]),
    ({"type": "x"}, ["s: Invalid value: {\"Type\":\"x\",\"RollingUpdate\":null}: must be 'RollingUpdate' or 'OnDelete'"]),
    (ROLLING, []),
    ({**ROLLING, "rollingUpdate": {"partition": 0, "maxUnavailable": 1}}, []),
    ({**ROLLING, "rollingUpdate": {"maxUnavailable": "100%"}}, []),
    ({**ROLLING, "rollingUpdate": {"partition": -1}}, [f"s.rollingUpdate.partition: Invalid value: -1: {NEGATIVE}"]),
    ({**ROLLING, "rollingUpdate": {"maxUnavailable": 0}}, [f"{U}: Invalid value: 0: cannot be 0"]),
    ({**ROLLING, "rollingUpdate": {"maxUnavailable": "0%"}}, [f'{U}: Invalid value: "0%": cannot be 0']),
    ({**ROLLING, "rollingUpdate": {"maxUnavailable": "101%"}}, [f'{U}: Invalid value: "101%": {OVER}']),
    ({**ROLLING, "rollingUpdate": {"maxUnavailable": "x"}}, [f'{U}: Invalid value: "x": {PERCENT}', f'{U}: Invalid value: "x": cannot be 0']),
    ({**ROLLING, "rollingUpdate": {"maxUnavailable": -1}}, [f"{U}: Invalid value: -1: {NEGATIVE}"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "field", "strategy", "expected"),
    [
        *(("Deployment", "strategy", *row) for row in DEPLOYMENTS),
        *(("DaemonSet", "updateStrategy", *row) for row in DAEMONS),
        *(("StatefulSet", "updateStrategy", *row) for row in STATEFUL),
    ],
)
def test_strategies(kind: str, field: str, strategy: Any, expected: list[str]) -> None:
    assert verdict(kind, changed(valid(kind), f"spec/{field}", strategy)) == [
        f"spec.{field}{each.removeprefix('s')}" for each in expected
    ]


@pytest.mark.parametrize("kind", SELECTORS)
def test_a_selector_never_changes(kind: str) -> None:
    old = valid(kind)
    expressions = [{"key": "app", "operator": "In", "values": ["web"]}, {"key": "app", "operator": "Exists"}]
    new = changed(old, "spec/selector", {"matchExpressions": expressions, "matchLabels": {}})
    if kind == "StatefulSet":
        [message] = verdict(kind, new, old)
        assert message.startswith("spec: Forbidden: updates to statefulset spec for fields other than 'replicas', ")
    else:
        shown = (
            '{"matchExpressions":[{"key":"app","operator":"In","values":["web"]},{"key":"app","operator":"Exists"}]}'
        )
        assert verdict(kind, new, old) == [f"spec.selector: Invalid value: {shown}: field is immutable"]
    assert verdict(kind, changed(new, "spec/minReadySeconds", 5), new) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/replicas", 5),
        ("spec/ordinals", {"start": 1}),
        ("spec/template/spec/containers/0/image", "x"),
        ("spec/updateStrategy", {"type": "OnDelete"}),
        ("spec/revisionHistoryLimit", 1),
        ("spec/persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Delete"}),
        ("spec/minReadySeconds", 1),
    ],
)
def test_what_may_change_of_a_stateful_set(path: str, value: Any) -> None:
    assert verdict("StatefulSet", changed(valid("StatefulSet"), path, value), valid("StatefulSet")) == []


@pytest.mark.parametrize("kind", ("Deployment", "ReplicaSet"))
def test_a_selector_that_cannot_be_read(kind: str) -> None:
    selector = {"matchExpressions": [{"key": "app", "operator": "In"}]}
    [first, second] = verdict(kind, changed(valid(kind), "spec/selector", selector))
    assert (
        first
        == "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"
    )
    assert (
        second
        == 'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"In"}]}: invalid label selector'
    )
