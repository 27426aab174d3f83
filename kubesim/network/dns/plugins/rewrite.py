"""``rewrite``: a query is changed before it is answered, and the names of the answer may be changed back."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable
from dataclasses import dataclass, replace

from kubesim.network.dns import names
from kubesim.network.dns.corefile_words import CorefileError, Directive, Line
from kubesim.network.dns.message import DnsRecord, DnsResponse
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request, in_go
from kubesim.userland.numerals import is_number, whole_number
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
    code: tuple[str, str] = ("", "")
    """A return code, and what is told instead."""


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
                reply = replace(reply, response=_restored(rule, before, after, reply.response, configuration.resolve))
        return reply

    return handle


def _rule(line: Line) -> _Rule:
    words = [token.text for token in line.tokens[1:]]
    if len(words) < 2:
        for inner in line.block:
            words += [token.text for token in inner.tokens]
    if not words:
        raise CorefileError("no rule type specified for rewrite")
    goes_on, first = False, words[0]
    if words[0].lower() in ("continue", "stop"):
        mode = words.pop(0).lower()
        goes_on = mode == "continue"
        if not words:
            raise CorefileError(f"{mode} rule must begin with a rule type")
    rule_type = words.pop(0).lower()
    match rule_type:
        case "answer":
            raise CorefileError("response rewrites must begin with a name rule")
        case "type" | "class":
            return _kind_rule(rule_type, words, goes_on)
        case "name":
            return _name_rule(words, goes_on)
        case "ttl":
            return _ttl_rule(words, goes_on)
        case "edns0":
            return _option_rule(words, goes_on)
        case "cname":
            return _target_rule(words, goes_on)
        case "rcode":
            return _code_rule(words, goes_on)
        case _:
            raise CorefileError(f'invalid rule type "{first}"')


def _kind_rule(rule_type: str, words: list[str], goes_on: bool) -> _Rule:
    """``type FROM TO`` and ``class FROM TO``."""
    import dns.rdataclass  # dnspython is slow to load
    import dns.rdatatype

    if len(words) != 2:
        raise CorefileError(f"{rule_type} rules must have exactly two arguments")
    known = dns.rdatatype.RdataType if rule_type == "type" else dns.rdataclass.RdataClass
    source, target = (word.upper() for word in words)
    for word in (source, target):
        if word not in known.__members__:
            raise CorefileError(f'invalid {rule_type} "{word}"')
    return _Rule(rule_type, goes_on, lambda value: target if value.upper() == source else None)


_TTL = re.compile("(?:[0-9]{1,10}|[0-9]{0,10}-[0-9]{1,10}|[0-9]{1,10}-)")


def _ttl_rule(words: list[str], goes_on: bool) -> _Rule:
    if len(words) < 2:
        raise CorefileError(f"too few ({len(words)}) arguments for a ttl rule")
    if len(words) > 3:
        raise CorefileError("invalid TTL '' for a ttl rule")
    text = words[-1]
    low, dash, high = text.partition("-")
    least, most = int(low or 0) if _TTL.fullmatch(text) else 1, int(high or 2**31 - 1) if _TTL.fullmatch(text) else 0
    if not dash:
        most = least if _TTL.fullmatch(text) else 0
    if least > most or most >= 2**32:
        raise CorefileError(f"invalid TTL '{text}' for a ttl rule")
    kind = words[0].lower() if len(words) == 3 else "exact"
    if kind not in MATCHES:
        raise CorefileError("ttl rule supports only exact, prefix, suffix, substring, and regex name matching")
    pattern = words[-2]
    if kind == "regex":
        try:
            ServerPattern(pattern)
        except RegexProblem:
            raise CorefileError(f"invalid regex pattern in a ttl rule: {pattern}") from None
    return _Rule("ttl", goes_on, _change(kind, pattern, pattern), ttl=least)


_VARIABLES = ("{qname}", "{qtype}", "{client_ip}", "{client_port}", "{protocol}", "{server_ip}", "{server_port}")
_OPTION_ARGUMENTS = {
    "local": (4, "EDNS0 local rules require three or four args"),
    "nsid": (2, "EDNS0 NSID rules can accept no more than one arg"),
    "subnet": (4, "EDNS0 subnet rules require three or four args"),
}
_UNSET_ARGUMENTS = {"local": (3, "two arguments"), "nsid": (2, "one argument"), "subnet": (2, "one argument")}


def _option_rule(words: list[str], goes_on: bool) -> _Rule:
    """``edns0 local|nsid|subnet append|replace|set|unset …``: options that no server here looks at."""
    if len(words) < 2:
        raise CorefileError("too few arguments for an EDNS0 rule")
    kind, action = words[0].lower(), words[1].lower()
    if action not in ("append", "replace", "set", "unset"):
        raise CorefileError(f"invalid action: {json.dumps(action, ensure_ascii=False)}")
    if action != "unset" and words[-1] == "revert":
        words = words[:-1]
    if kind not in _OPTION_ARGUMENTS:
        raise CorefileError(f"invalid rule type {json.dumps(kind, ensure_ascii=False)}")
    count, told = _OPTION_ARGUMENTS[kind]
    if action == "unset":
        count, arguments = _UNSET_ARGUMENTS[kind]
        told = f"{kind} unset action requires exactly {arguments}"
    if len(words) != count:
        raise CorefileError(told)
    if kind == "local":
        _unsigned(words[2])
        _check_data("" if action == "unset" else words[3])
    if kind == "subnet" and action != "unset":
        for word, most, family in ((words[2], 32, "IPv4"), (words[3], 128, "IPv6")):
            length = _unsigned(word)
            if length > most:
                raise CorefileError(f"invalid {family} bit mask length {length}")
    return _Rule("edns0", goes_on, lambda value: None if action == "replace" else value)


def _check_data(data: str) -> None:
    """What an option is to hold: text, bytes in hexadecimal, or a variable."""
    if data.startswith("{") and data.endswith("}"):
        label = data[1:-1].find("/")
        if data not in _VARIABLES and not 0 < label < len(data) - 3:
            raise CorefileError(f"unsupported variable name {json.dumps(data, ensure_ascii=False)}")
    elif data.startswith("0x"):
        odd = next((each for each in data[2:] if each not in string.hexdigits), None)
        if odd is not None:
            raise CorefileError(f"encoding/hex: invalid byte: U+{ord(odd):04X} '{odd}'")
        if len(data) % 2:
            raise CorefileError("encoding/hex: odd length hex string")


def _unsigned(word: str) -> int:
    """A number of sixteen bits, as Go's ``ParseUint`` reads it with its base in front."""
    text = word.lower()
    digits = re.fullmatch(r"0x([0-9a-f]+)|0b([01]+)|0o?([0-7]+)|([1-9][0-9]*|0)", text)
    if digits is None or len(text) > 40:
        problem = "invalid syntax" if digits is None else "value out of range"
        raise CorefileError(f'strconv.ParseUint: parsing "{word}": {problem}')
    base, number = next((base, each) for base, each in zip((16, 2, 8, 10), digits.groups(), strict=True) if each)
    value = int(number, base)
    if value >= 1 << 16:
        raise CorefileError(f'strconv.ParseUint: parsing "{word}": value out of range')
    return value


