"""``template``: answers made from a pattern: ``template IN A example.org { answer "{{ .Name }} 60 IN A 1.2.3.4" }``.

Of Go's template language, the fields that answers use: ``{{ .Name }}``, ``{{ .Class }}``, ``{{ .Type }}``,
``{{ .Zone }}``, ``{{ .Remote }}``, ``{{ .Group.name }}``, ``{{ index .Match 1 }}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kubesim.network.dns import names
from kubesim.network.dns.corefile_words import Directive, Line, normalised_zones
from kubesim.network.dns.message import SERVFAIL, DnsRecord, DnsResponse
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request, in_go
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.regular import Match, RegexProblem, ServerPattern

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_CLASSES = ("IN", "CS", "CH", "HS", "NONE", "ANY")
_SECTIONS = ("answer", "additional", "authority")


@dataclass(slots=True)
class _Template:
    class_name: str
    type: str
    zones: tuple[str, ...]
    patterns: list[ServerPattern] = field(default_factory=list)
    sections: dict[str, list[str]] = field(default_factory=dict)
    rcode: str = "NOERROR"
    falls: tuple[str, ...] | None = None


def template(line: Directive, configuration: Configuration) -> Link:
    """Read ``template CLASS TYPE [ZONES...] { match REGEX…, answer RR…, rcode CODE, fallthrough [ZONES...] }``."""
    arguments = line.arguments
    if len(arguments) < 2:
        raise line.wrong_count()
    if arguments[0] not in _CLASSES:
        raise line.tokens[1].error(f"invalid query class {arguments[0]}")
    import dns.rdatatype  # dnspython is slow to load

    if arguments[1] not in dns.rdatatype.RdataType.__members__:
        raise line.tokens[2].error(f"invalid RR class {arguments[1]}")
    zones = normalised_zones(arguments[2:], configuration.block.zones)
    made = _Template(arguments[0].upper(), arguments[1].upper(), zones)
    for option in line.block:
        _option(option, made)

    def handle(request: Request, following: Handler) -> Reply:
        query = request.query
        zone = names.longest_zone(request.name, made.zones)
        wanted = _meet(made.class_name, query.class_name) and _meet(made.type, query.type)
        found = _match(made, request.query.name) if zone and wanted else None
        if found is None:
            falls = made.falls is not None and names.longest_zone(request.name, made.falls)
            if not zone or not wanted or falls:
                return following(request)
            return Reply(rcode=SERVFAIL)
        try:
            records = {
                section: tuple(_record(_filled(text, request, zone, found)) for text in texts)
                for section, texts in made.sections.items()
            }
        except ValueError as problem:
            return Reply(rcode=SERVFAIL, error=f"plugin/template: {problem}")
        return Reply(
            DnsResponse(
                made.rcode,
                records.get("answer", ()),
                records.get("authority", ()),
                records.get("additional", ()),
                authoritative=True,
                recursion_desired=query.recursion_desired,
            )
        )

    return handle


def _option(option: Line, made: _Template) -> None:
    words = option.arguments
    if not words and option.name not in ("fallthrough", "upstream"):
        raise option.wrong_count()
    match option.name:
        case "match":
            for word in words:
                try:
                    made.patterns.append(ServerPattern(word))
                except RegexProblem as problem:
                    raise option.error(f"could not parse regex: {word}, {in_go(word, str(problem))}") from None
        case name if name in _SECTIONS:
            made.sections.setdefault(name, []).extend(words)
        case "rcode":
            import dns.exception  # dnspython is slow to load
            import dns.rcode

            try:
                made.rcode = dns.rcode.to_text(dns.rcode.from_text(words[0]))
            except dns.exception.DNSException:
                raise option.error(f"unknown rcode {words[0]}") from None
        case "fallthrough":
            made.falls = normalised_zones(words, (".",))
        case "ederror":
            if len(words) > 2:
                raise option.wrong_count()
            if not is_number(words[0]) or whole_number(words[0]) > 65535:
                why = "value out of range" if is_number(words[0]) else "invalid syntax"
                told = f'strconv.ParseUint: parsing "{words[0]}": {why}'
                raise option.error(f"error parsing extended DNS error code {words[0]}, {told}")
        case "upstream":
            pass
        case _:
            raise option.tokens[0].wrong_count()


def _meet(one: str, other: str) -> bool:
    """Whether a template and a question are about the same class or type; ``ANY``, on either side, is about all."""
    return "ANY" in (one, other) or one == other


def _match(made: _Template, name: str) -> Match | None:
    if not made.patterns:
        return ServerPattern(".*").search(name)
    for pattern in made.patterns:
        found = pattern.search(name)
        if found is not None:
            return found
    return None


def _filled(text: str, request: Request, zone: str, found: Match) -> str:
    query = request.query
    known = {
        ".Name": query.name,
        ".Class": query.class_name,
        ".Type": query.type,
        ".Zone": zone,
        ".Remote": request.client.address,
    }

    def value(action: re.Match[str]) -> str:
        words = action[1].split()
        if len(words) == 1 and words[0] in known:
            return known[words[0]]
        if len(words) == 1 and words[0].startswith(".Group."):
            return found.groupdict().get(words[0].removeprefix(".Group.")) or ""
        if len(words) == 3 and words[:2] == ["index", ".Match"] and is_number(words[2]):
            number = whole_number(words[2])
            return (found[number] or "") if number <= found.re.groups else ""
        raise ValueError(f"template action {action[0]!r} is not one of {', '.join(known)}, .Group, index .Match")

    return _ACTION.sub(value, text)


def _record(text: str) -> DnsRecord:
    """``NAME [TTL] [CLASS] TYPE DATA``."""
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    words = text.split()
    name, rest, ttl, class_name = (words[0] if words else ""), words[1:], 3600, "IN"
    while rest and (is_number(rest[0]) or rest[0].upper() in ("IN", "CH", "HS")):
        word = rest.pop(0)
        ttl, class_name = (whole_number(word), class_name) if is_number(word) else (ttl, word.upper())
    if len(rest) < 2:
        raise ValueError(f"{text!r} must be NAME [TTL] [CLASS] TYPE DATA")
    try:
        kind = dns.rdatatype.from_text(rest[0])
        data = dns.rdata.from_text(
            dns.rdataclass.from_text(class_name), kind, " ".join(rest[1:]), origin=dns.name.root, relativize=False
        )
    except dns.exception.DNSException as problem:
        raise ValueError(f"{text!r} is not a resource record: {problem}") from None
    return DnsRecord(names.absolute(name), dns.rdatatype.to_text(kind), data.to_text(), ttl, class_name)
