"""``kubectl edit``: objects as a file to change.

A real kubectl opens an editor on a file in ``/tmp`` and sends what was saved. There is no editor here: the file is left
for the person, who changes it and replaces the object; a notebook opens it in a cell of its own.
"""

from __future__ import annotations

from kubesim.api import go_yaml
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.resource_arguments import select

DIRECTORY = "/tmp"
PREFIX = "kubectl-edit-"
"""How the file's name begins, upstream's: a number follows."""


def edit(call: Call) -> int:
    """Write the objects to a file, and say how they are sent back."""
    if not call.arguments and not call.flags.texts("filename"):
        raise KubectlError("must specify --filename/-f or a resource to edit")
    found = [info.object for info in select(call, call.arguments).infos() if info.object is not None]
    if not found:
        raise KubectlError("edit cancelled, no objects found")
    number = call.simulation.random("kubectl/edit").randrange(10**9, 2**32)
    path = f"{DIRECTORY}/{PREFIX}{number}.yaml"
    call.files.make_directory(DIRECTORY, parents=True)
    call.files.write(path, "---\n".join(go_yaml.dump(wire) for wire in found))
    call.say(f"There is no editor here: the manifest is in {path}. Change it, then kubectl replace -f {path}")
    return 0
