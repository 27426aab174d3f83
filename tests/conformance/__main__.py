"""``python -m tests.conformance DIRECTORY [-v]``: one line a file, and with ``-v`` each failing case."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.conformance.suite import run_directory


def main() -> int:
    """Run every file of a directory that has a runner; exit status 0 whatever the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true", help="print each failing case: id, expected, got")
    arguments = parser.parse_args()
    if not arguments.directory.is_dir():
        print(f"{arguments.directory}: not a directory", file=sys.stderr)
        return 2
    for report in run_directory(arguments.directory):
        print(report.line(), flush=True)
        if arguments.verbose:
            for failure in report.failures:
                print(f"  {failure.id}\n    expected: {failure.expected!r}\n    got:      {failure.got!r}")
            for case, reason in report.excluded:
                print(f"  excluded {case}: {reason}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
