"""HorizontalPodAutoscalers and PodDisruptionBudgets."""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import LabelSelector, ObjectMeta, Wire, view
from kubesim.api.printers.columns import label_selector
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, labels, moment

_UNKNOWN = "<unknown>"


def disruption_budget(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a PodDisruptionBudget."""
    spec, status = wire.get("spec") or {}, wire.get("status") or {}
    text.line(0, "Name:", wire["metadata"]["name"])
    text.line(0, "Namespace:", wire["metadata"].get("namespace", ""))
    if "minAvailable" in spec:
        text.line(0, "Min available:", spec["minAvailable"])
    elif "maxUnavailable" in spec:
        text.line(0, "Max unavailable:", spec["maxUnavailable"])
    selector = spec.get("selector")
    text.line(0, "Selector:", "<unset>" if selector is None else label_selector(view(selector, LabelSelector)))
    text.line(0, "Status:")
    for title, field in (("Allowed disruptions:", "disruptionsAllowed"), ("Current:", "currentHealthy"),
                         ("Desired:", "desiredHealthy"), ("Total:", "expectedPods")):  # fmt: skip
        text.line(2, title, status.get(field, 0))
    events_of(text, wire, around)


def autoscaler(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a HorizontalPodAutoscaler."""
    metadata, spec, status = view(wire["metadata"], ObjectMeta), wire.get("spec") or {}, wire.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    text.line(0, "Name:", metadata.name)
    text.line(0, "Namespace:", metadata.namespace)
    labels(text, "Labels", metadata.labels)
    annotation_lines(text, "Annotations", metadata.annotations)
    text.line(0, "CreationTimestamp:", moment(metadata.creationTimestamp))
    text.line(0, "Reference:", f"{target.get('kind', '')}/{target.get('name', '')}")
    text.line(0, "Metrics:", "( current / target )")
    current = status.get("currentMetrics") or ()
    for index, metric in enumerate(spec.get("metrics") or ()):
        text.line(1, *_metric(metric, current[index] if index < len(current) else {}))
    text.line(0, "Min replicas:", spec.get("minReplicas", "<unset>"))
    text.line(0, "Max replicas:", spec.get("maxReplicas", 0))
    if spec.get("behavior") is not None:
        text.line(0, "Behavior:")
        _direction("Scale Up", spec["behavior"].get("scaleUp"), text)
        _direction("Scale Down", spec["behavior"].get("scaleDown"), text)
    counts = [status.get(field, 0) for field in ("currentReplicas", "desiredReplicas")]
    text.line(0, f"{target.get('kind', '')} pods:", f"{counts[0]} current / {counts[1]} desired")
    if status.get("conditions"):
        text.line(0, "Conditions:")
        fields = ("type", "status", "reason", "message")
        rows = [[each.get(field, "") for field in fields] for each in status["conditions"]]
        text.table(1, ("Type", "Status", "Reason", "Message"), rows)
    events_of(text, wire, around)


def _metric(metric: Wire, status: Wire) -> tuple[str, str]:
    """A metric's title, and what it is now and is to be."""
    kind = metric.get("type", "")
    field = kind[:1].lower() + kind[1:]
    source = metric.get(field) or {}
    target, current = source.get("target") or {}, (status.get(field) or {}).get("current") or {}
    named = (source.get("metric") or {}).get("name", "")
    amount = "averageValue" if "averageValue" in target else "value"
    shown = f"{current.get(amount, _UNKNOWN)} / {target.get(amount, '')}"
    words = "target average value" if amount == "averageValue" else "target value"
    match kind:
        case "External":
            return f'"{named}" ({words}):', shown
        case "Object":
            about = source.get("describedObject") or {}
            return f'"{named}" on {about.get("kind", "")}/{about.get("name", "")} ({words}):', shown
        case "Pods":
            return f'"{named}" on pods:', shown
        case "Resource" | "ContainerResource":
            inside = f' of container "{source.get("container", "")}"' if kind == "ContainerResource" else ""
            title = f"resource {source.get('name', '')}{inside} on pods"
            if "averageValue" in target:
                return f"{title}:", shown
            return f"{title}  (as a percentage of request):", _share(current, target)
    return f'<unknown metric type "{kind}">', ""


def _share(current: Wire, target: Wire) -> str:
    now: Any = current.get("averageUtilization")
    wanted: Any = target.get("averageUtilization")
    measured = _UNKNOWN if now is None else f"{now}% ({current.get('averageValue', '')})"
    return f"{measured} / {'<auto>' if wanted is None else f'{wanted}%'}"


def _direction(title: str, rules: Wire | None, text: Text) -> None:
    if rules is None:
        return
    text.line(1, f"{title}:")
    if "stabilizationWindowSeconds" in rules:
        text.line(2, f"Stabilization Window: {rules['stabilizationWindowSeconds']} seconds")
    policies = rules.get("policies")
    if policies:
        text.line(2, f"Select Policy: {rules.get('selectPolicy', 'Max')}")
        text.line(2, "Policies:")
        for each in policies:
            period = f"Period: {each['periodSeconds']} seconds"
            text.line(3, f"- Type: {each['type']}", f"Value: {each['value']}", period)
