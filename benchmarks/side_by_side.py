"""This build beside the first one, in one run: ``make bench`` prints the ratios.

The first build is taken from this repository's own history (:data:`FIRST`). Both run under the same Python, in turn,
each measurement in a process of its own. What counts is the ratio of CPU times within one run: absolute times say more
about the machine than about the code.
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


def main() -> None:
    """Measure both builds in turn and print one line a work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each work and build; the median counts")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        builds = {"first": first_build(Path(folder)), "now": ROOT}
        taken: dict[tuple[str, ...], dict[str, list[dict[str, float]]]] = {}
        for words in dict.fromkeys(work.words for work in WORKS):
            taken[words] = {name: [] for name in builds}
            for _ in range(rounds):
                for name, root in builds.items():
                    taken[words][name].append(measured(root, words))
        print(f"{'work':52} {'first':>10} {'now':>10} {'ratio':>7}  must be")
        for work in WORKS:
            first, now = (median(run[work.figure] for run in taken[work.words][name]) for name in ("first", "now"))
            ratio = median(
                a[work.figure] / b[work.figure]
                for a, b in zip(taken[work.words]["first"], taken[work.words]["now"], strict=True)
            )
            print(f"{work.title:52} {first:10.3f} {now:10.3f} {ratio:7.1f}  >= {work.floor:.1f}")
        for title, large, small, figure, times, most in GROWTH:
            quotients = [measured(ROOT, large)[figure] / measured(ROOT, small)[figure] / times for _ in range(rounds)]
            print(f"{title:52} {'':10} {'':10} {median(quotients):7.2f}  <= {most}")


if __name__ == "__main__":
    main()
