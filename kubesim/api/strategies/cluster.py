"""The strategies of Namespaces and Nodes."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.strategies.base import Strategy


class NamespaceStrategy(Strategy):
    """A Namespace goes only when its content has gone: the finalizer ``kubernetes`` in its *spec* holds it."""

    def prepare_create(self, new: Wire) -> None:
        """Begin active, held by the finalizer."""
        new["status"] = {"phase": "Active"}
        finalizers = (new.get("spec") or {}).get("finalizers") or []
        if "kubernetes" not in finalizers:
            finalizers = [*finalizers, "kubernetes"]
        new["spec"] = {"finalizers": finalizers}

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Keep status and finalizers: neither is a client's to change."""
        new["status"] = old["status"]
        new["spec"] = old["spec"]


class NodeStrategy(Strategy):
    """A Node registers itself with its status."""

    create_on_update = False


class EndpointsStrategy(Strategy):
    """Endpoints, whose addresses and ports belong to the controller."""

    create_on_update = True
