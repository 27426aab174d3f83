"""Findings about a Service: its port, its selector, its Pods, its policies."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from kubesim.api.objects import Pod, Service, ServicePort
from kubesim.cluster.diagnosis.finding import Evidence, Finding, Mend, service_mend
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.network.trace import Action, Applied, Outcome, Step
from kubesim.views.reasons import cited, reason


def subject(service: Service) -> str:
    """A Service as evidence names it."""
    return f"Service {service.metadata.namespace}/{service.metadata.name}"


def pod_subject(pod: Pod) -> str:
    """A Pod as evidence names it."""
    return f"Pod {pod.metadata.namespace}/{pod.metadata.name}"


def asked_port(service: Service, question: Question, objects: Objects) -> ServicePort | None:
    """The port of the Service that the question means: a node port on a node's address, else the Service's own."""
    ports = [port for port in service.spec.ports or [] if (port.protocol or "TCP") == question.protocol]
    if question.address in objects.node_addresses:
        found = next((port for port in ports if port.nodePort == question.port), None)
        if found is not None:
            return found
    return next((port for port in ports if port.port == question.port), None)


def port_finding(service: Service, question: Question) -> Finding:
    """The Service lacks the port."""
    ports = service.spec.ports or []
    listed = ", ".join(f"{port.port}/{port.protocol or 'TCP'}" for port in ports) or "none"
    mend = None
    if ports:
        mend = Mend(f"ask for {question.host}:{ports[0].port} instead of port {question.port}")
    evidence = (Evidence(subject(service), "spec.ports", listed),)
    summary = f"{subject(service)} has no port {question.port}/{question.protocol}."
    return Finding("port-not-in-service", summary, evidence, mend)


def endpoint_findings(service: Service, port: ServicePort, objects: Objects) -> Iterator[Finding]:
    """Why a Service has no usable endpoint."""
    about, selector = subject(service), service.spec.selector or {}
    if not selector:
        slices = objects.slices_of(service)
        if not any(piece.endpoints for piece in slices):
            evidence = (
                Evidence(about, "spec.selector", "empty"),
                Evidence(about, "EndpointSlices", "none with endpoints"),
            )
            yield Finding("no-selector-no-endpoints", f"{about} selects nothing and has no endpoints.", evidence)
        return
    pods = objects.selected(service)
    if not pods:
        yield _selector_finding(service, objects)
        return
    ready = [pod for pod in pods if _is_ready(pod)]
    if not ready and not service.spec.publishNotReadyAddresses:
        reasons = tuple(Evidence(pod_subject(pod), "status", _why_not_ready(pod)) for pod in pods)
        names = ", ".join(pod.metadata.name for pod in pods)
        yield Finding("pods-not-ready", f"{about} selects {names}, but none of them is ready.", reasons)
        return
    if isinstance(port.targetPort, str) and not any(_named_port(pod, port.targetPort) for pod in pods):
        yield _unknown_name(service, port, pods)


def _selector_finding(service: Service, objects: Objects) -> Finding:
    meta, selector = service.metadata, service.spec.selector or {}
    wanted = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    evidence = [Evidence(subject(service), "spec.selector", wanted)]
    mend = None
    pods = [pod for pod in objects.pods if pod.metadata.namespace == meta.namespace and pod.metadata.labels]
    nearest = _nearest(wanted, meta.name, pods)
    if nearest is not None:
        labels = nearest.metadata.labels or {}
        have = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        evidence.append(Evidence(pod_subject(nearest), "metadata.labels", have))
        # Set what the Pod has, and take away (null) what it lacks.
        shared = {key: labels[key] for key in selector if key in labels} or _without_hash(labels)
        changes = {**{key: None for key in selector if key not in shared}, **shared}
        new = ",".join(f"{key}={value}" for key, value in sorted(shared.items()))
        sentence = f"let {subject(service)} select {new}, as {pod_subject(nearest)} is labelled"
        mend = service_mend(sentence, service, {"selector": changes})
    summary = f"No Pod has the labels {wanted} that {subject(service)} selects."
    return Finding("selector-matches-nothing", summary, tuple(evidence), mend)


def _nearest(wanted: str, name: str, pods: list[Pod]) -> Pod | None:
    """The Pod whose labels or name look most like what was meant; None where none does."""

    def likeness(pod: Pod) -> float:
        labels = ",".join(f"{key}={value}" for key, value in sorted((pod.metadata.labels or {}).items()))
        return max(
            difflib.SequenceMatcher(None, wanted, labels).ratio(),
            difflib.SequenceMatcher(None, name, pod.metadata.name).ratio(),
        )

    best = max(pods, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.6 else None


def _without_hash(labels: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != "pod-template-hash"}


def _is_ready(pod: Pod) -> bool:
    ready = any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])
    return ready and pod.metadata.deletionTimestamp is None


def _why_not_ready(pod: Pod) -> str:
    if pod.metadata.deletionTimestamp is not None:
        return "it is being deleted"
    for status in pod.status.containerStatuses or []:
        if status.state.waiting is not None:
            return f"container {status.name} waits: {status.state.waiting.reason}"
        if status.state.terminated is not None:
            return f"container {status.name} ended: {status.state.terminated.reason}"
        if not status.ready:
            return f"container {status.name} runs but is not ready"
    return f"phase {pod.status.phase or 'unknown'}"


def _named_port(pod: Pod, name: str) -> int | None:
    for container in pod.spec.containers or []:
        for port in container.ports or []:
            if port.name == name:
                return port.containerPort
    return None


def _unknown_name(service: Service, port: ServicePort, pods: list[Pod]) -> Finding:
    names = [each.name for pod in pods for c in pod.spec.containers or [] for each in c.ports or [] if each.name]
    evidence = (
        Evidence(subject(service), "spec.ports.targetPort", str(port.targetPort)),
        Evidence(pod_subject(pods[0]), "spec.containers.ports.name", ", ".join(names) or "none"),
    )
    return Finding("target-port-name-unknown", f"No selected Pod has a port named {port.targetPort}.", evidence)


def closed_finding(service: Service, port: ServicePort, question: Question, objects: Objects) -> Finding:
    """The endpoint's Pod refused: nothing listens on the targetPort."""
    refused = next(trace for trace in question.traces if trace.outcome is Outcome.REFUSED)
    where = refused.delivered.destination_port if refused.delivered else 0
    machine = refused.destination
    listening = sorted(
        number for protocol, number in objects.listening.get(machine, ()) if protocol == question.protocol
    )
    evidence = [Evidence(subject(service), "spec.ports.targetPort", str(port.targetPort))]
    mend = None
    if listening:
        evidence.append(Evidence(machine, "", f"listens on {', '.join(map(str, listening))}"))
        ports = [{"port": port.port, "targetPort": listening[0]}]
        mend = service_mend(f"set the targetPort to {listening[0]}", service, {"ports": ports})
    summary = f"{machine} refused: nothing there listens on port {where}."
    return Finding("target-port-closed", summary, tuple(evidence), mend)


