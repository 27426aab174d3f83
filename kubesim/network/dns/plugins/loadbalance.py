"""``loadbalance``: the addresses of an answer come in another order each time, so that clients spread."""

from __future__ import annotations

import random
from dataclasses import replace

from kubesim.network.dns.corefile_words import Directive
from kubesim.network.dns.message import DnsRecord
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request

POLICIES = ("round_robin", "weighted")


def loadbalance(line: Directive, configuration: Configuration) -> Link:
    """Read ``loadbalance [round_robin]``."""
    arguments = line.arguments
    if arguments and arguments[0] not in POLICIES:
        raise line.error(f"unknown policy: {arguments[0]}")
    chance = configuration.surroundings.simulation.random("coredns/loadbalance")

    def handle(request: Request, following: Handler) -> Reply:
        reply = following(request)
        response = reply.response
        if response is None or response.rcode != "NOERROR":
            return reply
        return replace(
            reply,
            response=replace(
                response, answer=_shuffled(response.answer, chance), additional=_shuffled(response.additional, chance)
            ),
        )

    return handle


def _shuffled(records: tuple[DnsRecord, ...], chance: random.Random) -> tuple[DnsRecord, ...]:
    aliases = [record for record in records if record.type == "CNAME"]
    addresses = [record for record in records if record.type in ("A", "AAAA")]
    exchangers = [record for record in records if record.type == "MX"]
    taken = {"CNAME", "A", "AAAA", "MX"}
    others = [record for record in records if record.type not in taken]
    if len(addresses) > 1:
        chance.shuffle(addresses)
    if len(exchangers) > 1:
        chance.shuffle(exchangers)
    return (*aliases, *others, *addresses, *exchangers)
