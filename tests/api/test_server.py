from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.simulation import Simulation
from tests.api.examples import DEPLOYMENT, POD, SERVICE, pod, service


def refusal(caught: pytest.ExceptionInfo[ApiError]) -> tuple[int, str, str]:
    return caught.value.code, caught.value.reason, caught.value.message


def test_a_service_is_stored_as_the_real_server_stores_it(api: ApiServer) -> None:
    created = api.create(service(type="NodePort")).object
    metadata, spec = created["metadata"], created["spec"]
    assert metadata["creationTimestamp"] == "2026-07-01T09:00:00Z"
    assert metadata["namespace"] == "default"
    address, node_port = spec.pop("clusterIP"), spec["ports"][0].pop("nodePort")
    assert address.startswith("10.43.")
    assert 30086 <= node_port <= 32767
    assert spec == {
        "clusterIPs": [address],
        "externalTrafficPolicy": "Cluster",
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "selector": {"app": "web"},
        "sessionAffinity": "None",
        "type": "NodePort",
    }
    assert created["status"] == {"loadBalancer": {}}


def test_a_name_is_taken_once(api: ApiServer) -> None:
    api.create(service())
    with pytest.raises(ApiError) as caught:
        api.create(service())
    assert refusal(caught) == (409, "AlreadyExists", 'services "web" already exists')


def test_what_is_not_there_is_not_found(api: ApiServer) -> None:
    for request in (
        lambda: api.get(SERVICE, "x"),
        lambda: api.delete(SERVICE, "x"),
        lambda: api.patch(SERVICE, "x", patch={}),
    ):
        with pytest.raises(ApiError) as caught:
            request()
        assert refusal(caught) == (404, "NotFound", 'services "x" not found')
    with pytest.raises(ApiError) as caught:
        api.create(service(), namespace="nosuch")
    assert refusal(caught) == (404, "NotFound", 'namespaces "nosuch" not found')


def test_strict_decoding_is_a_bad_request(api: ApiServer) -> None:
    with pytest.raises(ApiError) as caught:
        api.create(service(foo=1))
    problem = 'strict decoding error: unknown field "spec.foo"'
    message = f'Service in version "v1" cannot be handled as a Service: {problem}'
    assert refusal(caught) == (400, "BadRequest", message)
    assert api.create(service("a", foo=1), field_validation="Warn").warnings == ('unknown field "spec.foo"',)
    assert api.create(service("b", foo=1), field_validation="Ignore").warnings == ()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("service", 'no kind "service" is registered for version "v1"'),
        ("Bogus", "the server could not find the requested resource"),
    ],
)
def test_kinds_are_known_by_their_exact_name(api: ApiServer, kind: str, message: str) -> None:
    with pytest.raises(ApiError, match=message):
        api.create({**service(), "kind": kind})


def test_the_version_of_a_kind_that_is_not_known_is_shown_without_its_group(api: ApiServer) -> None:
    scheme = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'
    with pytest.raises(ApiError) as caught:
        api.create({**service(), "apiVersion": "apps/v1", "kind": "deployment"})
    assert caught.value.message == (
        'deployment in version "v1" cannot be handled as a Deployment: no kind "deployment" is registered for version '
        f'"apps/v1" {scheme}'
    )


def test_a_pinned_address_is_given_when_the_service_is_first_created(api: ApiServer) -> None:
    api.create(service("pinned"), dry_run=True)
    assert api.create(service("pinned")).object["spec"]["clusterIP"] == "10.43.113.175"
    api.delete(SERVICE, "pinned")
    assert api.create(service("pinned")).object["spec"]["clusterIP"] != "10.43.113.175"


def test_a_dry_run_leaves_nothing_behind() -> None:
    outcomes = []
    for dry_runs in (0, 3):
        api = ApiServer(Simulation(), Store())
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        before = api.store.snapshot()
        for _ in range(dry_runs):
            api.create(service(type="NodePort"), dry_run=True)
            api.create({**pod(), "metadata": {"generateName": "p-"}}, dry_run=True)
        assert api.store.snapshot() == before
        assert api.addresses.left("IPv4") == 65534
        assert api.node_ports.free == 2768
        outcomes.append(api.create(service(type="NodePort")).object)
    assert outcomes[0] == outcomes[1]


def test_a_deleted_service_gives_its_address_and_ports_back(api: ApiServer) -> None:
    api.create(service(type="LoadBalancer", externalTrafficPolicy="Local"))
    assert (api.addresses.left("IPv4"), api.node_ports.free) == (65533, 2766)
    api.store.commit({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "web", "namespace": "default"}})
    api.delete(SERVICE, "web")
    assert (api.addresses.left("IPv4"), api.node_ports.free) == (65534, 2768)
    assert api.store.get("Endpoints", "web", "default") is None


