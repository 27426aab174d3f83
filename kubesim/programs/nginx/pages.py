"""Pages that nginx makes itself: errors, the index of a directory, ``stub_status``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubesim.network.service import HttpResponse
from kubesim.programs.http import byte_length

if TYPE_CHECKING:
    from kubesim.programs.nginx.server import NginxServer


REASONS = {
    301: "Moved Permanently",
    302: "Moved Temporarily",
    303: "See Other",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Authorization Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Not Allowed",
    410: "Gone",
    413: "Request Entity Too Large",
    416: "Requested Range Not Satisfiable",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


LINES = {200: "OK", 204: "No Content", 206: "Partial Content", 304: "Not Modified", 418: ""}


def page(server: NginxServer, status: int) -> HttpResponse:
    """nginx's own page for a status."""
    title = f"{status} {REASONS.get(status, '')}".strip()
    body = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    body += f"<hr><center>nginx/{server.version}</center>\r\n</body>\r\n</html>\r\n"
    return HttpResponse(status, "", (("Content-Type", "text/html"), ("Content-Length", str(len(body)))), body)


def index_of(server: NginxServer, shown: str, directory: str) -> HttpResponse:
    """What ``autoindex`` makes of a directory; ``shown`` is its path in the URL."""
    files = server.machine.files
    lines = [f"<html>\r\n<head><title>Index of {shown}</title></head>\r\n<body>\r\n<h1>Index of {shown}</h1><hr><pre>"]
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


def status_page(server: NginxServer) -> HttpResponse:
    """``stub_status``: how many connections there were."""
    count = server.connections
    text = f"Active connections: 1 \nserver accepts handled requests\n {count} {count} {count} \n"
    text += "Reading: 0 Writing: 1 Waiting: 0 \n"
    return HttpResponse(200, "", (("Content-Type", "text/plain"), ("Content-Length", str(len(text)))), text)
