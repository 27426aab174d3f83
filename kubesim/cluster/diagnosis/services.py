"""Findings about a Service: its port, its selector, its Pods, its policies."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from kubesim.api.objects import EndpointSlice, Pod, Service, ServicePort
from kubesim.cluster.diagnosis.finding import Evidence, Finding, Mend, patch_words, service_mend
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.network.rules import OWN_FIREWALL
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
    other = next((port for port in ports if port.port == question.port), None)
    if other is not None:
        return _protocol_finding(service, question, other)
    listed = ", ".join(f"{port.port}/{port.protocol or 'TCP'}" for port in ports) or "none"
    mend = None
    if ports:
        mend = Mend(f"ask for {question.host}:{ports[0].port} instead of port {question.port}")
    evidence = (Evidence(subject(service), "spec.ports", listed),)
    summary = f"{subject(service)} has no port {question.port}/{question.protocol}."
    return Finding("port-not-in-service", summary, evidence, mend)


def _protocol_finding(service: Service, question: Question, other: ServicePort) -> Finding:
    has = other.protocol or "TCP"
    evidence = (Evidence(subject(service), "spec.ports", f"{other.port}/{has}"),)
    summary = f"{subject(service)} has port {question.port} for {has}, and was asked by {question.protocol}."
    added: dict[str, object] = {"name": question.protocol.lower(), "port": other.port, "protocol": question.protocol}
    kept = {"port": other.port, "protocol": has, "name": other.name or has.lower()}
    mend = service_mend(f"add port {other.port} for {question.protocol}", service, {"ports": [kept, added]})
    return Finding("protocol-not-in-service", summary, evidence, mend)


def node_port_mend(question: Question, objects: Objects) -> tuple[Mend | None, str]:
    """What may have been meant by a node port that no Service has.

    :returns: the mend, and the node ports that there are, as text.
    """
    having = [(service, port) for service in objects.services for port in service.spec.ports or [] if port.nodePort]
    listed = ", ".join(f"{port.nodePort} ({subject(service)})" for service, port in having) or "none"
    if having:
        service, port = min(having, key=lambda each: abs(each[1].nodePort - question.port))
        return Mend(f"ask for port {port.nodePort}, which is {subject(service)}'s"), listed
    typed = [each for each in objects.services if each.spec.clusterIP not in ("", "None") and each.spec.selector]
    own = next((each for each in typed if each.metadata.namespace == question.namespace), None)
    if own is None or not own.spec.ports:
        return Mend("give a Service the type NodePort and this number"), listed
    ports = [{"port": own.spec.ports[0].port, "nodePort": question.port}]
    sentence = f"give {subject(own)} the type NodePort and this number"
    return service_mend(sentence, own, {"type": "NodePort", "ports": ports}), listed


def slice_findings(service: Service, port: ServicePort, objects: Objects) -> Iterator[Finding]:
    """Slices with endpoints that the Service's port cannot use: names instead of addresses, ports of other names."""
    pieces = [piece for piece in objects.slices_of(service) if piece.endpoints]
    if not pieces:
        return
    of_names = [piece for piece in pieces if piece.addressType == "FQDN"]
    if len(of_names) == len(pieces):
        hosts = [address for piece in of_names for each in piece.endpoints or [] for address in each.addresses]
        evidence = tuple(Evidence(_slice(piece), "addressType", "FQDN") for piece in of_names)
        summary = f"The slices of {subject(service)} hold names, which kube-proxy passes over."
        mend = None
        if len(hosts) == 1:
            fields = {"type": "ExternalName", "externalName": hosts[0], "clusterIP": None, "clusterIPs": None}
            mend = service_mend(f"make it an ExternalName of {hosts[0]}", service, fields)
        yield Finding("slice-fqdn", summary, evidence, mend)
        return
    named = {each.name or "" for piece in pieces for each in piece.ports or [] if piece.addressType != "FQDN"}
    if (port.name or "") not in named and (named or not service.spec.selector):
        listed = ", ".join(sorted(repr(name) for name in named)) or "none"
        evidence = (
            Evidence(subject(service), "spec.ports.name", repr(port.name or "")),
            *(Evidence(_slice(piece), "ports.name", listed) for piece in pieces[:1]),
        )
        summary = f"No slice of {subject(service)} has a port named {port.name or ''!r}, by which they are joined."
        piece = pieces[0]
        ports = [
            {"name": port.name or "", "port": each.port, "protocol": each.protocol or "TCP"}
            for each in piece.ports or []
        ]
        sentence = f"name the port of {_slice(piece)} {port.name or ''!r}"
        mend = Mend(sentence, "EndpointSlice", piece.metadata.namespace, piece.metadata.name, {"ports": ports})
        yield Finding("slice-port-name", summary, evidence, mend if len(ports) == 1 else None)