def test_node_ports_are_held_across_services_and_shared_inside_one(api: ApiServer) -> None:
    ports = [{"name": "t", "port": 53, "nodePort": 30080}, {"name": "u", "port": 53, "protocol": "UDP"}]
    created = api.create(service("dns", type="NodePort", ports=ports)).object
    assert [port["nodePort"] for port in created["spec"]["ports"]] == [30080, 30080]
    taken = [{"port": 80, "protocol": "UDP", "nodePort": 30080}]
    with pytest.raises(
        ApiError, match=r"spec.ports\[0\].nodePort: Invalid value: 30080: provided port is already allocated"
    ):
        api.create(service("other", type="NodePort", ports=taken))
    assert api.addresses.left("IPv4") == 65533  # what the refused Service was given went back


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"type": "NodePort"}, {"type": "ClusterIP"}, {"nodePort": False, "clusterIP": True}),
        ({"type": "LoadBalancer"}, {"type": "NodePort"}, {"nodePort": True, "clusterIP": True}),
        (
            {"type": "NodePort"},
            {"type": "ExternalName", "externalName": "a.b"},
            {"nodePort": False, "clusterIP": False},
        ),
        ({"type": "ExternalName", "externalName": "a.b"}, {"type": "NodePort"}, {"nodePort": True, "clusterIP": True}),
    ],
)
def test_fields_come_and_go_with_the_type(api: ApiServer, before: Wire, after: Wire, expected: Wire) -> None:
    api.create(service(**before))
    spec = api.patch(SERVICE, "web", patch={"spec": after}).object["spec"]
    assert {"nodePort": "nodePort" in spec["ports"][0], "clusterIP": "clusterIP" in spec} == expected
    assert ("internalTrafficPolicy" in spec) == (spec["type"] != "ExternalName")


def test_resubmitting_a_manifest_keeps_what_was_allocated(api: ApiServer) -> None:
    created = api.create(service(type="NodePort")).object
    replaced = api.replace(service(type="NodePort", selector={"app": "other"})).object
    assert replaced["spec"]["clusterIP"] == created["spec"]["clusterIP"]
    assert replaced["spec"]["ports"] == created["spec"]["ports"]


def test_nothing_is_written_where_nothing_changes(api: ApiServer) -> None:
    created = api.create(service()).object
    assert api.patch(SERVICE, "web", patch={"spec": {"type": "ClusterIP"}}).object is created


def test_an_update_names_the_version_it_changes(api: ApiServer) -> None:
    created = api.create(service()).object
    api.patch(SERVICE, "web", patch={"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(ApiError) as caught:
        api.replace(created)
    assert refusal(caught)[:2] == (409, "Conflict")
    assert "the object has been modified" in caught.value.message


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"name": "x"}, "the name of the object (x) does not match the name on the URL (web)"),
        ({"namespace": "x"}, "the namespace of the provided object does not match the namespace sent on the request"),
    ],
)
def test_a_patch_does_not_move_an_object(api: ApiServer, metadata: Wire, message: str) -> None:
    api.create(service())
    with pytest.raises(ApiError) as caught:
        api.patch(SERVICE, "web", patch={"metadata": metadata}, kind="merge")
    assert refusal(caught) == (400, "BadRequest", message)


def test_generated_names_end_in_five_characters_without_vowels(api: ApiServer) -> None:
    names = {api.create({**pod(), "metadata": {"generateName": "web-"}}).object["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    for name in names:
        assert name.startswith("web-")
        assert set(name[4:]) <= set("bcdfghjklmnpqrstvwxz2456789")
        assert len(name) == 9


def test_a_status_is_changed_alone(api: ApiServer) -> None:
    created = api.create(pod()).object
    updated = api.replace({**created, "status": {"phase": "Running"}}, subresource="status").object
    assert updated["status"] == {"phase": "Running", "qosClass": "BestEffort"}
    assert updated["metadata"]["generation"] == 1
    patched = api.patch(POD, "p", patch={"status": {"phase": "Failed"}}).object
    assert patched["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"qosClass": "Guaranteed"}, 'status.qosClass: Invalid value: "Guaranteed": field is immutable'),
        (
            {"podIPs": [{"ip": "10.42.1.2"}, {"ip": "10.42.1.3"}]},
            'status.podIPs: Invalid value: [{"IP":"10.42.1.2"},{"IP":"10.42.1.3"}]: '
            "may specify no more than one IP for each IP family",
        ),
    ],
)
def test_people_may_not_say_any_status_of_a_pod(api: ApiServer, status: Wire, message: str) -> None:
    created = api.create(pod()).object
    with pytest.raises(ApiError) as caught:
        api.replace({**created, "status": status}, subresource="status")
    assert refusal(caught) == (422, "Invalid", f'Pod "p" is invalid: {message}')


def test_the_phase_of_a_namespace_follows_from_its_deletion(api: ApiServer) -> None:
    created = api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}).object
    with pytest.raises(ApiError) as caught:
        api.replace({**created, "status": {"phase": "Terminating"}}, subresource="status")
    problem = "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
    assert refusal(caught) == (422, "Invalid", f'Namespace "n" is invalid: {problem}')


