"""Whatever is sent to the API server: an answer or an ApiError, and a refusal leaves every stored bit as it was."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from hypothesis import given, settings

from kubesim.api.errors import ApiError
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.server import ApiServer, ApiSettings
from kubesim.api.store import Store
from kubesim.simulation import Simulation
from tests.api.manifests import ODD, any_manifest, broken, valid
from tests.chances import CHANCES


def server() -> ApiServer:
    made = ApiServer(Simulation(), Store(), ApiSettings())
    made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return made


def state(api: ApiServer) -> tuple[str, str]:
    """Every stored bit, and the next address and port that would be given: allocators are state too."""
    return json.dumps(api.store.snapshot(), default=repr), api.store.resource_version


def attempt(api: ApiServer, action: Callable[[], Any]) -> bool:
    """Try a change; whether it was made. A refused one has left nothing behind, and nothing stored was touched."""
    before = copy.deepcopy(api.store.snapshot())
    text, version = state(api)
    try:
        action()
    except ApiError as error:
        assert error.code >= 400
        assert str(error)
        assert state(api) == (text, version)
        assert api.store.snapshot() == before
        return False
    return True


def patch_of(chance: Random) -> tuple[str, Any]:
    kind = chance.choice(["strategic", "merge", "json"])
    if kind != "json":
        return kind, broken(chance)
    paths = [
        "",
        "/",
        "/spec",
        "/spec/ports/0",
        "/spec/ports/-",
        "/metadata/name",
        "/metadata/labels",
        "/nosuch/x",
        "~2",
    ]
    operations = ["add", "remove", "replace", "move", "copy", "test", "nosuch"]
    operation = {"op": chance.choice(operations), "path": chance.choice(paths), "value": chance.choice(ODD)}
    if chance.random() < 0.3:
        operation["from"] = chance.choice(paths)
    return kind, [operation] if chance.random() < 0.9 else operation


@settings(max_examples=250, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_any_change_is_made_whole_or_not_at_all(chance: Random) -> None:
    api = server()
    for _ in range(4):
        what = chance.randrange(6)
        dry_run = chance.random() < 0.2
        resource = chance.choice(RESOURCE_TYPES)
        before = state(api)
        if what <= 1:
            validation = chance.choice(["Strict", "Warn", "Ignore"])
            wire = any_manifest(chance)
            made = attempt(api, partial(api.create, wire, dry_run=dry_run, field_validation=validation))
        elif what == 2:
            stored = list(api.store.snapshot().values())
            wire = copy.deepcopy(chance.choice(stored)) if chance.random() < 0.5 else any_manifest(chance)
            made = attempt(api, partial(api.replace, wire, dry_run=dry_run))
        elif what <= 4:
            stored = list(api.store.snapshot().values())
            target = chance.choice(stored)
            resource = next(each for each in RESOURCE_TYPES if each.kind == target["kind"])
            kind, patch = patch_of(chance)
            name, namespace = target["metadata"]["name"], target["metadata"].get("namespace", "")
            made = attempt(api, partial(api.patch, resource, name, namespace, patch, kind, dry_run=dry_run))
        else:
            made = attempt(api, partial(api.delete, resource, "a", "default", dry_run=dry_run))
        if dry_run and made:
            assert state(api) == before


@settings(max_examples=80, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_what_was_stored_can_be_sent_again(chance: Random) -> None:
    api = server()
    wire = any_manifest(chance)
    if not attempt(api, lambda: api.create(wire)):
        return
    stored = [each for each in api.store.snapshot().values() if each["metadata"]["name"] != "default"]
    before = state(api)
    for each in stored:
        api.replace(copy.deepcopy(each), each["metadata"].get("namespace", ""))
        assert state(api) == before
    resource = next(each for each in RESOURCE_TYPES if each.kind == stored[0]["kind"])
    metadata = stored[0]["metadata"]
    api.patch(resource, metadata["name"], metadata.get("namespace", ""), {})
    assert state(api) == before


@settings(max_examples=100, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_no_address_and_no_port_is_given_twice(chance: Random) -> None:
    api = server()
    services = [each for each in [valid(chance) for _ in range(12)] if each["kind"] == "Service"]
    for number, wire in enumerate(services):
        wire["metadata"]["name"] = f"s{number}"
        attempt(api, partial(api.create, wire))
        if chance.random() < 0.3:
            resource = api.resource_type("services")
            name = f"s{chance.randrange(number + 1)}"
            spec = {"type": chance.choice(["ClusterIP", "NodePort", "LoadBalancer"])}
            attempt(api, partial(api.patch, resource, name, "default", {"spec": spec}))
    specs = [each["spec"] for each in api.store.list("Service")]
    addresses = [spec["clusterIP"] for spec in specs if spec.get("clusterIP") not in (None, "", "None")]
    ports = [(p["protocol"], p["nodePort"]) for spec in specs for p in spec.get("ports") or [] if p.get("nodePort")]
    assert len(set(addresses)) == len(addresses)
    assert len(set(ports)) == len(ports)
