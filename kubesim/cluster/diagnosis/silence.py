"""What cannot be told, because the dump does not hold what it depends on. Pure.

Each function gives the ends of the sentence "cannot be told: …"; nothing where all that matters is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubesim.api.objects import NetworkPolicy, Service
from kubesim.cluster.diagnosis import names
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.cluster.diagnosis.services import is_ready, subject
from kubesim.cluster.dump.coverage import GET, POLICY_GROUP, SYSTEM, Coverage
from kubesim.network.addresses import is_ipv4, within
from kubesim.network.trace import Outcome, Trace

OUTSIDE = "the dump holds nothing of what lies outside the cluster"


def unknown_name(question: Question, objects: Objects, coverage: Coverage) -> Iterator[str]:
    """Why it cannot be told that a name has no address, or which one."""
    if question.source.partition("/")[0] != "pod":
        yield f"the dump holds no resolver of {question.source}, only those of Pods"
        return
    if ":" in question.host:
        yield f"kubesim follows IPv4 only, and {question.host} is IPv6"
        return
    service = objects.named(question)
    if service is not None:
        yield from _unknown_service_name(service, objects, coverage)
        return
    labels = question.host.rstrip(".").split(".")
    inside = question.host.rstrip(".").endswith(f".svc.{objects.domain}") or labels[2:] == ["svc"]
    namespace = labels[1] if len(labels) > 1 else question.namespace
    known = {each.metadata.namespace for each in objects.services} | {each.metadata.namespace for each in objects.pods}
    if len(labels) == 3 and not inside and labels[2] in known:
        inside, namespace = True, labels[2]  # POD.SERVICE.NAMESPACE
    if len(labels) == 2 and any(labels[0] in (p.metadata.name, p.spec.hostname) for p in objects.pods):
        inside, namespace = True, question.namespace  # POD.SERVICE
    if len(labels) > 1 and not inside and namespace not in known:
        yield f"{OUTSIDE}, nor a namespace {namespace}"
    elif not coverage.whole("Service", namespace):
        yield f"the dump holds no Service {labels[0]} in namespace {namespace}, and need not hold all ({GET})"


def _unknown_service_name(service: Service, objects: Objects, coverage: Coverage) -> Iterator[str]:
    if ":" in service.spec.clusterIP:
        yield f"kubesim follows IPv4 only, and {subject(service)} has the address {service.spec.clusterIP}"
    seen: list[Service] = []
    last: Service | None = service
    while last is not None and last.spec.type == "ExternalName" and not any(each is last for each in seen):
        seen.append(last)
        following = names.target_of(last, objects)
        if following is None:
            if is_ipv4(last.spec.externalName):
                return
            if not names.is_inside(last, objects):
                yield f"{OUTSIDE}: {last.spec.externalName}"
            elif not coverage.whole("Service", last.spec.externalName.split(".")[1]):
                yield f"the dump holds no Service of the name {last.spec.externalName}, and need not hold all ({GET})"
            return
        last = following
    if last is not None and last.spec.clusterIP == "None":
        yield from unknown_endpoints(last, objects, coverage)


def unknown_endpoints(service: Service, objects: Objects, coverage: Coverage) -> Iterator[str]:
    """Why it cannot be told which endpoints a Service has."""
    namespace, name = service.metadata.namespace, service.metadata.name
    if (namespace, name) in coverage.derived:
        if service.spec.selector and not coverage.whole("Pod", namespace):
            selected = objects.selected(service)
            if not selected:
                yield f"the dump holds no Pod that {subject(service)} selects, and need not hold all ({GET})"
            elif not any(is_ready(pod) for pod in selected):
                yield f"the dump holds no ready Pod that {subject(service)} selects, and need not hold all ({GET})"
        return
    if objects.slices_of(service):
        return
    if service.spec.selector:
        yield f"the dump holds no EndpointSlices of {subject(service)}, and no Pods of namespace {namespace}"
    elif not coverage.whole("EndpointSlice", namespace):
        yield f"the dump holds no EndpointSlices of {subject(service)}, which selects nothing"


def unknown_address(question: Question, objects: Objects, coverage: Coverage) -> Iterator[str]:
    """Why it cannot be told what is at an address that no Service of the dump has."""
    address = question.address or question.host
    if ":" in address:
        yield f"kubesim follows IPv4 only, and {address} is IPv6"
        return
    if objects.pod_at(address) is not None:
        return
    if address in objects.node_addresses:
        first, last = objects.node_ports
        if not (first <= question.port <= last and coverage.everywhere("Service")):
            yield f"the dump holds no processes of nodes, so not what listens on port {question.port} there"
        return
    if within(address, objects.service_prefix):
        if not coverage.everywhere("Service"):
            yield f"the dump holds no Service with the address {address}, and need not hold all ({GET})"
    elif within(address, objects.pod_prefix):
        if not coverage.everywhere("Pod"):
            yield f"the dump holds no Pod with the address {address}, and need not hold all ({GET})"
    else:
        yield f"{OUTSIDE}: {address}"


def unknown_ways(question: Question, objects: Objects, coverage: Coverage) -> Iterator[str]:
    """Why it cannot be told how attempts end, of the ways that packets take after the rules."""
    for trace in question.traces:
        yield from _unknown_end(trace, question.address, objects, coverage)


def _unknown_end(trace: Trace, asked: str, objects: Objects, coverage: Coverage) -> Iterator[str]:
    images = coverage.programs.get(trace.destination)
    last = trace.steps[-1].before if trace.steps else None
    if trace.outcome is Outcome.REFUSED:
        where = trace.delivered.destination_port if trace.delivered else last.destination_port if last else 0
        if images:
            yield f"the dump does not say whether {trace.destination} ({', '.join(images)}) listens on port {where}"
        elif trace.destination.startswith("node/") and asked not in objects.node_addresses:
            yield f"the dump holds no processes of nodes, so not what listens on port {where} of {trace.destination}"
    elif trace.outcome in (Outcome.UNREACHABLE, Outcome.LOST) and last is not None:
        address = last.destination
        known = address == asked or address in objects.node_addresses  # of what was asked, the address has told
        if not known and objects.pod_at(address) is None:
            if not within(address, objects.pod_prefix):
                yield f"{OUTSIDE}: {address}"
            elif not coverage.everywhere("Pod"):
                yield f"the dump holds no Pod with the address {address}, and need not hold all ({GET})"


def unknown_balancer(service: Service, question: Question, objects: Objects) -> Iterator[str]:
    """Why it cannot be told what a load balancer in front of the cluster does."""
    ingress = [each.ip for each in service.status.loadBalancer.ingress or []]
    if question.outside and question.address in ingress and question.address not in objects.node_addresses:
        yield f"the dump holds nothing of the load balancer at {question.address}, which is in front of the cluster"


def unknown_closure(objects: Objects, coverage: Coverage) -> Iterator[str]:
    """Why it cannot be told that NetworkPolicies close a way, although none of those in the dump opens it."""
    if coverage.enforces_policies is None:
        yield "the dump does not say whether the network plugin enforces NetworkPolicies"
    if "Namespace" not in coverage.namespaces and any(_asks_labels(each) for each in objects.policies):
        yield (
            "the dump holds no Namespaces, by whose labels a NetworkPolicy lets pass (kubectl get namespaces -o yaml)"
        )
    for kind in sorted(coverage.unfollowed):
        yield f"kubesim follows only NetworkPolicies of {POLICY_GROUP}, and the dump holds a {kind} of another group"


def _asks_labels(policy: NetworkPolicy) -> bool:
    """Whether a policy's verdict depends on labels of namespaces, but for the one that each has by its name."""
    peers = [peer for rule in policy.spec.ingress or [] for peer in rule.from_ or []]
    peers += [peer for rule in policy.spec.egress or [] for peer in rule.to or []]
    chosen = [each.namespaceSelector for each in peers if each.namespaceSelector is not None]
    keys = {key for each in chosen for key in each.matchLabels or {}}
    keys |= {wanted.key for each in chosen for wanted in each.matchExpressions or []}
    return bool(keys - {"kubernetes.io/metadata.name"})


