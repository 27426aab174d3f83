"""The order in which a diagnosis asks: the name, the address, the Service, its port, its endpoints, the socket."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from kubesim.api.objects import Service
from kubesim.cluster.diagnosis import policies, services
from kubesim.cluster.diagnosis.finding import Diagnosis, Evidence, Finding, Mend, service_mend
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.cluster.diagnosis.services import failing_step, step_evidence, subject
from kubesim.network.addresses import is_ipv4, within
from kubesim.network.trace import Outcome


def diagnose(question: Question, objects: Objects) -> Diagnosis:
    """Explain what a request met."""
    checked: list[str] = []
    findings = list(_findings(question, objects, checked))
    outcome = None
    if question.traces:
        failed = [trace.outcome for trace in question.traces if trace.outcome is not Outcome.DELIVERED]
        outcome = failed[0] if failed else Outcome.DELIVERED
    unchecked = list(_unchecked(question, outcome))
    return Diagnosis(question.source, question.target, outcome, tuple(findings), tuple(checked), tuple(unchecked))


def _unchecked(question: Question, outcome: Outcome | None) -> Iterator[str]:
    if outcome is None:
        yield "the way of the packet: none was sent, because the name has no address"
    elif outcome is not Outcome.DELIVERED:
        yield "what the program would have answered: the connection did not come about"


def _findings(question: Question, objects: Objects, checked: list[str]) -> Iterator[Finding]:
    if not is_ipv4(question.host):
        if not question.address:
            yield from _name_findings(question, objects)
            return
        checked.append(f"the name {question.host} resolves to {question.address}")
    unenforced = policies.unenforced_finding(question, objects)
    if unenforced is not None:
        yield unenforced
    refused = policies.refused_finding(question, objects)
    if refused is not None:
        yield refused
        return
    service = objects.service_at(question)
    delivered = bool(question.traces) and all(trace.outcome is Outcome.DELIVERED for trace in question.traces)
    if service is None:
        if not delivered:
            yield from _address_findings(question, objects)
        return
    yield from _service_findings(service, question, objects, checked, delivered)


def _name_findings(question: Question, objects: Objects) -> Iterator[Finding]:
    """The name has no address: DNS is silent, or nobody has the name."""
    if question.lookup_error in ("timeout", "dns-silent", "refused"):
        evidence = (Evidence("resolver", "", f"{question.host}: {question.lookup_error}"),)
        yield Finding("dns-silent", "No DNS server answered the question.", evidence)
        return
    service = objects.named(question)
    if service is not None:
        evidence = (Evidence(subject(service), "spec.clusterIP", service.spec.clusterIP or "none"),)
        yield Finding("service-has-no-address", f"{subject(service)} has no address of its own to give out.", evidence)
        return
    first = question.host.split(".")[0]
    names = [each.metadata.name for each in objects.services if each.metadata.namespace == question.namespace]
    near = difflib.get_close_matches(first, names, 1)
    mend = Mend(f"ask for {near[0]} instead of {first}") if near else None
    listed = [Evidence(f"namespace {question.namespace}", "Services", ", ".join(sorted(names)) or "none")]
    elsewhere = next((each for each in objects.services if each.metadata.name == first), None)
    if elsewhere is not None and elsewhere.metadata.namespace != question.namespace:
        listed.append(Evidence(subject(elsewhere), "metadata.namespace", elsewhere.metadata.namespace))
        mend = Mend(f"ask for {first}.{elsewhere.metadata.namespace}")
    yield Finding("name-not-found", f"No Service and no host has the name {question.host}.", tuple(listed), mend)


def _address_findings(question: Question, objects: Objects) -> Iterator[Finding]:
    """An address that no Service has."""
    address = question.address or question.host
    step = failing_step(question)
    rule = (step_evidence(question, step),) if step else ()
    pod = next((each for each in objects.pods if each.status.podIP == address and not each.spec.hostNetwork), None)
    if within(address, objects.service_prefix):
        yield Finding("no-service-at-address", f"No Service has the address {address}.", rule)
    elif pod is not None and question.outside and step is not None and question.traces[0].outcome is Outcome.LOST:
        summary = f"{address} is a Pod's address, which only the cluster's own machines have a route to."
        yield Finding("pod-ip-from-outside", summary, rule)
    elif step is not None and question.traces[0].outcome is Outcome.REFUSED:
        yield Finding("port-closed", f"Nothing at {address} listens on {question.protocol} {question.port}.", rule)
    elif within(address, objects.pod_prefix) and pod is None:
        yield Finding("address-of-nobody", f"No Pod has the address {address} (any more).", rule)
    else:
        yield Finding("address-of-nobody", f"{address} did not answer.", rule)


def _service_findings(
    service: Service, question: Question, objects: Objects, checked: list[str], delivered: bool
) -> Iterator[Finding]:
    port = services.asked_port(service, question, objects)
    if port is None:
        if not delivered:
            yield services.port_finding(service, question)
        return
    checked.append(f"{subject(service)} has the port {question.port}/{question.protocol}")
    step = failing_step(question)
    if not delivered and step is not None:
        yield from _failure_findings(service, question, objects, checked)
    elif delivered:
        checked.append("every endpoint that may be chosen takes the connection")
    for notice in (services.other_pods_finding(service, objects), services.pending_finding(service)):
        if notice is not None:
            yield notice


def _failure_findings(service: Service, question: Question, objects: Objects, checked: list[str]) -> Iterator[Finding]:
    port, step = services.asked_port(service, question, objects), failing_step(question)
    if port is None or step is None:
        return
    outcomes = {trace.outcome for trace in question.traces}
    if question.outside and Outcome.LOST in outcomes and question.address == service.spec.clusterIP:
        yield _from_outside(service)
        return
    if Outcome.DROPPED in outcomes:
        yield services.dropped_finding(service, step)
        return
    causes = list(services.endpoint_findings(service, port, objects))
    yield from causes
    if causes:
        return
    checked.append(f"{subject(service)} has ready endpoints")
    if Outcome.REFUSED in outcomes:
        yield services.closed_finding(service, port, question, objects)
    elif Outcome.UNREACHABLE in outcomes:
        summary = "An endpoint of the Service is an address that no machine has (any more)."
        yield Finding("address-of-nobody", summary, (step_evidence(question, step),))


def _from_outside(service: Service) -> Finding:
    evidence = [Evidence(subject(service), "spec.type", service.spec.type or "ClusterIP")]
    sentence = "give the Service a node port (type NodePort) and ask a node for it"
    mend = service_mend(sentence, service, {"type": "NodePort"})
    node_port = next((port.nodePort for port in service.spec.ports or [] if port.nodePort), 0)
    if node_port:
        evidence.append(Evidence(subject(service), "spec.ports.nodePort", str(node_port)))
        mend = Mend(f"ask a node's address on port {node_port}")
    summary = "A cluster IP is nowhere in the network: only the rules on nodes know it, and this machine is none."
    return Finding("cluster-ip-from-outside", summary, tuple(evidence), mend)
