"""The strategies of what makes Pods: what the server itself adds to a workload.

Upstream: ``pkg/registry/{apps,batch}``.
"""

from __future__ import annotations

from kubesim.api.managed_fields.field_set import FieldSet
from kubesim.api.objects import Wire
from kubesim.api.strategies.base import Strategy
from kubesim.api.strategies.kinds import GenerationStrategy
from kubesim.api.validation.batch import NAME_LABELS, UID_LABELS

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""The annotation in which a DaemonSet of today counts the changes of its template, as those of old did in a field."""


_SPEC_AND_LABELS = FieldSet.of(("f:spec",), ("f:metadata", "f:labels"))


class DeploymentStrategy(GenerationStrategy):
    """A Deployment counts changes of its annotations too: the controller copies them to ReplicaSets."""

    def left_alone(self, subresource: str) -> FieldSet:
        """The status also leaves the labels."""
        return _SPEC_AND_LABELS if subresource == "status" else super().left_alone(subresource)

    def changed(self, new: Wire, old: Wire) -> bool:
        """Whether the spec or the annotations changed."""
        annotations = [wire["metadata"].get("annotations") or {} for wire in (new, old)]
        return super().changed(new, old) or annotations[0] != annotations[1]


class DaemonSetStrategy(GenerationStrategy):
    """A DaemonSet counts the changes of its template in an annotation that nobody else can change."""

    def __init__(self) -> None:
        super().__init__("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")

    def prepare_create(self, new: Wire) -> None:
        """Begin with the first template."""
        super().prepare_create(new)
        _annotate(new, 1)

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Count a change of the template."""
        super().prepare_update(new, old)
        count = template_generation(old)
        template, before = new["spec"].get("template"), old["spec"].get("template")
        _annotate(new, count if template is before or template == before else count + 1)


def template_generation(daemon_set: Wire) -> int:
    """How many templates a DaemonSet has had."""
    text = (daemon_set["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1")
    return int(text) if text.isdecimal() else 1


def _annotate(new: Wire, count: int) -> None:
    annotations = {**(new["metadata"].get("annotations") or {}), TEMPLATE_GENERATION: str(count)}
    new["metadata"]["annotations"] = dict(sorted(annotations.items()))


class StatefulSetStrategy(GenerationStrategy):
    """A StatefulSet, whose ``maxUnavailable`` a server of this version drops (the gate MaxUnavailableStatefulSet)."""

    def __init__(self) -> None:
        super().__init__("availableReplicas", "replicas")

    def prepare_create(self, new: Wire) -> None:
        """Drop what the gate hides."""
        super().prepare_create(new)
        _drop_max_unavailable(new)

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Drop what the gate hides, before the change is counted."""
        _drop_max_unavailable(new)
        super().prepare_update(new, old)


def _drop_max_unavailable(new: Wire) -> None:
    strategy = new["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    if "maxUnavailable" in rolling:
        kept = {name: value for name, value in rolling.items() if name != "maxUnavailable"}
        new["spec"] = {**new["spec"], "updateStrategy": {**strategy, "rollingUpdate": kept}}


class JobStrategy(GenerationStrategy):
    """A Job, which gets a selector of its own: its uid, unless a person says that the selector is theirs."""

    def prepare_create(self, new: Wire) -> None:
        """Label the template, and select by its label."""
        super().prepare_create(new)
        spec = new["spec"]
        if spec.get("manualSelector"):
            return
        metadata = new["metadata"]
        named = bool(metadata.get("labels"))
        template = spec["template"].get("metadata") or {}
        labels = dict.fromkeys(NAME_LABELS, metadata.get("name", "")) | dict.fromkeys(UID_LABELS, metadata["uid"])
        labels = dict(sorted((labels | (template.get("labels") or {})).items()))
        selector = spec.get("selector") or {}
        selected = {UID_LABELS[-1]: metadata["uid"]} | (selector.get("matchLabels") or {})
        new["spec"] = {
            **spec,
            "selector": {**selector, "matchLabels": selected},
            "template": {**spec["template"], "metadata": {**template, "labels": labels}},
        }
        if not named:  # a Job without labels of its own is read with those of its template
            metadata["labels"] = labels


class AutoscalerStrategy(Strategy):
    """A HorizontalPodAutoscaler, which counts no generations."""

    def prepare_create(self, new: Wire) -> None:
        """Begin without having looked."""
        new["status"] = {"desiredReplicas": 0}
