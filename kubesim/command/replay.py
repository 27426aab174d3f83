"""``kubesim replay FILE``: do again what a saved journal tells, and show what comes of each step.

This is how a fault is reported: whoever has the journal sees what its writer saw, a Python traceback included.
"""

from __future__ import annotations

import argparse
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from kubesim.api.errors import ApiError
from kubesim.cluster import Cluster
from kubesim.cluster.journal import load, replay
from kubesim.turn import Interrupted
from kubesim.userland.process import Completed

REFUSALS = (ApiError, LookupError, ValueError, Interrupted, KeyboardInterrupt)
"""What a door may answer; anything else is a fault of kubesim."""

ASKED = frozenset({"connect", "resolve", "reachability", "diagnose"})
"""Doors whose answer can be read."""


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Follow the journal to its end.

    :returns: 0; 1 where a step ended in a fault of kubesim.
    :raises JournalError: where the file is no journal, or a step comes out otherwise than when it was noted.
    """
    faults = 0
    with _warnings_in_words():
        origin, steps = load(given.file)
    cluster = Cluster.begun(origin)
    for number, (step, outcome) in enumerate(replay(cluster, steps), 1):
        print(f"[{number}] {step.seconds:9.3f} s  {step}")
        if isinstance(outcome, REFUSALS):
            print(f"{type(outcome).__name__}: {outcome}" if str(outcome) else "^C")
        elif isinstance(outcome, Exception):
            traceback.print_exception(outcome, file=sys.stdout)
            faults += 1
        elif isinstance(outcome, tuple) and isinstance(outcome[0], Completed):
            print(outcome[0].stdout + outcome[0].stderr, end="")
        elif step.method in ASKED:
            print(outcome)
    return int(faults > 0)


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    """Say a warning as a sentence, without the place in the source."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for each in caught:
        print(f"kubesim replay: {each.message}", file=sys.stderr)
