"""Files of the machine: which one a path means, and how it is sent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.programs.http import header, http_date, plain_response
from kubesim.programs.nginx.choosing import choose_location
from kubesim.programs.nginx.exchange import Exchange
from kubesim.programs.nginx.pages import directory_index, page
from kubesim.userland.filesystem import Entry, FileError
from kubesim.userland.numerals import is_number, whole_number


def answer_with_file(exchange: Exchange) -> HttpResponse:
    """The file, index or directory that the path means, or the page that says why not."""
    files = exchange.nginx.machine.files
    path = exchange.path
    *candidates, last = exchange.words("try_files", "$uri")
    for candidate in candidates:
        wanted = candidate.replace("$uri", path)
        place = on_disk(exchange, wanted)
        if files.is_file(place) or (wanted.endswith("/") and files.is_directory(place)):
            path = wanted
            break
    else:
        if last[:1] == "=" and is_number(last[1:]):
            return page(whole_number(last[1:]), exchange.signature)
        path = last.replace("$uri", path)
    target = on_disk(exchange, path)
    if path.endswith("/"):
        return _directory(exchange, target)
    if files.is_directory(target):
        query = exchange.request.target.partition("?")
        return redirect(exchange, 301, exchange.own_url(f"{exchange.path}/{query[1]}{query[2]}"))
    if not files.is_file(target):
        reason = "20: Not a directory" if files.is_file(target.rsplit("/", 1)[0]) else "2: No such file or directory"
        return _failed(exchange, 404, f'open() "{target}" failed ({reason})')
    if not files.stat(target).mode & 0o004:
        return _failed(exchange, 403, f'open() "{target}" failed (13: Permission denied)')
    return _content(exchange, target)


def error_page(exchange: Exchange, response: HttpResponse) -> HttpResponse:
    """What ``error_page`` puts in place of the built-in page, where its file exists."""
    for level in exchange.levels:
        for each in level.all("error_page"):
            if str(response.status) in each.arguments[:-1]:
                target = each.arguments[-1]
                inner = replace(exchange, location=choose_location(exchange.server, target), path=target)
                path = on_disk(inner, target)
                try:
                    found = plain_response(response.status, inner.nginx.machine.files.read(path), _type_of(inner, path))
                except FileError:
                    return response
                return replace(response, headers=found.headers, body=found.body)
    return response


def redirect(exchange: Exchange, status: int, target: str) -> HttpResponse:
    """A page that leads elsewhere."""
    response = page(status, exchange.signature)
    return replace(response, headers=(*response.headers, ("Location", target)))


def on_disk(exchange: Exchange, path: str) -> str:
    """Where a path of the URL lies: below ``root``, or in place of the location's pattern (``alias``)."""
    location = exchange.location
    alias = location.directive.last("alias") if location else None
    if alias is not None and location is not None:
        return alias.arguments[0] + path[len(location.pattern) :]
    return exchange.words("root", "/etc/nginx/html")[0].rstrip("/") + path


def _failed(exchange: Exchange, status: int, error: str) -> HttpResponse:
    exchange.errors.append(error)
    return page(status, exchange.signature)


def _directory(exchange: Exchange, target: str) -> HttpResponse:
    files = exchange.nginx.machine.files
    names = exchange.words("index", "index.html")
    for name in names:
        if files.is_file(target + name):
            return _content(exchange, target + name)
    if not files.is_directory(target):
        return _failed(exchange, 404, f'"{target}{names[0]}" is not found (2: No such file or directory)')
    if exchange.words("autoindex", "off") == ("on",):
        return directory_index(exchange.path, [(name, files.stat(target + name)) for name in files.list(target)])
    return _failed(exchange, 403, f'directory index of "{target}" is forbidden')


def _content(exchange: Exchange, path: str) -> HttpResponse:
    entry = exchange.nginx.machine.files.stat(path)
    tag = f'"{int(entry.modified):x}-{entry.size:x}"'
    modified = http_date(datetime.fromtimestamp(int(entry.modified), UTC))
    if _not_modified(exchange.request, tag, modified):
        return HttpResponse(304, "", (("Last-Modified", modified), ("ETag", tag)))
    wanted = header(exchange.request.headers, "Range")
    part = _range(wanted, entry) if wanted else (0, entry.size - 1)
    if part is None:
        response = page(416, exchange.signature)
        return replace(response, headers=(*response.headers, ("Content-Range", f"bytes */{entry.size}")))
    body, status, mark = entry.content, 200, ("Accept-Ranges", "bytes")
    if wanted:
        start, end = part
        body = body.encode()[start : end + 1].decode("utf-8", "replace")
        status, mark = 206, ("Content-Range", f"bytes {start}-{end}/{entry.size}")
    headers = (
        ("Content-Type", _type_of(exchange, path)),
        ("Content-Length", str(part[1] - part[0] + 1)),
        ("Last-Modified", modified),
    )
    return HttpResponse(status, "", (*headers, ("ETag", tag), mark), body)


def _not_modified(request: HttpRequest, tag: str, modified: str) -> bool:
    known = header(request.headers, "If-None-Match")
    if known is not None:
        return tag in [each.strip() for each in known.split(",")] or known.strip() == "*"
    return header(request.headers, "If-Modified-Since") == modified


def _range(text: str, entry: Entry) -> tuple[int, int] | None:
    """The first and the last byte that a Range header asks for; None where the file has none of them."""
    match = re.fullmatch(r"bytes=([0-9]*)-([0-9]*)", text.strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, entry.size - whole_number(match[2])), entry.size - 1
    start = whole_number(match[1])
    end = min(whole_number(match[2]), entry.size - 1) if match[2] else entry.size - 1
    return (start, end) if start <= end else None


def _type_of(exchange: Exchange, path: str) -> str:
    """The Content-Type of a file, by its extension."""
    _, dot, extension = path.rsplit("/", 1)[-1].rpartition(".")
    kinds = exchange.setting("types")
    for kind in kinds.children if kinds and dot else ():
        if extension.lower() in kind.arguments:
            return kind.name
    return exchange.words("default_type", "text/plain")[0]
