"""Reading nginx' configuration as nginx reads it: word by word, each directive judged where it ends."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kubesim.programs.nginx.directives import FREE, Rule, place_in, rule_for
from kubesim.programs.nginx.tree import ConfigurationError, Directive
from kubesim.programs.nginx.values import CHECKS, NO_URI, Seen, pattern_problem
from kubesim.programs.nginx.variables import Variables
from kubesim.userland.filesystem import FileError, FileSystem, absolute

MOST_OPEN = 40
"""Files that include one another, before one that includes itself has used up all that may be open."""
DEEPEST = 100
"""Blocks within blocks; nginx has no limit but its stack."""
_BLANKS = " \t\r\n"
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}


class Read(NamedTuple):
    """A directive: its words, what ends it (``;``, ``{``, ``}``, or the file with nothing), and the line of that."""

    words: tuple[str, ...]
    end: str
    line: int


class Reading:
    """One reading: the files it has looked at."""

    def __init__(self, files: FileSystem) -> None:
        self.files = files
        self.texts: dict[str, str] = {}
        self.listings: dict[str, tuple[str, ...]] = {}
        self._open = 0
        self._seen = Seen()
        self._variables = Variables()

    def whole(self, path: str) -> Directive:
        """The configuration that begins in a file.

        :raises ConfigurationError: with nginx's words.
        """
        found = self.file(path, "main", (), [])
        if not any(each.name == "events" for each in found):
            raise ConfigurationError('no "events" section in configuration')
        return Directive("main", (), tuple(found))

    def file(
        self, path: str, place: str, around: tuple[Directive, ...], before: list[tuple[str, ...]], where: str = ""
    ) -> list[Directive]:
        """The directives of a file that stands in a block of some sort.

        :param where: what includes it.
        """
        if self._open >= MOST_OPEN:
            raise ConfigurationError(f'open() "{path}" failed (24: Too many open files){where}')
        try:
            text = self.texts[path] = self.files.read(path)
        except FileError as error:
            raise ConfigurationError(f'open() "{path}" failed (2: {error.reason}){where}') from error
        self._open += 1
        found = self._block(path, directives_of(text, path), place, around, before, inside=False)
        self._open -= 1
        return found

    def _block(
        self,
        path: str,
        reads: Iterator[Read],
        place: str,
        around: tuple[Directive, ...],
        before: list[tuple[str, ...]],
        *,
        inside: bool = True,
    ) -> list[Directive]:
        """Directives until the closing brace, or the end of the file."""
        found: list[Directive] = []
        for read in reads:
            where = f"in {path}:{read.line}"
            if not read.words:
                if read.end == "}" and not inside:
                    raise ConfigurationError(f'unexpected "}}" {where}')
                if not read.end and inside:
                    raise ConfigurationError(f'unexpected end of file, expecting "}}" {where}')
                if inside:
                    self._closed(around[-1], found, where)
                break
            if place in FREE:
                found += self._free(read, place, path)
                continue
            found += self._directive(read, path, reads, place, around, before)
        return found

    def _free(self, read: Read, place: str, path: str) -> list[Directive]:
        """A line of a block in which any word may stand."""
        where = f"in {path}:{read.line}"
        if read.end == "{":
            raise ConfigurationError(f'unexpected "{{" {where}')
        if read.words[0] == "include" and len(read.words) == 2:
            return self._included(read.words[1], where, place, (), [])
        if place == "map":
            if len(read.words) != 2 and read.words[0] not in ("volatile", "hostnames"):
                raise ConfigurationError(f"invalid number of the map parameters {where}")
            if read.words[0].startswith("~"):
                self._refuse(pattern_problem(read.words[0].lstrip("~*")), where)
                self._variables.captures(read.words[0])
            self._refuse(self._variables.used(read.words[1:]), where)
        return [Directive(read.words[0], read.words[1:])]

    def _directive(
        self,
        read: Read,
        path: str,
        reads: Iterator[Read],
        place: str,
        around: tuple[Directive, ...],
        before: list[tuple[str, ...]],
    ) -> list[Directive]:
        (name, *words), where = read.words, f"in {path}:{read.line}"
        rule = self._rule(name, words, read.end, place, where)
        if name == "include":
            return self._included(words[0], where, place, around, before)
        if rule.once and any(each[0] == name for each in before):
            raise ConfigurationError(f'"{name}" directive is duplicate {where}')
        self._refuse(rule.problem(words), where)
        check = CHECKS.get("upstream/server" if name == "server" and place == "upstream" else name)
        if check is not None and not place.startswith(("stream", "mail")):
            self._refuse(check(words, place), where)
        self._refuse(self._seen.problem(name, words, place, before), where)
        self._refuse(self._variables.of(name, words, rule.variables), where)
        made = Directive(name, tuple(words), (), where)
        if name == "location":
            self._refuse(_location_problem(made, around[-1]), where)
        if name == "proxy_pass" and place == "location" and _has_uri(words[0]) and _by_pattern(around[-1]):
            raise ConfigurationError(f"{NO_URI} {where}")
        before.append((name, *words))
        if not rule.opens:
            return [made]
        if len(around) > DEEPEST:
            raise ConfigurationError(f"blocks must not nest deeper than {DEEPEST} {where}")
        inner = place_in(place, name)
        children = self._block(path, reads, inner, (*around, made), [])
        return [made._replace(children=tuple(children))]

    def _rule(self, name: str, words: Sequence[str], end: str, place: str, where: str) -> Rule:
        try:
            rule = rule_for(name, place)
        except LookupError:
            raise ConfigurationError(f'unknown directive "{name}" {where}') from None
        if rule is None:
            raise ConfigurationError(f'"{name}" directive is not allowed here {where}')
        if not rule.opens and end == "{":
            raise ConfigurationError(f'directive "{name}" is not terminated by ";" {where}')
        if rule.opens and end != "{":
            raise ConfigurationError(f'directive "{name}" has no opening "{{" {where}')
        if not rule.takes(len(words)):
            raise ConfigurationError(f'invalid number of arguments in "{name}" directive {where}')
        return rule

    def _closed(self, block: Directive, children: Sequence[Directive], where: str) -> None:
        """What is judged when a block is complete."""
        if block.name == "upstream" and not any(each.name == "server" for each in children):
            raise ConfigurationError(f"no servers are inside upstream {where}")
        if block.name == "http":
            for server in children:
                _check_locations(server)
            unknown = self._variables.unknown()
            if unknown:
                raise ConfigurationError(f'unknown "{unknown}" variable')

    def _refuse(self, problem: str, where: str) -> None:
        if problem:
            raise ConfigurationError(f"{problem} {where}")

    def _included(
        self, pattern: str, where: str, place: str, around: tuple[Directive, ...], before: list[tuple[str, ...]]
    ) -> list[Directive]:
        directory, _, name = absolute(pattern, "/etc/nginx").rpartition("/")
        if not re.search(r"[*?\[]", name):
            return self.file(f"{directory}/{name}", place, around, before, f" {where}")
        names = self.listings[directory] = names_in(self.files, directory)
        paths = [f"{directory}/{each}" for each in fnmatch.filter(names, name)]
        return [each for path in paths for each in self.file(path, place, around, before, f" {where}")]


def names_in(files: FileSystem, directory: str) -> tuple[str, ...]:
    """The names in a directory; none where it is none."""
    try:
        return tuple(files.list(directory))
    except FileError:
        return ()


def _name_of(location: Directive) -> tuple[str, str]:
    """A location's modifier and pattern, which may stand in one word."""
    if len(location.arguments) == 2:
        return location.arguments[0], location.arguments[1]
    word = location.arguments[0]
    modifier = next((each for each in ("=", "^~", "~*", "~") if word.startswith(each)), "")
    return modifier, word[len(modifier) :]