def _slice(piece: EndpointSlice) -> str:
    return f"EndpointSlice {piece.metadata.namespace}/{piece.metadata.name}"


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
    ready = [pod for pod in pods if is_ready(pod)]
    if not ready and not service.spec.publishNotReadyAddresses:
        special = next((found for pod in pods for found in _special_reasons(pod, objects)), None)
        if special is not None:
            yield special
            return
        reasons = tuple(Evidence(pod_subject(pod), "status", why_not_ready(pod)) for pod in pods)
        names = ", ".join(pod.metadata.name for pod in pods)
        yield Finding("pods-not-ready", f"{about} selects {names}, but none of them is ready.", reasons)
        return
    if isinstance(port.targetPort, str) and not any(_named_port(pod, port.targetPort) for pod in pods):
        yield _unknown_name(service, port, pods)


def _special_reasons(pod: Pod, objects: Objects) -> Iterator[Finding]:
    """Why a Pod is not ready, where more than its own state tells."""
    conditions = {each.type: each.status for each in pod.status.conditions or []}
    gates = [each.conditionType for each in pod.spec.readinessGates or []]
    waiting = [gate for gate in gates if conditions.get(gate) != "True"]
    if waiting and conditions.get("ContainersReady") == "True":
        evidence = tuple(
            Evidence(pod_subject(pod), f"condition {gate}", conditions.get(gate) or "not set") for gate in waiting
        )
        summary = f"The containers of {pod_subject(pod)} are ready, but its readiness gate {waiting[0]} is not."
        status = {"status": {"conditions": [{"type": waiting[0], "status": "True"}]}}
        words = patch_words("Pod", pod.metadata.namespace, pod.metadata.name, status) + " --subresource=status"
        sentence = f"let its controller set the condition {waiting[0]}, or set it by hand"
        yield Finding("readiness-gate", summary, evidence, Mend(sentence, words=words))
    wanted = {(p.protocol or "TCP", p.hostPort) for c in pod.spec.containers or [] for p in c.ports or [] if p.hostPort}
    if pod.status.phase != "Pending" or pod.spec.nodeName or not wanted:
        return
    for other in objects.pods:
        has = {(p.protocol or "TCP", p.hostPort) for c in other.spec.containers or [] for p in c.ports or []}
        taken = sorted(wanted & has)
        if taken and other.spec.nodeName and other.status.phase in ("Pending", "Running"):
            protocol, number = taken[0]
            evidence = (
                Evidence(pod_subject(pod), "spec.containers.ports.hostPort", str(number)),
                Evidence(pod_subject(other), "hostPort on " + other.spec.nodeName, str(number)),
            )
            summary = f"{pod_subject(pod)} waits for a node whose {protocol} port {number} is free."
            yield Finding("host-port-taken", summary, evidence, Mend("take hostPort out of the Pod's template"))
            return


