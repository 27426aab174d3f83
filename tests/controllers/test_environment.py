"""What containers are told: variables of the Services that were there when they started, and mounted ConfigMaps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubesim.api.objects import Pod, Wire, view
from kubesim.api.store import Store
from kubesim.cluster import Cluster
from kubesim.controllers.environment import (
    ContainerEnvironment,
    ServiceSnapshot,
    ServiceVariables,
    container_environment,
    expand_references,
    missing_reference,
    missing_volume,
    mounted_files,
    mounted_objects,
    pod_hosts_file,
    service_variables,
    volume_files,
)
from kubesim.terminal import Terminal


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


# --- the parts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$(A)", "1"),
        ("x$(A)y$(B)z", "x1y2z"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A}", "$A ${A}"),
        ("$(A", "$(A"),
        ("cost: 5$", "cost: 5$"),
        ("$$", "$"),
        ("$(C)", "$(A)"),  # a value is not looked at again
    ],
)
def test_references(text: str, expected: str) -> None:
    assert expand_references(text, {"A": "1", "B": "2", "C": "$(A)"}) == expected


def a_service(name: str, address: str = "10.43.0.7", namespace: str = "default", *ports: dict[str, Any]) -> Wire:
    spec = {"clusterIP": address, "ports": list(ports) or [{"port": 80, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def test_what_a_service_is_called() -> None:
    ports = ({"name": "my-web", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"})
    assert dict(service_variables([a_service("my-shop", "10.43.0.7", "default", *ports)])) == {
        "MY_SHOP_SERVICE_HOST": "10.43.0.7",
        "MY_SHOP_SERVICE_PORT": "80",
        "MY_SHOP_SERVICE_PORT_MY_WEB": "80",
        "MY_SHOP_SERVICE_PORT_DNS": "53",
        "MY_SHOP_PORT": "tcp://10.43.0.7:80",
        "MY_SHOP_PORT_80_TCP": "tcp://10.43.0.7:80",
        "MY_SHOP_PORT_80_TCP_PROTO": "tcp",
        "MY_SHOP_PORT_80_TCP_PORT": "80",
        "MY_SHOP_PORT_80_TCP_ADDR": "10.43.0.7",
        "MY_SHOP_PORT_53_UDP": "udp://10.43.0.7:53",
        "MY_SHOP_PORT_53_UDP_PROTO": "udp",
        "MY_SHOP_PORT_53_UDP_PORT": "53",
        "MY_SHOP_PORT_53_UDP_ADDR": "10.43.0.7",
    }


@pytest.mark.parametrize("spec", [{"clusterIP": "None"}, {"clusterIP": ""}, {}, {"ports": []}])
def test_a_service_without_an_address_or_a_port_is_not_told(spec: dict[str, Any]) -> None:
    wire = a_service("web")
    wire["spec"] = {**(wire["spec"] if "ports" in spec else {"ports": wire["spec"]["ports"]}), **spec}
    assert dict(service_variables([wire])) == {}


def test_of_two_services_with_one_name_for_their_variables_the_later_has_them() -> None:
    snapshot = ServiceSnapshot(None, {"a-b": a_service("a-b", "10.43.0.1"), "a.b": a_service("A-B", "10.43.0.2")})
    assert snapshot.variables["A_B_SERVICE_HOST"] == "10.43.0.2"


def test_own_variables_over_those_of_services() -> None:
    environment = ContainerEnvironment(
        {"OWN": "1", "WEB_SERVICE_HOST": "own"}, ServiceSnapshot(None, {"web": a_service("web")})
    )
    assert (environment["OWN"], environment["WEB_SERVICE_HOST"], environment["WEB_SERVICE_PORT"]) == ("1", "own", "80")
    assert "NONE" not in environment
    assert len(environment) == len(list(environment)) == 8
    assert dict(environment)["WEB_SERVICE_HOST"] == "own"


def test_snapshots_are_of_their_moment() -> None:
    store = Store()
    kubernetes = store.commit(a_service("kubernetes", "10.43.0.1"))
    told = ServiceVariables(store)
    before = told.of("default", True)
    assert told.of("default", True) is before
    web = store.commit(a_service("web", "10.43.0.7"))
    there = store.commit(a_service("there", "10.43.0.8", "shop"))
    hosts = {name: told.of(*name).variables for name in (("default", True), ("default", False), ("shop", True))}
    assert {key: "WEB_SERVICE_HOST" in each for key, each in hosts.items()} == {
        ("default", True): True,
        ("default", False): False,
        ("shop", True): False,
    }
    assert "THERE_SERVICE_HOST" in hosts["shop", True]
    assert all(each["KUBERNETES_SERVICE_HOST"] == "10.43.0.1" for each in hosts.values())
    assert "WEB_SERVICE_HOST" not in before.variables
    moment = told.of("default", True)
    store.commit({**web, "metadata": {**web["metadata"], "labels": {"a": "b"}}})  # nothing that is told
    assert told.of("default", True) is moment
    store.commit({**kubernetes, "spec": {**kubernetes["spec"], "clusterIP": "10.43.0.2"}})
    assert told.of("shop", True).variables["KUBERNETES_SERVICE_HOST"] == "10.43.0.2"
    store.delete("Service", "web", "default")
    assert "WEB_SERVICE_HOST" not in told.of("default", True).variables
    assert "WEB_SERVICE_HOST" in moment.variables
    assert there is not None


def built(container: dict[str, Any], **parts: Any) -> tuple[Pod, Store]:
    store = Store()
    for wire in (
        {"kind": "ConfigMap", "metadata": {"name": "conf", "namespace": "default"}, "data": {"a": "1", "b": "2"}},
        {"kind": "ConfigMap", "metadata": {"name": "conf", "namespace": "other"}, "data": {"a": "other"}},
        {"kind": "Node", "metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "2", "memory": "1Gi"}}},
    ):
        store.commit({"apiVersion": "v1", **wire})
    metadata = {
        "name": "p",
        "namespace": "default",
        "uid": "u-1",
        "labels": {"app": "web"},
        "annotations": {"x/y": "z"},
    }
    spec = {"nodeName": "n", "serviceAccountName": "builder", "containers": [{"name": "c", **container}, SIDE]}
    status = {"podIP": "10.42.0.3", "hostIP": "172.31.0.9"}
    wire = {"metadata": metadata, "spec": {**spec, **parts.pop("spec", {})}, "status": status}
    return view(wire, Pod), store


SIDE = {"name": "side", "resources": {"limits": {"cpu": "250m"}}}
RESOURCES = {"limits": {"cpu": "1500m"}, "requests": {"cpu": "500m", "memory": "64Mi"}}


def environment_of(**container: Any) -> dict[str, str]:
    pod_, store = built({"resources": RESOURCES, **container})
    services = ServiceSnapshot(None, {"web": a_service("web")})
    return container_environment(pod_, (pod_.spec.containers or [])[0], store, services)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"fieldRef": {"fieldPath": "metadata.name"}}, "p"),
        ({"fieldRef": {"fieldPath": "metadata.namespace"}}, "default"),
        ({"fieldRef": {"fieldPath": "metadata.uid"}}, "u-1"),
        ({"fieldRef": {"fieldPath": "metadata.labels['app']"}}, "web"),
        ({"fieldRef": {"fieldPath": "metadata.labels['none']"}}, ""),
        ({"fieldRef": {"fieldPath": "metadata.annotations['x/y']"}}, "z"),
        ({"fieldRef": {"fieldPath": "spec.nodeName"}}, "n"),
        ({"fieldRef": {"fieldPath": "spec.serviceAccountName"}}, "builder"),
        ({"fieldRef": {"fieldPath": "status.podIP"}}, "10.42.0.3"),
        ({"fieldRef": {"fieldPath": "status.podIPs"}}, "10.42.0.3"),
        ({"fieldRef": {"fieldPath": "status.hostIP"}}, "172.31.0.9"),
        ({"fieldRef": {"fieldPath": "status.hostIPs"}}, "172.31.0.9"),
        ({"configMapKeyRef": {"name": "conf", "key": "a"}}, "1"),
        ({"configMapKeyRef": {"name": "conf", "key": "z"}}, None),
        ({"configMapKeyRef": {"name": "none", "key": "a"}}, None),
        ({"secretKeyRef": {"name": "s", "key": "k"}}, None),
        # amounts are rounded up to whole divisors
        ({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}, "2"),
        ({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}, "1500"),
        ({"resourceFieldRef": {"resource": "requests.cpu"}}, "1"),
        ({"resourceFieldRef": {"resource": "requests.memory"}}, "67108864"),
        ({"resourceFieldRef": {"resource": "requests.memory", "divisor": "1Mi"}}, "64"),
        ({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}, "1024"),  # the node's
        ({"resourceFieldRef": {"resource": "limits.cpu", "containerName": "side", "divisor": "1m"}}, "250"),
        ({"resourceFieldRef": {"resource": "requests.cpu", "containerName": "side"}}, "0"),
    ],
)
def test_where_a_value_comes_from(source: dict[str, Any], value: str | None) -> None:
    expected = {} if value is None else {"A": value}
    assert environment_of(env=[{"name": "A", "valueFrom": source}]) == expected


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"envFrom": [{"configMapRef": {"name": "conf"}}]}, {"a": "1", "b": "2"}),
        ({"envFrom": [{"prefix": "C_", "configMapRef": {"name": "conf"}}]}, {"C_a": "1", "C_b": "2"}),
        ({"envFrom": [{"configMapRef": {"name": "none"}}, {"secretRef": {"name": "s"}}]}, {}),
        (
            {"envFrom": [{"configMapRef": {"name": "conf"}}], "env": [{"name": "a", "value": "own"}]},
            {"a": "own", "b": "2"},
        ),
        ({"env": [{"name": "A"}, {"name": "A", "value": "last"}]}, {"A": "last"}),
        # a value refers to what stands before it and to Services, not to envFrom
        (
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)"}, {"name": "C", "value": "$$(A)"}]},
            {"A": "1", "B": "1$(C)", "C": "$(A)"},
        ),
        ({"env": [{"name": "U", "value": "http://$(WEB_SERVICE_HOST)/"}]}, {"U": "http://10.43.0.7/"}),
        (
            {"envFrom": [{"configMapRef": {"name": "conf"}}], "env": [{"name": "A", "value": "$(a)"}]},
            {"a": "1", "b": "2", "A": "$(a)"},
        ),
    ],
)
def test_a_containers_variables(container: dict[str, Any], expected: dict[str, str]) -> None:
    assert environment_of(**container) == expected


@pytest.mark.parametrize(
    ("spec", "end"),
    [
        ({}, "10.42.0.3\tp\n"),
        ({"subdomain": "sub"}, "10.42.0.3\tp.sub.default.svc.lab.test\tp\n"),
        (
            {"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a", "b"]}, {"ip": "192.0.2.2"}]},
            "10.42.0.3\tp\n\n# Entries added by HostAliases.\n192.0.2.1\ta\tb\n192.0.2.2\n",
        ),
        ({"hostNetwork": True}, "# Kubernetes-managed hosts file (host network).\nNODE\n"),
    ],
)
def test_a_pods_hosts_file(spec: dict[str, Any], end: str) -> None:
    pod_, _ = built({}, spec=spec)
    assert pod_hosts_file(pod_, "p", "lab.test", "NODE\n").endswith(end)


CONF = {("ConfigMap", "conf")}
VOLUMES = [
    {"name": "all", "configMap": {"name": "conf"}},
    {
        "name": "one",
        "configMap": {"name": "conf", "items": [{"key": "a", "path": "deep/a.txt"}, {"key": "z", "path": "z"}]},
    },
    {"name": "empty", "emptyDir": {}},
]


@pytest.mark.parametrize(
    ("mounts", "files", "maps"),
    [
        (
            [{"name": "all", "mountPath": "/etc/conf/"}],
            {"/etc/conf/a": "1", "/etc/conf/b": "2"},
            CONF,
        ),
        ([{"name": "all", "mountPath": "/etc/a", "subPath": "a"}], {"/etc/a": "1"}, CONF),
        ([{"name": "all", "mountPath": "/etc/a", "subPath": "z"}], {}, CONF),
        ([{"name": "one", "mountPath": "/etc"}], {"/etc/deep/a.txt": "1"}, CONF),
        ([{"name": "empty", "mountPath": "/etc"}], {}, set()),
        ([{"name": "missing", "mountPath": "/etc"}], {}, set()),
        ([], {}, set()),
    ],
)
def test_mounted_files(mounts: list[dict[str, Any]], files: dict[str, str], maps: set[tuple[str, str]]) -> None:
    pod_, store = built({"volumeMounts": mounts}, spec={"volumes": VOLUMES})
    container = (pod_.spec.containers or [])[0]
    assert mounted_files(pod_, container, store) == files
    assert mounted_objects(pod_, container) == maps


def test_files_of_a_map_that_is_not_there() -> None:
    assert volume_files({"configMap": {"name": "none"}}, "default", Store()) == {}
    assert volume_files({}, "default", Store()) == {}


def _secret() -> Wire:
    secret: Wire = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}}
    return secret | {"data": {"word": "c2VjcmV0", "broken": "a"}}


def test_a_secret_in_a_container() -> None:
    reference = {"secretKeyRef": {"name": "s", "key": "word"}}
    absent = {"secretKeyRef": {"name": "s", "key": "none", "optional": True}}
    env = [{"name": "WORD", "valueFrom": reference}, {"name": "NONE", "valueFrom": absent}]
    mounts = [{"name": "v", "mountPath": "/run"}]
    pod_, store = built(
        {"env": env, "envFrom": [{"prefix": "A_", "secretRef": {"name": "s"}}], "volumeMounts": mounts},
        spec={"volumes": [{"name": "v", "secret": {"secretName": "s"}}]},
    )
    store.commit(_secret())
    container = (pod_.spec.containers or [])[0]
    variables = container_environment(pod_, container, store, ServiceSnapshot(None, {}))
    assert variables == {"A_word": "secret", "A_broken": "", "WORD": "secret"}
    assert mounted_files(pod_, container, store) == {"/run/word": "secret", "/run/broken": ""}
    assert missing_reference(pod_, container, store) == missing_volume(pod_, store) == ""


@pytest.mark.parametrize(
    ("container", "missing"),
    [
        ({"envFrom": [{"configMapRef": {"name": "m"}}]}, 'configmap "m" not found'),
        ({"envFrom": [{"secretRef": {"name": "m"}}]}, 'secret "m" not found'),
        ({"envFrom": [{"secretRef": {"name": "m", "optional": True}}]}, ""),
        ({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "m", "key": "k"}}}]}, 'secret "m" not found'),
        (
            {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "k"}}}]},
            "couldn't find key k in ConfigMap default/conf",
        ),
        ({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k", "optional": True}}}]}, ""),
        ({"env": [{"name": "A", "value": "1"}]}, ""),
    ],
)
def test_what_a_variable_lacks(container: Wire, missing: str) -> None:
    pod_, store = built(container)
    assert missing_reference(pod_, (pod_.spec.containers or [])[0], store) == missing


@pytest.mark.parametrize(
    ("volume", "missing"),
    [
        ({"configMap": {"name": "m"}}, 'configmap "m" not found'),
        ({"secret": {"secretName": "m"}}, 'secret "m" not found'),
        ({"secret": {"secretName": "m", "optional": True}}, ""),
        (
            {"configMap": {"name": "conf", "items": [{"key": "z", "path": "z"}]}},
            "references non-existent config key: z",
        ),
        ({"configMap": {"name": "conf", "items": [{"key": "a", "path": "z"}]}}, ""),
        ({"emptyDir": {}}, ""),
    ],
)
def test_what_a_volume_lacks(volume: Wire, missing: str) -> None:
    pod_, store = built({}, spec={"volumes": [{"name": "v"} | volume]})
    expected = f'MountVolume.SetUp failed for volume "v" : {missing}' if missing else ""
    assert missing_volume(pod_, store) == expected


def test_a_pod_waits_for_what_it_refers_to() -> None:
    cluster = Cluster()
    terminal = Terminal(cluster)
    spec = {
        "containers": [{"name": "c", "image": "nginx", "envFrom": [{"secretRef": {"name": "s"}}]}],
        "volumes": [{"name": "v", "configMap": {"name": "m"}}],
    }
    pod_ = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}
    terminal.run(f"echo '{json.dumps(pod_)}' | kubectl apply -f - && sleep 5")
    assert "FailedMount" in terminal.run("kubectl get events").stdout
    assert "ContainerCreating" in terminal.run("kubectl get pod p").stdout
    terminal.run("kubectl create configmap m --from-literal=a=1 && sleep 20")
    assert "CreateContainerConfigError" in terminal.run("kubectl get pod p").stdout
    assert 'Error: secret "s" not found' in terminal.run("kubectl describe pod p").stdout
    terminal.run("kubectl create secret generic s --from-literal=word=secret && sleep 15")
    assert terminal.run("kubectl exec p -- sh -c 'echo $word'").stdout == "secret\n"
