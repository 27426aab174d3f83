"""Findings about a name that has no address, or not the one that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from kubesim.api.objects import Pod, Service
from kubesim.cluster.diagnosis.finding import Evidence, Finding, Mend, service_mend
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.cluster.diagnosis.services import endpoint_findings, pod_subject, subject
from kubesim.network.addresses import is_ipv4

SILENT = ("timeout", "dns-silent", "refused")
"""What a resolver says where no server answered it."""


def name_findings(question: Question, objects: Objects) -> Iterator[Finding]:
    """The name has no address: nobody was asked rightly, DNS is silent, or nobody has the name."""
    asker = _asker(question, objects)
    service = objects.named(question)
    if service is not None and service.spec.type == "ExternalName":
        yield external_name_finding(service, objects)
        return
    if asker is not None and not _asks_cluster(asker):
        yield _other_resolver(asker)
        return
    if question.lookup_error in SILENT:
        yield _silent(question, objects)
        return
    if service is not None:
        first = (service.spec.ports or [])[:1]
        causes = [found for port in first for found in endpoint_findings(service, port, objects)]
        yield from causes
        if not causes:
            evidence = (Evidence(subject(service), "spec.clusterIP", service.spec.clusterIP or "none"),)
            summary = f"{subject(service)} has no address of its own to give out."
            yield Finding("service-has-no-address", summary, evidence)
        return
    pod_finding = _pod_name_finding(question, objects)
    yield pod_finding if pod_finding is not None else _nobody(question, objects)


def _silent(question: Question, objects: Objects) -> Finding:
    """No server answered; where the DNS server's own Service has no endpoints, why."""
    evidence = [Evidence("resolver", "", f"{question.host}: {question.lookup_error}")]
    server = next(
        (each for each in objects.services if (each.metadata.labels or {}).get("k8s-app") == "kube-dns"), None
    )
    ports = (server.spec.ports or [])[:1] if server is not None else []
    causes = [found for port in ports if server is not None for found in endpoint_findings(server, port, objects)]
    evidence += [each for cause in causes for each in cause.evidence]
    mend = next((cause.mend for cause in causes), None)
    summary = " ".join(["No DNS server answered the question.", *(cause.summary for cause in causes)])
    return Finding("dns-silent", summary, tuple(evidence), mend)


def _nobody(question: Question, objects: Objects) -> Finding:
    """No Service has the name; one that is like it, or of that name elsewhere, may be meant."""
    labels = question.host.rstrip(".").split(".")
    first, namespace = labels[0], labels[1] if len(labels) > 1 else question.namespace
    names = [each.metadata.name for each in objects.services if each.metadata.namespace == namespace]
    listed = [Evidence(f"namespace {namespace}", "Services", ", ".join(sorted(names)) or "none")]
    elsewhere = next((each for each in objects.services if each.metadata.name == first), None)
    if elsewhere is not None and elsewhere.metadata.namespace != namespace:
        listed.append(Evidence(subject(elsewhere), "metadata.namespace", elsewhere.metadata.namespace))
        mend = Mend(f"ask for {first}.{elsewhere.metadata.namespace}")
        summary = f"No Service {first} is in namespace {namespace}; one is in {elsewhere.metadata.namespace}."
        return Finding("wrong-namespace", summary, tuple(listed), mend)
    near = difflib.get_close_matches(first, names, 1)
    mended = Mend(f"ask for {near[0]} instead of {first}") if near else None
    return Finding("name-not-found", f"No Service and no host has the name {question.host}.", tuple(listed), mended)


def _asker(question: Question, objects: Objects) -> Pod | None:
    parts = question.source.split("/")
    return objects.pod(parts[1], parts[2]) if len(parts) == 3 and parts[0] == "pod" else None


def _asks_cluster(pod: Pod) -> bool:
    policy = pod.spec.dnsPolicy or "ClusterFirst"
    return policy == "ClusterFirstWithHostNet" or (policy == "ClusterFirst" and not pod.spec.hostNetwork)


def _other_resolver(pod: Pod) -> Finding:
    evidence = [Evidence(pod_subject(pod), "spec.dnsPolicy", pod.spec.dnsPolicy or "ClusterFirst")]
    policy = "ClusterFirst"
    if pod.spec.hostNetwork:
        evidence.append(Evidence(pod_subject(pod), "spec.hostNetwork", "true"))
        policy = "ClusterFirstWithHostNet"
    summary = f"{pod_subject(pod)} does not ask the cluster's DNS server, which alone knows the names of Services."
    mend = Mend(f"set dnsPolicy to {policy} in the Pod's template")
    return Finding("pod-not-asking-cluster-dns", summary, tuple(evidence), mend)


