"""A control plane without nodes: a strict server, and those controllers alone that a test adds."""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.controllers.client import Client
from kubesim.controllers.events import EventRecorder
from kubesim.controllers.manager import Manager
from kubesim.simulation import Simulation

CONTAINERS = [{"name": "c", "image": "nginx"}]


def node_condition(type: str, status: str) -> Wire:
    """A condition as a node has it."""
    since = "2026-07-01T09:00:00Z"
    return {"type": type, "status": status, "lastHeartbeatTime": since, "lastTransitionTime": since}


class ControlPlane:
    """What a controller is given, with the Namespace ``default``."""

    def __init__(self) -> None:
        self.simulation, self.store = Simulation(), Store()
        self.api = ApiServer(self.simulation, self.store, strict=True)
        self.client = Client(self.api, self.store)
        self.manager = Manager(self.simulation, self.store)
        self.events = EventRecorder(self.simulation, self.client)
        self.make("Namespace", "default", namespace="")
        self.make("ServiceAccount", "default")

    def make(self, kind: str, name: str, *, namespace: str = "default", **parts: Any) -> Wire:
        """Create an object; ``status`` is stored too."""
        metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **parts.pop("metadata", {})}
        status = parts.pop("status", None)
        version = BY_KIND[kind].api_version
        made = self.api.create({"apiVersion": version, "kind": kind, "metadata": metadata, **parts}, namespace)
        stored = self.store.get(kind, name, namespace)
        assert stored is not None, f"{made} must be stored"
        if status is not None:
            self.set_status(kind, name, namespace=namespace, **status)
        return self.get(kind, name, namespace)

    def pod(self, name: str, *, node: str = "", labels: dict[str, str] | None = None, **parts: Any) -> Wire:
        """Create a Pod, on a node where one is named."""
        spec = {"containers": CONTAINERS, **({"nodeName": node} if node else {}), **parts.pop("spec", {})}
        metadata = {**({"labels": labels} if labels else {}), **parts.pop("metadata", {})}
        return self.make("Pod", name, spec=spec, metadata=metadata, **parts)

    def node(self, name: str, **parts: Any) -> Wire:
        """Create a node that is ready."""
        addresses = [{"type": "InternalIP", "address": "172.31.0.9"}]
        status = {"conditions": [node_condition("Ready", "True")], "addresses": addresses} | parts.pop("status", {})
        return self.make("Node", name, namespace="", status=status, **parts)

    def set_status(self, kind: str, name: str, *, namespace: str = "default", **status: Any) -> None:
        """Store fields of an object's status."""
        wire = self.get(kind, name, namespace)
        self.store.commit({**wire, "status": {**(wire.get("status") or {}), **status}})

    def get(self, kind: str, name: str, namespace: str = "default") -> Wire:
        """A stored object, which must be there."""
        wire = self.store.get(kind, name, namespace)
        assert wire is not None, f"{kind} {namespace}/{name} must be there"
        return wire

    def has(self, kind: str, name: str, namespace: str = "default") -> bool:
        """Whether there is such an object."""
        return self.store.get(kind, name, namespace) is not None

    def said(self, about: str = "") -> list[tuple[str, str, str]]:
        """Type, reason and message of all events, in order, or of those about an object of a name."""
        events = sorted(self.store.list("Event"), key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [
            (event["type"], event["reason"], event["message"])
            for event in events
            if not about or event["involvedObject"]["name"] == about
        ]
