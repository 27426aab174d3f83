"""What a plugin is: a link of a chain that answers, or asks the next link.

A link gets a :class:`Request` and gives a :class:`Reply`: a response that it wrote, or only a return code (with the
error that the ``errors`` plugin prints), from which the server makes an empty answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from kubesim.network.dns.corefile import ServerBlock
from kubesim.network.dns.corefile_words import CorefileError, Directive
from kubesim.network.dns.exchange import Sockets
from kubesim.network.dns.message import SERVFAIL, DnsQuery, DnsResponse
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.service import Client, Server
from kubesim.releases import DEFAULT, CoreDnsBuild, coredns_build
from kubesim.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Request:
    """A query on its way through the chain, and who asked."""

    query: DnsQuery
    client: Client

    @property
    def name(self) -> str:
        """The name asked for, in lower case."""
        return self.query.name.lower()

    def asking(self, **changes: str) -> Request:
        """The same request with another name or type."""
        return replace(self, query=replace(self.query, **changes))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a chain gave: a response, or the return code of a plugin that wrote none.

    :param error: what ``errors`` prints.
    :param seconds: how long it took to come to nothing.
    """

    response: DnsResponse | None = None
    rcode: str = "NOERROR"
    error: str = ""
    seconds: float = 0.0


Handler = Callable[[Request], Reply]
"""A link together with all that follow it."""

Link = Callable[[Request, Handler], Reply]
"""A plugin, ready: it answers a request, or asks what follows."""


def end_of(name: str) -> Handler:
    """The end of a chain whose last plugin is this one."""
    return lambda request: Reply(rcode=SERVFAIL, error=f"plugin/{name}: no next plugin found")


class Files(Protocol):
    """The part of a container's files that CoreDNS reads."""

    def text(self, path: str) -> str | None:
        """The file's text, or None where there is none."""

    def matching(self, pattern: str) -> Sequence[str]:
        """The paths that match a shell pattern, in order."""


@dataclass(slots=True)
class Surroundings:
    """What a CoreDNS process sees: the cluster, its container's files and network, its clock, its log.

    :param addresses: the Pod's own addresses.
    :param build: which CoreDNS it is.
    """

    objects: KubernetesObjects
    files: Files
    sockets: Sockets
    simulation: Simulation
    log: list[str] = field(default_factory=list)
    addresses: tuple[str, ...] = ()
    name: str = "coredns"
    build: CoreDnsBuild = field(default_factory=lambda: coredns_build(DEFAULT.coredns))


@dataclass(slots=True)
class Configuration:
    """What plugins set up besides their link: the ports of their own, and how the server reloads."""

    surroundings: Surroundings
    block: ServerBlock
    resolve: Callable[[str, str], DnsResponse]
    """Ask this very server for a name and type: how CNAMEs to other zones are completed."""
    endpoints: dict[int, Server] = field(default_factory=dict)
    rewrite_rules: list[object] = field(default_factory=list)
    reload_interval: float | None = None
    reload_jitter: float = 0.0
    start_problem: CorefileError | None = None
    """Why the server cannot start, although all of its plugins are set up: it is told without a plugin's name."""
    watches_loops: bool = False
    """Whether the server is to end where its own questions come back to it."""


Setup = Callable[[Directive, Configuration], Link | None]
"""Reads a plugin's line; raises CorefileError."""


def in_go(pattern: str, problem: str) -> str:
    """What Go's ``regexp`` says of a pattern that cannot be read."""
    for ours, words in (
        ("missing )", f"missing closing ): `{pattern}`"),
        ("unterminated character set", f"missing closing ]: `{pattern[pattern.rfind('[') :]}`"),
        ("nothing to repeat", f"missing argument to repetition operator: `{pattern[:1]}`"),
        ("multiple repeat", f"invalid nested repetition operator: `{pattern[-2:]}`"),
        ("unbalanced parenthesis", f"unexpected ): `{pattern}`"),
        ("bad escape (end of pattern)", "trailing backslash at end of expression: ``"),
    ):
        if problem.startswith(ours):
            return f"error parsing regexp: {words}"
    return f"error parsing regexp: {problem}"


def setup_error(plugin: str, error: CorefileError) -> CorefileError:
    """The error as CoreDNS words those of a plugin's own set-up."""
    return CorefileError(f"plugin/{plugin}: {error}")
