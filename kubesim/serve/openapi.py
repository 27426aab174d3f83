"""The OpenAPI v3 documents of the server: what kubectl's ``apply`` and ``explain`` read.

They are made of the table of structs: for each version the paths of its resources, each with the operations that say
of which kind it is and which parameters it takes, and the schemas of its kinds.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from kubesim.api.discovery import DISCOVERED
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.schema import FieldType, SchemaField, Struct, struct_of
from kubesim.api.schema.enums import ENUMS
from kubesim.serve.addresses import VERSIONS
from kubesim.serve.messages import encoded

_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")
_PACKAGES = {
    "core_v1": "io.k8s.api.core.v1",
    "meta_v1": "io.k8s.apimachinery.pkg.apis.meta.v1",
}
_PLAIN: dict[str, Wire] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "number": {"type": "number", "format": "double"},
}
_META = "io.k8s.apimachinery.pkg"
_NAMED: dict[str, tuple[str, Wire]] = {
    "time": (f"{_META}.apis.meta.v1.Time", {"type": "string", "format": "date-time"}),
    "int-or-string": (
        f"{_META}.util.intstr.IntOrString",
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    ),
    "quantity": (f"{_META}.api.resource.Quantity", {"oneOf": [{"type": "string"}, {"type": "number"}]}),
}
"""Types that JSON writes as one value, and that have a schema of their own."""


def root() -> Wire:
    """The list of the documents."""
    paths = {}
    for group, version in sorted(VERSIONS):
        place = f"apis/{group}/{version}" if group else f"api/{version}"
        paths[place] = {"serverRelativeURL": f"/openapi/v3/{place}?hash={digest(group, version)}"}
    return {"paths": paths}


@functools.cache
def digest(group: str, version: str) -> str:
    """What tells one edition of a document from another."""
    return hashlib.sha512(document(group, version)).hexdigest().upper()


@functools.cache
def document(group: str, version: str) -> bytes:
    """The document of a version, as JSON."""
    paths: Wire = {}
    schemas: Wire = {}
    for resource in DISCOVERED:
        if (resource.group, resource.version) == (group, version):
            paths |= _paths(resource)
            struct = struct_of(resource.kind, resource.api_version)
            if struct is not None:
                _add(struct, schemas)
                schemas[_name(struct)]["x-kubernetes-group-version-kind"] = [_gvk(resource)]
    info = {"title": "Kubernetes", "version": "1.36"}
    return encoded({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}})


def _gvk(resource: ResourceType) -> Wire:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _paths(resource: ResourceType) -> Wire:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    where = f"{root}/namespaces/{{namespace}}" if resource.namespaced else root
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _PARAMETERS]

    def operation(action: str, **more: Any) -> Wire:
        return {
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": _gvk(resource),
            "responses": {},
            **more,
        }

    several = {"get": operation("list"), "post": operation("post", parameters=parameters[:3])}
    one = {
        "get": operation("get"),
        "put": operation("put", parameters=parameters[:3]),
        "delete": operation("delete"),
        "patch": operation("patch", parameters=parameters),
    }
    return {f"{where}/{resource.plural}": several, f"{where}/{resource.plural}/{{name}}": one}


def _name(struct: Struct) -> str:
    module = struct.module
    package = _PACKAGES.get(module) or f"io.k8s.api.{module.replace('_', '.')}"
    return f"{package}.{struct.name}"


def _add(struct: Struct, schemas: Wire) -> None:
    """Put a struct's schema, and those of all that it holds, among the schemas."""
    name = _name(struct)
    if name in schemas:
        return
    schema: Wire = {"description": struct.description, "type": "object"}
    schemas[name] = schema
    needed = [field.name for field in struct.fields.values() if field.required or field.demanded]
    if needed:
        schema["required"] = needed
    if struct.atomic:
        schema["x-kubernetes-map-type"] = "atomic"
    schema["properties"] = {
        field.name: _property(struct, field, schemas)
        for field in sorted(struct.fields.values(), key=lambda each: each.name)
    }


def _property(owner: Struct, field: SchemaField, schemas: Wire) -> Wire:
    """The schema of a field: one that is named elsewhere is referred to."""
    schema = _schema(field.type, schemas)
    if "$ref" in schema:
        schema = {"allOf": [schema]} | ({"default": {}} if field.value else {})
    if field.merge_key is not None:
        schema |= {"x-kubernetes-patch-strategy": "merge"}
        if field.merge_key:
            schema |= {"x-kubernetes-patch-merge-key": field.merge_key}
    schema |= _ownership(field)
    values = ENUMS.get((owner.name, field.name))
    if values:
        schema |= {"enum": list(values)}
    if field.default:
        schema |= {"default": field.default}
    return {"description": field.description} | schema if field.description else schema


def _ownership(field: SchemaField) -> Wire:
    """Whether a list or a map has one owner or many, and by what its items are told apart."""
    if field.type.shape == "list":
        if field.keys is None:
            return {"x-kubernetes-list-type": "atomic"}
        if not field.keys:
            return {"x-kubernetes-list-type": "set"}
        return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(field.keys)}
    return {"x-kubernetes-map-type": "atomic"} if field.atomic and field.type.shape == "map" else {}


def _schema(type: FieldType, schemas: Wire) -> Wire:
    if type.struct is not None:
        _add(type.struct, schemas)
        return _reference(_name(type.struct))
    named = _NAMED.get("quantity" if type.is_quantity else type.shape)
    if named is not None:
        schemas.setdefault(*named)
        return _reference(named[0])
    if type.shape == "list" and type.item is not None:
        return {"type": "array", "items": _schema(type.item, schemas)}
    if type.shape == "map" and type.item is not None:
        return {"type": "object", "additionalProperties": _schema(type.item, schemas)}
    format = {"format": type.go_name} if type.go_name in ("int32", "int64") else {}
    format |= {"format": "byte"} if type.go_name == "[]uint8" else {}
    return _PLAIN.get(type.shape, {"type": "object"}) | format


def _reference(name: str) -> Wire:
    return {"$ref": f"#/components/schemas/{name}"}
