"""What single directives of nginx demand of their values, in the words of the functions that set them.

Each check takes a directive's words and says what is wrong; an empty text means nothing. Those that depend on what
was read before (a second default server, an unknown log format) are :class:`Seen`'s.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.regular import RegexProblem, ServerPattern

Check = Callable[[Sequence[str], str], str]
"""From a directive's words and the sort of block it stands in to what is wrong."""

_SIZE = re.compile("[0-9]{1,15}[kKmM]?")
_TIME = re.compile("(?:[0-9]+(?:ms|[smhdwMy])?)+")
URL = re.compile(r"https?://([^/?]*)(.*)", re.DOTALL)
"""To whom something is passed: its host with its port, and the rest."""
_PATTERN_PLACES = ("location-if", "server-if", "limit_except")


def pattern_problem(pattern: str) -> str:
    """What PCRE says of a pattern that does not compile."""
    try:
        ServerPattern(pattern)
    except RegexProblem as error:
        words, before = _PCRE.get(str(error), (str(error), 0))
        place = len(pattern) if error.position is None else error.position - before
        at = f' at "{pattern[place:]}"' if 0 <= place < len(pattern) else ""
        return f'pcre2_compile() failed: {words} in "{pattern}"{at}'
    return ""


_NOTHING = "quantifier does not follow a repeatable item"
_PCRE = {
    "unterminated character set": ("missing terminating ] for character class", 0),
    "missing )": ("missing closing parenthesis", 0),
    "unbalanced parenthesis": ("unmatched closing parenthesis", 0),
    "nothing to repeat": (_NOTHING, -1),
    "multiple repeat": (_NOTHING, -1),
    "bad escape (end of pattern)": ("\\ at end of pattern", 0),
    "bad character range": ("range out of order in character class", 1),
    "unknown extension": ("unrecognized character after (? or (?-", 0),
    "missing group name": ("subpattern name expected", 0),
    "invalid group reference": ("reference to non-existent subpattern", 0),
    "min repeat greater than max repeat": ("numbers out of order in {} quantifier", 0),
}
"""What PCRE says where the engine says something else, and by how much earlier it points."""


def address_problem(text: str, *, listens: bool = False) -> str:
    """What is wrong with ``HOST``, ``HOST:PORT``, ``[ADDRESS]:PORT`` or ``unix:PATH``; no name is looked up."""
    if text.startswith("unix:"):
        return "" if len(text) > 5 else "no path in the unix domain socket"
    if text.startswith("["):
        address, closing, rest = text[1:].partition("]")
        if not closing or not _is_address(address, 6):
            return "invalid host" if not closing else "invalid IPv6 address"
        return "" if not rest else _port_problem(rest[1:]) if rest[0] == ":" else "invalid host"
    if listens and is_number(text):
        return _port_problem(text)
    host, colon, port = text.partition(":")
    if colon and _port_problem(port):
        return "invalid port"
    if not host:
        return "no host"
    if listens and host != "*" and host != "localhost" and not _is_address(host, 4):
        return "host not found"
    return ""


def _port_problem(text: str) -> str:
    return "" if is_number(text) and 0 < whole_number(text) < 65536 else "invalid port"


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


_LISTEN_WORDS = frozenset(
    ["default_server", "default", "bind", "deferred", "reuseport", "ssl", "http2", "quic", "proxy_protocol"]
)


def _listen(words: Sequence[str], place: str) -> str:
    problem = address_problem(words[0], listens=True)
    if problem:
        return f'{problem} in "{words[0]}" of the "listen" directive'
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if word in _LISTEN_WORDS:
            continue
        if not equals or name not in ("backlog", "fastopen", "rcvbuf", "sndbuf", "ipv6only", "so_keepalive"):
            return f'invalid parameter "{word}"'
        if name in ("backlog", "fastopen") and (
            not is_number(value) or (name == "backlog" and not whole_number(value))
        ):
            return f'invalid {name} "{word}"'
        if name in ("rcvbuf", "sndbuf") and not _SIZE.fullmatch(value):
            return f'invalid {name} "{word}"'
        if name == "ipv6only" and value not in ("on", "off"):
            return f'invalid ipv6only flags "{value}"' if value.startswith("o") else f'invalid parameter "{word}"'
        if (
            name == "so_keepalive"
            and value not in ("on", "off")
            and not re.fullmatch(r"[0-9smh]*(:[0-9smh]*){0,2}", value)
        ):
            return f'invalid so_keepalive value: "{value}"'
    return ""


