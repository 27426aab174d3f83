"""Walking a document with the nodes of a template, and printing what is found."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from kubesim.api import go_json
from kubesim.api.go_format import sprint, type_name
from kubesim.kubectl.jsonpath import nodes
from kubesim.kubectl.jsonpath.nodes import JsonPathError, Node, Sequence
from kubesim.kubectl.jsonpath.parser import parse

_DEEPEST = 500
"""How far ``..`` descends; JSON of this depth does not occur."""


class JsonPath:
    """A parsed template.

    :param allow_missing_keys: whether a missing key is nothing at all, instead of an error.
    :param sort_keys: print the keys of maps in order, as Go does; off where the document stands for Go structs, whose
        fields have an order of their own.
    :raises JsonPathError: when the template cannot be parsed.
    """

    def __init__(self, template: str, *, allow_missing_keys: bool = False, sort_keys: bool = True) -> None:
        self.template = template
        self.root = parse(template)
        self.allow_missing_keys = allow_missing_keys
        self.sort_keys = sort_keys

    def find(self, document: Any) -> list[list[Any]]:
        """The results of each pair of braces (and each text), in order.

        :raises JsonPathError: when the template does not fit the document.
        """
        return _Walk(self.allow_missing_keys, self.sort_keys).run(self.root.nodes, document)

    def render(self, document: Any, *, as_json: bool = False) -> str:
        """What ``-o jsonpath=`` prints; with ``as_json``, what ``-o jsonpath-as-json=`` prints.

        :raises JsonPathError: when the template does not fit the document.
        """
        return "".join(self._print(results, as_json) for results in self.find(document))

    def _print(self, results: list[Any], as_json: bool) -> str:
        if as_json:
            return go_json.dumps(results, sort_keys=self.sort_keys) + "\n"
        return " ".join(self._text(value) for value in results)

    def _text(self, value: Any) -> str:
        if value is None:
            return "null"
        if isinstance(value, (dict, list)):
            return go_json.dumps(value, None, sort_keys=self.sort_keys)
        return sprint(value)


class _Walk:
    """One evaluation: how many ranges are open, and where the last one ended."""

    def __init__(self, allow_missing_keys: bool, sort_keys: bool) -> None:
        self.allow_missing_keys = allow_missing_keys
        self.sort_keys = sort_keys
        self.opening = 0
        self.open = 0
        self.ending = 0
        self.last_end: Node | None = None

    def run(self, steps: list[Node], document: Any) -> list[list[Any]]:
        found: list[list[Any]] = []
        index = 0
        while index < len(steps):
            results = self._node([document], steps[index])
            if 0 < self.ending <= self.open:
                self.ending -= 1
                self.last_end = steps[index]
                break
            if self.opening > 0:
                self.opening -= 1
                found += self._range(steps[index + 1 :], results)
                index = self._after_end(steps, index)
                continue
            found.append(results)
            index += 1
        return found

    def _range(self, body: list[Node], values: list[Any]) -> list[list[Any]]:
        self.open += 1
        found: list[list[Any]] = []
        for value in values:
            found += self.run(body, value)
        if not values:
            # Nothing to loop over: the body is walked once all the same, to find where it ends.
            self.run(body, None)
        self.open -= 1
        return found

    def _after_end(self, steps: list[Node], index: int) -> int:
        """Where to go on after a range: behind the ``end`` that closed it (without one, right here)."""
        for later in range(index + 1, len(steps)):
            if steps[later] is self.last_end:
                return later + 1
        return index + 1

    def _sequence(self, values: list[Any], sequence: Sequence) -> list[Any]:
        for node in sequence.nodes:
            values = self._node(values, node)
        return values

    def _node(self, values: list[Any], node: Node) -> list[Any]:
        match node:
            case Sequence():
                return self._sequence(values, node)
            case nodes.Text(text):
                return [text]
            case nodes.Field(name):
                return self._field(values, name)
            case nodes.Array():
                return _array(values, node)
            case nodes.Filter():
                return self._filter(values, node)
            case nodes.Number(value) | nodes.Boolean(value):
                return [value] * len(values)
            case nodes.Wildcard():
                return [child for value in values for child in self._children(value)]
            case nodes.Recursive():
                return self._recursive(values, 0)
            case nodes.Union(parts):
                return [value for part in parts for value in self._sequence(values, part)]
            case nodes.Identifier(name):
                return self._word(values, name)

    def _word(self, values: list[Any], name: str) -> list[Any]:
        if name == "range":
            self.opening += 1
            return values
        if name != "end":
            raise JsonPathError(f"unrecognized identifier {name}")
        if not self.open:
            raise JsonPathError("not in range, nothing to end")
        self.ending += 1
        return []

    def _field(self, values: list[Any], name: str) -> list[Any]:
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if values and not found and not self.allow_missing_keys:
            raise JsonPathError(f"{name} is not found")
        return found

    def _children(self, value: Any) -> Iterable[Any]:
        if isinstance(value, dict):
            return [value[key] for key in (sorted(value) if self.sort_keys else value)]
        if isinstance(value, list):
            return value
        return list(value.encode()) if isinstance(value, str) else ()

    def _recursive(self, values: list[Any], depth: int) -> list[Any]:
        if depth > _DEEPEST:
            raise JsonPathError("document is nested too deeply")
        found: list[Any] = []
        for value in values:
            children = list(self._children(value))
            if children:
                found.append(value)
                found += self._recursive(children, depth + 1)
        return found

    def _filter(self, values: list[Any], node: nodes.Filter) -> list[Any]:
        kept: list[Any] = []
        for value in values:
            if not isinstance(value, list):
                shown = "<invalid reflect.Value>" if value is None else sprint(value)
                raise JsonPathError(f"{shown} is not array or slice and cannot be filtered")
            kept += [element for element in value if self._passes(element, node)]
        return kept

    def _passes(self, element: Any, node: nodes.Filter) -> bool:
        if node.operator == "exists":
            try:
                return bool(self._sequence([element], node.left))
            except JsonPathError:
                return False
        sides = []
        for sequence in (node.left, node.right):
            found = self._sequence([element], sequence)
            if not found:
                return False
            if len(found) > 1:
                raise JsonPathError("can only compare one element at a time")
            sides.append(found[0])
        return compare(sides[0], node.operator, sides[1])


def _array(values: list[Any], node: nodes.Array) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value is None:
            continue
        if not isinstance(value, list):
            raise JsonPathError(f"{type_name(value)} is not array or slice")
        length = len(value)
        start = node.start.value if node.start.known else 0
        start += length if start < 0 else 0
        end = node.end.value if node.end.known else length
        if end < 0 or (end == 0 and node.end.derived):
            end += length
        if start == end:  # upstream leaves the other values out as well
            return found
        _check_bounds(start, end, length)
        if node.step.known and node.step.value <= 0:
            raise JsonPathError("step must be > 0")
        found += value[start : end : node.step.value if node.step.known else 1]
    return found


def _check_bounds(start: int, end: int, length: int) -> None:
    if not 0 <= start < length:
        raise JsonPathError(f"array index out of bounds: index {start}, length {length}")
    if not 0 <= end <= length:
        raise JsonPathError(f"array index out of bounds: index {end - 1}, length {length}")
    if start > end:
        raise JsonPathError(f"starting index {start} is greater than ending index {end}")


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"<": operator.lt, ">": operator.gt, "==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge}
)


def compare(left: Any, symbol: str, right: Any) -> bool:
    """Whether ``left symbol right`` holds.

    :raises JsonPathError: for an unknown operator, for maps and lists, and for different kinds.
    """
    if symbol not in OPERATORS:
        raise JsonPathError(f"unrecognized filter operator {symbol}")
    kind = _kind(left)
    if kind != _kind(right):
        raise JsonPathError("incompatible types for comparison")
    if kind == "bool" and symbol not in ("==", "!="):
        raise JsonPathError("invalid type for comparison")
    return OPERATORS[symbol](left, right)


def _kind(value: Any) -> str:
    for type, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string")):
        if isinstance(value, type):
            return name
    raise JsonPathError("invalid type for comparison")
