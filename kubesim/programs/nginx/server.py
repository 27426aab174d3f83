"""The nginx server: from a request to files of its container, redirects, other servers and error pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import ClientHello, byte_length, header, http_date
from kubesim.programs.nginx import choosing, logs
from kubesim.programs.nginx.configuration import Directive
from kubesim.programs.nginx.error_pages import error_page
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.pages import LINES, REASONS, page, status_page
from kubesim.programs.nginx.proxying import proxied
from kubesim.programs.nginx.static import answer_with_file
from kubesim.programs.nginx.variables import expanded, variables_of
from kubesim.userland.machine import Machine


@dataclass(slots=True)
class NginxServer:
    """What listens on one port of an nginx."""

    machine: Machine
    root: Directive
    port: int
    version: str
    log: list[str]
    worker: int = 29
    connections: int = 0

    def handle(self, request: object, client: Client) -> object:
        """Answer one request and log it."""
        self.connections += 1
        if isinstance(request, ClientHello):
            self.log.append(
                f'{client.address} - - [{logs.time_local(self.now())}] "\\x16\\x03\\x01\\x06" 400 157 "-" "-" "-"'
            )
            return "HTTP/1.1 400 Bad Request"
        if not isinstance(request, HttpRequest):
            return None
        host = header(request.headers, "Host") or ""
        if not host and request.version == "1.1":
            return page(self, 400)
        server = choosing.choose_server(self.root, self.port, host)
        if server is None:
            return page(self, 404)
        path = unquote(request.target.partition("?")[0])
        exchange = Exchange(request, client, server, choosing.choose_location(server, path), path)
        response = self._answer(exchange)
        if response.status >= 400:
            response = error_page(self, exchange, response)
        response = self._finish(exchange, response)
        for error in exchange.errors:
            name = server.value("server_name")
            self.log.append(
                logs.error_line(self.now(), self.worker, self.connections, error, client.address, name, request)
            )
        self._write_access(exchange, response)
        return response

    def now(self) -> datetime:
        """The simulation's time."""
        return self.machine.datetime()

    def setting(self, exchange: Exchange, name: str) -> Directive | None:
        """A directive as inherited: location, server, http."""
        levels = [exchange.location.directive] if exchange.location else []
        levels += [exchange.server, *self.root.all("http")]
        for level in levels:
            found = level.first(name)
            if found is not None:
                return found
        return None

    def _answer(self, exchange: Exchange) -> HttpResponse:
        location = exchange.location
        scope = location.directive if location else exchange.server
        for level in (exchange.server, scope):
            returned = level.first("return")
            if returned is not None:
                return self._returned(exchange, returned)
        if location and location.directive.first("proxy_pass"):
            return proxied(self, exchange, location.directive.value("proxy_pass"))
        if location and location.directive.first("stub_status"):
            return status_page(self)
        if exchange.request.method not in ("GET", "HEAD"):
            return page(self, 405)
        return answer_with_file(self, exchange)

    def _returned(self, exchange: Exchange, directive: Directive) -> HttpResponse:
        words = directive.arguments
        status = int(words[0]) if words[0].isdigit() else 302
        text = expanded(self, exchange, words[-1]) if len(words) > 1 or not words[0].isdigit() else ""
        if status in (301, 302, 303, 307, 308):
            redirect = page(self, status)
            target = text
            if text.startswith("/"):
                host = (header(exchange.request.headers, "Host") or "localhost").partition(":")[0]
                target = f"http://{host}{'' if self.port == 80 else f':{self.port}'}{text}"
            return replace(redirect, headers=(*redirect.headers, ("Location", target)))
        if not text:
            return page(self, status) if status not in (200, 204) else HttpResponse(status, "", ())
        kind = self.setting(exchange, "default_type")
        headers = (
            ("Content-Type", kind.arguments[0] if kind else "text/plain"),
            ("Content-Length", str(byte_length(text))),
        )
        return HttpResponse(status, "", headers, text)

    def _finish(self, exchange: Exchange, response: HttpResponse) -> HttpResponse:
        """The headers that every answer has, in nginx's order."""
        request = exchange.request
        keep = request.version == "1.1" and (header(request.headers, "Connection") or "").lower() != "close"
        if response.status == 400:
            keep = False
        tokens = self.setting(exchange, "server_tokens")
        shown = "nginx" if tokens and tokens.arguments == ("off",) else f"nginx/{self.version}"
        given = dict(response.headers)
        order = ["Content-Type", "Content-Length", "Last-Modified"]
        front = [(name, given[name]) for name in order if name in given]
        location = [("Location", given["Location"])] if "Location" in given else []
        rest = [(name, value) for name, value in response.headers if name not in (*order, "Location")]
        added = []
        for level in ([exchange.location.directive] if exchange.location else []) + [exchange.server]:
            own = level.all("add_header")
            if own:
                for each in own:
                    if (
                        response.status in (200, 201, 204, 206, 301, 302, 303, 304, 307, 308)
                        or "always" in each.arguments
                    ):
                        added.append((each.arguments[0], expanded(self, exchange, each.arguments[1])))
                break
        headers = [("Server", shown), ("Date", http_date(self.now())), *front, *location]
        headers += [("Connection", "keep-alive" if keep else "close"), *rest, *added]
        reason = LINES.get(response.status, REASONS.get(response.status, response.reason))
        body = "" if request.method == "HEAD" or response.status in (204, 304) else response.body
        return HttpResponse(response.status, reason, tuple(headers), body, response.seconds)

    def _write_access(self, exchange: Exchange, response: HttpResponse) -> None:
        setting = self.setting(exchange, "access_log")
        if setting is not None and setting.arguments[0] == "off":
            return
        form = logs.COMBINED_AND_FORWARDED
        wanted = setting.arguments[1] if setting is not None and len(setting.arguments) > 1 else "combined"
        for http in self.root.all("http"):
            for each in http.all("log_format"):
                if each.arguments[0] == wanted:
                    form = "".join(each.arguments[1:])
        if wanted == "combined":
            form = logs.COMBINED_AND_FORWARDED.rpartition(" ")[0]
        self.log.append(
            logs.access_line(form, variables_of(self, exchange, response.status, byte_length(response.body)))
        )
