"""The nginx server: from a request to files of its container, redirects, other servers and error pages."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.filesystem import Entry, FileError
from kubesim.programs.http import ClientHello, byte_length, header, http_date
from kubesim.programs.lookup import look_up
from kubesim.programs.machine import Machine
from kubesim.programs.nginx import choosing, logs
from kubesim.programs.nginx.choosing import Location
from kubesim.programs.nginx.configuration import Directive

_REASONS = {
    405: "Not Allowed",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    503: "Service Temporarily Unavailable",
}
_REASONS |= {
    504: "Gateway Time-out",
    404: "Not Found",
    403: "Forbidden",
    400: "Bad Request",
    500: "Internal Server Error",
}
_REASONS |= {
    502: "Bad Gateway",
    416: "Requested Range Not Satisfiable",
    401: "Authorization Required",
    413: "Request Entity Too Large",
}
_REASONS |= {
    303: "See Other",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    410: "Gone",
    429: "Too Many Requests",
}
_LINES = {200: "OK", 204: "No Content", 206: "Partial Content", 304: "Not Modified", 418: ""}


@dataclass(slots=True)
class Exchange:
    """One request on its way through the server."""

    request: HttpRequest
    client: Client
    server: Directive
    location: Location | None
    path: str
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class NginxServer:
    """What listens on one port of an nginx."""

    machine: Machine
    root: Directive
    port: int
    version: str
    log: list[str]
    worker: int = 29
    _connections: int = 0

    def handle(self, request: object, client: Client) -> object:
        """Answer one request and log it."""
        self._connections += 1
        if isinstance(request, ClientHello):
            self.log.append(
                f'{client.address} - - [{logs.time_local(self._now())}] "\\x16\\x03\\x01\\x06" 400 157 "-" "-" "-"'
            )
            return "HTTP/1.1 400 Bad Request"
        if not isinstance(request, HttpRequest):
            return None
        host = header(request.headers, "Host") or ""
        if not host and request.version == "1.1":
            return self._page(400)
        server = choosing.choose_server(self.root, self.port, host)
        if server is None:
            return self._page(404)
        path = unquote(request.target.partition("?")[0])
        exchange = Exchange(request, client, server, choosing.choose_location(server, path), path)
        response = self._answer(exchange)
        if response.status >= 400:
            response = self._error_page(exchange, response)
        response = self._finish(exchange, response)
        for error in exchange.errors:
            name = server.value("server_name")
            self.log.append(
                logs.error_line(self._now(), self.worker, self._connections, error, client.address, name, request)
            )
        self._write_access(exchange, response)
        return response

    def _now(self) -> datetime:
        return self.machine.datetime()

    def _setting(self, exchange: Exchange, name: str) -> Directive | None:
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
            return self._proxied(exchange, location.directive.value("proxy_pass"))
        if location and location.directive.first("stub_status"):
            return self._status()
        if exchange.request.method not in ("GET", "HEAD"):
            return self._page(405)
        return self._file(exchange)

    def _file(self, exchange: Exchange) -> HttpResponse:
        files = self.machine.files
        tried = self._setting(exchange, "try_files")
        path = exchange.path
        if tried is not None:
            for candidate in tried.arguments[:-1]:
                wanted = candidate.replace("$uri", path)
                if files.is_file(self._on_disk(exchange, wanted)) or (
                    wanted.endswith("/") and files.is_directory(self._on_disk(exchange, wanted))
                ):
                    path = wanted
                    break
            else:
                last = tried.arguments[-1]
                if last.startswith("="):
                    return self._page(int(last[1:]))
                path = last.replace("$uri", path)
        target = self._on_disk(exchange, path)
        if path.endswith("/"):
            names = self._setting(exchange, "index")
            for name in names.arguments if names else ("index.html",):
                if files.is_file(target + name):
                    return self._content(exchange, target + name)
            if files.is_directory(target):
                autoindex = self._setting(exchange, "autoindex")
                if autoindex and autoindex.arguments == ("on",):
                    return self._index_of(exchange.path, target)
                exchange.errors.append(f'directory index of "{target}" is forbidden')
                return self._page(403)
            first = target + (names.arguments[0] if names else "index.html")
            exchange.errors.append(f'"{first}" is not found (2: No such file or directory)')
            return self._page(404)
        if files.is_directory(target):
            return self._to_directory(exchange)
        if not files.is_file(target):
            reason = (
                "20: Not a directory" if files.is_file(target.rsplit("/", 1)[0]) else "2: No such file or directory"
            )
            exchange.errors.append(f'open() "{target}" failed ({reason})')
            return self._page(404)
        if not files.stat(target).mode & 0o004:
            exchange.errors.append(f'open() "{target}" failed (13: Permission denied)')
            return self._page(403)
        return self._content(exchange, target)

    def _on_disk(self, exchange: Exchange, path: str) -> str:
        location = exchange.location
        alias = location.directive.first("alias") if location else None
        if alias is not None and location is not None:
            return alias.arguments[0] + path[len(location.pattern) :]
        root = self._setting(exchange, "root")
        return (root.arguments[0] if root else "/etc/nginx/html").rstrip("/") + path

    def _to_directory(self, exchange: Exchange) -> HttpResponse:
        """The redirect that adds the slash: built from the server's own port, so a Service's port is lost."""
        host = (header(exchange.request.headers, "Host") or "localhost").partition(":")[0]
        port = "" if self.port == 80 else f":{self.port}"
        query = exchange.request.target.partition("?")
        target = f"http://{host}{port}{exchange.path}/" + (f"?{query[2]}" if query[1] else "")
        response = self._page(301)
        return replace(response, headers=(*response.headers, ("Location", target)))

    def _content(self, exchange: Exchange, path: str) -> HttpResponse:
        entry = self.machine.files.stat(path)
        tag = f'"{int(entry.modified):x}-{entry.size:x}"'
        modified = http_date(datetime.fromtimestamp(int(entry.modified), UTC))
        if _not_modified(exchange.request, tag, modified):
            return HttpResponse(304, "Not Modified", (("Last-Modified", modified), ("ETag", tag)))
        headers = (
            ("Content-Type", self._type_of(exchange, path)),
            ("Content-Length", str(entry.size)),
            ("Last-Modified", modified),
        )
        wanted = header(exchange.request.headers, "Range")
        if wanted:
            part = _range(wanted, entry)
            if part is None:
                response = self._page(416)
                return replace(response, headers=(*response.headers, ("Content-Range", f"bytes */{entry.size}")))
            start, end = part
            body = entry.content.encode()[start : end + 1].decode("utf-8", "replace")
            headers = (headers[0], ("Content-Length", str(end - start + 1)), headers[2])
            return HttpResponse(
                206, "", (*headers, ("ETag", tag), ("Content-Range", f"bytes {start}-{end}/{entry.size}")), body
            )
        return HttpResponse(200, "", (*headers, ("ETag", tag), ("Accept-Ranges", "bytes")), entry.content)

    def _type_of(self, exchange: Exchange, path: str) -> str:
        extension = path.rsplit("/", 1)[-1].rpartition(".")[2].lower() if "." in path.rsplit("/", 1)[-1] else ""
        kinds = self._setting(exchange, "types")
        for kind in kinds.children if kinds else ():
            if extension in kind.arguments:
                return kind.name
        default = self._setting(exchange, "default_type")
        return default.arguments[0] if default else "text/plain"

    def _returned(self, exchange: Exchange, directive: Directive) -> HttpResponse:
        words = directive.arguments
        status = int(words[0]) if words[0].isdigit() else 302
        text = self._expand(exchange, words[-1]) if len(words) > 1 or not words[0].isdigit() else ""
        if status in (301, 302, 303, 307, 308):
            page = self._page(status)
            target = text
            if text.startswith("/"):
                host = (header(exchange.request.headers, "Host") or "localhost").partition(":")[0]
                target = f"http://{host}{'' if self.port == 80 else f':{self.port}'}{text}"
            return replace(page, headers=(*page.headers, ("Location", target)))
        if not text:
            return self._page(status) if status not in (200, 204) else HttpResponse(status, "", ())
        kind = self._setting(exchange, "default_type")
        headers = (
            ("Content-Type", kind.arguments[0] if kind else "text/plain"),
            ("Content-Length", str(byte_length(text))),
        )
        return HttpResponse(status, "", headers, text)

    def _expand(self, exchange: Exchange, text: str) -> str:
        variables = self._variables(exchange, 0, 0)
        return re.sub(r"\$\{?(\w+)\}?", lambda match: variables.get(match[1], ""), text)

    def _variables(self, exchange: Exchange, status: int, sent: int) -> dict[str, str]:
        request = exchange.request
        user = header(request.headers, "Authorization") or ""
        if user.startswith("Basic "):
            try:
                user = base64.b64decode(user[6:]).decode("utf-8", "replace").partition(":")[0]
            except ValueError:
                user = ""
        else:
            user = ""
        route, _, query = request.target.partition("?")
        values = {
            "remote_addr": exchange.client.address,
            "remote_port": str(exchange.client.port),
            "remote_user": user,
            "time_local": logs.time_local(self._now()),
            "request": f"{request.method} {request.target} HTTP/{request.version}",
            "request_method": request.method,
            "request_uri": request.target,
            "status": str(status),
            "body_bytes_sent": str(sent),
            "uri": route,
            "args": query,
            "host": (header(request.headers, "Host") or "").partition(":")[0],
            "hostname": self.machine.hostname,
            "scheme": "http",
            "server_name": exchange.server.value("server_name"),
            "server_port": str(self.port),
            "server_addr": self.machine.environment.get("POD_IP", ""),
            "nginx_version": self.version,
        }
        return values | {f"http_{name.lower().replace('-', '_')}": value for name, value in request.headers}

    def _proxied(self, exchange: Exchange, target: str) -> HttpResponse:
        """Pass the request on: a connection of this container's own, through its own names and rules."""
        url = urlsplit(self._expand(exchange, target))
        host, port = url.hostname or "", url.port or 80
        upstreams = [
            each for http in self.root.all("http") for each in http.all("upstream") if each.arguments == (host,)
        ]
        if upstreams:
            members = upstreams[0].all("server")
            member = members[self._connections % len(members)].arguments[0]
            host, _, text = member.partition(":")
            port = int(text) if text.isdigit() else 80
        lookup = look_up(self.machine, host)
        if not lookup.addresses:
            exchange.errors.append(f"{host} could not be resolved (3: Host not found)")
            return self._page(502)
        connection = self.machine.sockets.connect(lookup.addresses[0], port)
        if connection.outcome is not Outcome.DELIVERED:
            if connection.seconds > 60:
                exchange.errors.append("upstream timed out (110: Connection timed out) while connecting to upstream")
                return replace(self._page(504), seconds=60.0)
            refused = connection.outcome in (Outcome.REFUSED, Outcome.REJECTED)
            reason = "111: Connection refused" if refused else "113: No route to host"
            exchange.errors.append(f"connect() failed ({reason}) while connecting to upstream")
            return replace(self._page(502), seconds=connection.seconds)
        location = exchange.location
        route = exchange.request.target
        if url.path and location is not None:
            route = url.path + route[len(location.pattern) :]
        kept = [(n, v) for n, v in exchange.request.headers if n.lower() not in ("host", "connection")]
        for each in (location.directive if location else exchange.server).all("proxy_set_header"):
            kept = [(n, v) for n, v in kept if n.lower() != each.arguments[0].lower()]
            kept.append((each.arguments[0], self._expand(exchange, each.arguments[1])))
        named = header(tuple(kept), "Host") or url.netloc
        kept = [("Host", named), ("Connection", "close"), *((n, v) for n, v in kept if n.lower() != "host")]
        answer = connection.request(
            HttpRequest(exchange.request.method, route, tuple(kept), exchange.request.body, "1.0")
        )
        if not isinstance(answer, HttpResponse):
            exchange.errors.append("upstream prematurely closed connection while reading response header from upstream")
            return self._page(502)
        passed = [(n, v) for n, v in answer.headers if n.lower() not in ("server", "date", "connection")]
        return replace(answer, headers=tuple(passed), seconds=answer.seconds + lookup.seconds)

    def _status(self) -> HttpResponse:
        count = self._connections
        text = f"Active connections: 1 \nserver accepts handled requests\n {count} {count} {count} \n"
        text += "Reading: 0 Writing: 1 Waiting: 0 \n"
        return HttpResponse(200, "", (("Content-Type", "text/plain"), ("Content-Length", str(len(text)))), text)

    def _index_of(self, shown: str, directory: str) -> HttpResponse:
        files = self.machine.files
        lines = [
            f"<html>\r\n<head><title>Index of {shown}</title></head>\r\n<body>\r\n<h1>Index of {shown}</h1><hr><pre>"
        ]
        lines[0] += '<a href="../">../</a>\r\n'
        for name in files.list(directory):
            entry = files.stat(directory + name)
            slash = "/" if entry.kind == "directory" else ""
            moment = datetime.fromtimestamp(entry.modified, UTC).strftime("%d-%b-%Y %H:%M")
            size = "-" if slash else str(entry.size)
            gap = " " * max(1, 51 - len(name + slash))
            lines.append(f'<a href="{name}{slash}">{name}{slash}</a>{gap}{moment}{size:>20}\r\n')
        body = "".join(lines) + "</pre><hr></body>\r\n</html>\r\n"
        return HttpResponse(200, "", (("Content-Type", "text/html"), ("Content-Length", str(byte_length(body)))), body)

    def _page(self, status: int) -> HttpResponse:
        title = f"{status} {_REASONS.get(status, '')}".strip()
        body = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        body += f"<hr><center>nginx/{self.version}</center>\r\n</body>\r\n</html>\r\n"
        return HttpResponse(status, "", (("Content-Type", "text/html"), ("Content-Length", str(len(body)))), body)

    def _error_page(self, exchange: Exchange, response: HttpResponse) -> HttpResponse:
        """What ``error_page`` puts in place of the built-in page, where its file exists."""
        levels = [exchange.location.directive] if exchange.location else []
        for level in (*levels, exchange.server):
            for each in level.all("error_page"):
                if str(response.status) in each.arguments[:-1]:
                    location = choosing.choose_location(exchange.server, each.arguments[-1])
                    inner = replace_location(exchange, location, each.arguments[-1])
                    path = self._on_disk(inner, each.arguments[-1])
                    try:
                        body = self.machine.files.read(path)
                    except FileError:
                        return response
                    headers = (("Content-Type", self._type_of(inner, path)), ("Content-Length", str(byte_length(body))))
                    return replace(response, headers=headers, body=body)
        return response

    def _finish(self, exchange: Exchange, response: HttpResponse) -> HttpResponse:
        """The headers that every answer has, in nginx's order."""
        request = exchange.request
        keep = request.version == "1.1" and (header(request.headers, "Connection") or "").lower() != "close"
        if response.status == 400:
            keep = False
        tokens = self._setting(exchange, "server_tokens")
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
                        added.append((each.arguments[0], self._expand(exchange, each.arguments[1])))
                break
        headers = [("Server", shown), ("Date", http_date(self._now())), *front, *location]
        headers += [("Connection", "keep-alive" if keep else "close"), *rest, *added]
        reason = _LINES.get(response.status, _REASONS.get(response.status, response.reason))
        body = "" if request.method == "HEAD" or response.status in (204, 304) else response.body
        return HttpResponse(response.status, reason, tuple(headers), body, response.seconds)

    def _write_access(self, exchange: Exchange, response: HttpResponse) -> None:
        setting = self._setting(exchange, "access_log")
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
        self.log.append(logs.access_line(form, self._variables(exchange, response.status, byte_length(response.body))))


def replace_location(exchange: Exchange, location: Location | None, path: str) -> Exchange:
    """The same request, looked at from another location (an internal redirect)."""
    return Exchange(exchange.request, exchange.client, exchange.server, location, path)


def _not_modified(request: HttpRequest, tag: str, modified: str) -> bool:
    known = header(request.headers, "If-None-Match")
    if known is not None:
        return tag in [each.strip() for each in known.split(",")] or known.strip() == "*"
    return header(request.headers, "If-Modified-Since") == modified


def _range(text: str, entry: Entry) -> tuple[int, int] | None:
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", text.strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, entry.size - int(match[2])), entry.size - 1
    start = int(match[1])
    end = min(int(match[2]), entry.size - 1) if match[2] else entry.size - 1
    return (start, end) if start <= end else None
