"""nginx's configuration: a tree of directives read from a machine's files, or refused in nginx's own words.

A tree never changes, and it remembers the files that it was read from. So containers whose files say the same share
one: :class:`Configurations` reads once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field

from kubesim.network.addresses import is_ipv4
from kubesim.network.network import ANY
from kubesim.programs.nginx.reading import Reading, names_in
from kubesim.programs.nginx.tree import ConfigurationError, Directive
from kubesim.programs.nginx.upstreams import Named, named_in
from kubesim.userland.filesystem import FileError, FileSystem, Layer
from kubesim.userland.numerals import is_number, whole_number

MAIN = "/etc/nginx/nginx.conf"
MOST_KNOWN = 16
"""How many configurations of one path are kept: what the containers of an image usually differ in is one ConfigMap."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole configuration, includes filled in.

    :param texts: the files that were read, in the order of reading.
    :param listings: the directories that a pattern of ``include`` was looked up in, and what they held.
    :ivar layer: the image's files, where nothing of what was read is the machine's own.
    """

    root: Directive
    texts: dict[str, str]
    listings: dict[str, tuple[str, ...]]
    places: tuple[str, ...] = field(init=False)
    """The top directories that it was read from, such as ``/etc/nginx``."""
    layer: Layer | None = field(init=False)
    files: InitVar[FileSystem]
    https: tuple[Directive, ...] = field(init=False)
    servers: tuple[Directive, ...] = field(init=False)
    """Every virtual server, in order."""
    ports: tuple[int, ...] = field(init=False)
    """The TCP ports that the servers listen on, each once, in order."""
    named: tuple[Named, ...] = field(init=False)
    """The hosts that nginx looks up before it takes the configuration."""
    addresses: dict[int, str] = field(init=False)
    """By port, the one address at which all servers listen on it; all of the machine's where they name several."""

    def __post_init__(self, files: FileSystem) -> None:
        places = {"/".join(path.split("/")[:3]) for path in (*self.texts, *self.listings)}
        object.__setattr__(self, "places", tuple(places))
        object.__setattr__(self, "layer", files.untouched(self.places))
        https = self.root.all("http")
        servers = [server for http in https for server in http.all("server")]
        object.__setattr__(self, "https", tuple(https))
        object.__setattr__(self, "named", named_in(self.root))
        object.__setattr__(self, "servers", tuple(servers))
        object.__setattr__(self, "ports", tuple(dict.fromkeys(port for each in servers for port in listening(each))))
        object.__setattr__(self, "addresses", {port: _address(servers, port) for port in self.ports})

    def is_of(self, files: FileSystem) -> bool:
        """Whether reading these files would give the same."""
        if self.layer is not None and files.untouched(self.places) is self.layer:
            return True
        return all(_text(files, path) == text for path, text in self.texts.items()) and all(
            names_in(files, directory) == names for directory, names in self.listings.items()
        )


class Configurations:
    """The configurations that have been read, kept for whoever has the same files."""

    def __init__(self) -> None:
        self._known: dict[str, list[Configuration]] = {}

    def read(self, files: FileSystem, path: str = MAIN) -> Configuration:
        """The configuration that begins in a file.

        :raises ConfigurationError: with nginx's words.
        """
        known = self._known.setdefault(path, [])
        for each in known:
            if each.is_of(files):
                return each
        made = read(files, path)
        known.insert(0, made)
        del known[MOST_KNOWN:]
        return made


def _address(servers: Sequence[Directive], port: int) -> str:
    found = set[str]().union(*(_bound_to(server, port) for server in servers))
    return found.pop() if len(found) == 1 else ANY


def _bound_to(server: Directive, port: int) -> set[str]:
    """The addresses at which a server listens on a port."""
    found = set()
    for listen in server.all("listen") or [Directive("listen", ("80",))]:
        host, _, number = (listen.arguments or ("80",))[0].rpartition(":")
        if number == str(port) or (not number.isdigit() and port == 80):
            found.add(host if is_ipv4(host) else "127.0.0.1" if host == "localhost" else ANY)
    return found


def listening(server: Directive) -> list[int]:
    """The ports of a server's ``listen`` directives (``80``, ``127.0.0.1:80``, ``[::]:80``); 80 where it has none."""
    ports = []
    for listen in server.all("listen"):
        text = (listen.arguments or ("80",))[0]
        port = text.rpartition("]")[2].rpartition(":")[2]
        ports.append(whole_number(port) if is_number(port) else 80)
    return ports or [80]


def read(files: FileSystem, path: str = MAIN) -> Configuration:
    """Read a configuration.

    :raises ConfigurationError: with nginx's words.
    """
    reading = Reading(files)
    return Configuration(reading.whole(path), reading.texts, reading.listings, files)


def _text(files: FileSystem, path: str) -> str | None:
    try:
        return files.read(path)
    except FileError:
        return None


__all__ = ["MAIN", "Configuration", "ConfigurationError", "Configurations", "Directive", "listening", "read"]
