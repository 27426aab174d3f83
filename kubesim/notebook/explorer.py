"""What the ServiceExplorer shows: one Service, changed one property at a time, and the path that follows.

This is the plain function behind the widget: a :class:`Choice` goes in, a :class:`Shown` comes out. Every change goes
through the API server and the controllers as a learner's own commands would; nothing is drawn that did not happen.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubesim.api.objects import Node, Pod, Service
from kubesim.cluster import Cluster
from kubesim.data_directory import DATA
from kubesim.views.journey import Journey

if TYPE_CHECKING:
    import pandas

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
SOURCES = {
    "client Pod": "pod/client",
    "node master": "node/master",
    "node worker": "node/worker",
    "laptop": "laptop",
}
"""Who asks, as a reader calls it → the machine's name."""

NAME = "web"
CACHED = 31
"""Seconds after which CoreDNS has forgotten what the Service's name was before (``cache 30`` in its Corefile)."""
PROBED = 6
"""Seconds after which every Pod's readiness has been probed anew (``periodSeconds: 5``)."""
NODE_PORT = 30080
PORT = 8080


@dataclass(frozen=True, slots=True)
class Choice:
    """The state of the controls.

    :param type: the Service's type.
    :param source: who asks; a key of :data:`SOURCES`.
    :param replicas: how many Pods the Deployment has.
    :param ready: whether those Pods pass their readiness probe.
    :param selector_right: whether the Service's selector matches the Pods' labels.
    """

    type: str = "ClusterIP"
    source: str = "client Pod"
    replicas: int = 2
    ready: bool = True
    selector_right: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """What follows from a choice.

    :param service: the row of ``kubectl get svc``.
    :param manifest: the Service's manifest.
    :param changed: the lines of the manifest that the last change removed (``-``) and added (``+``).
    """

    journey: Journey
    service: pandas.DataFrame
    manifest: str
    changed: str


class Explorer:
    """A small cluster of its own with one Service to play with."""

    def __init__(self, choice: Choice | None = None) -> None:
        self.choice = choice or Choice()
        self.cluster = Cluster()
        self.cluster.apply(DATA / "explorer.yaml")
        self._manifest = ""
        self._ready: bool | None = True  # None: not the same for all Pods
        self._replicas = 2
        self.cluster.settle()
        self.show(self.choice)

    def show(self, choice: Choice) -> Shown:
        """Bring the cluster to a choice and send the request that is characteristic for the Service's type."""
        with self.cluster.turn:
            return self._show(choice)

    def _show(self, choice: Choice) -> Shown:
        self._scale(choice.replicas)
        self._set_readiness(choice.ready)
        manifest = manifest_for(choice)
        changed = changed_lines(self._manifest or manifest, manifest)
        if manifest != self._manifest:
            self.cluster.apply(manifest)
            self._manifest = manifest
            self.cluster.advance(CACHED)
        self.cluster.settle()
        self.choice = choice
        journey = self.cluster.connect(SOURCES[choice.source], self.url(choice))
        table = self.cluster.table("services", field_selector=f"metadata.name={NAME}")
        return Shown(journey, table, manifest, changed)

    def url(self, choice: Choice) -> str:
        """The address a person would use: the name from a Pod, else what the Service's type gives to the outside."""
        service = self.cluster.get("Service", NAME)
        assert isinstance(service, Service)
        if choice.type == "NodePort":
            return f"http://{self._node_address('master')}:{NODE_PORT}"
        if choice.type == "LoadBalancer":
            ingress = service.status.loadBalancer.ingress or []
            return f"http://{ingress[0].ip if ingress else service.spec.clusterIP}:{PORT}"
        if choice.type == "ExternalName":
            return f"http://{NAME}"
        return f"http://{NAME if choice.source == 'client Pod' else service.spec.clusterIP}:{PORT}"

    def _node_address(self, name: str) -> str:
        node = self.cluster.get("Node", name)
        assert isinstance(node, Node)
        return next(entry.address for entry in node.status.addresses or [])

    def _scale(self, replicas: int) -> None:
        if replicas != self._replicas:
            self.cluster.patch("Deployment", "web", {"spec": {"replicas": replicas}})
            self.cluster.settle()
            self._replicas = replicas
            self._ready = None

    def _set_readiness(self, ready: bool) -> None:
        if ready == self._ready:
            return
        page, away = "/usr/share/nginx/html/index.html", "/tmp/index.html"
        for pod in self._pods():
            here = self.cluster.exec(pod.metadata.name, ("test", "-f", page)).returncode == 0
            if here != ready:
                move = ("mv", away, page) if ready else ("mv", page, away)
                self.cluster.exec(pod.metadata.name, move)
        self.cluster.advance(PROBED)
        self._ready = ready

    def _pods(self) -> list[Pod]:
        return [
            pod for pod in self.cluster.store.views(Pod, "default") if (pod.metadata.labels or {}).get("app") == "web"
        ]


def manifest_for(choice: Choice) -> str:
    """The Service's manifest for a choice."""
    lines = ["apiVersion: v1", "kind: Service", "metadata:", f"  name: {NAME}", "spec:", f"  type: {choice.type}"]
    if choice.type == "ExternalName":
        return "\n".join([*lines, "  externalName: google.com", ""])
    lines += ["  selector:", f"    app: {'web' if choice.selector_right else 'wbe'}"]
    lines += ["  ports:", f"  - port: {PORT}", "    targetPort: 80"]
    if choice.type in ("NodePort", "LoadBalancer"):
        lines.append(f"    nodePort: {NODE_PORT}")
    return "\n".join([*lines, ""])


def changed_lines(before: str, after: str) -> str:
    """The lines removed (``- ``) and added (``+ ``) between two manifests; empty where nothing changed."""
    compared = difflib.ndiff(before.splitlines(), after.splitlines())
    return "\n".join(line for line in compared if line[:2] in ("- ", "+ "))
