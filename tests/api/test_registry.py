"""What happens to every write, whichever door it came through."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.registry import Registry
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.api.strategies import Strategy, Transaction
from kubesim.simulation import Simulation
from tests.api.examples import DEPLOYMENT, NAMESPACE, POD, SERVICE, pod, service
from tests.api.validation.objects import changed, valid


class Watched(Strategy):
    """Writes down what it is asked; refuses where told to."""

    def __init__(self, refuse: bool = False) -> None:
        self.heard: list[str] = []
        self.refuse = refuse

    def begin_create(self, new: Wire, dry_run: bool) -> Transaction:
        return self._transaction(f"create dry={dry_run}")

    def begin_update(self, new: Wire, old: Wire, dry_run: bool) -> Transaction:
        return self._transaction(f"update dry={dry_run}")

    def _transaction(self, what: str) -> Transaction:
        self.heard.append(what)
        return Transaction([lambda: self.heard.append("kept")], [lambda: self.heard.append("undone")])

    def prepare_create(self, new: Wire) -> None:
        self.heard.append("prepare")
        if self.refuse:
            raise ApiError(403, "Forbidden", "no")

    def prepare_update(self, new: Wire, old: Wire) -> None:
        self.prepare_create(new)

    def canonicalize(self, new: Wire) -> None:
        self.heard.append("canonicalize")

    def after_delete(self, old: Wire) -> None:
        self.heard.append("deleted")


def registry_with(strategy: Strategy) -> tuple[Registry, Store]:
    store = Store()
    return Registry(Simulation(), store, {"Service": strategy}), store


def fresh(name: str = "web") -> Wire:
    """A valid Service as a request has it: no version yet."""
    return changed(changed(valid("Service"), "metadata/resourceVersion", ...), "metadata/name", name)


@pytest.mark.parametrize(
    ("refuse", "dry_run", "heard"),
    [
        (False, False, ["create dry=False", "prepare", "canonicalize", "kept"]),
        (False, True, ["create dry=True", "prepare", "canonicalize", "undone"]),
        (True, False, ["create dry=False", "prepare", "undone"]),
        (True, True, ["create dry=True", "prepare", "undone"]),
    ],
)
def test_a_new_object_passes_its_stations(refuse: bool, dry_run: bool, heard: list[str]) -> None:
    strategy = Watched(refuse)
    registry, store = registry_with(strategy)
    try:
        registry.create(SERVICE, fresh(), dry_run)
    except ApiError:
        assert refuse
    assert strategy.heard == heard
    assert bool(store.list("Service")) == (not refuse and not dry_run)


@pytest.mark.parametrize(
    ("refuse", "dry_run", "subresource", "heard"),
    [
        (False, False, "", ["update dry=False", "prepare", "canonicalize", "kept"]),
        (False, True, "", ["update dry=True", "prepare", "canonicalize", "undone"]),
        (True, False, "", ["update dry=False", "prepare", "undone"]),
        (True, False, "status", ["canonicalize"]),  # a status allocates nothing
    ],
)
def test_a_change_passes_its_stations(refuse: bool, dry_run: bool, subresource: str, heard: list[str]) -> None:
    strategy = Watched(refuse)
    registry, store = registry_with(strategy)
    old = store.commit(valid("Service"))
    new = changed(
        changed(old, "metadata/labels", {"a": "b"}), "status", {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}
    )
    try:
        registry.update(SERVICE, new, old, dry_run, subresource)
    except ApiError:
        assert refuse
    assert strategy.heard == heard
    assert (store.get("Service", "web", "default") is not old) == ("kept" in heard or bool(subresource))


def test_what_is_invalid_or_taken_is_undone() -> None:
    for new in (changed(fresh(), "spec/ports", []), fresh("taken")):
        strategy = Watched()
        registry, store = registry_with(strategy)
        store.commit(fresh("taken"))
        with pytest.raises(ApiError):
            registry.create(SERVICE, new)
        assert strategy.heard[-1] == "undone"
        assert "kept" not in strategy.heard
    strategy = Watched()
    registry, store = registry_with(strategy)
    old = store.commit(valid("Service"))
    with pytest.raises(ApiError):
        registry.update(SERVICE, changed(old, "spec/ports", []), old)
    assert strategy.heard[-1] == "undone"
    assert store.get("Service", "web", "default") is old


def test_only_what_is_gone_is_told_to_be_gone() -> None:
    strategy = Watched()
    registry, store = registry_with(strategy)
    old = store.commit(changed(valid("Service"), "metadata/finalizers", ["x/y"]))
    registry.delete(SERVICE, old, dry_run=True)
    assert strategy.heard == []
    marked = registry.delete(SERVICE, old).object
    assert strategy.heard == []
    assert registry.delete(SERVICE, marked).object is marked  # once is enough
    registry.update(SERVICE, changed(marked, "metadata/finalizers", ...), marked)
    assert strategy.heard[-1] == "deleted"
    assert store.list("Service") == []


def test_a_name_is_free_only_when_its_object_is_gone(api: ApiServer) -> None:
    api.create(pod(nodeName="worker"))
    api.delete(POD, "p")
    with pytest.raises(ApiError) as caught:
        api.create(pod())
    assert caught.value.message == 'object is being deleted: pods "p" already exists'
    assert (caught.value.code, caught.value.reason) == (409, "AlreadyExists")
    assert caught.value.details == {"kind": "pods", "name": "p"}


def deployment(**metadata: Any) -> Wire:
    wire = valid("Deployment")
    return {**wire, "metadata": {"name": "web", "namespace": "default", **metadata}}


@pytest.mark.parametrize(
    ("metadata", "code", "message"),
    [
        ({"resourceVersion": "x"}, 400, 'invalid resource version "x": strconv.ParseUint: invalid syntax'),
        (
            {"resourceVersion": "1"},
            409,
            'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your '
            "changes to the latest version and try again",
        ),
        (
            {"uid": "other"},
            409,
            'Operation cannot be fulfilled on deployments.apps "web": Precondition failed: UID in precondition: other, '
            "UID in object meta: {uid}",
        ),
    ],
)
def test_a_replacement_is_of_the_object_it_says(api: ApiServer, metadata: Wire, code: int, message: str) -> None:
    stored = api.create(deployment()).object
    with pytest.raises(ApiError) as caught:
        api.replace(deployment(**metadata))
    assert caught.value.code == code
    assert caught.value.message == message.format(uid=stored["metadata"]["uid"])
    if code == 409:
        assert caught.value.details == {"group": "apps", "kind": "deployments", "name": "web"}
    assert api.get(DEPLOYMENT, "web") is stored
    named = deployment(
        uid=stored["metadata"]["uid"], resourceVersion=stored["metadata"]["resourceVersion"], labels={"a": "b"}
    )
    assert api.replace(named).object["metadata"]["labels"] == {"a": "b"}


def test_some_updates_must_say_which_version_they_change() -> None:
    class Conditional(Strategy):
        unconditional_update = False

    registry, store = registry_with(Conditional())
    old = store.commit(valid("Service"))
    with pytest.raises(ApiError) as caught:
        registry.update(SERVICE, fresh(), old)
    problem = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    assert caught.value.message == f'Service "web" is invalid: {problem}'
    assert caught.value.code == 422


def test_a_generated_name_is_one_that_nobody_has() -> None:
    def names(taken: list[str]) -> str:
        api = ApiServer(Simulation(seed=3), Store())
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        for name in taken:
            api.store.commit({**pod(), "metadata": {"name": name, "namespace": "default"}})
        generated: str = api.create({**pod(), "metadata": {"generateName": "web-"}}).object["metadata"]["name"]
        return generated

    first = names([])
    second = names([first])
    assert len({first, second, names([first, second])}) == 3
    assert names([second]) == first, "a name that is taken costs one draw, and nothing else changes"


def test_a_name_that_was_given_is_not_generated(api: ApiServer) -> None:
    wire = {**pod(), "metadata": {"name": "p", "generateName": "web-"}}
    assert api.create(wire).object["metadata"]["name"] == "p"
    with pytest.raises(ApiError, match=r"metadata.name: Required value: name or generateName is required"):
        api.create({**service(), "metadata": {}, "spec": {"type": "ExternalName", "externalName": "a.b"}})


def test_every_object_has_a_uid_of_its_own_and_the_moment_of_its_birth() -> None:
    simulation = Simulation()
    api = ApiServer(simulation, Store())
    simulation.advance(90)
    made = [api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).object for name in "ab"]
    assert made[0]["metadata"]["uid"] != made[1]["metadata"]["uid"]
    assert {wire["metadata"]["creationTimestamp"] for wire in made} == {"2026-07-01T09:01:30Z"}


def test_a_status_that_a_controller_writes_changes_nothing_else(api: ApiServer) -> None:
    old = api.create(pod(nodeName="worker")).object
    new = api.registry.update_status(POD, old, {"phase": "Running"})
    assert new["status"] == {"phase": "Running", "qosClass": "BestEffort"}
    assert api.get(POD, "p") is new
    assert {**new, "status": old["status"], "metadata": old["metadata"]} == old
    assert int(new["metadata"]["resourceVersion"]) == int(old["metadata"]["resourceVersion"]) + 1
    assert api.registry.update_status(POD, new, new["status"]) is new, "the same status is no write"


def test_finalizing_a_namespace_changes_its_spec_alone(api: ApiServer) -> None:
    old = api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "labels": {"a": "b"}}}).object
    changes = {**old, "metadata": {"name": "x"}, "spec": {"finalizers": ["kubernetes", "a/b"]}, "status": {}}
    new = api.replace(changes, subresource="finalize").object
    assert new["spec"] == {"finalizers": ["kubernetes", "a/b"]}
    assert {**new, "spec": old["spec"], "metadata": old["metadata"]} == old
    assert new["metadata"]["labels"] == old["metadata"]["labels"]
    api.replace({**new, "spec": {}}, subresource="finalize")
    assert api.get(NAMESPACE, "x")["metadata"]["name"] == "x", "nothing holds it, but nobody deleted it"
