"""Pages that nginx makes itself: errors, the index of a directory, ``stub_status``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from kubesim.network.service import HttpResponse
from kubesim.programs.http import REASONS, plain_response
from kubesim.userland.filesystem import Entry

OWN_REASONS = REASONS | {
    302: "Moved Temporarily",
    401: "Authorization Required",
    405: "Not Allowed",
    410: "Gone",
    416: "Requested Range Not Satisfiable",
    418: "",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    505: "HTTP Version Not Supported",
}
"""What nginx calls a status, where others word it otherwise."""


def page(status: int, signature: str) -> HttpResponse:
    """nginx's own page for a status; ``signature`` is ``nginx/1.29.4``, without the version where that is hidden."""
    title = f"{status} {OWN_REASONS.get(status, '')}".strip()
    body = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    body += f"<hr><center>{signature}</center>\r\n</body>\r\n</html>\r\n"
    return plain_response(status, body, "text/html")


def directory_index(shown: str, entries: Iterable[tuple[str, Entry]]) -> HttpResponse:
    """What ``autoindex`` makes of a directory; ``shown`` is its path in the URL."""
    body = f"<html>\r\n<head><title>Index of {shown}</title></head>\r\n<body>\r\n<h1>Index of {shown}</h1><hr><pre>"
    body += '<a href="../">../</a>\r\n'
    for name, entry in entries:
        slash = "/" if entry.kind == "directory" else ""
        moment = datetime.fromtimestamp(entry.modified, UTC).strftime("%d-%b-%Y %H:%M")
        size = "-" if slash else str(entry.size)
        gap = " " * max(1, 51 - len(name + slash))
        body += f'<a href="{name}{slash}">{name}{slash}</a>{gap}{moment}{size:>20}\r\n'
    return plain_response(200, body + "</pre><hr></body>\r\n</html>\r\n", "text/html")


def status_page(connections: int) -> HttpResponse:
    """``stub_status``: how many connections there were."""
    text = f"Active connections: 1 \nserver accepts handled requests\n {connections} {connections} {connections} \n"
    return plain_response(200, text + "Reading: 0 Writing: 1 Waiting: 0 \n", "text/plain")
