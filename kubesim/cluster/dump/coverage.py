"""What a dump holds, and so what its silence means.

That an object is not in a dump means that the cluster has none only where the dump must hold it if there were one. A
selection of one namespace, of labels or of names leaves no trace in the output; but every cluster has certain objects,
and a selection that shows them all is no partial one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kubesim.api.objects import Wire
from kubesim.cluster.addressing import Addressing
from kubesim.cluster.dump.facts import Facts

SYSTEM = "kube-system"
"""The namespace in which every cluster has Pods, a Service, its slice and ConfigMaps."""
GET = "kubectl get pods,services,endpointslices,nodes,configmaps,networkpolicies -A -o yaml"
"""The command whose output holds all that is asked for."""


@dataclass(slots=True)
class Coverage:
    """What a dump holds.

    :param addressing: the cluster's ranges and names, as far as they are known.
    :param namespaces: by kind, the namespaces in which the dump has objects of it.
    :param derived: (namespace, name) of Services whose slices were derived from their Pods, or from Endpoints.
    :param programs: by machine, the images of containers of which nobody knows what they do.
    :param stand_ins: machines that stand in for what the dump does not hold.
    :param notes: what else was derived, in words.
    :param has_api_service: whether it has the Service ``default/kubernetes``.
    :param enforces_policies: whether the network plugin enforces NetworkPolicies; None where nobody says.
    :param corefile: whether it holds the DNS server's configuration.
    """

    addressing: Addressing
    namespaces: dict[str, set[str]] = field(default_factory=dict)
    derived: set[tuple[str, str]] = field(default_factory=set)
    programs: dict[str, list[str]] = field(default_factory=dict)
    stand_ins: set[str] = field(default_factory=set)
    notes: tuple[str, ...] = ()
    has_api_service: bool = False
    enforces_policies: bool | None = None
    corefile: bool = False

    @classmethod
    def of(cls, objects: Iterable[Wire], facts: Facts) -> Coverage:
        """Count what a dump, already checked, holds."""
        found = cls(facts.addressing, notes=facts.derived, enforces_policies=facts.enforces_policies)
        for wire in objects:
            metadata = wire["metadata"]
            namespace = metadata.get("namespace") or "default"
            found.namespaces.setdefault(wire["kind"], set()).add(namespace)
            if (wire["kind"], namespace, metadata["name"]) == ("Service", "default", "kubernetes"):
                found.has_api_service = True
        return found

    def holds(self, kind: str, namespace: str) -> bool:
        """Whether it has any object of a kind in a namespace, or must have them all."""
        return namespace in self.namespaces.get(kind, ()) or self.everywhere(kind)

    def everywhere(self, kind: str) -> bool:
        """Whether it has the whole cluster's objects of a kind (``-A``), so that one that is not there is nowhere."""
        where = self.namespaces.get(kind, set())
        if kind == "Service":
            return self.has_api_service and SYSTEM in where
        return SYSTEM in where and len(where) > 1

    def whole(self, kind: str, namespace: str) -> bool:
        """Whether an object of the kind that is not in the dump is not in that namespace either."""
        if kind == "Service" and namespace == "default":
            return self.has_api_service  # nobody who chooses Services by name or label chooses that one
        return self.everywhere(kind)
