"""``apply``: three states meet, what was applied last, what is wanted now, what is live. Pure.

What the last manifest had and the new one lacks is removed; what the new one says is set; what only the server or other
people wrote stays. The last manifest is kept in an annotation, as kubectl does.
"""

from __future__ import annotations

import copy
from typing import Any

from kubesim.api import go_json
from kubesim.api.objects import Wire

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
KEYS = ("name", "containerPort", "port", "mountPath", "ip", "key", "uid", "conditionType")
"""Fields by which the entries of a list are told apart, the first that fits."""


def with_last_applied(wire: Wire) -> Wire:
    """The manifest with itself in the annotation."""
    manifest = copy.deepcopy(wire)
    annotations = manifest.setdefault("metadata", {}).setdefault("annotations", {})
    annotations.pop(LAST_APPLIED, None)
    text = go_json.dumps(manifest, indent=None) + "\n"
    annotations[LAST_APPLIED] = text
    return manifest


def strategic_patch(last: Wire, new: Wire) -> Wire:
    """A strategic merge patch that sets what ``new`` says and removes what only ``last`` said."""
    patch = copy.deepcopy(new)
    _remove_missing(last, patch)
    return patch


def _remove_missing(last: Wire, patch: Wire) -> None:
    for field, value in last.items():
        if field not in patch or patch[field] is None:
            patch[field] = None
        elif isinstance(value, dict) and isinstance(patch[field], dict):
            _remove_missing(value, patch[field])
        elif isinstance(value, list) and isinstance(patch[field], list):
            _remove_entries(value, patch[field])


def _remove_entries(last: list[Any], new: list[Any]) -> None:
    if not all(isinstance(entry, dict) for entry in [*last, *new]):
        return
    key = next((k for k in KEYS if all(k in entry for entry in [*last, *new])), None)
    if key is None:
        return
    wanted = {entry[key]: entry for entry in new}
    for entry in last:
        if entry[key] in wanted:
            _remove_missing(entry, wanted[entry[key]])
        else:
            new.append({"$patch": "delete", key: entry[key]})
