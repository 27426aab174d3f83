"""What kubectl sends to the server: new objects, and the differences to old ones; or what it makes of them itself."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from kubesim.api import go_json
from kubesim.api.apply import with_last_applied, without_version
from kubesim.api.decoding import FieldValidation
from kubesim.api.errors import ApiError
from kubesim.api.json_patch import JsonPatchError, NoJsonPatchError, apply_json_patch, strange_members
from kubesim.api.objects import Wire
from kubesim.api.patch import PatchKind, apply_patch
from kubesim.api.resources import kind_type
from kubesim.api.schema import prune_unknown, with_zero_values
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError, with_prefix, with_source
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun, Printer, dry_run, info_of
from kubesim.kubectl.resource_arguments import Selection

Edit = Callable[[Info, Wire], str]
"""Changes a copy of an object in place, and says what was done; "" where there is nothing to do or to say."""


def submit(call: Call, wire: Wire, mode: DryRun, *, namespace: str = "") -> Wire:
    """Create an object; its warnings are printed.

    :param namespace: where the object says none; the call's, if empty.
    :returns: the object as the server answered, or as built under a client-side dry run.
    :raises ApiError: when the server refuses.
    """
    if call.flags.has("save-config") and call.flags.on("save-config"):
        wire = with_last_applied(wire)
    if mode == "client":
        return wire
    where, checked = namespace or call.namespace, field_validation(call)
    return call.api.create(without_version(wire), where, dry_run=mode == "server", field_validation=checked)


def create_from_manifest(call: Call, info: Info, mode: DryRun) -> None:
    """Create an object of a manifest; its new form is the info's.

    :raises ApiError: when the server refuses; the manifest is named.
    """
    try:
        info.object = submit(call, info.object or {}, mode, namespace=info.namespace)
    except ApiError as error:
        raise with_source(error, "creating", info.source) from None


def one_name(call: Call) -> str:
    """The name, where the words before ``--`` are one name.

    :raises UsageError: where they are not.
    """
    words = call.arguments[: call.dash] if call.dash >= 0 else call.arguments
    if len(words) != 1:
        raise UsageError(call.command, f"exactly one NAME is required, got {len(words)}")
    return words[0]


def create_built(call: Call, wire: Wire, failing: str = "") -> int:
    """Create an object that was built from flags, and print it.

    :param failing: stands in front of a refusal.
    """
    mode = dry_run(call)
    printer = Printer(call, mode, typed=True)
    info = info_of(call, wire)
    if call.namespace_given and info.type.namespaced:
        wire = {**wire, "metadata": {**wire["metadata"], "namespace": call.namespace}}
    try:
        info.object = submit(call, wire, mode)
    except ApiError as error:
        if failing:
            raise with_prefix(error, failing) from None
        raise
    printer.done(info, "created")
    return 0


def field_validation(call: Call) -> FieldValidation:
    """What the server does with fields it does not know: ``Strict``, ``Warn`` or ``Ignore``."""
    if not call.flags.has("validate"):
        return "Strict"
    text = call.flags.text("validate")
    return "Warn" if text == "warn" else "Ignore" if text in ("ignore", "false") else "Strict"


def merge_difference(before: Wire, after: Wire) -> Wire:
    """The JSON merge patch that makes ``after`` of ``before``."""
    patch: Wire = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if key in before and old == value:
            continue
        if isinstance(old, dict) and isinstance(value, dict):
            patch[key] = merge_difference(old, value)
        else:
            patch[key] = value
    return patch


def send_change(call: Call, info: Info, after: Wire, mode: DryRun) -> Wire:
    """Send an object's new form to the server as a merge patch; under a client-side dry run it is only returned.

    :raises ApiError: when the server refuses.
    """
    if mode == "client":
        return after
    patch: Any = merge_difference(info.object or {}, after)
    return call.api.patch(info.type, info.name, info.namespace, patch, kind="merge", dry_run=mode == "server")


class Changes:
    """Objects that a command changes: each one's difference is sent, and what was done to it is printed.

    :param typed: whether upstream's command decodes objects into Go's structs, and prints these.
    :raises KubectlError: for a wrong ``--dry-run`` or ``-o``.
    """

    def __init__(self, call: Call, *, typed: bool = False) -> None:
        self._call = call
        self.mode: DryRun = dry_run(call)
        self._local = call.flags.has("local") and call.flags.on("local")
        self._typed = typed
        self._printer = Printer(call, self.mode, typed=typed)

    def each(self, selection: Selection, edit: Edit, *, needed: bool = False) -> int:
        """Change every object of a selection; what fails is raised at the end.

        :param needed: whether there must be an object.
        :returns: the command's exit status.
        """
        if not selection.visit(lambda info: self.one(info, edit)) and needed:
            raise KubectlError(f"no objects passed to {self._call.command.split()[-1]}")
        return 0

    def one(self, info: Info, edit: Edit) -> None:
        """Change one object."""
        after = copy.deepcopy(info.object or {})
        done = edit(info, after)
        if done:
            self.send(info, after, done)

    def send(self, info: Info, after: Wire, done: str) -> None:
        """Send an object's new form, if it is one and the server is to hear of it, and print what was done."""
        if after != info.object:
            info.object = send_change(self._call, info, after, "client" if self._local else self.mode)
        if self._typed and self._local:
            info.object = with_zero_values(info.object or {})
        self._printer.done(info, done)


