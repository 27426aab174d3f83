"""Every verb of kubectl, in upstream's order of registration (which is the order of "Did you mean this?")."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from kubesim.kubectl.verbs import Verb

NAMES: tuple[str, ...] = (
    "create", "expose", "run", "set_", "explain", "get", "edit", "delete", "rollout", "scale", "cluster_info", "top",
    "cordon", "uncordon", "drain", "taint", "describe", "logs", "exec_", "port_forward", "cp", "auth", "diff", "apply",
    "patch", "replace", "wait", "kustomize", "label", "annotate", "config", "version", "api_versions", "api_resources",
    "options", "events",
)  # fmt: skip


def _load() -> tuple[Verb, ...]:
    verbs: list[Verb] = []
    for name in NAMES:
        if find_spec(f"kubesim.kubectl.verbs.{name}") is not None:
            verbs.append(import_module(f"kubesim.kubectl.verbs.{name}").VERB)
    return tuple(verbs)


VERBS: tuple[Verb, ...] = _load()
