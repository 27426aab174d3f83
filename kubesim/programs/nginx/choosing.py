"""Which server and which location a request belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubesim.programs.nginx.configuration import Directive


@dataclass(frozen=True, slots=True)
class Location:
    """A ``location`` block: what it matches, and its directives."""

    modifier: str
    pattern: str
    directive: Directive


def servers(root: Directive) -> list[Directive]:
    """Every virtual server, in order."""
    return [server for http in root.all("http") for server in http.all("server")]


def ports(root: Directive) -> list[int]:
    """The TCP ports that the servers listen on, each once, in order."""
    found: list[int] = []
    for server in servers(root):
        for listen in server.all("listen") or [Directive("listen", ("80",), 0, "")]:
            port = listen_port(listen)
            if port not in found:
                found.append(port)
    return found


def listen_port(listen: Directive) -> int:
    """The port of a ``listen`` directive: ``80``, ``127.0.0.1:80``, ``[::]:80``."""
    text = listen.arguments[0] if listen.arguments else "80"
    last = text.rpartition("]")[2] if "]" in text else text
    tail = last.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 80


def choose_server(root: Directive, port: int, host: str) -> Directive | None:
    """The virtual server for a port and a Host header: by name, else the default one."""
    candidates = []
    for server in servers(root):
        listens = server.all("listen") or [Directive("listen", ("80",), 0, "")]
        if any(listen_port(listen) == port for listen in listens):
            candidates.append(server)
    name = host.partition(":")[0].lower()
    for server in candidates:
        for pattern in (word for each in server.all("server_name") for word in each.arguments):
            if pattern == name or (pattern.startswith("*.") and name.endswith(pattern[1:])):
                return server
            if pattern.startswith("~") and re.search(pattern[1:], name):
                return server
    for server in candidates:
        if any("default_server" in listen.arguments for listen in server.all("listen")):
            return server
    return candidates[0] if candidates else None


def choose_location(server: Directive, path: str) -> Location | None:
    """The location for a path: exact, then ``^~``, then regular expressions, then the longest prefix."""
    locations = []
    for each in server.all("location"):
        modifier, pattern = each.arguments if len(each.arguments) == 2 else ("", each.arguments[0])
        locations.append(Location(modifier, pattern, each))
    exact = next((each for each in locations if each.modifier == "=" and each.pattern == path), None)
    if exact:
        return exact
    prefixes = [each for each in locations if each.modifier in ("", "^~") and path.startswith(each.pattern)]
    best = max(prefixes, key=lambda each: len(each.pattern), default=None)
    if best is not None and best.modifier == "^~":
        return best
    for location in locations:
        if location.modifier in ("~", "~*"):
            flags = re.IGNORECASE if location.modifier == "~*" else 0
            if re.search(location.pattern, path, flags):
                return location
    return best
