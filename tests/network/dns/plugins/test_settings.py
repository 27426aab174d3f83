"""The plugins that set the server up: their pages, and how often the Corefile is looked at."""

import pytest

from kubesim.network.dns.corefile_words import CorefileError
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.service import HttpRequest, HttpResponse
from tests.network.dns.plugins.asking import refused
from tests.network.dns.surroundings import CLIENT, coredns


def page(line: str, port: int, target: str, *, synced: bool = True) -> HttpResponse:
    server = coredns(f". {{\n {line}\n}}", KubernetesObjects(synced=synced))
    assert list(server.endpoints) == [port]
    answer = server.endpoints[port].handle(HttpRequest("GET", target), CLIENT)
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize(
    ("line", "port", "target", "status", "reason", "body"),
    [
        ("health", 8080, "/health", 200, "OK", "OK"),
        ("health :8090 {\n lameduck 5s\n }", 8090, "/health", 200, "OK", "OK"),
        ("health", 8080, "/health?x=1", 200, "OK", "OK"),
        ("health", 8080, "/", 404, "Not Found", "404 page not found\n"),
        ("ready", 8181, "/ready", 200, "OK", "OK"),
        ("ready 127.0.0.1:8282", 8282, "/ready", 200, "OK", "OK"),
        ("prometheus", 9153, "/metrics", 200, "OK", ""),
        ("prometheus :9253", 9253, "/metrics", 200, "OK", ""),
    ],
)
def test_pages(line: str, port: int, target: str, status: int, reason: str, body: str) -> None:
    answer = page(line, port, target)
    assert (answer.status, answer.reason, answer.body) == (status, reason, body)
    assert dict(answer.headers) == {"Content-Length": str(len(body)), "Content-Type": "text/plain; charset=utf-8"}


def test_it_is_ready_when_the_clusters_objects_are_known() -> None:
    waiting = page("ready", 8181, "/ready", synced=False)
    assert (waiting.status, waiting.reason, waiting.body) == (503, "Service Unavailable", "kubernetes")
    assert page("health", 8080, "/health", synced=False).status == 200


@pytest.mark.parametrize(
    ("line", "interval", "jitter"),
    [
        ("errors", None, 0.0),
        ("reload", 30, 15),
        ("reload 10s", 10, 5),  # never more than half the interval
        ("reload 1m", 60, 15),
        ("reload 1m 10s", 60, 10),
        ("reload 1m 50s", 60, 30),
    ],
)
def test_how_often_the_corefile_is_looked_at(line: str, interval: float | None, jitter: float) -> None:
    server = coredns(f". {{\n {line}\n}}")
    assert (server.reload_interval, server.reload_jitter) == (interval, jitter)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("health {\n lameduck\n }", "Wrong argument count or unexpected line ending after 'lameduck'"),
        ("health {\n pause 5s\n }", "unknown property 'pause'"),
        (
            "health {\n lameduck soon\n }",
            "unable to parse lameduck duration value: 'soon' : time: invalid duration \"soon\"",
        ),
        ("ready :1 :2", "Wrong argument count or unexpected line ending after ':2'"),
        ("health ::80", "address ::80: too many colons in address"),
        ("ready {\n monitor never\n }", "monitor type 'never' not supported"),
        ("ready\n ready", "this plugin can only be used once per Server Block"),
        ("reload 1s", "interval value must be greater or equal to 2s"),
        ("reload 1m 100ms", "jitter value must be greater or equal to 1s"),
        ("loop .", "Wrong argument count or unexpected line ending after '.'"),
        ("bufsize 100", "Wrong argument count or unexpected line ending after '100'"),
        ("ready nowhere", "address nowhere: missing port in address"),
        ("reload soon", 'time: invalid duration "soon"'),
        ("reload 1s 2s 3s", "Wrong argument count or unexpected line ending after '3s'"),
    ],
)
def test_lines_that_cannot_be_used(line: str, words: str) -> None:
    assert refused(line) == words


def test_the_last_port_there_is() -> None:
    assert page("ready :65535", 65535, "/ready").status == 200
    assert page("ready :1", 1, "/ready").status == 200


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("health :65536", "listen tcp: address 65536: invalid port"),
        ("ready :nosuch\n prometheus :99999", "listen tcp: lookup tcp/nosuch: unknown port"),
        ("health :65536\n reload 1s", "plugin/reload: interval value must be greater or equal to 2s"),  # set up first
    ],
)
def test_a_port_that_cannot_be_listened_on_is_no_fault_of_a_plugins_lines(lines: str, words: str) -> None:
    with pytest.raises(CorefileError) as caught:
        coredns(f". {{\n {lines}\n}}")
    assert str(caught.value) == words
