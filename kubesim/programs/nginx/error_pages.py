"""``error_page``: a file of the container in place of nginx's own page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubesim.network.service import HttpResponse
from kubesim.programs.http import byte_length
from kubesim.programs.nginx import choosing
from kubesim.programs.nginx.choosing import Location
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.static import on_disk, type_of
from kubesim.userland.filesystem import FileError

if TYPE_CHECKING:
    from kubesim.programs.nginx.server import NginxServer


def replace_location(exchange: Exchange, location: Location | None, path: str) -> Exchange:
    """The same request, looked at from another location (an internal redirect)."""
    return Exchange(exchange.request, exchange.client, exchange.server, location, path)


def error_page(server: NginxServer, exchange: Exchange, response: HttpResponse) -> HttpResponse:
    """What ``error_page`` puts in place of the built-in page, where its file exists."""
    levels = [exchange.location.directive] if exchange.location else []
    for level in (*levels, exchange.server):
        for each in level.all("error_page"):
            if str(response.status) in each.arguments[:-1]:
                location = choosing.choose_location(exchange.server, each.arguments[-1])
                inner = replace_location(exchange, location, each.arguments[-1])
                path = on_disk(server, inner, each.arguments[-1])
                try:
                    body = server.machine.files.read(path)
                except FileError:
                    return response
                headers = (("Content-Type", type_of(server, inner, path)), ("Content-Length", str(byte_length(body))))
                return replace(response, headers=headers, body=body)
    return response
