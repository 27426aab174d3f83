"""Whether NetworkPolicies let a connection pass. Pure.

A Pod that no policy selects for a direction is open in it; one that some select lets pass what any of them allows.
Upstream: the API reference of ``networking.k8s.io/v1`` NetworkPolicy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from kubesim.api.objects import NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod
from kubesim.api.selectors import selector_of


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a connection.

    :param pod: None where it is no Pod with a network of its own: a node, a machine outside.
    :param node: the name of the node that it is itself; empty where it is none.
    """

    address: str
    pod: Pod | None = None
    node: str = ""

    def hosts(self, other: Party) -> bool:
        """Whether it is the node on which another one runs: a node always gets to its own Pods."""
        return bool(self.node) and other.pod is not None and other.pod.spec.nodeName == self.node


@dataclass(frozen=True, slots=True)
class Blocked:
    """What does not let it pass.

    :param direction: ``Ingress`` or ``Egress``.
    :param policies: those that select the Pod for that direction.
    """

    direction: str
    pod: Pod
    policies: tuple[NetworkPolicy, ...]


def blocked(
    policies: Sequence[NetworkPolicy],
    namespaces: Mapping[str, Mapping[str, str]],
    client: Party,
    server: Party,
    port: int,
    protocol: str,
) -> Blocked | None:
    """The first direction that policies close to a connection; None where it may pass.

    :param namespaces: the labels of each.
    :param port: on the server, after every rewriting.
    """
    for direction, own, peer in (("Egress", client, server), ("Ingress", server, client)):
        if own.pod is None or peer.hosts(own):
            continue
        selecting = tuple(each for each in policies if _selects(each, own.pod, direction))
        if not selecting:
            continue
        rules = [
            (policy.metadata.namespace, peers, ports)
            for policy in selecting
            for peers, ports in _rules(policy, direction)
        ]
        allowed = any(
            _peer_listed(peers, where, peer, namespaces) and _port_listed(ports, server, port, protocol)
            for where, peers, ports in rules
        )
        if not allowed:
            return Blocked(direction, own.pod, selecting)
    return None


class Closures:
    """Which connections NetworkPolicies close, for very many of them.

    What policies say of a party depends on which of them select it and as which peers it counts, so what was found of
    two parties holds for all that are alike in this.

    :param namespaces: the labels of each.
    """

    def __init__(self, policies: Sequence[NetworkPolicy], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._namespaces = namespaces
        self._own: dict[str, list[NetworkPolicy]] = {}
        self._peers: dict[object, tuple[str, NetworkPolicyPeer]] = {}
        self._named: set[str] = set()
        self._signatures: dict[tuple[str, int], Hashable] = {}
        self._found: dict[Hashable, bool] = {}
        for policy in policies:
            where = policy.metadata.namespace
            self._own.setdefault(where, []).append(policy)
            for direction in ("Ingress", "Egress"):
                for peers, ports in _rules(policy, direction):
                    self._named |= {each.port for each in ports if isinstance(each.port, str)}
                    for peer in peers:
                        whose = where if peer.namespaceSelector is None and peer.ipBlock is None else ""
                        self._peers[whose, msgspec.json.encode(peer)] = (whose, peer)

    def closes(self, client: Party, server: Party, port: int, protocol: str) -> bool:
        """Whether a connection is closed in one of its directions, as :func:`blocked` finds it."""
        local = client.hosts(server), server.hosts(client)
        key = (self.signature(client), self.signature(server), local, port, protocol)
        known = self._found.get(key)
        if known is None:
            policies = [each for party in (client, server) for each in self._own_of(party)]
            found = blocked(policies, self._namespaces, client, server, port, protocol)
            known = self._found[key] = found is not None
        return known

    def _own_of(self, party: Party) -> Sequence[NetworkPolicy]:
        return () if party.pod is None else self._own.get(party.pod.metadata.namespace, ())

    def signature(self, party: Party) -> Hashable:
        """All that policies can tell of a party."""
        key = (party.address, id(party.pod))
        known = self._signatures.get(key)
        if known is None:
            known = self._signatures[key] = self._signature_of(party)
        return known

    def _signature_of(self, party: Party) -> Hashable:
        counts_as = frozenset(
            key for key, (where, peer) in self._peers.items() if _is_peer(peer, where, party, self._namespaces)
        )
        if party.pod is None:
            return counts_as
        selecting = tuple(
            (policy.metadata.name, direction)
            for policy in self._own_of(party)
            for direction in ("Ingress", "Egress")
            if _selects(policy, party.pod, direction)
        )
        ports = frozenset(
            (each.name, each.containerPort, each.protocol)
            for container in party.pod.spec.containers or []
            for each in container.ports or []
            if each.name in self._named
        )
        return party.pod.metadata.namespace if selecting else "", selecting, counts_as, ports


def _rules(
    policy: NetworkPolicy, direction: str
) -> list[tuple[Sequence[NetworkPolicyPeer], Sequence[NetworkPolicyPort]]]:
    if direction == "Ingress":
        return [(rule.from_ or (), rule.ports or ()) for rule in policy.spec.ingress or []]
    return [(rule.to or (), rule.ports or ()) for rule in policy.spec.egress or []]


def _selects(policy: NetworkPolicy, pod: Pod, direction: str) -> bool:
    if policy.metadata.namespace != pod.metadata.namespace:
        return False
    types = policy.spec.policyTypes or ["Ingress", *(["Egress"] if policy.spec.egress else [])]
    return direction in types and selector_of(policy.spec.podSelector).matches(pod.metadata.labels or {})


def _peer_listed(
    peers: Sequence[NetworkPolicyPeer], own_namespace: str, party: Party, namespaces: Mapping[str, Mapping[str, str]]
) -> bool:
    return not peers or any(_is_peer(each, own_namespace, party, namespaces) for each in peers)


def _is_peer(
    peer: NetworkPolicyPeer, own_namespace: str, party: Party, namespaces: Mapping[str, Mapping[str, str]]
) -> bool:
    block = peer.ipBlock
    if block is not None:
        address = ipaddress.ip_address(party.address)
        excepted = any(address in ipaddress.ip_network(each, strict=False) for each in block.except_ or [])
        return address in ipaddress.ip_network(block.cidr, strict=False) and not excepted
    if party.pod is None:
        return False
    namespace = party.pod.metadata.namespace
    if peer.namespaceSelector is None:
        in_namespace = namespace == own_namespace
    else:
        labels = {"kubernetes.io/metadata.name": namespace, **namespaces.get(namespace, {})}
        in_namespace = selector_of(peer.namespaceSelector).matches(labels)
    chosen = peer.podSelector
    return in_namespace and (chosen is None or selector_of(chosen).matches(party.pod.metadata.labels or {}))


def _port_listed(ports: Sequence[NetworkPolicyPort], server: Party, port: int, protocol: str) -> bool:
    return not ports or any(_is_port(each, server, port, protocol) for each in ports)


def _is_port(given: NetworkPolicyPort, server: Party, port: int, protocol: str) -> bool:
    if (given.protocol or "TCP") != protocol:
        return False
    wanted = given.port
    if wanted is None:
        return True
    if isinstance(wanted, str):
        containers = server.pod.spec.containers or [] if server.pod is not None else []
        return any(each.name == wanted and each.containerPort == port for c in containers for each in c.ports or [])
    return wanted <= port <= (given.endPort or wanted)
