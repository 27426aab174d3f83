"""The Pods that a NetworkPolicy may be about, and the groups of them that its selectors make, kept as Pods change.

A group is asked about a Pod when that Pod changes, so it costs as much as what changed, however many Pods there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kubesim.api.objects import Wire
from kubesim.api.selectors import EVERYTHING, Selector

Key = tuple[str, str]
"""A namespace and a name."""

_FINISHED = frozenset({"Succeeded", "Failed"})


class Port(NamedTuple):
    """A port that a container declares."""

    name: str
    protocol: str
    number: int


class Pod(NamedTuple):
    """What kube-router knows of a Pod.

    :param host: the address of its node.
    """

    key: Key
    address: str
    host: str
    labels: Mapping[str, str]
    ports: tuple[Port, ...]


def pod_of(wire: Wire) -> Pod | None:
    """A Pod as kube-router sees it; None where it passes it over: one without an address, finished, or of the host's
    network (``isNetPolActionable``).
    """
    metadata, spec, status = wire["metadata"], wire.get("spec") or {}, wire.get("status") or {}
    if not status.get("podIP") or status.get("phase") in _FINISHED or spec.get("hostNetwork"):
        return None
    ports = [
        Port(port.get("name", ""), port.get("protocol", "TCP"), port["containerPort"])
        for container in spec.get("containers") or ()
        for port in container.get("ports") or ()
    ]
    key = metadata.get("namespace", ""), metadata["name"]
    return Pod(key, status["podIP"], status.get("hostIP", ""), metadata.get("labels") or {}, tuple(ports))


class Peer(NamedTuple):
    """Some Pods: of one namespace, or of those that a selector names.

    :param namespace: the one, where ``namespaces`` is None.
    """

    namespace: str
    namespaces: Selector | None
    pods: Selector

    def selects(self, pod: Pod, labels: Mapping[str, str] | None) -> bool:
        """Whether a Pod is one of them.

        :param labels: those of its namespace; None where that is gone.
        """
        if self.namespaces is None:
            if pod.key[0] != self.namespace:
                return False
        elif labels is None or not self.namespaces.matches(labels):
            return False
        return self.pods.matches(pod.labels)


def everything_in(namespace: str) -> Peer:
    """All Pods of a namespace."""
    return Peer(namespace, None, EVERYTHING)


class Group:
    """The Pods that one of some peers selects.

    :ivar pods: by key.
    :ivar addresses: their addresses, each with whose it is.
    """

    def __init__(self, peers: Iterable[Peer]) -> None:
        self.peers = tuple(peers)
        self.pods: dict[Key, Pod] = {}
        self.addresses: dict[str, Key] = {}

    def put(self, key: Key, pod: Pod | None, labels: Mapping[str, str] | None) -> bool:
        """A Pod is another by now, or gone; or its namespace is.

        :returns: whether the group changed.
        """
        before = self.pods.get(key)
        after = pod if pod is not None and any(peer.selects(pod, labels) for peer in self.peers) else None
        if before == after:
            return False
        if before is not None:
            del self.pods[key]
            if self.addresses.get(before.address) == key:
                del self.addresses[before.address]
        if after is not None:
            self.pods[key] = after
            self.addresses[after.address] = key
        return True