def _selector_finding(service: Service, objects: Objects) -> Finding:
    meta, selector = service.metadata, service.spec.selector or {}
    wanted = _listed(selector)
    evidence = [Evidence(subject(service), "spec.selector", wanted)]
    mend = None
    pods = [pod for pod in objects.pods if pod.metadata.namespace == meta.namespace and pod.metadata.labels]
    nearest = _nearest(wanted, meta.name, pods)
    if nearest is not None:
        labels = nearest.metadata.labels or {}
        have = _listed(labels)
        evidence.append(Evidence(pod_subject(nearest), "metadata.labels", have))
        # Set what the Pod has, and take away (null) what it lacks.
        shared = {key: labels[key] for key in selector if key in labels} or without_hash(labels)
        changes = {**{key: None for key in selector if key not in shared}, **shared}
        new = _listed(shared)
        sentence = f"let {subject(service)} select {new}, as {pod_subject(nearest)} is labelled"
        mend = service_mend(sentence, service, {"selector": changes})
    summary = f"No Pod has the labels {wanted} that {subject(service)} selects."
    return Finding("selector-matches-nothing", summary, tuple(evidence), mend)


def _nearest(wanted: str, name: str, pods: list[Pod]) -> Pod | None:
    """The Pod whose labels or name look most like what was meant; None where none does."""

    def likeness(pod: Pod) -> float:
        labels = _listed(pod.metadata.labels or {})
        return max(
            difflib.SequenceMatcher(None, wanted, labels).ratio(),
            difflib.SequenceMatcher(None, name, pod.metadata.name).ratio(),
        )

    best = max(pods, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.6 else None


def labelled(labels: dict[str, str]) -> str:
    """Labels as kubectl writes them: ``app=web,tier=front``."""
    return ",".join(f"{key}={value}" for key, value in labels.items()) or "none"


def without_hash(labels: dict[str, str]) -> dict[str, str]:
    """Labels without the one that a Deployment's controller adds."""
    return {key: value for key, value in labels.items() if key != "pod-template-hash"}


def is_ready(pod: Pod) -> bool:
    """Whether a Pod is ready and stays."""
    """Whether traffic may go to a Pod: its condition says so, and it is not on its way out."""
    ready = any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])
    return ready and pod.metadata.deletionTimestamp is None


def why_not_ready(pod: Pod) -> str:
    """The first reason in a Pod's status why it is not ready."""
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
    mend = None
    if len(set(names)) == 1:
        ports = [{"port": port.port, "targetPort": names[0]}]
        mend = service_mend(f"set the targetPort to {names[0]}", service, {"ports": ports})
    return Finding("target-port-name-unknown", f"No selected Pod has a port named {port.targetPort}.", evidence, mend)


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


def own_firewall_finding(question: Question, step: Step) -> Finding | None:
    """The firewall of the machine that asks dropped the packet, before anybody else saw it."""
    if OWN_FIREWALL not in cited(step):
        return None
    summary = f"The firewall of {question.source} lets nobody call {question.protocol} port {question.port}."
    return Finding("own-firewall", summary, (step_evidence(question, step),))


def dropped_finding(service: Service, step: Step) -> Finding:
    """A rule dropped the packet."""
    about, spec = subject(service), service.spec
    text, chain = cited(step), step.chain if isinstance(step, Applied) else ""
    rule = Evidence("rule", "", text)
    by_balancer = chain == "FORWARD"  # of a Pod of servicelb: kube-proxy drops in chains of its own
    if by_balancer or "not accepted" in text or chain.startswith("firewall-"):
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
    labels = without_hash(own.metadata.labels or {})
    evidence = (
        Evidence(subject(service), "spec.selector", _listed(service.spec.selector or {})),
        Evidence(pod_subject(own), "metadata.labels", _listed(labels)),
    )
    chosen = ", ".join(pod.metadata.name for pod in pods)
    summary = f"{subject(service)} sends to {chosen}, not to the Pod {meta.name} that has its name."
    changes = {**dict.fromkeys(service.spec.selector or {}), **labels}
    sentence = f"if that Pod is meant, let {subject(service)} select {_listed(labels)}"
    mend = service_mend(sentence, service, {"selector": changes}) if labels else None
    return Finding("service-selects-other-pods", summary, evidence, mend, cause=False)


def _listed(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


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
