"""``make fuzz MINUTES=30``: every door on every core, and a report: inputs, distinct failures by place, hangs, memory.

Each world is tried in a process that may die; who dies is a failure too. The same seed draws the same inputs. Where
atheris is installed (the dependency group ``fuzz``), every fifth process is guided by the lines that its inputs reach.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.fuzz import guided
from tests.fuzz.doors import DOORS
from tests.fuzz.grammars import GRAMMARS
from tests.fuzz.running import Failure, attempt, door_of, watch_time, world

SHARES = {"typed line": 5, "manifest": 4, "Python call": 4, "cluster file": 2, "dump": 1, "widget callback": 2}
"""How many worlds of each door make a round, besides one of each grammar."""
ROUND_SECONDS = 120.0
"""After so long a process gives way to a fresh one."""
STUCK_SECONDS = 60.0
"""A process that has computed for so long without beginning an input is stuck where no timer reaches it."""
ASLEEP_SECONDS = 300.0
"""One that has begun none for so long waits for something that does not come."""
LARGEST_PROCESS = 6 << 30
"""Bytes that a process may have: what would take more fails there, and not the machine."""
OF_A_PLACE = 5
"""How many failures of one place a process writes down."""
GUIDED_EVERY = 5
"""Every so many processes one looks for inputs by what lines they reach, where atheris is installed."""


def sources(chosen: Sequence[str]) -> list[str]:
    """What a round consists of, doors among grammars, for these doors."""
    worlds = [door for door in DOORS if door in chosen for _ in range(SHARES[door])]
    grammars = [name for name, grammar in GRAMMARS.items() if grammar.door in chosen]
    ratio = len(grammars) / max(1, len(worlds))
    places = [((number + 0.5) * ratio, name) for number, name in enumerate(worlds)]
    places += [(float(number), name) for number, name in enumerate(grammars)]
    return [name for _, name in sorted(places)]


def work(first_seed: int, step: int, round_of: Sequence[str], report: Path, until: float) -> None:
    """Try worlds until the time is over; what happens is appended to a file as it happens."""
    watch_time()
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_PROCESS, LARGEST_PROCESS))
    now = os.open(report.with_suffix(".now"), os.O_CREAT | os.O_WRONLY)
    seen: Counter[str] = Counter()
    with report.open("a", encoding="utf-8") as file:
        seed = first_seed
        while time.monotonic() < until:
            name = round_of[seed // step % len(round_of)]
            made, inputs = world(name, seed)
            tried = 0
            for number, given in enumerate(inputs):
                if time.monotonic() > until:
                    break
                os.pwrite(now, json.dumps([name, seed, number]).ljust(100).encode(), 0)
                tried += 1
                failure = attempt(made, name, seed, number, given)
                if failure is None:
                    continue
                seen[failure.place] += 1
                if seen[failure.place] <= OF_A_PLACE:
                    file.write(json.dumps(asdict(failure)) + "\n")
                if name in DOORS:
                    break
            file.write(json.dumps({"source": name, "tried": tried, "seed": seed}) + "\n")
            file.flush()
            seed += step


@dataclass
class Worker:
    """One process after the other, on one core.

    :param seed: with which the next one begins.
    """

    report: Path
    seed: int
    step: int
    doors: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: int = 0
    begun: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """When the present input was begun: the file's time, the process' seconds of computing then, and the clock."""

    def watch(self, left: float) -> None:
        """See to it that a process runs, and is not stuck."""
        if self.process is not None:
            if self.process.poll() is None:
                self._end_if_stuck()
                return
            self._take_up(self.process.returncode)
        length = str(min(ROUND_SECONDS, max(1.0, left)))
        self.started += 1
        if left > ROUND_SECONDS and guided.possible() and self.started % GUIDED_EVERY == 0:
            words = ["tests.fuzz.guided", str(min(ROUND_SECONDS, left)), str(self.report), str(self.seed)]
        else:
            words = ["tests.fuzz", "--work", str(self.seed), str(self.step), str(self.report), length]
            words += ["--doors", ",".join(self.doors)]
        self.report.with_suffix(".now").unlink(missing_ok=True)
        self.begun = (0.0, 0.0, time.monotonic())
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        self.process = subprocess.Popen([sys.executable, "-m", *words], env=environment, stderr=subprocess.DEVNULL)

    def _end_if_stuck(self) -> None:
        assert self.process is not None
        now = self.report.with_suffix(".now")
        changed = now.stat().st_mtime if now.exists() else 0.0
        computed = _computed(self.process.pid)
        if changed != self.begun[0]:
            self.begun = (changed, computed, time.monotonic())
        elif computed - self.begun[1] > STUCK_SECONDS or time.monotonic() - self.begun[2] > ASLEEP_SECONDS:
            self.process.kill()
            self.process.wait()

    def _take_up(self, status: int) -> None:
        """Note the death of a process, and set the seed with which the next one goes on."""
        lines = self.report.read_text(encoding="utf-8").splitlines() if self.report.exists() else []
        done = [each["seed"] for each in map(json.loads, lines) if "tried" in each and each["seed"] is not None]
        last = max([self.seed - self.step, *done])
        now = self.report.with_suffix(".now")
        if status and now.exists():
            name, at, number = json.loads(now.read_text(encoding="utf-8"))
            what = "hang" if status == -signal.SIGKILL else "exception"
            failure = Failure(name, what, f"the process ended with {status}", at, number, "")
            with self.report.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(failure)) + "\n")
            last = max(last, at)
        self.seed = last + self.step

    def finish(self) -> None:
        """Wait for the last process."""
        if self.process is None:
            return
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _computed(pid: int) -> float:
    """The seconds that a process has computed; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def supervise(minutes: float, workers: int, seed: int, doors: Sequence[str], folder: Path) -> list[Path]:
    """Keep the workers going, and replace those that die or are stuck."""
    end = time.monotonic() + minutes * 60
    all_workers = [
        Worker(folder / f"{number}.jsonl", seed * 1_000_003 + number, workers, doors) for number in range(workers)
    ]
    while time.monotonic() < end:
        for worker in all_workers:
            worker.watch(end - time.monotonic())
        time.sleep(0.2)
    for worker in all_workers:
        worker.finish()
    return [worker.report for worker in all_workers]


