"""Events: what the components say about the objects they work on; ``kubectl describe`` prints them.

An event that repeats (same object, reason, message and source) does not become a new object: its count grows and its
last timestamp moves on, as client-go's correlator does. The scheduler uses the newer events API: its events have an
``eventTime`` with microseconds, no count and an empty source, and repeats make a series.
"""

from __future__ import annotations

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.controllers.client import Client
from kubesim.simulation import Simulation

NORMAL = "Normal"
WARNING = "Warning"


def reference_to(wire: Wire, field_path: str = "") -> Wire:
    """The object reference an event keeps of what it is about."""
    metadata = wire["metadata"]
    reference = {
        "apiVersion": wire.get("apiVersion", "v1"),
        "fieldPath": field_path,
        "kind": wire["kind"],
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "resourceVersion": metadata.get("resourceVersion", ""),
        "uid": metadata.get("uid", ""),
    }
    return {key: value for key, value in reference.items() if value}


class EventRecorder:
    """Records events for one cluster; the same recorder serves every component."""

    def __init__(self, simulation: Simulation, client: Client) -> None:
        self._simulation = simulation
        self._client = client
        self._seen: dict[tuple[str, ...], tuple[str, str]] = {}
        self._serial = 0

    def record(
        self,
        about: Wire,
        type: str,
        reason: str,
        message: str,
        *,
        component: str,
        host: str = "",
        field_path: str = "",
    ) -> None:
        """Record an event, or count a repeated one.

        :param about: the object, in wire form.
        :param component: who says it: ``kubelet``, ``replicaset-controller``…
        :param host: the node, for the kubelet.
        :param field_path: the part it is about, such as ``spec.containers{nginx}``.
        """
        involved = reference_to(about, field_path)
        identity = (involved.get("uid", ""), field_path, type, reason, message, component, host)
        now = self._simulation.timestamp()
        earlier = self._seen.get(identity)
        if earlier is not None:
            known = self._client.get("Event", *earlier)
            if known is not None:
                self._client.update({**known, "count": known["count"] + 1, "lastTimestamp": now})
                return
        source = {"component": component, "host": host} if host else {"component": component}
        name, namespace = self._identity(involved)
        self._store(
            identity,
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": involved,
                "reason": reason,
                "message": message,
                "source": source,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
                "eventTime": None,
                "type": type,
                "reportingComponent": component,
                "reportingInstance": host,
            },
        )

    def announce(
        self, about: Wire, type: str, reason: str, message: str, *, action: str, component: str, instance: str
    ) -> None:
        """Record an event of the newer API, as the scheduler does; a repeat grows its series."""
        involved = reference_to(about)
        identity = (involved.get("uid", ""), "", type, reason, message, component, instance)
        micro = self._simulation.datetime.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        earlier = self._seen.get(identity)
        if earlier is not None:
            known = self._client.get("Event", *earlier)
            if known is not None:
                count = (known.get("series") or {"count": 1})["count"] + 1
                self._client.update({**known, "series": {"count": count, "lastObservedTime": micro}})
                return
        name, namespace = self._identity(involved)
        self._store(
            identity,
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": involved,
                "reason": reason,
                "message": message,
                "action": action,
                "source": {},
                "firstTimestamp": None,
                "lastTimestamp": None,
                "eventTime": micro,
                "type": type,
                "reportingComponent": component,
                "reportingInstance": instance,
            },
        )

    def _store(self, identity: tuple[str, ...], event: Wire) -> None:
        """Events are told on a best effort: one that is refused (its namespace is going) is lost."""
        try:
            stored = self._client.create(event)
        except ApiError:
            return
        self._seen[identity] = (stored["metadata"]["namespace"], stored["metadata"]["name"])

    def _identity(self, involved: Wire) -> tuple[str, str]:
        """A new event's name (``OBJECT.HEX``: upstream's nanoseconds) and namespace (cluster objects': default)."""
        self._serial += 1
        nanoseconds = int(self._simulation.datetime.timestamp()) * 10**9 + self._serial
        return f"{involved['name']}.{nanoseconds:x}", involved.get("namespace") or "default"
