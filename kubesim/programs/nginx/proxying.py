"""``proxy_pass``: the request goes on, over a connection of this machine's own."""

from __future__ import annotations

from dataclasses import replace

from kubesim.network.dns.names import is_address
from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.http import header
from kubesim.programs.name_lookup import Lookup, look_up
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.pages import page
from kubesim.programs.nginx.upstreams import Place
from kubesim.programs.nginx.values import URL, address_problem

MOST_WAITING = 10
"""Requests of one nginx that wait for each other, before one that comes back to it again and again has used up its
connections; real ones get to several hundred first, and each gets the same answer."""


def proxied(exchange: Exchange, target: str) -> HttpResponse:
    """Pass the request on, through the machine's own names and rules."""
    nginx = exchange.nginx

    def failed(status: int, error: str, seconds: float = 0.0) -> HttpResponse:
        exchange.errors.append(error)
        return replace(page(status, exchange.signature), seconds=seconds)

    url = URL.fullmatch(exchange.expanded(target))
    if url is None:
        return failed(500, f'invalid URL prefix in "{exchange.expanded(target)}"')
    authority, path = url[1], url[2]
    problem = address_problem(authority)
    if problem:
        return failed(500, f'{problem} in upstream "{authority}{path}"')
    host, port = Place.of(authority, 443 if url[0].startswith("https") else 80)
    upstreams = [each for http in nginx.configuration.https for each in http.all("upstream")]
    for upstream in upstreams:
        members = upstream.all("server")
        if upstream.arguments[0].lower() == host and members:
            host, port = Place.of(members[nginx.connections % len(members)].arguments[0])
            break
    known = nginx.addresses.get(host)
    if known is None and not is_address(host) and exchange.setting("resolver") is None:
        return failed(502, f"no resolver defined to resolve {host}")
    lookup = Lookup(known) if known else look_up(nginx.machine, host if is_address(host) else f"{host}.")
    if not lookup.addresses:
        return failed(502, f"{host} could not be resolved (3: Host not found)", lookup.seconds)
    if nginx.proxying >= MOST_WAITING:
        limit = next(
            (each.value("worker_connections", "512") for each in nginx.configuration.root.all("events")), "512"
        )
        return failed(500, f"{limit} worker_connections are not enough while connecting to upstream", lookup.seconds)
    connection = nginx.machine.sockets.connect(lookup.addresses[0], port)
    if connection.outcome is not Outcome.DELIVERED:
        if connection.seconds > 60:
            words = "upstream timed out (110: Connection timed out) while connecting to upstream"
            return failed(504, words, 60.0)
        refused = connection.outcome in (Outcome.REFUSED, Outcome.REJECTED)
        reason = "111: Connection refused" if refused else "113: No route to host"
        return failed(502, f"connect() failed ({reason}) while connecting to upstream", connection.seconds)
    nginx.proxying += 1
    try:
        answer = connection.request(_request(exchange, path, authority))
    finally:
        nginx.proxying -= 1
    if not isinstance(answer, HttpResponse):
        words = "upstream prematurely closed connection while reading response header from upstream"
        return failed(502, words)
    passed = [(n, v) for n, v in answer.headers if n.lower() not in ("server", "date", "connection")]
    return replace(answer, headers=tuple(passed), seconds=answer.seconds + lookup.seconds)


def _request(exchange: Exchange, path: str, authority: str) -> HttpRequest:
    """The request that is passed on; a path in ``proxy_pass`` stands in place of the location's pattern."""
    location, route = exchange.location, exchange.request.target
    if path and location is not None:
        route = path + route[len(location.pattern) :]
    kept = [(n, v) for n, v in exchange.request.headers if n.lower() not in ("host", "connection")]
    for each in (location.directive if location else exchange.server).all("proxy_set_header"):
        name, value = each.arguments[:2]
        kept = [*((n, v) for n, v in kept if n.lower() != name.lower()), (name, exchange.expanded(value))]
    others = ((n, v) for n, v in kept if n.lower() != "host")
    headers = (("Host", header(kept, "Host") or authority), ("Connection", "close"), *others)
    return HttpRequest(exchange.request.method, route, headers, exchange.request.body, "1.0")
