"""``kubectl get``: objects as a table, or in any format of ``-o``; with ``-w``, as they change.

A table is one per type, printed as one stretch of text: headers come once for each type, widths belong to a type, a
blank line stands between two. Every other format prints one object, or one List of all objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import TypeVar

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.tables import Table
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import FAILURES, Aggregate, KubectlError, SilentExit, UsageError, raise_all
from kubesim.kubectl.jsonpath import relaxed_expression
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import expand_categories, resource_type
from kubesim.kubectl.output.formats import ObjectPrinter, object_printer
from kubesim.kubectl.output.sorting import UnsortableError, sort_objects, sort_table
from kubesim.kubectl.output.table_text import TableOptions, TablePrinter, client_table
from kubesim.kubectl.resource_arguments import Selection, select
from kubesim.kubectl.watching import watch

Sorted = TypeVar("Sorted")

NOTHING_NAMED = (
    'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported '
    "resources.\n"
)
SUBRESOURCES = ("status", "scale", "resize")


def get(call: Call) -> int:
    """Print what was asked for; errors about some objects do not keep the others from being printed."""
    flags = call.flags
    if flags.text("raw"):
        raise KubectlError("--raw asks the API by its paths, which are not served here")
    _check(call)
    printer = object_printer(call)
    if not call.arguments and not flags.texts("filename") and not flags.text("kustomize"):
        call.complain(NOTHING_NAMED)
        raise UsageError(
            call.command,
            'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that '
            "resource (e.g. kubectl explain pods).",
        )
    scale = flags.text("subresource") == "scale"
    selection = select(call, call.arguments, all_if_bare=True, scale=scale)
    if flags.on("watch") or flags.on("watch-only"):
        return watch(call, selection, printer, lambda type: table_options(call, type))
    if printer is not None:
        return _print_objects(call, selection, printer)
    return _print_tables(call, selection)


def _check(call: Call) -> None:
    flags = call.flags
    subresource = flags.text("subresource")
    if subresource and subresource not in SUBRESOURCES:
        raise KubectlError(f'invalid subresource value: "{subresource}". Must be one of [{" ".join(SUBRESOURCES)}]')
    if flags.on("show-labels") and flags.text("output") not in ("", "wide"):
        raise KubectlError("--show-labels option cannot be used with any output format other than wide or default")
    if flags.on("output-watch-events") and not (flags.on("watch") or flags.on("watch-only")):
        raise KubectlError("--output-watch-events option can only be used with --watch or --watch-only")


def _collect(call: Call, selection: Selection) -> tuple[list[Info], list[Exception]]:
    """The objects, and the errors that stand in the place of others."""
    found, errors = selection.parted()
    if call.flags.on("ignore-not-found"):
        errors = [error for error in errors if not (isinstance(error, ApiError) and error.code == 404)]
    return found, errors


def _print_objects(call: Call, selection: Selection, printer: ObjectPrinter) -> int:
    found, errors = _collect(call, selection)
    if selection.single and errors:
        raise_all(errors)
    if not found and call.flags.on("ignore-not-found") and selection.named:
        raise_all(errors)
        return 0
    objects = [info.object or {} for info in found]
    if call.flags.text("sort-by") and objects:
        objects = _sorted(call, lambda: sort_objects(objects, call.flags.text("sort-by")), table=False)
    wire = objects[0] if selection.single and len(objects) == 1 else list_of(objects)
    try:
        printer(wire, call.stdout)
    except FAILURES as error:
        errors.append(error)
    raise_all(errors)
    return 0


def list_of(objects: Sequence[Wire]) -> Wire:
    """A ``v1`` List, as kubectl makes it of what it fetched."""
    return {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {"resourceVersion": ""}}


def _print_tables(call: Call, selection: Selection) -> int:
    found, errors = _collect(call, selection)
    chunks: list[str] = []
    for _, group in groupby(found, key=lambda info: info.type.qualified):
        infos = list(group)
        options = table_options(call, infos[0].type, several=len({info.type for info in found}) > 1)
        table = _table(call, infos[0].type, [info.object or {} for info in infos])
        if call.flags.text("sort-by"):
            table = _sorted(call, partial(sort_table, table, call.flags.text("sort-by")), table=True)
        chunks.append(TablePrinter(options).print(table))
    call.stdout.append(("" if call.flags.on("no-headers") else "\n").join(chunks))
    if not chunks and not errors and not (call.flags.on("ignore-not-found")):
        call.complain(_nothing_found(call))
    if selection.from_files and errors:
        raise Aggregate([Aggregate(errors)])  # what went wrong with manifests is one of the errors
    raise_all(errors)
    return 0


def _sorted(call: Call, sort: Callable[[], Sorted], *, table: bool) -> Sorted:
    field = call.flags.text("sort-by")
    try:
        return sort()
    except ValueError as error:
        raise KubectlError(str(error)) from None
    except UnsortableError as error:
        line, what = (375, "[][][]reflect.Value") if table else (329, "*unstructured.Unstructured")
        expression = relaxed_expression(field)
        why = f"Field {expression} in {what} is an unsortable type: interface, err: {error}"
        call.log("F", f"sorter.go:{line}", why)
        raise SilentExit from None


def _table(call: Call, type: ResourceType, objects: Sequence[Wire]) -> Table:
    if not call.flags.on("server-print"):
        return client_table(objects, call.simulation.datetime)
    return call.api.table(type, objects, wide=True)


def table_options(call: Call, type: ResourceType, *, several: bool = False) -> TableOptions:
    """How the table of one type is shown."""
    flags = call.flags
    with_kind = several or flags.on("show-kind") or names_several_types(call.arguments)
    return TableOptions(
        no_headers=flags.on("no-headers"),
        with_namespace=call.all_namespaces and type.namespaced,
        wide=flags.text("output") == "wide",
        show_labels=flags.on("show-labels"),
        kind=type.qualified_singular if with_kind else "",
        column_labels=flags.texts("label-columns"),
        events=flags.on("output-watch-events"),
    )


def names_several_types(words: Sequence[str]) -> bool:
    """Whether the words ask for several types, so that each name needs its type before it."""
    if tuple(words) == ("all",):
        return True
    if any("/" in word for word in words):
        return len({word.partition("/")[0] for word in words if "/" in word}) > 1
    return bool(words) and len(set(words[0].split(","))) > 1


def _nothing_found(call: Call) -> str:
    types = _types_asked(call)
    if call.all_namespaces or not all(type.namespaced for type in types):
        return "No resources found"
    return f"No resources found in {call.namespace} namespace."


def _types_asked(call: Call) -> list[ResourceType]:
    if not call.arguments:
        return []
    words = [part for part in call.arguments[0].split(",") if part]
    return [resource_type(word.partition("/")[0]) for word in expand_categories(words)]
