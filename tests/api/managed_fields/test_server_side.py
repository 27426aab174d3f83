"""Who owns what after each kind of write, and what a server-side apply makes of it.

The expected owners, orders and refusals are those of a recorded server 1.36.2, or follow from the steps of
``apimachinery/pkg/util/managedfields/internal`` that the comments name.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.managed_fields.field_set import FieldSet, path_text
from kubesim.api.managed_fields.server_side import LAST_APPLIED
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.server import ApiServer

CONFIG_MAPS, DEPLOYMENTS, SERVICES = BY_KIND["ConfigMap"], BY_KIND["Deployment"], BY_KIND["Service"]


def config_map(annotations: Any = None, **data: str) -> Wire:
    metadata: Wire = {"name": "cm", "namespace": "default"}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def apply(api: ApiServer, manager: str, wire: Wire, *, force: bool = False, dry_run: bool = False) -> Wire:
    resource = BY_KIND[wire["kind"]]
    options: Wire = {"field_manager": manager, "force": force, "dry_run": dry_run}
    return api.apply(resource, wire["metadata"]["name"], wire, "default", **options).object


def owners(api: ApiServer, resource: Any = CONFIG_MAPS, name: str = "cm") -> list[str]:
    """Each entry as ``manager/operation[/subresource]: its fields``."""
    entries = api.with_managed_fields(api.get(resource, name))["metadata"].get("managedFields", [])
    return [
        "/".join(filter(None, (entry["manager"], entry["operation"], entry.get("subresource"))))
        + ": "
        + " ".join(map(path_text, FieldSet.from_fields(entry["fieldsV1"])))
        for entry in entries
    ]


def test_an_update_gives_what_it_changed_and_takes_it_from_all_others(api: ApiServer) -> None:
    api.create(config_map(a="1", b="2"), field_manager="maker")
    assert owners(api) == ["maker/Update: .data .data.a .data.b"]
    api.patch(CONFIG_MAPS, "cm", "default", {"data": {"a": "9", "c": "3"}}, field_manager="changer")
    assert owners(api) == ["changer/Update: .data.a .data.c", "maker/Update: .data .data.b"]
    api.patch(CONFIG_MAPS, "cm", "default", {"data": {"b": None}}, field_manager="remover")
    assert owners(api) == ["changer/Update: .data.a .data.c", "maker/Update: .data"]


def test_a_request_that_changes_nothing_is_no_write(api: ApiServer) -> None:
    before = api.create(config_map(a="1"), field_manager="maker").object
    assert api.patch(CONFIG_MAPS, "cm", "default", {"data": {"a": "1"}}, field_manager="other").object is before
    assert apply(api, "one", config_map(a="1"))["metadata"]["resourceVersion"] > before["metadata"]["resourceVersion"]
    again = api.get(CONFIG_MAPS, "cm")
    assert apply(api, "one", config_map(a="1")) is again
    assert owners(api) == ["one/Apply: .data.a", "maker/Update: .data .data.a"]


def test_an_apply_owns_what_it_names_and_removes_what_it_names_no_more(api: ApiServer) -> None:
    apply(api, "kubectl", config_map(a="1", b="2"))
    assert owners(api) == ["kubectl/Apply: .data.a .data.b"]
    assert apply(api, "kubectl", config_map(a="1"))["data"] == {"a": "1"}
    apply(api, "other", config_map(a="1", c="3"))
    assert apply(api, "kubectl", config_map(d="4"))["data"] == {"a": "1", "c": "3", "d": "4"}  # "other" still names it
    assert owners(api) == ["kubectl/Apply: .data.d", "other/Apply: .data.a .data.c"]


CONFLICTS: list[tuple[dict[str, str], str, str]] = [
    ({"a": "9"}, "mesh", 'Apply failed with 1 conflict: conflict with "kubectl": .data.a'),
    ({"b": "9"}, "mesh", 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.b'),
    ({"a": "9", "b": "9"}, "mesh",
     'Apply failed with 2 conflicts: conflicts with "kubectl":\n- .data.a\n'
     'conflicts with "kubectl-edit" using v1:\n- .data.b'),
    ({"a": "1", "b": "2", "c": "3"}, "mesh", ""),  # the same values are owned together
    ({"a": "9"}, "kubectl", ""),
]  # fmt: skip


@pytest.mark.parametrize(("data", "manager", "words"), CONFLICTS)
def test_conflicts(api: ApiServer, data: dict[str, str], manager: str, words: str) -> None:
    apply(api, "kubectl", config_map(a="1"))
    api.patch(CONFIG_MAPS, "cm", "default", {"data": {"b": "2"}}, field_manager="kubectl-edit")
    before = api.with_managed_fields(api.get(CONFIG_MAPS, "cm"))
    if not words:
        apply(api, manager, config_map(**data))
        return
    with pytest.raises(ApiError) as refused:
        apply(api, manager, config_map(**data))
    assert (refused.value.code, refused.value.reason, refused.value.message) == (409, "Conflict", words)
    assert {cause["field"] for cause in refused.value.details["causes"]} == {f".data.{name}" for name in data}
    assert api.with_managed_fields(api.get(CONFIG_MAPS, "cm")) == before
    apply(api, manager, config_map(**data), force=True)
    assert f"{manager}/Apply: {' '.join(f'.data.{name}' for name in data)}" in owners(api)


def test_a_dry_run_says_what_would_be_owned_and_leaves_everything(api: ApiServer) -> None:
    apply(api, "kubectl", config_map(a="1"))
    before = api.with_managed_fields(api.get(CONFIG_MAPS, "cm"))
    response = api.apply(CONFIG_MAPS, "cm", config_map(b="2"), field_manager="x", dry_run=True)
    would_be = api.with_managed_fields(response.object, response.draft)["metadata"]["managedFields"]
    assert [entry["manager"] for entry in would_be] == ["kubectl", "x"]
    assert api.with_managed_fields(api.get(CONFIG_MAPS, "cm")) == before


REFUSED: list[tuple[Wire, str, int, str]] = [
    (config_map(), "", 422,
     'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'),
    ({**config_map(), "kind": "Secret"}, "x", 400, "invalid object type: /v1, Kind=Secret"),
    ({**config_map(), "metadata": {"name": "cm", "managedFields": []}}, "x", 400,
     "metadata.managedFields must be nil"),
    ({**config_map(), "datta": {}}, "x", 500,
     "failed to create typed patch object (default/cm; /v1, Kind=ConfigMap): .datta: field not declared in schema"),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "manager", "code", "words"), REFUSED)
def test_what_is_no_apply(api: ApiServer, wire: Wire, manager: str, code: int, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        api.apply(CONFIG_MAPS, "cm", wire, field_manager=manager)
    assert (refused.value.code, refused.value.message) == (code, words)
    assert api.find(CONFIG_MAPS, "cm") is None


@pytest.mark.parametrize("reset", [[], [{}]])
def test_managers_can_be_forgotten_and_then_nobody_is_noted(api: ApiServer, reset: Any) -> None:
    api.create(config_map(a="1"), field_manager="maker")
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": reset}]
    api.patch(CONFIG_MAPS, "cm", "default", patch, kind="json", field_manager="x")
    assert owners(api) == []
    api.patch(CONFIG_MAPS, "cm", "default", {"data": {"a": "2"}}, field_manager="changer")
    assert owners(api) == []  # skipnonapplied.go: an update does not begin to track
    apply(api, "kubectl", config_map(a="2", b="1"))  # and the first apply finds that somebody had made it
    assert owners(api) == ["kubectl/Apply: .data.a .data.b", "before-first-apply/Update: .data .data.a"]


def test_the_eleventh_updater_makes_the_oldest_ancient(api: ApiServer) -> None:
    for number in range(12):
        wire = config_map(**{f"k{number:02}": "1"})
        if not number:
            api.create(wire, field_manager="m00")
        else:
            api.patch(CONFIG_MAPS, "cm", "default", wire, field_manager=f"m{number:02}")
    found = owners(api)
    assert len(found) == 10  # capmanagers.go
    assert found[0] == "ancient-changes/Update: .data .data.k00 .data.k01 .data.k02"


def deployment(replicas: int | None) -> Wire:
    spec: Wire = {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "app", "image": "nginx"}]},
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}, "spec": spec}


def scale(api: ApiServer, replicas: int) -> None:
    patch = {"spec": {"replicas": replicas}}
    api.patch(DEPLOYMENTS, "app", "default", patch, kind="merge", subresource="scale", field_manager="kubectl")


def test_scaling_takes_the_replicas_and_nothing_else(api: ApiServer) -> None:
    apply(api, "kubectl", deployment(2))
    scale(api, 3)
    assert owners(api, DEPLOYMENTS, "app")[1] == "kubectl/Update/scale: .spec.replicas"
    assert ".spec.replicas" not in owners(api, DEPLOYMENTS, "app")[0]
    entry = api.with_managed_fields(api.get(DEPLOYMENTS, "app"))["metadata"]["managedFields"][1]
    assert "time" not in entry  # scalehandler.go takes the time from the parent's entry, which has none
    with pytest.raises(ApiError, match=r'conflict with "kubectl" with subresource "scale" using apps/v1: \.spec\.re'):
        apply(api, "kubectl", deployment(2))


def test_scaling_is_not_noted_where_nobody_owns_the_replicas(api: ApiServer) -> None:
    apply(api, "kubectl", deployment(None))  # which says nothing of them
    scale(api, 3)
    assert [line.partition(":")[0] for line in owners(api, DEPLOYMENTS, "app")] == ["kubectl/Apply"]
    assert apply(api, "kubectl", deployment(None))["spec"]["replicas"] == 3


def test_the_only_owner_of_replicas_who_leaves_them_out_gets_the_default(api: ApiServer) -> None:
    apply(api, "kubectl", deployment(2))
    assert apply(api, "kubectl", deployment(None))["spec"]["replicas"] == 1  # recorded


def test_kubectl_may_take_what_a_client_side_apply_gave(api: ApiServer) -> None:
    """lastappliedmanager.go and lastappliedupdater.go: the annotation allows it, and is kept up to date."""
    given = '{"apiVersion":"v1","data":{"a":"1"},"kind":"ConfigMap","metadata":{"name":"cm","namespace":"default"}}\n'
    api.create(config_map({LAST_APPLIED: given}, a="1"), field_manager="kubectl-client-side-apply")
    with pytest.raises(ApiError, match=r'conflict with "kubectl-client-side-apply" using v1: .data.a'):
        apply(api, "other", config_map(a="2"))
    after = apply(api, "kubectl", config_map(a="2"))
    assert after["data"] == {"a": "2"}
    assert after["metadata"]["annotations"][LAST_APPLIED] == given.replace('"1"', '"2"')
    api.patch(CONFIG_MAPS, "cm", "default", {"data": {"a": "3"}}, field_manager="kubectl-edit")
    with pytest.raises(
        ApiError, match=r'conflict with "kubectl-edit" using v1: .data.a'
    ):  # it no longer has that value
        apply(api, "kubectl", config_map(a="4"))


def test_a_status_belongs_to_who_writes_the_status(api: ApiServer) -> None:
    made = api.create(deployment(1), field_manager="maker").object
    made = {**made, "metadata": {"name": "app"}}
    changed = {**made, "status": {"replicas": 1}, "spec": {**made["spec"], "replicas": 7}}
    api.replace(changed, subresource="status", field_manager="controller")
    assert owners(api, DEPLOYMENTS, "app")[0] == "controller/Update/status: .status.replicas"
    api.replace({**made, "spec": {**made["spec"], "replicas": 7}}, field_manager="other")
    assert owners(api, DEPLOYMENTS, "app")[2] == "other/Update: .spec.replicas"
