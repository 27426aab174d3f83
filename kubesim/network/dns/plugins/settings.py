"""The plugins that set the server up and answer no query: ``health``, ``ready``, ``prometheus``, ``reload``…"""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.api.durations import go_duration
from kubesim.network.dns.corefile_words import CorefileError, Directive, duration, port_of
from kubesim.network.dns.plugins.base import Configuration, Link, Surroundings
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.userland.numerals import is_number, whole_number

HEALTH_PORT, READY_PORT, METRICS_PORT = 8080, 8181, 9153
RELOAD_SECONDS, RELOAD_JITTER, SHORTEST_RELOAD, SHORTEST_JITTER = 30.0, 15.0, 2.0, 1.0


def accepted(line: Directive, configuration: Configuration) -> Link | None:
    """A plugin without an effect that could be seen here."""
    return None


@dataclass(slots=True)
class _Page:
    """An HTTP page of CoreDNS's own."""

    surroundings: Surroundings
    path: str
    sort: str

    def handle(self, request: HttpRequest, client: Client) -> HttpResponse:
        """Answer ``GET``; any other path is not found."""
        if request.target.split("?")[0] != self.path:
            return _page(404, "Not Found", "404 page not found\n")
        if self.sort == "ready" and not self.surroundings.objects.synced:
            return _page(503, "Service Unavailable", "kubernetes")
        body = "" if self.sort == "metrics" else "OK"
        return _page(200, "OK", body)


def _page(status: int, reason: str, body: str) -> HttpResponse:
    headers = (("Content-Length", str(len(body))), ("Content-Type", "text/plain; charset=utf-8"))
    return HttpResponse(status, reason, headers, body)


def _listen(line: Directive, configuration: Configuration, default: int, path: str, sort: str) -> None:
    arguments = line.arguments
    if len(arguments) > 1:
        raise line.wrong_count()
    port = default
    if arguments:
        word = port_of(arguments[0])
        if not is_number(word) or whole_number(word) > 65535:
            why = f"address {word}: invalid port" if is_number(word) else f"lookup tcp/{word}: unknown port"
            configuration.start_problem = configuration.start_problem or CorefileError(f"listen tcp: {why}")
            return
        port = whole_number(word)
    if port:  # with 0 the system picks a port, which nobody learns
        configuration.endpoints[port] = _Page(configuration.surroundings, path, sort)


def health(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``health [ADDRESS] { lameduck DURATION }``: ``/health`` on port 8080."""
    for option in line.block:
        if option.name != "lameduck":
            raise option.tokens[0].error(f"unknown property '{option.name}'")
        if len(option.arguments) != 1:
            raise option.wrong_count()
        try:
            duration(option.arguments[0])
        except CorefileError as error:
            told = f"unable to parse lameduck duration value: '{option.arguments[0]}' : {error}"
            raise CorefileError(told) from None
    _listen(line, configuration, HEALTH_PORT, "/health", "health")
    return None


def ready(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``ready [ADDRESS]``: ``/ready`` on port 8181, once the cluster's objects are known."""
    for option in line.block:
        if option.name != "monitor":
            raise option.tokens[0].error(f"unknown property '{option.name}'")
        if len(option.arguments) != 1:
            raise option.wrong_count()
        if option.arguments[0] not in ("until-ready", "continuously"):
            raise option.error(f"monitor type '{option.arguments[0]}' not supported")
    _listen(line, configuration, READY_PORT, "/ready", "ready")
    return None


def prometheus(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``prometheus [ADDRESS]``: ``/metrics`` on port 9153."""
    _listen(line, configuration, METRICS_PORT, "/metrics", "metrics")
    return None


def reload(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``reload [INTERVAL] [JITTER]``: look at the Corefile every 30 seconds, up to 15 more at first."""
    words = line.arguments
    if len(words) > 2:
        raise line.wrong_count()
    interval = duration(words[0]) if words else RELOAD_SECONDS
    if interval < SHORTEST_RELOAD:
        raise CorefileError(f"interval value must be greater or equal to {go_duration(SHORTEST_RELOAD)}")
    jitter = duration(words[1]) if len(words) == 2 else RELOAD_JITTER
    if jitter < SHORTEST_JITTER:
        raise CorefileError(f"jitter value must be greater or equal to {go_duration(SHORTEST_JITTER)}")
    configuration.reload_interval = interval
    configuration.reload_jitter = min(jitter, interval / 2)
    return None


def bufsize(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``bufsize [SIZE]``: what EDNS announces; a size is 512 to 4096."""
    words = line.arguments
    if len(words) > 1 or (words and not (is_number(words[0]) and 512 <= whole_number(words[0]) <= 4096)):
        raise line.wrong_count()
    return None


def loop(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``loop``: whether this server's own questions come back to it is looked at once, at its start."""
    if line.arguments:
        raise line.tokens[1].wrong_count()
    configuration.watches_loops = True
    return None
