"""``python -m tests.fuzz.guided SECONDS REPORT SEED``: texts that reach new lines of the readers are changed further.

atheris (libFuzzer for Python) counts which branches a text reaches, and keeps those that reach a new one. The first
byte chooses the grammar. Failures are written down as :mod:`tests.fuzz` writes its own, and the search goes on.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

READERS = (
    *("kubesim.userland.shell", "kubesim.userland.text", "kubesim.userland.printf", "kubesim.userland.regular"),
    *("kubesim.kubectl.jsonpath", "kubesim.kubectl.output", "kubesim.network.dns", "kubesim.programs.nginx"),
    *("kubesim.programs.curl", "kubesim.programs.dns", "kubesim.api.go_json", "kubesim.api.go_yaml"),
    *("kubesim.api.quantities", "kubesim.api.selectors", "kubesim.api.cron", "kubesim.api.durations"),
)
"""Where new lines count: to instrument the whole house takes longer than the search."""
EVERY = 200
"""After so many inputs the counts are written down."""


def possible() -> bool:
    """Whether atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def search(seconds: float, report: Path, seed: int) -> None:
    """Search for so long; the process ends with it."""
    import atheris

    with atheris.instrument_imports(include=list(READERS)):
        from tests.fuzz.grammars import GRAMMARS
    from tests.fuzz.running import attempt, watch_time

    watch_time()
    names = [name for name, grammar in GRAMMARS.items() if grammar.made is None and not grammar.runs]
    tried: Counter[str] = Counter()
    seen: set[str] = set()

    def note(entry: Any) -> None:
        with report.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def one(data: bytes) -> None:
        if not data:
            return
        name = names[data[0] % len(names)]
        tried[name] += 1
        if tried.total() >= EVERY:
            report.with_suffix(".now").write_text(json.dumps([name, seed, 0]), encoding="utf-8")
            for each, count in tried.items():
                note({"source": each, "tried": count, "seed": None})
            tried.clear()
        given = data[1:].decode("utf-8", "surrogateescape")
        failure = attempt(GRAMMARS[name], name, seed, 0, given)
        if failure is not None and failure.place not in seen:
            seen.add(failure.place)
            note(asdict(failure))

    with tempfile.TemporaryDirectory() as corpus:
        for number, name in enumerate(names):
            for index, text in enumerate(GRAMMARS[name].examples):
                data = bytes([number]) + text.encode("utf-8", "replace")
                (Path(corpus) / f"{number}-{index}").write_bytes(data)
        options = [f"-max_total_time={int(seconds)}", f"-seed={seed % 2**31 + 1}", "-max_len=400", "-timeout=60"]
        atheris.Setup([sys.argv[0], *options, "-verbosity=0", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    search(float(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
