"""nginx's access and error lines, as ``kubectl logs`` shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kubesim.network.service import HttpRequest
from kubesim.programs.http import header

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
"""The form of an access line where the configuration names none."""


def time_local(moment: datetime) -> str:
    """``22/Nov/2026:23:24:49 +0000``."""
    return moment.strftime("%d/%b/%Y:%H:%M:%S +0000")


def error_time(moment: datetime) -> str:
    """``2026/11/22 23:24:52``."""
    return moment.strftime("%Y/%m/%d %H:%M:%S")


def notices(stamp: str, pid: int, texts: Iterable[str]) -> list[str]:
    """What a process of nginx says in the course of its life."""
    return [f"{stamp} [notice] {pid}#{pid}: {text}" for text in texts]


def error_line(
    moment: datetime, worker: int, connection: int, message: str, client: str, server: str, request: HttpRequest
) -> str:
    """A line of level error: what failed, for whom, in which request."""
    text = f"{error_time(moment)} [error] {worker}#{worker}: *{connection} {message}, client: {client}, "
    text += f'server: {server}, request: "{request.method} {request.target} HTTP/{request.version}"'
    host, referrer = header(request.headers, "Host"), header(request.headers, "Referer")
    text += "" if host is None else f', host: "{host}"'
    return text + (f', referrer: "{referrer}"' if referrer else "")
