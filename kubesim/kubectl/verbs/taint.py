"""``kubectl taint``: what keeps Pods off a node."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api import names
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.resource_arguments import select

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
DISCOVERIES = 2
"""How often the server is asked what it serves, before that is given up."""


def taint(call: Call) -> int:
    """Add and remove taints of nodes."""
    changes = Changes(call, typed=True)
    words = list(call.arguments)
    is_spec = ["=" in word or ":" in word or word.endswith("-") for word in words]
    first = is_spec.index(True) if True in is_spec else len(words)
    resources, specs = words[:first], words[first:]
    misplaced = [word for word, taints in zip(words[first:], is_spec[first:], strict=True) if not taints]
    if misplaced:
        raise KubectlError(f"all resources must be specified before taint changes: {misplaced[0]}")
    if not resources:
        raise KubectlError("one or more resources must be specified as <resource> <name>")
    if not specs:
        raise KubectlError("at least one taint update is required")
    try:
        add, remove = parse_taints(specs)
    except KubectlError as error:
        raise UsageError(call.command, error.message) from None
    both = [
        f"{r['key']}={r['effect']}"
        for t in add
        for r in remove
        if r["key"] == t["key"] and r["effect"] in ("", t["effect"])
    ]
    if both:
        raise KubectlError(
            f"can not both modify and remove the following taint(s) in the same command: {', '.join(both)}"
        )

    call.api.discover(DISCOVERIES)
    if resource_type(resources[0].lower()).kind != "Node":
        raise KubectlError(f"invalid resource type {resources[0].lower()}, only node types are supported")
    if call.flags.on("all") and call.flags.text("selector"):
        raise KubectlError("setting 'all' parameter with a non empty selector is prohibited")
    if not (call.flags.on("all") or call.flags.text("selector")) and len(resources) < 2:
        raise KubectlError("at least one resource name must be specified since 'all' parameter is not set")

    def edit(info: Info, after: Wire) -> str:
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
        key, value, effect = _parsed(spec.removesuffix("-"))
        if not removing and not effect:
            raise KubectlError(f"invalid taint spec: {spec}")
        wire = {"key": key, "effect": effect}
        if value:
            wire["value"] = value
        (remove if removing else add).append(wire)
    return add, remove


def _parsed(spec: str) -> tuple[str, str, str]:
    """Key, value and effect of ``key=value:effect``, ``key:effect`` or ``key``."""
    head, *effects = spec.split(":")
    key, *values = head.split("=") if effects else [head]
    if len(effects) > 1 or len(values) > 1:
        raise KubectlError(f"invalid taint spec: {spec}")
    if effects and effects[0] not in EFFECTS:
        raise KubectlError(f"invalid taint effect: {effects[0]}, unsupported taint effect")
    value = "".join(values)
    problems = names.label_value(value) or names.qualified_name(key)
    if problems:
        raise KubectlError(f"invalid taint spec: {spec}, {'; '.join(problems)}")
    return key, value, "".join(effects)


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
