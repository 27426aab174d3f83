"""Pods: one broken field at a time. Expected: upstream's messages."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.objects import changed, valid, verdict

C = "spec.containers[0]"
BROKEN: list[tuple[str, Any, list[str]]] = [
    ("spec/containers", [], ["spec.containers: Required value"]),
    ("spec/containers/0/image", " a", [f'{C}.image: Invalid value: " a": must not have leading or trailing whitespace']),
    ("spec/containers/0/restartPolicy", "X", [f'{C}.restartPolicy: Unsupported value: "X": supported values: "Always", "OnFailure", "Never"']),
    ("spec/containers/0/ports", [{"containerPort": 80, "protocol": "TCP", "hostPort": 80}] * 2, [f'{C}.ports[1].hostPort: Duplicate value: "TCP//80"']),
    ("spec/containers/0/env", [{"name": "a=b"}], [f"{C}.env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of printable ASCII characters other than '='"]),
    ("spec/containers/0/env", [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}], [f'{C}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty']),
    ("spec/containers/0/env", [{"name": "A", "valueFrom": {}}], [f'{C}.env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`']),
    ("spec/containers/0/envFrom", [{}], [f'{C}.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']),
    ("spec/containers/0/resources", {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}, [f'{C}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1']),
    ("spec/containers/0/resources", {"requests": {"example.com/gpu": "1"}}, [f"{C}.resources.limits: Required value: Limit must be set for non overcommitable resources"]),
    ("spec/containers/0/resources", {"limits": {"example.com/gpu": "500m"}}, [f'{C}.resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer']),
    ("spec/containers/0/livenessProbe", {"successThreshold": 1}, [f"{C}.livenessProbe: Required value: must specify a handler type"]),
    ("spec/containers/0/livenessProbe", {"tcpSocket": {"port": 80}, "successThreshold": 2}, [f"{C}.livenessProbe.successThreshold: Invalid value: 2: must be 1"]),
    ("spec/containers/0/readinessProbe", {"exec": {}, "tcpSocket": {"port": 1}}, [f"{C}.readinessProbe.exec.command: Required value", f"{C}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"]),
    ("spec/containers/0/lifecycle", {"preStop": {"sleep": {"seconds": 31}}}, [f"{C}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)"]),
    ("spec/containers/0/securityContext", {"runAsUser": -1}, [f"{C}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 4294967295, inclusive"]),
    ("spec/containers/0/securityContext", {"seccompProfile": {"type": "Localhost"}}, [f"{C}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"]),
    ("spec/initContainers", [{"name": "c", "image": "a", "imagePullPolicy": "Always", "terminationMessagePolicy": "File"}], ['spec.initContainers[0].name: Duplicate value: "c"']),
    ("spec/ephemeralContainers", [{"name": "d", "image": "a", "imagePullPolicy": "Always", "terminationMessagePolicy": "File", "targetContainerName": "x"}], ['spec.ephemeralContainers[0].targetContainerName: Not found: "x"', "spec.ephemeralContainers: Forbidden: cannot be set on create"]),
    ("spec/volumes", [{"name": "v"}], ["spec.volumes[0]: Required value: must specify a volume type"]),
    ("spec/volumes", [{"name": "v", "hostPath": {"path": "/a/../b"}}], ["spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"]),
    ("spec/volumes", [{"name": "v", "configMap": {"defaultMode": 512}}], ["spec.volumes[0].configMap.name: Required value", "spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive"]),
    ("spec/containers/0/volumeMounts", [{"name": "v", "mountPath": "/a"}], [f'{C}.volumeMounts[0].name: Not found: "v"']),
    ("spec/tolerations", [{"operator": "Equal"}], ['spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"']),
    ("spec/topologySpreadConstraints", [{"maxSkew": 0, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule"}], ["spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero"]),
    ("spec/affinity", {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}, ["spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term"]),
    ("spec/dnsPolicy", "None", ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
    ("spec/dnsConfig", {"nameservers": ["x"]}, ['spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
    ("spec/preemptionPolicy", "X", ['spec.preemptionPolicy: Unsupported value: "X": supported values: "PreemptLowerPriority", "Never"']),
    ("spec/os", {"name": "plan9"}, ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"']),
    ("spec/schedulingGates", [{"name": "a"}, {"name": "a"}], ['spec.schedulingGates[1]: Duplicate value: "a"']),
    ("metadata/annotations", {"controller.kubernetes.io/pod-deletion-cost": "+1"}, ['metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer']),
    ("metadata/annotations", {"container.apparmor.security.beta.kubernetes.io/x": "bad"}, ['metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found', 'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "bad": invalid AppArmor profile name: "bad"']),
    ("metadata/annotations", {"seccomp.security.alpha.kubernetes.io/pod": "bad"}, ['metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "bad": must be a valid seccomp profile']),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "messages"), BROKEN)
def test_broken(path: str, value: Any, messages: list[str]) -> None:
    assert verdict("Pod", changed(valid("Pod"), path, value)) == messages


def test_on_the_host_s_network_a_port_is_the_host_s() -> None:
    pod = changed(valid("Pod"), "spec/hostNetwork", True)
    pod = changed(pod, "spec/containers/0/ports", [{"containerPort": 80, "hostPort": 81, "protocol": "TCP"}])
    problem = "must match `containerPort` when `hostNetwork` is true"
    assert verdict("Pod", pod) == [f"{C}.ports[0].hostPort: Invalid value: 81: {problem}"]


def test_profiles_in_fields_and_annotations_must_agree() -> None:
    pod = changed(valid("Pod"), "metadata/annotations", {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"})
    pod = changed(pod, "spec/securityContext", {"seccompProfile": {"type": "RuntimeDefault"}})
    problem = "Forbidden: seccomp type in annotation and field must match"
    assert verdict("Pod", pod) == [f"spec.securityContext.seccompProfile.type: {problem}"]
