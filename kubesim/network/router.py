"""The router between the nodes' LAN and the Internet: it masquerades what goes out, as a home router does."""

from __future__ import annotations

from kubesim.network.hooks import Hook
from kubesim.network.matches import OutInterface
from kubesim.network.rules import Chain, Rule, Ruleset, built_in
from kubesim.network.targets import Masquerade


def router_ruleset(outside: str) -> Ruleset:
    """The rules of a router whose interface to the Internet has the given name."""
    chain = Chain("POSTROUTING", (Rule((OutInterface(outside),), Masquerade()),))
    base = built_in("nat", Hook.POSTROUTING)
    return Ruleset("iptables", {("nat", "POSTROUTING"): chain}, (base,))
