"""One request on its way through nginx: what the configuration says there, and the variables."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from kubesim.network.service import Client, HttpRequest
from kubesim.programs.http import header
from kubesim.programs.nginx.choosing import Location
from kubesim.programs.nginx.configuration import Directive
from kubesim.programs.nginx.logs import time_local
from kubesim.programs.nginx.processes import RunningNginx


@dataclass(slots=True)
class Exchange:
    """One request on its way through nginx.

    :param port: the one that it came in on.
    :param server: the virtual server that it is for.
    :param path: of the URL, decoded; an internal redirect changes it.
    :param errors: what goes to the error log.
    """

    nginx: RunningNginx
    port: int
    request: HttpRequest
    client: Client
    server: Directive
    location: Location | None
    path: str
    errors: list[str] = field(default_factory=list)
    status: int = 0
    sent: int = 0
    """Of the answer, once it is known: its status and the bytes of its body."""

    @property
    def levels(self) -> list[Directive]:
        """Where a directive is looked for, the nearest first: location, server, http."""
        own = [self.location.directive] if self.location else []
        return [*own, self.server, *self.nginx.configuration.https]

    def setting(self, name: str) -> Directive | None:
        """A directive as inherited."""
        return next((found for level in self.levels if (found := level.last(name)) is not None), None)

    def words(self, name: str, default: str) -> tuple[str, ...]:
        """The words of a directive as inherited."""
        found = self.setting(name)
        return found.arguments if found else (default,)

    @property
    def signature(self) -> str:
        """What nginx calls itself."""
        return "nginx" if self.words("server_tokens", "on") == ("off",) else f"nginx/{self.nginx.version}"

    @property
    def host(self) -> str:
        """The host that was asked, without its port."""
        return (header(self.request.headers, "Host") or "").partition(":")[0]

    def own_url(self, path: str) -> str:
        """A redirect's target: built from the server's own port, so a Service's port is lost."""
        return f"http://{self.host or 'localhost'}{'' if self.port == 80 else f':{self.port}'}{path}"

    def variable(self, name: str) -> str:
        """A variable's value; empty where there is none."""
        get = VARIABLES.get(name)
        if get is not None:
            return get(self)
        named = {each.lower().replace("-", "_"): value for each, value in self.request.headers}
        return named.get(name.removeprefix("http_"), "") if name.startswith("http_") else ""

    def expanded(self, text: str, empty: str = "") -> str:
        """A text with its variables filled in; ``empty`` stands for those without a value."""
        return re.sub(r"\$\{?(\w+)\}?", lambda match: self.variable(match[1]) or empty, text)


def _user(exchange: Exchange) -> str:
    kind, _, credentials = (header(exchange.request.headers, "Authorization") or "").partition(" ")
    try:
        return base64.b64decode(credentials).decode("utf-8", "replace").partition(":")[0] if kind == "Basic" else ""
    except ValueError:
        return ""


def _request_line(exchange: Exchange) -> str:
    request = exchange.request
    if request.line or not request.method:
        return request.line
    return f"{request.method} {request.target} HTTP/{request.version}"


VARIABLES: dict[str, Callable[[Exchange], str]] = {
    "args": lambda each: each.request.target.partition("?")[2],
    "body_bytes_sent": lambda each: str(each.sent),
    "host": lambda each: each.host,
    "hostname": lambda each: each.nginx.machine.hostname,
    "nginx_version": lambda each: each.nginx.version,
    "remote_addr": lambda each: each.client.address,
    "remote_port": lambda each: str(each.client.port),
    "remote_user": _user,
    "request": _request_line,
    "request_method": lambda each: each.request.method,
    "request_uri": lambda each: each.request.target,
    "scheme": lambda each: "http",
    "server_addr": lambda each: each.nginx.machine.environment.get("POD_IP", ""),
    "server_name": lambda each: each.server.value("server_name"),
    "server_port": lambda each: str(each.port),
    "status": lambda each: f"{each.status:03d}",
    "time_local": lambda each: time_local(each.nginx.now()),
    "uri": lambda each: each.request.target.partition("?")[0],
}
"""Each variable's value; those of request headers (``$http_user_agent``) are not listed."""
