"""What containers are told: variables of the Services that were there when they started, and mounted ConfigMaps."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster


def pod(name: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "nginx", **spec.pop("container", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container], **spec}}


def service(name: str, port: int = 80, namespace: str = "default") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": port}]}}


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def variables(cluster: Cluster, name: str) -> dict[str, str]:
    lines = cluster.exec(name, ["env"]).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_a_container_knows_the_services_that_were_there_when_it_started(cluster: Cluster) -> None:
    cluster.apply([service("db", 5432), pod("early")])
    cluster.settle()
    cluster.apply([service("web"), pod("late")])
    cluster.settle()
    cluster.delete("Service", "db")
    cluster.apply(pod("last"))
    cluster.settle()
    told = {name: variables(cluster, name) for name in ("early", "late", "last")}
    assert [("DB_SERVICE_PORT" in told[n], "WEB_SERVICE_PORT" in told[n]) for n in told] == [
        (True, False),
        (True, True),
        (False, True),
    ]
    assert told["early"]["DB_SERVICE_PORT"] == "5432"
    assert told["early"]["KUBERNETES_SERVICE_PORT"] == "443"


def test_services_of_other_namespaces_and_links_that_are_not_wanted(cluster: Cluster) -> None:
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    cluster.apply([service("there", namespace="other"), service("here"), pod("a"), pod("b", enableServiceLinks=False)])
    cluster.settle()
    for name, expected in (("a", {"HERE", "KUBERNETES"}), ("b", {"KUBERNETES"})):
        found = {key.removesuffix("_SERVICE_HOST") for key in variables(cluster, name) if key.endswith("_SERVICE_HOST")}
        assert found & {"HERE", "THERE", "KUBERNETES"} == expected


def test_a_containers_own_variables_come_before_those_of_services(cluster: Cluster) -> None:
    cluster.apply([service("web"), pod("a", container={"env": [{"name": "WEB_SERVICE_PORT", "value": "own"}]})])
    cluster.settle()
    assert variables(cluster, "a")["WEB_SERVICE_PORT"] == "own"


def test_a_changed_config_map_reaches_the_containers_that_mount_it_and_no_others(cluster: Cluster) -> None:
    def mounting(name: str, config: str) -> dict[str, Any]:
        mount = {"name": "v", "mountPath": "/etc/own"}
        volume = {"name": "v", "configMap": {"name": config}}
        return pod(name, container={"volumeMounts": [mount]}, volumes=[volume])

    cluster.apply(
        [config_map("one", key="old"), config_map("two", key="old"), mounting("a", "one"), mounting("b", "two")]
    )
    cluster.settle()
    cluster.exec("b", ["sh", "-c", "echo own > /etc/own/key"])
    cluster.apply(config_map("one", key="new"))
    assert cluster.exec("a", ["cat", "/etc/own/key"]).stdout == "new"
    assert cluster.exec("b", ["cat", "/etc/own/key"]).stdout == "own\n"
