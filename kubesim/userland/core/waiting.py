"""Programs about time that passes: ``sleep``, ``timeout``, ``watch``."""

from __future__ import annotations

import re
from dataclasses import replace

from kubesim.userland.command_line import Complaint, guarded, is_busybox, misuse, split_options
from kubesim.userland.core.wrappers import run_inside
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed

_STOPPING = frozenset({"curl", "ping", "bash", "sh", "dash", "ash"})
"""Programs that write as they go, so that what they wrote before a time-out is seen."""


def _seconds(text: str) -> float | None:
    """A time span, as ``10``, ``.5s``, ``2m`` or ``infinity``; None where it is none."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if match:
        return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
    return 10.0 * 365 * 86_400 if text in ("infinity", "inf") else None


@guarded
def sleep(invocation: Invocation) -> Completed:
    """Let time pass: the one program that takes exactly as long as it says."""
    _, words = split_options(invocation, "")
    if not words:
        raise misuse(invocation, "missing operand")
    total = 0.0
    for word in words:
        seconds = _seconds(word)
        if seconds is None:
            if is_busybox(invocation):
                raise Complaint(f"sleep: invalid number '{word}'\n")
            raise misuse(invocation, f"invalid time interval ‘{word}’")
        total += seconds
    return Completed(seconds=total)


def watch(invocation: Invocation) -> Completed:
    """``watch`` needs a terminal that it can redraw."""
    return Completed("", "Error opening terminal: unknown.\n", 1)


@guarded
def timeout(invocation: Invocation) -> Completed:
    """Run a program for so long at most."""
    words = list(invocation.argv[1:])
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-s", "-k", "--signal", "--kill-after") and words:
            words.pop(0)
    if len(words) < 2:
        raise misuse(invocation, "missing operand", 125)
    limit = _seconds(words[0])
    if limit is None:
        raise misuse(invocation, f"invalid time interval ‘{words[0]}’", 125)
    limit = limit or float("inf")  # as timeout has it, 0 is no limit
    done = run_inside(replace(invocation, limit=min(limit, invocation.limit)), words[1:], "timeout")
    if done.seconds < limit:
        return done
    if words[1].rsplit("/", 1)[-1] not in _STOPPING:  # killed before its buffer was written
        done = Completed()
    return Completed(done.stdout, done.stderr, 143 if is_busybox(invocation) else 124, limit)
