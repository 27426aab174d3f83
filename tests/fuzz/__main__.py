"""``make fuzz MINUTES=30``: every door on every core, and a report: inputs, distinct failures by place, hangs, memory.

Each world is tried in a process that may die; who dies is a failure too. The same seed draws the same inputs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.doors import DOORS
from tests.fuzz.running import Failure, attempt, watch_time, world

SHARES = {"typed line": 5, "manifest": 4, "Python call": 4, "cluster file": 1, "dump": 1, "widget callback": 1}
"""How many worlds of each door make a round."""
ROUND_SECONDS = 60.0
"""After so long a process gives way to a fresh one."""
SILENCE_SECONDS = 120.0
"""A process that has begun no input for so long is stuck where no timer reaches it."""


def work(first_seed: int, step: int, doors: list[str], report: Path, until: float) -> None:
    """Try worlds until the time is over; what happens is appended to a file as it happens."""
    watch_time()
    with report.open("a", encoding="utf-8") as file:
        seed = first_seed
        while time.monotonic() < until:
            door = doors[seed // step % len(doors)]
            made, inputs = world(door, seed)
            tried = 0
            for number, given in enumerate(inputs):
                if time.monotonic() > until:
                    break
                report.with_suffix(".now").write_text(json.dumps([door, seed, number]), encoding="utf-8")
                tried += 1
                failure = attempt(made, door, seed, number, given)
                if failure is not None:
                    file.write(json.dumps(asdict(failure)) + "\n")
                    break
            file.write(json.dumps({"door": door, "tried": tried, "seed": seed}) + "\n")
            file.flush()
            seed += step


def supervise(minutes: float, workers: int, seed: int, doors: list[str], folder: Path) -> list[Path]:
    """Keep the workers going, and replace those that die or are stuck."""
    end = time.monotonic() + minutes * 60
    reports = [folder / f"{number}.jsonl" for number in range(workers)]
    seeds = [seed * 1_000_003 + number for number in range(workers)]
    running: list[subprocess.Popen[bytes] | None] = [None] * workers
    while time.monotonic() < end:
        for number, report in enumerate(reports):
            process = running[number]
            if process is not None and process.poll() is None:
                now = report.with_suffix(".now")
                if now.exists() and time.time() - now.stat().st_mtime > SILENCE_SECONDS:
                    process.kill()
                    process.wait()
                else:
                    continue
            if process is not None:
                seeds[number] = _after(report, process.returncode, seeds[number], workers)
            length = min(ROUND_SECONDS, max(1.0, end - time.monotonic()))
            command = [
                sys.executable,
                "-m",
                "tests.fuzz",
                "--work",
                str(seeds[number]),
                str(workers),
                str(report),
                str(length),
            ]
            running[number] = subprocess.Popen(
                [*command, "--doors", ",".join(doors)], env={**os.environ, "PYTHONHASHSEED": "0"}
            )
        time.sleep(0.2)
    for process in running:
        if process is not None:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
    return reports


def _after(report: Path, status: int, seed: int, step: int) -> int:
    """The seed with which the next process goes on, noting the death of the one before."""
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    done = [each["seed"] for each in map(json.loads, lines) if "tried" in each]
    last = max([seed - step, *done])
    now = report.with_suffix(".now")
    if status and now.exists():
        door, at, number = json.loads(now.read_text(encoding="utf-8"))
        what = "hang" if status == -9 else "exception"
        failure = Failure(door, what, f"the process ended with {status}", at, number, "")
        with report.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(failure)) + "\n")
        last = max(last, at)
    return last + step


def tell(reports: list[Path], minutes: float) -> int:
    """Print what came of it; how many failures there are."""
    tried: Counter[str] = Counter()
    failures: dict[tuple[str, str], list[Failure]] = {}
    for report in reports:
        for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else []:
            entry = json.loads(line)
            if "tried" in entry:
                tried[entry["door"]] += entry["tried"]
            else:
                failure = Failure(**entry)
                failures.setdefault((failure.what, failure.place), []).append(failure)
    print(f"{'door':<18}{'inputs':>10}{'exceptions':>12}{'hangs':>8}{'memory':>8}   (distinct, {minutes:g} minutes)")
    for door in DOORS:
        kinds = Counter(what for (what, _), found in failures.items() if any(each.door == door for each in found))
        print(f"{door:<18}{tried[door]:>10}{kinds['exception']:>12}{kinds['hang']:>8}{kinds['memory']:>8}")
    print(f"{'all':<18}{sum(tried.values()):>10}")
    for (what, place), found in sorted(failures.items(), key=lambda item: -len(item[1])):
        first = min(found, key=lambda each: len(each.given))
        print(f"\n{len(found)} × {what}: {place}   [{first.door}, seed {first.seed}, input {first.number}]")
        print(f"  {first.given[:600]}")
        print("".join(f"    {line}\n" for line in first.trace.splitlines()[-9:]), end="")
    return len(failures)


def main() -> int:
    """Read the command line; the exit status says whether anything failed."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--doors", default="")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    wanted = [door for door in DOORS if not chosen.doors or door in chosen.doors.split(",")]
    doors = [door for door in wanted for _ in range(SHARES[door])]
    if chosen.work:
        seed, step, report, seconds = chosen.work
        work(int(seed), int(step), doors, Path(report), time.monotonic() + float(seconds))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        reports = supervise(chosen.minutes, chosen.workers, chosen.seed, wanted, Path(folder))
        return int(tell(reports, chosen.minutes) > 0)


if __name__ == "__main__":
    sys.exit(main())
