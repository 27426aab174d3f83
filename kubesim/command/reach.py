"""``kubesim reach DUMP``: every Pod of a dump against every port of every Service, as a table or a page.

The exit status is 0 where all is delivered, 1 where something fails, 2 where nothing fails but something cannot be
told.
"""

from __future__ import annotations

import argparse
import html
import sys
from collections import Counter
from collections.abc import Sequence

from kubesim.cluster import Cluster
from kubesim.cluster.diagnosis import Diagnosis, Verdict
from kubesim.command.diagnose import STATUS, cluster_of
from kubesim.views.tables import records_frame

COLUMNS = ("source", "target", "verdict", "why")


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Judge all pairs.

    :returns: the status of the worst verdict.
    """
    try:
        cluster = cluster_of(given.dump)
        diagnoses = cluster.diagnose_all()
    except (ValueError, LookupError) as error:
        print(f"kubesim reach: cannot be told: {error.args[0] if error.args else error}", file=sys.stderr)
        return STATUS[Verdict.UNKNOWN]
    if given.html is not None:
        given.html.write_text(_page(cluster, diagnoses), encoding="utf-8")
    else:
        print(records_frame([_row(each) for each in diagnoses], COLUMNS).to_string(index=False))
    counts = Counter(each.verdict for each in diagnoses)
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]) or "no pairs")
    if counts[Verdict.FAILS]:
        return STATUS[Verdict.FAILS]
    return STATUS[Verdict.UNKNOWN if counts[Verdict.UNKNOWN] else Verdict.DELIVERED]


def _row(diagnosis: Diagnosis) -> dict[str, str]:
    why = "; ".join(each.summary for each in diagnosis.causes) or "; ".join(diagnosis.missing)
    cells = (diagnosis.source, diagnosis.target, str(diagnosis.verdict), why)
    return dict(zip(COLUMNS, cells, strict=True))


def _page(cluster: Cluster, diagnoses: Sequence[Diagnosis]) -> str:
    """A page that stands alone: each namespace's picture, then the table."""
    namespaces = dict.fromkeys(each.source.split("/")[1] for each in diagnoses)
    pictures = [f"<h2>{html.escape(name)}</h2>\n{cluster.diagram(name).svg}" for name in namespaces]
    table = records_frame([_row(each) for each in diagnoses], COLUMNS).to_html(index=False)
    head = '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Who reaches what</title></head><body>'
    return "\n".join([head, "<h1>Who reaches what</h1>", *pictures, table, "</body></html>", ""])
