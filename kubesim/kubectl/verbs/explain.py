"""``kubectl explain``: what a type, or a field of it, is for.

The words are upstream's own: the descriptions of the OpenAPI document, as lightkube-models' docstrings carry them.
"""

from __future__ import annotations

import textwrap

from kubesim.api.resources import ResourceType
from kubesim.api.schema import FieldType, SchemaField, Struct, struct_of
from kubesim.api.schema.enums import ENUMS
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.mapper import resource_type

WIDTH = 80
NOTHING_NAMED = (
    'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported '
    "resources."
)
INT_OR_STRING = (
    "IntOrString is a type that can hold an int32 or a string. When used in JSON or YAML marshalling and "
    "unmarshalling, it produces or consumes the inner type. This allows you to have, for example, a JSON field that "
    "can accept a name or number."
)
_SCALARS = {
    "any": "Object",
    "boolean": "boolean",
    "int-or-string": "IntOrString",
    "integer": "integer",
    "number": "number",
    "string": "string",
    "time": "string",
}


DISCOVERIES = 2
"""How often the server is asked what it serves, before that is given up."""


def explain(call: Call) -> int:
    """Explain a type or a field."""
    if not call.arguments:
        raise KubectlError(NOTHING_NAMED)
    if len(call.arguments) > 1:
        raise KubectlError("We accept only this format: explain RESOURCE")
    call.api.discover(DISCOVERIES)
    word, *path = call.arguments[0].rstrip(".").split(".")
    try:
        resource = resource_type(word)
    except KubectlError as error:
        # Discovery fails before there is a command to fail: nothing stands in front of its words.
        call.complain(error.message)
        return 1
    struct = struct_of(resource.kind, resource.api_version)
    if struct is None:
        raise KubectlError(f"couldn't find resource for {_gvk(resource)}")
    wanted = call.flags.text("api-version")
    if wanted and wanted != resource.api_version:
        raise KubectlError(f'couldn\'t find resource for "{wanted}, Kind={resource.kind}"')
    call.stdout.append(_heading(resource))
    owner, field, struct = _at(struct, path)
    call.stdout.append(_body(owner, struct, field, recursive=call.flags.on("recursive")))
    return 0


def _gvk(resource: ResourceType) -> str:
    return f'"{resource.api_version}, Kind={resource.kind}"'


def _heading(resource: ResourceType) -> str:
    group = f"GROUP:      {resource.group}\n" if resource.group else ""
    return f"{group}KIND:       {resource.kind}\nVERSION:    {resource.version}\n\n"


def _at(struct: Struct, path: list[str]) -> tuple[Struct | None, SchemaField | None, Struct | None]:
    """The struct that has the field at a path, the field, and the struct it leads to.

    :raises KubectlError: where there is no such field.
    """
    field: SchemaField | None = None
    owner: Struct | None = None
    inside: Struct | None = struct
    for name in path:
        owner = inside
        field = inside.fields.get(name) if inside is not None else None
        if field is None:
            raise KubectlError(f'field "{name}" does not exist')
        inside = _struct_in(field.type)
    return owner, field, inside


def _struct_in(type: FieldType) -> Struct | None:
    while type.struct is None and type.item is not None:
        type = type.item
    return type.struct


def _body(owner: Struct | None, struct: Struct | None, field: SchemaField | None, *, recursive: bool) -> str:
    text = ""
    if field is not None:
        values = ENUMS.get((owner.name if owner is not None else "", field.name), ())
        text = f"FIELD: {field.name} <{type_name(field.type)}>\n"
        text += "ENUM:\n" + "".join(f"    {value}\n" for value in values) + "\n" if values else "\n\n"
    paragraphs = [field.description] if field is not None else []
    if struct is not None:
        paragraphs.append(struct.description)
    elif field is not None and field.type.shape == "int-or-string":
        paragraphs.append(INT_OR_STRING)
    text += "DESCRIPTION:\n"
    text += "".join(_wrapped(each, 4) for each in paragraphs if each) or "    <empty>\n"
    text += "    \n"
    if struct is not None and struct.fields:
        text += "FIELDS:\n" + (_tree(struct, 1, ()) if recursive else _fields(struct))
    return text + "\n"


def _fields(struct: Struct) -> str:
    fields = [struct.fields[name] for name in sorted(struct.fields)]
    return "\n".join(
        f"  {_declaration(struct, field)}\n{_wrapped(field.description or '<no description>', 4)}" for field in fields
    )


def _tree(struct: Struct, level: int, above: tuple[Struct, ...]) -> str:
    text = ""
    for name in sorted(struct.fields):
        field = struct.fields[name]
        text += f"{'  ' * level}{_declaration(struct, field)}\n"
        inner = _struct_in(field.type)
        if inner is not None and inner is not struct and inner not in above:
            text += _tree(inner, level + 1, (*above, struct))
    return text


def _declaration(struct: Struct, field: SchemaField) -> str:
    required = field.required or field.demanded
    return f"{field.name}\t<{type_name(field.type)}>" + (" -required-" if required else "")


def type_name(type: FieldType) -> str:
    """A type as explain names it: ``string``, ``[]ServicePort``, ``map[string]string``."""
    if type.struct is not None:
        return type.struct.name
    if type.shape == "list" and type.item is not None:
        return f"[]{type_name(type.item)}"
    if type.shape == "map" and type.item is not None:
        return f"map[string]{type_name(type.item)}"
    return _SCALARS.get(type.shape, "Object")


def _wrapped(text: str, indent: int) -> str:
    lines = textwrap.wrap(text, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return "".join(f"{' ' * indent}{line}\n" for line in lines)
