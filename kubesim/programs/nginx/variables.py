"""nginx's variables, and texts with them filled in."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from kubesim.programs.http import header
from kubesim.programs.nginx import logs
from kubesim.programs.nginx.exchange import Exchange

if TYPE_CHECKING:
    from kubesim.programs.nginx.server import NginxServer


def variables_of(server: NginxServer, exchange: Exchange, status: int, sent: int) -> dict[str, str]:
    """Every variable's value; ``sent`` is the body's length in bytes."""
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
        "time_local": logs.time_local(server.now()),
        "request": f"{request.method} {request.target} HTTP/{request.version}",
        "request_method": request.method,
        "request_uri": request.target,
        "status": str(status),
        "body_bytes_sent": str(sent),
        "uri": route,
        "args": query,
        "host": (header(request.headers, "Host") or "").partition(":")[0],
        "hostname": server.machine.hostname,
        "scheme": "http",
        "server_name": exchange.server.value("server_name"),
        "server_port": str(server.port),
        "server_addr": server.machine.environment.get("POD_IP", ""),
        "nginx_version": server.version,
    }
    return values | {f"http_{name.lower().replace('-', '_')}": value for name, value in request.headers}


def expanded(server: NginxServer, exchange: Exchange, text: str) -> str:
    """A text with its variables filled in."""
    variables = variables_of(server, exchange, 0, 0)
    return re.sub(r"\$\{?(\w+)\}?", lambda match: variables.get(match[1], ""), text)
