"""Reading YAML: libyaml's parser, go-yaml's values, kubectl's documents and messages."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from kubesim.api import go_json
from kubesim.api.go_yaml.scalars import resolve

_PLAIN = "!plain"
_STRING = "tag:yaml.org,2002:str"


class YamlError(Exception):
    """Text that is no YAML, or no JSON once read as YAML; the message is what kubectl prints after the file's name.

    :param documents: the values of the documents before the one at fault, which kubectl has already acted on.
    """

    def __init__(self, message: str, documents: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.documents = documents


def load_all(text: str) -> list[Any]:
    """Read every document of a manifest, as kubectl does: JSON if it begins with a brace, else YAML.

    A document that is empty is left out.

    :raises YamlError: with kubectl's words after ``error parsing FILE:``.
    """
    documents: list[Any] = []
    try:
        for document in _json_documents(text) if text.lstrip().startswith("{") else _yaml_documents(text):
            documents.append(document)
    except YamlError as error:
        raise YamlError(str(error), tuple(documents)) from None
    return documents


def load(text: str) -> Any:
    """Read one YAML document.

    :raises YamlError: with go-yaml's words, such as ``yaml: line 3: did not find expected key``.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except yaml.composer.ComposerError:
        raise YamlError(f"yaml: unknown anchor '{_unknown_anchor(text)}' referenced") from None
    except yaml.MarkedYAMLError as error:
        raise YamlError(f"yaml: {_where(error)}{error.problem or 'unknown problem parsing YAML content'}") from None
    except yaml.reader.ReaderError as error:
        raise YamlError(f"yaml: {error.reason}") from None
    except UnicodeEncodeError:
        raise YamlError("yaml: invalid leading UTF-8 octet") from None
    except RecursionError:
        raise YamlError("yaml: exceeded max depth of 10000") from None
    if node is None:
        return None
    try:
        return _Construction(text).value(node, ())
    except RecursionError:
        raise YamlError("yaml: exceeded max depth of 10000") from None


def _yaml_documents(text: str) -> Iterator[Any]:
    for document in split(text):
        try:
            value = load(document)
        except YamlError as error:
            raise YamlError(f"error converting YAML to JSON: {error}") from None
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


def _json_documents(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    position = 0
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        try:
            value, position = decoder.raw_decode(text, position)
        except RecursionError:
            raise YamlError("exceeded max depth") from None
        except json.JSONDecodeError as error:
            if not text[error.pos :].strip() or error.msg.startswith("Unterminated string"):
                raise YamlError("unexpected EOF") from None
            offset = len(text[: error.pos].encode()) + 1
            character = text[error.pos]
            raise YamlError(f"json: offset {offset}: invalid character {character!r} {_expected(error)}") from None
        yield value


def _expected(error: json.JSONDecodeError) -> str:
    """Go's account of where a JSON text went wrong."""
    if error.msg.startswith("Expecting ',' delimiter"):
        inside = "array element" if _innermost(error.doc[: error.pos]) == "[" else "object key:value pair"
        return f"after {inside}"
    if error.msg.startswith("Expecting ':' delimiter"):
        return "after object key"
    if error.msg.startswith("Expecting property name"):
        return "looking for beginning of object key string"
    return "looking for beginning of value"


def _innermost(text: str) -> str:
    """The bracket that is open at the end of a piece of JSON."""
    open_brackets: list[str] = []
    for bracket in re.findall(r"[\[\]{}]", re.sub(r'"(\\.|[^"\\])*"', "", text)):
        if bracket in "[{":
            open_brackets.append(bracket)
        elif open_brackets:
            open_brackets.pop()
    return open_brackets[-1] if open_brackets else ""


class _Loader(yaml.CSafeLoader):
    """libyaml's parser, leaving the meaning of plain scalars to :func:`resolve`."""

    yaml_implicit_resolvers = {None: [(_PLAIN, re.compile(""))]}  # noqa: RUF012


def _where(error: yaml.MarkedYAMLError) -> str:
    """``line 7: ``: go-yaml counts a scanner's lines from one and a parser's from nought."""
    line = error.problem_mark.line if error.problem_mark is not None else 0
    if line and isinstance(error, yaml.scanner.ScannerError):
        line += 1
    return f"line {line}: " if line else ""


class _Construction:
    """Making values of nodes. An alias is its anchor's node again, which may make a small text very large."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._budget = 100_000 + 10 * len(text)

    def value(self, node: yaml.Node, above: tuple[yaml.Node, ...]) -> Any:
        """The JSON value of a node, which stands inside the nodes ``above``."""
        self._budget -= 1
        if self._budget < 0:
            raise YamlError("yaml: document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
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
                own[_key(self.value(key_node, inside))] = self.value(value_node, inside)
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


def _unknown_anchor(text: str) -> str:
    """The name of the first alias that refers to nothing."""
    known: set[str] = set()
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) and event.anchor not in known:
            return str(event.anchor)
        known.add(getattr(event, "anchor", None) or "")
    return ""


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
    elif node.tag in (_STRING, "!"):
        return node.value
    else:
        return _tagged(node)
    if isinstance(value, float) and not math.isfinite(value):
        raise YamlError(f"json: unsupported value: {go_json.format_special(value)}")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)  # JSON has one kind of number, and Go writes this one without a point
    return value


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


def _key(key: Any) -> str:
    """A key as the string that JSON wants."""
    if isinstance(key, (dict, list)):
        raise YamlError(f"yaml: invalid map key: {_go_syntax(key)}")
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None:
        raise YamlError("unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>")
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
