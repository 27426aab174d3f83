"""The persistent volume controller: claims find volumes, volumes are let go, and neither goes while it is used.

A claim takes the smallest volume that is large enough, is of its class and may be mounted as it asks. A claim that
finds none is looked at again every 15 seconds: a new volume does not wake it. No provisioner runs here, so a claim of
a storage class waits for ever. Upstream: ``pkg/controller/volume/{persistentvolume,pvcprotection,pvprotection}``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.quantities import parse
from kubesim.api.selectors import selector_of
from kubesim.api.store import Change, Key, key_of
from kubesim.api.strategies.storage import CLAIM_PROTECTION, VOLUME_PROTECTION
from kubesim.controllers.client import Client
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.pods import claim_names, is_terminating
from kubesim.simulation import Simulation

NAME = "persistentvolume-controller"
SYNC_SECONDS = 15.0
"""How often claims without a volume are looked at again (upstream: ``pvClaimBinderSyncPeriod``)."""
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
NOTHING_FITS = "no persistent volumes available for this claim and no storage class is set"
CLAIM, VOLUME = "PersistentVolumeClaim", "PersistentVolume"


class VolumeController:
    """Binds claims to volumes, and protects both while they are used."""

    name = NAME
    kinds: Sequence[str | Parts] = (CLAIM, VOLUME, Parts.gone("Pod"))

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The claim or the volume, what either was bound to, or the claims of a Pod that went."""
        wire, key = change.object, change.key
        if change.kind == "Pod":
            return [(CLAIM, (key[0], name)) for name in claim_names(wire["spec"])]
        found: list[tuple[str, Key]] = [(change.kind, key)]
        if change.kind == CLAIM:
            volume = wire["spec"].get("volumeName")
            return [*found, (VOLUME, ("", volume))] if volume else found
        claim = wire["spec"].get("claimRef")
        return [*found, (CLAIM, (claim.get("namespace", ""), claim.get("name", "")))] if claim else found

    def reconcile(self, key: Hashable) -> None:
        """Look at one claim or volume."""
        assert isinstance(key, tuple)
        kind, (namespace, name) = key
        wire = self._client.get(kind, namespace, name)
        if wire is None:
            return
        if kind == CLAIM:
            self._sync_claim(wire)
        else:
            self._sync_volume(wire)

    # --- claims --------------------------------------------------------------------------------------------------

    def _sync_claim(self, claim: Wire) -> None:
        if claim["metadata"].get("deletionTimestamp"):
            if not self._is_mounted(claim):
                self._release(claim, CLAIM_PROTECTION)
            return
        named = claim["spec"].get("volumeName")
        if not named:
            self._find_volume(claim)
            return
        volume = self._client.get(VOLUME, "", named)
        if volume is None:
            lost = {"phase": "Lost"}
            if (claim.get("status") or {}).get("phase") == "Bound":
                message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
                self._events.record(claim, WARNING, "ClaimLost", message, component=NAME)
                self._client.update_status(claim, {**claim["status"], **lost})
        elif belongs(volume, claim):
            self._bind(claim, volume)

    def _is_mounted(self, claim: Wire) -> bool:
        """Whether a Pod that has been given a node mounts a claim."""
        namespace, name = key_of(claim)
        return any(
            pod["spec"].get("nodeName") and name in claim_names(pod["spec"])
            for pod in self._client.store.list("Pod", namespace)
        )

    def _find_volume(self, claim: Wire) -> None:
        best = best_volume(claim, self._client.store.list(VOLUME))
        if best is not None:
            self._bind(claim, best)
            return
        storage_class = claim["spec"].get("storageClassName")
        if storage_class:
            message = f'storageclass.storage.k8s.io "{storage_class}" not found'
            self._events.record(claim, WARNING, "ProvisioningFailed", message, component=NAME)
        else:
            self._events.record(claim, NORMAL, "FailedBinding", NOTHING_FITS, component=NAME)
        rest = SYNC_SECONDS - self._simulation.now % SYNC_SECONDS
        self._manager.enqueue_after(self, (CLAIM, key_of(claim)), rest, progress=False)

    def _bind(self, claim: Wire, volume: Wire) -> None:
        """Both name each other, and say so."""
        if volume["spec"].get("claimRef", {}).get("uid") != claim["metadata"]["uid"]:
            given = volume["spec"].get("claimRef") is not None
            spec = {**volume["spec"], "claimRef": _reference(claim)}
            marks = () if given else (BOUND_BY_CONTROLLER,)
            volume = self._client.update(_annotated({**volume, "spec": spec}, *marks))
        self._set_phase(volume, "Bound")
        if claim["spec"].get("volumeName") != volume["metadata"]["name"]:
            spec = {**claim["spec"], "volumeName": volume["metadata"]["name"]}
            claim = self._client.update(_annotated({**claim, "spec": spec}, BIND_COMPLETED, BOUND_BY_CONTROLLER))
        elif BIND_COMPLETED not in (claim["metadata"].get("annotations") or {}):
            claim = self._client.update(_annotated(claim, BIND_COMPLETED))
        status = {
            "accessModes": volume["spec"]["accessModes"],
            "capacity": volume["spec"]["capacity"],
            "phase": "Bound",
        }
        self._client.update_status(claim, status)

    # --- volumes -------------------------------------------------------------------------------------------------

    def _sync_volume(self, volume: Wire) -> None:
        self._follow_claim(volume)
        current = self._client.get(VOLUME, *key_of(volume))
        if current is not None and is_terminating(current) and current["status"]["phase"] != "Bound":
            self._release(current, VOLUME_PROTECTION)

    def _follow_claim(self, volume: Wire) -> None:
        reference = volume["spec"].get("claimRef")
        if not reference:
            self._set_phase(volume, "Available")
            return
        claim = self._client.get(CLAIM, reference.get("namespace", ""), reference.get("name", ""))
        if "uid" not in reference:  # somebody keeps it for a claim that may be about to come
            self._set_phase(volume, "Available")
            if claim is not None and not claim["spec"].get("volumeName") and not is_terminating(volume):
                self._bind(claim, volume)
        elif claim is None or claim["metadata"]["uid"] != reference["uid"]:
            self._set_phase(volume, "Released")

    def _set_phase(self, volume: Wire, phase: str) -> None:
        status = volume.get("status") or {}
        if status.get("phase") != phase:
            changed = {"lastPhaseTransitionTime": self._simulation.timestamp(), "phase": phase}
            self._client.update_status(volume, {**status, **changed})

    def _release(self, wire: Wire, finalizer: str) -> None:
        finalizers = wire["metadata"].get("finalizers") or []
        if finalizer in finalizers:
            self._client.set_finalizers(wire, [each for each in finalizers if each != finalizer])


