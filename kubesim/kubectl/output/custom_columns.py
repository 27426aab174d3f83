"""``-o custom-columns=NAME:.metadata.name,…``: a table whose cells are JSONPath results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire
from kubesim.kubectl.jsonpath import JsonPath, relaxed_expression
from kubesim.kubectl.output.table_text import escaped
from kubesim.kubectl.output.tabwriter import TabStops

_EXPECTED = "Expected format is one line of space separated headers, one line of space separated column specs."


@dataclass(frozen=True, slots=True)
class CustomColumn:
    """A header and the expression under it."""

    header: str
    expression: str


def columns_from_spec(spec: str) -> list[CustomColumn]:
    """Read ``HEADER:expression,…``.

    :raises ValueError: with upstream's words (JsonPathError for an expression).
    """
    if not spec:
        raise ValueError("custom-columns format specified but no custom columns given")
    columns = []
    for part in spec.split(","):
        header, colon, expression = part.partition(":")
        if not colon:
            raise ValueError(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        columns.append(CustomColumn(header, relaxed_expression(expression)))
    return columns


def columns_from_template(text: str) -> list[CustomColumn]:
    """Read a file of two lines: headers, and below them expressions.

    :raises ValueError: with upstream's words.
    """
    lines = text.splitlines()
    for index, what in enumerate(("header", "spec")):
        if len(lines) <= index:
            raise ValueError(f"invalid template, missing {what} line. {_EXPECTED}")
    headers, expressions = lines[0].split(), lines[1].split()
    if len(headers) != len(expressions):
        raise ValueError(
            f"number of headers ({len(headers)}) and field specifications ({len(expressions)}) don't match"
        )
    return [CustomColumn(header, relaxed_expression(each)) for header, each in zip(headers, expressions, strict=True)]


class CustomColumns:
    """Prints objects in columns of one's own."""

    def __init__(self, columns: Sequence[CustomColumn], *, no_headers: bool = False) -> None:
        self.columns = columns
        self.no_headers = no_headers

    def header_text(self) -> str:
        """The header line alone: what is left of the output where an object cannot be printed."""
        return self._text([] if self.no_headers else [self._headers()])

    def print(self, objects: Sequence[Wire]) -> str:
        """The table of some objects.

        :raises JsonPathError: when an expression cannot be parsed or does not fit an object.
        """
        paths = [JsonPath(column.expression, allow_missing_keys=True) for column in self.columns]
        lines = [] if self.no_headers else [self._headers()]
        lines += [[_cell(path, each) for path in paths] for each in objects]
        return self._text(lines)

    def _headers(self) -> list[str]:
        return [column.header for column in self.columns]

    @staticmethod
    def _text(lines: Sequence[Sequence[str]]) -> str:
        # A value may hold tabs and newlines of its own; the tab stops see those as well.
        split = [line.split("\t") for cells in lines for line in "\t".join(cells).split("\n")]
        return "".join(f"{line}\n" for line in TabStops().lines(split))


def _cell(path: JsonPath, wire: Wire) -> str:
    results = path.find(wire)
    values = [] if results and results[0] else ["<none>"]
    values += [escaped(sprint(value)) for part in results for value in part]
    return ",".join(values)
