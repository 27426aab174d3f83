"""``kubectl taint``: what keeps Pods off a node."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubesim.api import names
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.resource_arguments import select

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_SPEC = re.compile(r"(?P<key>[^=:]+)(=(?P<value>[^:]*))?(:(?P<effect>.*))?")


def taint(call: Call) -> int:
    """Add and remove taints of nodes."""
    changes = Changes(call)
    words = list(call.arguments)
    is_spec = [bool(index and ("=" in w or ":" in w or w.endswith("-"))) for index, w in enumerate(words)]
    first = is_spec.index(True) if True in is_spec else len(words)
    resources, specs = words[:first], words[first:]
    if not specs:
        raise UsageError(call.command, "at least one taint update is required")
    try:
        add, remove = parse_taints(specs)
    except KubectlError as error:
        raise UsageError(call.command, error.message) from None
    both = [
        f"{t['key']}:{t['effect']}"
        for t in add
        for r in remove
        if r["key"] == t["key"] and r["effect"] in ("", t["effect"])
    ]
    if both:
        raise KubectlError(
            f"can not both modify and remove the following taint(s) in the same command: {', '.join(both)}"
        )

    def edit(info: Info, after: Wire) -> str:
        if info.type.kind != "Node":
            raise KubectlError(f"invalid resource type {info.type.plural}, only node types are supported")
        spec = after.setdefault("spec", {})
        spec["taints"] = _updated(
            info.name, spec.get("taints") or [], add, remove, overwrite=call.flags.on("overwrite")
        )
        if not spec["taints"]:
            del spec["taints"]
        return "modified" if add and remove else "tainted" if add else "untainted"

    return changes.each(select(call, resources, everything=call.flags.on("all"), files=False), edit)


def parse_taints(specs: Sequence[str]) -> tuple[list[Wire], list[Wire]]:
    """The taints to add and to remove.

    :raises KubectlError: with upstream's words.
    """
    add: list[Wire] = []
    remove: list[Wire] = []
    for spec in specs:
        removing = spec.endswith("-")
        match = _SPEC.fullmatch(spec.removesuffix("-"))
        if match is None:
            raise KubectlError(f"invalid taint spec: {spec}")
        key, value, effect = match["key"], match["value"] or "", match["effect"] or ""
        if effect and effect not in EFFECTS:
            raise KubectlError(f"invalid taint effect: {effect}, unsupported taint effect")
        if not removing and not effect:
            raise KubectlError(f"invalid taint spec: {spec}")
        problems = names.qualified_name(key) or names.label_value(value)
        if problems:
            raise KubectlError(f"invalid taint spec: {spec}, {'; '.join(problems)}")
        wire = {"key": key, "effect": effect}
        if value:
            wire["value"] = value
        (remove if removing else add).append(wire)
    return add, remove


def _updated(node: str, old: list[Wire], add: list[Wire], remove: list[Wire], *, overwrite: bool) -> list[Wire]:
    def same(one: Wire, other: Wire) -> bool:
        return bool(one["key"] == other["key"] and one.get("effect") == other.get("effect"))

    if not overwrite and any(same(one, other) for one in add for other in old):
        raise KubectlError(f"node {node} already has a taint(s) with same effect(s) and --overwrite is false")
    kept = [held for held in old if not any(same(held, new) for new in add)]
    for gone in remove:
        left = [t for t in kept if not (t["key"] == gone["key"] and gone["effect"] in ("", t.get("effect")))]
        if len(left) == len(kept):
            shown = f"{gone['key']}:{gone['effect']}" if gone["effect"] else gone["key"]
            raise KubectlError(f'taint "{shown}" not found')
        kept = left
    return [*add, *kept]
