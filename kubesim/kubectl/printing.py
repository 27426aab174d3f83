"""How a verb that changes something shows its result: ``pod/x created``, or the object under ``-o``.

Upstream: ``k8s.io/cli-runtime/pkg/genericclioptions.PrintFlags``: the default printer prints a name and what was done
to it; ``-o name`` the name alone; the other formats print the object.
"""

from __future__ import annotations

from typing import Literal

from kubesim.api import go_json
from kubesim.api.objects import Wire
from kubesim.api.resources import kind_type
from kubesim.api.schema import in_struct_order
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.output import kyaml
from kubesim.kubectl.output.formats import object_printer

DryRun = Literal["none", "client", "server"]

SUFFIX = {"none": "", "client": " (dry run)", "server": " (server dry run)"}
"""What is said behind what was done, by the kind of dry run."""


def dry_run(call: Call) -> DryRun:
    """The value of ``--dry-run``, ``none`` where a verb has no such flag; old spellings are warned about as klog does.

    :raises KubectlError: on any other word.
    """
    text = call.flags.text("dry-run") if call.flags.has("dry-run") else "none"
    if text in ("none", "client", "server"):
        return text  # type: ignore[return-value]
    if text == "unchanged":
        call.log("W", "helpers.go:719", "--dry-run is deprecated and can be replaced with --dry-run=client.")
        return "client"
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        why = f"--dry-run={text} is deprecated (boolean value) and can be replaced with --dry-run=client."
        call.log("W", "helpers.go:705", why)
        return "client"
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        why = f"--dry-run={text} is deprecated (boolean value) and can be replaced with --dry-run=none."
        call.log("W", "helpers.go:711", why)
        return "none"
    raise KubectlError(f'Invalid dry-run value ({text}). Must be "none", "server", or "client".')


class Printer:
    """Prints what was done to objects, in the format of ``-o``.

    :param mode: under a dry run, the words say so.
    :param typed: whether objects print in the order of Go's structs (``run``, ``create``) or sorted by key.
    :raises KubectlError: where the format is unknown.
    """

    def __init__(self, call: Call, mode: DryRun = "none", *, typed: bool = False) -> None:
        self._call = call
        self._mode = mode
        self.format = call.flags.text("output") if call.flags.has("output") else ""
        self._typed = typed
        self._objects = None if self.format in ("", "name") else object_printer(call, columns=False)

    def done(self, info: Info, operation: str) -> None:
        """Print one object and what was done to it."""
        if self.format == "":
            self._call.say(f"{info.label} {operation}{SUFFIX[self._mode]}")
        elif self.format == "name":
            self._call.say(info.label)
        else:
            self.show(info.object or {})

    def show(self, wire: Wire) -> None:
        """Print an object in the format of ``-o``."""
        if self._typed and self.format == "json":
            self._call.say(go_json.dumps(in_struct_order(wire), sort_keys=False))
        elif self._typed and self.format == "kyaml":
            self._call.stdout.append(kyaml.dump(in_struct_order(wire), sort_keys=False))
        elif self._objects is not None:
            self._objects(wire, self._call.stdout)


def info_of(call: Call, wire: Wire) -> Info:
    """The :class:`Info` of an object that the command built itself."""
    found = kind_type(wire["apiVersion"], wire["kind"])
    if found is None:
        raise KubectlError(f'no matches for kind "{wire["kind"]}" in version "{wire["apiVersion"]}"')
    metadata = wire.get("metadata") or {}
    namespace = (metadata.get("namespace") or call.namespace) if found.namespaced else ""
    return Info(found, namespace, metadata.get("name") or "", wire)