def _server_name(words: Sequence[str], place: str) -> str:
    for word in words:
        if (word.startswith("*") and (len(word) < 3 or word[1] != ".")) or word == ".":
            return f'server name "{word}" is invalid'
        if word.startswith("~"):
            problem = pattern_problem(word[1:]) if word[1:] else f'empty regex in server name "{word}"'
            if problem:
                return problem
    return ""


def _return(words: Sequence[str], place: str) -> str:
    first = words[0]
    if is_number(first):
        return "" if whole_number(first) <= 999 else f'invalid return code "{first}"'
    if len(words) == 1 and first.startswith(("http://", "https://", "$")):
        return ""
    return f'invalid return code "{first}"'


def _rewrite(words: Sequence[str], place: str) -> str:
    if not words[1]:
        return "empty replacement"
    problem = pattern_problem(words[0])
    if not problem and len(words) == 3 and words[2] not in ("last", "break", "redirect", "permanent"):
        return f'invalid parameter "{words[2]}"'
    return problem


def _condition(words: Sequence[str], place: str) -> str:
    """``( … )``: a variable alone, compared or matched, or a question about a file."""
    if not words[0].startswith("("):
        return f'invalid condition "{words[0]}"'
    if not words[-1].endswith(")"):
        return f'invalid condition "{words[-1]}"'
    inner = list(words)
    inner[0] = inner[0][1:]
    inner[-1] = inner[-1][:-1]
    inner = inner[not inner[0] :]
    if inner and not inner[-1]:
        inner.pop()
    if not inner:
        return f'invalid condition "{words[-1]}"'
    first, rest = inner[0], inner[1:]
    if re.fullmatch("!?-[fdex]", first):
        return "" if len(rest) == 1 else f'invalid condition "{first}"'
    if not first.startswith("$") or len(first) < 2:
        return f'invalid condition "{first}"'
    if not rest:
        return ""
    if rest[0] in ("=", "!=") and len(rest) == 2:
        return ""
    if rest[0] in ("~", "~*", "!~", "!~*") and len(rest) == 2:
        return pattern_problem(rest[1])
    if rest[0] in ("=", "!=", "~", "~*", "!~", "!~*"):
        return f'invalid condition "{words[-1]}"'
    return f'unexpected "{rest[0]}" in condition'


def _variable(number: int) -> Check:
    def check(words: Sequence[str], place: str) -> str:
        name = words[number]
        if not name.startswith("$"):
            return f'invalid variable name "{name}"'
        return 'invalid variable name "$"' if name == "$" else ""

    return check


_MEMBER_NUMBERS = ("weight", "max_conns", "max_fails")


def _member(words: Sequence[str], place: str) -> str:
    problem = address_problem(words[0])
    if problem:
        return f'{problem} in upstream "{words[0]}"'
    for word in words[1:]:
        name, equals, value = word.partition("=")
        numeric = name in _MEMBER_NUMBERS and is_number(value) and (name != "weight" or whole_number(value) > 0)
        timed = name == "fail_timeout" and _TIME.fullmatch(value)
        if (
            not numeric
            and not timed
            and word not in ("backup", "down", "resolve")
            and not (name == "service" and equals)
        ):
            return f'invalid parameter "{word}"'
    return ""


def _proxy_pass(words: Sequence[str], place: str) -> str:
    target = words[0]
    if "$" in target:
        return ""
    match = URL.fullmatch(target)
    if match is None:
        return "invalid URL prefix"
    problem = address_problem(match[1])
    if problem:
        return f'{problem} in upstream "{match[1]}{match[2]}"'
    if match[2] and place in _PATTERN_PLACES:
        return NO_URI
    return ""


NO_URI = (
    '"proxy_pass" cannot have URI part in location given by regular expression, or inside named location, '
    'or inside "if" statement, or inside "limit_except" block'
)


def _error_page(words: Sequence[str], place: str) -> str:
    codes = words[:-1]
    if len(codes) > 1 and codes[-1].startswith("="):
        status, codes = codes[-1][1:], codes[:-1]
        if status and not is_number(status):
            return f'invalid value "={status}"'
    for code in codes:
        if not is_number(code):
            return f'invalid value "{code}"'
        if not 300 <= whole_number(code) <= 599:
            return f'value "{code}" must be between 300 and 599'
    return ""


def _access(words: Sequence[str], place: str) -> str:
    if words[0] in ("all", "unix:"):
        return ""
    try:
        ipaddress.ip_network(words[0], strict=False)
    except ValueError:
        return f'invalid parameter "{words[0]}"'
    return ""


LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")


def _error_log(words: Sequence[str], place: str) -> str:
    wrong = next((word for word in words[1:] if word not in LEVELS and not word.startswith("debug_")), None)
    return "" if wrong is None else f'invalid log level "{wrong}"'


