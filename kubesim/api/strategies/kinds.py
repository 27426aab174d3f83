"""The strategies of Namespaces, Endpoints and Pods, and of kinds that are kept and count their changes."""

from __future__ import annotations

from kubesim.api.errors import FieldError
from kubesim.api.managed_fields.field_set import FieldSet
from kubesim.api.objects import Wire
from kubesim.api.quantities import parse
from kubesim.api.resources import ResourceType
from kubesim.api.schema import decode
from kubesim.api.strategies.base import Strategy, keep_status
from kubesim.api.validation.configuration import validate_namespace_finalizers, validate_namespace_status
from kubesim.api.validation.ingress import validate_ingress_status
from kubesim.api.validation.pod_update import validate_pod_ephemeral_containers, validate_pod_status

_COMPUTE = ("cpu", "memory")


class NamespaceStrategy(Strategy):
    """A Namespace goes only when its content has gone: the finalizer ``kubernetes`` in its *spec* holds it."""

    def prepare_create(self, new: Wire) -> None:
        """Begin active, held by the finalizer."""
        new["status"] = {"phase": "Active"}
        finalizers = (new.get("spec") or {}).get("finalizers") or []
        if "kubernetes" not in finalizers:
            finalizers = [*finalizers, "kubernetes"]
        new["spec"] = {"finalizers": finalizers}

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Keep status and finalizers: neither is a client's to change."""
        new["status"] = old["status"]
        new["spec"] = old["spec"]

    def validate_status(self, new: Wire, old: Wire) -> list[FieldError]:
        """The phase follows from whether it was deleted."""
        return validate_namespace_status(new, old)

    def validate_finalizers(self, new: Wire, old: Wire) -> list[FieldError]:
        """Each must be Kubernetes' own, or have a domain."""
        return validate_namespace_finalizers(new, old)


class EndpointsStrategy(Strategy):
    """Endpoints, whose addresses and ports belong to the controller."""

    create_on_update = True


class EndpointSliceStrategy(Strategy):
    """An EndpointSlice counts every change but those of its metadata; labels count."""

    create_on_update = True
    _COUNTED = ("addressType", "endpoints", "ports")

    def prepare_create(self, new: Wire) -> None:
        """Begin with generation 1."""
        new["metadata"]["generation"] = 1

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Count a change."""
        generation = old["metadata"].get("generation", 0)
        changed = any(new.get(name) != old.get(name) for name in self._COUNTED)
        changed = changed or new["metadata"].get("labels") != old["metadata"].get("labels")
        new["metadata"]["generation"] = generation + 1 if changed else generation


class GenerationStrategy(Strategy):
    """A kind whose ``metadata.generation`` counts the changes of what is wanted.

    :param counts: the numbers that its status always states; they begin at 0.
    """

    def __init__(self, *counts: str) -> None:
        self._counts = counts

    def prepare_create(self, new: Wire) -> None:
        """Begin with generation 1."""
        new["status"] = dict.fromkeys(self._counts, 0)
        new["metadata"]["generation"] = 1

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Keep the status; count a change."""
        keep_status(new, old)
        generation = old["metadata"].get("generation", 0)
        new["metadata"]["generation"] = generation + 1 if self.changed(new, old) else generation

    def changed(self, new: Wire, old: Wire) -> bool:
        """Whether this change counts."""
        spec, before = new.get("spec"), old.get("spec")
        return spec is not before and spec != before


class KeptStrategy(Strategy):
    """A kind that is kept as it was written, with the status that Go writes while there is none.

    :param counted: whether ``metadata.generation`` counts the changes of all but its metadata and status.
    """

    def __init__(self, resource: ResourceType, *, counted: bool = False) -> None:
        self._resource = resource
        self._counted = counted

    def prepare_create(self, new: Wire) -> None:
        """Begin without a status of anybody's, and with generation 1."""
        empty = decode({}, self._resource.kind, self._resource.api_version).object.get("status")
        if empty is not None:
            new["status"] = empty
        else:
            new.pop("status", None)
        if self._counted:
            new["metadata"]["generation"] = 1

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Keep the status; count a change."""
        keep_status(new, old)
        if self._counted:
            changed = any(new.get(part) != old.get(part) for part in {*new, *old} if part not in ("metadata", "status"))
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + changed


class IngressStrategy(KeptStrategy):
    """An Ingress, whose status is a controller's."""

    def validate_status(self, new: Wire, old: Wire) -> list[FieldError]:
        """Addresses and host names must be such."""
        return validate_ingress_status(new, old)


_NOT_OF_A_STATUS = FieldSet.of(("f:spec",), ("f:metadata", "f:deletionTimestamp"), ("f:metadata", "f:ownerReferences"))


class PodStrategy(GenerationStrategy):
    """A Pod: its quality of service, and a deletion that leaves the kubelet time."""

    def left_alone(self, subresource: str) -> FieldSet:
        """The status also leaves who owns the Pod, and when it is to go."""
        return _NOT_OF_A_STATUS if subresource == "status" else super().left_alone(subresource)

    def prepare_create(self, new: Wire) -> None:
        """Begin pending."""
        new["metadata"]["generation"] = 1
        new["status"] = {"phase": "Pending", "qosClass": quality_of_service(new["spec"])}

    def prepare_status_update(self, new: Wire, old: Wire) -> None:
        """Keep everything but the status, and in it the quality of service."""
        new["spec"] = old["spec"]
        if not new["status"].get("qosClass") and (old.get("status") or {}).get("qosClass"):
            new["status"] = {**new["status"], "qosClass": old["status"]["qosClass"]}

    def validate_ephemeral_containers(self, new: Wire, old: Wire) -> list[FieldError]:
        """They are added, never changed or taken away."""
        return validate_pod_ephemeral_containers(new, old)

    def validate_status(self, new: Wire, old: Wire) -> list[FieldError]:
        """Addresses of both families at most, and the quality of service as it was."""
        return validate_pod_status(new, old)

    def grace_period(self, old: Wire, asked: int | None) -> int | None:
        """What was asked for, else what the Pod wants; none at all for a Pod that runs nowhere or has ended."""
        wanted = old["spec"].get("terminationGracePeriodSeconds", 30) if asked is None else asked
        status = old.get("status") or {}
        if not old["spec"].get("nodeName") or status.get("phase") in ("Failed", "Succeeded"):
            wanted = 0
        return 1 if wanted < 0 else int(wanted)


def quality_of_service(spec: Wire) -> str:
    """Guaranteed, Burstable or BestEffort: from the requests and limits of CPU and memory.

    Upstream: ``pkg/apis/core/helper/qos``.
    """
    requests: dict[str, object] = {}
    guaranteed = True
    limited: set[str] = set()
    for container in (spec.get("containers") or []) + (spec.get("initContainers") or []):
        resources = container.get("resources")
        if not resources:
            guaranteed = False
            continue
        positive = {
            kind: {
                name: parse(str(amount))
                for name, amount in (resources.get(kind) or {}).items()
                if name in _COMPUTE and parse(str(amount)) > 0
            }
            for kind in ("requests", "limits")
        }
        requests |= positive["requests"]
        limited |= set(positive["limits"])
        if set(positive["limits"]) != set(_COMPUTE) or positive["requests"] != positive["limits"]:
            guaranteed = False
    if not requests and not limited:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
