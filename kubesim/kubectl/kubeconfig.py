"""The kubeconfig: one cluster, one user, one context, and the namespace that the context has chosen.

It is made up until a command changes it; from then on it is a file of the machine that kubectl runs on.
"""

from __future__ import annotations

from kubesim.api import go_yaml
from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError
from kubesim.userland.filesystem import FileSystem

CONTEXT = "default"
"""The only context, as k3s names it."""

PATH = "/root/.kube/config"
SERVER = "https://127.0.0.1:6443"


def load(files: FileSystem) -> Wire:
    """The kubeconfig of a machine.

    :raises KubectlError: where its file is not one.
    """
    if not files.is_file(PATH):
        return _initial()
    try:
        wire = go_yaml.load(files.read(PATH))
    except go_yaml.YamlError as error:
        raise KubectlError(f'error loading config file "{PATH}": {error}') from None
    return wire if isinstance(wire, dict) else _initial()


def namespace_of(wire: Wire) -> str:
    """The namespace of the context, or ``""``."""
    for entry in wire.get("contexts") or ():
        if isinstance(entry, dict) and entry.get("name") == CONTEXT:
            return str((entry.get("context") or {}).get("namespace") or "")
    return ""


def choose_namespace(files: FileSystem, namespace: str) -> None:
    """Have the context use a namespace from now on."""
    wire = load(files)
    context: Wire = {"cluster": CONTEXT, "user": CONTEXT}
    if namespace:
        context["namespace"] = namespace
    wire["contexts"] = [{"context": context, "name": CONTEXT}]
    files.make_directory(PATH.rpartition("/")[0], parents=True)
    files.write(PATH, go_yaml.dump(wire))


def _initial() -> Wire:
    hidden = "DATA+OMITTED"
    return {
        "apiVersion": "v1",
        "clusters": [{"cluster": {"certificate-authority-data": hidden, "server": SERVER}, "name": CONTEXT}],
        "contexts": [{"context": {"cluster": CONTEXT, "user": CONTEXT}, "name": CONTEXT}],
        "current-context": CONTEXT,
        "kind": "Config",
        "users": [{"name": CONTEXT, "user": {"client-certificate-data": hidden, "client-key-data": hidden}}],
    }
