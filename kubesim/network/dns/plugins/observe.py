"""``errors`` and ``log``: what CoreDNS writes to its log about queries."""

from __future__ import annotations

from kubesim.network.dns import names
from kubesim.network.dns.corefile_words import CorefileError, Directive, Line, duration, normalised_zones
from kubesim.network.dns.message import DnsResponse, wire_size
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request, in_go
from kubesim.userland.regular import RegexProblem, ServerPattern

CLASSES = ("all", "denial", "error", "success")


def errors(line: Directive, configuration: Configuration) -> Link:
    """Read ``errors``: a line for each query that a plugin failed on."""
    if len(line.arguments) > 1:
        raise line.wrong_count()
    if line.arguments and line.arguments[0] != "stdout":
        raise line.error(f"invalid log file: {line.arguments[0]}")
    for option in line.block:
        if option.name == "consolidate":
            _check_consolidation(option)
        elif option.name != "stacktrace":
            unknown = f"Syntax error: Unexpected token '{option.name}', expecting 'Unknown field {option.name}'"
            raise option.tokens[0].error(unknown)
    output = configuration.surroundings.log

    def handle(request: Request, following: Handler) -> Reply:
        reply = following(request)
        if reply.error:
            import dns.rcode  # dnspython is slow to load

            number = int(dns.rcode.from_text(reply.rcode))
            output.append(f"[ERROR] plugin/errors: {number} {request.name} {request.query.type}: {reply.error}")
        return reply

    return handle


def _check_consolidation(option: Line) -> None:
    words = option.arguments
    if not 2 <= len(words) <= 3:
        raise option.wrong_count()
    try:
        duration(words[0])
        ServerPattern(words[1])
    except CorefileError as error:
        raise option.error(str(error)) from None
    except RegexProblem as problem:
        raise option.error(in_go(words[1], str(problem))) from None
    if len(words) == 3 and words[2] not in ("warning", "error", "info", "debug"):
        raise option.error(f"unknown log level argument in consolidate: {words[2]}")


def log(line: Directive, configuration: Configuration) -> Link:
    """Read ``log [NAMES...] { class CLASSES... }``: a line for each query."""
    zones = normalised_zones([word for word in line.arguments if "{" not in word], (".",))
    wanted: set[str] = set()
    for option in line.block:
        if option.name != "class":
            raise option.tokens[0].error(f"unknown property '{option.name}'")
        if not option.arguments:
            raise option.wrong_count()
        for word in option.arguments:
            if word not in CLASSES:
                raise CorefileError(f"invalid Class: {word}")
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
