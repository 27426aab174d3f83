"""The order in which a diagnosis asks: the name, the address, the Service, its port, its endpoints, the socket.

Where the objects are a dump's, a finding is a cause only if the dump holds all that it rests on; else the diagnosis
says what is missing, and the finding is a hint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from kubesim.api.objects import Service
from kubesim.cluster.diagnosis import policies, services, silence
from kubesim.cluster.diagnosis.catalogue import RULES
from kubesim.cluster.diagnosis.finding import Diagnosis, Evidence, Finding, Mend, Verdict, service_mend
from kubesim.cluster.diagnosis.names import host_notice, name_findings
from kubesim.cluster.diagnosis.policy_evaluation import Blocked, Party, blocked
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.cluster.diagnosis.services import failing_step, pod_subject, step_evidence, subject
from kubesim.network.addresses import is_ipv4, within
from kubesim.network.trace import Outcome

DNS_PORT = 53
"""On which CoreDNS listens, behind its Service."""


def diagnose(question: Question, objects: Objects) -> Diagnosis:
    """Explain what a request met."""
    checked: list[str] = []
    findings = list(_findings(question, objects, checked))
    closed = _policy_finding(question, objects)
    outcome, missing = judged(question, objects, closed is not None, {each.id for each in findings})
    if closed is not None:
        findings.append(closed)
    if missing:
        findings = [replace(finding, cause=False) for finding in findings]
    looked = tuple(
        replace(each, look=each.look or _look(each, question), mend=each.mend or _mend(each)) for each in findings
    )
    unchecked = list(_unchecked(question, outcome))
    provided: tuple[str, ...] = ()
    if objects.coverage is not None:
        provided = tuple(silence.conditions(question, objects, objects.coverage))
        service = objects.service_at(question)
        unchecked += silence.not_looked_at(question, objects, objects.coverage, service)
    unchecked = list(dict.fromkeys(unchecked))
    found = Diagnosis(question.source, question.target, outcome, looked, tuple(checked), tuple(unchecked), missing)
    return replace(found, provided=provided) if found.verdict is Verdict.DELIVERED else found


def judged(
    question: Question, objects: Objects, closed: bool, found: Collection[str] = ()
) -> tuple[Outcome | None, tuple[str, ...]]:
    """What a request met, and what would have to be known to tell.

    :param closed: whether NetworkPolicies close a way on which the rules deliver.
    :param found: the ids of what was found about a name that has no address.
    """
    outcome = None
    if question.traces:
        failed = (trace.outcome for trace in question.traces if trace.outcome is not Outcome.DELIVERED)
        outcome = next(failed, Outcome.DELIVERED)
    missing = dict.fromkeys(_missing(question, objects, outcome, found))
    if closed:
        unknown = () if objects.coverage is None else tuple(silence.unknown_closure(objects, objects.coverage))
        missing |= dict.fromkeys(unknown)
        if not unknown and outcome is Outcome.DELIVERED:
            outcome = Outcome.DROPPED
    return outcome, tuple(missing)


def _missing(question: Question, objects: Objects, outcome: Outcome | None, found: Collection[str]) -> Iterator[str]:
    """What the dump would have to hold, for the verdict to be more than a guess."""
    coverage = objects.coverage
    if coverage is None:
        return
    service = objects.service_at(question)
    external = service is not None and service.spec.type == "ExternalName"
    if not is_ipv4(question.host) and (not question.address or external):
        if not {"pod-not-asking-cluster-dns", "dns-silent"} & set(found):
            yield from silence.unknown_name(question, objects, coverage)
        if not question.address:
            return
    if service is None:
        yield from silence.unknown_address(question, objects, coverage)
    elif outcome is not Outcome.DELIVERED:
        yield from silence.unknown_balancer(service, question, objects)
        if services.asked_port(service, question, objects) is not None:
            yield from silence.unknown_endpoints(service, objects, coverage)
    if outcome is not Outcome.DELIVERED:
        yield from silence.unknown_ways(question, objects, coverage)


def _look(finding: Finding, question: Question) -> str:
    """The command that shows a finding, with the names of its evidence."""
    named = {"Service": ("NAME", question.namespace), "Pod": ("NAME", question.namespace)}
    for kind in named:
        subjects = (each.subject for each in finding.evidence if each.subject.startswith(f"{kind} "))
        for namespace, _, name in (each.removeprefix(f"{kind} ").partition("/") for each in subjects):
            named[kind] = (name, namespace)
            break
    (service, where), (pod, pods_where) = named["Service"], named["Pod"]
    own = pods_where if service == "NAME" else where
    asker = question.source.split("/")[-1]
    return RULES[finding.id].look.format(
        service=service, pod=pod, namespace=own, asker=asker, asking=question.namespace,
        host=question.host, first=question.host.split(".")[0],
    )  # fmt: skip


def _mend(finding: Finding) -> Mend:
    """What mends such a fault in general, where the objects do not tell which change is meant."""
    sentence = RULES[finding.id].mend
    return Mend(sentence[0].lower() + sentence[1:].removesuffix("."))


def _policy_finding(question: Question, objects: Objects) -> Finding | None:
    """A NetworkPolicy that closes a way on which a dump's rules deliver; nobody has written its own rules there."""
    if not policed(objects):
        return None
    for trace in question.traces:
        packet = trace.delivered
        if trace.outcome is Outcome.DELIVERED and packet is not None:
            client = party(trace.source, packet.source, objects)
            server = Party(packet.destination, objects.pod_at(packet.destination))
            port, protocol = packet.destination_port, packet.protocol
            found = blocked(objects.policies, objects.namespaces, client, server, port, protocol)
            if found is not None:
                return _closed(found, client, server, port, protocol)
    return _closed_look_up(question, objects)


