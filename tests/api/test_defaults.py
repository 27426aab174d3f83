from __future__ import annotations

import pytest

from kubesim.api.defaults import apply_defaults, image_tag
from kubesim.api.objects import Wire, copy_of


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("nginx", "latest"),
        ("nginx:1.27", "1.27"),
        ("registry:5000/a/b", "latest"),
        ("registry:5000/a/b:v1", "v1"),
        ("nginx@sha256:" + "0" * 64, ""),
        ("nginx:latest@sha256:" + "0" * 64, "latest"),
        ("Not An Image", ""),
    ],
)
def test_the_tag_of_an_image(image: str, tag: str) -> None:
    assert image_tag(image) == tag


def container(**fields: object) -> Wire:
    wire = {"kind": "Pod", "spec": {"containers": [{"name": "c", "image": "nginx:1", **fields}]}}
    result: Wire = apply_defaults(wire)["spec"]["containers"][0]
    return result


def test_probes_have_times_and_paths() -> None:
    probe = container(readinessProbe={"httpGet": {"port": 80}})["readinessProbe"]
    assert probe == {
        "failureThreshold": 3,
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "periodSeconds": 10,
        "successThreshold": 1,
        "timeoutSeconds": 1,
    }


def test_a_limit_is_also_a_request() -> None:
    resources = container(resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}})["resources"]
    assert resources["requests"] == {"cpu": "500m", "memory": "1Gi"}


def test_pull_policy_follows_the_tag() -> None:
    assert container()["imagePullPolicy"] == "IfNotPresent"
    assert container(image="nginx")["imagePullPolicy"] == "Always"
    assert container(image="nginx", imagePullPolicy="Never")["imagePullPolicy"] == "Never"


def test_a_volume_without_a_source_is_an_empty_directory() -> None:
    wire = {"kind": "Pod", "spec": {"volumes": [{"name": "a"}, {"name": "b", "configMap": {"name": "x"}}]}}
    assert apply_defaults(wire)["spec"]["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "configMap": {"name": "x", "defaultMode": 420}},
    ]


def test_the_hosts_network_needs_host_ports() -> None:
    wire = {
        "kind": "Pod",
        "spec": {"hostNetwork": True, "containers": [{"name": "c", "ports": [{"containerPort": 80}]}]},
    }
    assert apply_defaults(wire)["spec"]["containers"][0]["ports"] == [
        {"containerPort": 80, "hostPort": 80, "protocol": "TCP"}
    ]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ({}, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}),
        ({"type": "Recreate"}, {"type": "Recreate"}),
        (
            {"rollingUpdate": {"maxSurge": 0}},
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}},
        ),
    ],
)
def test_a_deployment_rolls_a_quarter_at_a_time(strategy: Wire, expected: Wire) -> None:
    spec = apply_defaults({"kind": "Deployment", "spec": {"strategy": strategy}})["spec"]
    assert spec["strategy"] == expected
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)


def test_service_links_are_for_pods_only() -> None:
    assert apply_defaults({"kind": "Pod", "spec": {}})["spec"]["enableServiceLinks"] is True
    template = apply_defaults({"kind": "ReplicaSet", "spec": {}})["spec"]["template"]
    assert "enableServiceLinks" not in template["spec"]


@pytest.mark.parametrize(
    "kind", ["Service", "Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Namespace", "Secret"]
)
def test_defaults_change_a_copy_and_only_once(kind: str) -> None:
    wire: Wire = {"kind": kind, "metadata": {"name": "x"}, "spec": {}}
    before = copy_of(wire)
    once = apply_defaults(wire)
    assert wire == before
    assert apply_defaults(once) == once


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "Opaque"), ({"type": ""}, "Opaque"), ({"type": "kubernetes.io/tls"}, "kubernetes.io/tls")],
)
def test_a_secret_is_opaque_unless_it_says_otherwise(given: Wire, expected: str) -> None:
    assert apply_defaults({"kind": "Secret", **given})["type"] == expected


