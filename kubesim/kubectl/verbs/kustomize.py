"""``kubectl kustomize``: print what a kustomization directory builds, or write it into files.

Upstream: ``sigs.k8s.io/kustomize/kustomize/commands/build``.
"""

from __future__ import annotations

from kubesim.api import go_yaml
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.resource import NO_NAMESPACE, Resource
from kubesim.kubectl.resource_arguments import kustomized
from kubesim.userland.filesystem import FileError, absolute

_RESTRICTORS = ("LoadRestrictionsRootOnly", "LoadRestrictionsNone")


def kustomize(call: Call) -> int:
    """Build one directory, by default the present one."""
    if len(call.arguments) > 1:
        raise KubectlError("specify one path to kustomization.yaml")
    restrictor = call.flags.text("load-restrictor")
    if restrictor not in _RESTRICTORS:
        raise KubectlError(
            f"illegal flag value --load-restrictor {restrictor}; legal values: [{' '.join(_RESTRICTORS)}]"
        )
    path = call.arguments[0] if call.arguments else "."
    text = kustomized(call, path, unrestricted=restrictor != _RESTRICTORS[0])
    output = call.flags.text("output")
    if not output:
        call.stdout.append(text)
        return 0
    target = absolute(output, call.directory)
    try:
        if call.files.is_directory(target):
            wires = go_yaml.load_all(text)
            several = len({_namespace(wire) for wire in wires} - {NO_NAMESPACE}) > 1
            for wire in wires:
                call.files.write(f"{target}/{_file_name(wire, several=several)}", go_yaml.dump(wire))
        else:
            call.files.write(target, text)
    except FileError as error:
        raise KubectlError(f"open {output}: {error.reason[:1].lower()}{error.reason[1:]}") from None
    return 0


def _namespace(wire: Wire) -> str:
    return Resource(wire).id.effective_namespace


def _file_name(wire: Wire, *, several: bool) -> str:
    """How the file of one object is called in a directory; where there are several namespaces, its own comes first."""
    id, namespace = Resource(wire).id, _namespace(wire)
    parts = [namespace] if several and namespace != NO_NAMESPACE else []
    return "_".join([*parts, *(part for part in (id.group, id.version, id.kind) if part), f"{id.name}.yaml"]).lower()
