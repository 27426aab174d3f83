"""klipper-lb: what the Pods of k3s' load balancer run. It writes rules into its Pod's network, and then waits.

What comes for the Pod's port is rewritten to the Service's address, or to the node's own under the policy Local, and
masqueraded; senders outside the Service's source ranges are dropped once they are rewritten. All of it is asked for by
the container's environment. Upstream: ``entry`` of k3s-io/klipper-lb.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubesim.network.addresses import is_ipv4
from kubesim.network.hooks import Hook
from kubesim.network.matches import Destination, DestinationPort, Match, Protocol, Source
from kubesim.network.rules import Chain, Rule, Ruleset, built_in
from kubesim.network.targets import Accept, Dnat, Drop, Masquerade
from kubesim.programs.machine import Invocation
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed, Running

_BASES = (
    *(built_in("filter", hook) for hook in (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT)),
    *(built_in("nat", hook) for hook in (Hook.PREROUTING, Hook.INPUT, Hook.OUTPUT, Hook.POSTROUTING)),
)
_EMPTY = Ruleset("iptables", {(each.table, each.chain): Chain(each.chain, ()) for each in _BASES}, _BASES)


def entry(invocation: Invocation) -> Completed | Running:
    """Write the rules, then wait."""
    environment = invocation.environment
    asked = _listed(environment.get("SRC_RANGES", "")) + _listed(environment.get("DEST_IPS", ""))
    if not asked:
        return _waiting()
    for name in ("SRC_PORT", "DEST_PORT"):
        if not is_number(environment.get(name, "")):
            return Completed(
                "", f"iptables v1.8.11 (nf_tables): invalid port/service `{environment.get(name, '')}' specified\n", 2
            )
    if environment.get("DEST_PROTO", "").lower() not in ("tcp", "udp", "sctp"):
        protocol = environment.get("DEST_PROTO", "")
        return Completed("", f'iptables v1.8.11 (nf_tables): unknown protocol "{protocol}" specified\n', 2)
    sockets = invocation.machine.sockets
    sockets.write_rules(_with(sockets.rules or _EMPTY, environment))
    return _waiting()


def _waiting() -> Running:
    """It has done its work, and waits for its end."""
    return Running({}, ["[INFO]  nft mode detected"], 0.1)


def _with(known: Ruleset, environment: Mapping[str, str]) -> Ruleset:
    """A Pod's rules with those of one more container; what is inserted stands before what was there."""
    protocol = Protocol(environment["DEST_PROTO"].lower())
    port = DestinationPort(whole_number(environment["DEST_PORT"]))
    asked = protocol, DestinationPort(whole_number(environment["SRC_PORT"]))
    chains = {place: list(chain.rules) for place, chain in known.chains.items()}

    def insert(table: str, chain: str, *rule: Rule) -> None:
        chains[table, chain] = [*rule, *chains[table, chain]]

    for prefix in _listed(environment.get("SRC_RANGES", "")):
        everybody = prefix == "0.0.0.0/0"  # which iptables does not keep
        own: tuple[Match, ...] = () if everybody else (Source(prefix.removesuffix("/32")),)
        insert("filter", "FORWARD", Rule((*own, protocol, port), Accept()))
    for address in _listed(environment.get("DEST_IPS", "")):
        chains["filter", "FORWARD"].append(Rule((Destination(address), protocol, port), Drop()))
        insert("nat", "PREROUTING", Rule(asked, Dnat(address, port.port)))
        leaving = Rule((Destination(address), Protocol(protocol.protocol, loads=False)), Masquerade())
        insert("nat", "POSTROUTING", leaving)
    written = {place: Chain(place[1], tuple(rules)) for place, rules in chains.items()}
    return Ruleset("iptables", written, known.bases)


def _listed(text: str) -> list[str]:
    """The IPv4 addresses or ranges of a list with commas."""
    return [part for part in text.split(",") if is_ipv4(part.partition("/")[0])]
