"""Reading a Corefile, the configuration of CoreDNS.

A file is a list of server blocks: the zones (and port) that a block answers for, then one plugin a line, some with
a block of their own. ``import`` takes in other files (k3s keeps a cluster's own additions in a second ConfigMap);
``{$NAME}`` is an environment variable; words in double quotes may hold blanks. Errors are Caddy's, as CoreDNS prints
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kubesim.network.dns.corefile_words import CorefileError, Directive, Line, Token, tokens_of, zones_of
from kubesim.userland.numerals import is_number, whole_number

DEFAULT_PORT = 53


IMPORT_DEPTH = 10


Importer = Callable[[str], Sequence[tuple[str, str]]]
"""The files that an ``import`` pattern names: (path, text)."""


_VARIABLE = re.compile(r"\{\$(\w+)\}|\{%(\w+)%\}")


@dataclass(frozen=True, slots=True)
class ServerKey:
    """What a server block answers for: a zone (absolute, lower case) on a port."""

    zone: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"{self.zone}:{self.port}"


@dataclass(slots=True)
class ServerBlock:
    """One server block."""

    keys: list[ServerKey]
    directives: list[Directive]

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones of all keys, in order."""
        return tuple(dict.fromkeys(key.zone for key in self.keys))


def parse(
    text: str,
    file: str = "/etc/coredns/Corefile",
    *,
    importer: Importer = lambda pattern: (),
    environment: Mapping[str, str] | None = None,
    known: frozenset[str] | None = None,
) -> list[ServerBlock]:
    """Read a Corefile.

    :param importer: what ``import`` reads.
    :param known: the plugins there are; None lets every name pass.
    :raises CorefileError: with CoreDNS's words.
    """
    return _Parser(tokens_of(text, file), importer, environment or {}, known).blocks()


class _Parser:
    def __init__(
        self,
        tokens: list[Token],
        importer: Importer,
        environment: Mapping[str, str],
        known: frozenset[str] | None,
    ) -> None:
        self.tokens, self.importer, self.known = tokens, importer, known
        self.environment = environment
        self.position = 0
        self.imports = 0
        self.snippets: dict[str, list[Token]] = {}

    def blocks(self) -> list[ServerBlock]:
        """Every server block, in order."""
        found: list[ServerBlock] = []
        while self.position < len(self.tokens):
            if self._current.text == "import" and self._starts_line(self.position):
                self._import()
                continue
            block = self._server_block()
            if block is not None:
                found.append(block)
        taken: set[ServerKey] = set()
        for block in found:
            for key in block.keys:
                if key in taken:
                    raise CorefileError(f"cannot serve dns://{key} - it is already defined")
                taken.add(key)
        return found

    @property
    def _current(self) -> Token:
        return self.tokens[self.position]

    def _end(self) -> CorefileError:
        return self.tokens[-1].error("Unexpected EOF")

    def _starts_line(self, index: int) -> bool:
        if index == 0:
            return True
        before, here = self.tokens[index - 1], self.tokens[index]
        return before.file != here.file or before.line < here.line

    def _import(self) -> None:
        at = self._current
        arguments = self._rest_of_line()
        if not arguments:
            raise at.error("Wrong argument count or unexpected line ending after 'import'")
        self.imports += 1
        if self.imports > IMPORT_DEPTH * 100:
            raise at.error("maximum import depth exceeded")
        pattern = arguments[0].text
        if pattern in self.snippets:
            inserted = list(self.snippets[pattern])
        else:
            is_glob = any(character in pattern for character in "*?[")
            files = self.importer(pattern)
            if not files and not is_glob:
                raise at.error(f"File to import not found: {pattern}")
            inserted = [token for path, text in files for token in tokens_of(text, path)]
        self.tokens[self.position : self.position] = inserted

    def _rest_of_line(self) -> list[Token]:
        """The words after the current one on its line; the position moves past them."""
        self.position += 1
        words: list[Token] = []
        while self.position < len(self.tokens) and not self._starts_line(self.position):
            words.append(self._current)
            self.position += 1
        return words

    def _server_block(self) -> ServerBlock | None:
        """The next block; None for a snippet, and for one whose keys are variables that stand for nothing."""
        names: list[Token] = []
        braced = False
        while self.position < len(self.tokens):
            token = self._current
            if token.text == "{":
                braced = True
                self.position += 1
                break
            if names and self._starts_line(self.position) and not names[-1].text.endswith(","):
                break
            if token.text == "}":
                raise token.error("Unexpected '}' because no matching opening brace")
            names.append(token)
            self.position += 1
        if not names:
            raise self.tokens[min(self.position, len(self.tokens) - 1)].error("missing server address")
        first = names[0].text
        if braced and len(names) == 1 and first.startswith("(") and first.endswith(")"):
            self.snippets[first[1:-1]] = self._raw_block()
            return None
        keys = [key for name in names for key in self._keys(name)]
        directives = self._directives(braced)
        return ServerBlock(keys, directives) if keys else None

    def _raw_block(self) -> list[Token]:
        inside: list[Token] = []
        depth = 1
        while self.position < len(self.tokens):
            token = self._current
            self.position += 1
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                return inside
            inside.append(token)
        raise self._end()

    def _keys(self, token: Token) -> list[ServerKey]:
        keys = []
        for word in self._expanded(token).text.split(","):
            if not word:
                continue
            scheme, separator, rest = word.partition("://")
            if separator and scheme not in ("dns",):
                raise token.error(f"unsupported scheme: {scheme}")
            zone, colon, port = (rest if separator else word).rpartition(":")
            if not colon:
                zone, port = (rest if separator else word), str(DEFAULT_PORT)
            if not is_number(port) or not 0 < whole_number(port) < 65536:
                raise token.error(f"port {port!r} is not a number from 1 to 65535")
            for normalised in zones_of(zone or "."):
                keys.append(ServerKey(normalised, whole_number(port)))
        return keys

    def _expanded(self, token: Token) -> Token:
        text = _VARIABLE.sub(lambda found: self.environment.get(found[1] or found[2], ""), token.text)
        return Token(text, token.line, token.file)

    def _directives(self, braced: bool) -> list[Directive]:
        directives: list[Directive] = []
        while self.position < len(self.tokens):
            token = self._current
            if token.text == "}" and braced:
                self.position += 1
                return directives
            if token.text == "import" and self._starts_line(self.position):
                self._import()
                continue
            if self.known is not None and token.text not in self.known:
                raise token.error(f"Unknown directive '{token.text}'")
            directives.append(self._line())
        if braced:
            raise self._end()
        return directives

    def _line(self) -> Line:
        words = [self._expanded(self._current), *(self._expanded(word) for word in self._rest_of_line())]
        if words[-1].text != "{" or len(words) == 1:
            return Line(words)
        line = Line(words[:-1])
        while self.position < len(self.tokens):
            if self._current.text == "}":
                self.position += 1
                return line
            line.block.append(self._line())
        raise self._end()
