"""``rewrite``: a query is changed before it is answered, and the names of the answer may be changed back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from kubesim.network.dns import names
from kubesim.network.dns.corefile_words import Directive, Line
from kubesim.network.dns.message import DnsRecord, DnsResponse
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request
from kubesim.userland.regular import RegexProblem, ServerPattern

MATCHES = ("exact", "prefix", "suffix", "substring", "regex")
_NAMED = ("CNAME", "PTR", "NS")

Change = Callable[[str], str | None]
"""A name to its new form, or None where the rule does not match."""


@dataclass(frozen=True, slots=True)
class _Rule:
    field: str
    goes_on: bool
    change: Change
    back: tuple[Change, ...] = ()
    automatic: bool = False
    ttl: int = 0


def rewrite(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``rewrite [continue|stop] FIELD [TYPE] FROM TO [answer …]``, or the same in a block."""
    rules = configuration.rewrite_rules
    rules.append(_rule(line))
    if len(rules) > 1:
        return None  # the first line's link has the list of all

    def handle(request: Request, following: Handler) -> Reply:
        changes: list[tuple[_Rule, Request, Request]] = []
        current = request
        for rule in rules:
            assert isinstance(rule, _Rule)
            changed = _applied(rule, current)
            if changed is not None:
                changes.append((rule, current, changed))
                current = changed
                if not rule.goes_on:
                    break
        reply = following(current)
        for rule, before, after in reversed(changes):
            if reply.response is not None:
                reply = replace(reply, response=_restored(rule, before, after, reply.response))
        return reply

    return handle


def _rule(line: Line) -> _Rule:
    words = [token.text for token in line.tokens[1:]]
    for inner in line.block:
        words += [token.text for token in inner.tokens]
    goes_on = False
    if words and words[0] in ("continue", "stop"):
        goes_on = words.pop(0) == "continue"
    if not words:
        raise line.wrong_count()
    rule_type = words.pop(0).lower()
    match rule_type:
        case "type" | "class":
            if len(words) != 2:
                raise line.error(f"{rule_type} rules must have exactly two arguments")
            source, target = (word.upper() for word in words)
            return _Rule(rule_type, goes_on, lambda value: target if value.upper() == source else None)
        case "name":
            return _name_rule(line, words, goes_on)
        case "ttl":
            kind = words.pop(0) if words and words[0] in MATCHES else "exact"
            if len(words) != 2 or not words[1].isdecimal():
                raise line.error("invalid number of arguments for a ttl rule")
            return _Rule("ttl", True, _change(line, kind, words[0], words[0]), ttl=int(words[1]))
        case "edns0":
            return _Rule("edns0", True, lambda value: None)
        case other:
            raise line.error(f'invalid rule type "{other}"')


def _name_rule(line: Line, words: list[str], goes_on: bool) -> _Rule:
    kind = words.pop(0).lower() if words and words[0].lower() in MATCHES and len(words) > 2 else "exact"
    if len(words) < 2:
        raise line.error("too few arguments for a name rule")
    change = _change(line, kind, words[0], words[1])
    rest, back, automatic = words[2:], [], kind == "exact" and len(words) == 2
    while rest:
        if rest[:2] == ["answer", "auto"]:
            automatic, rest = True, rest[2:]
        elif rest[0] == "answer" and len(rest) >= 4 and rest[1] in ("name", "value"):
            back.append(_change(line, "regex", rest[2], rest[3]))
            rest = rest[4:]
        else:
            raise line.error(f"exceeded the number of arguments for a {kind} name rule")
    return _Rule("name", goes_on, change, tuple(back), automatic)


def _change(line: Line, kind: str, source: str, target: str) -> Change:
    low, new = source.lower(), target.lower()
    if kind == "regex":
        try:
            pattern = ServerPattern(source)
        except RegexProblem:
            raise line.error(f"invalid regex pattern in a name rule: {source}") from None

        def by_pattern(name: str) -> str | None:
            found = pattern.search(name.rstrip(".")) or pattern.search(name)
            if found is None:
                return None
            groups = found.groups()
            return re.sub(
                r"\{(\d+)\}",
                lambda number: (
                    found[0]
                    if number[1] == "0"
                    else (groups[int(number[1]) - 1] or "")
                    if int(number[1]) <= len(groups)
                    else number[0]
                ),
                new,
            )

        return by_pattern

    def by_text(name: str) -> str | None:
        match kind:
            case "exact":
                return new if names.same(name, low) else None
            case "prefix":
                return new + name.removeprefix(low) if name.startswith(low) else None
            case "suffix":
                whole, ending = names.absolute(name), names.absolute(low)
                return whole.removesuffix(ending) + names.absolute(new) if whole.endswith(ending) else None
            case _:
                return name.replace(low, new) if low in name else None

    return by_text


def _applied(rule: _Rule, request: Request) -> Request | None:
    query = request.query
    if rule.field == "name":
        new = rule.change(request.name)
        return None if new is None else request.asking(name=names.absolute(new))
    if rule.field == "ttl":
        return request if rule.change(request.name) is not None else None
    value = query.type if rule.field == "type" else query.class_name
    new = rule.change(value)
    if new is None:
        return None
    return request.asking(**{"type" if rule.field == "type" else "class_name": new})


def _restored(rule: _Rule, asked: Request, changed: Request, response: DnsResponse) -> DnsResponse:
    if rule.field == "ttl":
        ttl = rule.ttl
        return replace(response, answer=tuple(replace(record, ttl=ttl) for record in response.answer))

    def old(name: str) -> str:
        if rule.automatic and names.same(name, changed.query.name):
            return asked.query.name
        for change in rule.back:
            again = change(name.lower())
            if again is not None:
                return names.absolute(again)
        return name

    def restored(record: DnsRecord) -> DnsRecord:
        data = old(record.data) if record.type in _NAMED and rule.back else record.data
        return replace(record, name=old(record.name), data=data)

    return replace(
        response,
        answer=tuple(restored(record) for record in response.answer),
        additional=tuple(restored(record) for record in response.additional),
    )
