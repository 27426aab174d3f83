"""nginx's configuration: a tree of directives read from a machine's files, or refused in nginx's own words.

A tree never changes, and it remembers the files that it was read from. So containers whose files say the same share
one: :class:`Configurations` reads once for all of them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from typing import NamedTuple

from kubesim.userland.filesystem import FileError, FileSystem, Layer, absolute
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.regular import RegexProblem, ServerPattern

MAIN = "/etc/nginx/nginx.conf"
MOST_KNOWN = 16
"""How many configurations of one path are kept: what the containers of an image usually differ in is one ConfigMap."""

_BLOCKS = "events http server location upstream map types if stream limit_except geo split_clients"
_SIMPLE = """
absolute_redirect access_log add_header alias allow auth_basic auth_basic_user_file autoindex break charset
client_body_buffer_size client_body_timeout client_header_timeout client_max_body_size daemon default_type deny
error_log error_page etag expires gzip gzip_comp_level gzip_min_length gzip_proxied gzip_types gzip_vary hash
include index internal ip_hash keepalive keepalive_requests keepalive_timeout large_client_header_buffers
least_conn least_time listen load_module log_format log_not_found master_process multi_accept pid
port_in_redirect proxy_buffer_size proxy_buffering proxy_buffers proxy_cache_bypass proxy_connect_timeout
proxy_http_version proxy_intercept_errors proxy_pass proxy_read_timeout proxy_redirect proxy_send_timeout
proxy_set_header real_ip_header resolver return rewrite root send_timeout sendfile server server_name
server_name_in_redirect server_names_hash_bucket_size server_tokens set set_real_ip_from ssl_certificate
ssl_certificate_key ssl_ciphers ssl_protocols ssl_session_cache ssl_session_timeout stub_status sub_filter
sub_filter_once tcp_nodelay tcp_nopush try_files types_hash_bucket_size types_hash_max_size
underscores_in_headers use user worker_connections worker_processes worker_rlimit_nofile zone
"""
_BARE = "break events http internal ip_hash least_conn server stream stub_status types"
_PAIRS = "add_header error_page log_format proxy_set_header try_files"

BLOCKS, SIMPLE = frozenset(_BLOCKS.split()), frozenset(_SIMPLE.split())
"""The directives with a block, and those that end with a semicolon."""
FREE = frozenset({"types", "map", "geo"})
"""Blocks whose lines may begin with any word."""
LEAST_ARGUMENTS = dict.fromkeys(_BARE.split(), 0) | dict.fromkeys(_PAIRS.split(), 2)
"""How many words must follow a directive, where it is not one."""

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<mark>[{};])|"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'"""
    r"""|(?P<word>(?:\$\{[^}]*\}|\\.|[^\s{};"'])+)"""
)


class ConfigurationError(Exception):
    """A configuration that nginx refuses; ``str()`` is the part after ``[emerg] ``."""


