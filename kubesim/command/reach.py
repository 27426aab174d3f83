"""``kubesim reach DUMP``: every Pod of a dump against every port of every Service, as a table or a page.

The exit status is 0 where all is delivered, 1 where something fails, 2 where nothing fails but something cannot be
told.
"""

from __future__ import annotations

import argparse
import sys

from kubesim.cluster.diagnosis import Verdict
from kubesim.cluster.diagnosis.pairs import Pairs
from kubesim.command.diagnose import STATUS, cluster_of


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Judge all pairs.

    :returns: the status of the worst verdict.
    """
    try:
        cluster = cluster_of(given.dump)
        pairs = cluster.diagnose_all()
    except (ValueError, LookupError) as error:
        print(f"kubesim reach: cannot be told: {error.args[0] if error.args else error}", file=sys.stderr)
        return STATUS[Verdict.UNKNOWN]
    if given.html is not None:
        from kubesim.command.reach_page import page  # pictures, slow to load

        given.html.write_text(page(cluster, pairs), encoding="utf-8")
        print(pairs.counted)
    elif given.each:
        _print_each(pairs)
    else:
        print(pairs)
    counts = pairs.verdicts()
    if counts[Verdict.FAILS]:
        return STATUS[Verdict.FAILS]
    return STATUS[Verdict.UNKNOWN if counts[Verdict.UNKNOWN] else Verdict.DELIVERED]


def _print_each(pairs: Pairs) -> None:
    for pair in pairs:
        why = f"\t{pair.why}" if pair.verdict is not Verdict.DELIVERED else ""
        print(f"{pair.source}\t{pair.target}\t{pair.verdict}{why}")
