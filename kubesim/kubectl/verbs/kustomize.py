"""``kubectl kustomize``."""

from __future__ import annotations

from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.errors import KubectlError


def kustomize(call: Call) -> int:
    """Refuse: kustomization directories are not built here; a missing one gets the real words."""
    import posixpath

    path = call.arguments[0] if call.arguments else "."
    absolute = posixpath.normpath(posixpath.join(call.directory, path))
    if not call.files.exists(absolute):
        raise KubectlError(
            f"must build at directory: not a valid directory: evalsymlink failure on '{path}' : lstat {absolute}: "
            "no such file or directory"
        )
    raise KubectlError("kustomization directories are not built here: apply the manifests with -f")


KUSTOMIZE = Verb(
    "kustomize",
    kustomize,
    "DIR [options]",
    "Build a kustomization target from a directory or URL",
    group="Advanced Commands",
)
