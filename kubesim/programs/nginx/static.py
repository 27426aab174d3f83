"""Files of the container: which one a path means, and how it is sent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.programs.http import header, http_date
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.pages import index_of, page
from kubesim.userland.filesystem import Entry

if TYPE_CHECKING:
    from kubesim.programs.nginx.server import NginxServer


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


def answer_with_file(server: NginxServer, exchange: Exchange) -> HttpResponse:
    """The file, index or directory that the path means, or the page that says why not."""
    files = server.machine.files
    tried = server.setting(exchange, "try_files")
    path = exchange.path
    if tried is not None:
        for candidate in tried.arguments[:-1]:
            wanted = candidate.replace("$uri", path)
            if files.is_file(on_disk(server, exchange, wanted)) or (
                wanted.endswith("/") and files.is_directory(on_disk(server, exchange, wanted))
            ):
                path = wanted
                break
        else:
            last = tried.arguments[-1]
            if last.startswith("="):
                return page(server, int(last[1:]))
            path = last.replace("$uri", path)
    target = on_disk(server, exchange, path)
    if path.endswith("/"):
        names = server.setting(exchange, "index")
        for name in names.arguments if names else ("index.html",):
            if files.is_file(target + name):
                return _content(server, exchange, target + name)
        if files.is_directory(target):
            autoindex = server.setting(exchange, "autoindex")
            if autoindex and autoindex.arguments == ("on",):
                return index_of(server, exchange.path, target)
            exchange.errors.append(f'directory index of "{target}" is forbidden')
            return page(server, 403)
        first = target + (names.arguments[0] if names else "index.html")
        exchange.errors.append(f'"{first}" is not found (2: No such file or directory)')
        return page(server, 404)
    if files.is_directory(target):
        return _to_directory(server, exchange)
    if not files.is_file(target):
        reason = "20: Not a directory" if files.is_file(target.rsplit("/", 1)[0]) else "2: No such file or directory"
        exchange.errors.append(f'open() "{target}" failed ({reason})')
        return page(server, 404)
    if not files.stat(target).mode & 0o004:
        exchange.errors.append(f'open() "{target}" failed (13: Permission denied)')
        return page(server, 403)
    return _content(server, exchange, target)


def on_disk(server: NginxServer, exchange: Exchange, path: str) -> str:
    """Where a path of the URL lies: below ``root``, or in place of the location's pattern (``alias``)."""
    location = exchange.location
    alias = location.directive.first("alias") if location else None
    if alias is not None and location is not None:
        return alias.arguments[0] + path[len(location.pattern) :]
    root = server.setting(exchange, "root")
    return (root.arguments[0] if root else "/etc/nginx/html").rstrip("/") + path


def _to_directory(server: NginxServer, exchange: Exchange) -> HttpResponse:
    """The redirect that adds the slash: built from the server's own port, so a Service's port is lost."""
    host = (header(exchange.request.headers, "Host") or "localhost").partition(":")[0]
    port = "" if server.port == 80 else f":{server.port}"
    query = exchange.request.target.partition("?")
    target = f"http://{host}{port}{exchange.path}/" + (f"?{query[2]}" if query[1] else "")
    response = page(server, 301)
    return replace(response, headers=(*response.headers, ("Location", target)))


def _content(server: NginxServer, exchange: Exchange, path: str) -> HttpResponse:
    entry = server.machine.files.stat(path)
    tag = f'"{int(entry.modified):x}-{entry.size:x}"'
    modified = http_date(datetime.fromtimestamp(int(entry.modified), UTC))
    if _not_modified(exchange.request, tag, modified):
        return HttpResponse(304, "Not Modified", (("Last-Modified", modified), ("ETag", tag)))
    headers = (
        ("Content-Type", type_of(server, exchange, path)),
        ("Content-Length", str(entry.size)),
        ("Last-Modified", modified),
    )
    wanted = header(exchange.request.headers, "Range")
    if wanted:
        part = _range(wanted, entry)
        if part is None:
            response = page(server, 416)
            return replace(response, headers=(*response.headers, ("Content-Range", f"bytes */{entry.size}")))
        start, end = part
        body = entry.content.encode()[start : end + 1].decode("utf-8", "replace")
        headers = (headers[0], ("Content-Length", str(end - start + 1)), headers[2])
        return HttpResponse(
            206, "", (*headers, ("ETag", tag), ("Content-Range", f"bytes {start}-{end}/{entry.size}")), body
        )
    return HttpResponse(200, "", (*headers, ("ETag", tag), ("Accept-Ranges", "bytes")), entry.content)


def type_of(server: NginxServer, exchange: Exchange, path: str) -> str:
    """The Content-Type of a file, by its extension."""
    extension = path.rsplit("/", 1)[-1].rpartition(".")[2].lower() if "." in path.rsplit("/", 1)[-1] else ""
    kinds = server.setting(exchange, "types")
    for kind in kinds.children if kinds else ():
        if extension in kind.arguments:
            return kind.name
    default = server.setting(exchange, "default_type")
    return default.arguments[0] if default else "text/plain"
