"""What NetworkPolicies have to do with a request: they refused it, or nobody enforces those that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubesim.api.objects import NetworkPolicy, Pod
from kubesim.api.selectors import selector_of
from kubesim.cluster.diagnosis.finding import Evidence, Finding, Mend
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.cluster.diagnosis.services import failing_step, step_evidence
from kubesim.network.matches import Comment
from kubesim.network.topology import pod_name
from kubesim.network.trace import Applied

_POD = re.compile(r"POD name:(\S+) namespace: (\S+)")


def refused_finding(question: Question, objects: Objects) -> Finding | None:
    """The policies that isolate the Pod whose chain refused the request; None where no such chain did."""
    step = failing_step(question)
    if not isinstance(step, Applied) or not step.chain.startswith("KUBE-POD-FW-"):
        return None
    comments = (match.text for match in step.rule.matches if isinstance(match, Comment))
    found = next((found for text in comments if (found := _POD.search(text))), None)
    pod = None if found is None else objects.pod(found.group(2), found.group(1))
    if pod is None:
        return None
    incoming = step.before.destination == pod.status.podIP
    direction = "Ingress" if incoming else "Egress"
    name = f"Pod {pod.metadata.namespace}/{pod.metadata.name}"
    evidence = [step_evidence(question, step)]
    for policy in isolating(pod, direction, objects):
        evidence.append(Evidence(f"NetworkPolicy {_name(policy)}", f"spec.{direction.lower()}", f"selects {name}"))
    other = step.before.source if incoming else step.before.destination
    way = f"from {other}" if incoming else f"to {other}"
    protocol, port = step.before.protocol, step.before.destination_port
    mend = Mend(f"let a NetworkPolicy that selects {name} allow {protocol} port {port} {way}")
    into = "into" if incoming else "out of"
    return Finding("policy-refuses", f"No NetworkPolicy lets the packet {into} {name}.", tuple(evidence), mend)


def unenforced_finding(question: Question, objects: Objects) -> Finding | None:
    """The policies that would isolate an end of the request, in a cluster where nobody enforces any."""
    if objects.enforces_policies:
        return None
    ends = {hop.machine for trace in question.traces for hop in (trace.hops[:1] + trace.hops[-1:])}
    ends.add(question.source)
    evidence = []
    for pod in objects.pods:
        if pod_name(pod.metadata.namespace, pod.metadata.name) in ends:
            for policy in (policy for way in ("Ingress", "Egress") for policy in isolating(pod, way, objects)):
                selected = f"selects Pod {pod.metadata.namespace}/{pod.metadata.name}"
                evidence.append(Evidence(f"NetworkPolicy {_name(policy)}", "spec.podSelector", selected))
    if not evidence:
        return None
    summary = "NetworkPolicies select an end of this connection, and nobody in this cluster enforces them."
    return Finding("policies-not-enforced", summary, tuple(dict.fromkeys(evidence)), cause=False)


def isolating(pod: Pod, direction: str, objects: Objects) -> Iterator[NetworkPolicy]:
    """The policies that isolate a Pod in a direction, ``Ingress`` or ``Egress``."""
    for policy in objects.policies:
        types = policy.spec.policyTypes or ["Ingress"]
        if policy.metadata.namespace != pod.metadata.namespace or direction not in types:
            continue
        if selector_of(policy.spec.podSelector).matches(pod.metadata.labels):
            yield policy


def _name(policy: NetworkPolicy) -> str:
    return f"{policy.metadata.namespace}/{policy.metadata.name}"
