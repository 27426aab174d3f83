"""``cache``: answers are kept for their TTL, at most for the time that the Corefile allows.

Every record that passes gets the same TTL, the smallest of the answer's (capped); it counts down while the answer is
kept. An answer from the cache has the ``aa`` flag set whoever gave it, and the names as the first asker spelt them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace

from kubesim.network.dns import names
from kubesim.network.dns.corefile_words import CorefileError, Directive, Line, duration, integer, normalised_zones
from kubesim.network.dns.message import DnsResponse, with_ttl
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request
from kubesim.userland.numerals import is_number

LONGEST_POSITIVE, LONGEST_NEGATIVE, SHORTEST = 3600, 1800, 5
FAILURE_SECONDS = 5.0
CAPACITY = 9984
"""Answers kept of each sort; the oldest make room."""

POSITIVE, NEGATIVE, FAILED = "success", "denial", "servfail"


@dataclass(slots=True)
class _Limits:
    zones: tuple[str, ...]
    longest: dict[str, float]
    shortest: dict[str, float]
    capacity: dict[str, int]
    excepted: dict[str, tuple[str, ...]]
    failure: float = FAILURE_SECONDS
    keep_ttl: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    response: DnsResponse
    until: float


def cache(line: Directive, configuration: Configuration) -> Link:
    """Read ``cache [TTL] [ZONES...] { success|denial CAPACITY [TTL [MIN]], servfail DURATION, … }``."""
    arguments = line.arguments
    limits = _Limits(
        (),
        {POSITIVE: LONGEST_POSITIVE, NEGATIVE: LONGEST_NEGATIVE},
        {POSITIVE: SHORTEST, NEGATIVE: SHORTEST},
        {POSITIVE: CAPACITY, NEGATIVE: CAPACITY},
        {POSITIVE: (), NEGATIVE: ()},
    )
    if arguments and is_number(arguments[0].removeprefix("-")):
        ttl = _ttl(arguments.pop(0))
        limits.longest = {POSITIVE: ttl, NEGATIVE: ttl}
    limits.zones = normalised_zones(arguments, configuration.block.zones)
    for option in line.block:
        _option(option, limits)
    simulation = configuration.surroundings.simulation
    stores: dict[str, OrderedDict[tuple[str, str, bool], _Kept]] = {POSITIVE: OrderedDict(), NEGATIVE: OrderedDict()}

    def handle(request: Request, following: Handler) -> Reply:
        if not names.longest_zone(request.name, limits.zones):
            return following(request)
        key = (request.name, request.query.type, request.query.class_name != "IN")
        for store in (stores[POSITIVE], stores[NEGATIVE]):
            kept = store.get(key)
            if kept is not None and simulation.now < kept.until:
                return Reply(_from_cache(kept, request, simulation.now, limits.keep_ttl))
        reply = following(request)
        if reply.response is None:
            return reply
        response = reply.response
        sort = _sort_of(response)
        if sort == "":
            return reply
        seconds = limits.failure if sort == FAILED else _lifetime(response, sort, limits)
        shelf = POSITIVE if sort == POSITIVE else NEGATIVE
        excepted = names.longest_zone(request.name, limits.excepted[shelf])
        if seconds > 0 and not response.truncated and not excepted:
            store = stores[shelf]
            store[key] = _Kept(response, simulation.now + seconds)
            while len(store) > limits.capacity[shelf]:
                store.popitem(last=False)
        return Reply(response if limits.keep_ttl else _with_ttl(response, int(seconds)))

    return handle


def _ttl(text: str) -> int:
    seconds = integer(text)
    if seconds <= 0:
        raise CorefileError(f"cache TTL can not be zero or negative: {seconds}")
    return seconds


def _option(option: Line, limits: _Limits) -> None:
    arguments = option.arguments
    match option.name:
        case "success" | "denial":
            if not arguments:
                raise option.wrong_count()
            limits.capacity[option.name] = max(1, integer(arguments[0]))
            if len(arguments) > 1:
                limits.longest[option.name] = _ttl(arguments[1])
            if len(arguments) > 2:
                shortest = integer(arguments[2])
                if shortest < 0:
                    raise CorefileError(f"cache min TTL can not be negative: {shortest}")
                limits.shortest[option.name] = shortest
        case "servfail":
            if len(arguments) != 1:
                raise option.wrong_count()
            seconds = duration(arguments[0])
            if seconds < 0:
                raise CorefileError("invalid negative ttl for servfail")
            if seconds > 300:
                raise CorefileError("caching SERVFAIL responses over 5 minutes is not permitted")
            limits.failure = seconds
        case "disable":
            if not arguments:
                raise option.wrong_count()
            if arguments[0] not in (POSITIVE, NEGATIVE):
                raise CorefileError(f'cache type for disable must be "{POSITIVE}" or "{NEGATIVE}"')
            limits.excepted[arguments[0]] = normalised_zones(arguments[1:], (".",))
        case "keepttl":
            if arguments:
                raise option.wrong_count()
            limits.keep_ttl = True
        case "prefetch":
            _check_prefetch(option)
        case "serve_stale":
            if len(arguments) > 2:
                raise option.wrong_count()
            if arguments and duration(arguments[0]) < 0:
                raise CorefileError("invalid negative duration for serve_stale")
            if len(arguments) == 2 and arguments[1].lower() not in ("immediate", "verify"):
                raise CorefileError(f"invalid value for serve_stale refresh mode: {arguments[1].lower()}")
        case _:
            raise option.tokens[0].wrong_count()


def _check_prefetch(option: Line) -> None:
    arguments = option.arguments
    if not 1 <= len(arguments) <= 3:
        raise option.wrong_count()
    amount = integer(arguments[0])
    if amount < 0:
        raise CorefileError(f"prefetch amount should be positive: {amount}")
    if len(arguments) > 1:
        duration(arguments[1])
    if len(arguments) > 2:
        if not arguments[2].endswith("%"):
            last = arguments[2][-1:]
            raise CorefileError(f"last character of percentage should be `%`, but is: '{last}'")
        percentage = integer(arguments[2][:-1])
        if not 10 <= percentage <= 90:
            raise CorefileError(f"percentage should fall in range [10, 90]: {percentage}")


def _sort_of(response: DnsResponse) -> str:
    """Which store an answer belongs to; the empty string for one that is not kept."""
    has_soa = any(record.type == "SOA" for record in response.authority)
    if response.rcode == "NOERROR":
        return NEGATIVE if not response.answer and has_soa else POSITIVE
    if response.rcode == "NXDOMAIN" and has_soa:
        return NEGATIVE
    return FAILED if response.rcode in ("SERVFAIL", "NOTIMP") else ""


def _lifetime(response: DnsResponse, sort: str, limits: _Limits) -> float:
    records = (*response.answer, *response.authority, *response.additional)
    smallest = min((record.ttl for record in records), default=SHORTEST)
    return min(max(smallest, limits.shortest[sort]), limits.longest[sort])


def _with_ttl(response: DnsResponse, ttl: int) -> DnsResponse:
    return replace(
        response,
        answer=with_ttl(response.answer, ttl),
        authority=with_ttl(response.authority, ttl),
        additional=with_ttl(response.additional, ttl),
    )


def _from_cache(kept: _Kept, request: Request, now: float, keep_ttl: bool) -> DnsResponse:
    response = replace(
        kept.response, authoritative=True, seconds=0.0, recursion_desired=request.query.recursion_desired
    )
    return response if keep_ttl else _with_ttl(response, math.ceil(kept.until - now))
