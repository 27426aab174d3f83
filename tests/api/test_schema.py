from __future__ import annotations

import copy
import importlib
import typing
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from kubesim.api import schema
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.schema.decoder import DecodingError, walk
from kubesim.api.schema.models import fast_decode
from tests.chances import CHANCES
from tools import structs

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"ports": [{"port": "80"}]}, "string into Go struct field ServicePort.spec.ports.port of type int32"),
        ({"ports": [{"port": 80.5}]}, "number 80.5 into Go struct field ServicePort.spec.ports.port of type int32"),
        (
            {"ports": [{"port": 2**31}]},
            "number 2147483648 into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        ({"ports": {"port": 80}}, "object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort"),
        ({"ports": [80]}, "number into Go struct field ServiceSpec.spec.ports of type v1.ServicePort"),
        ({"type": 1}, "number into Go struct field ServiceSpec.spec.type of type v1.ServiceType"),
        ({"selector": "app"}, "string into Go struct field ServiceSpec.spec.selector of type map[string]string"),
        ({"ipFamilies": "IPv4"}, "string into Go struct field ServiceSpec.spec.ipFamilies of type []v1.IPFamily"),
        (
            {"ports": [{"targetPort": 80.5}]},
            "number 80.5 into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        ("x", "string into Go struct field Service.spec of type v1.ServiceSpec"),
    ],
)
def test_wrong_types_are_told_as_encoding_json_does(spec: Any, problem: str) -> None:
    assert schema.strict_errors({**SERVICE, "spec": spec}, "Service", "v1") == [f"json: cannot unmarshal {problem}"]


def test_unknown_fields_are_told_with_their_paths() -> None:
    wire = {**SERVICE, "spec": {"foo": 1, "ports": [{"port": 80, "nodeport": 3}]}, "bar": None}
    assert schema.strict_errors(wire, "Service", "v1") == [
        'unknown field "bar"',
        'unknown field "spec.foo"',
        'unknown field "spec.ports[0].nodeport"',
    ]
    assert schema.prune_unknown(wire, "Service", "v1")["spec"] == {"ports": [{"port": 80}]}


def test_zeros_vanish_where_the_field_is_a_value_and_stay_where_it_is_a_pointer() -> None:
    service = schema.decode(
        {**SERVICE, "spec": {"clusterIP": "", "ports": [{"port": 1, "nodePort": 0}]}}, "Service", "v1"
    )
    assert service.object["spec"] == {"ports": [{"port": 1}]}
    deployment = schema.decode({"metadata": {"name": "x"}, "spec": {"replicas": 0}}, "Deployment", "apps/v1")
    assert deployment.object["spec"]["replicas"] == 0


def test_structs_that_are_values_are_always_written() -> None:
    pod = schema.decode({"metadata": {"name": "x"}, "spec": {"containers": [{"name": "c"}]}}, "Pod", "v1").object
    assert pod["spec"]["containers"] == [{"name": "c", "resources": {}}]
    assert pod["status"] == {}
    status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    assert schema.decode(pod | status, "Pod", "v1").object["status"]["conditions"][0]["lastProbeTime"] is None


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({}, "0"),
        ({"divisor": None}, "0"),
        ({"divisor": "0"}, "0"),
        ({"divisor": 1}, "1"),
        ({"divisor": " 1024Ki "}, "1Mi"),
    ],
)
def test_a_quantity_that_is_a_value_is_always_written(given: dict[str, Any], written: str) -> None:
    source = {"resourceFieldRef": {"resource": "limits.cpu", **given}}
    container = {"name": "c", "env": [{"name": "CPU", "valueFrom": source}]}
    pod = schema.decode({"metadata": {"name": "x"}, "spec": {"containers": [container]}}, "Pod", "v1").object
    assert pod["spec"]["containers"][0]["env"][0]["valueFrom"]["resourceFieldRef"]["divisor"] == written


@pytest.mark.parametrize(("given", "written"), [("1024Mi", "1Gi"), (0, "0"), ("0.5", "500m")])
def test_the_limit_of_an_empty_directory_is_a_quantity(given: Any, written: str) -> None:
    volume = {"name": "v", "emptyDir": {"sizeLimit": given}}
    pod = schema.decode({"metadata": {"name": "x"}, "spec": {"volumes": [volume]}}, "Pod", "v1").object
    assert pod["spec"]["volumes"][0]["emptyDir"] == {"sizeLimit": written}