def _closed_look_up(question: Question, objects: Objects) -> Finding | None:
    """A NetworkPolicy that keeps a Pod from every DNS server, so that it never learns the address of a name."""
    parts = question.source.split("/")
    pod = objects.pod(parts[1], parts[2]) if len(parts) == 3 and parts[0] == "pod" else None
    if is_ipv4(question.host) or not question.address or pod is None or pod.spec.hostNetwork:
        return None
    aliases = (name for alias in pod.spec.hostAliases or [] for name in alias.hostnames or [])
    if pod.spec.dnsPolicy not in ("", None, "ClusterFirst") or question.host in aliases:
        return None
    servers = [each for each in objects.dns_servers if each.status.podIP and not each.spec.hostNetwork]
    client, closed = Party(pod.status.podIP, pod), None
    for each in servers:
        server = Party(each.status.podIP, each)
        found = blocked(objects.policies, objects.namespaces, client, server, DNS_PORT, "UDP")
        if found is None:
            return None
        closed = closed or _closed(found, client, server, DNS_PORT, "UDP")
    return closed


def policed(objects: Objects) -> bool:
    """Whether NetworkPolicies may close ways in a dump's cluster."""
    return bool(objects.policies) and objects.coverage is not None and objects.coverage.enforces_policies is not False


def party(machine: str, address: str, objects: Objects) -> Party:
    """A machine as NetworkPolicies see it, by an address of its own or of whoever masqueraded."""
    parts = machine.split("/")
    pod = objects.pod(parts[1], parts[2]) if len(parts) == 3 and parts[0] == "pod" else None
    return Party(address, pod, parts[1] if parts[0] == "node" else "")


def _closed(found: Blocked, client: Party, server: Party, port: int, protocol: str) -> Finding:
    names = [f"{each.metadata.namespace}/{each.metadata.name}" for each in found.policies]
    peer = client if found.direction == "Ingress" else server
    other = pod_subject(peer.pod) if peer.pod is not None else peer.address
    evidence = [
        Evidence(pod_subject(found.pod), f"selected for {found.direction} by NetworkPolicies", ", ".join(names)),
        Evidence("request", "port", f"{port}/{protocol}"),
    ]
    if peer.pod is not None:
        evidence.append(Evidence(other, "metadata.labels", services.labelled(peer.pod.metadata.labels or {})))
    way, met = ("from", "client") if found.direction == "Ingress" else ("to", "destination")
    summary = f"NetworkPolicies select {pod_subject(found.pod)} for {found.direction}, and none allows this {met}."
    mend = None
    labels = (peer.pod.metadata.labels or {}) if peer.pod is not None else {}
    if labels:
        pair = {"podSelector": {"matchLabels": services.without_hash(labels)}}
        if peer.pod is not None and peer.pod.metadata.namespace != found.pod.metadata.namespace:
            pair["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": peer.pod.metadata.namespace}}
        policy = found.policies[0]
        field, side = ("ingress", "from") if found.direction == "Ingress" else ("egress", "to")
        listed = (policy.spec.ingress if found.direction == "Ingress" else policy.spec.egress) or []
        rules = [
            *(msgspec.to_builtins(rule) for rule in listed),
            {side: [pair], "ports": [{"port": port, "protocol": protocol}]},
        ]
        where, name = policy.metadata.namespace, policy.metadata.name
        sentence = f"let NetworkPolicy {where}/{name} allow {way} {other}"
        mend = Mend(sentence, "NetworkPolicy", where, name, {"spec": {field: _bare(rules)}})
    return Finding("policy-refuses", summary, tuple(evidence), mend)


