"""Tables: the API server's own tables and the steps of a journey as pandas frames."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kubesim.api.tables import Table
from kubesim.network.trace import Hop, Step
from kubesim.views.frames import frame
from kubesim.views.reasons import cited, reason, stage
from kubesim.views.request import Request
from kubesim.views.words import Way, destination, machine_title, marked_hops, percent, source

if TYPE_CHECKING:
    import pandas

CELL = re.compile(r"\S+(?: \S+)*")
"""What stands in one column of a line: words with single blanks between them."""

STEP_COLUMNS = ("way", "where", "stage", "what", "source", "destination", "rule", "why")


def server_frame(table: Table, *, wide: bool = False, namespaces: bool = False) -> pandas.DataFrame:
    """A server-side table as a frame with kubectl's column names.

    :param wide: include the columns that ``-o wide`` shows.
    :param namespaces: begin with the column NAMESPACE, as ``-A`` does.
    """
    shown = [index for index, column in enumerate(table.columns) if wide or column.priority == 0]
    rows = [[row.cells[index] for index in shown] for row in table.rows]
    columns = [table.columns[index].name.upper() for index in shown]
    if namespaces:
        named = (row.object["metadata"].get("namespace", "") for row in table.rows)
        rows, columns = [[name, *row] for name, row in zip(named, rows, strict=True)], ["NAMESPACE", *columns]
    return frame(rows, columns)


def frame_of_text(text: str) -> pandas.DataFrame | None:
    """A table that kubectl printed, as a frame; None where the text is not one table under one line of headings."""
    lines = text.rstrip("\n").split("\n")
    headings = list(CELL.finditer(lines[0]))
    if "" in lines or not all(heading.group().isupper() for heading in headings):
        return None
    starts = [heading.start() for heading in headings]
    spans = list(zip(starts, [*starts[1:], None], strict=True))
    rows = [[line[start:end].strip() for start, end in spans] for line in lines[1:]]
    return frame(rows, [heading.group() for heading in headings])


def records_frame(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pandas.DataFrame:
    """Rows given as mappings, with these columns in this order; an empty table keeps them too."""
    return frame([[record[column] for column in columns] for record in records], columns)


def steps_frame(journey: Request, *, rules: bool = True) -> pandas.DataFrame:
    """The steps of a journey, the look-up of its name first; the index has the numbers of the picture's arrows.

    :param rules: whether to show the rules that only sent the packet on to another chain, or marked it.
    """
    rows: list[list[str]] = []
    marks: list[str] = []
    if journey.resolution is not None:
        for exchange in journey.resolution.queries:
            rows.append(_query_row(journey, exchange))
            marks.append("")
    if journey.trace is not None:
        for way in Way:
            for mark, hop in marked_hops(journey.trace, way):
                rows += [_step_row(way, hop, step) for step in hop.steps]
                marks += [mark] * len(hop.steps)
    what = STEP_COLUMNS.index("what")
    shown = [number for number, row in enumerate(rows) if rules or row[what] != "rule"]
    return frame([rows[number] for number in shown], STEP_COLUMNS, [marks[number] for number in shown])


def _step_row(way: str, hop: Hop, step: Step) -> list[str]:
    packet = step.after
    where, ends = machine_title(hop.machine), (source(packet), destination(packet))
    return [way, where, stage(step), str(step.action), *ends, cited(step), reason(step)]


def _query_row(journey: Request, exchange: Any) -> list[str]:
    return ["name", machine_title(journey.source), "resolver", "query", "", exchange.server, "", str(exchange)]


def endpoints_frame(journey: Request) -> pandas.DataFrame:
    """Every endpoint the first packet could reach; the one taken is marked."""
    rows = []
    for trace in journey.alternatives:
        seen = trace.delivered
        rows.append(
            [
                machine_title(trace.destination),
                destination(seen) if seen else "",
                percent(trace.probability),
                str(trace.outcome),
                seen.source if seen else "",
                "yes" if trace == journey.trace else "",
            ]
        )
    columns = ["endpoint", "address", "probability", "outcome", "client seen as", "taken"]
    return frame(rows, columns)