def test_quantities_are_brought_to_canonical_form() -> None:
    container = {"name": "c", "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}}}
    pod = schema.decode({"metadata": {}, "spec": {"containers": [container]}}, "Pod", "v1").object
    assert pod["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "500m", "memory": "1Gi"}}
    container["resources"] = {"limits": {"cpu": "much"}}
    with pytest.raises(schema.DecodingError, match="quantities must match"):
        schema.decode({"metadata": {}, "spec": {"containers": [container]}}, "Pod", "v1")


def test_an_empty_list_of_endpoints_is_null() -> None:
    slices = schema.decode(
        {"metadata": {}, "endpoints": [], "addressType": "IPv4"}, "EndpointSlice", "discovery.k8s.io/v1"
    )
    assert slices.object["endpoints"] is None


def test_the_two_kinds_of_endpoint_port_are_kept_apart() -> None:
    ports = [{"name": "", "port": 80}]
    slices = schema.decode(
        {"metadata": {}, "ports": ports, "addressType": "IPv4"}, "EndpointSlice", "discovery.k8s.io/v1"
    )
    assert slices.object["ports"] == ports
    endpoints = schema.decode({"metadata": {}, "subsets": [{"ports": ports}]}, "Endpoints", "v1")
    assert endpoints.object["subsets"] == [{"ports": [{"port": 80}]}]


def test_a_client_knows_only_the_metadata() -> None:
    labels = {"metadata": {"labels": {"a": 1}}, "spec": 5}
    assert schema.metadata_error(labels) == (
        "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
    )
    assert schema.metadata_error({"spec": 5}) is None


def test_fields_are_found_by_path_with_their_description() -> None:
    found = schema.field_type("Service", "spec.ports.nodePort")
    assert found is not None
    assert found.type.go_name == "int32"
    assert "port on each node" in found.description
    assert schema.field_type("Service", "spec.nosuch") is None
    assert schema.struct_of("Bogus", "v1") is None


ODD: list[Any] = [None, "", "x", 0, -1, 1.0, 0.5, 2**31, 2**63, True, False, [], {}, [None], [1], ["a"], {"a": None}]
USUAL: dict[str, list[Any]] = {
    "string": ["web", ""],
    "integer": [80, 0],
    "int-or-string": [80, "http", 0],
    "boolean": [True, False],
    "number": [1, 0.5],
    "time": ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456+01:00"],
    "any": [{"f:metadata": {}}],
    "quantity": ["100m", "1024Mi", 1, 0.5, "1Gi"],
    "[]uint8": ["", "YQ=="],
}


def any_value(chance: Random, as_type: schema.FieldType, odd: float, depth: int) -> Any:
    """A value of the type; now and then one of any other."""
    if chance.random() < odd:
        return copy.deepcopy(chance.choice(ODD))
    match as_type.shape:
        case "struct":
            assert as_type.struct is not None
            return any_object(chance, as_type.struct, odd, depth + 1)
        case "list" if as_type.item is not None:
            return [any_value(chance, as_type.item, odd, depth) for _ in range(chance.randrange(3))]
        case "map" if as_type.item is not None:
            keys = chance.sample(["cpu", "memory", "b", "a", ""], chance.randrange(3))
            return {key: any_value(chance, as_type.item, odd, depth) for key in keys}
    return copy.deepcopy(chance.choice(USUAL.get(as_type.go_name) or USUAL[as_type.shape]))


def any_object(chance: Random, struct: schema.Struct, odd: float, depth: int = 0) -> dict[str, Any]:
    """An object of a struct with some of its fields; with a chance of ``odd`` for each it also has one of no struct."""
    share = 0.5 if depth < 2 else 0.3
    names = [name for name in struct.fields if chance.random() < share]
    chance.shuffle(names)
    made = {name: any_value(chance, struct.fields[name].type, odd, depth) for name in names}
    if chance.random() < odd:
        made["noSuchField"] = None
    return made


@settings(max_examples=400, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_the_fast_decoder_agrees_with_the_walk_or_leaves_the_object_to_it(chance: Random) -> None:
    resource = chance.choice(RESOURCE_TYPES)
    struct = schema.struct_of(resource.kind, resource.api_version)
    assert struct is not None
    wire = any_object(chance, struct, chance.choice([0, 0, 0.01, 0.05]))
    before = copy.deepcopy(wire)
    fast = fast_decode(wire, struct)
    unknown: list[str] = []
    try:
        slow = walk(wire, struct, unknown)
    except DecodingError:
        assert fast is None
        return
    assert wire == before
    if fast is None:
        return
    assert not unknown
    assert repr(sorted_keys(fast)) == repr(sorted_keys(slow))  # by repr, for 1 is not True


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=100, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_what_was_decoded_is_taken_by_the_fast_decoder_and_stays_as_it_is(chance: Random) -> None:
    resource = chance.choice(RESOURCE_TYPES)
    struct = schema.struct_of(resource.kind, resource.api_version)
    assert struct is not None
    try:
        decoded = walk(any_object(chance, struct, 0), struct, [])
    except DecodingError:
        return
    assert fast_decode(decoded, struct) == decoded


def all_structs() -> dict[str, schema.Struct]:
    """Every struct that a served kind has inside, by its name in the table."""
    found: dict[str, schema.Struct] = {}
    waiting = [schema.struct_of(resource.kind, resource.api_version) for resource in RESOURCE_TYPES]
    while waiting:
        struct = waiting.pop()
        if struct is None or struct.qualified in found:
            continue
        found[struct.qualified] = struct
        for field in struct.fields.values():
            inner = field.type
            while inner.item is not None:
                inner = inner.item
            waiting.append(inner.struct)
    return found


def test_the_table_is_what_its_sources_make() -> None:
    assert structs.TABLE.read_text() == structs.table()


def test_the_table_agrees_with_lightkubes_models() -> None:
    for struct in all_structs().values():
        model = getattr(importlib.import_module(f"lightkube.models.{struct.module}"), struct.name)
        given = typing.get_type_hints(model)
        encoded = zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True)
        hints = {in_json: given[name] for name, in_json in encoded}
        assert set(struct.fields) == set(hints)
        for field in struct.fields.values():
            demanded = type(None) not in typing.get_args(hints[field.name])
            assert not demanded or field.required or field.demanded or field.value or field.null_time, field
            if field.type.shape == "any":  # a schema in a schema, of whatever form
                continue
            shown = str(hints[field.name])
            assert ("List[" in shown or "list[" in shown) is (field.type.shape == "list"), field
            assert ("datetime" in shown) is (field.type.shape == "time"), field


@pytest.mark.parametrize(
    ("struct", "field", "key"),
    [
        ("ServiceSpec", "ports", "port"),
        ("Container", "ports", "containerPort"),
        ("Container", "volumeMounts", "mountPath"),
        ("ObjectMeta", "finalizers", ""),
        ("PodSpec", "tolerations", None),
        ("EndpointSlice", "ports", None),
    ],
)
def test_lists_merge_by_the_key_of_their_struct_tag(struct: str, field: str, key: str | None) -> None:
    assert all_structs()[struct].fields[field].merge_key == key


def test_every_merge_key_is_a_field_of_the_items() -> None:
    for struct in all_structs().values():
        for field in struct.fields.values():
            if field.merge_key:
                item = field.type.item
                assert item is not None
                assert item.struct is not None
                assert field.merge_key in item.struct.fields


@pytest.mark.parametrize(
    ("wire", "keys"),
    [
        (
            {"status": {}, "metadata": {}, "apiVersion": "v1", "spec": {}, "kind": "Pod", "zz": 1},
            "kind apiVersion metadata spec status zz",
        ),
        ({"apiVersion": "batch/v1", "spec": {}, "metadata": {}, "kind": "Job"}, "kind apiVersion metadata spec"),
    ],
)
def test_objects_are_put_in_the_order_of_their_structs(wire: dict[str, Any], keys: str) -> None:
    assert " ".join(schema.in_struct_order(wire)) == keys


def test_the_order_of_structs_holds_inside_and_maps_are_sorted() -> None:
    template = {"spec": {"containers": [{"image": "i", "name": "n"}]}, "metadata": {"labels": {"b": "1", "a": "2"}}}
    for kind, version in (("Deployment", "apps/v1"), ("Job", "batch/v1")):
        ordered = schema.in_struct_order({"spec": {"template": template}, "kind": kind, "apiVersion": version})
        assert list(ordered["spec"]["template"]) == ["metadata", "spec"]
        assert list(ordered["spec"]["template"]["spec"]["containers"][0]) == ["name", "image"]
        assert list(ordered["spec"]["template"]["metadata"]["labels"]) == ["a", "b"]
