"""Type generated lines into the real shells and into the simulated ones, and tell how many come out equal.

``make differential LINES=20000`` (also ``SEED``, ``SHOW``, ``ROOT``). bash, dash, busybox, mawk and the GNU programs
are those of this host, or of the Debian whose files lie under ``ROOT`` (as root; the images have Debian 13's; its
``/proc`` must be mounted, for ``/dev/fd``). A shell that is missing is left out, with a word.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import time
import traceback
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tools.differential.grammar import Line, lines
from tools.differential.shells import PATH, Outcome, Real, Simulated, comparable, without_place


class Verdict(NamedTuple):
    """A line, what the real shell made of it, and what the simulated one did."""

    line: Line
    real: Outcome
    ours: Outcome
    raised: str = ""
    """Where a Python exception came from."""
    seconds: float = 0.0


def judge(batch: list[Line], root: str, busybox: str | None) -> list[Verdict]:
    """Carry out a batch of lines in both."""
    verdicts = []
    with contextlib.closing(Real(Path(root), busybox)) as real:
        ours = Simulated(real.work)
        tidy = without_place(real.paths.get("ash", ""))
        for line in batch:
            expected = comparable(real.run(line), tidy)
            raised = ""
            before = time.perf_counter()
            try:
                got = comparable(ours.run(line))
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                raised = f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno} {last.name})"
                got = Outcome("", raised, -2)
            verdicts.append(Verdict(line, expected, got, raised, time.perf_counter() - before))
    return verdicts


def main(arguments: list[str]) -> int:
    """Compare, and print the figures; 1 where a line raised a Python exception."""
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=40, help="distinct differences to print")
    parser.add_argument("--kind", default="", help="only lines of this kind")
    parser.add_argument("--shell", default="", help="only lines of this shell")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    root = os.environ.get("ROOT") or "/"
    path = ":".join(f"{root.rstrip('/')}{part}" for part in PATH.split(":"))
    there = {shell for shell in ("bash", "dash") if shutil.which(shell, path=path)}
    busybox = os.environ.get("BUSYBOX") or ("/usr/bin/busybox" if shutil.which("busybox", path=path) else None)
    there |= {"ash"} if busybox else set()
    for shell in sorted({"bash", "dash", "ash"} - there):
        print(f"{shell} is not on this host: its lines are left out")
    typed = [
        line
        for line in lines(given.seed, given.lines)
        if line.shell in there and given.kind in ("", line.kind) and given.shell in ("", line.shell)
    ]
    size = 200
    batches = [typed[start : start + size] for start in range(0, len(typed), size)]
    with ProcessPoolExecutor(given.workers) as pool:
        verdicts = [
            each
            for batch in pool.map(judge, batches, [root] * len(batches), [busybox] * len(batches))
            for each in batch
        ]
    report(verdicts, given.show)
    return int(any(each.raised for each in verdicts))


def report(verdicts: list[Verdict], show: int) -> None:
    """Print the shares, the exceptions, and distinct differences by kind."""
    different: dict[str, list[Verdict]] = defaultdict(list)
    for each in verdicts:
        if each.real != each.ours:
            different[f"{each.line.shell} {each.line.kind}"].append(each)
    total, wrong = len(verdicts), sum(map(len, different.values()))
    seen: set[tuple[str, str]] = set()
    for kind, group in sorted(different.items(), key=lambda item: -len(item[1])):
        for each in group:
            mark = (kind, each.line.text)
            if mark in seen or len(seen) >= show:
                continue
            seen.add(mark)
            print(f"--- {kind}: {each.line.text!r}\n  real {tuple(each.real)}\n  ours {tuple(each.ours)}")
    counts = Counter(f"{each.line.shell} {each.line.kind}" for each in verdicts)
    print("\nkind                      lines  equal")
    for kind, count in sorted(counts.items()):
        print(f"{kind:24} {count:6d}  {100 * (1 - len(different[kind]) / count):5.1f} %")
    for shell in sorted({each.line.shell for each in verdicts}):
        of_shell = [each for each in verdicts if each.line.shell == shell]
        equal = sum(each.real == each.ours for each in of_shell)
        print(f"{shell:24} {len(of_shell):6d}  {100 * equal / len(of_shell):5.2f} %")
    raised = Counter(each.raised for each in verdicts if each.raised)
    for place, count in raised.most_common():
        print(f"raised {count} times: {place}")
    longest = max((each.seconds for each in verdicts), default=0.0)
    print(f"\n{total} lines, {total - wrong} equal: {100 * (total - wrong) / max(1, total):.2f} %; "
          f"{sum(raised.values())} exceptions; longest {longest:.2f} s")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