def patched(wire: Wire, body: Any, kind: PatchKind, *, typed: bool = True) -> Wire:
    """The object after the patch.

    :param kind: ``strategic``, ``merge`` or ``json``.
    :param typed: whether the outcome is decoded into Go's struct, which drops what it does not know.
    :raises KubectlError: where the patch does not fit.
    """
    found = kind_type(wire["apiVersion"], wire["kind"])
    if found is None:
        raise KubectlError(f'no matches for kind "{wire["kind"]}" in version "{wire["apiVersion"]}"')
    try:
        after = _operated(wire, body) if kind == "json" else apply_patch(wire, body, kind, found, "Ignore")[0]
        return prune_unknown(after, found.kind, found.api_version) if typed else after
    except ApiError as error:
        raise KubectlError(error.message) from None


def _operated(wire: Wire, operations: Any) -> Wire:
    """The object after a JSON patch.

    :raises KubectlError: where it does not fit; in the library's words, which a server keeps to itself.
    """
    try:
        strange_members(operations)
        after = apply_json_patch(wire, operations)
    except NoJsonPatchError as error:
        text = str(error).replace("[]handlers.jsonPatchOp", "jsonpatch.Patch")
        raise KubectlError(text.replace("handlers.jsonPatchOp", "jsonpatch.Operation")) from None
    except JsonPatchError as error:
        raise KubectlError(str(error)) from None
    if not isinstance(after, dict):
        raise KubectlError("json: cannot unmarshal array into Go value of type map[string]interface {}")
    return after


def overridden(wire: Wire, text: str, kind: str) -> Wire:
    """The object with the overrides applied.

    :param kind: ``merge``, ``strategic`` or ``json``.
    :raises KubectlError: where the text is no JSON, or the kind is unknown.
    """
    if not text:
        return wire
    try:
        override = go_json.loads(text)
    except go_json.JsonError as error:
        raise KubectlError(f"Invalid JSON in overrides: {error}") from None
    match kind:
        case "merge" | "strategic" | "json":
            return patched(wire, override, kind)
    raise KubectlError(f"invalid override type: {kind}")


_VALUES = ("true", "strict", "warn", "ignore", "false")


def check_validate(call: Call) -> bool:
    """Whether manifests are checked at all.

    :raises KubectlError: on a word that is none of the flag's.
    """
    text = call.flags.text("validate")
    if text not in _VALUES:
        raise KubectlError(
            f'invalid - validate option "{text}"; must be one of: strict (or true), warn, ignore (or false)'
        )
    return text not in ("ignore", "false")
