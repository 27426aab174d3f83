"""Which server and which location a request belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubesim.programs.nginx.configuration import Directive, listening
from kubesim.userland.regular import ServerPattern


class Location(NamedTuple):
    """A ``location`` block: what it matches, and its directives."""

    modifier: str
    pattern: str
    directive: Directive


def choose_server(servers: Sequence[Directive], port: int, host: str) -> Directive | None:
    """The virtual server for a port and a Host header: by name, else the default one."""
    candidates = [server for server in servers if port in listening(server)]
    name = host.partition(":")[0].lower()
    for server in candidates:
        for pattern in (word for each in server.all("server_name") for word in each.arguments):
            if pattern == name or (pattern.startswith("*.") and name.endswith(pattern[1:])):
                return server
            if pattern.startswith("~") and _matches(pattern[1:], name):
                return server
    marked = (each for each in candidates if any("default_server" in one.arguments for one in each.all("listen")))
    return next(marked, candidates[0] if candidates else None)


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
        if location.modifier in ("~", "~*") and _matches(location.pattern, path, any_case=location.modifier == "~*"):
            return location
    return best


def _matches(pattern: str, text: str, *, any_case: bool = False) -> bool:
    """Whether a regular expression is found in a text."""
    return ServerPattern(pattern, any_case=any_case).search(text) is not None