def test_a_deployment_counts_generations(api: ApiServer) -> None:
    template = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"selector": {"matchLabels": {"app": "w"}}, "template": template}
    created = api.create(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "w"}, "spec": spec}
    ).object
    assert created["metadata"]["generation"] == 1
    assert api.patch(DEPLOYMENT, "w", patch={"metadata": {"labels": {"a": "b"}}}).object["metadata"]["generation"] == 1
    assert api.patch(DEPLOYMENT, "w", patch={"spec": {"replicas": 2}}).object["metadata"]["generation"] == 2
    annotated = api.patch(DEPLOYMENT, "w", patch={"metadata": {"annotations": {"a": "b"}}}).object
    assert annotated["metadata"]["generation"] == 3


def test_objects_are_selected_by_label_and_field(api: ApiServer) -> None:
    api.create({**pod("a"), "metadata": {"name": "a", "labels": {"x": "1"}}})
    api.create(pod("b", nodeName="worker"))
    names = lambda found: [each["metadata"]["name"] for each in found]  # noqa: E731
    assert names(api.list(POD, "default", label_selector="x=1")) == ["a"]
    assert names(api.list(POD, None, field_selector="spec.nodeName=worker")) == ["b"]


@pytest.mark.parametrize(
    ("resource", "named"), [("pods", "/v1, Resource=pods"), ("deployments", "apps/v1, Resource=deployments")]
)
def test_a_field_that_no_list_can_be_narrowed_by(api: ApiServer, resource: str, named: str) -> None:
    with pytest.raises(ApiError) as caught:
        api.list(api.resource_type(resource), "default", label_selector="x=1", field_selector="spec.nosuch=1")
    assert caught.value.message == (
        f'Unable to find "{named}" that match label selector "x=1", field selector "spec.nosuch=1": '
        "field label not supported: spec.nosuch"
    )


@pytest.mark.parametrize(
    ("typed", "plural"),
    [
        ("svc", "services"),
        ("Service", "services"),
        ("deployments.apps", "deployments"),
        ("deploy.v1.apps", "deployments"),
    ],
)
def test_resources_have_many_names(api: ApiServer, typed: str, plural: str) -> None:
    assert api.resource_type(typed).plural == plural


def test_an_unknown_resource(api: ApiServer) -> None:
    with pytest.raises(ApiError, match='the server doesn\'t have a resource type "bogus"'):
        api.resource_type("bogus")


values = (
    st.none()
    | st.booleans()
    | st.integers(-1, 70000)
    | st.sampled_from(["", "None", "ClusterIP", "NodePort", "10.43.0.9", "Local"])
)
spec_fields = st.sampled_from(
    [
        "type",
        "clusterIP",
        "clusterIPs",
        "ports",
        "selector",
        "externalName",
        "externalTrafficPolicy",
        "nosuch",
        "sessionAffinity",
    ]
)
patches = st.dictionaries(
    spec_fields,
    values
    | st.lists(values, max_size=2)
    | st.dictionaries(st.sampled_from(["port", "nodePort", "name"]), values, max_size=3),
    max_size=4,
)


@given(st.lists(st.tuples(st.sampled_from(["strategic", "merge"]), patches), max_size=8))
def test_a_refused_change_leaves_everything_as_it_was(changes: list[tuple[Any, Wire]]) -> None:
    api = ApiServer(Simulation(), Store())
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    api.create(service())
    for kind, spec in changes:
        before = api.store.snapshot()
        free = (api.addresses.left("IPv4"), api.node_ports.free)
        try:
            api.patch(SERVICE, "web", patch={"spec": spec}, kind=kind)
        except ApiError:
            assert api.store.snapshot() == before
            assert (api.addresses.left("IPv4"), api.node_ports.free) == free
    api.delete(SERVICE, "web")
    assert (api.addresses.left("IPv4"), api.node_ports.free) == (65534, 2768)
