"""``proxy_pass``: the request goes on, over a connection of this machine's own."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.http import header
from kubesim.programs.name_lookup import look_up
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.pages import page
from kubesim.userland.numerals import is_number, whole_number

MOST_WAITING = 10
"""Requests of one nginx that wait for each other, before one that comes back to it again and again has used up its
connections; real ones get to several hundred first, and each gets the same answer."""


def proxied(exchange: Exchange, target: str) -> HttpResponse:
    """Pass the request on, through the machine's own names and rules."""
    nginx = exchange.nginx
    url = urlsplit(exchange.expanded(target))
    host, port = url.hostname or "", url.port or 80
    upstreams = [each for http in nginx.configuration.https for each in http.all("upstream")]
    for upstream in upstreams:
        members = upstream.all("server")
        if upstream.arguments == (host,) and members:
            host, _, text = members[nginx.connections % len(members)].arguments[0].partition(":")
            port = whole_number(text) if is_number(text) else 80
            break

    def failed(status: int, error: str, seconds: float = 0.0) -> HttpResponse:
        exchange.errors.append(error)
        return replace(page(status, exchange.signature), seconds=seconds)

    lookup = look_up(nginx.machine, host)
    if not lookup.addresses:
        return failed(502, f"{host} could not be resolved (3: Host not found)")
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
        answer = connection.request(_request(exchange, url.path, url.netloc))
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
