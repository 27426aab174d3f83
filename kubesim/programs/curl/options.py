"""curl's command line: one table of options, short ones that may be joined, and the tool's own complaints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kubesim.data_directory import DATA, read_yaml

FLAG, TEXT, NUMBER, COUNT = "flag", "text", "number", "count"

_OPTIONS = {
    FLAG: """
        0/http1.0 4/ipv4 6/ipv6 f/fail g/globoff G/get i/show-headers I/head J/remote-header-name k/insecure
        L/location N/no-buffer O/remote-name q/disable s/silent S/show-error v/verbose V/version #/progress-bar
        basic compressed create-dirs fail-early fail-with-body http0.9 http1.1 include location-trusted
        no-progress-meter path-as-is post301 post302 post303 remote-name-all retry-all-errors retry-connrefused
        ssl-no-revoke tcp-nodelay tlsv1.2 tlsv1.3
    """,
    TEXT: """
        A/user-agent b/cookie C/continue-at d/data D/dump-header e/referer F/form H/header K/config o/output r/range
        T/upload-file u/user w/write-out X/request z/time-cond cacert capath connect-to data-ascii data-binary data-raw
        data-urlencode form-string json noproxy oauth2-bearer output-dir request-target resolve url url-query
    """,
    NUMBER: "m/max-time connect-timeout retry-delay retry-max-time",
    COUNT: "Y/speed-limit y/speed-time keepalive-time max-redirs retry",
}
"""The options by what follows them, each with its letter before the slash where it has one."""
_LETTERS = [(word, kind) for kind, words in _OPTIONS.items() for word in words.split()]
LONG = {word.rpartition("/")[2]: kind for word, kind in _LETTERS}
SHORT = {word[0]: (word[2:], kind) for word, kind in _LETTERS if word[1] == "/"}
_NEGATABLE = "buffer", "keepalive", "progress-meter", "location", "fail", "silent", "show-error", "verbose", "insecure"
_NUMERIC = {NUMBER: r"(\d*\.?\d+|\d+\.)([eE][+-]?\d+)?", COUNT: r"-?\d+"}
_MAY_BE_NEGATIVE = frozenset({"max-redirs"})
_GATHERED = {
    "form": "forms", "form-string": "forms", "header": "headers", "output": "outputs", "resolve": "resolve",
    "connect-to": "connect_to", "cookie": "cookies", "url": "urls",
}  # fmt: skip
"""The options that may be repeated, each with the list that its values go to."""
_POST_DATA = ("data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json")


class UsageError(Exception):
    """A command line that curl refuses.

    :param hint: whether "try 'curl --help'" follows.
    :param plain: whether the message stands alone, without curl's name in front.
    """

    def __init__(self, message: str, status: int = 2, *, hint: bool = True, plain: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.hint = hint
        self.plain = plain


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
    if name in ("help", "manual"):
        return _help(options, name, words, position)
    if name not in LONG:
        raise _unknown(word, name)
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
        if letter in "hM":
            return _help(options, "help" if letter == "h" else "manual", words, position)
        if letter not in SHORT:
            raise _unknown(word, letter + letters)
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


def _unknown(word: str, name: str) -> UsageError:
    """An option that curl has not, or that it has and that is not simulated.

    :param name: its long name, or its letter and those that are joined to it.
    """
    rows = {each[0] or each[1]: each for each in _manual()["options"]} | {
        each[1]: each for each in _manual()["options"]
    }
    if len(name) > 1 and not word.startswith("--"):
        while len(name) > 1 and name[0] in rows and not rows[name[0]][2]:  # a flag: what follows is another option
            name = name[1:]
        name = name[0]
    if name in rows:
        return UsageError(f"option {word}: is not simulated")
    return UsageError(f"option {word}: is unknown")


def _help(options: Options, name: str, words: Sequence[str], position: int) -> int:
    options.flags.add(name)
    if name == "help" and position < len(words):
        options.values["help"] = words[position]
        return position + 1
    return position


@cache
def _manual() -> Mapping[str, Any]:
    document: Mapping[str, Any] = read_yaml(DATA / "curl_options.yaml")
    return document


def help_text(subject: str) -> str:
    """What ``--help`` says: the most used options, those of a category, or all."""
    categories: Mapping[str, str] = _manual()["categories"]
    rows = _manual()["options"]
    if not subject:
        return HELP
    if subject == "category":
        return "".join(f" {name:<11} {meaning}\n" for name, meaning in categories.items())
    if subject == "all":
        return "".join(map(_helped, rows))
    if subject in categories:
        chosen = [row for row in rows if subject in row[4].split()]
        return f"{subject}: {categories[subject]}\n" + "".join(map(_helped, chosen))
    unknown = "Unknown category provided, here is a list of all categories:\n\n"
    return unknown + "".join(f" {name:<11} {meaning}\n" for name, meaning in categories.items())


def _helped(row: Sequence[str]) -> str:
    letter, name, argument, meaning, _ = row
    option = f"--{name}{' ' if argument else ''}{argument}"
    return f" {f'-{letter},' if letter else '   '} {option:<28}  {meaning}\n"


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
    if kind in _NUMERIC and not re.fullmatch(_NUMERIC[kind], value):
        raise UsageError(f"option {word}: expected a proper numerical parameter")
    if kind == COUNT and value.startswith("-") and name not in _MAY_BE_NEGATIVE:
        raise UsageError(f"option {word}: expected a positive numerical parameter")
    if name == "resolve":
        _check_resolve(value)
    if name in _POST_DATA:
        options.data.append((name, value))
    elif name in _GATHERED:
        getattr(options, _GATHERED[name]).append(value)
    else:
        options.values[name] = value


def _check_resolve(value: str) -> None:
    if not value.startswith("-") and not re.fullmatch(r"\+?[^:]+:\d+:.+", value):
        raise UsageError(f"(49) Couldn't parse CURLOPT_RESOLVE entry '{value}'", 49, hint=False)


_MOST_USED = (
    ("-d, --data <data>", "HTTP POST data"),
    ("-f, --fail", "Fail fast with no output on HTTP errors"),
    ("-h, --help <subject>", "Get help for commands"),
    ("-o, --output <file>", "Write to file instead of stdout"),
    ("-O, --remote-name", "Write output to file named as remote file"),
    ("-i, --show-headers", "Show response headers in output"),
    ("-s, --silent", "Silent mode"),
    ("-T, --upload-file <file>", "Transfer local FILE to destination"),
    ("-u, --user <user:password>", "Server user and password"),
    ("-A, --user-agent <name>", "Send User-Agent <name> to server"),
    ("-v, --verbose", "Make the operation more talkative"),
    ("-V, --version", "Show version number and quit"),
)
_CATEGORIES = (
    "auth, connection, curl, deprecated, dns, file, ftp, global, http, imap, ldap, \n"
    "output, pop3, post, proxy, scp, sftp, smtp, ssh, telnet, tftp, timeout, tls, \n"
    "upload, verbose.\n"
)
HELP = (
    "Usage: curl [options...] <url>\n"
    + "".join(f" {option:<27} {meaning}\n" for option, meaning in _MOST_USED)
    + "\nThis is not the full help; this menu is split into categories.\n"
    + 'Use "--help category" to get an overview of all categories, which are:\n'
    + _CATEGORIES
    + 'Use "--help all" to list all options\n'
    + 'Use "--help [option]" to view documentation for a given option\n'
)
VERSION = (
    "curl 8.14.1 (x86_64-pc-linux-gnu) libcurl/8.14.1 OpenSSL/3.5.7 zlib/1.3.1 brotli/1.1.0 zstd/1.5.7 libidn2/2.3.8 "
    "libpsl/0.21.2 libssh2/1.11.1 nghttp2/1.64.0 nghttp3/1.8.0 librtmp/2.3 OpenLDAP/2.6.10\n"
    "Release-Date: 2025-06-04, security patched: 8.14.1-2+deb13u7\n"
    "Protocols: dict file ftp ftps gopher gophers http https imap imaps ipfs ipns ldap ldaps mqtt pop3 pop3s rtmp rtsp "
    "scp sftp smb smbs smtp smtps telnet tftp ws wss\n"
    "Features: alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTP3 HTTPS-proxy IDN IPv6 Kerberos Largefile libz NTLM PSL "
    "SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd\n"
)