class Directive(NamedTuple):
    """One directive: its words, and what its braces hold."""

    name: str
    arguments: tuple[str, ...] = ()
    children: tuple[Directive, ...] = ()

    def all(self, name: str) -> list[Directive]:
        """Its children of one name, in order."""
        return [child for child in self.children if child.name == name]

    def last(self, name: str) -> Directive | None:
        """Its last child of one name, which is the one that holds."""
        return next((child for child in reversed(self.children) if child.name == name), None)

    def value(self, name: str, default: str = "") -> str:
        """The first word of a child."""
        found = self.last(name)
        return found.arguments[0] if found and found.arguments else default


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

    def __post_init__(self, files: FileSystem) -> None:
        places = {"/".join(path.split("/")[:3]) for path in (*self.texts, *self.listings)}
        object.__setattr__(self, "places", tuple(places))
        object.__setattr__(self, "layer", files.untouched(self.places))
        https = self.root.all("http")
        servers = [server for http in https for server in http.all("server")]
        object.__setattr__(self, "https", tuple(https))
        object.__setattr__(self, "servers", tuple(servers))
        object.__setattr__(self, "ports", tuple(dict.fromkeys(port for each in servers for port in listening(each))))

    def is_of(self, files: FileSystem) -> bool:
        """Whether reading these files would give the same."""
        if self.layer is not None and files.untouched(self.places) is self.layer:
            return True
        return all(_text(files, path) == text for path, text in self.texts.items()) and all(
            _names(files, directory) == names for directory, names in self.listings.items()
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
    reading = _Reading(files)
    root = Directive("main", (), tuple(reading.file(path)))
    return Configuration(root, reading.texts, reading.listings, files)


def _text(files: FileSystem, path: str) -> str | None:
    try:
        return files.read(path)
    except FileError:
        return None


def _names(files: FileSystem, directory: str) -> tuple[str, ...]:
    try:
        return tuple(files.list(directory))
    except FileError:
        return ()


MOST_OPEN = 40
"""Files that include one another, before one that includes itself has used up all that may be open."""


class _Reading:
    """One reading: the files it has looked at."""

    def __init__(self, files: FileSystem) -> None:
        self.files = files
        self.texts: dict[str, str] = {}
        self.listings: dict[str, tuple[str, ...]] = {}
        self.open = 0

    def file(self, path: str) -> list[Directive]:
        """The directives of a file.

        :raises ConfigurationError: with nginx's words.
        """
        if self.open >= MOST_OPEN:
            raise ConfigurationError(f'open() "{path}" failed (24: Too many open files)')
        try:
            text = self.texts[path] = self.files.read(path)
        except FileError as error:
            raise ConfigurationError(f'open() "{path}" failed (2: {error.reason})') from error
        self.open += 1
        found = self._block(path, _tokens(text, path))
        self.open -= 1
        return found

    def _included(self, pattern: str) -> list[Directive]:
        directory, _, name = absolute(pattern, "/etc/nginx").rpartition("/")
        if not re.search(r"[*?\[]", name):
            return self.file(f"{directory}/{name}")
        names = self.listings[directory] = _names(self.files, directory)
        return [each for found in fnmatch.filter(names, name) for each in self.file(f"{directory}/{found}")]

    def _block(self, path: str, tokens: Iterator[tuple[str, str, int]], within: str = "") -> list[Directive]:
        """Directives until the closing brace, or outside of every block until the end of the file."""
        found: list[Directive] = []
        words: list[str] = []
        start = 0
        free = within in FREE
        for kind, text, line in tokens:
            where = f"in {path}:{line}"
            if kind == "word":
                start = start if words else line
                words.append(text)
                continue
            if kind == "end" and (words or within):
                missing = '";" or "}"' if words else '"}"'
                raise ConfigurationError(f"unexpected end of file, expecting {missing} {where}")
            if kind == "end" or (text == "}" and within and not words):
                break
            if text == "}" or not words:
                raise ConfigurationError(f'unexpected "{text}" {where}')
            found += self._directive(words, text == "{", free, path, tokens, start)
            words = []
        return found

    def _directive(
        self,
        words: Sequence[str],
        opens: bool,
        free: bool,
        path: str,
        tokens: Iterator[tuple[str, str, int]],
        line: int,
    ) -> list[Directive]:
        name = words[0]
        if not free:
            if name not in SIMPLE | BLOCKS:
                raise ConfigurationError(f'unknown directive "{name}" in {path}:{line}')
            if name not in (BLOCKS if opens else SIMPLE):
                raise ConfigurationError(f'directive "{name}" has no opening "{{" in {path}:{line}')
            if len(words) <= LEAST_ARGUMENTS.get(name, 1):
                raise ConfigurationError(f'invalid number of arguments in "{name}" directive in {path}:{line}')
            problem = _problem_of_pattern(name, words[1:])
            if problem:
                raise ConfigurationError(f"pcre2_compile() failed: {problem} in {path}:{line}")
            if name == "include":
                return self._included(words[1])
        children = self._block(path, tokens, name) if opens else []
        return [Directive(name, tuple(words[1:]), tuple(children))]


def _problem_of_pattern(name: str, words: Sequence[str]) -> str:
    """What is wrong with the regular expression of a ``location`` or a ``server_name``, if it is one."""
    patterns = [words[-1]] if name == "location" and words[0] in ("~", "~*") else []
    patterns += [word[1:] for word in words if name == "server_name" and word.startswith("~")]
    for pattern in patterns:
        try:
            ServerPattern(pattern)
        except RegexProblem as error:
            return f'{error} in "{pattern}"'
    return ""


def _tokens(text: str, path: str) -> Iterator[tuple[str, str, int]]:
    """Words, marks and the end of a file, each with its line."""
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # a quotation mark that nothing closes
            line += text.count("\n", position)
            raise ConfigurationError(f'unexpected end of file, expecting ";" or "}}" in {path}:{line}')
        kind = match.lastgroup
        if kind in ("double", "single"):
            yield "word", re.sub(r"\\(.)", r"\1", match[kind]), line
        elif kind is not None:
            yield kind, match[kind], line
        line += text.count("\n", position, match.end())
        position = match.end()
    yield "end", "", line
