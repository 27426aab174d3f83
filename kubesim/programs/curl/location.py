"""URLs as curl reads them: guessed schemes, inet_aton addresses, ``{a,b}`` and ``[1-3]`` globs, relative redirects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urljoin

from kubesim.programs.name_lookup import numeric_address
from kubesim.userland.numerals import is_number, whole_number

PORTS = {"http": 80, "https": 443, "ftp": 21}
KNOWN_BUT_NOT_SIMULATED = frozenset(
    {"dict", "file", "ftps", "gopher", "imap", "ldap", "mqtt", "pop3", "rtsp", "scp", "sftp", "smtp"}
    | {"telnet", "tftp", "ws", "wss"}
)

_RANGE = re.compile(r"\[(?:(\d{1,18})-(\d{1,18})(?::(\d{1,18}))?|([a-zA-Z])-([a-zA-Z])(?::(\d{1,18}))?)\]")
MOST_NUMBERS = 10_000
"""How many numbers of one range are gone through: no line lasts that long."""
MOST_SLASHES = 3
FORBIDDEN = r"[\s/:#?!@{}\[\]\\$'\"^`*<>=;,+&()]"
"""Characters that no host name has, after percent signs are decoded."""


class LocationError(Exception):
    """A URL that curl refuses, with curl's exit status (3: malformed, 1: unsupported scheme)."""

    def __init__(self, message: str, status: int = 3) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Location:
    """One URL, taken apart.

    :param host: as typed, without brackets.
    :param port: the URL's, or its scheme's.
    :param explicit_port: whether the URL names the port.
    :param path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str
    explicit_port: bool = False
    user: str | None = None
    typed: str = ""
    fragment: str = ""

    @property
    def place(self) -> tuple[str, str, int]:
        """What a connection is for: scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole URL, as ``url_effective`` shows it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.explicit_port else ""
        return f"{self.scheme}://{host}{port}{self.path}"

    def redirected(self, target: str) -> Location:
        """Where a Location header leads from here."""
        return parse_location(urljoin(self.text, target))

    def with_query(self, query: str) -> Location:
        """The same URL with more query."""
        joint = "&" if "?" in self.path else "?"
        return replace(self, path=f"{self.path}{joint}{query}")


def parse_location(text: str, *, as_is: bool = False) -> Location:
    """Read one URL.

    :param as_is: whether ``.`` and ``..`` stay in its path.

    :raises LocationError: with curl's message.
    """
    if re.search(r"[\x00-\x20\x7f]", text):
        raise LocationError("URL rejected: Malformed input to a URL function")
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(/+)", text)
    rest = text
    scheme = "http"
    if match:
        scheme = match[1].lower()
        rest = text[match.end() :]
        if scheme == "file":
            return Location(
                scheme, "", 0, "/" + rest.partition("/")[2] if len(match[2]) == 2 else f"/{rest}", typed=text
            )
        if len(match[2]) > MOST_SLASHES:
            raise LocationError("URL rejected: Unsupported number of slashes following scheme")
        if scheme not in PORTS:
            why = "disabled" if scheme in KNOWN_BUT_NOT_SIMULATED else "not supported"
            raise LocationError(f'Protocol "{scheme}" {why}', 1)
    elif re.match(r"(ftp)\.", text, re.IGNORECASE):
        scheme = "ftp"
    rest, _, fragment = rest.partition("#")
    split = re.search(r"[/?]", rest)
    authority, path = (rest[: split.start()], rest[split.start() :]) if split else (rest, "/")
    if path.startswith("?"):
        path = "/" + path
    user = None
    if "@" in authority:
        user, _, authority = authority.rpartition("@")
    host, port_text = _split_port(authority)
    numbered = port_text is not None and is_number(port_text) and whole_number(port_text) <= 65535
    if (
        port_text is not None and not numbered and not (port_text == "" and match)
    ):  # it may only be empty after a scheme
        raise LocationError("URL rejected: Port number was not a decimal number between 0 and 65535")
    if not host:
        raise LocationError("URL rejected: No host part in the URL")
    if "[" not in authority:
        host = unquote(host)
        if re.search(FORBIDDEN, host):
            raise LocationError("URL rejected: Bad hostname")
        host = numeric_address(host) or host
    port = whole_number(port_text) if port_text else PORTS[scheme]
    return Location(scheme, host, port, path if as_is else _without_dots(path), bool(port_text), user, text, fragment)


def _split_port(authority: str) -> tuple[str, str | None]:
    if authority.startswith("["):
        host, bracket, tail = authority[1:].partition("]")
        if not bracket:
            raise LocationError("URL rejected: Bad IPv6 address")
        return host, tail[1:] if tail.startswith(":") else None
    host, colon, port = authority.partition(":")
    return host, port if colon else None


def _without_dots(path: str) -> str:
    """RFC 3986's removal of ``.`` and ``..``."""
    route, question, query = path.partition("?")
    kept: list[str] = []
    parts = route.split("/")[1:]
    for index, part in enumerate(parts):
        if part in (".", ".."):
            if part == ".." and kept:
                kept.pop()
            if index == len(parts) - 1:
                kept.append("")
        else:
            kept.append(part)
    return "/" + "/".join(kept) + question + query


def expand_globs(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every URL that ``{a,b}`` and ``[1-3]`` stand for, each with what stands for its globs.

    :raises LocationError: where a bracket is wrong.
    """
    pieces: list[Sequence[str]] = []
    globs: list[int] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "{":
            end = text.find("}", position)
            if end < 0:
                raise _glob_error("unmatched brace", position, text)
            globs.append(len(pieces))
            pieces.append(text[position + 1 : end].split(","))
            position = end + 1
        elif character == "[" and not re.match(r"\[[0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*\]", text[position:]):
            match = _RANGE.match(text, position)
            if not match:
                begun = re.match(r"\[(\d+-?)", text[position:])
                if begun:
                    raise _glob_error("bad range", position + 1 + len(begun[1]), text)
                raise _glob_error("bad range specification", position + 1, text)
            globs.append(len(pieces))
            pieces.append(_range(match))
            position = match.end()
        elif character == "[":
            end = text.index("]", position)
            pieces.append([text[position : end + 1]])
            position = end + 1
        elif character in "}]":
            raise _glob_error("unmatched close brace/bracket", position, text)
        else:
            end = next((i for i in range(position, len(text)) if text[i] in "{[}]"), len(text))
            pieces.append([text[position:end]])
            position = end
    return (("".join(choice), tuple(choice[number] for number in globs)) for choice in _product(pieces))


def _product(pieces: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Every choice of one of each, the last changing fastest; nothing is held but where it has come to."""
    if not pieces:
        yield ()
        return
    for first in pieces[0]:
        for rest in _product(pieces[1:]):
            yield (first, *rest)


def _range(match: re.Match[str]) -> Sequence[str]:
    if match[1] is not None:
        width = len(match[1]) if match[1].startswith("0") else 0
        step = whole_number(match[3] or "1") or 1
        numbers = range(whole_number(match[1]), whole_number(match[2]) + 1, step)[:MOST_NUMBERS]
        return [str(number).zfill(width) for number in numbers]
    step = whole_number(match[6] or "1") or 1
    return [chr(code) for code in range(ord(match[4]), ord(match[5]) + 1, step)]


def _glob_error(reason: str, position: int, text: str) -> LocationError:
    return LocationError(f"{reason} in URL position {position + 1}:\n{text}\n{' ' * position}^")