def tell(reports: list[Path], minutes: float) -> int:
    """Print what came of it; how many failures there are."""
    tried: Counter[str] = Counter()
    failures: dict[tuple[str, str], list[Failure]] = {}
    for report in reports:
        for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else []:
            entry = json.loads(line)
            if "tried" in entry:
                tried[entry["source"]] += entry["tried"]
            else:
                failure = Failure(**entry)
                failures.setdefault((failure.what, failure.place), []).append(failure)
    print(f"{'door':<24}{'inputs':>10}{'exceptions':>12}{'hangs':>8}{'memory':>8}   (distinct, {minutes:g} minutes)")
    for door in DOORS:
        inside = [name for name in tried if door_of(name) == door]
        found = [what for (what, _), each in failures.items() if any(door_of(one.source) == door for one in each)]
        kinds = Counter(found)
        total = sum(tried[name] for name in inside)
        print(f"{door:<24}{total:>10}{kinds['exception']:>12}{kinds['hang']:>8}{kinds['memory']:>8}")
        for name in sorted(inside, key=lambda name: (name != door, -tried[name])):
            print(f"  {'whole' if name == door else name:<22}{tried[name]:>10}")
    kinds = Counter(what for what, _ in failures)
    totals = f"{kinds['exception']:>12}{kinds['hang']:>8}{kinds['memory']:>8}"
    print(f"{'all':<24}{sum(tried.values()):>10}{totals}")
    for (what, place), each in sorted(failures.items(), key=lambda item: -len(item[1])):
        first = min(each, key=lambda one: len(one.given))
        print(f"\n{len(each)} × {what}: {place}   [{first.source}, seed {first.seed}, input {first.number}]")
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
    doors = [door for door in DOORS if not chosen.doors or door in chosen.doors.split(",")]
    if chosen.work:
        seed, step, report, seconds = chosen.work
        work(int(seed), int(step), sources(doors), Path(report), time.monotonic() + float(seconds))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        reports = supervise(chosen.minutes, chosen.workers, chosen.seed, doors, Path(folder))
        return int(tell(reports, chosen.minutes) > 0)


if __name__ == "__main__":
    sys.exit(main())
