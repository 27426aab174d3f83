"""Who is let in, and what any client is answered; over real sockets."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from kubesim import Cluster, serve
from tests.serve.conftest import DEPLOYMENT, Client

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"Authorization": ""}, 401, "Unauthorized"),
        ({"Authorization": "Bearer guessed"}, 401, "Unauthorized"),
        ({"Host": "evil.example"}, 403, "the Host of a request must be one of"),
        ({"Origin": "https://evil.example"}, 403, "another site's page"),
    ],
)
def test_others_are_not_let_in(client: Client, headers: dict[str, str], status: int, message: str) -> None:
    found = client.get("/version", **headers)
    assert found.status == status
    assert found.json["kind"] == "Status"
    assert message in found.json["message"]


def test_the_kubeconfig_is_its_owner_s_alone(server: serve.Server) -> None:
    assert stat.S_IMODE(server.kubeconfig.stat().st_mode) == 0o600


def test_somebody_else_s_kubeconfig_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("clusters: [{name: mine}]\nusers: [{name: me}]\n")
    with pytest.raises(ValueError, match="must be a new file, or one that kubesim wrote"):
        serve.start(Cluster(), kubeconfig=file)
    assert "mine" in file.read_text()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api", "APIVersions"), ("/api/", "APIVersions"), ("/apis/", "APIGroupList"), ("/apis/apps", "APIGroup"),
     ("/api/v1/", "APIResourceList"), ("/apis/apps/v1", "APIResourceList")],
)  # fmt: skip
def test_plain_discovery(client: Client, path: str, kind: str) -> None:
    assert client.get(path).json["kind"] == kind


@pytest.mark.parametrize(("path", "holds"), [("/api", "pods"), ("/apis", "deployments")])
def test_aggregated_discovery(client: Client, path: str, holds: str) -> None:
    found = client.get(f"{path}?timeout=32s", Accept=f"{DISCOVERY},application/json")
    assert found.headers["Content-Type"] == DISCOVERY
    resources = [each for item in found.json["items"] for v in item["versions"] for each in v["resources"]]
    assert holds in [each["resource"] for each in resources]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/healthz", 200, b"ok"),
        ("/nosuch", 404, b"404 page not found\n"),
        ("/apis/nosuch.example/v1/things", 404, b"404 page not found\n"),
    ],
)
def test_texts(client: Client, path: str, status: int, body: bytes) -> None:
    found = client.get(path)
    assert (found.status, found.body) == (status, body)
    assert found.headers["Content-Type"] == "text/plain; charset=utf-8"


REFUSALS: list[tuple[str, str, Any, dict[str, str], int, str]] = [
    ("GET", "/api/v1/nosuch", None, {}, 404, "the server could not find the requested resource"),
    ("GET", "/api/v1/namespaces/default/pods/x", None, {}, 404, 'pods "x" not found'),
    ("GET", "/apis/apps/v1/namespaces/default/deployments/x/scale", None, {}, 404, 'deployments.apps "x" not found'),
    ("GET", "/api/v1/namespaces/default/services/kubernetes/scale", None, {}, 404,
     "the server could not find the requested resource"),
    ("PUT", MAPS, {}, {}, 405, "the server does not allow this method on the requested resource"),
    ("DELETE", "/api/v1/namespaces", None, {}, 405, "the server does not allow this method on the requested resource"),
    ("GET", f"{MAPS}?labelSelector=a%3D%3D%3Db", None, {}, 400,
     "unable to parse requirement: found '=', expected: identifier"),
    ("GET", f"{MAPS}?continue=bogus", None, {}, 400,
     "invalid continue token: continue key is not valid: illegal base64 data at input byte 4"),
    ("GET", "/api/v1/pods?includeObject=Bad", None, {"Accept": TABLE}, 400,
     "Unable to convert to Table as requested: includeObject: Invalid value: \"Bad\": must be 'Metadata', 'Object', "
     "'None', or empty"),
    ("POST", MAPS, b"", {}, 400,
     "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
     "unexpected end of JSON input (<empty>)"),
    ("POST", MAPS, {"kind": "Secret", "apiVersion": "v1"}, {}, 400,
     'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (v1.ConfigMap): unknown '
     "conversion"),
    ("POST", f"{MAPS}?dryRun=Yes", {}, {}, 422,
     'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Yes"]: supported values: "All"'),
    ("POST", MAPS, b"x", {"Content_Type": "text/html"}, 415,
     "the body of the request was in an unknown format - accepted media types include: application/json, "
     "application/yaml, application/vnd.kubernetes.protobuf"),
    ("PATCH", f"{MAPS}/kube-root-ca.crt", {}, {"Content_Type": "application/json"}, 415, "415: Unsupported Media Type"),
    ("GET", "/api/v1/pods?watch=1&sendInitialEvents=true", None, {}, 422,
     'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting '
     "resourceVersionMatch to NotOlderThan"),
    ("GET", "/api/v1/pods?watch=1&resourceVersion=abc", None, {}, 500,
     'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'),
    ("POST", "/apis/batch/v1/namespaces/default/jobs", {"spec": {"template": {"spec": {
        "restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}}}}, {}, 422,
     'Job.batch "" is invalid: metadata.name: Required value: name or generateName is required'),
    ("POST", "/api/v1/namespaces/default/pods/x/binding", {"target": {"name": "worker"}}, {}, 404,
     'pods "x" not found'),
    ("POST", "/api/v1/namespaces/default/pods/x/binding", {"target": {"kind": "Pod"}}, {}, 422,
     'Binding "x" is invalid: [target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", '
     "target.name: Required value]"),
    ("POST", "/api/v1/namespaces/default/serviceaccounts/nosuch/token", {}, {}, 404,
     'serviceaccounts "nosuch" not found'),
    ("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", {"spec": {"expirationSeconds": 1}}, {}, 422,
     'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 1: may not specify a '
     "duration less than 10 minutes"),
    ("POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
     {"spec": {"boundObjectRef": {"kind": "Service", "name": "kubernetes"}}}, {}, 400,
     "cannot bind token for serviceaccount to type Service"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "headers", "status", "message"), REFUSALS)
def test_refusals_are_statuses_with_upstream_s_words(
    client: Client, method: str, path: str, body: Any, headers: dict[str, str], status: int, message: str
) -> None:
    found = client.ask(method, path, body, **headers)
    assert (found.status, found.json["code"], found.json["message"]) == (status, status, message)
    assert (found.json["kind"], found.json["apiVersion"], found.json["status"]) == ("Status", "v1", "Failure")


def test_a_body_needs_no_content_type_kind_or_version(client: Client) -> None:
    made = client.ask("POST", MAPS, {"metadata": {"name": "bare"}, "data": {"a": "1"}})
    assert made.status == 201
    assert list(made.json)[:3] == ["kind", "apiVersion", "metadata"]
    assert (made.json["kind"], made.json["data"]) == ("ConfigMap", {"a": "1"})


def test_unknown_fields_are_warned_of(client: Client) -> None:
    warned = client.ask("POST", f"{MAPS}?dryRun=All", {"metadata": {"name": "x"}, "datta": {}})
    assert (warned.status, warned.headers["Warning"]) == (201, '299 - "unknown field \\"datta\\""')
    refused = client.ask("POST", f"{MAPS}?fieldValidation=Strict", {"metadata": {"name": "x"}, "datta": {}})
    assert refused.json["message"] == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "datta"'
    )
    assert client.get(f"{MAPS}/x").status == 404


PATCHES: list[tuple[str, Any]] = [
    ("merge-patch", {"data": {"a": None, "b": "2"}}),
    ("strategic-merge-patch", {"data": {"a": None, "b": "2"}}),
    ("json-patch", [{"op": "remove", "path": "/data/a"}, {"op": "add", "path": "/data/b", "value": "2"}]),
]


@pytest.mark.parametrize(("kind", "patch"), PATCHES)
def test_patches(client: Client, kind: str, patch: Any) -> None:
    client.ask("POST", MAPS, {"metadata": {"name": kind}, "data": {"a": "1"}})
    found = client.ask("PATCH", f"{MAPS}/{kind}", patch, Content_Type=f"application/{kind}+json")
    assert (found.status, found.json["data"]) == (200, {"b": "2"})


APPLY = "application/apply-patch+yaml"


def test_server_side_apply(client: Client) -> None:
    """As recorded: 201, then 200; a conflict names its causes; without a manager nothing is taken."""
    body = b"{apiVersion: v1, kind: ConfigMap, metadata: {name: ssa}, data: {a: '1'}}"
    path = f"{MAPS}/ssa?fieldManager=one&force=false"
    made = client.ask("PATCH", path, body, Content_Type=APPLY)
    (entry,) = made.json["metadata"]["managedFields"]
    assert (made.status, entry["manager"], entry["operation"]) == (201, "one", "Apply")
    assert entry["fieldsV1"] == {"f:data": {"f:a": {}}}
    assert list(entry) == ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1"]
    again = client.ask("PATCH", path, body, Content_Type=APPLY)
    assert (again.status, again.json) == (200, made.json)
    other = path.replace("one", "two"), body.replace(b"'1'", b"'2'")
    refused = client.ask("PATCH", *other, Content_Type=APPLY)
    assert (refused.status, refused.json["message"]) == (
        409,
        'Apply failed with 1 conflict: conflict with "one": .data.a',
    )
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.a"}
    assert refused.json["details"]["causes"] == [cause]
    taken = client.ask("PATCH", other[0].replace("false", "true"), other[1], Content_Type=APPLY)
    assert (taken.status, taken.json["data"]) == (200, {"a": "2"})
    nobody = client.ask("PATCH", f"{MAPS}/ssa", body, Content_Type=APPLY)
    assert nobody.status == 422
    assert nobody.json["message"].endswith("fieldManager: Required value: is required for apply patch")


@pytest.mark.parametrize(
    ("agent", "query", "manager"),
    [
        ("lightkube/1.0", "", "lightkube"),
        ("curl/8.14.1", "&fieldManager=me", "me"),
        ("python-requests/2.1 x/3", "", "python-requests"),
    ],
)
def test_a_client_that_names_no_manager_is_known_by_its_agent(
    client: Client, agent: str, query: str, manager: str
) -> None:
    made = client.ask("POST", f"{MAPS}?dryRun=All{query}", {"metadata": {"name": "x"}}, User_Agent=agent)
    assert made.json["metadata"].get("managedFields") is None  # there is no field to own
    body = {"metadata": {"name": "x"}, "data": {"a": "1"}}
    made = client.ask("POST", f"{MAPS}?dryRun=All{query}", body, User_Agent=agent)
    assert [entry["manager"] for entry in made.json["metadata"]["managedFields"]] == [manager]


def test_a_deletion_with_its_preconditions(client: Client) -> None:
    made = client.ask("POST", MAPS, {"metadata": {"name": "once"}}).json
    kept = client.ask("DELETE", f"{MAPS}/once", {"preconditions": {"uid": "another"}})
    assert (kept.status, kept.json["reason"]) == (409, "Conflict")
    assert client.ask("DELETE", f"{MAPS}/once", {"dryRun": ["All"]}).status == 200
    gone = client.ask("DELETE", f"{MAPS}/once", {"preconditions": {"uid": made["metadata"]["uid"]}}).json
    assert gone["status"] == "Success"
    assert gone["details"] == {"name": "once", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert client.get(f"{MAPS}/once").status == 404


def test_a_list_comes_in_pieces(client: Client) -> None:
    for name in ("p1", "p2", "p3"):
        client.ask("POST", MAPS, {"metadata": {"name": name, "labels": {"piece": "yes"}}})
    path, names, left = f"{MAPS}?labelSelector=piece%3Dyes&limit=2", [], []
    token = ""
    while True:
        piece = client.get(f"{path}&continue={token}" if token else path).json
        names += [each["metadata"]["name"] for each in piece["items"]]
        left.append(piece["metadata"].get("remainingItemCount"))
        token = piece["metadata"].get("continue", "")
        if not token:
            break
    assert (names, left) == (["p1", "p2", "p3"], [1, None])
    assert "kind" not in piece["items"][0]
    gone = client.ask("DELETE", f"{MAPS}?labelSelector=piece%3Dyes").json
    assert (gone["kind"], [each["metadata"]["name"] for each in gone["items"]]) == ("ConfigMapList", names)


@pytest.mark.parametrize(("include", "kind"), [("", "PartialObjectMetadata"), ("Object", "ConfigMap"), ("None", None)])
def test_tables(client: Client, include: str, kind: str | None) -> None:
    query = f"?includeObject={include}" if include else ""
    table = client.get(f"{MAPS}/kube-root-ca.crt{query}", Accept=TABLE).json
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    (row,) = table["rows"]
    assert row["cells"][:2] == ["kube-root-ca.crt", 1]
    assert (row["object"] or {}).get("kind") == kind


def test_scale(client: Client) -> None:
    place = "/apis/apps/v1/namespaces/default/deployments"
    assert client.ask("POST", place, DEPLOYMENT).status == 201
    merge = "application/merge-patch+json"
    scaled = client.ask("PATCH", f"{place}/web/scale", {"spec": {"replicas": 1}}, Content_Type=merge).json
    assert (scaled["kind"], scaled["spec"]) == ("Scale", {"replicas": 1})
    assert client.get(f"{place}/web").json["spec"]["replicas"] == 1
    refused = client.ask("PATCH", f"{place}/web/scale", {"spec": {"replicas": -1}}, Content_Type=merge).json
    assert refused["message"] == (
        'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    )


def test_watches(client: Client) -> None:
    version = client.get(MAPS).json["metadata"]["resourceVersion"]
    for body in ({"x": "1"}, {"sel": "yes"}):
        if body == {"x": "1"}:
            client.ask("POST", MAPS, {"metadata": {"name": "seen", "labels": body}})
        else:
            patch = {"metadata": {"labels": body}}
            client.ask("PATCH", f"{MAPS}/seen", patch, Content_Type="application/merge-patch+json")
    client.ask("DELETE", f"{MAPS}/seen")
    since = f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={version}"
    assert _told(client.get(since).lines) == ["ADDED seen", "MODIFIED seen", "DELETED seen"]
    assert _told(client.get(f"{since}&labelSelector=sel%3Dyes").lines) == ["ADDED seen", "DELETED seen"]
    first, second, _ = client.get(since, Accept=TABLE).lines
    assert (first["object"]["kind"], second["object"]["columnDefinitions"]) == ("Table", None)


def test_a_watch_that_begins_with_what_there_is(client: Client) -> None:
    query = "watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    lines = client.get(f"/api/v1/namespaces?{query}").lines
    ends = [each["object"]["metadata"].get("annotations") for each in lines if each["type"] == "BOOKMARK"]
    assert {each["type"] for each in lines} == {"ADDED", "BOOKMARK"}
    assert ends[0] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_from_too_long_ago_is_told_so(client: Client) -> None:
    found = client.get("/api/v1/pods?watch=1&resourceVersion=1")
    (event,) = found.lines
    assert (found.status, event["type"], event["object"]["code"]) == (200, "ERROR", 410)
    assert event["object"]["message"].startswith("too old resource version: 1 (")


def _told(events: list[Any]) -> list[str]:
    return [f"{each['type']} {each['object']['metadata']['name']}" for each in events]


def test_somebody_else_is_forbidden_what_the_administrator_may(client: Client) -> None:
    found = client.get("/api/v1/namespaces/default/pods", Impersonate_User="learner").json
    assert found["message"] == (
        'pods is forbidden: User "learner" cannot list resource "pods" in API group "" in the namespace "default"'
    )


def test_openapi_says_what_apply_asks_for(client: Client) -> None:
    root = client.get("/openapi/v3")
    assert root.headers["Content-Type"] == "text/plain; charset=utf-8"
    place = json.loads(root.body)["paths"]["apis/apps/v1"]["serverRelativeURL"]
    document = client.get(place).json
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert "fieldValidation" in [each["name"] for each in patch["parameters"]]
    spec = document["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"]
    assert spec["required"] == ["selector", "template"]


def test_who_does_not_read_holds_nobody_up(client: Client) -> None:
    with client.opened("GET", "/api/v1/pods?watch=1"):
        assert client.get("/api/v1/namespaces").status == 200


def test_exec_without_an_upgrade(server: serve.Server, client: Client) -> None:
    server.cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "e"}, "spec": {
        "containers": [{"name": "main", "image": "nginx"}]}})  # fmt: skip
    server.cluster.settle()
    found = client.get("/api/v1/namespaces/default/pods/e/exec?command=true&stdout=true")
    assert (found.status, found.json["message"]) == (400, "Upgrade request required")


def test_a_scheduler_of_one_s_own_binds_a_pod(client: Client) -> None:
    place = "/api/v1/namespaces/default/pods"
    spec = {"schedulerName": "mine", "containers": [{"name": "c", "image": "nginx"}]}
    assert client.ask("POST", place, {"metadata": {"name": "bound"}, "spec": spec}).status == 201
    assert "nodeName" not in client.get(f"{place}/bound").json["spec"]
    binding = {"metadata": {"name": "bound"}, "target": {"kind": "Node", "name": "worker"}}
    assert client.ask("POST", f"{place}/bound/binding?dryRun=All", binding).json["status"] == "Success"
    assert client.ask("POST", f"{place}/bound/binding", binding).status == 201
    bound = client.get(f"{place}/bound").json
    assert bound["spec"]["nodeName"] == "worker"
    (scheduled,) = [each for each in bound["status"]["conditions"] if each["type"] == "PodScheduled"]
    assert scheduled["status"] == "True"
    again = client.ask("POST", f"{place}/bound/binding", binding)
    assert (again.status, again.json["message"]) == (
        409,
        'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "worker"',
    )


def test_tokens_are_given_out_and_reviewed(client: Client) -> None:
    account, reviews = (
        "/api/v1/namespaces/default/serviceaccounts/default",
        "/apis/authentication.k8s.io/v1/tokenreviews",
    )
    given = client.ask("POST", f"{account}/token", {"spec": {"audiences": ["a", "b"]}}).json
    assert (given["kind"], given["spec"]["expirationSeconds"]) == ("TokenRequest", 3600)
    token = given["status"]["token"]
    status = client.ask("POST", reviews, {"spec": {"token": token, "audiences": ["b", "c"]}}).json["status"]
    assert (status["authenticated"], status["audiences"]) == (True, ["b"])
    assert status["user"]["username"] == "system:serviceaccount:default:default"
    for spec in ({"token": f"{token[:-1]}_"}, {"token": token, "audiences": ["c"]}, {}):
        assert "authenticated" not in client.ask("POST", reviews, {"spec": spec}).json["status"]
