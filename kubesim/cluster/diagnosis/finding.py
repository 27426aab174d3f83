"""What a diagnosis is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubesim.api.objects import Service
from kubesim.network.trace import Outcome


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact that a finding rests on.

    :param subject: the object, machine or rule: ``Service default/web``.
    :param field: a path inside the object, such as ``spec.selector``; empty where there is none.
    """

    subject: str
    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.field} is {self.value}" if self.field else f"{self.subject}: {self.value}"


@dataclass(frozen=True, slots=True)
class Mend:
    """The smallest change that would mend it.

    :param sentence: for people.
    :param kind: of the object to patch; empty where no object's change is meant (another command is).
    :param patch: a strategic merge patch.
    """

    sentence: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    patch: Any = None


def service_mend(sentence: str, service: Service, spec: dict[str, Any]) -> Mend:
    """A change of fields of a Service's ``spec``."""
    return Mend(sentence, "Service", service.metadata.namespace, service.metadata.name, {"spec": spec})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    :param id: stable: exercises and tests refer to it. One of :data:`IDS`.
    :param cause: whether it explains the failure; otherwise it is worth knowing.
    """

    id: str
    summary: str
    evidence: tuple[Evidence, ...] = ()
    mend: Mend | None = None
    cause: bool = True


IDS = {
    "name-not-found": "The name has no address.",
    "dns-silent": "No DNS server answered.",
    "service-has-no-address": "The Service has no cluster IP (headless or ExternalName), so no rule is for it.",
    "no-service-at-address": "No Service has the address, though it is in the range of cluster IPs.",
    "port-not-in-service": "The Service has no such port.",
    "selector-matches-nothing": "No Pod has the labels that the Service selects.",
    "no-selector-no-endpoints": "The Service selects nothing and nobody gave it endpoints.",
    "pods-not-ready": "The selected Pods are not ready.",
    "target-port-name-unknown": "No container port has the name that the Service's targetPort says.",
    "target-port-closed": "Nothing in the Pod listens on the targetPort.",
    "port-closed": "Nothing on the machine listens on the port.",
    "no-local-endpoint": "A Local traffic policy, and no endpoint on the node.",
    "source-not-admitted": "The load balancer's source ranges leave the sender out.",
    "cluster-ip-from-outside": "A cluster IP was asked from a machine outside the cluster.",
    "pod-ip-from-outside": "A Pod's address was asked from a machine outside the cluster.",
    "policy-refuses": "NetworkPolicies isolate a Pod, and none of them lets the packet pass.",
    "policies-not-enforced": "NetworkPolicies select a Pod, and nobody in the cluster enforces them.",
    "address-of-nobody": "No machine has the address.",
    "load-balancer-pending": "The Service waits for a load balancer's address.",
    "service-selects-other-pods": "The Service does not select the Pod of its own name.",
}
"""Every id with what it means in general."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer.

    :param outcome: what the request met; None where no packet was sent (the name has no address).
    :param checked: what was looked at and found in order.
    :param unchecked: what could not be looked at, and why.
    """

    source: str
    target: str
    outcome: Outcome | None
    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that explain a failure."""
        return tuple(finding for finding in self.findings if finding.cause)

    @property
    def mend(self) -> Mend | None:
        """The smallest change that would mend it, or None."""
        return next((finding.mend for finding in self.findings if finding.mend is not None), None)

    def __str__(self) -> str:
        lines = [f"{self.source} → {self.target}: {self.outcome or 'nothing was sent'}"]
        for finding in self.findings:
            lines.append(f"  {finding.id}: {finding.summary}")
            lines += [f"    {evidence}" for evidence in finding.evidence]
            if finding.mend is not None:
                lines.append(f"    To mend it: {finding.mend.sentence}")
        lines += [f"  in order: {text}" for text in self.checked]
        lines += [f"  not checked: {text}" for text in self.unchecked]
        return "\n".join(lines)
