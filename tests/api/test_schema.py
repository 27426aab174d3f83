from __future__ import annotations

from typing import Any

import pytest

from kubesim.api import schema

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
