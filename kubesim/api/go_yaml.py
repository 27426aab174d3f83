"""YAML as Go reads and writes it.

Kubernetes uses a fork of go-yaml 2: a YAML 1.1 in which ``yes``, ``on`` and ``y`` are booleans, ``0755`` and ``0o755``
are not the same thing, and dates or ``12:30:45`` stay strings. Both go-yaml and PyYAML's C extension are ports of
libyaml, so the grammar, the messages of the parser and the layout of the output are the same; what differs is which
plain scalars are something other than a string. That is what this module adds.

Manifests pass from YAML to JSON before anything else, so what is loaded is a JSON value: keys are strings, and a later
key replaces an earlier one.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

import yaml

from kubesim.api import go_json

try:
    from yaml import CSafeDumper as SafeDumper
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML without its extension, as in a browser: slower, and its messages are its own
    from yaml import SafeDumper, SafeLoader  # type: ignore[assignment]

_WORDS: dict[str, Any] = {
    word: value
    for value, words in (
        (True, "y Y yes Yes YES true True TRUE on On ON"),
        (False, "n N no No NO false False FALSE off Off OFF"),
        (None, "~ null Null NULL"),
    )
    for word in words.split()
} | {"": None}
_ONCE_BOOLS = frozenset(
    word for word, value in _WORDS.items() if isinstance(value, bool) and word.lower() not in ("true", "false")
)
"""Words that YAML 1.1 took for booleans, and later ones take for texts."""
_SPECIAL_FLOATS = {
    word: value
    for value, words in (
        (float("nan"), ".nan .NaN .NAN"),
        (float("inf"), ".inf .Inf .INF +.inf +.Inf +.INF"),
        (float("-inf"), "-.inf -.Inf -.INF"),
    )
    for word in words.split()
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|0[bB]([01]+)|0([0-7]+)|(0|[1-9][0-9]*))")
LONGEST_NUMBER = 1000
"""Digits that a whole number may have; one of more is a text, as it is to Go."""
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|\s+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?"
)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def resolve(text: str) -> Any:
    """What a plain scalar means: a bool, None, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text]
    first = text[0]
    if first not in "+-.0123456789":
        return text
    if first == ".":
        return _float(text)
    digits = text.replace("_", "")
    match = _INTEGER.fullmatch(digits)
    if match:
        sign, *parts = match.groups()
        written, base = next(each for each in zip(parts, (16, 8, 2, 8, 10), strict=True) if each[0] is not None)
        if len(written) <= LONGEST_NUMBER:
            number = -int(written, base) if sign == "-" else int(written, base)
            if -(2**63) <= number < 2**64:
                return number
    return _float(digits, text)


def reads_as_string(text: str) -> bool:
    """Whether a plain scalar of this text is a string, to go-yaml and to the YAML 1.1 it keeps in mind."""
    return isinstance(resolve(text), str) and not _TIMESTAMP.fullmatch(text) and not _BASE_60.fullmatch(text)


def _float(digits: str, text: str | None = None) -> float | str:
    """A number that has a point or an exponent and is not too large for one; else the text."""
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        if math.isfinite(number):
            return number
    return digits if text is None else text


_PLAIN = "!plain"
_STRING = "tag:yaml.org,2002:str"


class YamlError(ValueError):
    """Text that is no YAML, or no JSON once read as YAML; the message is what kubectl prints after the file's name.

    :param documents: the values of the documents before the one at fault, which kubectl has already acted on.
    :param newer: the message of go-yaml 3, which kustomize reads with; it may name another line.
    """

    def __init__(self, message: str, documents: tuple[Any, ...] = (), newer: str = "") -> None:
        super().__init__(message)
        self.documents = documents
        self.newer = newer or message


def load_all(text: str, *, newer: bool = False) -> list[Any]:
    """Read every document of a manifest, as kubectl does: JSON if it begins with a brace, else YAML.

    A document that is empty is left out.

    :param newer: whether scalars mean what they mean to go-yaml 3, which kustomize reads with: ``yes`` is a text.
    :raises YamlError: with kubectl's words after ``error parsing FILE:``.
    """
    documents: list[Any] = []
    try:
        json = text.lstrip().startswith("{")
        for document in _json_documents(text) if json else _yaml_documents(text, newer=newer):
            documents.append(document)
    except YamlError as error:
        raise YamlError(str(error), tuple(documents), error.newer) from None
    return documents


