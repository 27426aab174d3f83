"""The rules of kube-router and portmap as ``nft list ruleset`` shows them.

Both write with iptables even where kube-proxy does not. The kernel keeps such rules in tables of nftables. What nft
knows itself it shows in its own words, what only iptables knows as ``xt match`` with a name; comments it does not show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kubesim.network import matches as m
from kubesim.network import targets as t
from kubesim.network.rules import Chain, Rule

_ICMP = {3: "destination-unreachable", 8: "echo-request", 11: "time-exceeded"}


def translated(chains: Mapping[tuple[str, str], Chain]) -> dict[tuple[str, str], Chain]:
    """Chains whose rules have nft's text; those that have one keep it."""
    return {
        place: replace(
            chain, rules=tuple(rule if rule.text else replace(rule, text=_text(rule)) for rule in chain.rules)
        )
        for place, chain in chains.items()
    }


def _text(rule: Rule) -> str:
    protocol = next((match.protocol for match in rule.matches if isinstance(match, m.Protocol)), "")
    words = [word for match in rule.matches if (word := _condition(match, protocol))]
    return " ".join([*words, _target(rule.target)])


def _condition(match: m.Match, protocol: str) -> str:
    match match:
        case m.Source(prefix=prefix):
            return f"ip saddr {prefix}"
        case m.Destination(prefix=prefix):
            return f"ip daddr {prefix}"
        case m.Protocol(loads=False):
            return f"meta l4proto {protocol}"
        case m.Protocol():
            return f"meta l4proto {protocol} {protocol}"
        case m.DestinationPort(port=port):
            return f"dport {port}"
        case m.DestinationPorts(first=first, last=last, multiport=multiport):
            return f"{'th ' if multiport else ''}dport {first}-{last}"
        case m.MultiPort(ports=(port,)):
            return f"{protocol} dport {port}"
        case m.MultiPort(ports=ports):
            return f" {protocol} dport {{ {', '.join(map(str, ports))} }}"  # nft prints two blanks
        case m.IcmpType(type=type_):
            return f"type {_ICMP[type_]}"
        case m.LocalSource():
            return "fib saddr type local"
        case m.LocalDestination():
            return "fib daddr type local"
        case m.ConnectionState(states=states):
            return f"ct state {','.join(states).lower()}"
        case m.Mark(bits=bits, negated=negated):
            return f"meta mark & {bits:#010x} {'!=' if negated else '=='} {bits:#010x}"
        case m.Limit(rate=rate, burst=burst):
            number, _, unit = rate.partition("/")
            whole = {"sec": "second", "min": "minute"}.get(unit, unit)
            return f"limit rate {number}/{whole} burst {burst} packets"
        case m.Bridged():
            return 'xt match "physdev"'
        case m.InIpSet():
            return 'xt match "set"'
        case _:
            return ""


def _target(target: t.Target | None) -> str:
    match target:
        case t.Jump(chain=chain):
            return f"jump {chain}"
        case t.Dnat(address=address, port=port):
            return f"dnat to {address}:{port}"
        case t.SetMark(bits=bits):
            return f"meta mark set mark or {bits:#x}"
        case t.WriteMark(bits=0, mask=mask):
            return f"meta mark set mark and {0xFFFFFFFF ^ mask:#x}"
        case t.WriteMark(bits=bits):
            return f"meta mark set mark or {bits:#x}"
        case t.NfLog(group=group, prefix=prefix):
            return "log" + (f' prefix "{prefix}"' if prefix else "") + f" group {group}"
        case t.Reject():
            return "reject"
        case _:
            return type(target).__name__.lower()
