"""The Deployment controller's loop: find or make the ReplicaSet of the current template, move Pods over to it.

Every ReplicaSet carries the revision it was last current in; a rollback is a template that is found again. Upstream:
``pkg/controller/deployment``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from kubesim.api.objects import Wire
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import moment, with_progress
from kubesim.controllers.deployment.rolling import (
    limits_of,
    new_size,
    old_sizes,
    proportional_sizes,
    replicas_of,
)
from kubesim.controllers.deployment.status import (
    available_condition,
    counts,
    is_complete,
    is_progressing,
    with_failure,
)
from kubesim.controllers.events import NORMAL, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.names import template_hash
from kubesim.controllers.pods import controller_of, is_finished, owned_by, owner_reference
from kubesim.simulation import Simulation

NAME = "deployment-controller"
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = (REVISION, HISTORY, DESIRED, MOST, "kubectl.kubernetes.io/last-applied-configuration",
              "deprecated.deployment.rollback.to")  # fmt: skip


class DeploymentController:
    """Rolls Deployments out."""

    name = NAME
    kinds = ("Deployment", "ReplicaSet", Parts.gone("Pod"))

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The Deployment itself, or the one that owns a ReplicaSet; a Pod matters only when it is gone (Recreate)."""
        if change.kind == "Deployment":
            return (change.key,)
        owner, namespace = controller_of(change.object), change.key[0]
        if owner is not None and change.kind == "Pod" and owner["kind"] == "ReplicaSet":
            replica_set = self._client.get("ReplicaSet", namespace, owner["name"])
            owner = controller_of(replica_set) if replica_set is not None else None
        return ((namespace, owner["name"]),) if owner is not None and owner["kind"] == "Deployment" else ()

    def reconcile(self, key: Hashable) -> None:
        """Take the next step of one Deployment's rollout."""
        assert isinstance(key, tuple)
        wire = self._client.get("Deployment", *key)
        if wire is None:
            return
        everyone = self._replica_sets(wire)
        if wire["metadata"].get("deletionTimestamp"):
            self._write_status(wire, everyone, self._find_new(wire, everyone))
            return
        new = self._find_new(wire, everyone)
        if wire["spec"].get("paused"):
            self._scale_all(wire, new, everyone)
        elif self._was_scaled(wire, everyone):
            new = self._current(wire, new, everyone)
            self._scale_all(wire, new, self._replica_sets(wire))
        else:
            wire = self._roll_out(wire, new, everyone)
        everyone = self._replica_sets(wire)
        wire = self._client.get("Deployment", *key) or wire
        self._write_status(wire, everyone, self._find_new(wire, everyone))

    # --- ReplicaSets -------------------------------------------------------------------------------------------

    def _replica_sets(self, wire: Wire) -> list[Wire]:
        owned = self._client.store.owned_by("ReplicaSet", wire["metadata"]["uid"])
        return [each for each in owned if owned_by(each, wire)]

    @staticmethod
    def _find_new(wire: Wire, everyone: list[Wire]) -> Wire | None:
        """The oldest set whose template is the Deployment's, the hash label aside."""
        wanted = wire["spec"]["template"]
        same = [each for each in everyone if _without_hash(each["spec"]["template"]) == wanted]
        return min(same, key=lambda each: each["metadata"].get("creationTimestamp") or "", default=None)

    def _current(self, wire: Wire, new: Wire | None, everyone: list[Wire]) -> Wire:
        """The current set, made where it is missing, with its revision."""
        old = [each for each in everyone if new is None or each["metadata"]["uid"] != new["metadata"]["uid"]]
        highest = max((_revision(each) for each in old), default=0)
        if new is None:
            new = self._create(wire, everyone, str(highest + 1))
        elif _revision(new) <= highest:
            new = self._annotate(wire, new, str(highest + 1))
        else:
            new = self._annotate(wire, new, str(_revision(new)))
        self._note_revision(wire, str(_revision(new)))
        return new

    def _create(self, wire: Wire, everyone: list[Wire], revision: str) -> Wire:
        spec = wire["spec"]
        label = template_hash(spec["template"], (wire.get("status") or {}).get("collisionCount"))
        metadata = spec["template"].get("metadata") or {}
        labels = {**(metadata.get("labels") or {}), HASH: label}
        template = {**spec["template"], "metadata": {**metadata, "labels": labels}}
        selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), HASH: label}}
        created: Wire = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "annotations": self._annotations(wire, {}, revision) | _sizes(wire),
                "labels": labels,
                "name": f"{wire['metadata']['name']}-{label}",
                "namespace": wire["metadata"]["namespace"],
                "ownerReferences": [owner_reference(wire)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
        }
        if spec.get("minReadySeconds"):
            created["spec"]["minReadySeconds"] = spec["minReadySeconds"]
        size = new_size(wire, created, [*everyone, created])
        created["spec"]["replicas"] = size
        stored = self._client.create(created)
        if size:
            self._say_scaled(wire, stored, 0, size)
        return stored

    def _annotations(self, wire: Wire, known: dict[str, str], revision: str) -> dict[str, str]:
        own = wire["metadata"].get("annotations") or {}
        annotations = dict(known) | {key: value for key, value in own.items() if key not in NOT_COPIED}
        before = known.get(REVISION)
        if before is not None and before != revision:
            history = [entry for entry in (known.get(HISTORY) or "").split(",") if entry]
            annotations[HISTORY] = ",".join([*history, before])
        return annotations | {REVISION: revision}

    def _annotate(self, wire: Wire, replica_set: Wire, revision: str) -> Wire:
        known = replica_set["metadata"].get("annotations") or {}
        wanted = self._annotations(wire, known, revision)
        minimum = wire["spec"].get("minReadySeconds") or 0
        if wanted == known and (replica_set["spec"].get("minReadySeconds") or 0) == minimum:
            return replica_set
        spec = {**replica_set["spec"], "minReadySeconds": minimum} if minimum else replica_set["spec"]
        return self._client.update(_annotated(replica_set, wanted, spec))

    def _note_revision(self, wire: Wire, revision: str) -> None:
        if (wire["metadata"].get("annotations") or {}).get(REVISION) != revision:
            own = wire["metadata"].get("annotations") or {}
            self._client.update_annotations(wire, {**own, REVISION: revision})

    def _resize(self, wire: Wire, replica_set: Wire, size: int) -> Wire:
        before = replicas_of(replica_set)
        known = replica_set["metadata"].get("annotations") or {}
        wanted = _sizes(wire)
        if size == before and wanted.items() <= known.items():
            return replica_set
        stored = self._client.update(
            _annotated(replica_set, {**known, **wanted}, {**replica_set["spec"], "replicas": size})
        )
        if size != before:
            self._say_scaled(wire, stored, before, size)
        return stored

    def _say_scaled(self, wire: Wire, replica_set: Wire, before: int, after: int) -> None:
        direction = "up" if after > before else "down"
        name = replica_set["metadata"]["name"]
        message = f"Scaled {direction} replica set {name} from {before} to {after}"
        self._events.record(wire, NORMAL, "ScalingReplicaSet", message, component=NAME)

    # --- rollout -----------------------------------------------------------------------------------------------

    def _was_scaled(self, wire: Wire, everyone: list[Wire]) -> bool:
        """Whether the Deployment's replicas changed since its active sets were last sized."""
        wanted = str(replicas_of(wire))
        return any(
            replicas_of(each) > 0 and (each["metadata"].get("annotations") or {}).get(DESIRED) not in (None, wanted)
            for each in everyone
        )

    def _scale_all(self, wire: Wire, new: Wire | None, everyone: list[Wire]) -> None:
        active = [each for each in everyone if replicas_of(each) > 0]
        if len(active) <= 1:
            only = active[0] if active else new
            if only is not None:
                self._resize(wire, only, replicas_of(wire))
            return
        before = {
            each["metadata"]["name"]: int((each["metadata"].get("annotations") or {}).get(MOST) or 0) for each in active
        }
        sizes = proportional_sizes(wire, active, before)
        for each in active:
            self._resize(wire, each, sizes[each["metadata"]["name"]])

    def _roll_out(self, wire: Wire, found: Wire | None, everyone: list[Wire]) -> Wire:
        recreate = (wire["spec"].get("strategy") or {}).get("type") == "Recreate"
        if recreate and self._old_pods_left(wire, found, everyone):
            return wire
        new = self._current(wire, found, everyone)
        wire = self._client.get("Deployment", *key_of(wire)) or wire
        everyone = self._replica_sets(wire)
        old = [each for each in everyone if each["metadata"]["uid"] != new["metadata"]["uid"]]
        self._resize(wire, new, new_size(wire, new, everyone))
        if not recreate:
            new = self._client.get("ReplicaSet", *key_of(new)) or new
            sizes = old_sizes(wire, new, [each for each in old if replicas_of(each) > 0])
            for each in old:
                self._resize_old(wire, each, sizes)
        self._clean_up(wire, new)
        return wire

    def _resize_old(self, wire: Wire, each: Wire, sizes: dict[str, int]) -> None:
        size = sizes.get(each["metadata"]["name"], replicas_of(each))
        if size != replicas_of(each):
            self._resize(wire, each, size)

    def _old_pods_left(self, wire: Wire, new: Wire | None, everyone: list[Wire]) -> bool:
        """Recreate: all old Pods go before the first new one comes."""
        old = [each for each in everyone if new is None or each["metadata"]["uid"] != new["metadata"]["uid"]]
        left = False
        for each in old:
            if replicas_of(each) > 0:
                self._resize(wire, each, 0)
                left = True
            pods = self._client.store.owned_by("Pod", each["metadata"]["uid"])
            left = left or not all(is_finished(pod) for pod in pods)
        return left

    def _clean_up(self, wire: Wire, new: Wire) -> None:
        """Delete old, empty sets beyond the history limit, once the rollout is complete."""
        limit = wire["spec"].get("revisionHistoryLimit")
        everyone = self._replica_sets(wire)
        status = counts(wire, everyone, self._client.get("ReplicaSet", *key_of(new)))
        if limit is None or not is_complete(wire, status):
            return
        empty = [
            each
            for each in everyone
            if each["metadata"]["uid"] != new["metadata"]["uid"]
            and replicas_of(each) == 0
            and not (each.get("status") or {}).get("replicas")
        ]
        for each in sorted(empty, key=_revision)[: max(0, len(empty) - int(limit))]:
            self._client.delete(each)

    # --- status ------------------------------------------------------------------------------------------------

    def _write_status(self, wire: Wire, everyone: list[Wire], new: Wire | None) -> None:
        before: Wire = wire.get("status") or {}
        status = counts(wire, everyone, new)
        now = self._simulation.timestamp()
        conditions = list(before.get("conditions") or [])
        conditions = self._progress(wire, conditions, before, status, new, now)
        conditions = with_progress(conditions, available_condition(wire, status), now)
        if is_complete(wire, status) and new is not None and not wire["spec"].get("paused"):
            name = new["metadata"]["name"]
            message = f'ReplicaSet "{name}" has successfully progressed.'
            conditions = with_progress(conditions, _progressing("True", "NewReplicaSetAvailable", message), now)
        status["conditions"] = with_failure(conditions, new, everyone, now)
        self._client.update_status(wire, status)

    def _progress(
        self, wire: Wire, conditions: list[Wire], before: Wire, status: Wire, new: Wire | None, now: str
    ) -> list[Wire]:
        deadline = wire["spec"].get("progressDeadlineSeconds")
        if deadline is None or new is None or wire["metadata"].get("deletionTimestamp"):
            return conditions
        known = next((entry for entry in conditions if entry["type"] == "Progressing"), None)
        name = new["metadata"]["name"]
        if wire["spec"].get("paused"):
            return with_progress(conditions, _progressing("Unknown", "DeploymentPaused", "Deployment is paused"), now)
        if known is None or known["reason"] == "DeploymentPaused":
            if known is not None:
                message = "Deployment is resumed"
                return with_progress(conditions, _progressing("Unknown", "DeploymentResumed", message), now)
            message = f'Created new replica set "{name}"'
            return with_progress(conditions, _progressing("True", "NewReplicaSetCreated", message), now)
        if is_complete(wire, status):
            return conditions
        if is_progressing(before, status) or known["reason"] in ("NewReplicaSetAvailable", "DeploymentResumed"):
            message = f'ReplicaSet "{name}" is progressing.'
            fresh = {**_progressing("True", "ReplicaSetUpdated", message), "lastUpdateTime": now}
            since = known["lastTransitionTime"] if known["status"] == "True" else now
            others = [entry for entry in conditions if entry["type"] != "Progressing"]
            self._watch_deadline(wire, float(deadline))
            return [*others, {**fresh, "lastTransitionTime": since}]
        if known["reason"] != "ProgressDeadlineExceeded":
            waited = (self._simulation.datetime - moment(known["lastUpdateTime"])).total_seconds()
            if waited >= deadline:
                message = f'ReplicaSet "{name}" has timed out progressing.'
                return with_progress(conditions, _progressing("False", "ProgressDeadlineExceeded", message), now)
            self._watch_deadline(wire, float(deadline) - waited)
        return conditions

    def _watch_deadline(self, wire: Wire, seconds: float) -> None:
        self._manager.enqueue_after(self, key_of(wire), seconds, progress=False)


def _progressing(status: str, reason: str, message: str) -> Wire:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def _sizes(wire: Wire) -> dict[str, str]:
    """What a set notes of its Deployment whenever it is sized: scaling in mid-rollout keeps the proportions by it."""
    replicas = replicas_of(wire)
    return {DESIRED: str(replicas), MOST: str(replicas + limits_of(wire).surge)}


def _without_hash(template: Wire) -> Wire:
    labels = (template.get("metadata") or {}).get("labels") or {}
    if HASH not in labels:
        return template
    rest = {key: value for key, value in labels.items() if key != HASH}
    metadata = {key: value for key, value in template["metadata"].items() if key != "labels"}
    if rest:
        metadata["labels"] = rest
    return {**template, "metadata": metadata}


def _annotated(replica_set: Wire, annotations: dict[str, str], spec: Wire) -> Wire:
    return {**replica_set, "metadata": {**replica_set["metadata"], "annotations": annotations}, "spec": spec}


def _revision(replica_set: Wire) -> int:
    text = (replica_set["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0
