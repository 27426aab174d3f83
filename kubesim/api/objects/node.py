"""Node: a machine that runs Pods."""

from __future__ import annotations

from typing import Any

import msgspec

from kubesim.api.objects.base import View, Wire
from kubesim.api.objects.metadata import Condition, ObjectMeta


class Taint(View):
    """v1.Taint."""

    key: str = ""
    value: str = ""
    effect: str = ""
    timeAdded: str | None = None


class NodeSpec(View):
    """v1.NodeSpec."""

    podCIDR: str = ""
    podCIDRs: list[str] | None = None
    providerID: str = ""
    unschedulable: bool = False
    taints: list[Taint] | None = None


class NodeAddress(View):
    """v1.NodeAddress."""

    type: str = ""
    address: str = ""


class NodeStatus(View):
    """v1.NodeStatus."""

    capacity: dict[str, Any] | None = None
    allocatable: dict[str, Any] | None = None
    conditions: list[Condition] | None = None
    addresses: list[NodeAddress] | None = None
    nodeInfo: Wire | None = None
    phase: str = ""


class Node(View):
    """v1.Node."""

    apiVersion: str = "v1"
    kind: str = "Node"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)
