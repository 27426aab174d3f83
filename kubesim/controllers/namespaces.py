"""Namespaces: each new one gets a service account and the cluster's root certificate; a deleted one is emptied first.

Upstream: ``pkg/controller/namespace``, ``.../serviceaccount`` and ``.../certificates/rootcacertpublisher``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.store import Change
from kubesim.controllers.client import Client
from kubesim.controllers.manager import Manager, Parts

ROOT_CERTIFICATE = "kube-root-ca.crt"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as "
    "the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of "
    "Kubernetes clusters."
)
ORDER = ("Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Service", "EndpointSlice", "Endpoints")
"""What is deleted first; everything else follows by kind."""


class NamespaceController:
    """Fills new namespaces and empties deleted ones.

    :param certificate: the text of the cluster's root certificate.
    """

    name = "namespace-controller"
    kinds: Sequence[str | Parts] = (
        "Namespace",
        *(Parts.gone(kind) for kind in ("ConfigMap", "ServiceAccount", "Pod", "Service")),
    )

    def __init__(self, manager: Manager, client: Client, certificate: str) -> None:
        self._manager = manager
        self._client = client
        self._certificate = certificate

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The namespace itself, or that of an object that left it."""
        if change.kind == "Namespace":
            return (change.object["metadata"]["name"],)
        return (change.object["metadata"].get("namespace", ""),)

    def reconcile(self, key: Hashable) -> None:
        """Fill or empty one namespace."""
        assert isinstance(key, str)
        namespace = self._client.get("Namespace", "", key)
        if namespace is None:
            return
        if namespace["metadata"].get("deletionTimestamp"):
            self._empty(namespace)
        else:
            self._fill(key)

    def _fill(self, name: str) -> None:
        if self._client.get("ServiceAccount", name, "default") is None:
            self._client.create(
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
            )
        if self._client.get("ConfigMap", name, ROOT_CERTIFICATE) is None:
            self._client.create(
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {
                        "annotations": {"kubernetes.io/description": DESCRIPTION},
                        "name": ROOT_CERTIFICATE,
                        "namespace": name,
                    },
                    "data": {"ca.crt": self._certificate},
                }
            )

    def _empty(self, namespace: Wire) -> None:
        """Delete what is in it; when nothing is left, let it go."""
        name = namespace["metadata"]["name"]
        left = 0
        for kind in self._kinds():
            for wire in self._client.store.list(kind, name):
                self._client.delete(wire)
                left += self._client.get(kind, name, wire["metadata"]["name"]) is not None
        if left:
            return
        changed = {**namespace, "spec": {**(namespace.get("spec") or {}), "finalizers": []}}
        try:
            whose = self._client.manager
            self._client.api.replace(changed, subresource="finalize", field_validation="Ignore", field_manager=whose)
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    def _kinds(self) -> list[str]:
        namespaced = {kind for kind, resource in BY_KIND.items() if resource.namespaced}
        return [*ORDER, *sorted(namespaced - set(ORDER) - {"Event"}), "Event"]
