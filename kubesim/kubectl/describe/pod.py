"""Pods: where they run, what their containers do, and what happened to them."""

from __future__ import annotations

from kubesim.api.durations import since
from kubesim.api.objects import Pod, Wire, view
from kubesim.kubectl.describe.containers import containers
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, controller, labels, moment, tolerations
from kubesim.kubectl.describe.volumes import spread_constraints, volumes


def pod(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Pod."""
    it = view(wire, Pod)
    _identity(it, text)
    _status(it, around, text)
    spec, status = it.spec, it.status
    if spec.initContainers:
        containers("Init Containers", spec.initContainers, status.initContainerStatuses, text, pod=wire)
    containers("Containers", spec.containers, status.containerStatuses, text, pod=wire)
    if spec.ephemeralContainers:
        ephemeral = status.ephemeralContainerStatuses
        containers("Ephemeral Containers", spec.ephemeralContainers, ephemeral, text, pod=wire)
    if spec.readinessGates:
        text.line(0, "Readiness Gates:")
        text.line(1, "Type", "Status")
        states = {each.type: each.status for each in reversed(status.conditions or [])}
        for gate in spec.readinessGates:
            text.line(1, f"{gate.conditionType} ", f"{states.get(gate.conditionType, '<none>')} ")
    if status.conditions:
        text.line(0, "Conditions:")
        text.line(1, "Type", "Status")
        for condition in status.conditions:
            text.line(1, f"{condition.type} ", f"{condition.status} ")
    volumes(spec.volumes, text)
    text.line(0, "QoS Class:", status.qosClass)
    labels(text, "Node-Selectors", spec.nodeSelector)
    tolerations(text, "Tolerations", spec.tolerations)
    spread_constraints(spec.topologySpreadConstraints, text)
    events_of(text, wire, around)


def _identity(it: Pod, text: Text) -> None:
    spec = it.spec
    text.line(0, "Name:", it.metadata.name)
    text.line(0, "Namespace:", it.metadata.namespace)
    if spec.priority is not None:
        text.line(0, "Priority:", spec.priority)
    text.given("Priority Class Name:", spec.priorityClassName)
    text.given("Service Account:", spec.serviceAccountName)
    text.line(0, "Node:", f"{spec.nodeName}/{it.status.hostIP}" if spec.nodeName else "<none>")
    if it.status.startTime is not None:
        text.line(0, "Start Time:", moment(it.status.startTime))
    labels(text, "Labels", it.metadata.labels)
    annotation_lines(text, "Annotations", it.metadata.annotations)


def _status(it: Pod, around: Surroundings, text: Text) -> None:
    status, metadata = it.status, it.metadata
    if metadata.deletionTimestamp is not None and status.phase not in ("Failed", "Succeeded"):
        text.line(0, "Status:", f"Terminating (lasts {since(metadata.deletionTimestamp, around.now)})")
        text.line(0, "Termination Grace Period:", f"{metadata.deletionGracePeriodSeconds or 0}s")
    else:
        text.line(0, "Status:", status.phase)
    text.given("Reason:", status.reason)
    text.given("Message:", status.message)
    seccomp = (it.spec.securityContext or {}).get("seccompProfile")
    if seccomp:
        text.line(0, "SeccompProfile:", seccomp.get("type", ""))
    text.line(0, "IP:", status.podIP)
    text.line(0, "IPs:", *(() if status.podIPs else ("<none>",)))
    for each in status.podIPs or ():
        text.line(1, "IP:", each.ip)
    text.given("Controlled By:", controller(metadata.ownerReferences))
    text.given("NominatedNodeName:", status.nominatedNodeName)
