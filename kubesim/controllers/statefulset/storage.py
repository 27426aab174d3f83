"""The claims of a StatefulSet's Pods: made before the Pod, left behind when it goes, unless the policy says otherwise.

A claim that is to go with its set, or with a Pod that was scaled away, names it as its owner; the garbage collector
does the rest. Upstream: ``pkg/controller/statefulset/stateful_pod_control.go``.
"""

from __future__ import annotations

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.controllers.client import Client
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.pods import controller_of, owner_reference
from kubesim.controllers.statefulset.identity import claims_of, ordinal, ordinals, retention

NAME = "statefulset-controller"


class ClaimKeeper:
    """Makes claims, and says whom they belong to."""

    def __init__(self, client: Client, events: EventRecorder) -> None:
        self._client = client
        self._events = events

    def create_missing(self, wire: Wire, pod: Wire) -> None:
        """Make the claims of a Pod that are not there yet.

        :raises ApiError: where the server refuses one.
        """
        name, owner = pod["metadata"]["name"], wire["metadata"]["name"]
        for claim in self._claims(wire, pod):
            metadata = claim["metadata"]
            if self._client.get(claim["kind"], metadata["namespace"], metadata["name"]) is not None:
                continue
            claimed = f"Create Claim {metadata['name']}"
            try:
                self._client.create(claim)
            except ApiError as error:
                said = f"{claimed} for Pod {name} in StatefulSet {owner} failed error: {error.message}"
                self._events.record(wire, WARNING, "FailedCreate", said, component=NAME)
                raise
            said = f"{claimed} Pod {name} in StatefulSet {owner} success"
            self._events.record(wire, NORMAL, "SuccessfulCreate", said, component=NAME)

    def is_stale(self, wire: Wire, pod: Wire) -> bool:
        """Whether a claim still belongs to an earlier Pod of that name, with which it is about to go."""
        for claim in self._stored(wire, pod):
            for owner in claim["metadata"].get("ownerReferences") or ():
                if owner["kind"] == "Pod" and owner["name"] == pod["metadata"]["name"]:
                    return bool(owner["uid"] != pod["metadata"].get("uid"))
        return False

    def give_owners(self, wire: Wire, pod: Wire) -> None:
        """Let a Pod's claims belong to whom the policy says."""
        for claim in self._stored(wire, pod):
            known = claim["metadata"].get("ownerReferences") or []
            wanted = _owners(wire, pod, claim)
            if wanted != known:
                metadata = {key: value for key, value in claim["metadata"].items() if key != "ownerReferences"}
                owned = {"ownerReferences": wanted} if wanted else {}
                self._client.update({**claim, "metadata": metadata | owned})

    def _claims(self, wire: Wire, pod: Wire) -> list[Wire]:
        return list(claims_of(wire, ordinal(pod)).values())

    def _stored(self, wire: Wire, pod: Wire) -> list[Wire]:
        """The claims of a Pod that are there."""
        names = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in self._claims(wire, pod)]
        found = [self._client.get("PersistentVolumeClaim", *name) for name in names]
        return [claim for claim in found if claim is not None]


def _owners(wire: Wire, pod: Wire, claim: Wire) -> list[Wire]:
    """The owners that a claim is to have; one that somebody else controls keeps those alone."""
    ours = {("StatefulSet", wire["metadata"]["name"]), ("Pod", pod["metadata"]["name"])}
    references = claim["metadata"].get("ownerReferences") or []
    others = [each for each in references if (each["kind"], each["name"]) not in ours]
    foreign = controller_of({"metadata": {"ownerReferences": others}})
    policy, scaled_away = retention(wire), ordinal(pod) not in ordinals(wire)
    if foreign is not None:
        return others
    if scaled_away and policy.get("whenScaled") == "Delete":
        return [*others, owner_reference(pod)]
    if not scaled_away and policy.get("whenDeleted") == "Delete":
        return [*others, owner_reference(wire)]
    if policy.get("whenDeleted") == "Delete" and policy.get("whenScaled") != "Delete":
        return [*others, owner_reference(wire)]
    return others
