"""Nodes: readiness from conditions, roles from labels, addresses by type."""

from __future__ import annotations

from datetime import datetime

from kubesim.api.durations import since
from kubesim.api.objects import Node, Wire, view
from kubesim.api.printers.columns import AGE, NAME, NONE, Cells, Printer, column, wide

ROLE_PREFIX = "node-role.kubernetes.io/"
ROLE_LABEL = "kubernetes.io/role"


def _cells(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    node = view(wire, Node)
    info = node.status.nodeInfo or {}
    narrow = (
        node.metadata.name,
        _status(node),
        ",".join(roles(node)) or NONE,
        since(node.metadata.creationTimestamp, now),
        info.get("kubeletVersion", ""),
    )
    if not with_wide:
        return narrow
    kernel, machine = info.get("kernelVersion"), info.get("architecture")
    if kernel and machine:
        kernel = f"{kernel} ({machine})"
    return (
        *narrow,
        _address(node, "InternalIP"),
        _address(node, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        kernel or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    )


def _status(node: Node) -> str:
    conditions = {each.type: each for each in node.status.conditions or ()}
    words = []
    if "Ready" in conditions:
        words.append("Ready" if conditions["Ready"].status == "True" else "NotReady")
    else:
        words.append("Unknown")
    if node.spec.unschedulable:
        words.append("SchedulingDisabled")
    return ",".join(words)


def roles(node: Node) -> list[str]:
    """The roles that a node's labels give it, sorted."""
    found = set()
    for key, value in (node.metadata.labels or {}).items():
        if key.startswith(ROLE_PREFIX):
            role = key.removeprefix(ROLE_PREFIX)
            if role:
                found.add(role)
        elif key == ROLE_LABEL and value:
            found.add(value)
    return sorted(found)


def _address(node: Node, type: str) -> str:
    return next((each.address for each in node.status.addresses or () if each.type == type), NONE)


PRINTER = Printer(
    (
        NAME, column("Status"), column("Roles"), AGE, column("Version"),
        wide("Internal-IP"), wide("External-IP"), wide("OS-Image"), wide("Kernel-Version"),
        wide("Container-Runtime"),
    ),
    _cells,
)  # fmt: skip
