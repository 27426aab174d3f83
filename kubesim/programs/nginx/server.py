"""From a request to its answer, and its lines in the log."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import ClientHello, byte_length, header, http_date, plain_response
from kubesim.programs.nginx import logs, malformed
from kubesim.programs.nginx.choosing import choose_location, choose_server
from kubesim.programs.nginx.configuration import Directive
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.pages import OWN_REASONS, page, status_page
from kubesim.programs.nginx.processes import RunningNginx
from kubesim.programs.nginx.proxying import proxied
from kubesim.programs.nginx.static import answer_with_file, error_page, redirect
from kubesim.userland.numerals import is_number, whole_number

REDIRECTS = (301, 302, 303, 307, 308)
FIRST_HEADERS = ("Content-Type", "Content-Length", "Last-Modified", "Location")
"""Those that come before Connection, in this order."""
WITH_ADDED_HEADERS = (200, 201, 204, 206, 301, 302, 303, 304, 307, 308)
"""The statuses that ``add_header`` is for, unless it says ``always``."""


def answer(nginx: RunningNginx, port: int, request: object, client: Client) -> object:
    """Answer one request that came in on a port, and log it."""
    nginx.connections += 1
    if request == "":  # somebody connected, and has said nothing yet
        return None
    if isinstance(request, ClientHello):
        stamp = logs.time_local(nginx.now())
        nginx.log.append(f'{client.address} - - [{stamp}] "\\x16\\x03\\x01\\x06" 400 157 "-" "-" "-"')
        return "HTTP/1.1 400 Bad Request"
    if isinstance(request, str):
        request = malformed.read(request)
    if not isinstance(request, HttpRequest):
        return None
    host = header(request.headers, "Host") or ""
    server = choose_server(nginx.configuration.servers, port, host)
    if server is None:
        return page(404, f"nginx/{nginx.version}")
    path = unquote(request.target.partition("?")[0])
    exchange = Exchange(nginx, port, request, client, server, choose_location(server, path), path)
    flaw = malformed.flaw(request)
    response = page(flaw, exchange.signature) if flaw else _answer(exchange)
    if response.status >= 400:
        response = error_page(exchange, response)
    response = _finished(exchange, response)
    empty = not (request.line or request.method)  # nothing but empty lines came: no answer either
    exchange.sent = 0 if empty else exchange.sent
    _write_lines(exchange)
    if empty:
        return None
    return response.body if request.version == "0.9" else response


def _answer(exchange: Exchange) -> HttpResponse:
    location = exchange.location
    scope = location.directive if location else exchange.server
    for level in (exchange.server, scope):
        returned = level.last("return")
        if returned is not None:
            return _returned(exchange, returned)
    if location and location.directive.last("proxy_pass"):
        return proxied(exchange, location.directive.value("proxy_pass"))
    if location and location.directive.last("stub_status"):
        return status_page(exchange.nginx.connections)
    if exchange.request.method not in ("GET", "HEAD"):
        return page(405, exchange.signature)
    return answer_with_file(exchange)


def _returned(exchange: Exchange, directive: Directive) -> HttpResponse:
    """``return CODE``, ``return CODE TEXT``, ``return CODE URL`` or ``return URL``."""
    words = directive.arguments if is_number(directive.arguments[0]) else ("302", *directive.arguments)
    status, text = whole_number(words[0]), exchange.expanded(words[1] if len(words) > 1 else "")
    if status in REDIRECTS:
        return redirect(exchange, status, exchange.own_url(text) if text.startswith("/") else text)
    if text:
        return plain_response(status, text, exchange.words("default_type", "text/plain")[0])
    return HttpResponse(status, "") if status < 300 else page(status, exchange.signature)


def _finished(exchange: Exchange, response: HttpResponse) -> HttpResponse:
    """The answer with the headers that every one has, in nginx's order."""
    request, status = exchange.request, response.status
    closes = (header(request.headers, "Connection") or "").lower() == "close"
    keep = request.version == "1.1" and status not in malformed.STATUSES and not closes
    body = "" if request.method == "HEAD" or status in (204, 304) else response.body
    exchange.status, exchange.sent = status, byte_length(body)
    given = dict(response.headers)
    added = next((found for level in exchange.levels if (found := level.all("add_header"))), [])
    headers = (
        ("Server", exchange.signature),
        ("Date", http_date(exchange.nginx.now())),
        *((name, given[name]) for name in FIRST_HEADERS if name in given),
        ("Connection", "keep-alive" if keep else "close"),
        *((name, value) for name, value in response.headers if name not in FIRST_HEADERS),
        *(
            (each.arguments[0], exchange.expanded(each.arguments[1]))
            for each in added
            if status in WITH_ADDED_HEADERS or "always" in each.arguments
        ),
    )
    return replace(response, reason=OWN_REASONS.get(status, response.reason), headers=headers, body=body)


def _write_lines(exchange: Exchange) -> None:
    """The errors that were met, and the access line."""
    nginx = exchange.nginx
    worker, name = nginx.workers[-1], exchange.server.value("server_name")
    for error in exchange.errors:
        line = logs.error_line(
            nginx.now(), worker, nginx.connections, error, exchange.client.address, name, exchange.request
        )
        nginx.log.append(line)
    where, form = (*exchange.words("access_log", ""), "combined")[:2]
    if where != "off":
        forms = {each.arguments[0]: each for http in nginx.configuration.https for each in http.all("log_format")}
        words = "".join(forms[form].arguments[1:]) if form in forms else logs.COMBINED
        nginx.log.append(exchange.expanded(words, empty="-"))
