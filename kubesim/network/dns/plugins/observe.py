"""``errors`` and ``log``: what CoreDNS writes to its log about queries."""

from __future__ import annotations

from kubesim.network.dns import names
from kubesim.network.dns.corefile_words import Directive, normalised_zones
from kubesim.network.dns.message import DnsResponse, wire_size
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request

CLASSES = ("all", "denial", "error", "success")


def errors(line: Directive, configuration: Configuration) -> Link:
    """Read ``errors``: a line for each query that a plugin failed on."""
    output = configuration.surroundings.log

    def handle(request: Request, following: Handler) -> Reply:
        reply = following(request)
        if reply.error:
            import dns.rcode  # dnspython is slow to load

            number = int(dns.rcode.from_text(reply.rcode))
            output.append(f"[ERROR] plugin/errors: {number} {request.name} {request.query.type}: {reply.error}")
        return reply

    return handle


def log(line: Directive, configuration: Configuration) -> Link:
    """Read ``log [NAMES...] { class CLASSES... }``: a line for each query."""
    zones = normalised_zones([word for word in line.arguments if "{" not in word], (".",))
    wanted: set[str] = set()
    for option in line.block:
        if option.name != "class" or not option.arguments:
            raise option.wrong_count()
        for word in option.arguments:
            if word not in CLASSES:
                raise option.error(f"invalid Class: {word}")
            wanted.add(word)
    surroundings = configuration.surroundings
    identifiers = surroundings.simulation.random("coredns/log")

    def handle(request: Request, following: Handler) -> Reply:
        reply = following(request)
        if not names.longest_zone(request.name, zones):
            return reply
        response = reply.response
        sort = _class_of(response, reply.rcode)
        if wanted and "all" not in wanted and sort not in wanted:
            return reply
        query = request.query
        asked = wire_size(query, DnsResponse())
        size = wire_size(query, response) if response is not None else 0
        flags = response.flags.replace(" ", ",") if response is not None else ""
        rcode = response.rcode if response is not None else reply.rcode
        took = response.seconds if response is not None else reply.seconds
        surroundings.log.append(
            f"[INFO] {request.client.address}:{request.client.port} - {identifiers.randrange(65536)} "
            f'"{query.type} {query.class_name} {request.name} {query.transport.lower()} {asked} '
            f'false {query.edns or 512}" {rcode if response is not None else "-"} '
            f"{flags} {size} {max(took, 0.0001):.9f}s"
        )
        return reply

    return handle


def _class_of(response: DnsResponse | None, rcode: str) -> str:
    rcode = response.rcode if response is not None else rcode
    if rcode == "NXDOMAIN" or (rcode == "NOERROR" and response is not None and not response.answer):
        return "denial"
    return "success" if rcode == "NOERROR" else "error"