def conditions(question: Question, objects: Objects, coverage: Coverage) -> Iterator[str]:
    """What must hold beside, for a request to be delivered that the dump's objects let pass."""
    if not objects.policies and coverage.enforces_policies is not False:
        yield "that no NetworkPolicy forbids it (the dump holds none: kubectl get networkpolicies -A)"
    for kind in sorted(coverage.unfollowed):
        yield f"that no {kind} forbids it (kubesim follows only the NetworkPolicies of {POLICY_GROUP})"
    if not is_ipv4(question.host) and SYSTEM not in coverage.namespaces.get("Pod", ()):
        yield f"that the cluster's DNS server answers (the dump holds no Pods of namespace {SYSTEM})"


def not_looked_at(question: Question, objects: Objects, coverage: Coverage, service: Service | None) -> Iterator[str]:
    """What a verdict takes for granted."""
    if not objects.policies and coverage.enforces_policies is not False:
        yield "NetworkPolicies: the dump holds none (kubectl get networkpolicies -A)"
    if not is_ipv4(question.host):
        if "Pod" not in coverage.namespaces or SYSTEM not in coverage.namespaces["Pod"]:
            yield f"whether the cluster's DNS server runs: the dump holds no Pods of namespace {SYSTEM}"
        if not coverage.corefile:
            yield "the DNS server's configuration: the dump does not hold its ConfigMap"
    if service is not None and (service.metadata.namespace, service.metadata.name) in coverage.derived:
        yield f"the EndpointSlices of {subject(service)}: the dump holds none; they were derived from its Pods"
    for trace in question.traces:
        if trace.outcome is Outcome.DELIVERED and trace.destination in coverage.programs:
            images = ", ".join(dict.fromkeys(coverage.programs[trace.destination]))
            yield f"what {trace.destination} does: nobody knows {images}, only the ports that it declares"
    for note in coverage.notes:
        yield f"derived: {note}"