def _by_pattern(location: Directive) -> bool:
    modifier, pattern = _name_of(location) if location.name == "location" else ("", "")
    return modifier in ("~", "~*") or pattern.startswith("@")


def _has_uri(target: str) -> bool:
    return "$" not in target and "/" in target.partition("://")[2]


def _location_problem(location: Directive, parent: Directive) -> str:
    if len(location.arguments) == 2 and location.arguments[0] not in ("=", "^~", "~", "~*"):
        return f'invalid location modifier "{location.arguments[0]}"'
    modifier, pattern = _name_of(location)
    if modifier in ("~", "~*"):
        problem = pattern_problem(pattern)
        if problem:
            return problem
    if parent.name != "location":
        return ""
    outer_modifier, outer = _name_of(parent)
    if outer_modifier == "=":
        return f'location "{pattern}" cannot be inside the exact location "{outer}"'
    if outer.startswith("@"):
        return f'location "{pattern}" cannot be inside the named location "{outer}"'
    if pattern.startswith("@") and not modifier:
        return f'named location "{pattern}" can be on the server level only'
    if modifier not in ("~", "~*") and outer_modifier not in ("~", "~*") and not pattern.startswith(outer):
        return f'location "{pattern}" is outside location "{outer}"'
    return ""


def _check_locations(block: Directive) -> None:
    taken: set[tuple[bool, str]] = set()
    for location in block.all("location"):
        modifier, pattern = _name_of(location)
        if modifier not in ("~", "~*"):
            key = (modifier == "=", pattern)
            if key in taken:
                raise ConfigurationError(f'duplicate location "{pattern}" {location.where}')
            taken.add(key)
        _check_locations(location)


