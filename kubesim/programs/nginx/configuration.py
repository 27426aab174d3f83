"""nginx's configuration: a tree of directives, read from the container's files, with nginx's own complaints."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kubesim.programs.filesystem import FileError, FileSystem, absolute

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<mark>[{};])|"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<word>(?:\$\{[^}]*\}|\\.|[^\s{};"'])+)"""
)
_BLOCKS = frozenset(
    {
        "events",
        "http",
        "server",
        "location",
        "upstream",
        "map",
        "types",
        "if",
        "stream",
        "limit_except",
        "geo",
        "split_clients",
    }
)
_KNOWN = frozenset(
    [
        "absolute_redirect",
        "access_log",
        "add_header",
        "alias",
        "allow",
        "auth_basic",
        "auth_basic_user_file",
        "autoindex",
        "charset",
        "client_body_buffer_size",
        "client_header_timeout",
        "client_body_timeout",
        "client_max_body_size",
        "daemon",
        "default_type",
        "deny",
        "error_log",
        "error_page",
        "etag",
        "expires",
        "gzip",
        "gzip_types",
        "gzip_vary",
        "gzip_min_length",
        "gzip_comp_level",
        "gzip_proxied",
        "hash",
        "include",
        "index",
        "internal",
        "ip_hash",
        "keepalive",
        "keepalive_requests",
        "keepalive_timeout",
        "large_client_header_buffers",
        "least_conn",
        "listen",
        "load_module",
        "log_format",
        "log_not_found",
        "master_process",
        "multi_accept",
        "pid",
        "port_in_redirect",
        "proxy_buffering",
        "proxy_cache_bypass",
        "proxy_connect_timeout",
        "proxy_http_version",
        "proxy_intercept_errors",
        "proxy_pass",
        "proxy_read_timeout",
        "proxy_redirect",
        "proxy_send_timeout",
        "proxy_set_header",
        "proxy_buffers",
        "proxy_buffer_size",
        "real_ip_header",
        "resolver",
        "return",
        "rewrite",
        "root",
        "send_timeout",
        "sendfile",
        "server",
        "server_name",
        "server_name_in_redirect",
        "server_names_hash_bucket_size",
        "server_tokens",
        "set",
        "set_real_ip_from",
        "ssl_certificate",
        "ssl_certificate_key",
        "ssl_ciphers",
        "ssl_protocols",
        "ssl_session_cache",
        "ssl_session_timeout",
        "stub_status",
        "sub_filter",
        "sub_filter_once",
        "tcp_nodelay",
        "tcp_nopush",
        "try_files",
        "types_hash_bucket_size",
        "types_hash_max_size",
        "underscores_in_headers",
        "use",
        "user",
        "worker_connections",
        "worker_processes",
        "worker_rlimit_nofile",
        "zone",
        "least_time",
        "break",
    ]
)


class ConfigurationError(Exception):
    """A configuration that nginx refuses; ``str()`` is the part after ``[emerg] ``."""


@dataclass(slots=True)
class Directive:
    """One directive: its words, and what its braces hold."""

    name: str
    arguments: tuple[str, ...]
    line: int
    file: str
    children: list[Directive] = field(default_factory=list)

    def all(self, name: str) -> list[Directive]:
        """Its children of one name, in order."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Directive | None:
        """Its last child of one name, which is the one that holds."""
        found = self.all(name)
        return found[-1] if found else None

    def value(self, name: str, default: str = "") -> str:
        """The first word of a child."""
        found = self.first(name)
        return found.arguments[0] if found and found.arguments else default


def read(files: FileSystem, path: str = "/etc/nginx/nginx.conf") -> Directive:
    """The whole configuration, includes filled in.

    :raises ConfigurationError: with nginx's words.
    """
    root = Directive("main", (), 0, path)
    root.children = _read_file(files, path)
    return root


def _read_file(files: FileSystem, path: str) -> list[Directive]:
    try:
        text = files.read(path)
    except FileError as error:
        raise ConfigurationError(f'open() "{path}" failed (2: {error.reason})') from error
    if "include" in text:
        return _block(files, path, _tokens(text), top=True, free=False)[0]
    return list(_without_includes(text, path))


@functools.lru_cache(maxsize=128)
def _without_includes(text: str, path: str) -> tuple[Directive, ...]:
    """A file that names no other is read once: every container of an image has the same ``mime.types``."""
    return tuple(_block(FileSystem(), path, _tokens(text), top=True, free=False)[0])


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    position = 0
    line = 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return
        if match["mark"]:
            yield "mark", match["mark"], line
        elif match["double"] is not None or match["single"] is not None:
            yield (
                "word",
                re.sub(r"\\(.)", r"\1", match["double"] if match["double"] is not None else match["single"]),
                line,
            )
        elif match["word"] is not None:
            yield "word", match["word"], line
        line += text.count("\n", position, match.end())
        position = match.end()
    yield "end", "", line


def _block(
    files: FileSystem, path: str, tokens: Iterator[tuple[str, str, int]], *, top: bool, free: bool
) -> tuple[list[Directive], bool]:
    """Directives until the closing brace; ``free`` blocks (types, map) hold any words."""
    found: list[Directive] = []
    words: list[str] = []
    start = 0
    for kind, text, line in tokens:
        if kind == "word":
            if not words:
                start = line
            words.append(text)
            continue
        if kind == "end":
            if words:
                raise ConfigurationError(f'unexpected end of file, expecting ";" or "}}" in {path}:{line}')
            if not top:
                raise ConfigurationError(f'unexpected end of file, expecting "}}" in {path}:{line}')
            return found, True
        if text == "}":
            if words:
                raise ConfigurationError(f'unexpected "}}" in {path}:{line}')
            if top:
                raise ConfigurationError(f'unexpected "}}" in {path}:{line}')
            return found, True
        if not words:
            raise ConfigurationError(f'unexpected "{text}" in {path}:{line}')
        name = words[0]
        if not free and name not in _KNOWN and name not in _BLOCKS:
            raise ConfigurationError(f'unknown directive "{name}" in {path}:{start}')
        directive = Directive(name, tuple(words[1:]), start, path)
        if text == "{":
            if not free and name not in _BLOCKS:
                raise ConfigurationError(f'directive "{name}" has no opening "{{" in {path}:{start}')
            directive.children, _ = _block(files, path, tokens, top=False, free=name in ("types", "map", "geo"))
            found.append(directive)
        elif not free and name in _BLOCKS - {"server"}:
            raise ConfigurationError(f'directive "{name}" has no opening "{{" in {path}:{start}')
        elif name == "include" and not free:
            found += _include(files, directive)
        else:
            found.append(directive)
        words = []
    return found, True


def _include(files: FileSystem, directive: Directive) -> list[Directive]:
    pattern = absolute(directive.arguments[0], "/etc/nginx")
    directory, _, name = pattern.rpartition("/")
    if not re.search(r"[*?\[]", name):
        return _read_file(files, pattern)
    if not files.is_directory(directory):
        return []
    included: list[Directive] = []
    for each in fnmatch.filter(files.list(directory), name):
        included += _read_file(files, f"{directory}/{each}")
    return included


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
