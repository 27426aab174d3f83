"""The kubeconfig with which a client reaches the server."""

from __future__ import annotations

import base64
from pathlib import Path

from kubesim.api import go_yaml

NAME = "kubesim"
"""What its cluster, its user and its context are called."""


def write(path: Path, server: str, certificate: bytes, token: str) -> None:
    """Write a kubeconfig that only its owner can read.

    :param server: the server's URL.
    :param certificate: by which it is known, as PEM.
    :raises ValueError: where there is something else in that file, or it cannot be written.
    """
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": NAME,
                "cluster": {"server": server, "certificate-authority-data": base64.b64encode(certificate).decode()},
            }
        ],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }
    try:
        if path.exists() and not _is_ours(path):
            raise ValueError(f"the kubeconfig must be a new file, or one that kubesim wrote, got {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(go_yaml.dump(document), encoding="utf-8")
    except OSError as error:
        raise ValueError(f"the kubeconfig must be a file that can be written, got {path}: {error.strerror}") from None


def _is_ours(path: Path) -> bool:
    """Whether a file is a kubeconfig of this server, and nothing else is in it."""
    try:
        document = go_yaml.load(path.read_text(encoding="utf-8"))
        return [each["name"] for each in document["clusters"]] == [NAME] == [each["name"] for each in document["users"]]
    except (ValueError, KeyError, TypeError):
        return False
