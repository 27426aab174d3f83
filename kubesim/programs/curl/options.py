"""curl's command line: one table of options, short ones that may be joined, and the tool's own complaints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

FLAG, TEXT, NUMBER, COUNT = "flag", "text", "number", "count"

_TABLE: tuple[tuple[str, str, str], ...] = (
    ("0", "http1.0", FLAG),
    ("4", "ipv4", FLAG),
    ("6", "ipv6", FLAG),
    ("A", "user-agent", TEXT),
    ("b", "cookie", TEXT),
    ("c", "cookie-jar", TEXT),
    ("d", "data", TEXT),
    ("e", "referer", TEXT),
    ("f", "fail", FLAG),
    ("F", "form", TEXT),
    ("g", "globoff", FLAG),
    ("G", "get", FLAG),
    ("h", "help", FLAG),
    ("H", "header", TEXT),
    ("i", "show-headers", FLAG),
    ("I", "head", FLAG),
    ("k", "insecure", FLAG),
    ("K", "config", TEXT),
    ("L", "location", FLAG),
    ("m", "max-time", NUMBER),
    ("n", "netrc", FLAG),
    ("N", "no-buffer", FLAG),
    ("o", "output", TEXT),
    ("O", "remote-name", FLAG),
    ("p", "proxytunnel", FLAG),
    ("q", "disable", FLAG),
    ("r", "range", TEXT),
    ("R", "remote-time", FLAG),
    ("s", "silent", FLAG),
    ("S", "show-error", FLAG),
    ("T", "upload-file", TEXT),
    ("u", "user", TEXT),
    ("v", "verbose", FLAG),
    ("V", "version", FLAG),
    ("w", "write-out", TEXT),
    ("x", "proxy", TEXT),
    ("X", "request", TEXT),
    ("Y", "speed-limit", COUNT),
    ("y", "speed-time", COUNT),
    ("Z", "parallel", FLAG),
    ("#", "progress-bar", FLAG),
    (":", "next", FLAG),
    ("", "anyauth", FLAG),
    ("", "basic", FLAG),
    ("", "cacert", TEXT),
    ("", "cert", TEXT),
    ("", "compressed", FLAG),
    ("", "connect-timeout", NUMBER),
    ("", "connect-to", TEXT),
    ("", "create-dirs", FLAG),
    ("", "data-ascii", TEXT),
    ("", "data-binary", TEXT),
    ("", "data-raw", TEXT),
    ("", "data-urlencode", TEXT),
    ("", "dns-servers", TEXT),
    ("", "dump-header", TEXT),
    ("", "fail-early", FLAG),
    ("", "fail-with-body", FLAG),
    ("", "form-string", TEXT),
    ("", "http1.1", FLAG),
    ("", "http2", FLAG),
    ("", "include", FLAG),
    ("", "interface", TEXT),
    ("", "json", TEXT),
    ("", "keepalive-time", COUNT),
    ("", "key", TEXT),
    ("", "limit-rate", TEXT),
    ("", "local-port", TEXT),
    ("", "location-trusted", FLAG),
    ("", "manual", FLAG),
    ("", "max-redirs", COUNT),
    ("", "no-progress-meter", FLAG),
    ("", "noproxy", TEXT),
    ("", "oauth2-bearer", TEXT),
    ("", "output-dir", TEXT),
    ("", "path-as-is", FLAG),
    ("", "post301", FLAG),
    ("", "post302", FLAG),
    ("", "raw", FLAG),
    ("", "remote-name-all", FLAG),
    ("", "resolve", TEXT),
    ("", "retry", COUNT),
    ("", "retry-all-errors", FLAG),
    ("", "retry-connrefused", FLAG),
    ("", "retry-delay", NUMBER),
    ("", "retry-max-time", NUMBER),
    ("", "ssl-no-revoke", FLAG),
    ("", "stderr", TEXT),
    ("", "tcp-nodelay", FLAG),
    ("", "tls-max", TEXT),
    ("", "tlsv1.2", FLAG),
    ("", "tlsv1.3", FLAG),
    ("", "trace", TEXT),
    ("", "trace-ascii", TEXT),
    ("", "trace-time", FLAG),
    ("", "url", TEXT),
    ("", "url-query", TEXT),
)
SHORT = {short: (name, kind) for short, name, kind in _TABLE if short} | {
    "D": ("dump-header", TEXT),
    "E": ("cert", TEXT),
}
LONG = {name: kind for _, name, kind in _TABLE}
_NEGATABLE = {
    "buffer",
    "keepalive",
    "progress-meter",
    "location",
    "fail",
    "silent",
    "show-error",
    "verbose",
    "insecure",
}
_POST_DATA = ("data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json")


class UsageError(Exception):
    """A command line that curl refuses.

    :param hint: whether "try 'curl --help'" follows.
    """

    def __init__(self, message: str, status: int = 2, *, hint: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.hint = hint


@dataclass(slots=True)
class Options:
    """What the command line asks for.

    :param data: (option, value) pairs of the body, in order.
    :param outputs: what ``-o`` and ``-O`` name, one for each URL in order; None for ``-O``.
    """

    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    data: list[tuple[str, str]] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    outputs: list[str | None] = field(default_factory=list)
    resolve: list[str] = field(default_factory=list)
    connect_to: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def on(self, name: str) -> bool:
        """Whether a flag is set."""
        return name in self.flags

    def number(self, name: str, default: float = 0.0) -> float:
        """A numeric option's value."""
        return float(self.values.get(name, default))


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``curl``.

    :raises UsageError: with curl's message.
    """
    options = Options()
    words = list(arguments)
    position = 0
    literal = False
    while position < len(words):
        word = words[position]
        position += 1
        if literal or not word.startswith("-") or word == "-":
            if word == "":
                raise UsageError("option : blank argument where content is expected")
            options.urls.append(word)
        elif word == "--":
            literal = True
        elif word.startswith("--"):
            position = _long(options, word, words, position)
        else:
            position = _short(options, word, words, position)
    return options


def _long(options: Options, word: str, words: Sequence[str], position: int) -> int:
    name = word[2:]
    if name.startswith("no-") and name[3:] in _NEGATABLE:
        options.flags.discard(name[3:])
        options.flags.add(name)
        return position
    if name not in LONG:
        raise UsageError(f"option {word}: is unknown")
    if LONG[name] == FLAG:
        _set_flag(options, name)
        return position
    if position >= len(words):
        raise UsageError(f"option {word}: requires parameter")
    _set_value(options, name, LONG[name], words[position], word)
    return position + 1


def _short(options: Options, word: str, words: Sequence[str], position: int) -> int:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter not in SHORT:
            raise UsageError(f"option {word}: is unknown")
        name, kind = SHORT[letter]
        if kind == FLAG:
            _set_flag(options, name)
            continue
        if letters:
            value, letters = letters, ""
        elif position < len(words):
            value = words[position]
            position += 1
        else:
            raise UsageError(f"option {word}: requires parameter")
        _set_value(options, name, kind, value, word)
    return position


def _set_flag(options: Options, name: str) -> None:
    if name == "remote-name":
        options.outputs.append(None)
    elif name == "include":
        options.flags.add("show-headers")
    elif name == "location-trusted":
        options.flags |= {"location", name}
    else:
        options.flags.add(name)


def _set_value(options: Options, name: str, kind: str, value: str, word: str) -> None:
    if kind == NUMBER and not re.fullmatch(r"\d*\.?\d+|\d+\.", value):
        raise UsageError(f"option {word}: expected a proper numerical parameter")
    if kind == COUNT and not re.fullmatch(r"-?\d+", value):
        raise UsageError(f"option {word}: expected a proper numerical parameter")
    if name in _POST_DATA:
        options.data.append((name, value))
    elif name in ("form", "form-string"):
        options.forms.append(value)
    elif name == "header":
        options.headers.append(value)
    elif name == "output":
        options.outputs.append(value)
    elif name == "resolve":
        _check_resolve(value, word)
        options.resolve.append(value)
    elif name == "connect-to":
        options.connect_to.append(value)
    elif name == "cookie":
        options.cookies.append(value)
    elif name == "url":
        options.urls.append(value)
    else:
        options.values[name] = value


def _check_resolve(value: str, word: str) -> None:
    if value.startswith("-"):
        return
    if not re.fullmatch(r"\+?[^:]+:\d+:.+", value):
        raise UsageError(f"Couldn't parse CURLOPT_RESOLVE entry '{value}'", 49, hint=False)
