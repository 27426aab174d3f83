"""The strategies of the kinds that make Pods, and of EndpointSlices: they count generations."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.strategies.base import GenerationStrategy, Strategy


class DeploymentStrategy(GenerationStrategy):
    """A Deployment counts changes of its annotations too: the controller copies them to ReplicaSets."""

    def changed(self, new: Wire, old: Wire) -> bool:
        """Whether the spec or the annotations changed."""
        annotations = [wire["metadata"].get("annotations") or {} for wire in (new, old)]
        return super().changed(new, old) or annotations[0] != annotations[1]


class ReplicaSetStrategy(GenerationStrategy):
    """A ReplicaSet; its status always states a number of replicas."""

    def prepare_create(self, new: Wire) -> None:
        """Begin with no replicas."""
        super().prepare_create(new)
        new["status"] = {"replicas": 0}


class DaemonSetStrategy(GenerationStrategy):
    """A DaemonSet; carried, without a controller."""

    def prepare_create(self, new: Wire) -> None:
        """Begin with no Pods anywhere."""
        super().prepare_create(new)
        names = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
        new["status"] = dict.fromkeys(names, 0)


class StatefulSetStrategy(GenerationStrategy):
    """A StatefulSet; carried, without a controller."""

    def prepare_create(self, new: Wire) -> None:
        """Begin with no replicas."""
        super().prepare_create(new)
        new["status"] = {"replicas": 0}


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
