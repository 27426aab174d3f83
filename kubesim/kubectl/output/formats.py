"""``-o``: from the word typed to what prints an object.

Every format but the table is a function from one object (or List) to text. A template format carries its template
behind ``=``, or takes it from ``--template``. Upstream: ``k8s.io/cli-runtime/pkg/genericclioptions`` (PrintFlags).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubesim.api import go_json, go_yaml
from kubesim.api.go_format import go_syntax, quote, sprint
from kubesim.api.objects import Wire
from kubesim.api.resources import kind_type
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import Values
from kubesim.kubectl.jsonpath import JsonPath, JsonPathError
from kubesim.kubectl.output import kyaml
from kubesim.kubectl.output.custom_columns import CustomColumns, columns_from_spec, columns_from_template
from kubesim.kubectl.output.go_template import GoTemplate, TemplateError

ObjectPrinter = Callable[[Wire, list[str]], None]
"""Writes one object (or a List) to the chunks of standard output; raises KubectlError."""

TABLE_FORMATS = ("", "wide")
_GO_TEMPLATE = ("template", "go-template", "go-template-file", "templatefile")
_JSON_PATH = ("jsonpath", "jsonpath-file", "jsonpath-as-json")
_COLUMNS = ("custom-columns", "custom-columns-file")
_PLAIN = ("json", "kyaml", "name", "yaml")


def object_printer(call: Call, *, columns: bool = True) -> ObjectPrinter | None:
    """The printer that ``-o`` (and ``--template``) asks for; None for a table.

    :param columns: whether the verb knows custom columns and tables (``get`` does, ``create`` does not).
    :raises KubectlError: for an unknown format, or a template that cannot be read.
    """
    given = call.flags.text("output")
    template = call.flags.text("template") if call.flags.has("template") else ""
    if template and not given:
        given = "go-template"
    if columns and given in TABLE_FORMATS:
        return None
    name, equals, argument = given.partition("=")
    twice = bool(template and equals)  # a template may stand in one of two places
    if name in (*_GO_TEMPLATE, *_JSON_PATH) and not twice:
        return _template_printer(call, name, template or argument)
    if columns and name in _COLUMNS and not twice:
        return _columns_printer(call, name, argument or template)
    if name in _PLAIN and not equals:
        plain: dict[str, ObjectPrinter] = {"json": _json, "kyaml": _kyaml, "name": _name, "yaml": _YamlPrinter()}
        return plain[name] if name == "name" or _keeps_managers(call.flags) else _without_managers(plain[name])
    raise KubectlError(
        f"unable to match a printer suitable for the output format {quote(given)}, allowed formats are: "
        + ",".join(sorted((*_PLAIN, *_GO_TEMPLATE, *_JSON_PATH, *((*_COLUMNS, "wide") if columns else ()))))
    )


def shows_managers(flags: Values) -> bool:
    """Whether a command prints ``managedFields``: a template may, JSON and YAML where the flag says so."""
    if not flags.has("output"):
        return _keeps_managers(flags)  # of diff
    name = flags.text("output").partition("=")[0]
    if name in (*_GO_TEMPLATE, *_JSON_PATH, *_COLUMNS) or (flags.has("template") and flags.text("template")):
        return True
    return name in _PLAIN and name != "name" and _keeps_managers(flags)


def _keeps_managers(flags: Values) -> bool:
    return flags.has("show-managed-fields") and flags.on("show-managed-fields")


def without_managers(wire: Wire) -> Wire:
    """An object, or a List of objects, without ``managedFields``."""
    if is_list(wire):
        return {**wire, "items": [without_managers(item) for item in wire["items"]]}
    metadata = wire.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return wire
    return {**wire, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def _without_managers(printer: ObjectPrinter) -> ObjectPrinter:
    return lambda wire, out: printer(without_managers(wire), out)


def _json(wire: Wire, out: list[str]) -> None:
    out.append(go_json.dumps(wire) + "\n")


def _kyaml(wire: Wire, out: list[str]) -> None:
    out.append(kyaml.dump(wire))


class _YamlPrinter:
    """Documents after the first are set off by ``---``."""

    def __init__(self) -> None:
        self._any = False

    def __call__(self, wire: Wire, out: list[str]) -> None:
        out.append(("---\n" if self._any else "") + go_yaml.dump(wire))
        self._any = True


def _name(wire: Wire, out: list[str]) -> None:
    if is_list(wire):
        for item in wire["items"]:
            _name(item, out)
        return
    out.append(f"{qualified_name(wire)}\n")


def is_list(wire: Wire) -> bool:
    """Whether an object is a List of objects."""
    return wire.get("kind", "").endswith("List") and isinstance(wire.get("items"), list)


def qualified_name(wire: Wire) -> str:
    """``service/web`` or ``deployment.apps/web``."""
    api_version, kind = wire.get("apiVersion", ""), wire.get("kind", "")
    found = kind_type(api_version, kind)
    if found is not None:
        prefix = found.qualified_singular
    else:
        group = api_version.rpartition("/")[0]
        prefix = f"{kind.lower()}.{group}" if group else kind.lower()
    return f"{prefix}/{wire.get('metadata', {}).get('name', '')}"


def _template_printer(call: Call, name: str, template: str) -> ObjectPrinter:
    if not template:
        raise KubectlError("template format specified but no template given")
    if name.endswith("file"):
        template = call.read(template, f"error reading --template {template}, ")
    missing = not call.flags.has("allow-missing-template-keys") or call.flags.on("allow-missing-template-keys")
    if name in _JSON_PATH:
        return _json_path_printer(template, missing, name == "jsonpath-as-json")
    try:
        parsed = GoTemplate(template, allow_missing_keys=missing)
    except TemplateError as error:
        raise KubectlError(f"error parsing template {template}, {error}\n") from None

    def print_template(wire: Wire, out: list[str]) -> None:
        try:
            parsed.write(wire, out)
        except TemplateError as error:
            out.append(
                f"Error executing template: {error}. Printing more information for debugging the template:\n"
                f"\ttemplate was:\n\t\t{template}\n\traw data was:\n\t\t{go_json.dumps(wire, None)}\n"
                f"\tobject given to template engine was:\n\t\t{sprint(wire)}\n\n"
            )
            raise KubectlError(f"error executing template {quote(template)}: {error}") from None

    return print_template


def _json_path_printer(template: str, allow_missing_keys: bool, as_json: bool) -> ObjectPrinter:
    try:
        path = JsonPath(template, allow_missing_keys=allow_missing_keys)
    except JsonPathError as error:
        raise KubectlError(f"error parsing jsonpath {template}, {error}\n") from None

    def print_path(wire: Wire, out: list[str]) -> None:
        try:
            out.append(path.render(wire, as_json=as_json))
        except JsonPathError as error:
            raise KubectlError(
                f"error executing jsonpath {quote(template)}: Error executing template: {error}. Printing more "
                f"information for debugging the template:\n\ttemplate was:\n\t\t{template}\n"
                f"\tobject given to jsonpath engine was:\n\t\t{go_syntax(wire)}\n\n\n"
            ) from None

    return print_path


def _columns_printer(call: Call, name: str, spec: str) -> ObjectPrinter:
    if not spec:
        raise KubectlError("custom-columns format specified but no custom columns given")
    no_headers = call.flags.has("no-headers") and call.flags.on("no-headers")
    try:
        if name == "custom-columns-file":
            columns = columns_from_template(call.read(spec, f"error reading template {spec}, "))
        else:
            columns = columns_from_spec(spec)
    except ValueError as error:
        raise KubectlError(str(error)) from None
    printer = CustomColumns(columns, no_headers=no_headers)

    def print_columns(wire: Wire, out: list[str]) -> None:
        try:
            out.append(printer.print(items_of(wire)))
        except JsonPathError as error:
            out.append(printer.header_text())
            raise KubectlError(str(error)) from None

    return print_columns


def items_of(wire: Wire) -> Sequence[Wire]:
    """The objects of a List, or the one object itself."""
    return wire["items"] if is_list(wire) else [wire]
