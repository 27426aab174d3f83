"""What one container declares, one rule a row. Expected: upstream's words in ``pkg/apis/core/validation``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.validation.container import (
    validate_container_ports,
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from kubesim.api.validation.environment import validate_environment, validate_environment_sources
from kubesim.api.validation.probe import validate_lifecycle, validate_probes
from kubesim.api.validation.resources import is_native, validate_quantity, validate_resources
from kubesim.api.validation.security import validate_container_security, validate_pod_security
from tests.api.validation.objects import messages
from tests.api.validation.test_scheduling import LABEL, PART

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
PORT = "must be between 1 and 65535, inclusive"
VARIABLE = "a valid environment variable name must consist only of printable ASCII characters other than '='"


# --- environment -----------------------------------------------------------------------------------------------------


def taken(**source: Any) -> Any:
    return {"name": "A", "valueFrom": source}


def field(path: str, **rest: Any) -> Any:
    return {"apiVersion": "v1", "fieldPath": path, **rest}


FROM = "e[0].valueFrom"
ENVIRONMENT: list[tuple[Any, list[str]]] = [
    ({"name": "A"}, []),
    ({}, ["e[0].name: Required value"]),
    ({"name": "a=b"}, [f'e[0].name: Invalid value: "a=b": {VARIABLE}']),
    (taken(), [f'{FROM}: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`']),
    (taken(fieldRef=field("status.podIP")), []),
    (taken(fieldRef=field("metadata.labels['app']")), []),
    (taken(fieldRef=field("metadata.annotations['App']")), []),
    (taken(fieldRef=field("metadata.annotations['-App']")), [f'{FROM}.fieldRef: Invalid value: "-app": {PART}']),
    (taken(fieldRef=field("metadata.labels['-App']")), [f'{FROM}.fieldRef: Invalid value: "-App": {PART}']),
    (taken(fieldRef={"fieldPath": "status.podIP"}), [f"{FROM}.fieldRef.apiVersion: Required value"]),
    (taken(fieldRef={"apiVersion": "v1"}), [f"{FROM}.fieldRef.fieldPath: Required value"]),
    (taken(fieldRef=field("spec.x")), [f'{FROM}.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x']),
    (taken(fieldRef=field("spec.x['a']")), [f'{FROM}.fieldRef.fieldPath: Invalid value: "spec.x[\'a\']": error converting fieldPath: field label not supported: spec.x[\'a\']']),
    (taken(fieldRef=field("metadata.labels")), [f'{FROM}.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"']),
    (taken(resourceFieldRef={"resource": "requests.cpu"}), []),
    (taken(resourceFieldRef={"resource": "limits.hugepages-2Mi"}), []),
    (taken(resourceFieldRef={"resource": "requests.hugepages-2Mi"}), []),
    (taken(resourceFieldRef={}), [f"{FROM}.resourceFieldRef.resource: Required value"]),
    (taken(resourceFieldRef={"resource": "cpu"}), [f'{FROM}.resourceFieldRef.resource: Unsupported value: "cpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"']),
    (taken(configMapKeyRef={"name": "c", "key": "k"}), []),
    (taken(secretKeyRef={"name": "s"}), [f"{FROM}.secretKeyRef.key: Required value"]),
    (taken(secretKeyRef={"name": "S", "key": "k"}), [f'{FROM}.secretKeyRef.name: Invalid value: "S": {SUBDOMAIN}']),
    (taken(configMapKeyRef={"key": "k"}), [f'{FROM}.configMapKeyRef.name: Invalid value: "": {SUBDOMAIN}']),
    (taken(configMapKeyRef={"name": "c", "key": "a b"}), [f"{FROM}.configMapKeyRef.key: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"]),
    ({**taken(configMapKeyRef={"name": "c", "key": "k"}), "value": "x"}, [f'{FROM}: Invalid value: "": may not be specified when `value` is not empty']),
    (taken(configMapKeyRef={"name": "c", "key": "k"}, secretKeyRef={"name": "c", "key": "k"}), [f'{FROM}: Invalid value: "": may not have more than one field specified at a time']),
    (taken(fieldRef=field("status.podIP"), resourceFieldRef={"resource": "limits.cpu"}), [f'{FROM}: Invalid value: "": may not have more than one field specified at a time']),
]  # fmt: skip


@pytest.mark.parametrize(("variable", "expected"), ENVIRONMENT)
def test_environment(variable: Any, expected: list[str]) -> None:
    assert messages(validate_environment([variable], "e")) == expected


SOURCES: list[tuple[Any, list[str]]] = [
    ({"configMapRef": {"name": "c"}, "prefix": "P_"}, []),
    ({"secretRef": {"name": "s-"}}, []),  # as if it were a prefix: upstream does not mind
    ({"prefix": "a=", "configMapRef": {"name": "c"}}, [f'f[1].prefix: Invalid value: "a=": {VARIABLE}']),
    ({"configMapRef": {}}, ["f[1].configMapRef.name: Required value"]),
    ({"secretRef": {"name": "S"}}, [f'f[1].secretRef.name: Invalid value: "S": {SUBDOMAIN}']),
    ({}, ['f: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']),
    ({"configMapRef": {"name": "c"}, "secretRef": {"name": "s"}}, ['f: Invalid value: "": may not have more than one field specified at a time']),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), SOURCES)
def test_environment_from_whole_objects(source: Any, expected: list[str]) -> None:
    assert messages(validate_environment_sources([{"secretRef": {"name": "s"}}, source], "f")) == expected


# --- probes ----------------------------------------------------------------------------------------------------------

TCP = {"tcpSocket": {"port": 80}}
GET = {"path": "/", "port": 80, "scheme": "HTTP"}
MORE = "Forbidden: may not specify more than 1 handler type"
NAME = "must contain at least one letter (a-z)"
PROBES: list[tuple[Any, list[str]]] = [
    (TCP, []),
    ({"tcpSocket": {"port": "http"}}, []),
    ({"exec": {"command": ["true"]}}, []),
    ({"grpc": {"port": 1}}, []),
    ({"httpGet": {**GET, "scheme": "HTTPS", "httpHeaders": [{"name": "X-A", "value": "é"}]}}, []),
    ({**TCP, "initialDelaySeconds": 0, "timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 1}, []),
    ({}, ["{}: Required value: must specify a handler type"]),
    ({"exec": {}}, ["{}.exec.command: Required value"]),
    ({"tcpSocket": {}}, [f"{{}}.tcpSocket.port: Invalid value: 0: {PORT}"]),
    ({"tcpSocket": {"port": "80"}}, [f'{{}}.tcpSocket.port: Invalid value: "80": {NAME}']),
    ({"grpc": {"port": 65536}}, [f"{{}}.grpc.port: Invalid value: 65536: {PORT}"]),
    ({"httpGet": {}}, ["{}.httpGet.path: Required value", f"{{}}.httpGet.port: Invalid value: 0: {PORT}", '{}.httpGet.scheme: Unsupported value: "": supported values: "HTTP", "HTTPS"']),
    ({"httpGet": {**GET, "scheme": "http"}}, ['{}.httpGet.scheme: Unsupported value: "http": supported values: "HTTP", "HTTPS"']),
    ({"httpGet": {**GET, "httpHeaders": [{"name": "X A"}]}}, ["{}.httpGet.httpHeaders: Invalid value: \"X A\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"]),
    ({**TCP, "grpc": {"port": 1}, "exec": {"command": ["a"]}}, [f"{{}}.tcpSocket: {MORE}", f"{{}}.grpc: {MORE}"]),
    ({**TCP, "httpGet": GET}, [f"{{}}.tcpSocket: {MORE}"]),
    *[({**TCP, name: -1}, [f"{{}}.{name}: Invalid value: -1: must be greater than or equal to 0"]) for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold")],
]  # fmt: skip


@pytest.mark.parametrize("name", ["livenessProbe", "readinessProbe", "startupProbe"])
@pytest.mark.parametrize(("probe", "expected"), PROBES)
def test_probes(name: str, probe: Any, expected: list[str]) -> None:
    found = messages(validate_probes({name: {"successThreshold": 1, **probe}}, "c"))
    assert found == [each.format(f"c.{name}") for each in expected]


@pytest.mark.parametrize(
    ("name", "extra", "expected"),
    [
        ("livenessProbe", {}, ["c.livenessProbe.successThreshold: Invalid value: 0: must be 1"]),
        ("startupProbe", {"successThreshold": 2}, ["c.startupProbe.successThreshold: Invalid value: 2: must be 1"]),
        ("readinessProbe", {}, []),
        ("readinessProbe", {"successThreshold": 2}, []),
        ("readinessProbe", {"successThreshold": -1}, ["c.readinessProbe.successThreshold: Invalid value: -1: must be greater than or equal to 0"]),
        ("livenessProbe", {"successThreshold": 1, "terminationGracePeriodSeconds": 1}, []),
        ("livenessProbe", {"successThreshold": 1, "terminationGracePeriodSeconds": 0}, ["c.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0"]),
        ("readinessProbe", {"terminationGracePeriodSeconds": 5}, ["c.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes"]),
    ],
)  # fmt: skip
def test_what_only_some_probes_may_say(name: str, extra: Any, expected: list[str]) -> None:
    assert messages(validate_probes({name: {**TCP, **extra}}, "c")) == expected


@pytest.mark.parametrize(
    ("lifecycle", "grace", "expected"),
    [
        ({}, 30, []),
        ({"postStart": {"exec": {"command": ["a"]}}, "preStop": {"sleep": {"seconds": 30}}}, 30, []),
        ({"preStop": {"sleep": {"seconds": 0}}}, 0, []),
        ({"preStop": {"sleep": {"seconds": 99}}}, None, []),  # a template may leave the grace period to the default
        ({"preStop": {"sleep": {}}}, 0, []),
        ({"postStart": {}}, 30, ["l.postStart: Required value: must specify a handler type"]),
        ({"preStop": {"sleep": {"seconds": -1}}}, 30, ["l.preStop.sleep: Invalid value: -1: must be non-negative and less than terminationGracePeriodSeconds (30)"]),
        ({"postStart": {"sleep": {"seconds": 31}}}, 30, ["l.postStart.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)"]),
    ],
)  # fmt: skip
def test_hooks(lifecycle: Any, grace: int | None, expected: list[str]) -> None:
    assert messages(validate_lifecycle(lifecycle, grace, "l")) == expected


# --- resources -------------------------------------------------------------------------------------------------------

KNOWN = "must be a standard resource type or fully qualified"
OURS = "must be a standard resource for containers"
RESOURCES: list[tuple[Any, list[str]]] = [
    ({}, []),
    ({"limits": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}, "requests": {"cpu": "1", "memory": "512Mi"}}, []),
    ({"limits": {"example.com/gpu": "1"}, "requests": {"example.com/gpu": 1}}, []),
    ({"limits": {"cpu": "1", "hugepages-2Mi": "2Mi"}, "requests": {"hugepages-2Mi": "2Mi"}}, []),
    ({"limits": {"gpu": "1"}}, [f'r.limits[gpu]: Invalid value: "gpu": {KNOWN}', f'r.limits[gpu]: Invalid value: "gpu": {OURS}']),
    ({"limits": {"pods": "1"}}, [f'r.limits[pods]: Invalid value: "pods": {OURS}']),
    ({"limits": {"pods": "1500m"}}, [f'r.limits[pods]: Invalid value: "pods": {OURS}', 'r.limits[pods]: Invalid value: "1500m": must be an integer']),
    ({"limits": {"cpu": "-1"}, "requests": {"cpu": "-1"}}, ['r.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0', 'r.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ({"limits": {"requests.example.com/gpu": "1"}}, ['r.limits[requests.example.com/gpu]: Invalid value: "requests.example.com/gpu": doesn\'t follow extended resource name standard']),
    ({"requests": {"memory": "1Gi"}, "limits": {"memory": "1000Mi"}}, ['r.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 1000Mi']),
    ({"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "2"}}, ['r.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2']),
    ({"requests": {"hugepages-2Mi": "2Mi", "cpu": "1"}}, ["r.limits: Required value: Limit must be set for non overcommitable resources"]),
    ({"limits": {"hugepages-2Mi": "2Mi"}}, ["r: Forbidden: HugePages require cpu or memory"]),
    ({"limits": {"hugepages-2Mi": "2Mi"}, "requests": {"memory": "1"}}, []),
    ({"limits": {"-a": "1"}}, [f'r.limits[-a]: Invalid value: "-a": {PART}', f'r.limits[-a]: Invalid value: "-a": {OURS}']),
]  # fmt: skip


@pytest.mark.parametrize(("requirements", "expected"), RESOURCES)
def test_resources(requirements: Any, expected: list[str]) -> None:
    assert messages(validate_resources(requirements, "r")) == expected


@pytest.mark.parametrize(
    ("name", "amount", "problem"),
    [
        ("cpu", "0", None),
        ("cpu", 0.5, None),
        ("cpu", "-1m", '"-1m": must be greater than or equal to 0'),
        ("services.nodeports", "1.5", '"1500m": must be an integer'),
        ("hugepages-1Gi", "500m", '"500m": must be an integer'),
        ("kubernetes.io/x", "500m", None),
        ("example.com/x", "0.5", '"500m": must be an integer'),
    ],
)
def test_amounts(name: str, amount: Any, problem: str | None) -> None:
    assert messages(validate_quantity(name, amount, "q")) == (
        [] if problem is None else [f"q: Invalid value: {problem}"]
    )
    assert is_native(name) == (not name.startswith("example.com"))


# --- security --------------------------------------------------------------------------------------------------------

ID = "must be between 0 and 4294967295, inclusive"
LARGEST = (1 << 32) - 1
BOTH = "ShareProcessNamespace and HostPID cannot both be enabled"
SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
POD_SECURITY: list[tuple[Any, list[str]]] = [
    ({}, []),
    ({"securityContext": {"runAsUser": 0, "runAsGroup": LARGEST, "fsGroup": 1, "supplementalGroups": [0, LARGEST]}}, []),
    *[({"securityContext": {name: -1}}, [f"s.{name}: Invalid value: -1: {ID}"]) for name in ("runAsUser", "runAsGroup", "fsGroup")],
    ({"securityContext": {"fsGroup": LARGEST + 1}}, [f"s.fsGroup: Invalid value: 4294967296: {ID}"]),
    ({"securityContext": {"supplementalGroups": [1, -1]}}, [f"s.supplementalGroups[1]: Invalid value: -1: {ID}"]),
    ({"shareProcessNamespace": True}, []),
    ({"hostPID": True}, []),
    ({"shareProcessNamespace": True, "hostPID": True}, [f"s.shareProcessNamespace: Invalid value: true: {BOTH}"]),
    ({"securityContext": {"sysctls": [{"name": "net.ipv4.ip_forward"}, {"name": "kernel/shm_rmid"}]}}, []),
    ({"securityContext": {"sysctls": [{}, {"name": "A"}]}}, ["s.sysctls[0].name: Required value", f's.sysctls[1].name: Invalid value: "A": must have at most 253 characters and match regex ^{SYSCTL}$']),
    ({"securityContext": {"sysctls": [{"name": "a"}, {"name": "a"}]}}, ['s.sysctls[1].name: Duplicate value: "a"']),
    ({"securityContext": {"sysctls": [{"name": "a" * 253}]}}, []),
    ({"securityContext": {"sysctls": [{"name": "a" * 254}]}}, [f's.sysctls[0].name: Invalid value: "{"a" * 254}": must have at most 253 characters and match regex ^{SYSCTL}$']),
    ({"securityContext": {"fsGroupChangePolicy": "OnRootMismatch", "supplementalGroupsPolicy": "Strict", "seLinuxChangePolicy": "Recursive"}}, []),
    ({"securityContext": {"fsGroupChangePolicy": "Always", "supplementalGroupsPolicy": "Merge", "seLinuxChangePolicy": "MountOption"}}, []),
    ({"securityContext": {"fsGroupChangePolicy": "x", "supplementalGroupsPolicy": "y", "seLinuxChangePolicy": "z"}}, ['s.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"', 's.supplementalGroupsPolicy: Unsupported value: "y": supported values: "Merge", "Strict"', 's.seLinuxChangePolicy: Unsupported value: "z": supported values: "MountOption", "Recursive"']),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected"), POD_SECURITY)
def test_security_of_pods(spec: Any, expected: list[str]) -> None:
    assert messages(validate_pod_security(spec, "s")) == expected


PROFILES: list[tuple[Any, list[str]]] = [
    ({"type": "RuntimeDefault"}, []),
    ({"type": "Unconfined"}, []),
    ({"type": "Localhost", "localhostProfile": "a.json"}, []),
    ({}, ["{0}.type: Required value: type is required when {1} is set"]),
    ({"type": "Other"}, ['{0}.type: Unsupported value: "Other": supported values: "Localhost", "RuntimeDefault", "Unconfined"']),
    ({"type": "Other", "localhostProfile": "a"}, ['{0}.type: Unsupported value: "Other": supported values: "Localhost", "RuntimeDefault", "Unconfined"']),
    ({"type": "Localhost"}, ["{0}.localhostProfile: Required value: must be set when {2} type is Localhost"]),
    ({"type": "Unconfined", "localhostProfile": "a"}, ['{0}.localhostProfile: Invalid value: "a": can only be set when {2} type is Localhost']),
]  # fmt: skip


@pytest.mark.parametrize(("name", "word"), [("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")])
@pytest.mark.parametrize(("profile", "expected"), PROFILES)
def test_profiles(name: str, word: str, profile: Any, expected: list[str]) -> None:
    wanted = [each.format(f"s.{name}", name, word) for each in expected]
    assert messages(validate_pod_security({"securityContext": {name: profile}}, "s")) == wanted
    assert messages(validate_container_security({name: profile}, "s")) == wanted


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, []),
        ({}, []),
        ({"runAsUser": 0, "runAsGroup": 0, "procMount": "Unmasked", "privileged": True, "allowPrivilegeEscalation": True}, []),
        ({"runAsUser": -1, "runAsGroup": -2}, [f"s.runAsUser: Invalid value: -1: {ID}", f"s.runAsGroup: Invalid value: -2: {ID}"]),
        ({"procMount": "Default"}, []),
        ({"procMount": "x"}, ['s.procMount: Unsupported value: "x": supported values: "Default", "Unmasked"']),
        ({"allowPrivilegeEscalation": False, "capabilities": {"add": ["NET_ADMIN"]}}, []),
        ({"allowPrivilegeEscalation": True, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}, []),
    ],
)  # fmt: skip
def test_security_of_containers(context: Any, expected: list[str]) -> None:
    assert messages(validate_container_security(context, "s")) == expected


@pytest.mark.parametrize(
    ("context", "problem"),
    [
        ({"privileged": True}, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
        ({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"),
    ],
)  # fmt: skip
def test_privileges_that_contradict_each_other(context: Any, problem: str) -> None:
    [message] = messages(validate_container_security({**context, "allowPrivilegeEscalation": False}, "s"))
    assert message.startswith('s: Invalid value: {"Capabilities":')
    assert '"AllowPrivilegeEscalation":false' in message
    assert message.endswith(f"}}: {problem}")


# --- containers ------------------------------------------------------------------------------------------------------

FINE = {"name": "c", "image": "nginx", "imagePullPolicy": "Always", "terminationMessagePolicy": "File"}
PULL = 'supported values: "Always", "IfNotPresent", "Never"'
COMMON: list[tuple[Any, list[str]]] = [
    ({}, []),
    ({"imagePullPolicy": "Never", "terminationMessagePolicy": "FallbackToLogsOnError", "restartPolicy": "Always"}, []),
    ({"imagePullPolicy": "IfNotPresent"}, []),
    ({"name": ""}, ["{}.name: Required value"]),
    ({"name": "C"}, [f'{{}}.name: Invalid value: "C": {LABEL}']),
    ({"image": ""}, ["{}.image: Required value"]),
    ({"imagePullPolicy": ""}, ["{}.imagePullPolicy: Required value"]),
    ({"imagePullPolicy": "always"}, [f'{{}}.imagePullPolicy: Unsupported value: "always": {PULL}']),
    ({"terminationMessagePolicy": ""}, ["{}.terminationMessagePolicy: Required value"]),
    ({"terminationMessagePolicy": "x"}, ['{}.terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"']),
    ({"ports": [{"protocol": "TCP"}]}, ["{}.ports[0].containerPort: Required value"]),
    ({"env": [{}]}, ["{}.env[0].name: Required value"]),
    ({"envFrom": [{}]}, ['{}.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']),
    ({"volumeMounts": [{"name": "v", "mountPath": "/"}]}, ['{}.volumeMounts[0].name: Not found: "v"']),
    ({"volumeMounts": [{"name": "there", "mountPath": "/"}]}, []),
    ({"resources": {"limits": {"cpu": "-1"}}}, ['{}.resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ({"securityContext": {"runAsUser": -1}}, [f"{{}}.securityContext.runAsUser: Invalid value: -1: {ID}"]),
]  # fmt: skip
VOLUMES: Any = {"there": {}}


@pytest.mark.parametrize(("change", "expected"), COMMON)
def test_every_container(change: Any, expected: list[str]) -> None:
    container = {**FINE, **change}
    other = {**FINE, "name": "other"}
    assert messages(validate_containers([other, container], VOLUMES, 30, "p")) == [
        each.format("p[1]") for each in expected
    ]
    assert messages(validate_init_containers([container], [other], VOLUMES, 30, "p")) == [
        each.format("p[0]") for each in expected
    ]
    if "restartPolicy" not in change and "resources" not in change and "ports" not in change:
        assert messages(validate_ephemeral_containers([container], [other], VOLUMES, "p")) == [
            each.format("p[0]") for each in expected
        ]


RESTART = 'supported values: "Always", "OnFailure", "Never"'


def test_main_containers() -> None:
    assert messages(validate_containers([], {}, 30, "p")) == ["p: Required value"]
    assert messages(validate_containers([FINE, FINE], {}, 30, "p")) == ['p[1].name: Duplicate value: "c"']
    broken = {**FINE, "restartPolicy": "x", "lifecycle": {"preStop": {}}, "livenessProbe": {"successThreshold": 1}}
    assert messages(validate_containers([broken], {}, 30, "p")) == [
        "p[0].lifecycle.preStop: Required value: must specify a handler type",
        "p[0].livenessProbe: Required value: must specify a handler type",
        f'p[0].restartPolicy: Unsupported value: "x": {RESTART}',
    ]
    slow = {**FINE, "lifecycle": {"preStop": {"sleep": {"seconds": 6}}}}
    assert len(messages(validate_containers([slow], {}, 5, "p"))) == 1


def test_init_containers_and_sidecars() -> None:
    hooks = {"lifecycle": {"preStop": {"sleep": {"seconds": 6}}}, "startupProbe": {**TCP, "successThreshold": 2}}
    sidecar = {**FINE, "restartPolicy": "Always", **hooks}
    assert messages(validate_init_containers([sidecar], [], {}, 6, "p")) == [
        "p[0].startupProbe.successThreshold: Invalid value: 2: must be 1"
    ]
    assert len(messages(validate_init_containers([sidecar], [], {}, 5, "p"))) == 2
    why = "Forbidden: may not be set for init containers without restartPolicy=Always"
    once = {**FINE, **hooks, "livenessProbe": TCP, "readinessProbe": TCP}
    assert messages(validate_init_containers([once], [], {}, 5, "p")) == [
        f"p[0].{name}: {why}" for name in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
    ]
    main = {**FINE, "name": "main"}
    named = [{**FINE, "name": name} for name in ("main", "a", "a")]
    assert messages(validate_init_containers(named, [main], {}, 30, "p")) == [
        'p[0].name: Duplicate value: "main"',
        'p[2].name: Duplicate value: "a"',
    ]
    unnamed = {**FINE, "name": ""}
    assert messages(validate_init_containers([unnamed, unnamed], [main], {}, 30, "p")) == [
        "p[0].name: Required value",
        "p[1].name: Required value",
    ]
    hosts = {**FINE, "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}] * 2}
    assert messages(validate_init_containers([hosts], [], {}, 30, "p")) == [
        'p[0].ports[1].hostPort: Duplicate value: "TCP//80"'
    ]


def test_ephemeral_containers() -> None:
    main = {**FINE, "name": "main"}
    fine = {**FINE, "targetContainerName": "main"}
    assert messages(validate_ephemeral_containers([fine], [main], {}, "p")) == []
    rest = {
        "ports": [{"containerPort": 1, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "1"}},
        "lifecycle": {"a": 1},
    }
    rest |= {"livenessProbe": TCP, "readinessProbe": TCP, "startupProbe": TCP, "restartPolicy": "Always"}
    rest |= {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]}
    why = "Forbidden: cannot be set for an Ephemeral Container"
    assert messages(validate_ephemeral_containers([{**FINE, **rest}], [main], {}, "p")) == [
        f"p[0].{name}: {why}"
        for name in (
            "ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "restartPolicy",
            "resizePolicy",
        )
    ]  # fmt: skip
    odd = [{**FINE, "image": " a", "targetContainerName": "c"}, FINE, {**FINE, "name": "main"}]
    assert messages(validate_ephemeral_containers(odd, [main], {}, "p")) == [
        'p[0].image: Invalid value: " a": must not have leading or trailing whitespace',
        'p[0].targetContainerName: Not found: "c"',
        'p[1].name: Duplicate value: "c"',
        'p[2].name: Duplicate value: "main"',
    ]


PORTS: list[tuple[Any, list[str]]] = [
    ([{"name": "a", "containerPort": 1, "protocol": "TCP"}, {"name": "b", "containerPort": 65535, "hostPort": 65535, "protocol": "UDP"}, {"containerPort": 1, "protocol": "SCTP"}], []),
    ([{}], ["p[0].containerPort: Required value", "p[0].protocol: Required value"]),
    ([{"containerPort": 65536, "hostPort": -1, "protocol": "tcp"}], [f"p[0].containerPort: Invalid value: 65536: {PORT}", f"p[0].hostPort: Invalid value: -1: {PORT}", 'p[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"']),
    ([{"name": "a", "containerPort": 1, "protocol": "TCP"}] * 2, ['p[1].name: Duplicate value: "a"']),
    ([{"name": "1", "containerPort": 1, "protocol": "TCP"}] * 2, [f'p[0].name: Invalid value: "1": {NAME}', f'p[1].name: Invalid value: "1": {NAME}']),
]  # fmt: skip


@pytest.mark.parametrize(("ports", "expected"), PORTS)
def test_ports(ports: Any, expected: list[str]) -> None:
    assert messages(validate_container_ports(ports, "p")) == expected


def test_host_ports_collide_by_protocol_and_address() -> None:
    def on(**port: Any) -> Any:
        return {"containerPort": 80, "protocol": "TCP", **port}

    first = {
        **FINE,
        "ports": [on(hostPort=80), on(hostPort=80, protocol="UDP"), on(hostPort=80, hostIP="10.0.0.1"), on(), on()],
    }
    second = {**FINE, "name": "d", "ports": [on(hostPort=81), on(hostPort=80, hostIP="10.0.0.1")]}
    assert messages(validate_containers([first, second], {}, 30, "p")) == [
        'p[1].ports[1].hostPort: Duplicate value: "TCP/10.0.0.1/80"'
    ]
