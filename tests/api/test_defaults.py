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