def load(text: str, *, newer: bool = False) -> Any:
    """Read one YAML document.

    :param newer: as for :func:`load_all`.
    :raises YamlError: with go-yaml's words, such as ``yaml: line 3: did not find expected key``.
    """
    text = go_json.clean(text)
    try:
        _check_depth(text)
        if "\\/" in text and not newer:
            _check_escapes(text)
        loader = _Loader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
        except yaml.composer.ComposerError:  # an anchor that is missing, or set twice, which only PyYAML refuses
            node = _Composition(_Loader(text)).node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        problem = error.problem or "unknown problem parsing YAML content"
        in_newer_words = f"yaml: {_where(error, error.context_mark)}{problem}"
        raise YamlError(f"yaml: {_where(error)}{problem}", newer=in_newer_words) from None
    except yaml.reader.ReaderError as error:
        raise YamlError(f"yaml: {error.reason}") from None
    return None if node is None else _Construction(text, newer=newer).value(node, ())


_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def _check_escapes(text: str) -> None:
    """Refuse an escape that later versions of YAML have, and go-yaml 2 has not: a slash behind a backslash.

    :raises YamlError: with its line.
    """
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.ScalarEvent) and event.style == '"':
            assert event.start_mark is not None
            assert event.end_mark is not None
            written = text[event.start_mark.index : event.end_mark.index]
            found = _ESCAPED_SLASH.search(written)
            if found:
                line = event.start_mark.line + written.count("\n", 0, found.start()) + 1
                raise YamlError(f"yaml: line {line}: found unknown escape character")


def _check_depth(text: str) -> None:
    """Refuse what nests too deep before anything recurses into it.

    A text nests no deeper than it has brackets and columns: only one that has many is parsed for this.
    """
    columns = max(map(len, text.split("\n")))
    if text.count("[") + text.count("{") + 2 * columns <= go_json.DEPTH:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > go_json.DEPTH:
                raise YamlError("yaml: exceeded max depth of 10000")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _yaml_documents(text: str, *, newer: bool = False) -> Iterator[Any]:
    for document in split(text):
        try:
            value = load(document, newer=newer)
        except YamlError as error:
            raise YamlError(f"error converting YAML to JSON: {error}", newer=error.newer) from None
        if value is not None:
            yield value


def split(text: str) -> Iterator[str]:
    """Cut a stream of documents at its ``---`` lines, as apimachinery's ``YAMLReader`` does.

    :raises YamlError: if anything but a comment follows the three dashes.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("---"):
            rest = line[3:].strip()
            if rest and not rest.startswith("#"):
                raise YamlError(f"invalid Yaml document separator: {rest}")
            if lines:
                yield "\n".join([*lines, ""])
                lines = []
                continue
        lines.append(line)
    if lines:
        yield "\n".join(lines)


_STILL_DOUBTFUL = 1
"""After how many values of JSON a stream may still turn out to be YAML."""


def _json_documents(text: str) -> Iterator[Any]:
    """The values of a stream that begins as JSON; what is none is read as YAML, where that is what it is.

    Upstream: ``k8s.io/apimachinery/pkg/util/yaml.YAMLOrJSONDecoder``.
    """
    position = count = 0
    while text[position:].strip():
        start = position + len(text[position:]) - len(text[position:].lstrip())
        try:
            value, end = go_json.decode_at(text, start)
        except go_json.JsonError as error:
            if error.position < 0 or count > _STILL_DOUBTFUL:
                raise YamlError(str(error)) from None
            yield from _yaml_instead(text[position:], _told(error, text))
            return
        position = end
        count += 1
        yield value


def _told(error: go_json.JsonError, text: str) -> YamlError:
    """What is told of a text that is neither JSON nor YAML."""
    if str(error) == "unexpected EOF":
        return YamlError(str(error))
    return YamlError(f"json: offset {len(text[: error.position].encode()) + 1}: {error}")


def _yaml_instead(text: str, problem: YamlError) -> Iterator[Any]:
    """The documents of YAML that is no JSON; where its first is no YAML either, the problem is that of the JSON."""
    started = False
    try:
        for document in _yaml_documents(re.sub(r"\A[^\S\n]*\n", "", text)):
            started = True
            yield document
    except YamlError:
        if started:
            raise
        raise problem from None


class _Loader(SafeLoader):
    """libyaml's parser, leaving the meaning of plain scalars to :func:`resolve`."""

    yaml_implicit_resolvers = {None: [(_PLAIN, re.compile(""))]}  # noqa: RUF012


def _where(error: yaml.MarkedYAMLError, first: yaml.Mark | None = None) -> str:
    """``line 7: ``: go-yaml counts a scanner's lines from one and a parser's from nought.

    :param first: the mark that is told, unless it is missing or in the first line; the problem's own otherwise.
    """
    mark = first if first is not None and first.line else error.problem_mark
    line = mark.line if mark is not None else 0
    if line and isinstance(error, yaml.scanner.ScannerError):
        line += 1
    return f"line {line}: " if line else ""


