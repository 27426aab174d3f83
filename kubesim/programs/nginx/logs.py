"""nginx's access and error lines, as ``kubectl logs`` shows them."""

from __future__ import annotations

import re
from datetime import datetime

from kubesim.network.service import HttpRequest
from kubesim.programs.http import header

COMBINED_AND_FORWARDED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" '
    '"$http_x_forwarded_for"'
)


def access_line(form: str, variables: dict[str, str]) -> str:
    """A log_format filled in; an empty variable is ``-``."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: variables.get(match[1], "") or "-", form)


def time_local(moment: datetime) -> str:
    """``22/Nov/2026:23:24:49 +0000``."""
    return moment.strftime("%d/%b/%Y:%H:%M:%S +0000")


def error_time(moment: datetime) -> str:
    """``2026/11/22 23:24:52``."""
    return moment.strftime("%Y/%m/%d %H:%M:%S")


def error_line(
    moment: datetime,
    worker: int,
    connection: int,
    message: str,
    client: str,
    server: str,
    request: HttpRequest,
    upstream: str = "",
) -> str:
    """A line of level error: what failed, for whom, in which request."""
    text = (
        f"{error_time(moment)} [error] {worker}#{worker}: *{connection} {message}, client: {client}, server: {server}, "
    )
    text += f'request: "{request.method} {request.target} HTTP/{request.version}"'
    if upstream:
        text += f', upstream: "{upstream}"'
    host = header(request.headers, "Host")
    if host is not None:
        text += f', host: "{host}"'
    referrer = header(request.headers, "Referer")
    return text + (f', referrer: "{referrer}"' if referrer else "")