TEMPLATE: Wire = {
    "spec": {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
}
CLAIM: Wire = {"spec": {"volumeMode": "Filesystem"}, "status": {"phase": "Pending"}}
CPU = {
    "resource": {"name": "cpu", "target": {"averageUtilization": 80, "type": "Utilization"}},
    "type": "Resource",
}
PODS = {"periodSeconds": 15, "type": "Pods", "value": 4}
PERCENT = {"periodSeconds": 15, "type": "Percent", "value": 100}
JOB: Wire = {
    "backoffLimit": 6,
    "completionMode": "NonIndexed",
    "completions": 1,
    "manualSelector": False,
    "parallelism": 1,
    "podReplacementPolicy": "TerminatingOrFailed",
    "suspend": False,
    "template": TEMPLATE,
}
SET: Wire = {
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    "podManagementPolicy": "OrderedReady",
    "replicas": 1,
    "revisionHistoryLimit": 10,
    "template": TEMPLATE,
    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
}
DAEMON: Wire = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
SCHEDULE: Wire = {
    "concurrencyPolicy": "Allow",
    "failedJobsHistoryLimit": 1,
    "jobTemplate": {"spec": {"template": TEMPLATE}},
    "successfulJobsHistoryLimit": 3,
    "suspend": False,
}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("ReplicaSet", {}, {"replicas": 1, "template": TEMPLATE}),
        ("ReplicaSet", {"replicas": 0}, {"replicas": 0, "template": TEMPLATE}),
        ("DaemonSet", {}, {"revisionHistoryLimit": 10, "template": TEMPLATE, "updateStrategy": DAEMON}),
        (
            "DaemonSet",
            {"updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, "revisionHistoryLimit": 0},
            {
                "revisionHistoryLimit": 0,
                "template": TEMPLATE,
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            },
        ),
        ("StatefulSet", {}, SET),
        (
            "StatefulSet",
            {
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"},
                "updateStrategy": {"type": "OnDelete"},
                "podManagementPolicy": "Parallel",
                "volumeClaimTemplates": [{"metadata": {"name": "d"}}],
            },
            {
                **SET,
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"},
                "updateStrategy": {"type": "OnDelete"},
                "podManagementPolicy": "Parallel",
                "volumeClaimTemplates": [
                    {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "d"}, **CLAIM}
                ],
            },
        ),
        (
            "StatefulSet",
            {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}},
            {**SET, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Delete"}},
        ),
        ("Job", {}, JOB),
        ("Job", {"completions": 3}, {**JOB, "completions": 3}),
        ("Job", {"parallelism": 2}, {k: v for k, v in JOB.items() if k != "completions"} | {"parallelism": 2}),
        (
            "Job",
            {"backoffLimitPerIndex": 0, "completionMode": "Indexed", "suspend": True, "manualSelector": True},
            {
                **JOB,
                "backoffLimit": 2147483647,
                "backoffLimitPerIndex": 0,
                "completionMode": "Indexed",
                "manualSelector": True,
                "suspend": True,
            },
        ),
        (
            "Job",
            {"podFailurePolicy": {"rules": [{"onPodConditions": [{"type": "A"}, {"type": "B", "status": "False"}]}]}},
            {
                **JOB,
                "podFailurePolicy": {
                    "rules": [{"onPodConditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "False"}]}]
                },
                "podReplacementPolicy": "Failed",
            },
        ),
        ("CronJob", {}, SCHEDULE),
        (
            "CronJob",
            {"concurrencyPolicy": "Forbid", "failedJobsHistoryLimit": 0, "successfulJobsHistoryLimit": 0},
            {**SCHEDULE, "concurrencyPolicy": "Forbid", "failedJobsHistoryLimit": 0, "successfulJobsHistoryLimit": 0},
        ),
        ("HorizontalPodAutoscaler", {}, {"minReplicas": 1, "metrics": [CPU]}),
        ("HorizontalPodAutoscaler", {"minReplicas": 0, "metrics": [PODS]}, {"minReplicas": 0, "metrics": [PODS]}),
        ("HorizontalPodAutoscaler", {"behavior": {}}, {"behavior": {}, "minReplicas": 1, "metrics": [CPU]}),
        (
            "HorizontalPodAutoscaler",
            {"behavior": {"scaleUp": {"selectPolicy": "Min"}}},
            {
                "behavior": {
                    "scaleUp": {
                        "policies": [PODS, PERCENT],
                        "selectPolicy": "Min",
                        "stabilizationWindowSeconds": 0,
                    },
                    "scaleDown": {"policies": [PERCENT], "selectPolicy": "Max"},
                },
                "minReplicas": 1,
                "metrics": [CPU],
            },
        ),
        (
            "HorizontalPodAutoscaler",
            {"behavior": {"scaleDown": {"policies": [PODS], "stabilizationWindowSeconds": 5}}},
            {
                "behavior": {
                    "scaleUp": {"policies": [PODS, PERCENT], "selectPolicy": "Max", "stabilizationWindowSeconds": 0},
                    "scaleDown": {"policies": [PODS], "selectPolicy": "Max", "stabilizationWindowSeconds": 5},
                },
                "minReplicas": 1,
                "metrics": [CPU],
            },
        ),
        ("PersistentVolumeClaim", {}, CLAIM["spec"]),
        ("PersistentVolumeClaim", {"volumeMode": "Block"}, {"volumeMode": "Block"}),
        ("PersistentVolume", {}, {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"}),
        (
            "PersistentVolume",
            {"persistentVolumeReclaimPolicy": "Delete", "volumeMode": "Block", "hostPath": {"path": "/d"}},
            {
                "persistentVolumeReclaimPolicy": "Delete",
                "volumeMode": "Block",
                "hostPath": {"path": "/d", "type": ""},
            },
        ),
        ("ReplicationController", {}, {"replicas": 1}),
        ("ReplicationController", {"template": {}}, {"replicas": 1, "template": TEMPLATE}),
        (
            "Service",
            {"ports": [{"port": 80}, {"port": 53, "protocol": "UDP", "targetPort": "dns"}]},
            {
                "internalTrafficPolicy": "Cluster",
                "ports": [
                    {"port": 80, "protocol": "TCP", "targetPort": 80},
                    {"port": 53, "protocol": "UDP", "targetPort": "dns"},
                ],
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
        ),
        (
            "Service",
            {"externalIPs": ["192.0.2.1"], "sessionAffinity": "ClientIP"},
            {
                "externalIPs": ["192.0.2.1"],
                "externalTrafficPolicy": "Cluster",
                "internalTrafficPolicy": "Cluster",
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
                "type": "ClusterIP",
            },
        ),
        (
            "Service",
            {"type": "NodePort", "externalTrafficPolicy": "Local", "internalTrafficPolicy": "Local"},
            {
                "externalTrafficPolicy": "Local",
                "internalTrafficPolicy": "Local",
                "sessionAffinity": "None",
                "type": "NodePort",
            },
        ),
        (
            "Service",
            {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False, "sessionAffinityConfig": {}},
            {
                "allocateLoadBalancerNodePorts": False,
                "externalTrafficPolicy": "Cluster",
                "internalTrafficPolicy": "Cluster",
                "sessionAffinity": "None",
                "type": "LoadBalancer",
            },
        ),
        ("Service", {"type": "ExternalName"}, {"sessionAffinity": "None", "type": "ExternalName"}),
    ],
)
def test_the_defaults_of_a_kind(kind: str, given: Wire, expected: Wire) -> None:
    assert apply_defaults({"kind": kind, "spec": given})["spec"] == expected
    if not given:
        assert apply_defaults({"kind": kind})["spec"] == expected


@pytest.mark.parametrize(
    ("kind", "phase"), [("PersistentVolume", "Pending"), ("PersistentVolumeClaim", "Pending"), ("Namespace", "Active")]
)
def test_what_begins_has_a_phase(kind: str, phase: str) -> None:
    assert apply_defaults({"kind": kind})["status"] == {"phase": phase}
    assert apply_defaults({"kind": kind, "status": {"phase": "Lost"}})["status"] == {"phase": "Lost"}


@pytest.mark.parametrize("kind", ["Job", "ReplicationController"])
@pytest.mark.parametrize(
    ("labels", "own", "expected"),
    [({"a": "b"}, None, {"a": "b"}), ({"a": "b"}, {"c": "d"}, {"c": "d"}), (None, {"c": "d"}, {"c": "d"})],
)
def test_what_has_no_labels_takes_its_templates(
    kind: str, labels: Wire | None, own: Wire | None, expected: Wire
) -> None:
    template = {"metadata": {"labels": labels}} if labels else {"metadata": {}}
    metadata = {"labels": own} if own else {}
    made = apply_defaults({"kind": kind, "metadata": metadata, "spec": {"template": template}})
    assert made["metadata"]["labels"] == expected
    if kind == "ReplicationController":
        assert made["spec"].get("selector") == labels


def test_a_selector_of_its_own_stays() -> None:
    spec = {"selector": {"x": "y"}, "template": {"metadata": {"labels": {"a": "b"}}}}
    assert apply_defaults({"kind": "ReplicationController", "spec": spec})["spec"]["selector"] == {"x": "y"}


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 0o644}}),
        ({"secret": {"defaultMode": 0o400}}, {"secret": {"defaultMode": 0o400}}),
        ({"hostPath": {"path": "/d"}}, {"hostPath": {"path": "/d", "type": ""}}),
        ({"hostPath": {"path": "/d", "type": "File"}}, {"hostPath": {"path": "/d", "type": "File"}}),
        (
            {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name"}}, {"path": "b"}]}},
            {
                "downwardAPI": {
                    "defaultMode": 0o644,
                    "items": [
                        {"path": "a", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
                        {"path": "b"},
                    ],
                }
            },
        ),
        (
            {
                "projected": {
                    "sources": [
                        {"serviceAccountToken": {"path": "t"}},
                        {"serviceAccountToken": {"path": "t", "expirationSeconds": 600}},
                        {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                        {"configMap": {"name": "c"}},
                    ]
                }
            },
            {
                "projected": {
                    "defaultMode": 0o644,
                    "sources": [
                        {"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}},
                        {"serviceAccountToken": {"path": "t", "expirationSeconds": 600}},
                        {
                            "downwardAPI": {
                                "items": [{"path": "a", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}]
                            }
                        },
                        {"configMap": {"name": "c"}},
                    ],
                }
            },
        ),
    ],
)
def test_the_defaults_of_a_volume(volume: Wire, expected: Wire) -> None:
    made = apply_defaults({"kind": "Pod", "spec": {"volumes": [{"name": "v", **volume}]}})
    assert made["spec"]["volumes"] == [{"name": "v", **expected}]


@pytest.mark.parametrize("where", ["containers", "initContainers", "ephemeralContainers"])
def test_the_defaults_of_a_container(where: str) -> None:
    reference = {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    given = {
        "name": "c",
        "image": "nginx:1",
        "env": [{"name": "A", "value": "b"}, {"name": "B", **reference}],
        "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}],
        "lifecycle": {"preStop": {"httpGet": {"port": 80}}, "postStart": {"exec": {"command": ["a"]}}},
        "startupProbe": {"grpc": {"port": 9}, "periodSeconds": 3},
        "livenessProbe": {"httpGet": {"port": 80, "path": "/a", "scheme": "HTTPS"}},
    }
    times = {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1}
    assert apply_defaults({"kind": "Pod", "spec": {where: [given]}})["spec"][where] == [
        {
            "name": "c",
            "image": "nginx:1",
            "imagePullPolicy": "IfNotPresent",
            "env": [
                {"name": "A", "value": "b"},
                {"name": "B", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
            ],
            "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}],
            "lifecycle": {
                "preStop": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}},
                "postStart": {"exec": {"command": ["a"]}},
            },
            "startupProbe": {"grpc": {"port": 9, "service": ""}, **times, "periodSeconds": 3},
            "livenessProbe": {"httpGet": {"port": 80, "path": "/a", "scheme": "HTTPS"}, **times},
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        }
    ]


@pytest.mark.parametrize("given", [{"serviceAccountName": "a"}, {"serviceAccount": "a"}])
def test_both_names_of_a_service_account_say_the_same(given: Wire) -> None:
    spec = apply_defaults({"kind": "Pod", "spec": given})["spec"]
    assert (spec["serviceAccount"], spec["serviceAccountName"]) == ("a", "a")


@pytest.mark.parametrize(("kind", "seconds"), [("Pod", 1), ("ReplicaSet", -5)])
def test_a_grace_below_nothing_is_a_second_for_a_pod(kind: str, seconds: int) -> None:
    own = {"terminationGracePeriodSeconds": -5}
    spec = apply_defaults({"kind": kind, "spec": own if kind == "Pod" else {"template": {"spec": own}}})["spec"]
    assert (spec if kind == "Pod" else spec["template"]["spec"])["terminationGracePeriodSeconds"] == seconds


def test_ports_of_endpoints_are_of_tcp() -> None:
    subsets = apply_defaults(
        {"kind": "Endpoints", "subsets": [{"ports": [{"port": 1}, {"port": 2, "protocol": "UDP"}]}]}
    )
    assert [port["protocol"] for port in subsets["subsets"][0]["ports"]] == ["TCP", "UDP"]
    made = apply_defaults({"kind": "EndpointSlice", "ports": [{"port": 1}, {"name": "a", "protocol": "UDP"}]})
    assert made["ports"] == [{"name": "", "port": 1, "protocol": "TCP"}, {"name": "a", "protocol": "UDP"}]


def test_a_balancers_addresses_are_virtual_unless_they_say() -> None:
    ingress = [{"ip": "192.0.2.1"}, {"ip": "192.0.2.2", "ipMode": "Proxy"}, {"hostname": "a.example"}]
    status = {"loadBalancer": {"ingress": ingress}}
    made = apply_defaults({"kind": "Service", "spec": {"type": "LoadBalancer"}, "status": status})
    found = [each.get("ipMode") for each in made["status"]["loadBalancer"]["ingress"]]
    assert found == ["VIP", "Proxy", None]
