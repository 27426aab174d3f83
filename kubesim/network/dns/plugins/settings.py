"""The plugins that set the server up and answer no query: ``health``, ``ready``, ``prometheus``, ``reload``."""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.network.dns.corefile_words import Directive, seconds_of
from kubesim.network.dns.plugins.base import Configuration, Link, Surroundings
from kubesim.network.service import Client, HttpRequest, HttpResponse

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
        word = arguments[0].rpartition(":")[2]
        if not word.isdecimal() or not 0 < int(word) < 65536:
            raise line.error(f"address {arguments[0]}: missing port in address")
        port = int(word)
    configuration.endpoints[port] = _Page(configuration.surroundings, path, sort)


def health(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``health [ADDRESS] { lameduck DURATION }``: ``/health`` on port 8080."""
    for option in line.block:
        if option.name != "lameduck" or len(option.arguments) != 1:
            raise option.wrong_count()
        if seconds_of(option.arguments[0]) is None:
            raise option.error(f"unable to parse lameduck duration value: '{option.arguments[0]}'")
    _listen(line, configuration, HEALTH_PORT, "/health", "health")
    return None


def ready(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``ready [ADDRESS]``: ``/ready`` on port 8181, once the cluster's objects are known."""
    _listen(line, configuration, READY_PORT, "/ready", "ready")
    return None


def prometheus(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``prometheus [ADDRESS]``: ``/metrics`` on port 9153."""
    _listen(line, configuration, METRICS_PORT, "/metrics", "metrics")
    return None


def reload(line: Directive, configuration: Configuration) -> Link | None:
    """Read ``reload [INTERVAL] [JITTER]``: look at the Corefile every 30 seconds, up to 15 more at first."""
    numbers = []
    for word in line.arguments:
        seconds = seconds_of(word)
        if seconds is None:
            raise line.error(f'time: invalid duration "{word}"')
        numbers.append(seconds)
    if len(numbers) > 2:
        raise line.wrong_count()
    interval = max(numbers[0], SHORTEST_RELOAD) if numbers else RELOAD_SECONDS
    jitter = max(numbers[1], SHORTEST_JITTER) if len(numbers) == 2 else RELOAD_JITTER
    configuration.reload_interval = interval
    configuration.reload_jitter = min(jitter, interval / 2)
    return None