def _target_rule(words: list[str], goes_on: bool) -> _Rule:
    """``cname [TYPE] FROM TO``: an alias leads elsewhere, and what is there is looked up."""
    if len(words) not in (2, 3):
        raise CorefileError(f"too few ({len(words)}) arguments for a cname rule")
    kind = words[0].lower() if len(words) == 3 else "exact"
    if kind not in MATCHES:
        raise CorefileError(f"unknown cname rewrite type: {kind}")
    source, target = words[-2].lower(), words[-1].lower()
    if kind == "regex":
        try:
            ServerPattern(source)
        except RegexProblem as problem:
            raise CorefileError(f"invalid cname rewrite regex pattern: {in_go(source, str(problem))}") from None
    change = _change(kind, source, target)
    return _Rule("cname", goes_on, lambda value: value, back=(change,))


_CODES = (
    *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH"),
    *("NOTZONE", "11", "12", "13", "14", "15", "BADSIG", "BADKEY", "BADTIME", "BADMODE", "BADNAME", "BADALG"),
    *("BADTRUNC", "BADCOOKIE"),
)
"""Return codes by number; a number stands for those without a name."""


def _code_rule(words: list[str], goes_on: bool) -> _Rule:
    """``rcode [TYPE] NAME OLD NEW``: another return code is told."""
    if len(words) < 3:
        raise CorefileError(f"too few ({len(words)}) arguments for a rcode rule")
    pair = words[-2:] if len(words) < 5 else ["", ""]
    codes = []
    for role, word in zip(("matching", "replacement"), pair, strict=True):
        if is_number(word) and whole_number(word) < len(_CODES):
            codes.append(_CODES[whole_number(word)])
        elif word.upper() in _CODES and not is_number(word):
            codes.append(word.upper())
        else:
            raise CorefileError(f"invalid {role} RCODE '{word}' for a rcode rule")
    kind, name = words[0].lower() if len(words) == 4 else "exact", words[-3]
    if kind not in MATCHES:
        raise CorefileError("rcode rule supports only exact, prefix, suffix, substring, and regex name matching")
    if kind == "regex":
        try:
            ServerPattern(name)
        except RegexProblem:
            raise CorefileError(f"invalid regex pattern in a rcode rule: {name}") from None
    old, new = codes
    part = name if kind == "regex" else names.absolute(name)  # even what a name only begins with or holds
    return _Rule("rcode", goes_on, _change(kind, part, part), code=(old, new))


