"""Whether NetworkPolicies let a connection pass. Pure.

A Pod that no policy selects for a direction is open in it; one that some select lets pass what any of them allows.
Upstream: the API reference of ``networking.k8s.io/v1`` NetworkPolicy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubesim.api.objects import NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod
from kubesim.api.selectors import selector_of


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a connection.

    :param pod: None where it is no Pod with a network of its own: a node, a machine outside.
    """

    address: str
    pod: Pod | None = None


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
        if own.pod is None:
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