def _bare(value: Any) -> Any:
    """A value without what is not set in it."""
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each is not None}
    return [_bare(each) for each in value] if isinstance(value, (list, tuple)) else value


def _unchecked(question: Question, outcome: Outcome | None) -> Iterator[str]:
    if outcome is None:
        yield "the way of the packet: none was sent, because the name has no address"
    elif outcome is not Outcome.DELIVERED:
        yield "what the program would have answered: the connection did not come about"


def _findings(question: Question, objects: Objects, checked: list[str]) -> Iterator[Finding]:
    if not is_ipv4(question.host):
        if not question.address:
            yield from name_findings(question, objects)
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


def _address_findings(question: Question, objects: Objects) -> Iterator[Finding]:
    """An address that no Service has."""
    address = question.address or question.host
    step = failing_step(question)
    rule = (step_evidence(question, step),) if step else ()
    pod = objects.pod_at(address)
    own = services.own_firewall_finding(question, step) if step else None
    if own is not None:
        yield own
    elif within(address, objects.service_prefix):
        yield Finding("no-service-at-address", f"No Service has the address {address}.", rule)
    elif pod is not None and question.outside and step is not None and question.traces[0].outcome is Outcome.LOST:
        summary = f"{address} is a Pod's address, which only the cluster's own machines have a route to."
        yield Finding("pod-ip-from-outside", summary, rule)
    elif step is not None and question.traces[0].outcome is Outcome.REFUSED:
        yield _port_closed(question, objects, address, rule)
    elif within(address, objects.pod_prefix) and pod is None:
        yield Finding("address-of-nobody", f"No Pod has the address {address} (any more).", rule)
    else:
        yield Finding("address-of-nobody", f"{address} did not answer.", rule)


def _port_closed(question: Question, objects: Objects, address: str, rule: tuple[Evidence, ...]) -> Finding:
    """Nothing listens there; on a node's address a node port may have been meant."""
    summary = f"Nothing at {address} listens on {question.protocol} {question.port}."
    mend, look = None, ""
    first, last = objects.node_ports
    if address in objects.node_addresses and first <= question.port <= last:
        mend, listed = services.node_port_mend(question, objects)
        rule = (*rule, Evidence("Services", "spec.ports.nodePort", listed))
    else:
        machine = question.traces[0].destination
        open_ports = sorted(port for name, port in objects.listening.get(machine, ()) if name == question.protocol)
        if open_ports:
            rule = (*rule, Evidence(machine, "", f"listens on {', '.join(map(str, open_ports))}"))
            mend = Mend(f"ask for port {open_ports[0]}")
        pod = objects.pod_at(address)
        if pod is not None and not services.is_ready(pod):
            rule = (*rule, Evidence(pod_subject(pod), "status", services.why_not_ready(pod)))
            mend = Mend("mend what the Pod waits for: its image, its command, its readiness probe")
            look = f"kubectl describe pod {pod.metadata.name} -n {pod.metadata.namespace}"
    return Finding("port-closed", summary, rule, mend, look=look)


def _service_findings(
    service: Service, question: Question, objects: Objects, checked: list[str], delivered: bool
) -> Iterator[Finding]:
    port = services.asked_port(service, question, objects)
    if port is None:
        if not delivered and service.spec.clusterIP != "None" and service.spec.type != "ExternalName":
            yield services.port_finding(service, question)
            return
        if not delivered:
            yield from _address_findings(question, objects)
        notice = host_notice(service, question)
        if notice is not None:
            yield notice
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
        own = services.own_firewall_finding(question, step)
        yield own or services.dropped_finding(service, step)
        return
    causes = list(services.endpoint_findings(service, port, objects))
    causes = causes or list(services.slice_findings(service, port, objects))
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