def _keepalive(words: Sequence[str], place: str) -> str:
    valid = is_number(words[0]) and whole_number(words[0])
    return "" if valid else f'invalid value "{words[0]}" in "keepalive" directive'


def _counted(*names: str, told: str = "invalid value") -> Callable[[str], Check]:
    """A whole number, or one of some words."""

    def named(directive: str) -> Check:
        def check(words: Sequence[str], place: str) -> str:
            fine = words[0] in names or (
                is_number(words[0]) and (whole_number(words[0]) or directive == "worker_connections")
            )
            return "" if fine else f'"{directive}" directive {told}'

        return check

    return named


def _timed(*names: str) -> Callable[[str], Check]:
    def named(directive: str) -> Check:
        def check(words: Sequence[str], place: str) -> str:
            fine = words[0].lstrip("-@") in names or _TIME.fullmatch(words[0].lstrip("-@"))
            return "" if fine or words[0].startswith("$") else f'"{directive}" directive invalid value'

        return check

    return named


def _use(words: Sequence[str], place: str) -> str:
    return "" if words[0] in ("epoll", "poll", "select") else f'invalid event type "{words[0]}"'


def _always(words: Sequence[str], place: str) -> str:
    return f'invalid parameter "{words[2]}"' if len(words) == 3 and words[2] != "always" else ""


def _try_files(words: Sequence[str], place: str) -> str:
    last = words[-1]
    valid = not last.startswith("=") or (is_number(last[1:]) and whole_number(last[1:]) <= 999)
    return "" if valid else f'invalid code "{last[1:]}"'


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "listen": _listen,
        "server_name": _server_name,
        "return": _return,
        "rewrite": _rewrite,
        "if": _condition,
        "set": _variable(0),
        "map": _variable(1),
        "split_clients": _variable(1),
        "proxy_pass": _proxy_pass,
        "error_page": _error_page,
        "allow": _access,
        "deny": _access,
        "error_log": _error_log,
        "keepalive": _keepalive,
        "worker_processes": _counted("auto")("worker_processes"),
        "worker_connections": _counted(told="invalid number")("worker_connections"),
        "expires": _timed("off", "epoch", "max", "modified")("expires"),
        "keepalive_timeout": _timed()("keepalive_timeout"),
        "use": _use,
        "add_header": _always,
        "add_trailer": _always,
        "try_files": _try_files,
        "upstream/server": _member,
    }
)
"""By directive; a ``server`` of an upstream is another than one of http."""


@dataclass(slots=True)
class Seen:
    """What one configuration has named so far."""

    formats: set[str] = field(default_factory=lambda: {"combined"})
    upstreams: set[str] = field(default_factory=set)
    default_servers: set[str] = field(default_factory=set)

    def problem(self, name: str, words: Sequence[str], place: str, before: Sequence[tuple[str, ...]]) -> str:
        """What is wrong with a directive because of others.

        :param before: the directives of its own block that were read before it, each with its name first.
        """
        match name:
            case "log_format" if place == "http":
                if words[0] in self.formats:
                    return f'duplicate "log_format" name "{words[0]}"'
                self.formats.add(words[0])
            case "access_log" if not place.startswith("stream") and words[0] != "off" and len(words) > 1:
                if words[1] not in self.formats:
                    return f'unknown log format "{words[1]}"'
            case "upstream" if place == "http":
                if words[0] in self.upstreams:
                    return f'duplicate upstream "{words[0]}"'
                self.upstreams.add(words[0])
            case "root" | "alias":
                other = "alias" if name == "root" else "root"
                if any(each[0] == other for each in before):
                    return f'"{name}" directive is duplicate, "{other}" directive was specified earlier'
            case "listen" if place == "server":
                return self._listen(words, before)
        return ""

    def _listen(self, words: Sequence[str], before: Sequence[tuple[str, ...]]) -> str:
        address = bound_address(words[0])
        if any(each[0] == "listen" and bound_address(each[1]) == address for each in before):
            return f"a duplicate listen {address}"
        if "default_server" in words[1:] or "default" in words[1:]:
            if address in self.default_servers:
                return f"a duplicate default server for {address}"
            self.default_servers.add(address)
        return ""


def bound_address(text: str) -> str:
    """What ``listen`` binds, written out: ``80`` is ``0.0.0.0:80``."""
    if text.startswith("unix:"):
        return text
    if is_number(text):
        return f"0.0.0.0:{text}"
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, "80"
    host = {"*": "0.0.0.0", "localhost": "127.0.0.1"}.get(host, host)
    return f"{host}:{port}"