def _name_rule(words: list[str], goes_on: bool) -> _Rule:
    if len(words) < 2:
        raise CorefileError("too few arguments for a name rule")
    kind = words.pop(0).lower() if len(words) > 2 else "exact"
    source, target = words[0], words[1]
    automatic, back = kind == "exact" and len(words) == 2, list[Change]()
    if len(words) > 2:
        automatic, back = _answers(kind, words[2:])
    if kind not in MATCHES:
        raise CorefileError(
            f"name rule supports only exact, prefix, suffix, substring, and regex name matching, received: {kind}"
        )
    if kind == "regex":
        _check_pattern(source, target)
    return _Rule("name", goes_on, _change(kind, source, target), tuple(back), automatic)


def _answers(kind: str, words: list[str]) -> tuple[bool, list[Change]]:
    """``answer auto``, ``answer name FROM TO``, ``answer value FROM TO``, one after the other."""
    if len(words) < 2:
        raise CorefileError(f"invalid arguments for {kind} rule")
    back: list[Change] = []
    automatic, named, last = False, 0, ""
    while words:
        if not last and words[0] != "answer":
            told = f"exceeded the number of arguments for a non-answer rule argument for {kind} rule"
            raise CorefileError(told)
        if words[0] == "answer":
            words.pop(0)
        if not words:
            raise CorefileError(f"type missing for answer rule for {kind} rule")
        last = words.pop(0)
        if last == "auto":
            automatic = True
            continue
        if last not in ("name", "value"):
            raise CorefileError(f'invalid type "{last}" for answer rule for {kind} rule')
        if len(words) < 2:
            raise CorefileError(f"{last} answer rule for {kind} rule: 2 arguments required")
        try:
            _check_pattern(words[0], words[1])
        except CorefileError as error:
            raise CorefileError(f"{last} answer rule for {kind} rule: {error}") from None
        back.append(_change("regex", words.pop(0), words.pop(0)))
        named += last == "name"
    if automatic and named:
        raise CorefileError("auto name answer rule cannot be combined with explicit name anwer rules")
    return automatic, back


def _check_pattern(source: str, target: str) -> None:
    try:
        groups = ServerPattern(source).groups
    except RegexProblem:
        raise CorefileError(f"invalid regex matching pattern: {source}") from None
    used = max((whole_number(each) for each in re.findall(r"\{([0-9]+)\}", target)), default=0)
    if used > groups:
        raise CorefileError(
            f"the rewrite regex pattern ({target}) uses more subexpressions than its corresponding matching regex "
            f"pattern ({source})"
        )


def _change(kind: str, source: str, target: str) -> Change:
    low, new = source.lower(), target.lower()
    if kind == "regex":
        pattern = ServerPattern(source)

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
                    else (groups[whole_number(number[1]) - 1] or "")
                    if whole_number(number[1]) <= len(groups)
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
    if rule.field not in ("type", "class"):  # nothing is asked otherwise; the answer may be changed
        return request if rule.change(request.name) is not None else None
    value = query.type if rule.field == "type" else query.class_name
    new = rule.change(value)
    if new is None:
        return None
    return request.asking(**{"type" if rule.field == "type" else "class_name": new})


def _restored(
    rule: _Rule,
    asked: Request,
    changed: Request,
    response: DnsResponse,
    look_up: Callable[[str, str], DnsResponse],
) -> DnsResponse:
    if rule.field == "rcode":
        return replace(response, rcode=rule.code[1]) if response.rcode == rule.code[0] else response
    if rule.field == "cname":
        return _led_elsewhere(rule, response, changed.query.type, look_up)
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


def _led_elsewhere(
    rule: _Rule, response: DnsResponse, record_type: str, look_up: Callable[[str, str], DnsResponse]
) -> DnsResponse:
    """The answer in which the first alias that the rule knows leads to another name."""
    for number, record in enumerate(response.answer):
        target = rule.back[0](record.data.lower()) if record.type == "CNAME" else None
        if target is None:
            continue
        target = names.absolute(target)
        found = look_up(target, record_type)
        kept = [one for one in response.answer[:number] if one.type == "CNAME"]
        answer = (*kept, replace(record, data=target), *found.answer)
        return replace(response, answer=answer, truncated=found.truncated)
    return response
