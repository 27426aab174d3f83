"""What ``apply`` sends, and that it leads to what the manifest says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.apply import three_way_patch
from kubesim.api.errors import ApiError
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.strategic_merge import merge_strategically
from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

SERVICE = next(kind for kind in RESOURCE_TYPES if kind.kind == "Service")


def spec(*ports: int, **rest: Any) -> dict[str, Any]:
    return {"spec": {"ports": [{"name": f"p{port}", "port": port} for port in ports], **rest}}


@pytest.mark.parametrize(
    ("last", "now", "server", "expected"),
    [
        ({}, {}, {}, {}),
        (spec(80), spec(80), spec(80, type="ClusterIP"), {}),
        ({"spec": {"type": "NodePort"}}, {"spec": {}}, {"spec": {"type": "NodePort"}}, {"spec": {"type": None}}),
        ({}, {"spec": {"type": "NodePort"}}, {"spec": {"type": "ClusterIP"}}, {"spec": {"type": "NodePort"}}),
    ],
)
def test_patch(last: Any, now: Any, server: Any, expected: Any) -> None:
    assert three_way_patch(last, now, server, SERVICE) == expected


PORTS = st.lists(st.integers(1, 9), unique=True, max_size=4)


@given(PORTS, PORTS, PORTS)
def test_ports_of_the_manifest_arrive_and_those_of_others_stay(
    last: list[int], now: list[int], others: list[int]
) -> None:
    server = spec(*last, *[port + 100 for port in others])
    patch = three_way_patch(spec(*last), spec(*now), server, SERVICE)
    after = merge_strategically(server, patch, SERVICE)
    found = {entry["port"] for entry in after["spec"].get("ports") or ()}
    assert found == {*now, *[port + 100 for port in others]}


def held(*names: str) -> dict[str, Any]:
    return {"metadata": {"finalizers": list(names)}}


@pytest.mark.parametrize(
    ("last", "now", "server", "expected"),
    [
        (held("a"), held("a"), held("a"), {}),
        (held("a"), held("a"), held("a", "others"), {}),
        (
            held("a"),
            held("a", "b"),
            held("a"),
            {"$setElementOrder/finalizers": ["a", "b"], "finalizers": ["b"]},
        ),
        (
            held("a", "b"),
            held("b"),
            held("a", "b", "others"),
            {"$setElementOrder/finalizers": ["b"], "$deleteFromPrimitiveList/finalizers": ["a"]},
        ),
        (
            held("a"),
            held("b"),
            held("a"),
            {
                "$setElementOrder/finalizers": ["b"],
                "$deleteFromPrimitiveList/finalizers": ["a"],
                "finalizers": ["b"],
            },
        ),
    ],
)
def test_lists_of_scalars_are_added_to_and_taken_from(last: Any, now: Any, server: Any, expected: Any) -> None:
    patch = three_way_patch(last, now, server, SERVICE)
    assert patch == ({"metadata": expected} if expected else {})
    after = merge_strategically(server, patch, SERVICE)["metadata"]["finalizers"]
    others = [name for name in server["metadata"]["finalizers"] if name not in last["metadata"]["finalizers"]]
    assert set(after) == {*now["metadata"]["finalizers"], *others}


def ports(*items: Any) -> dict[str, Any]:
    return {"spec": {"ports": list(items)}}


@pytest.mark.parametrize(
    ("last", "now", "server", "expected"),
    [
        # one item changed: its change, its key, and the order of all
        (
            ports({"port": 1}, {"port": 2}),
            ports({"port": 1}, {"port": 2, "name": "x"}),
            ports({"port": 1}, {"port": 2}),
            {"$setElementOrder/ports": [{"port": 1}, {"port": 2}], "ports": [{"port": 2, "name": "x"}]},
        ),
        # an item is new, another gone
        (
            ports({"port": 1}),
            ports({"port": 2}),
            ports({"port": 1}),
            {"$setElementOrder/ports": [{"port": 2}], "ports": [{"port": 2}, {"$patch": "delete", "port": 1}]},
        ),
        # a field of an item is gone
        (
            ports({"port": 1, "name": "x"}),
            ports({"port": 1}),
            ports({"port": 1, "name": "x", "protocol": "TCP"}),
            {"$setElementOrder/ports": [{"port": 1}], "ports": [{"name": None, "port": 1}]},
        ),
        # only the order is another
        (
            ports({"port": 1}, {"port": 2}),
            ports({"port": 2}, {"port": 1}),
            ports({"port": 1}, {"port": 2}),
            {"$setElementOrder/ports": [{"port": 2}, {"port": 1}]},
        ),
        # what others added among ours is theirs, and no change
        (ports({"port": 1}), ports({"port": 1}), ports({"port": 7}, {"port": 1, "nodePort": 30000}), {}),
    ],
)
def test_lists_of_objects_are_compared_item_by_item(last: Any, now: Any, server: Any, expected: Any) -> None:
    assert three_way_patch(last, now, server, SERVICE) == ({"spec": expected} if expected else {})


# --- laws, through both doors of the house: Cluster.apply and `kubectl apply` ----------------------------------------

Apply = Callable[[Any], str]
"""Applies a manifest; what was refused, or ``""``."""


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture(params=["cluster", "kubectl"])
def apply(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Apply]:
    terminal = Terminal(cluster)

    def by_cluster(manifest: Any) -> str:
        try:
            cluster.apply(manifest)
        except ApiError as error:
            return error.message
        return ""

    def by_kubectl(manifest: Any) -> str:
        return terminal.run(f"kubectl apply -f - <<'END'\n{json.dumps(manifest)}\nEND").stderr

    yield by_cluster if request.param == "cluster" else by_kubectl
    for kind in ("Deployment", "Service"):
        if cluster.store.get(kind, "dns", "default"):
            cluster.delete(kind, "dns")
    cluster.settle()


def deployment(**spec: Any) -> Any:
    labels = {"app": "dns"}
    container = {"name": "dns", "image": "nginx", **spec.pop("container", {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "dns"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **spec.pop("pod", {})}},
            **spec,
        },
    }


def service(*ports: Any, **spec: Any) -> Any:
    metadata = {"name": "dns"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": list(ports), **spec}}


def container_port(name: str, protocol: str, number: int = 53) -> Any:
    return {"name": name, "containerPort": number, "protocol": protocol}


def port(name: str, protocol: str, number: int = 53) -> Any:
    return {"name": name, "port": number, "protocol": protocol}


BOTH = [container_port("dns", "UDP"), container_port("dns-tcp", "TCP")]
METRICS = container_port("metrics", "TCP", 9153)
SHARED = {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]}
MOUNTS = [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}]


@pytest.mark.parametrize(
    ("first", "second", "path", "expected"),
    [
        (deployment(), deployment(strategy={"type": "Recreate"}), "spec.strategy", {"type": "Recreate"}),
        (
            deployment(strategy={"type": "Recreate"}),
            deployment(),
            "spec.strategy",
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        ),
        (
            deployment(container={"ports": BOTH}),
            deployment(container={"ports": BOTH, "image": "nginx:1.27"}),
            "spec.template.spec.containers.0.ports",
            BOTH,
        ),
        (
            deployment(container={"ports": BOTH}),
            deployment(container={"ports": [*BOTH, METRICS]}),
            "spec.template.spec.containers.0.ports",
            [*BOTH, METRICS],
        ),
        (
            deployment(container={"ports": [METRICS, *BOTH]}),
            deployment(container={"ports": BOTH}),
            "spec.template.spec.containers.0.ports",
            BOTH,
        ),
        (
            deployment(container={"volumeMounts": MOUNTS}, pod=SHARED),
            deployment(container={"volumeMounts": MOUNTS[::-1]}, pod=SHARED),
            "spec.template.spec.containers.0.volumeMounts",
            MOUNTS[::-1],
        ),
        (
            deployment(pod=SHARED),
            deployment(pod={"volumes": [{"name": "a", "hostPath": {"path": "/tmp"}}, SHARED["volumes"][1]]}),
            "spec.template.spec.volumes.0",
            {"name": "a", "hostPath": {"path": "/tmp", "type": ""}},
        ),
        (
            service(port("dns", "UDP"), port("tcp", "TCP")),
            service(port("dns", "UDP"), port("tcp", "TCP"), type="NodePort"),
            "spec.ports.*.protocol",
            ["UDP", "TCP"],
        ),
        (
            service(port("dns", "UDP"), port("tcp", "TCP")),
            service(port("dns", "UDP"), port("tcp", "TCP"), port("metrics", "TCP", 9153)),
            "spec.ports.*.name",
            ["dns", "tcp", "metrics"],
        ),
        (
            service(port("dns", "UDP"), port("tcp", "TCP"), port("metrics", "TCP", 9153)),
            service(port("metrics", "TCP", 9153), port("dns", "UDP"), port("tcp", "TCP")),
            "spec.ports.*.name",
            ["metrics", "dns", "tcp"],
        ),
        (
            service(port("dns", "UDP"), selector={"a": "1", "b": "2"}),
            service(port("dns", "UDP"), selector={"a": "1"}),
            "spec.selector",
            {"a": "1"},
        ),
    ],
)  # fmt: skip
def test_a_second_apply_leads_to_what_the_manifest_says(
    first: Any, second: Any, path: str, expected: Any, apply: Apply, cluster: Cluster
) -> None:
    assert apply(first) == ""
    assert apply(second) == ""
    assert at(cluster.api.get(cluster.api.resource_type(second["kind"]), "dns"), path) == expected


def at(value: Any, path: str) -> Any:
    """The value at a path such as ``spec.ports.*.name``."""
    head, _, rest = path.partition(".")
    if head == "*":
        return [at(each, rest) for each in value]
    below = value[int(head)] if isinstance(value, list) else value[head]
    return at(below, rest) if rest else below


def test_the_same_manifest_is_unchanged_whichever_door_it_came_through_first(cluster: Cluster) -> None:
    manifest = service(port("dns", "UDP"), port("tcp", "TCP"))
    before = cluster.apply(manifest)[0]["metadata"]["resourceVersion"]
    text = f"kubectl apply -f - <<'END'\n{json.dumps(manifest)}\nEND"
    assert Terminal(cluster).run(text).stdout == "service/dns unchanged\n"
    assert cluster.apply(manifest)[0]["metadata"]["resourceVersion"] == before
    cluster.delete("Service", "dns")


def test_a_manifest_stays_the_callers(cluster: Cluster) -> None:
    manifest = service(port("dns", "UDP"))
    cluster.apply(manifest)
    assert manifest == service(port("dns", "UDP"))
    manifest["spec"]["ports"][0]["port"] = 54
    assert cluster.get("Service", "dns").spec.ports[0].port == 53
    cluster.apply(manifest)
    assert cluster.get("Service", "dns").spec.ports[0].port == 54
    cluster.delete("Service", "dns")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"apiVersion": None, "metadata": {"name": "x"}}, "could not find the requested resource"),
        ({"metadata": "x"}, "cannot unmarshal string"),
        ({"metadata": {"name": 1}}, "cannot unmarshal number"),
        ({"metadata": {"name": ["x"]}}, "cannot unmarshal array"),
        ({"metadata": {"name": "x", "namespace": [1]}}, "cannot unmarshal array"),
        ({"metadata": {"name": "x", "annotations": [1]}}, "cannot unmarshal array"),
        ({}, "name or generateName is required"),
    ],
)
def test_what_is_no_manifest_is_refused_in_the_servers_words(manifest: Any, message: str, cluster: Cluster) -> None:
    with pytest.raises(ApiError, match=message):
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", **manifest})


def test_ports_that_share_their_number_are_one_to_a_client_side_apply() -> None:
    """Recorded from kubectl and a server 1.36.2: taking one of them out is refused, moving one loses the other."""
    udp = {"name": "dns", "port": 53, "protocol": "UDP"}
    tcp = {"name": "dns-tcp", "port": 53, "protocol": "TCP"}
    terminal = Terminal(Cluster())

    def apply(*ports: dict[str, Any]) -> str:
        metadata = {"name": "dns"}
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": list(ports)}}
        done = terminal.run(f"kubectl apply -f - <<'end'\n{json.dumps(manifest)}\nend")
        return done.stdout + done.stderr

    assert apply(udp, tcp) == "service/dns created\n"
    assert apply(tcp) == 'The Service "dns" is invalid: spec.ports: Required value\n'
    assert apply(udp, {**tcp, "port": 54}) == "service/dns configured\n"
    left = terminal.run("kubectl get svc dns -o jsonpath='{range .spec.ports[*]}{.port}/{.protocol} {end}'")
    assert left.stdout == "54/TCP "
