"""CoreDNS: server blocks with chains of plugins, read from a Corefile, and read again when it changes.

A :class:`CoreDNS` is what listens on port 53 of its Pod. A query goes to the server block with the longest matching
zone and there through the chain; where no plugin wrote an answer, the server makes an empty one of the return code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

from kubesim.network.dns import corefile, names
from kubesim.network.dns.corefile import ServerBlock, ServerKey
from kubesim.network.dns.corefile_words import CorefileError, Line
from kubesim.network.dns.message import FORMERR, REFUSED, DnsQuery, DnsResponse, fitted
from kubesim.network.dns.plugins import ONCE, PLUGINS
from kubesim.network.dns.plugins.base import (
    Configuration,
    Handler,
    Link,
    Reply,
    Request,
    Surroundings,
    end_of,
    setup_error,
)
from kubesim.network.service import Client, Server

COREFILE = "/etc/coredns/Corefile"
EDNS_SIZE = 1232
DEEPEST_LOOKUP = 8
"""How many of its own answers CoreDNS may need to complete one: a guard against ExternalNames that form a circle."""


@dataclass(slots=True)
class _Instance:
    """One configuration, ready to answer."""

    digest: str
    keys: tuple[ServerKey, ...]
    chains: dict[tuple[int, str], Handler]
    endpoints: dict[int, Server]
    reload_interval: float | None
    reload_jitter: float
    loop_zones: list[ServerKey] = field(default_factory=list)
    """Where ``loop`` looks whether questions come back."""


class _Import(NamedTuple):
    """What an ``import`` of the Corefile led to: files, and the text of each that could be read."""

    pattern: str
    files: list[tuple[str, str | None]]


@dataclass(slots=True)
class CoreDNS:
    """A CoreDNS process.

    :raises CorefileError: when made with a Corefile that cannot be used.
    """

    surroundings: Surroundings
    path: str = COREFILE
    environment: Mapping[str, str] = field(default_factory=dict)
    _instance: _Instance = field(init=False)
    _refused: str = ""
    _seen: tuple[str, list[_Import]] = ("", [])
    """What the last look that could be read found: the Corefile, and what each of its imports led to."""
    _depth: int = 0
    _returned: Client | None = None
    """Who sent the last question back; None where nobody did."""
    _open: dict[tuple[str, str], Client | None] = field(default_factory=dict)
    """The questions that are being answered, each with who asked it again meanwhile."""

    def __post_init__(self) -> None:
        text = self.surroundings.files.text(self.path)
        if text is None:
            raise CorefileError(f"open {self.path}: no such file or directory")
        self._instance = self._configured(text)
        log = self.surroundings.log
        log.extend(str(key) for key in self._instance.keys)
        if self._instance.reload_interval is not None:
            log.append(f"[INFO] plugin/reload: Running configuration SHA512 = {self._instance.digest}")
        log += self.surroundings.build.banner

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports on which it answers DNS, UDP and TCP."""
        return tuple(dict.fromkeys(key.port for key in self._instance.keys))

    @property
    def endpoints(self) -> Mapping[int, Server]:
        """The TCP ports of ``health``, ``ready`` and ``prometheus``, and what answers there."""
        return self._instance.endpoints

    @property
    def reload_interval(self) -> float | None:
        """Seconds between two looks at the Corefile; None without ``reload``."""
        return self._instance.reload_interval

    @property
    def looks_for_loops(self) -> bool:
        """Whether ``loop`` is to look once whether questions come back."""
        return bool(self._instance.loop_zones)

    @property
    def reload_jitter(self) -> float:
        """The most seconds by which each look may be late."""
        return self._instance.reload_jitter

    # --- answering --------------------------------------------------------------------------------------------

    def handle(self, request: DnsQuery, client: Client, port: int = corefile.DEFAULT_PORT) -> DnsResponse | None:
        """Answer a query (:class:`kubesim.network.service.Server`).

        A question that an upstream sends back to it gets no answer: it would go round until the first has given up.
        """
        if names.problem(request.name) is not None:
            return DnsResponse(FORMERR, recursion_desired=request.recursion_desired)
        request = replace(request, name=names.absolute(request.name))
        question = (request.name.lower(), request.type)
        if question in self._open:
            self._open[question] = client
            return None
        self._open[question] = None
        try:
            response = self._answer(Request(request, client), port)
        finally:
            self._returned = self._open.pop(question)
        if request.edns is not None:
            response = replace(response, edns=EDNS_SIZE)
        return fitted(request, response)

    def loop_found(self) -> str:
        """What ``loop`` says before it ends the process: a question of its own came back; empty where none did."""
        chance = self.surroundings.simulation.random(f"coredns/loop/{self.surroundings.name}")
        for key in self._instance.loop_zones:
            name = names.absolute(f"{chance.randrange(2**62)}.{chance.randrange(2**62)}.{key.zone.lstrip('.')}")
            self.handle(DnsQuery(name, "HINFO"), Client("127.0.0.1", chance.randrange(32768, 61000)), key.port)
            if self._returned is not None:
                who = f"{self._returned.address}:{self._returned.port}"
                return (
                    f'[FATAL] plugin/loop: Loop ({who} -> :{key.port}) detected for zone "{key.zone}", see '
                    f'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO {name}"'
                )
        return ""

    def on_port(self, port: int) -> Server:
        """The server of one of its ports."""
        return _Port(self, port)

    def _answer(self, request: Request, port: int) -> DnsResponse:
        desired = request.query.recursion_desired
        chain = self._chain_for(request.name, port)
        if chain is None:
            return DnsResponse(REFUSED, recursion_desired=desired)
        reply = chain(request)
        if reply.response is not None:
            return reply.response
        return DnsResponse(reply.rcode, recursion_desired=desired, seconds=reply.seconds)

    def _chain_for(self, name: str, port: int) -> Handler | None:
        zone = name
        while True:
            chain = self._instance.chains.get((port, zone))
            if chain is not None or zone == ".":
                return chain
            zone = zone.partition(".")[2] or "."

    def _lookup(self, name: str, record_type: str, port: int) -> DnsResponse:
        """Ask this server for a name that completes an answer."""
        if self._depth >= DEEPEST_LOOKUP:
            return DnsResponse(REFUSED)
        self._depth += 1
        try:
            return self._answer(Request(DnsQuery(name, record_type), Client("127.0.0.1", 0)), port)
        finally:
            self._depth -= 1

    # --- configuration ----------------------------------------------------------------------------------------

    def look_again(self) -> bool:
        """What ``reload`` does when its time has come: read the Corefile and take it up if it changed.

        One that cannot be used leaves the old one in place, with a line in the log; it is not tried again until it
        changes once more.

        :returns: whether a new configuration is in place.
        """
        log = self.surroundings.log
        text = self.surroundings.files.text(self.path)
        if text is None or self._is_as_seen(text):
            return False
        try:
            digest = _digest(self._blocks(text))
        except CorefileError as error:
            log.append(f"[WARNING] plugin/reload: Corefile parse failed: {error}")
            return False
        if digest in (self._instance.digest, self._refused):
            return False
        log.append("[INFO] Reloading")
        try:
            self._instance = self._configured(text)
        except CorefileError as error:
            self._refused = digest
            log.append(f"[ERROR] Restart failed: {error}")
            log.append(f"[ERROR] plugin/reload: Corefile changed but reload failed: {error}")
            return False
        log.append(f"[INFO] plugin/reload: Running configuration SHA512 = {self._instance.digest}")
        log.append("[INFO] Reloading complete")
        return True

    def _is_as_seen(self, text: str) -> bool:
        """Whether nothing is there that was not read the last time; what is missing is told each time."""
        before, imports = self._seen
        if text != before or any(self._imported(each.pattern) != each for each in imports):
            return False
        for each in imports:
            self._tell_missing(each)
        return True

    def _imported(self, pattern: str) -> _Import:
        path = pattern if pattern.startswith("/") else f"{self.path.rpartition('/')[0]}/{pattern}"
        files = self.surroundings.files
        return _Import(pattern, [(one, files.text(one)) for one in files.matching(path)])

    def _tell_missing(self, each: _Import) -> None:
        if not each.files:
            self.surroundings.log.append(f"[WARNING] No files matching import glob pattern: {each.pattern}")

    def _blocks(self, text: str) -> list[ServerBlock]:
        imports: list[_Import] = []

        def imported(pattern: str) -> list[tuple[str, str]]:
            imports.append(found := self._imported(pattern))
            self._tell_missing(found)
            return [(one, content) for one, content in found.files if content is not None]

        blocks = corefile.parse(
            text, self.path, importer=imported, environment=self.environment, known=frozenset(PLUGINS)
        )
        self._seen = text, imports
        return blocks

    def _configured(self, text: str) -> _Instance:
        blocks = self._blocks(text)
        keys = tuple(key for block in blocks for key in block.keys)
        instance = _Instance(_digest(blocks), keys, {}, {}, None, 0.0)
        problems = [self._configure(block, instance) for block in blocks]
        for problem in filter(None, problems):  # a server starts when all are set up
            raise problem
        return instance

    def _configure(self, block: ServerBlock, instance: _Instance) -> CorefileError | None:
        """Set a server up; what will keep it from starting."""
        port = block.keys[0].port
        configuration = Configuration(
            self.surroundings, block, lambda name, record_type: self._lookup(name, record_type, port)
        )
        links = []
        for plugin, setup in PLUGINS.items():
            lines = [line for line in block.directives if line.name == plugin]
            if len(lines) > 1 and plugin in ONCE:
                raise setup_error(plugin, CorefileError("this plugin can only be used once per Server Block"))
            for line in lines:
                try:
                    link = setup(line, configuration)
                except CorefileError as error:
                    raise setup_error(plugin, error) from None
                if link is not None:
                    links.append((plugin, link))
        chain = end_of(links[-1][0]) if links else _refuse
        for _, link in reversed(links):
            chain = _linked(link, chain)
        for key in block.keys:
            instance.chains[key.port, key.zone] = chain
        instance.endpoints.update(configuration.endpoints)
        if configuration.watches_loops:
            instance.loop_zones.append(block.keys[0])
        if configuration.reload_interval is not None:
            instance.reload_interval = configuration.reload_interval
            instance.reload_jitter = configuration.reload_jitter
        return configuration.start_problem


@dataclass(frozen=True, slots=True)
class _Port:
    """One of CoreDNS's ports."""

    server: CoreDNS
    port: int
    dual_stack: ClassVar[bool] = True

    def handle(self, request: Any, client: Client) -> DnsResponse | None:
        """Answer a query that came to this port; what is no DNS message gets no answer."""
        return self.server.handle(request, client, self.port) if isinstance(request, DnsQuery) else None


def _linked(link: Link, following: Handler) -> Handler:
    return lambda request: link(request, following)


def _refuse(request: Request) -> Reply:
    """A server block without a plugin that answers."""
    return Reply(rcode=REFUSED)


def _digest(blocks: list[ServerBlock]) -> str:
    """The SHA-512 of a configuration, whatever its blanks and comments."""
    words = [[str(key) for key in block.keys] + [_words_of(line) for line in block.directives] for block in blocks]
    return hashlib.sha512(repr(words).encode()).hexdigest()


def _words_of(line: Line) -> str:
    return repr([[token.text for token in line.tokens], [_words_of(inner) for inner in line.block]])
