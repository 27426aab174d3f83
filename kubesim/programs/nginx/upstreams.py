"""To whom nginx passes requests on: it looks every name up when it reads its configuration, and never again.

That is why it does not start where a name cannot be found, and why it goes on to talk to addresses that have changed
meanwhile, until it is reloaded. Only a name with a variable in it is looked up for each request, by the configured
``resolver``. Upstream: ``ngx_http_upstream_server``, ``ngx_http_upstream_init_round_robin``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kubesim.programs.machine import Machine
from kubesim.programs.name_lookup import look_up
from kubesim.programs.nginx.tree import Directive
from kubesim.programs.nginx.values import URL
from kubesim.userland.numerals import is_number, whole_number


class Named(NamedTuple):
    """A host that the configuration names.

    :param shown: what a complaint calls it.
    :param where: the file and the line, as nginx' complaints name them.
    """

    host: str
    shown: str
    where: str


class Resolution(NamedTuple):
    """What the hosts of a configuration were found to be.

    :param problem: why nginx does not take the configuration, in its words; empty where it does.
    :param seconds: how long that took.
    """

    addresses: Mapping[str, tuple[str, ...]]
    problem: str = ""
    seconds: float = 0.0


def named_in(root: Directive) -> tuple[Named, ...]:
    """The hosts that are looked up, in nginx' order: members of upstreams first, as they are read."""
    found: list[Named] = []
    for http in root.all("http"):
        upstreams = http.all("upstream")
        for member in (member for upstream in upstreams for member in upstream.all("server")):
            address = member.arguments[0]
            if "resolve" not in member.arguments and _has_name(address):
                found.append(Named(Place.of(address).host, address, member.where))
        groups = {upstream.arguments[0].lower() for upstream in upstreams}
        for each in _passing(http):
            target = URL.fullmatch(each.arguments[0])
            if target is None or "$" in target[0] or not _has_name(target[1]):
                continue
            host = Place.of(target[1]).host
            if host not in groups:
                found.append(Named(host, host, each.where))
    return tuple(found)


def _has_name(address: str) -> bool:
    return not address.startswith(("unix:", "["))


def _passing(block: Directive) -> Iterator[Directive]:
    for child in block.children:
        if child.name == "proxy_pass":
            yield child
        yield from _passing(child)


class Place(NamedTuple):
    """A host and a port that requests are passed to."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str, default: int = 80) -> Place:
        """Read ``HOST``, ``HOST:PORT`` or ``[ADDRESS]:PORT``; hosts are compared in lower case."""
        if text.startswith("["):
            host, _, port = text[1:].partition("]")
        else:
            host, _, port = text.partition(":")
        port = port.removeprefix(":")
        return cls(host.lower(), whole_number(port) if is_number(port) else default)


def resolve(machine: Machine, hosts: tuple[Named, ...]) -> Resolution:
    """Look the hosts of a configuration up, as the machine's C library does."""
    addresses: dict[str, tuple[str, ...]] = {}
    seconds = 0.0
    for each in hosts:
        if each.host in addresses:
            continue
        lookup = look_up(machine, each.host)
        seconds += lookup.seconds
        if not lookup.addresses:
            return Resolution(addresses, f'host not found in upstream "{each.shown}" {each.where}', seconds)
        addresses[each.host] = lookup.addresses
    return Resolution(addresses, "", seconds)
