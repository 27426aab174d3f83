"""Owners that are worked out when somebody asks are those that would have been worked out at each write."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.api.errors import ApiError
from kubesim.api.managed_fields.history import MOST_NOTES
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.controllers.client import Client
from kubesim.simulation import Simulation

CONFIG_MAPS = BY_KIND["ConfigMap"]
WRITES = st.lists(
    st.tuples(
        st.sampled_from(("patch", "replace", "apply", "force", "controller", "wait")),
        st.sampled_from(("one", "two", "three")),
        st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=3),
    ),
    max_size=8,
)


def config_map(data: dict[str, str]) -> Wire:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm", "namespace": "default"}, "data": data}


def managed(api: ApiServer) -> object:
    return api.with_managed_fields(api.get(CONFIG_MAPS, "cm"))["metadata"].get("managedFields")


def play(writes: list[tuple[str, str, dict[str, str]]], *, asks: bool) -> object:
    """The owners after some writes; whoever asks, asks after each."""
    simulation, store = Simulation(), Store()
    api = ApiServer(simulation, store)
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    api.create(config_map({"a": "1"}), field_manager="maker")
    client = Client(api, store)
    for how, who, data in writes:
        try:
            match how:
                case "patch":
                    api.patch(CONFIG_MAPS, "cm", "default", {"data": data}, field_manager=who)
                case "replace":
                    api.replace(config_map(data), field_manager=who)
                case "controller":
                    client.of(who).update({**api.get(CONFIG_MAPS, "cm"), "data": data or {"z": "1"}})
                case "wait":
                    simulation.advance(1)
                case _:
                    api.apply(CONFIG_MAPS, "cm", config_map(data), field_manager=who, force=how == "force")
        except ApiError as error:
            assert error.code == 409
        if asks:
            managed(api)
    return managed(api)


@settings(max_examples=40, deadline=None)
@given(WRITES)
def test_when_somebody_asks_makes_no_difference(writes: list[tuple[str, str, dict[str, str]]]) -> None:
    assert play(writes, asks=True) == play(writes, asks=False)


def test_a_long_history_is_folded_and_says_the_same() -> None:
    writes = [("patch", ("one", "two")[number % 2], {"a": str(number)}) for number in range(3 * MOST_NOTES)]
    assert play(writes, asks=False) == play(writes, asks=True)


def test_what_a_controller_writes_again_and_again_is_kept_once() -> None:
    simulation, store = Simulation(), Store()
    api = ApiServer(simulation, store)
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    wire = api.create(config_map({"a": "1"})).object
    client = Client(api, store)
    for number in range(10):
        wire = client.update({**wire, "data": {"a": str(number + 2)}})
    last = api.registry.history.last(wire)
    assert last is not None
    assert last.depth == 1
