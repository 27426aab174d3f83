"""``kubesim diagnose DUMP --from pod/x --to http://y``: why a request of a real cluster does not get there.

The exit status is 0 where it is delivered, 1 where it fails and 2 where it cannot be told, be it because the dump
cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from kubesim.cluster import Cluster
from kubesim.cluster.diagnosis import Diagnosis, Verdict
from kubesim.cluster.diagnosis.sarif import sarif

STATUS = {Verdict.DELIVERED: 0, Verdict.FAILS: 1, Verdict.UNKNOWN: 2}
"""The exit status of each verdict."""

FORMS: dict[str, Callable[[Diagnosis], str]] = {
    "text": str,
    "json": lambda diagnosis: json.dumps(diagnosis.to_json(), indent=2),
    "sarif": lambda diagnosis: json.dumps(sarif([diagnosis]), indent=2),
}
"""How an answer may be printed."""


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Answer one question about a dump.

    :returns: the status of the verdict.
    """
    try:
        diagnosis = cluster_of(given.dump).diagnose(given.source, given.target)
    except (ValueError, LookupError) as error:
        print(f"kubesim diagnose: cannot be told: {error.args[0] if error.args else error}", file=sys.stderr)
        return STATUS[Verdict.UNKNOWN]
    print(FORMS[given.output](diagnosis))
    return STATUS[diagnosis.verdict]


def cluster_of(files: list[Path]) -> Cluster:
    """The cluster that dumps show; ``-`` is the standard input.

    :raises ValueError: where one cannot be read, or is no dump.
    """
    return Cluster.from_objects([sys.stdin.read() if str(file) == "-" else file for file in files])
