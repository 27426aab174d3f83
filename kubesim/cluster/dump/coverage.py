"""What a dump holds, and so what its silence means.

That an object is not in a dump means that the cluster has none only where the dump must hold it if there were one. A
selection of one namespace, of labels or of names leaves no trace in the output; but every cluster has certain objects,
and a selection that shows them all is no partial one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kubesim.api.objects import Wire
from kubesim.cluster.addressing import Addressing
from kubesim.cluster.dump.facts import Facts

SYSTEM = "kube-system"
"""The namespace in which every cluster has Pods, a Service, its slice and ConfigMaps."""
GET = "kubectl get pods,services,endpointslices,nodes,configmaps,networkpolicies -A -o yaml"
"""The command whose output holds all that is asked for."""
GET_ONE = "kubectl get {} -A -o yaml"
ASKED = (
    ("Pod", "Pods"),
    ("Service", "Services"),
    ("EndpointSlice", "EndpointSlices"),
    ("Node", "Nodes"),
    ("ConfigMap", "ConfigMaps"),
    ("NetworkPolicy", "NetworkPolicies"),
)
"""The kinds that a dump should hold, each with its plural."""
POLICIES_UNFOLLOWED = frozenset(
    {
        "AdminNetworkPolicy",
        "BaselineAdminNetworkPolicy",
        "CiliumClusterwideNetworkPolicy",
        "CiliumNetworkPolicy",
        "ClusterNetworkPolicy",
        "GlobalNetworkPolicy",
        "NetworkPolicy",
    }
)
"""Kinds of policies beside those of ``networking.k8s.io``: they may forbid what those allow, and the reverse."""
POLICY_GROUP = "networking.k8s.io"


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
    :param cni: the network plugin; empty where the dump does not show it.
    :param some_pods: whether EndpointSlices name a Pod that is not in the dump, so that it need not hold all.
    :param unfollowed: the kinds of policies in it that are not those of ``networking.k8s.io``.
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
    cni: str = ""
    some_pods: bool = False
    unfollowed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, objects: Sequence[Wire], facts: Facts) -> Coverage:
        """Count what a dump, already checked, holds."""
        found = cls(facts.addressing, notes=facts.derived, enforces_policies=facts.enforces_policies, cni=facts.cni)
        for wire in objects:
            metadata = wire["metadata"]
            namespace = metadata.get("namespace") or "default"
            found.namespaces.setdefault(wire["kind"], set()).add(namespace)
            if (wire["kind"], namespace, metadata["name"]) == ("Service", "default", "kubernetes"):
                found.has_api_service = True
        pods = {
            (wire["metadata"].get("namespace") or "default", wire["metadata"]["name"])
            for wire in objects
            if wire["kind"] == "Pod"
        }
        found.some_pods = any(each not in pods for each in _pods_named(objects))
        return found

    def summary(self, nodes: int, pods: int, services: int) -> str:
        """The cluster in words: what the dump has of it, what was derived, and what it does not say."""
        facts = [f"Pods {self.addressing.pods}", f"Services {self.addressing.services}"]
        facts += [f"DNS {self.addressing.dns}", f"domain {self.addressing.domain}"]
        facts += [self.cni] if self.cni else []
        counts = f"{_counted(nodes, 'node')}, {_counted(pods, 'Pod')}, {_counted(services, 'Service')}"
        lines = [f"Cluster of a dump: {counts} ({', '.join(facts)})"]
        lines += [f"  derived: {note}" for note in self.notes]
        if self.derived:
            lines.append(f"  derived: EndpointSlices, of {_counted(len(self.derived), 'Service')}, from their Pods")
        lines += [f"  not in the dump: {text}" for text in self.absent]
        return "\n".join(lines)

    @property
    def absent(self) -> list[str]:
        """What the dump does not hold of all that is asked for, in words."""
        found = [
            f"{plural} ({GET_ONE.format(plural.lower())})" for kind, plural in ASKED if kind not in self.namespaces
        ]
        found += [] if self.corefile or "ConfigMap" not in self.namespaces else ["the DNS server's configuration"]
        found += [] if self.cni else ["which network plugin the cluster has"]
        images = {image for each in self.programs.values() for image in each}
        if images:
            found.append(
                f"what the programs of {_counted(len(images), 'image')} do, but for the ports that they declare"
            )
        return found

    def holds(self, kind: str, namespace: str) -> bool:
        """Whether it has any object of a kind in a namespace, or must have them all."""
        return namespace in self.namespaces.get(kind, ()) or self.everywhere(kind)

    def everywhere(self, kind: str) -> bool:
        """Whether it has the whole cluster's objects of a kind (``-A``), so that one that is not there is nowhere."""
        where = self.namespaces.get(kind, set())
        if kind == "Service":
            return self.has_api_service and SYSTEM in where
        if kind == "Pod" and self.some_pods:
            return False
        return SYSTEM in where and len(where) > 1

    def whole(self, kind: str, namespace: str) -> bool:
        """Whether an object of the kind that is not in the dump is not in that namespace either."""
        if kind == "Service" and namespace == "default":
            return self.has_api_service  # nobody who chooses Services by name or label chooses that one
        return self.everywhere(kind)


def unfollowed_policies(objects: Iterable[Wire]) -> frozenset[str]:
    """The kinds of policies among objects that are not those of ``networking.k8s.io``."""
    return frozenset(
        wire["kind"]
        for wire in objects
        if wire["kind"] in POLICIES_UNFOLLOWED and wire["apiVersion"].partition("/")[0] != POLICY_GROUP
    )


def _pods_named(objects: Iterable[Wire]) -> Iterator[tuple[str, str]]:
    """The Pods, by namespace and name, that EndpointSlices say are behind their addresses."""
    for wire in objects:
        if wire["kind"] == "EndpointSlice":
            for endpoint in wire.get("endpoints") or []:
                target = endpoint.get("targetRef") or {}
                if target.get("kind") == "Pod":
                    own = wire["metadata"].get("namespace") or "default"
                    yield target.get("namespace") or own, str(target.get("name"))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
