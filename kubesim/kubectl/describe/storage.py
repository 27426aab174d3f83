"""PersistentVolumes and the claims to them."""

from __future__ import annotations

from kubesim.api.durations import since
from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire
from kubesim.api.printers.storage import access_modes
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, column, labels
from kubesim.kubectl.describe.volumes import source_of


def _phase(wire: Wire, around: Surroundings) -> str:
    deleted = wire["metadata"].get("deletionTimestamp")
    if deleted:
        return f"Terminating (lasts {since(deleted, around.now)})"
    return str((wire.get("status") or {}).get("phase", ""))


def persistent_volume(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a PersistentVolume."""
    metadata, spec = wire["metadata"], wire.get("spec") or {}
    claim = spec.get("claimRef") or {}
    text.line(0, "Name:", metadata["name"])
    labels(text, "Labels", metadata.get("labels"))
    annotation_lines(text, "Annotations", metadata.get("annotations"))
    text.line(0, "Finalizers:", sprint(metadata.get("finalizers") or []))
    text.line(0, "StorageClass:", spec.get("storageClassName", ""))
    text.line(0, "Status:", _phase(wire, around))
    text.line(0, "Claim:", f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "")
    text.line(0, "Reclaim Policy:", spec.get("persistentVolumeReclaimPolicy", ""))
    text.line(0, "Access Modes:", access_modes(spec.get("accessModes")))
    text.given("VolumeMode:", spec.get("volumeMode"))
    text.line(0, "Capacity:", (spec.get("capacity") or {}).get("storage", "0"))
    _node_affinity(spec.get("nodeAffinity") or {}, text)
    text.line(0, "Message:", (wire.get("status") or {}).get("message", ""))
    text.line(0, "Source:")
    source_of(spec, text, 2)
    events_of(text, wire, around)


def _node_affinity(affinity: Wire, text: Text) -> None:
    terms = (affinity.get("required") or {}).get("nodeSelectorTerms")
    text.line(0, "Node Affinity:", *(() if affinity.get("required") else ("<none>",)))
    if not affinity.get("required"):
        return
    text.line(1, "Required Terms:", *(() if terms else ("<none>",)))
    for index, term in enumerate(terms or ()):
        for position, each in enumerate(term.get("matchExpressions") or ()):
            title = f"Term {index}:" if position == 0 else ""
            values = f" [{', '.join(each.get('values') or ())}]" if each.get("values") else ""
            text.line(2, title, f"{each.get('key', '')} {each.get('operator', '').lower()}{values}")


def persistent_volume_claim(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a PersistentVolumeClaim."""
    metadata, spec, status = wire["metadata"], wire.get("spec") or {}, wire.get("status") or {}
    bound = bool(spec.get("volumeName"))
    text.line(0, "Name:", metadata["name"])
    text.line(0, "Namespace:", metadata.get("namespace", ""))
    text.line(0, "StorageClass:", spec.get("storageClassName", ""))
    text.line(0, "Status:", _phase(wire, around))
    text.line(0, "Volume:", spec.get("volumeName", ""))
    labels(text, "Labels", metadata.get("labels"))
    annotation_lines(text, "Annotations", metadata.get("annotations"))
    text.line(0, "Finalizers:", sprint(metadata.get("finalizers") or []))
    text.line(0, "Capacity:", (status.get("capacity") or {}).get("storage", "0") if bound else "")
    text.line(0, "Access Modes:", access_modes(status.get("accessModes")) if bound else "")
    text.given("VolumeMode:", spec.get("volumeMode"))
    column(text, "Used By", _users(wire, around))
    if status.get("conditions"):
        text.line(0, "Conditions:")
        titles = ("Type", "Status", "LastProbeTime", "LastTransitionTime", "Reason", "Message")
        keys = [title[0].lower() + title[1:] for title in titles]
        text.table(1, titles, ([each.get(key, "") for key in keys] for each in status["conditions"]))
    events_of(text, wire, around)


def _users(wire: Wire, around: Surroundings) -> list[str]:
    """The Pods that mount a claim."""
    name, found = wire["metadata"]["name"], []
    for pod in around.objects.list("Pod", wire["metadata"].get("namespace")):
        for volume in (pod.get("spec") or {}).get("volumes") or ():
            if (volume.get("persistentVolumeClaim") or {}).get("claimName") == name:
                found.append(pod["metadata"]["name"])
    return found
