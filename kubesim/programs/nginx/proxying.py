"""``proxy_pass``: the request goes on, over a connection of this container's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.http import header
from kubesim.programs.lookup import look_up
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.pages import page
from kubesim.programs.nginx.variables import expanded

if TYPE_CHECKING:
    from kubesim.programs.nginx.server import NginxServer


def proxied(server: NginxServer, exchange: Exchange, target: str) -> HttpResponse:
    """Pass the request on: a connection of this container's own, through its own names and rules."""
    url = urlsplit(expanded(server, exchange, target))
    host, port = url.hostname or "", url.port or 80
    upstreams = [each for http in server.root.all("http") for each in http.all("upstream") if each.arguments == (host,)]
    if upstreams:
        members = upstreams[0].all("server")
        member = members[server.connections % len(members)].arguments[0]
        host, _, text = member.partition(":")
        port = int(text) if text.isdigit() else 80
    lookup = look_up(server.machine, host)
    if not lookup.addresses:
        exchange.errors.append(f"{host} could not be resolved (3: Host not found)")
        return page(server, 502)
    connection = server.machine.sockets.connect(lookup.addresses[0], port)
    if connection.outcome is not Outcome.DELIVERED:
        if connection.seconds > 60:
            exchange.errors.append("upstream timed out (110: Connection timed out) while connecting to upstream")
            return replace(page(server, 504), seconds=60.0)
        refused = connection.outcome in (Outcome.REFUSED, Outcome.REJECTED)
        reason = "111: Connection refused" if refused else "113: No route to host"
        exchange.errors.append(f"connect() failed ({reason}) while connecting to upstream")
        return replace(page(server, 502), seconds=connection.seconds)
    location = exchange.location
    route = exchange.request.target
    if url.path and location is not None:
        route = url.path + route[len(location.pattern) :]
    kept = [(n, v) for n, v in exchange.request.headers if n.lower() not in ("host", "connection")]
    for each in (location.directive if location else exchange.server).all("proxy_set_header"):
        kept = [(n, v) for n, v in kept if n.lower() != each.arguments[0].lower()]
        kept.append((each.arguments[0], expanded(server, exchange, each.arguments[1])))
    named = header(tuple(kept), "Host") or url.netloc
    kept = [("Host", named), ("Connection", "close"), *((n, v) for n, v in kept if n.lower() != "host")]
    answer = connection.request(HttpRequest(exchange.request.method, route, tuple(kept), exchange.request.body, "1.0"))
    if not isinstance(answer, HttpResponse):
        exchange.errors.append("upstream prematurely closed connection while reading response header from upstream")
        return page(server, 502)
    passed = [(n, v) for n, v in answer.headers if n.lower() not in ("server", "date", "connection")]
    return replace(answer, headers=tuple(passed), seconds=answer.seconds + lookup.seconds)
