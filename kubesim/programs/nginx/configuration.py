"""nginx's configuration: a tree of directives, read from the container's files, with nginx's own complaints."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kubesim.programs.nginx.vocabulary import BLOCKS, SIMPLE_DIRECTIVES
from kubesim.userland.filesystem import FileError, FileSystem, absolute

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<mark>[{};])|"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<word>(?:\$\{[^}]*\}|\\.|[^\s{};"'])+)"""
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
        if not free and name not in SIMPLE_DIRECTIVES and name not in BLOCKS:
            raise ConfigurationError(f'unknown directive "{name}" in {path}:{start}')
        directive = Directive(name, tuple(words[1:]), start, path)
        if text == "{":
            if not free and name not in BLOCKS:
                raise ConfigurationError(f'directive "{name}" has no opening "{{" in {path}:{start}')
            directive.children, _ = _block(files, path, tokens, top=False, free=name in ("types", "map", "geo"))
            found.append(directive)
        elif not free and name in BLOCKS - {"server"}:
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
