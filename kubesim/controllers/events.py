"""Events: what the components say about the objects they work on; ``kubectl describe`` prints them.

An event that repeats (same object, reason, message and source) does not become a new object: its count grows and its
last timestamp moves on, as client-go's correlator does. The scheduler uses the newer events API: its events have an
``eventTime`` with microseconds, no count and an empty source, and repeats make a series.

Most Events are never read. So what is said goes into a log, with the uid and the resource version that the Event will
have, and becomes objects when somebody lists, gets, watches or deletes Events. Nobody can tell the difference.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from kubesim.api.metadata import uid_of
from kubesim.api.objects import Wire
from kubesim.api.store import Change, Key
from kubesim.controllers.client import Client
from kubesim.controllers.event_correlation import COMBINED, Correlator
from kubesim.simulation import Simulation

NORMAL = "Normal"
WARNING = "Warning"

_Identity = tuple[str, str, str, str, str, str, str, str]
"""What makes two sayings one event: uid of the object, part of it, type, reason, message, action, component, host."""


class _Instant(NamedTuple):
    """One moment, as everything that is said then writes it.

    :param now: in the simulation's seconds; ``nanoseconds`` since 1970, of whole seconds.
    :param text: in whole seconds; ``precise`` with microseconds.
    """

    now: float
    nanoseconds: int
    text: str
    precise: str


class _Saying(msgspec.Struct, frozen=True):
    """An event of the log.

    :param name: of the object that it is about, as ``kind``, ``namespace`` and ``api_version`` are.
    :param seen: the object's resource version then.
    :param serial: with the first moment it makes the Event's name, in the place of upstream's nanoseconds.
    :param message: of combined events, that of the last one.
    """

    api_version: str
    kind: str
    name: str
    namespace: str
    seen: str
    first: _Instant
    last: _Instant
    serial: int
    uid_bits: int
    version: int
    times: int
    message: str

    @property
    def key(self) -> Key:
        """The namespace and name of the Event: ``OBJECT.HEX``; those of cluster objects are in ``default``."""
        return self.namespace or "default", f"{self.name}.{self.first.nanoseconds + self.serial:x}"

    def wire(self, identity: _Identity) -> Wire:
        """The Event."""
        uid, field_path, type, reason, _, action, component, host = identity
        reference = {
            "apiVersion": self.api_version,
            "fieldPath": field_path,
            "kind": self.kind,
            "name": self.name,
            "namespace": self.namespace,
            "resourceVersion": self.seen,
            "uid": uid,
        }
        namespace, name = self.key
        event: Wire = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": uid_of(self.uid_bits),
                "creationTimestamp": self.first.text,
            },
            "involvedObject": {key: value for key, value in reference.items() if value},
            "reason": reason,
            "message": self.message,
            "type": type,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        if action:
            event |= {"action": action, "source": {}, "firstTimestamp": None, "lastTimestamp": None}
            event["eventTime"] = self.first.precise
        else:
            event["source"] = {"component": component, "host": host} if host else {"component": component}
            first = self.first.text
            event |= {"firstTimestamp": first, "lastTimestamp": first, "count": 1, "eventTime": None}
        return event if self.times == 1 else _repeated(event, self.times - 1, self.last)


def _repeated(event: Wire, times: int, last: _Instant) -> Wire:
    """An Event that was said again so many times."""
    if "action" in event:
        count = (event.get("series") or {"count": 1})["count"] + times
        return {**event, "series": {"count": count, "lastObservedTime": last.precise}}
    return {**event, "count": event["count"] + times, "lastTimestamp": last.text}


class EventRecorder:
    """Records events for one cluster; the same recorder serves every component."""

    def __init__(self, simulation: Simulation, client: Client) -> None:
        self._simulation = simulation
        self._client = client
        self._store = client.store
        self._uids = simulation.random("uids")
        self._log: dict[_Identity, _Saying] = {}
        self._delivered: dict[_Identity, Key] = {}
        self._correlator = Correlator()
        self._unsaid: dict[_Identity, int] = {}
        """How often what the correlator held back would have been said."""
        self._serial = 0
        self._instant = _Instant(-1.0, 0, "", "")
        self._open: set[str] = set()
        """The Namespaces that take new objects."""
        for namespace in self._store.list("Namespace"):
            self._note_namespace(Change.of(None, namespace))
        self._store.watch(self._note_namespace, ["Namespace"])
        self._store.expect("Event", self._deliver)

    def _note_namespace(self, change: Change) -> None:
        name = change.key[1]
        if change.new is None or change.new["metadata"].get("deletionTimestamp"):
            self._open.discard(name)
        else:
            self._open.add(name)

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
        uid, text = about["metadata"].get("uid", ""), message
        weighed = self._correlator.weigh((uid, component, host), type, reason, message, self._simulation.now)
        if weighed.combined:
            text, message = f"{COMBINED}{message}", COMBINED
        identity = (uid, field_path, type, reason, message, "", component, host)
        if weighed.admitted:
            self._say(about, identity, text)
        else:
            self._unsaid[identity] = self._unsaid.get(identity, 0) + 1

    def announce(
        self, about: Wire, type: str, reason: str, message: str, *, action: str, component: str, instance: str
    ) -> None:
        """Record an event of the newer API, as the scheduler does; a repeat grows its series."""
        identity = (about["metadata"].get("uid", ""), "", type, reason, message, action, component, instance)
        self._say(about, identity, message)

    def _look_up(self) -> _Instant:
        """This instant on the calendar: worked out once, however much is said."""
        simulation, moment = self._simulation, self._simulation.datetime
        precise = f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
        nanoseconds = int(moment.timestamp()) * 10**9
        self._instant = _Instant(simulation.now, nanoseconds, simulation.timestamp(), precise)
        return self._instant

    def _say(self, about: Wire, identity: _Identity, message: str) -> None:
        """Add to the log; what is said where nothing can be stored (its Namespace is going) is lost.

        :param message: the text, which of combined events is the last one's.
        """
        store, moment, logged = self._store, self._instant, self._log.get(identity)
        if moment.now != self._simulation.now:
            moment = self._look_up()
        times = 1 + self._unsaid.pop(identity, 0) if self._unsaid else 1
        if logged is not None:
            version = store.reserve_version()
            self._log[identity] = msgspec.structs.replace(
                logged, times=logged.times + times, last=moment, version=version, message=message
            )
            return
        if identity in self._delivered:
            known = self._client.get("Event", *self._delivered[identity])
            if known is not None:
                self._client.update({**_repeated(known, times, moment), "message": message})
                return
        self._serial += 1
        metadata = about["metadata"]
        namespace = metadata.get("namespace", "")
        if (namespace or "default") in self._open:
            version, bits = metadata.get("resourceVersion", ""), self._uids.getrandbits(128)
            self._log[identity] = _Saying(
                about.get("apiVersion", "v1"), about["kind"], metadata["name"], namespace, version, moment, moment,
                self._serial, bits, store.reserve_version(), times, message,
            )  # fmt: skip
            if store.is_watched("Event"):
                self._deliver()

    def _deliver(self) -> None:
        """Make Events of what was said since the last time."""
        log, self._log = self._log, {}
        for identity, saying in log.items():
            self._client.deliver(saying.wire(identity), saying.version)
            self._delivered[identity] = saying.key