def belongs(volume: Wire, claim: Wire) -> bool:
    """Whether a volume is for this claim, or for nobody yet."""
    reference = volume["spec"].get("claimRef")
    if not reference:
        return True
    same = (reference.get("namespace", ""), reference.get("name", "")) == key_of(claim)
    return same and bool(reference.get("uid", claim["metadata"]["uid"]) == claim["metadata"]["uid"])


def best_volume(claim: Wire, volumes: Iterable[Wire]) -> Wire | None:
    """The volume kept for a claim, else the smallest that fits it."""
    spec = claim["spec"]
    wanted = parse(str(spec["resources"]["requests"]["storage"]))
    chosen = selector_of(view(spec["selector"], LabelSelector)) if spec.get("selector") else None
    fitting = []
    for volume in volumes:
        own, reference = volume["spec"], volume["spec"].get("claimRef")
        if is_terminating(volume) or own.get("volumeMode") != spec.get("volumeMode"):
            continue
        size = parse(str(own["capacity"]["storage"]))
        if not set(spec["accessModes"]) <= set(own["accessModes"]) or size < wanted:
            continue
        if reference:
            if belongs(volume, claim):
                return volume
            continue
        same_class = (own.get("storageClassName") or "") == (spec.get("storageClassName") or "")
        labelled = chosen is None or chosen.matches(volume["metadata"].get("labels") or {})
        if same_class and labelled and (volume.get("status") or {}).get("phase") == "Available":
            fitting.append((size, volume["metadata"]["name"], volume))
    return min(fitting, key=lambda each: each[:2])[2] if fitting else None


def _reference(claim: Wire) -> Wire:
    metadata = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": CLAIM,
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "resourceVersion": metadata["resourceVersion"],
        "uid": metadata["uid"],
    }


def _annotated(wire: Wire, *names: str) -> Wire:
    annotations = {**(wire["metadata"].get("annotations") or {}), **dict.fromkeys(names, "yes")}
    metadata = {**wire["metadata"], **({"annotations": dict(sorted(annotations.items()))} if annotations else {})}
    return {**wire, "metadata": metadata}
