"""The names that kube-router gives to its chains and sets: a prefix and 16 letters of a hash in base 32.

What goes into each hash: ``podFirewallChainName`` (``pod.go``), ``networkPolicyChainName`` and the functions behind it
(``policy.go``), ``addUUIDForRuleSpec`` (``network_policy_controller.go``) of kube-router 2.6.3. The names of chains
change with every sync, whose moment goes into them; those of sets stay.
"""

from __future__ import annotations

from base64 import b32encode
from functools import lru_cache
from hashlib import sha256

FAMILY = "IPv4"


@lru_cache(maxsize=65536)
def digest(text: str) -> str:
    """The 16 letters that stand for a text."""
    return b32encode(sha256(text.encode()).digest()).decode()[:16]


def pod_chain(namespace: str, name: str, version: str) -> str:
    """The firewall of a Pod.

    :param version: the moment of the sync, in nanoseconds since 1970.
    """
    return f"KUBE-POD-FW-{digest(namespace + name + version)}"


def policy_chain(namespace: str, name: str, version: str) -> str:
    """What a NetworkPolicy lets pass."""
    return f"KUBE-NWPLCY-{digest(namespace + name + version + FAMILY)}"


def target_set(side: str, namespace: str, name: str) -> str:
    """The Pods that a NetworkPolicy is about.

    :param side: ``SRC`` as senders, ``DST`` as receivers.
    """
    return f"KUBE-{side}-{digest(namespace + name + FAMILY)}"


def peer_set(side: str, namespace: str, name: str, rule: int, of: str) -> str:
    """The other ends that a rule of a NetworkPolicy names: senders of an ingress rule, receivers of an egress rule.

    :param rule: its number among the rules of its direction.
    :param of: ``pod`` or ``ipblock``.
    """
    direction = "ingressrule" if side == "SRC" else "egressrule"
    return f"KUBE-{side}-{digest(f'{namespace}{name}{direction}{rule}{FAMILY}{of}')}"


def port_set(direction: str, namespace: str, name: str, rule: int, number: int) -> str:
    """The receivers that have a port of a certain name at a certain number.

    :param direction: ``ingress`` or ``egress``.
    :param number: which of the named ports of the rule.
    """
    return f"KUBE-DST-{digest(f'{namespace}{name}{direction}rule{rule}{number}{FAMILY}namedport')}"


def signed(comment: str, chain: str, *words: str) -> str:
    """The comment of a rule that kube-router finds again: with the hash of the rule as it is written without it.

    :param chain: where the rule stands.
    :param words: the rule's words, the comment's own among them.
    """
    return f"{comment} - {digest(chain + ''.join(words))}"