class _Composition:
    """Making a document's nodes of its events, where an anchor may be set again: the last before an alias counts."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._anchors: dict[str, yaml.Node] = {}

    def node(self) -> yaml.Node:
        """The node of the one document.

        :raises YamlError: where an alias refers to nothing.
        :raises yaml.YAMLError: where the text is no YAML.
        """
        while not isinstance(self._loader.get_event(), yaml.DocumentStartEvent):
            pass
        return self._next(self._loader.get_event())

    def _next(self, event: Any) -> yaml.Node:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlError(f"yaml: unknown anchor '{event.anchor}' referenced")
            return self._anchors[event.anchor]
        made: yaml.Node
        if isinstance(event, yaml.ScalarEvent):
            tag = self._tag(event, yaml.ScalarNode, event.value)
            return self._anchored(event, yaml.ScalarNode(tag, event.value, style=event.style))
        if isinstance(event, yaml.SequenceStartEvent):
            made = self._anchored(event, yaml.SequenceNode(self._tag(event, yaml.SequenceNode, None), []))
            while not isinstance(inner := self._loader.get_event(), yaml.SequenceEndEvent):
                made.value.append(self._next(inner))
            return made
        made = self._anchored(event, yaml.MappingNode(self._tag(event, yaml.MappingNode, None), []))
        while not isinstance(inner := self._loader.get_event(), yaml.MappingEndEvent):
            key = self._next(inner)
            made.value.append((key, self._next(self._loader.get_event())))
        return made

    def _tag(self, event: Any, kind: type[yaml.Node], value: str | None) -> str:
        if event.tag not in (None, "!"):
            return str(event.tag)
        return str(self._loader.resolve(kind, value, event.implicit))  # type: ignore[no-untyped-call]

    def _anchored(self, event: Any, node: yaml.Node) -> yaml.Node:
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node


class _Construction:
    """Making values of nodes. An alias is its anchor's node again, which may make a small text very large."""

    def __init__(self, text: str, *, newer: bool = False) -> None:
        self._text = text
        self._newer = newer
        self._budget = 100_000 + 10 * len(text)

    def value(self, node: yaml.Node, above: tuple[yaml.Node, ...]) -> Any:
        """The JSON value of a node, which stands inside the nodes ``above``."""
        self._budget -= 1
        if self._budget < 0:
            raise YamlError("yaml: document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return _newer_scalar(node) if self._newer else _scalar(node)
        if any(node is each for each in above):
            raise YamlError(f"yaml: anchor '{_anchor_inside_itself(self._text)}' value contains itself")
        inside = (*above, node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, inside) for item in node.value]
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _PLAIN and key_node.value == "<<":
                merged |= self._merge(value_node, inside)
            else:
                key, value = self.value(key_node, inside), self.value(value_node, inside)
                own[_key(key, value)] = value
        return merged | own

    def _merge(self, node: yaml.Node, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
        """The keys that ``<<`` brings in; an earlier mapping of a list wins over a later one."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not all(isinstance(item, yaml.MappingNode) for item in nodes):
            raise YamlError("yaml: map merge requires map or sequence of maps as the value")
        result: dict[str, Any] = {}
        for item in reversed(nodes):
            result |= self.value(item, above)
        return result


def _anchor_inside_itself(text: str) -> str:
    """The name of the first anchor whose own value refers to it."""
    open_anchors: list[str | None] = []
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            open_anchors.pop()
        elif isinstance(event, yaml.AliasEvent) and event.anchor in open_anchors:
            return str(event.anchor)
    return ""


def _scalar(node: yaml.ScalarNode) -> Any:
    if node.tag == _PLAIN:
        value = resolve(node.value)
    elif node.tag == _STRING:
        return node.value
    else:
        return _tagged(node)
    if isinstance(value, float) and not math.isfinite(value):
        raise YamlError(f"json: unsupported value: {go_json.format_special(value)}")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)  # JSON has one kind of number, and Go writes this one without a point
    return value


def _newer_scalar(node: yaml.ScalarNode) -> Any:
    """A scalar as go-yaml 3 reads it."""
    if node.tag == _PLAIN and node.value in _ONCE_BOOLS:
        return node.value
    if node.tag == _PLAIN and _DATE.fullmatch(node.value):
        return f"{node.value}T00:00:00Z"
    return _scalar(node)


def _tagged(node: yaml.ScalarNode) -> Any:
    """A scalar with an explicit tag, such as ``!!int "5"``."""
    name = node.tag.removeprefix("tag:yaml.org,2002:")
    if name == "binary":
        try:
            return base64.b64decode(node.value).decode("utf-8", "replace")
        except ValueError:
            raise YamlError("yaml: !!binary value contains invalid base64 data") from None
    value = resolve(node.value)
    if name == "float" and isinstance(value, int) and not isinstance(value, bool):
        return value
    wanted = {"int": int, "float": float, "bool": bool, "null": type(None)}.get(name)
    if wanted is not None and type(value) is not wanted:
        raise YamlError(f"yaml: cannot decode !!str `{node.value}` as a !!{name}")
    return node.value if wanted is None else value


def _key(key: Any, value: Any) -> str:
    """A key as the string that JSON wants.

    :param value: what stands behind it, for a complaint.
    """
    if isinstance(key, (dict, list)):
        raise YamlError(f"yaml: invalid map key: {_go_syntax(key)}")
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None:
        shown = "<nil>" if value is None else _go_syntax(value)
        raise YamlError(f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {shown}")
    return go_json.format_float(key) if isinstance(key, float) else str(key)


def _go_syntax(value: Any) -> str:
    """A value as Go's ``%#v`` prints it when it stands in an ``interface{}``."""
    if isinstance(value, dict):
        members = ", ".join(f"{go_json.quote(key)}:{_go_syntax(item)}" for key, item in sorted(value.items()))
        return f"map[interface {{}}]interface {{}}{{{members}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_go_syntax, value))}}}"
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return go_json.quote(value) if isinstance(value, str) else str(value)


class _Dumper(SafeDumper):
    """libyaml's emitter with go-yaml's choice of style.

    Every scalar is handed to it as a string with a style; so no tag is ever written.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that occurs twice out twice."""
        return True


def dump(value: Any) -> str:
    """Write a JSON value as ``kubectl get -o yaml`` does: natural order of keys, strings quoted where they must be."""
    text = str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, width=80, default_flow_style=False))
    return text.removesuffix("...\n")  # libyaml ends what a reader might take to go on; go-yaml has that switched off


