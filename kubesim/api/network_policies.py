"""Typed views of NetworkPolicies; see :mod:`kubesim.api.objects`."""

from __future__ import annotations

import msgspec

from kubesim.api.objects import IntOrString, LabelSelector, Object, View


class IPBlock(View, rename={"except_": "except"}):
    """networking.k8s.io/v1.IPBlock."""

    cidr: str = ""
    except_: list[str] | None = None


class NetworkPolicyPeer(View):
    """networking.k8s.io/v1.NetworkPolicyPeer."""

    podSelector: LabelSelector | None = None
    namespaceSelector: LabelSelector | None = None
    ipBlock: IPBlock | None = None


class NetworkPolicyPort(View):
    """networking.k8s.io/v1.NetworkPolicyPort."""

    protocol: str | None = None
    port: IntOrString | None = None
    endPort: int | None = None


class NetworkPolicyIngressRule(View, rename={"from_": "from"}):
    """networking.k8s.io/v1.NetworkPolicyIngressRule."""

    ports: list[NetworkPolicyPort] | None = None
    from_: list[NetworkPolicyPeer] | None = None


class NetworkPolicyEgressRule(View):
    """networking.k8s.io/v1.NetworkPolicyEgressRule."""

    ports: list[NetworkPolicyPort] | None = None
    to: list[NetworkPolicyPeer] | None = None


class NetworkPolicySpec(View):
    """networking.k8s.io/v1.NetworkPolicySpec."""

    podSelector: LabelSelector = msgspec.field(default_factory=LabelSelector)
    ingress: list[NetworkPolicyIngressRule] | None = None
    egress: list[NetworkPolicyEgressRule] | None = None
    policyTypes: list[str] | None = None


class NetworkPolicy(Object):
    """networking.k8s.io/v1.NetworkPolicy."""

    apiVersion: str = "networking.k8s.io/v1"
    kind: str = "NetworkPolicy"
    spec: NetworkPolicySpec = msgspec.field(default_factory=NetworkPolicySpec)
