"""Which Pods stand behind a Service: what matters of a Pod, whether it belongs, and an index from Services to Pods.

Upstream: ``k8s.io/endpointslice/util`` and ``FindPort`` of ``pkg/api/v1/pod``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from kubesim.api.addresses import plain_address
from kubesim.api.objects import IntOrString, Service, Wire
from kubesim.api.store import Change, Key, key_of
from kubesim.controllers.conditions import condition
from kubesim.controllers.index import SelectorIndex

NamedPorts = tuple[tuple[tuple[str, str], int], ...]
"""(name, protocol) with the number, of the named container ports that keep running."""


FINISHED = ("Failed", "Succeeded")
"""The phases of a Pod that is no endpoint any more."""


class PortNotFoundError(ValueError):
    """No container has the named port."""


class EndpointPod(msgspec.Struct, frozen=True):
    """What endpoints are made of: as long as this is the same, no Service's endpoints change.

    :param ready: the status of the Ready condition, ``""`` where there is none; since when, is ``ready_since``.
    :param addresses: in canonical form.
    :param target: the ``targetRef`` of what stands for the Pod.
    """

    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    terminating: bool
    node: str
    hostname: str
    subdomain: str
    addresses: tuple[str, ...]
    phase: str
    ready: str
    ready_since: str
    ports: NamedPorts
    target: Wire

    @classmethod
    def of(cls, pod: Wire) -> EndpointPod:
        """Read a Pod's wire form."""
        metadata, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
        ready = condition(pod, "Ready") or {}
        namespace, name = metadata.get("namespace") or "", metadata.get("name") or ""
        target: Wire = {"kind": "Pod", "namespace": namespace, "name": name}
        uid = metadata.get("uid") or ""
        if uid:
            target["uid"] = uid
        return cls(
            namespace,
            name,
            uid,
            metadata.get("labels") or {},
            metadata.get("deletionTimestamp") is not None,
            spec.get("nodeName") or "",
            spec.get("hostname") or "",
            spec.get("subdomain") or "",
            tuple([plain_address(address) for address in _addresses(status)]),
            status.get("phase") or "",
            ready.get("status") or "",
            ready.get("lastTransitionTime") or "",
            _named_ports(spec),
            target,
        )

    @property
    def is_ready(self) -> bool:
        """Whether the Ready condition is True."""
        return self.ready == "True"

    def address(self, family: str) -> str:
        """The address of a family (``IPv4`` or ``IPv6``), as upstream writes it into slices; or an empty string."""
        wanted = family == "IPv6"
        for address in self.addresses:
            if (":" in address) is wanted:
                return address
        return ""

    def belongs(self, *, include_terminating: bool) -> bool:
        """Whether a selected Pod is an endpoint at all: it has an address, and is neither finished nor going."""
        if not self.addresses or self.phase in FINISHED:
            return False
        return include_terminating or not self.terminating

    def has_own_name(self, service: Service) -> bool:
        """Whether DNS gives it a name under the Service: its subdomain is the Service and it has a hostname."""
        return bool(self.hostname) and (self.subdomain, self.namespace) == (
            service.metadata.name,
            service.metadata.namespace,
        )

    def port(self, target: IntOrString, protocol: str) -> int:
        """The number of a Service's target port; a name may mean another number in every Pod.

        :raises PortNotFoundError: where the name is unknown.
        """
        if isinstance(target, int):
            return target
        for named, number in self.ports:
            if named == (target, protocol):
                return number
        raise PortNotFoundError(f"no suitable port for manifest: {self.uid}")


def _addresses(status: Wire) -> Sequence[str]:
    listed, single = status.get("podIPs"), status.get("podIP")
    return [entry["ip"] for entry in listed] if listed else [single] if single else []


def _named_ports(spec: Wire) -> NamedPorts:
    """Of two ports of one name the first counts; containers come before the init containers that keep running."""
    found: dict[tuple[str, str], int] = {}
    containers = spec.get("containers") or []
    if "initContainers" in spec:
        containers = containers + [c for c in spec["initContainers"] or () if c.get("restartPolicy") == "Always"]
    for container in containers:
        for port in container.get("ports") or ():
            if port.get("name"):
                found.setdefault((port["name"], port.get("protocol") or ""), port.get("containerPort", 0))
    return tuple(found.items())


class PodsByService:
    """The Pods with an address that each Service selects, kept up to date from the watch.

    A Pod without one is no endpoint, whatever else happens to it: what it goes through until then wakes nobody.
    """

    def __init__(self) -> None:
        self._selectors: SelectorIndex[Key] = SelectorIndex()
        self._selecting: dict[Key, Mapping[str, str]] = {}
        self._pods: dict[Key, EndpointPod] = {}
        self._members: dict[Key, dict[Key, EndpointPod]] = {}

    def note_service(self, change: Change, candidates: Callable[[], Iterable[Wire]]) -> None:
        """A Service was added, changed or deleted.

        :param candidates: finds the Pods of its namespace that its selector matches; asked only where that is new.
        """
        key = change.key
        selector = (change.new["spec"].get("selector") or {}) if change.new is not None else {}
        if self._selecting.get(key, {}) == selector:
            return
        self._selectors.drop(key)
        self._selecting.pop(key, None)
        self._members.pop(key, None)
        if selector:
            self._selectors.put(key, key[0], selector)
            self._selecting[key] = selector
            known = [key_of(pod) for pod in candidates()]
            self._members[key] = {pod: self._pods[pod] for pod in known if pod in self._pods}

    def note_pod(self, change: Change) -> list[Key]:
        """A Pod was added, changed or deleted; returns the Services whose endpoints that may alter."""
        key, wire, old, new = change.key, change.new, self._pods.get(change.key), None
        if wire is not None and "status" in wire and ("podIP" in wire["status"] or "podIPs" in wire["status"]):
            new = EndpointPod.of(wire)
            if not new.addresses:
                new = None
        if old == new:
            return []
        before = self.services_of(old) if old is not None else []
        after = before if old and new and old.labels == new.labels else self.services_of(new) if new is not None else []
        if new is None:
            del self._pods[key]
        else:
            self._pods[key] = new
            for service in after:
                self._members[service][key] = new
        if after is before:
            return after
        for service in before:
            if service not in after:
                del self._members[service][key]
        return list(dict.fromkeys([*before, *after]))

    def services_of(self, pod: EndpointPod) -> list[Key]:
        """The Services that select a Pod."""
        return self._selectors.matching(pod.namespace, pod.labels)

    def pods_of(self, service: Key) -> list[EndpointPod]:
        """The Pods with an address that a Service selects, ordered by name."""
        members = self._members.get(service, {})
        return [members[key] for key in sorted(members)]