def _represent_string(dumper: SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        style = "|"
    elif not reads_as_string(text):
        style = '"'
    else:
        style = ""
    return dumper.represent_scalar(_STRING, text, style=style)


def _represent_float(dumper: SafeDumper, value: float) -> yaml.ScalarNode:
    text = go_json.format_float(value)
    text = re.sub(r"e([-+])(\d)$", r"e\g<1>0\2", text)  # strconv writes two digits of exponent, encoding/json one
    return dumper.represent_scalar(_STRING, text)


def _represent_constant(dumper: SafeDumper, value: bool | int | None) -> yaml.ScalarNode:
    return dumper.represent_scalar(_STRING, go_json.dumps(value))


def _represent_mapping(dumper: SafeDumper, value: dict[str, Any]) -> yaml.MappingNode:
    pairs = [(key, value[key]) for key in sorted(value, key=natural_key)]
    return dumper.represent_mapping("tag:yaml.org,2002:map", pairs, flow_style=not pairs)


def _represent_list(dumper: SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=not value)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(float, _represent_float)
for _constant in (bool, int, type(None)):
    _Dumper.add_representer(_constant, _represent_constant)
_Dumper.add_representer(dict, _represent_mapping)
_Dumper.add_representer(list, _represent_list)


def _compare(left: str, right: str) -> int:
    """go-yaml's order of keys: letters after everything else, runs of digits by their value."""
    digits = False
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a == b:
            digits = a.isdigit()
            continue
        if a.isalpha() and b.isalpha():
            return -1 if a < b else 1
        if a.isalpha() or b.isalpha():
            return -1 if (a.isalpha() if digits else b.isalpha()) else 1
        return _compare_numbers(left, right, index)
    return len(left) - len(right)


def _compare_numbers(left: str, right: str, index: int) -> int:
    """Compare at the first difference, where neither side has a letter."""
    lead = ""
    if "0" in (left[index], right[index]) and re.search(r"[1-9][0-9]*$", left[:index]):
        lead = "1"  # a nought that does not lead its number counts as a digit
    numbers = []
    for text in (left, right):
        match = _DIGITS.match(text, index)
        numbers.append((int(lead + match.group() or "0"), len(match.group())) if match else (0, 0))
    if numbers[0] != numbers[1]:
        return -1 if numbers[0] < numbers[1] else 1
    return -1 if left[index] < right[index] else 1


_DIGITS = re.compile(r"[0-9]*")

natural_key = cmp_to_key(_compare)
"""A sort key for the names of fields and labels."""
