"""One request on its way through nginx."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubesim.network.service import Client, HttpRequest
from kubesim.programs.nginx.choosing import Location
from kubesim.programs.nginx.configuration import Directive


@dataclass(slots=True)
class Exchange:
    """One request on its way through the server."""

    request: HttpRequest
    client: Client
    server: Directive
    location: Location | None
    path: str
    errors: list[str] = field(default_factory=list)