def directives_of(text: str, path: str) -> Iterator[Read]:
    """A file's directives one after the other, without their blocks' meaning: words, and what ends each.

    :raises ConfigurationError: where a word is not finished, or something stands where it cannot.
    """
    words: list[str] = []
    position, line = 0, 1
    while True:
        while position < len(text) and text[position] in _BLANKS:
            line += text[position] == "\n"
            position += 1
        if position >= len(text):
            if words:
                raise ConfigurationError(f'unexpected end of file, expecting ";" or "}}" in {path}:{line}')
            yield Read((), "", line)
            return
        character = text[position]
        if character == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            continue
        if character in ";{":
            if not words:
                raise ConfigurationError(f'unexpected "{character}" in {path}:{line}')
            yield Read(tuple(words), character, line)
            words, position = [], position + 1
            continue
        if character == "}":
            if words:
                raise ConfigurationError(f'unexpected "}}" in {path}:{line}')
            yield Read((), "}", line)
            position += 1
            continue
        word, position, lines = _quoted(text, position) if character in "\"'" else _plain(text, position)
        line += lines
        if word is None:
            raise ConfigurationError(f'unexpected end of file, expecting ";" or "}}" in {path}:{line}')
        words.append(word)
        if character in "\"'" and position < len(text):
            if text[position] == ")":
                position += 1
            elif text[position] not in f"{_BLANKS};{{":
                raise ConfigurationError(f'unexpected "{text[position]}" in {path}:{line}')


def _quoted(text: str, position: int) -> tuple[str | None, int, int]:
    """A word in quotation marks: what it says, where it ends, over how many lines."""
    mark, start = text[position], position + 1
    position = start
    while position < len(text) and text[position] != mark:
        position += 2 if text[position] == "\\" else 1
    lines = text.count("\n", start, position)
    return (
        (_without_escapes(text[start:position]), position + 1, lines)
        if position < len(text)
        else (None, position, lines)
    )


def _plain(text: str, position: int) -> tuple[str | None, int, int]:
    start = position
    after_dollar = False
    while position < len(text):
        character = text[position]
        if character == "{" and after_dollar:
            position += 1
            continue
        if character in _BLANKS or character in ";{":
            return _without_escapes(text[start:position]), position, text.count("\n", start, position)
        after_dollar = character == "$"
        position += 2 if character == "\\" else 1
    return None, len(text), text.count("\n", start)


def _without_escapes(word: str) -> str:
    return re.sub(r"\\([\"'\\trn])", lambda match: _ESCAPES[match[1]], word) if "\\" in word else word
