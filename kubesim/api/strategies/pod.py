"""The strategy of a Pod: its quality of service, and a deletion that leaves the kubelet time."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.quantities import parse
from kubesim.api.strategies.base import GenerationStrategy, keep_status

_COMPUTE = ("cpu", "memory")


class PodStrategy(GenerationStrategy):
    """A Pod."""

    def prepare_create(self, new: Wire) -> None:
        """Begin pending."""
        new["metadata"]["generation"] = 1
        new["status"] = {"phase": "Pending", "qosClass": quality_of_service(new["spec"])}

    def prepare_status_update(self, new: Wire, old: Wire) -> None:
        """Keep everything but the status, and in it the quality of service."""
        new["spec"] = old["spec"]
        quality = (old.get("status") or {}).get("qosClass")
        if quality and not new["status"].get("qosClass"):
            new["status"] = {**new["status"], "qosClass": quality}

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Keep the status; a changed spec counts."""
        super().prepare_update(new, old)
        keep_status(new, old)

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