def dropped_finding(service: Service, step: Step) -> Finding:
    """A rule dropped the packet."""
    about, spec = subject(service), service.spec
    text, chain = cited(step), step.chain if isinstance(step, Applied) else ""
    rule = Evidence("rule", "", text)
    if "not accepted" in text or chain.startswith("firewall-"):
        ranges = ", ".join(spec.loadBalancerSourceRanges or [])
        evidence = (Evidence(about, "spec.loadBalancerSourceRanges", ranges), rule)
        added = [*(spec.loadBalancerSourceRanges or []), f"{step.before.source}/32"]
        sentence = f"add {step.before.source}/32 to the source ranges"
        mend = service_mend(sentence, service, {"loadBalancerSourceRanges": added})
        summary = f"{step.before.source} is in none of the source ranges of {about}."
        return Finding("source-not-admitted", summary, evidence, mend)
    internal = step.before.destination == spec.clusterIP
    field = "internalTrafficPolicy" if internal else "externalTrafficPolicy"
    evidence = (Evidence(about, f"spec.{field}", "Local"), rule)
    mend = service_mend(f"set {field} to Cluster", service, {field: "Cluster"})
    summary = f"{about} has endpoints, but none on the node that got the packet, and its {field} is Local."
    return Finding("no-local-endpoint", summary, evidence, mend)


def other_pods_finding(service: Service, objects: Objects) -> Finding | None:
    """A Service that does not select the Pod of its own name; it works, but hardly as meant."""
    pods = objects.selected(service)
    meta = service.metadata
    own = next(
        (pod for pod in objects.pods if (pod.metadata.namespace, pod.metadata.name) == (meta.namespace, meta.name)),
        None,
    )
    if own is None or not pods or any(pod.metadata.name == meta.name for pod in pods):
        return None
    labels = _without_hash(own.metadata.labels or {})
    evidence = (
        Evidence(subject(service), "spec.selector", str(service.spec.selector)),
        Evidence(pod_subject(own), "metadata.labels", str(labels)),
    )
    chosen = ", ".join(pod.metadata.name for pod in pods)
    summary = f"{subject(service)} sends to {chosen}, not to the Pod {meta.name} that has its name."
    return Finding("service-selects-other-pods", summary, evidence, cause=False)


def failing_step(question: Question) -> Step | None:
    """The step at which the first failing way ended."""
    for trace in question.traces:
        if trace.outcome is not Outcome.DELIVERED and trace.steps:
            ends = (Action.DROP, Action.REJECT, Action.REFUSE, Action.LOSE)
            return next((step for step in reversed(trace.steps) if step.action in ends), trace.steps[-1])
    return None


def step_evidence(question: Question, step: Step) -> Evidence:
    """A step as evidence: the machine on which it was taken, and what happened there."""
    hops = (hop for trace in question.traces for hop in trace.hops)
    machine = next(hop.machine for hop in hops if any(each is step for each in hop.steps))
    return Evidence(machine, "", reason(step))


def pending_finding(service: Service) -> Finding | None:
    """A Service of type LoadBalancer that nobody gave an address."""
    if service.spec.type != "LoadBalancer" or service.status.loadBalancer.ingress:
        return None
    evidence = (Evidence(subject(service), "status.loadBalancer.ingress", "empty"),)
    summary = f"{subject(service)} has no load balancer's address (yet); its cluster IP and node ports work without."
    return Finding("load-balancer-pending", summary, evidence, cause=False)