def _pod_name_finding(question: Question, objects: Objects) -> Finding | None:
    """A Pod's name under a Service that does not give it one: ``web-0.db`` where web-0's subdomain is another."""
    labels = question.host.rstrip(".").split(".")
    if len(labels) < 2 or (len(labels) > 3 and labels[3] != "svc"):
        return None
    namespace = labels[2] if len(labels) > 2 else question.namespace
    pod = next(
        (
            each
            for each in objects.pods
            if each.metadata.namespace == namespace and labels[0] in (each.spec.hostname, each.metadata.name)
        ),
        None,
    )
    if pod is None:
        return None
    evidence = [
        Evidence(pod_subject(pod), "spec.hostname", pod.spec.hostname or "none"),
        Evidence(pod_subject(pod), "spec.subdomain", pod.spec.subdomain or "none"),
    ]
    mend = None
    own = next((s for s in objects.services if (s.metadata.namespace, s.metadata.name) == (namespace, labels[1])), None)
    if own is not None:
        evidence.append(Evidence(subject(own), "spec.clusterIP", own.spec.clusterIP or "none"))
    if pod.spec.hostname and pod.spec.subdomain and pod.spec.subdomain != labels[1]:
        mend = Mend(f"ask for {pod.spec.hostname}.{pod.spec.subdomain}.{namespace}")
    summary = f"{pod_subject(pod)} has no name under a Service {labels[1]}."
    return Finding("pod-name-not-under-service", summary, tuple(evidence), mend)


# --- ExternalName ----------------------------------------------------------------------------------------------------


def target_of(service: Service, objects: Objects) -> Service | None:
    """The Service of the cluster whose name an ExternalName is; None where it is no such name, or nobody has it."""
    labels = service.spec.externalName.rstrip(".").split(".")
    if labels[2:] != ["svc", *objects.domain.split(".")]:
        return None
    wanted = (labels[1], labels[0])
    return next((s for s in objects.services if (s.metadata.namespace, s.metadata.name) == wanted), None)


def is_inside(service: Service, objects: Objects) -> bool:
    """Whether an ExternalName is a name of the cluster."""
    return service.spec.externalName.rstrip(".").endswith(f".svc.{objects.domain}")


def external_name_finding(service: Service, objects: Objects) -> Finding:
    """Why a chain of ExternalNames ends at no address."""
    chain = [service]
    evidence = [Evidence(subject(service), "spec.externalName", service.spec.externalName)]
    while True:
        last = chain[-1]
        name = last.spec.externalName
        if is_ipv4(name):
            summary = f"The externalName of {subject(last)} is the address {name}; DNS looks for a host of that name."
            mend = Mend("make it a Service without a selector, with an EndpointSlice that holds the address")
            return Finding("external-name-is-address", summary, tuple(evidence), mend)
        following = target_of(last, objects)
        if following is None or following.spec.type != "ExternalName":
            break
        evidence.append(Evidence(subject(following), "spec.externalName", following.spec.externalName))
        if any(each is following for each in chain):
            summary = f"The externalName of {subject(service)} leads back to a name on the way."
            return Finding("external-name-loop", summary, tuple(evidence))
        chain.append(following)
    summary = f"{subject(last)} leads to {name}, and that name has no address."
    near = _near_name(last, objects)
    mended = service_mend(f"set externalName to {near}", last, {"externalName": near}) if near else None
    return Finding("external-name-missing-target", summary, tuple(evidence), mended)


def _near_name(service: Service, objects: Objects) -> str:
    full = [
        f"{s.metadata.name}.{s.metadata.namespace}.svc.{objects.domain}" for s in objects.services if s is not service
    ]
    return next(iter(difflib.get_close_matches(service.spec.externalName, full, 1, 0.8)), "")


def host_notice(service: Service, question: Question) -> Finding | None:
    """A server is asked by the Service's name although it is another's."""
    if service.spec.type != "ExternalName" or question.scheme not in ("http", "https"):
        return None
    evidence = [
        Evidence(subject(service), "spec.externalName", service.spec.externalName),
        Evidence("request", "Host", question.host),
    ]
    if question.scheme == "https":
        evidence.append(Evidence("TLS", "name that the certificate must have", question.host))
    summary = f"The server {service.spec.externalName} is asked for {question.host}, a name that it may not know."
    mend = Mend(f"ask for {service.spec.externalName} itself")
    return Finding("external-name-host", summary, tuple(evidence), mend, cause=False)
