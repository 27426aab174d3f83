"""This build beside the first one, in one run: ``make bench`` prints the ratios.

The first build is taken from this repository's own history (:data:`FIRST`). Both run under the same Python, in turn,
each measurement in a process of its own. What counts is the ratio of CPU times within one run: absolute times say more
about the machine than about the code. Whatever else the machine does only adds to a time, so of several rounds each
build's least counts; the median of the rounds' own ratios stands beside it, and where the two lie far apart, the
machine was too busy to say.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FIRST = "f650496"
"""The build of 2026-11-23, before the engine was redesigned."""

ROOT = Path(__file__).parent.parent
SCENE = Path(__file__).with_name("scene.py")


@dataclass(frozen=True, slots=True)
class Work:
    """A work that both builds do.

    :param figure: the key of the measurement that counts.
    :param floor: how many times faster this build must be than the first.
    """

    title: str
    words: tuple[str, ...]
    figure: str
    floor: float


WORKS = (
    Work("250 Services + 750 Pods, to all endpoints ready", ("up", "250"), "seconds", 12),
    Work("1,000 Services + 3,000 Pods, the same", ("up", "1000"), "seconds", 12),
    Work("its peak memory (MiB)", ("up", "1000"), "mebibytes", 412 / 170),
    Work("one connect among 1,000 Services", ("connect", "1000"), "connect_milliseconds", 14),
    Work("first answer after one of 500 Services changed", ("change", "500"), "change_milliseconds", 40),
    Work("a cluster in a fresh process", ("start",), "seconds", 3),
)

GROWTH = (
    ("time per object, 4,000 objects beside 1,000", ("up", "1000"), ("up", "250"), "seconds", 4, 1.15),
    ("one connect, 1,000 Services beside 10", ("connect", "1000"), ("connect", "10"), "connect_milliseconds", 1, 1.2),
)  # fmt: skip
"""(title, large, small, figure, how many times larger, the most that the quotient may be)."""


def measured(root: Path, words: tuple[str, ...]) -> dict[str, float]:
    """One measurement of the build under ``root``.

    :raises subprocess.CalledProcessError: if it fails.
    """
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-P", str(SCENE), str(root), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def first_build(folder: Path) -> Path:
    """The first build's files, unpacked in ``folder``.

    :raises SystemExit: if this checkout has not the history to take them from.
    """
    packed = subprocess.run(["git", "-C", str(ROOT), "archive", FIRST], capture_output=True)
    if packed.returncode:
        raise SystemExit(f"this checkout's history must hold commit {FIRST}: {packed.stderr.decode()}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


Run = tuple[Path, tuple[str, ...]]
"""What is measured: a build's root, and the work as words of ``scene.py``."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two measurements that were repeated side by side.

    :param rounds: the figures of both, round by round.
    """

    rounds: tuple[tuple[dict[str, float], dict[str, float]], ...]

    @classmethod
    def of(cls, one: Run, other: Run, rounds: int) -> Pair:
        """Measure both in turn; who is first changes from round to round."""
        taken = []
        for number in range(rounds):
            if number % 2:
                later, earlier = measured(*other), measured(*one)
                taken.append((earlier, later))
            else:
                taken.append((measured(*one), measured(*other)))
        return cls(tuple(taken))

    def least(self, figure: str) -> tuple[float, float]:
        """The least figure of each: what the machine did besides only adds to one."""
        return min(one[figure] for one, _ in self.rounds), min(other[figure] for _, other in self.rounds)

    def quotient(self, figure: str) -> float:
        """The median of the rounds' own quotients."""
        return median(one[figure] / other[figure] for one, other in self.rounds)


def main() -> None:
    """Measure both builds in turn and print one line a work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each work and build; the least counts")
    rounds = parser.parse_args().rounds
    print(f"{'work':52} {'first':>10} {'now':>10} {'ratio':>7} {'median':>7}  must be", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        first_root = first_build(Path(folder))
        pairs: dict[tuple[str, ...], Pair] = {}
        for work in WORKS:
            if work.words not in pairs:
                pairs[work.words] = Pair.of((first_root, work.words), (ROOT, work.words), rounds)
            pair, figure = pairs[work.words], work.figure
            first, now = pair.least(figure)
            line = f"{work.title:52} {first:10.3f} {now:10.3f} {first / now:7.1f} {pair.quotient(figure):7.1f}"
            print(f"{line}  >= {work.floor:.1f}", flush=True)
    for title, large, small, figure, times, most in GROWTH:
        pair = Pair.of((ROOT, large), (ROOT, small), rounds)
        one, other = pair.least(figure)
        line = f"{title:52} {other:10.3f} {one:10.3f} {one / other / times:7.2f} {pair.quotient(figure) / times:7.2f}"
        print(f"{line}  <= {most}", flush=True)


if __name__ == "__main__":
    main()
